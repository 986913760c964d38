"""A whole callcore on a database of its own, in a thread: a PBX that is not there, two people, one token."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
import requests
import yaml

from callcore.app import Daemon
from callcore.config import load
from callcore.domain import CallId, Interface, Login, QueueName, TopicCode
from callcore.rights import Role
from callcore.store.call_backs import CallBackLook, CallBackState, NewCallBack
from callcore.store.voicemails import NewVoicemail
from callcore.testing.lab.process import free_port
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.web.passwords import hash_password
from callcore.web.signin import digest

SAMPLE = Path(__file__).parents[3] / "config"
PASSWORD = "korova-na-lune-7"
TOKEN = "cc_" + "a" * 43
MANAGERS_TOKEN = "cc_" + "m" * 43
T = TypeVar("T")


@dataclass
class Running:
    url: str
    daemon: Daemon
    loop: asyncio.AbstractEventLoop

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE_SECONDS)

    def session(self, login: str) -> requests.Session:
        """Signed in, with the session's CSRF token on whatever it sends."""
        signed_in = requests.Session()
        answer = signed_in.post(
            f"{self.url}/api/v1/session",
            json={"login": login, "password": PASSWORD},
            timeout=PATIENCE_SECONDS,
        )
        assert answer.status_code == 200, answer.text
        signed_in.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return signed_in

    def program(self, token: str = TOKEN) -> requests.Session:
        """With a token, by default the administrator's."""
        program = requests.Session()
        program.headers["Authorization"] = f"Bearer {token}"
        return program

    def ask(self, method: str, path: str) -> requests.Response:
        """By the administrator's token, on a connection of its own that is closed."""
        with self.program() as program:
            return program.request(
                method, f"{self.url}{path}", timeout=PATIENCE_SECONDS, allow_redirects=False
            )

    def client(self, whose: str) -> requests.Session:
        match whose:
            case "administrator's token":
                return self.program()
            case "campaign manager's token":
                return self.program(MANAGERS_TOKEN)
            case _:
                return self.session("anna")


def settings_file(folder: Path) -> Path:
    shutil.copytree(SAMPLE, folder / "config")
    file = folder / "config" / "callcore.yaml"
    top = yaml.safe_load(file.read_text(encoding="utf-8"))
    top["http"] = {"listen": f"127.0.0.1:{free_port()}"}
    top["fastagi"] = {"listen": f"127.0.0.1:{free_port()}"}
    top["pbx"] = {"main": {"host": "127.0.0.1", "port": 1, "secret_env": "CALLCORE_AMI_SECRET"}}
    top["speech"] = {**top["speech"], "espeak": "/nowhere/espeak"}
    top["database"] = {"url": f"sqlite:///{folder}/callcore.db"}
    top["control"] = {"socket": str(folder / "control")}
    file.write_text(yaml.safe_dump(top, allow_unicode=True), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CALLCORE_AMI_SECRET", "s3cret")
        settings = load(settings_file(tmp_path_factory.mktemp("api")))
    up: threading.Event = threading.Event()
    stop = asyncio.Event()
    held: list[Running] = []
    failed: list[BaseException] = []

    async def live() -> None:
        async with Daemon(settings) as daemon:
            daemon.drain_seconds = 0.0
            await people(daemon)
            await left_by_callers(daemon)
            url = f"http://127.0.0.1:{daemon.http_port}"
            held.append(Running(url, daemon, asyncio.get_running_loop()))
            up.set()
            await daemon.run(stop)

    def thread() -> None:
        try:
            asyncio.run(live())  # it also ends whatever is still under way, and closes the loop
        except BaseException as error:
            failed.append(error)
            up.set()

    worker = threading.Thread(target=thread)
    worker.start()
    assert up.wait(PATIENCE_SECONDS)
    if failed:
        worker.join()
        raise failed[0]
    yield held[0]
    held[0].loop.call_soon_threadsafe(stop.set)
    worker.join(PATIENCE_SECONDS)
    assert not worker.is_alive()
    assert not failed, failed


async def people(daemon: Daemon) -> None:
    now = datetime.now(UTC)
    hashed = hash_password(PASSWORD)
    users = daemon.database.users
    await users.add("anna", "Анна", Role.operator, hashed, at=now, interfaces=(Interface("PJSIP/101"),))
    await users.add("root", "Root", Role.administrator, hashed, at=now)
    await users.add("olga", "Ольга", Role.campaign_manager, hashed, at=now)
    await daemon.database.tokens.add(digest(TOKEN), "root", "schemathesis", now)
    await daemon.database.tokens.add(digest(MANAGERS_TOKEN), "olga", "campaigns", now)


async def left_by_callers(daemon: Daemon) -> None:
    """Messages, heard and new, and call-backs in each state, so that lists are not empty."""
    now, voicemails, call_backs = datetime.now(UTC), daemon.database.voicemails, daemon.database.call_backs
    for n, number in enumerate(("+79000000001", None), 1):
        topic = TopicCode("finance.claim")
        new = NewVoicemail(CallId(f"c{n}"), topic, "ru", f"c{n}-1.wav", 900, number)
        mail = await voicemails.add(new, now)
        wish = NewCallBack(f"+7900000000{n}", topic, QueueName("finance"), "en", CallId(f"c{n}"))
        await call_backs.ask(wish, now)
    await voicemails.heard(mail.id, Login("anna"), now)
    first, last = await call_backs.find(CallBackLook())
    await call_backs.take(first.id, Login("anna"), now)
    await call_backs.settle(last.id, CallBackState.done, "поговорили", Login("anna"), now)
