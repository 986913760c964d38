"""``callcore demo``: a whole call centre on this machine, with simulated callers and phones."""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import json
import random
import secrets
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from callcore.assembly.listening import CannotListen
from callcore.commands.frame import DONE, CommandFailed, Output, Work, WrongUse
from callcore.crm.knowledge_import import import_folder
from callcore.domain import Login, Text

SUPERVISOR = "olga"
PEOPLE = {
    SUPERVISOR: "Ольга Соколова",
    "anna": "Анна Кузнецова",
    "boris": "Борис Смирнов",
    "emma": "Emma Brown",
}
PHONES = ("101", "102", "103", "104")
SUBSCRIBERS = ("00", "01", "20", "00", "21", "02", "11", "22", "10", "09")
"""Who lives behind a number, by its last digit (see ``testing.carrier``)."""


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    say = output.words
    parser.add_argument(
        "--every",
        type=float,
        default=10.0,
        metavar="SECONDS",
        help=say(Text("звонок раз в …", "a call each …")),
    )
    parser.add_argument("--port", type=int, default=8080, help=say(Text("порт страниц", "port of the pages")))
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("var/demo"),
        help=say(Text("где хранить базу и настройки", "where database and settings are kept")),
    )
    parser.add_argument(
        "--for",
        dest="seconds",
        type=float,
        metavar="SECONDS",
        help=say(Text("закончить через …", "end after …")),
    )


def _run(options: argparse.Namespace, output: Output) -> int:
    if options.every <= 0:
        raise WrongUse(Text("--every: больше нуля", "--every: more than zero"))
    _check_port(options.port)
    try:
        from callcore.testing.lab import LabError
    except ImportError as error:  # pragma: no cover - a broken installation
        raise CommandFailed(Text(str(error), str(error))) from None
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
        asyncio.run(_demo(options, output))
    except LabError as error:
        raise CommandFailed(Text(str(error), str(error))) from None
    except CannotListen as error:
        raise _no_port(options.port, error.why) from None
    except OSError as error:
        raise CommandFailed(Text(f"Не удалось начать: {error}", f"Cannot start: {error}")) from None
    return DONE


def _check_port(port: int) -> None:
    """Now, and not only when Asterisk runs already."""
    if not 0 <= port <= 65_535:
        raise WrongUse(Text("--port: от 1 до 65535", "--port: 1 to 65535"))
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the daemon will
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise _no_port(port, error.strerror or str(error)) from None


def _no_port(port: int, why: str) -> CommandFailed:
    other = 8090 if port != 8090 else 8091
    return CommandFailed(
        Text(
            f"Порт {port} не подходит ({why}). Выберите другой: --port {other}",
            f"The port {port} cannot be used ({why}). Choose another one: --port {other}",
        )
    )


async def _demo(options: argparse.Namespace, output: Output) -> None:
    from callcore import logs

    folder: Path = options.folder
    logs.configure("INFO", file=str(folder / "callcore.log"))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    with _alone(folder):
        await _play(options, output, stop)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two demos on one folder would write over each other's settings."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CommandFailed(
                Text(
                    f"Демонстрация в папке {folder} уже идёт. Другая папка: --folder, другой порт: --port.",
                    f"A demo runs in the folder {folder} already. Another folder: --folder, port: --port.",
                )
            ) from None
        yield


async def _play(options: argparse.Namespace, output: Output, stop: asyncio.Event) -> None:
    from callcore.rights import Role
    from callcore.testing import demo_scene
    from callcore.testing.carrier import Carrier
    from callcore.testing.people import Crowd, staff
    from callcore.testing.stage import SAMPLE, Stage

    folder: Path = options.folder
    people = _passwords(folder / "passwords.json")
    scratch = Path(tempfile.mkdtemp(prefix="callcore-demo-"))
    try:
        async with (
            Carrier(folder / "carrier", ring_seconds=3, press_seconds=4, mix=SUBSCRIBERS) as carrier,
            Stage(folder, phones=PHONES, http_port=options.port, carrier_port=carrier.sip_port) as stage,
        ):
            settings = stage.write_config(demo_scene.changes(), tables=demo_scene.tables())
            chief = {SUPERVISOR: (PEOPLE[SUPERVISOR], people[SUPERVISOR])}
            await stage.add_people(chief, role=Role.supervisor)
            await stage.add_people({login: (PEOPLE[login], word) for login, word in people.items()})
            await demo_scene.add_departments(settings)
            await stage.speak("emma", "en")
            await stage.add_network()
            await stage.add_work()
            outage = _ready_outage(folder / "outage.yaml")
            daemon = await stage.start()
            await import_folder(
                daemon.database.articles,
                daemon.settings.tables,
                SAMPLE / "knowledge",
                Login(SUPERVISOR),
                daemon.clock.now(),
            )
            daemon.drain_seconds = 0.0  # nobody real is in the menu when the demo ends
            dice = random.Random(7)
            phones = await staff(tuple(stage.lab.phone_port(n) for n in PHONES), scratch, dice)
            _welcome(output, stage.url, people, options.every, folder, outage)

            async def affected() -> list[str]:
                nodes = {node for known in await daemon.database.outages.open() for node in known.nodes}
                return [
                    number for one in await daemon.database.network.people(nodes) for number in one.numbers
                ]

            crowd = Crowd(stage.lab.sip_port, scratch, options.every, output.complain, affected)
            calls = asyncio.create_task(crowd.run())
            try:
                async with asyncio.timeout(options.seconds):
                    await stop.wait()
            except TimeoutError:
                pass
            finally:
                output.say(Text("Заканчиваю…", "Ending…"))
                calls.cancel()
                await asyncio.gather(calls, return_exceptions=True)
                await asyncio.gather(*(phone.stop() for phone in phones))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _new(url: str) -> tuple[Text, ...]:
    """What to try of calls that people place and hand on."""
    return (
        Text(
            "7. Трубка рядом с любым номером звонит по нему: сначала ваш телефон, потом абонент.",
            "7. The receiver beside any number calls it: first your phone rings, then the number.",
        ),
        Text(
            "8. В другом браузере войдите как boris с PJSIP/102. F6 в разговоре — спросить, передать,",
            "8. In another browser sign in as boris on PJSIP/102. F6 in a talk asks him or hands it on,",
        ),
        Text(
            "   F7 — удержать, «На парковку» — клиента возьмёт любой из вас, F8 — положить трубку.",
            "   F7 holds, Park lets either of you take the customer back, F8 hangs up.",
        ),
        Text(
            f"9. Позвонить: {url}/work — кого упустили, кто просил звонка. Звонящим в финансовую группу,",
            f"9. To call: {url}/work has who was missed or asked for a call. Callers of the finance group",
        ),
        Text(
            "   пока она занята, callcore предлагает перезвонить и перезванивает сам, когда вы готовы.",
            "   are offered a call back while it is busy; callcore places it once one of you is ready.",
        ),
        Text(
            "   Группа сохранения клиентов записывает разговоры и предупреждает об этом:"
            f" {url}/recordings ({SUPERVISOR}).",
            f"   The retention group records talks and says so before: {url}/recordings ({SUPERVISOR}).",
        ),
    )


def _ready_outage(file: Path) -> Path:
    """An outage that began just now, under a number that was not used before."""
    now = datetime.now().astimezone()
    until = (now + timedelta(hours=2)).replace(minute=30)
    file.write_text(
        "# callcore outage publish tells everybody on the left bank: calls first, then SMS.\n"
        "outages:\n"
        f"  - number: demo-{now:%m%d-%H%M%S}\n"
        "    kind: emergency\n"
        '    cause: {ru: "повреждён кабель на Садовой", en: "a damaged cable in Sadovaya street"}\n'
        f"    starts_at: {now.isoformat(timespec='seconds')}\n"
        f"    estimated_restoration_at: {until.isoformat(timespec='seconds')}\n"
        "    nodes: [F-12]\n",
        encoding="utf-8",
    )
    return file


def _passwords(file: Path) -> dict[str, str]:
    """The same at each start, so that a browser may remember them; readable by their owner alone."""
    if file.exists():
        known = json.loads(file.read_text(encoding="utf-8"))
        if set(known) == set(PEOPLE):
            return dict(known)
    made = {login: secrets.token_urlsafe(9) for login in PEOPLE}
    file.touch(mode=0o600)
    file.write_text(json.dumps(made), encoding="utf-8")
    return made


def _welcome(
    output: Output, url: str, people: dict[str, str], every: float, folder: Path, outage: Path
) -> None:
    program = Path(sys.executable).with_name("callcore")
    output.say("")
    output.say(output.paint(f"  {url}", "bold"))
    output.say("")
    for login, password in people.items():
        output.say(f"  {login:8} {password:16} {PEOPLE[login]}")
    output.say("")
    for line in (
        Text(
            "1. Войдите, выберите телефон PJSIP/101, нажмите «Готов» (F2).",
            "1. Sign in, choose the phone PJSIP/101, press Ready (F2).",
        ),
        Text(
            f"2. Примерно раз в {every:g} с звонит абонент, слушает меню и выбирает тему.",
            f"2. About every {every:g} s somebody calls, hears the menu and chooses a topic.",
        ),
        Text(
            "3. Ваш телефон зазвонит и ответит сам; карточка клиента откроется в этот момент.",
            "3. Your phone rings and answers by itself; the customer's card opens at that moment.",
        ),
        Text(
            "4. Выберите тему, напишите пару слов, Ctrl+Enter: контакт — в списке за сегодня.",
            "4. Choose a topic, type a few words, Ctrl+Enter: the contact is in today's list.",
        ),
        Text(
            "   Ctrl+K — поиск клиента; кейсы, заметки, база знаний — вверху страниц.",
            "   Ctrl+K finds a customer; cases, notes, knowledge are at the top of the pages.",
        ),
        Text(
            f"5. Отключение: войдите как {SUPERVISOR}, откройте {url}/outages — или в другом окне:",
            f"5. An outage: sign in as {SUPERVISOR}, open {url}/outages — or in another terminal:",
        ),
        Text(*(2 * (f"   {program} outage publish {outage} -c {folder / 'config' / 'callcore.yaml'}",))),
        Text(
            "   Левый берег узнает о нём по телефону, кто не ответит — по SMS (в файл "
            f"{folder / 'sms.jsonl'}); звонящие оттуда услышат о нём сразу.",
            "   The left bank hears of it by phone, who does not answer gets an SMS (into "
            f"{folder / 'sms.jsonl'}); whoever calls from there hears it at once.",
        ),
        Text(
            f"6. Маршруты ({SUPERVISOR}): {url}/routing — куда и почему пойдёт звонок в любой час.",
            f"6. Routing ({SUPERVISOR}): {url}/routing, where a call would go at any hour, and why.",
        ),
        Text(
            f"   Правьте {folder / 'config' / 'topics'}, смотрите «Редакции», перечитайте там или так:",
            f"   Change {folder / 'config' / 'topics'}, look at Editions, read the files anew there or by:",
        ),
        Text(*(2 * (f"   {program} reload -c {folder / 'config' / 'callcore.yaml'}",))),
        *_new(url),
        Text(
            f"Журнал: {folder / 'callcore.log'}. Ctrl-C — закончить.",
            f"Log: {folder / 'callcore.log'}. Ctrl-C ends everything.",
        ),
    ):
        output.say(f"  {output.words(line)}")
    output.say("")
    output.out.flush()  # a pipe would keep it back until the end


DEMO = Work(_configure, _run)
