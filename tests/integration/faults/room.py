"""callcore as a process of its own, its AMI link over a wire, and two operators at softphones."""

from __future__ import annotations

import re
import shutil
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import aiohttp
import yaml

from callcore import config
from callcore.domain import CallId
from callcore.store.database import Database
from callcore.testing.house import PEOPLE, House
from callcore.testing.lab import Caller, HangUp, Hear, Press, SoftCall, Softphone, Until
from callcore.testing.operator import ApiOperator, Event
from callcore.testing.stage import Stage
from callcore.testing.wire import Wire

IMPATIENT = Path(__file__).with_name("impatient.py")
SECONDS = 40.0
"""Longest wait for anything: eight people may share two cores."""
FIRST, LATE = "79000000110", "79000000111"
TO_FINANCE = (Hear(), Press("4"), Hear(), Press("1"), Until(), HangUp())
TO_EXPERTS = (Hear(), Press("2"), Hear(), Press("1"), Until(), HangUp())
"""Where the dialplan sends callers without callcore's help, too."""


def settle(stage: Stage) -> None:
    """Before Asterisk starts: whoever waits for finance goes before those who wait for the experts."""
    stage.lab.queues = tuple(
        replace(queue, extra={**queue.extra, "weight": "1"}) if queue.name == "finance" else queue
        for queue in stage.lab.queues
    )


class Room(House):
    """``furnish`` and ``begin``, then a moment is reached, a fault strikes, and life goes on."""

    anna: ApiOperator
    boris: ApiOperator | None = None
    handset: Softphone
    """Anna's, 101."""
    caller: Caller
    call_id: CallId
    line: SoftCall
    """Anna's side of the first call, as soon as her phone rings."""
    consultation: SoftCall
    colleague: SoftCall
    """Boris's phone rings."""

    def __init__(self, stage: Stage, folder: Path, stack: AsyncExitStack, wire: Wire) -> None:
        super().__init__(stage, folder, stack)
        self.wire = wire
        self._database: Database | None = None
        self._begun = 0

    async def furnish(self, people: Path) -> None:
        """Settings and people; ``people``: a database that has them, made by who needs it first."""
        changes = {
            "desk": {"wrap_up_seconds": 1, "reject_pause_after": 3},
            "ivr": {"silence_seconds": 2, "wrong_keys": 1},  # a key that came too early costs little
        }
        self.stage.write_config(changes, is_terse=True)
        top = yaml.safe_load(self.stage.config_file.read_text("utf-8"))
        top["pbx"]["main"]["port"] = self.wire.port
        self.stage.config_file.write_text(yaml.safe_dump(top, allow_unicode=True), "utf-8")
        if not people.exists():  # noqa: ASYNC240
            await self.stage.add_people({"anna": PEOPLE["anna"]})
            # Boris sits in a queue that nobody here calls.
            await self.stage.add_people({"boris": PEOPLE["boris"]}, queues=("corporate",))
            shutil.copy(self.folder / "callcore.db", people)
        shutil.copy(people, self.folder / "callcore.db")

    # --- callcore

    async def begin(self) -> None:
        """Start callcore; its pages and prompts are there then, and perhaps its link."""
        await self.stage.start_process(script=(str(IMPATIENT),))
        self._begun += 1
        await self.until(lambda: self._says("healthz"), SECONDS)
        await self.until(self._has_prompts, SECONDS)
        if self._database is None:
            url = config.load(self.stage.config_file).database.url
            self._database = await self._stack.enter_async_context(await Database.open(url))

    async def linked(self) -> None:
        await self.until(lambda: self._says("readyz"), SECONDS)

    async def _says(self, page: str) -> bool:
        process = self.stage.process
        assert process is not None
        assert process.returncode is None, self.log()
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(2)) as http,
                http.get(f"{self.stage.url}/{page}") as answer,
            ):
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _has_prompts(self) -> bool:
        return self._full_log().count("prompts_ready") == self._begun

    def _full_log(self) -> str:
        return (self.folder / "callcore.log").read_text("utf-8")

    def log(self) -> str:
        """The end of callcore's log."""
        return "\n".join(self._full_log().splitlines()[-30:])

    def channels_in_ivr(self) -> set[str]:
        """Channels of all callers for whom Asterisk has asked callcore what to do."""
        return set(re.findall(r'"channel_id": "([^"]+)", "event": "agi_session_started"', self._full_log()))

    @property
    def database(self) -> Database:
        assert self._database is not None, "begin first"
        return self._database

    async def calls(self) -> dict[str, CallId]:
        """What callcore remembers: the call of each caller's channel, oldest first."""
        async with self.database.read() as connection:
            rows = await connection.exec_driver_sql("SELECT channel, call FROM calls ORDER BY first_seen_at")
            return {row.channel: CallId(row.call) for row in rows}

    async def open_calls(self) -> int:
        """Remembered calls that have no end."""
        async with self.database.read() as connection:
            rows = await connection.exec_driver_sql("SELECT count(*) FROM calls WHERE ended_at IS NULL")
            return int(rows.scalar_one())

    async def remembered(self) -> None:
        """Waits until the first call is known; ``call_id``: its id."""

        async def there() -> bool:
            return len(await self.calls()) == 1

        await self.until(there, SECONDS)
        [self.call_id] = (await self.calls()).values()

    # --- people

    async def sit(self, login: str, number: str) -> ApiOperator:
        """On shift at this phone, not ready yet."""
        operator = await self.operator(login)
        await operator.open(f"PJSIP/{number}")
        return operator

    async def soft(self, number: str) -> Softphone:
        phone = Softphone(number, self.stage.lab.phone_port(number), self.stage.lab.sip_port)
        return await self._stack.enter_async_context(phone)

    async def anna_sits(self, *, ready: bool = True) -> None:
        self.handset = await self.soft("101")
        self.anna = await self.sit("anna", "101")
        if ready:
            await self.anna.ready()
            await self.member("101", "Not in use")

    @property
    def operators(self) -> list[ApiOperator]:
        return [self.anna] if self.boris is None else [self.anna, self.boris]

    async def rings(self) -> SoftCall:
        """Anna's phone."""
        call = await self.handset.incoming(SECONDS)
        while call.is_over:  # he has given up meanwhile
            call = await self.handset.incoming(SECONDS)
        return call

    async def waits_in(self, queue: str) -> None:
        """Somebody waits there, or rings from there."""

        async def waits() -> bool:
            return " 1. PJSIP" in await self.stage.lab.console(f"queue show {queue}")

        await self.until(waits, SECONDS)

    async def two_talks(self) -> None:
        """Waits until two pairs are each in a bridge of their own."""

        async def there() -> bool:
            rows = (row.split() for row in (await self.stage.lab.console("bridge show all")).splitlines())
            return sum(1 for row in rows if {"2", "basic"} <= set(row)) == 2

        await self.until(there, SECONDS)

    async def pops(self, number: str) -> CallId:
        """Waits for Anna's card of this caller; his call."""

        def is_his(event: Event) -> bool:
            return bool(event["data"]["call"]["caller_number"] == f"+{number}")

        card = await self.anna.hears("card", is_his, SECONDS)
        return CallId(card["data"]["call"]["call"])

    def cards(self, call: CallId, operator: ApiOperator | None = None) -> int:
        """How often this call's card has popped for her (for Anna)."""
        heard = (operator or self.anna).heard("card")
        return sum(1 for card in heard if card["data"]["call"]["call"] == call)

    async def has_card(self, call: CallId, operator: ApiOperator | None = None, times: int = 1) -> None:
        async def there() -> bool:
            return self.cards(call, operator) >= times

        await self.until(there, SECONDS)
