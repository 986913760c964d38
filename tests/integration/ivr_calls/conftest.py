"""A house whose callers are heard: what is played to them, and a telephone that speaks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession

from callcore.app import Daemon
from callcore.calls.effects import Contact
from callcore.floor.clock import SteadyClock
from callcore.ivr.agi_session import Session
from callcore.testing.house import DIALLED, PEOPLE, House
from callcore.testing.lab import SoftCall, Softphone
from callcore.testing.lab.process import free_port
from callcore.testing.overheard import Overheard
from callcore.testing.stage import DIALPLAN, Stage

HELLO = {"ru": "Алло.", "en": "Hello."}
TERSE = {
    "greeting": HELLO,
    "silence_seconds": 1,
    "file": None,
    "texts": {
        "connecting": {"ru": "Соединяю.", "en": "Connecting."},
        "goodbye": {"ru": "Пока.", "en": "Bye."},
        "leave_message": {"ru": "Говорите.", "en": "Speak."},
        "message_kept": {"ru": "Записано.", "en": "Kept."},
        "case_kept": {"ru": "Принято.", "en": "Taken."},
        "call_back_offer": {"ru": "Перезвонить?", "en": "Call back?"},
        "call_back_kept": {"ru": "Перезвоним.", "en": "We will."},
    },
}
CLOSED = {"ru": "Закрыто.", "en": "Closed."}
NUMBER = "79000000999"
"""Of nobody in the base."""


@dataclass
class Hall:
    """``house`` with an ear, and callers who speak."""

    house: House
    ear: Overheard
    folder: Path
    stack: AsyncExitStack

    @property
    def stage(self) -> Stage:
        return self.house.stage

    @property
    def daemon(self) -> Daemon:
        assert self.stage.daemon is not None
        return self.stage.daemon

    @property
    def recordings(self) -> Path:
        return self.folder / "recordings"

    async def start(self, patch: pytest.MonkeyPatch, clock: SteadyClock | None = None) -> None:
        await self.stage.start(clock)
        self.ear.listen(self.daemon, patch)

    async def start_process(self) -> None:
        """callcore as a process of its own, ready for calls; nobody listens there."""
        await self.stage.start_process()
        await self.is_up()

    async def is_up(self) -> None:
        await self.house.until(self._is_ready, 60)

    async def _is_ready(self) -> bool:
        try:
            async with ClientSession() as http, http.get(self.stage.url + "/readyz") as answer:
                return answer.status == 200
        except ClientError:
            return False

    async def dial(self, keys: str = "", number: str = NUMBER, *, has_key_events: bool = False) -> SoftCall:
        """Somebody calls and goes through the menu with these keys, each pressed once a menu is heard."""
        phone = Softphone(number, free_port(), self.stage.lab.sip_port, has_key_events=has_key_events)
        await self.stack.enter_async_context(phone)
        call = await phone.dial(DIALLED)
        await call.answered()
        for place, key in enumerate(keys):
            await self.menu(place + 1)
            await call.key(key)
        return call

    async def come(self, number: str = NUMBER, *, has_key_events: bool = False) -> Walker:
        """Somebody calls, and presses nothing by himself."""
        before = len(self.stage.lab.log.read_text("utf-8", "replace"))
        call = await self.dial(number=number, has_key_events=has_key_events)
        return Walker(self, call, before)

    async def menu(self, nth: int) -> None:
        """The nth menu is being said to somebody."""

        async def is_said() -> bool:
            return sum("нажмите" in text or "press" in text for text in self.ear.begun) >= nth

        await self.house.until(is_said)

    async def hears(self, words: str) -> None:
        await self.house.until(self.ear.hears(words))

    async def records(self, files: int = 1) -> None:
        """The tone is over, he is recorded."""

        async def is_there() -> bool:
            return len([*self.recordings.glob("*.wav")]) >= files

        await self.house.until(is_there)

    async def waits_in(self, queue: str, callers: int = 1) -> None:
        async def waits() -> bool:
            shown = await self.stage.lab.console(f"queue show {queue}")
            return shown.count("wait: ") >= callers

        await self.house.until(waits)

    async def contact(self) -> Contact:
        [contact] = await self.house.contacts()
        return contact

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the daemon has stored."""
        async with self.daemon.database.read() as connection:
            return [tuple(row) for row in await connection.exec_driver_sql(sql)]

    async def until_rows(self, sql: str, count: int = 1) -> list[tuple[Any, ...]]:
        async def is_there() -> bool:
            return len(await self.rows(sql)) >= count

        await self.house.until(is_there)
        return await self.rows(sql)


@dataclass
class Walker:
    """The only caller of this moment. He waits until Asterisk plays what he waits for: a key that comes
    between two prompts is lost."""

    hall: Hall
    call: SoftCall
    _read: int
    """So much of Asterisk's log lies behind him."""

    async def hears(self, words: str) -> None:
        await self.hall.house.until(lambda: self._hears(words))

    async def goes(self, *steps: tuple[str, str]) -> None:
        """Each: what he waits for, and the keys that he presses then."""
        for words, keys in steps:
            await self.hears(words)
            await self.call.key(keys)

    async def _hears(self, words: str) -> bool:
        log = self.hall.stage.lab.log.read_text("utf-8", "replace")
        found = [log.find(f"Playing '{path}.", self._read) for path in self.hall.ear.paths(words)]
        begins = [place for place in found if place >= 0]
        if begins:
            self._read = min(begins) + 1
        return bool(begins)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every line of AGI that anybody could write down."""
    seen: list[str] = []
    made = Session.__init__

    def init(self, *arguments, tap=lambda line, is_ours: None, **more):
        def both(line, is_ours):
            seen.append(line)
            tap(line, is_ours)

        made(self, *arguments, tap=both, **more)

    monkeypatch.setattr(Session, "__init__", init)
    return seen


@pytest.fixture(scope="session", autouse=True)
def needs(laboratory: None, prompts: None) -> None:
    """Every test here."""


Open = Callable[..., Any]


@pytest.fixture
async def open_hall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Open]:
    """``await open_hall(finance={"rows": …}, closed=…)``: callcore runs, with these changes to that table."""
    async with AsyncExitStack() as stack:

        async def open_it(
            *,
            closed: tuple[str, ...] = (),
            exit_by_key: bool = False,
            runs: bool = True,
            settings: Mapping[str, Any] | None = None,
            version: int = 22,
            clock: SteadyClock | None = None,
            dialplan: str = DIALPLAN,
            **tables: Mapping[str, Any],
        ) -> Hall:
            stage = await stack.enter_async_context(
                Stage(tmp_path, queue_timeout=3, exit_by_key=exit_by_key, version=version, dialplan=dialplan)
            )
            changes = {"desk": {"wrap_up_seconds": 2}, "ivr": TERSE, **(settings or {})}
            stage.write_config(
                changes,
                closed=closed,
                is_terse=True,
                tables={code: {"closed": CLOSED, **table} for code, table in tables.items()},
            )
            await stage.add_people(PEOPLE)
            hall = Hall(House(stage, tmp_path, stack), Overheard(), tmp_path, stack)
            if runs:
                await hall.start(monkeypatch, clock)
            return hall

        yield open_it
