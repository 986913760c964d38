"""``callcore outage``, ``campaign`` and ``dnc``: what the running daemon tells, whom, and whom it may not."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from callcore.calls.campaign import CampaignState
from callcore.commands.control import Daemon, Json, NotThere, daemon
from callcore.commands.frame import DONE, CommandFailed, Output, Work, add_config, add_json, add_language
from callcore.domain import OutageKind, OutageState, Text
from callcore.outages.publication import SIZE_LIMIT_BYTES

STATES: dict[str, Text] = {
    "open": Text("длится", "open"),
    OutageState.confirmed: Text("подтверждено", "confirmed"),
    OutageState.estimated: Text("срок назван", "estimated"),
    OutageState.changed: Text("изменено", "changed"),
    OutageState.restored: Text("устранено", "restored"),
    OutageState.cancelled: Text("отменено", "cancelled"),
}
KINDS: dict[str, Text] = {
    OutageKind.planned: Text("плановое", "planned"),
    OutageKind.emergency: Text("аварийное", "emergency"),
}
BECAME: dict[str, tuple[Text, str]] = {
    "new": (Text("новое", "new"), "green"),
    "changed": (Text("изменено", "changed"), "yellow"),
    "same": (Text("уже опубликовано", "published before"), "dim"),
    "checked": (Text("можно публиковать", "may be published"), "green"),
}
CAMPAIGN_STATES: dict[str, tuple[Text, str]] = {
    CampaignState.running: (Text("идёт", "running"), "green"),
    CampaignState.paused: (Text("приостановлен", "paused"), "yellow"),
    CampaignState.halted: (Text("прерван", "halted"), "red"),
    CampaignState.stopped: (Text("остановлен", "stopped"), "dim"),
    CampaignState.superseded: (Text("заменён новым", "superseded"), "dim"),
    CampaignState.done: (Text("закончен", "done"), "dim"),
}


@dataclass(frozen=True, slots=True)
class _Desk:
    """What an action works with."""

    options: argparse.Namespace
    output: Output
    daemon: Daemon
    zone: ZoneInfo

    def moment(self, told: object) -> str:
        """In the organisation's zone; a dash for none."""
        if not isinstance(told, str):
            return "—"
        return datetime.fromisoformat(told).astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    def word(self, words: dict[str, Text], told: object) -> str:
        return self.output.words(words.get(str(told), str(told)))

    def both(self, told: Json) -> str:
        """A text that came in both languages."""
        return str(told.get(self.output.language, ""))


@dataclass(frozen=True, slots=True)
class _Action:
    help: Text
    run: Callable[[_Desk], None]
    argument: tuple[str, Text] | None = None
    has_json: bool = False


# --- outages


def _publish(desk: _Desk) -> None:
    _print_published(desk, _send(desk, {}))


def _check(desk: _Desk) -> None:
    _print_published(desk, _send(desk, {"dry": "1"}))


def _send(desk: _Desk, query: dict[str, str]) -> Json:
    name: str = desk.options.FILE
    try:
        if name == "-":
            name, raw = "stdin", sys.stdin.buffer.read(SIZE_LIMIT_BYTES + 1)
        else:
            with Path(name).open("rb") as file:
                raw = file.read(SIZE_LIMIT_BYTES + 1)
    except OSError as error:
        raise CommandFailed(Text(f"{name}: {error.strerror}", f"{name}: {error.strerror}")) from None
    if len(raw) > SIZE_LIMIT_BYTES:
        limit = SIZE_LIMIT_BYTES >> 20
        raise CommandFailed(
            Text(f"{name}: больше {limit} МБ; разделите.", f"{name}: over {limit} MB; divide it.")
        )
    kind = "application/json" if name.endswith(".json") else "application/yaml"
    return desk.daemon.post("outages", query={**query, "name": name}, body=raw, kind=kind)


def _print_published(desk: _Desk, answer: Json) -> None:
    if desk.options.json:
        desk.output.json(answer["outages"])
        return
    for outage in answer["outages"]:
        words, colour = BECAME.get(outage["became"], (Text("", ""), "dim"))
        head = f"{outage['number']} · {_revision(desk, outage)} · {desk.word(STATES, outage['state'])}"
        desk.output.say(f"{head}: {desk.output.paint(desk.output.words(words), colour)}")


def _revision(desk: _Desk, told: Json) -> str:
    return desk.output.words(Text(f"редакция {told['revision']}", f"revision {told['revision']}"))


def _end(step: str) -> Callable[[_Desk], None]:
    def run(desk: _Desk) -> None:
        _print_published(desk, desk.daemon.post("outages", desk.options.NUMBER, step))

    return run


def _list(desk: _Desk) -> None:
    outages = desk.daemon.get("outages", query={} if desk.options.all else {"open": "1"})["outages"]
    if desk.options.json:
        desk.output.json(outages)
        return
    for outage in outages:
        until = desk.moment(outage["ended_at"] or outage["estimated_restoration_at"])
        is_over = outage["ended_at"] is not None
        kind, state = desk.word(KINDS, outage["kind"]), desk.word(STATES, outage["state"])
        desk.output.say(
            f"{outage['number']:16} {kind:10} {state:13} {desk.moment(outage['starts_at'])} … {until:16} "
            f"{desk.both(outage['cause'])}",
            "dim" if is_over else None,
        )
    if not outages:
        desk.output.say(Text("Отключений нет.", "There are no outages."))


def _show(desk: _Desk) -> None:
    outage = desk.daemon.get("outages", desk.options.NUMBER)
    if desk.options.json:
        desk.output.json(outage)
        return
    say, cause = desk.output.say, outage["cause"]
    say(
        f"{outage['number']} · {desk.word(KINDS, outage['kind'])} · {desk.word(STATES, outage['state'])} · "
        f"{_revision(desk, outage)} ({outage['source']})",
        "bold",
    )
    say(f"  {cause['ru']} / {cause['en']}")
    say(
        Text(
            f"  начало {desk.moment(outage['starts_at'])}, "
            f"восстановление {desk.moment(outage['estimated_restoration_at'])}, "
            f"конец {desk.moment(outage['ended_at'])}",
            f"  starts {desk.moment(outage['starts_at'])}, "
            f"estimated {desk.moment(outage['estimated_restoration_at'])}, "
            f"ended {desk.moment(outage['ended_at'])}",
        )
    )
    say(f"  {', '.join(outage['nodes'])}")
    for campaign in outage.get("campaigns", []):
        _print_campaign(desk, campaign)


# --- campaigns


def _campaigns(desk: _Desk) -> None:
    campaigns = desk.daemon.get("campaigns")["campaigns"]
    if desk.options.json:
        desk.output.json(campaigns)
        return
    for campaign in campaigns:
        _print_campaign(desk, campaign)
    if not campaigns:
        desk.output.say(Text("Оповещений не было.", "There were no campaigns."))


def _campaign(desk: _Desk) -> None:
    _print_whole_campaign(desk, desk.daemon.get("campaigns", desk.options.ID))


def _steer(step: str) -> Callable[[_Desk], None]:
    def run(desk: _Desk) -> None:
        _print_whole_campaign(desk, desk.daemon.post("campaigns", desk.options.ID, step))

    return run


def _print_campaign(desk: _Desk, campaign: Json) -> None:
    words, colour = CAMPAIGN_STATES.get(campaign["state"], (Text("", ""), "dim"))
    progress = campaign["progress"]
    ended = sum(progress["by_result"].values())
    state = desk.output.paint(desk.output.words(words), colour)
    desk.output.say(
        f"#{campaign['id']:<5} {campaign['outage']} · {_revision(desk, campaign)} · {campaign['news']} · "
        f"{state} · {ended}/{progress['targets']}"
    )
    desk.output.say(f"       {desk.both(campaign['now'])}", "dim")


def _print_whole_campaign(desk: _Desk, campaign: Json) -> None:
    if desk.options.json:
        desk.output.json(campaign)
        return
    _print_campaign(desk, campaign)
    progress = campaign["progress"]
    for title, counts in (
        (Text("итоги", "results"), progress["by_result"]),
        (Text("ждут", "waiting"), progress["waiting"]),
        (Text("клавиши", "keys"), progress["keys"]),
    ):
        shown = ", ".join(f"{name or '-'} {count}" for name, count in counts.items() if count)
        if shown:
            desk.output.say(f"       {desk.output.words(title)}: {shown}")


# --- the do-not-call list


def _dnc_add(desk: _Desk) -> None:
    body = json.dumps({"number": desk.options.NUMBER}).encode()
    number = desk.daemon.post("dnc", body=body)["number"]
    desk.output.say(Text(f"Больше не звоним: {number}", f"Not called any more: {number}"))


def _dnc_remove(desk: _Desk) -> None:
    number = desk.options.NUMBER
    try:
        desk.daemon.delete("dnc", number)
    except NotThere:
        raise CommandFailed(
            Text(f"Этого номера в списке нет: {number}", f"This number is not on the list: {number}")
        ) from None
    desk.output.say(Text(f"Снова можно звонить: {number}", f"May be called again: {number}"))


def _dnc_list(desk: _Desk) -> None:
    numbers = desk.daemon.get("dnc")["numbers"]
    if desk.options.json:
        desk.output.json(numbers)
        return
    for entry in numbers:
        desk.output.say(f"{entry['number']:16} {desk.moment(entry['since'])}  {entry['source']}")
    if not numbers:
        desk.output.say(Text("Список пуст.", "The list is empty."))


# --- the commands

_FILE = ("FILE", Text("файл YAML или JSON; - — стандартный ввод", "a YAML or JSON file; - is standard input"))
_NUMBER = ("NUMBER", Text("номер отключения", "the outage's number"))
_ID = ("ID", Text("номер оповещения", "the campaign's number"))
_PHONE = ("NUMBER", Text("номер телефона", "a phone number"))

_OUTAGE = {
    "publish": _Action(
        Text("опубликовать: всех оповестят", "publish: everybody is told"), _publish, _FILE, has_json=True
    ),
    "check": _Action(
        Text("проверить файл, ничего не публикуя", "check a file and publish nothing"), _check, _FILE, True
    ),
    "list": _Action(Text("что отключено", "what is out"), _list, has_json=True),
    "show": _Action(
        Text("одно отключение и его оповещения", "one outage and its campaigns"), _show, _NUMBER, True
    ),
    "restore": _Action(
        Text("устранено: сообщить тем, кого оповестили", "restored: tell those who were told"),
        _end("restore"),
        _NUMBER,
        True,
    ),
    "cancel": _Action(
        Text("отменено: сообщить тем, кого оповестили", "cancelled: tell those who were told"),
        _end("cancel"),
        _NUMBER,
        True,
    ),
}
_CAMPAIGN = {
    "list": _Action(Text("все оповещения", "all campaigns"), _campaigns, has_json=True),
    "show": _Action(Text("как идёт один", "how one goes"), _campaign, _ID, True),
    "pause": _Action(Text("приостановить", "pause"), _steer("pause"), _ID, True),
    "resume": _Action(Text("продолжить", "go on"), _steer("resume"), _ID, True),
    "stop": _Action(Text("остановить совсем", "stop for good"), _steer("stop"), _ID, True),
}
_DNC = {
    "add": _Action(Text("больше не звонить", "call no more"), _dnc_add, _PHONE),
    "remove": _Action(Text("снова можно", "may be called again"), _dnc_remove, _PHONE),
    "list": _Action(Text("весь список", "the whole list"), _dnc_list, has_json=True),
}


def _work(actions: dict[str, _Action]) -> Work:
    def configure(parser: argparse.ArgumentParser, output: Output) -> None:
        say = output.words
        below = parser.add_subparsers(dest="action", required=True, metavar=say(Text("ДЕЙСТВИЕ", "ACTION")))
        for word, action in actions.items():
            each = below.add_parser(
                word, help=say(action.help), description=say(action.help), allow_abbrev=False
            )
            add_config(each, output)
            add_language(each, output)
            if action.argument is not None:
                each.add_argument(action.argument[0], help=say(action.argument[1]))
            if action.has_json:
                add_json(each, output)
            if action.run is _list:
                each.add_argument(
                    "--all", action="store_true", help=say(Text("и законченные", "ended ones too"))
                )

    def run(options: argparse.Namespace, output: Output) -> int:
        client, settings = daemon(options, output)
        actions[options.action].run(_Desk(options, output, client, settings.organisation.zone))
        return DONE

    return Work(configure, run)


OUTAGE = _work(_OUTAGE)
CAMPAIGN = _work(_CAMPAIGN)
DNC = _work(_DNC)
