"""An administrator's own records, as the real Asterisk writes them: queue_log, and CDR in a SQLite table."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from callcore.ami.cdr import Sources, read_past_calls
from callcore.calls.recovery import PastCall
from callcore.domain import Interface, Outcome, PbxName, QueueName, Source
from callcore.testing.house import House
from callcore.testing.lab import Answer, AsteriskLab, Caller, HangUp, Phone, Queue, Step, Until
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.testing.stage import Stage

DIALPLAN = """
[from-trunk]
exten => 700,1,Answer()
 same => n,Queue(finance,,,,60)
exten => 800,1,Queue(others)
exten => 101,1,Dial(PJSIP/101,20)
[from-phones]
exten => 900,1,Answer()
 same => n,Wait(30)
"""
COLUMNS = (
    *("clid", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata", "duration"),
    *("billsec", "disposition", "amaflags", "accountcode", "uniqueid", "linkedid", "userfield"),
)
CDR_CONF = (
    "[master]\ntable => cdr\n"
    f"columns => calldate, {', '.join(COLUMNS)}\n"
    "values => '${CDR(start)}', " + ", ".join(f"'${{CDR({name})}}'" for name in COLUMNS) + "\n"
)
"""The usual columns, as Asterisk's own sample names them."""
PHONE = Interface("PJSIP/101")
FINANCE = QueueName("finance")


class World:
    def __init__(self, lab: AsteriskLab, folder: Path, stack: AsyncExitStack) -> None:
        self.lab = lab
        self.folder = folder
        self.stack = stack
        self.database = folder / "pbx" / "log" / "master.db"
        self.queue_log = folder / "pbx" / "log" / "queue_log"
        self.began_at = datetime.now(UTC) - timedelta(seconds=1)

    async def call(self, dialled: str, *steps: Step, number: str) -> Caller:
        caller = Caller(self.lab.sip_port, self.folder / "sip", number=number, dialled=dialled, steps=steps)
        return await self.stack.enter_async_context(caller)

    async def shows(self, word: str, queue: str = "finance") -> None:
        async def there() -> bool:
            return word in await self.lab.console(f"queue show {queue}")

        await until(there)

    async def calls(self, *, cdr: bool = True, queue_log: bool = True) -> dict[str | None, PastCall]:
        """By the caller's number."""
        sources = Sources(
            PbxName("main"),
            f"sqlite:///{self.database}" if cdr else None,
            zone=UTC,  # as the laboratory's clock
            queue_log=self.queue_log if queue_log else None,
        )
        now = datetime.now(UTC) + timedelta(seconds=2)
        found = await read_past_calls(sources, self.began_at, now, {FINANCE}, {PHONE})
        return {call.row.number: call for call in found}

    async def hears(self, count: int) -> None:
        """So many calls stand in both records."""

        async def there() -> bool:
            return len(await self.calls()) == count

        await until(there)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await condition():  # noqa: ASYNC110 - another process cannot set our Event
            await asyncio.sleep(0.05)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        lab = AsteriskLab(
            tmp_path / "pbx",
            phones=["101"],
            queues=[Queue("finance", ("PJSIP/101",)), Queue("others")],
            dialplan=DIALPLAN,
            phone_context="from-phones",
            extra_modules=["res_cdrel_custom", "cdr_sqlite3_custom"],
            extra_files={"cdr_sqlite3_custom.conf": CDR_CONF},
        )
        await lab.start()
        stack.push_async_callback(lab.stop)
        yield World(lab, tmp_path, stack)


async def test_answered_and_given_up(world: World) -> None:
    phone = await world.stack.enter_async_context(
        Phone(world.lab.phone_port("101"), world.folder / "sip", Answer(after_seconds=0.3))
    )
    answered = await world.call("700", Until(), HangUp(), number="79000000110")
    await phone.happened("answered")
    await world.shows("In use")
    waits = await world.call("700", Until(), HangUp(), number="79000000111")
    await world.shows("1. PJSIP")
    elsewhere = await world.call("800", Until(), HangUp(), number="79000000112")
    await world.shows("1. PJSIP", "others")
    for caller in (waits, elsewhere, answered):
        await caller.hang_up()
    await world.hears(2)
    direct = await world.call("101", Until(), HangUp(), number="79000000113")
    await direct.answered()
    await direct.hang_up()
    await world.hears(3)

    both = await world.calls()
    talked, gave_up, rang_directly = (both[f"7900000011{n}"] for n in (0, 1, 3))
    assert (talked.row.queue, talked.row.member, talked.outcome) == (FINANCE, PHONE, None)
    assert talked.row.hold_seconds is not None
    assert talked.row.queued_at is not None
    assert (gave_up.row.queue, gave_up.row.member) == (FINANCE, None)
    assert gave_up.outcome is Outcome.abandoned_queue
    assert (rang_directly.row.queue, rang_directly.row.member) == (None, PHONE)

    table = await world.calls(queue_log=False)
    assert set(table) == set(both)
    assert {call.row.queued_at for call in table.values()} == {None}
    assert (table["79000000110"].row.member, table["79000000111"].row.member) == (PHONE, None)
    assert table["79000000110"].row.dialed_number == "700"

    log = await world.calls(cdr=False)
    assert set(log) == {"79000000110", "79000000111"}
    assert log["79000000110"].row.member == PHONE
    assert log["79000000110"].row.channel == talked.row.channel


async def test_a_clock_in_another_zone(world: World) -> None:
    """Rows that seem to be from other hours are not of the gap."""
    caller = await world.call("700", Until(), HangUp(), number="79000000110")
    await world.shows("1. PJSIP")
    await caller.hang_up()
    await world.hears(1)
    sources = Sources(PbxName("main"), f"sqlite:///{world.database}", zone=ZoneInfo("Asia/Kamchatka"))
    assert await read_past_calls(sources, world.began_at, datetime.now(UTC), {FINANCE}, {PHONE}) == ()


async def test_callcore_reads_queue_log_after_a_gap(tmp_path: Path) -> None:
    """Calls that never pass our dialplan; the queue names its member as callcore did."""
    async with AsyncExitStack() as stack:
        stage = Stage(tmp_path)
        stage.lab.dialplan = "[from-trunk]\nexten => _[+0-9].,1,Answer()\n same => n,Queue(finance)\n"
        await stack.enter_async_context(stage)
        stage.write_config()
        settings = yaml.safe_load(stage.config_file.read_text(encoding="utf-8"))
        settings["pbx"]["main"]["recovery"] = {"queue_log": str(tmp_path / "pbx" / "log" / "queue_log")}
        stage.config_file.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
        await stage.add_people({"anna": ("Анна Кузнецова", "korova-na-lune-7")})
        house = House(stage, tmp_path, stack)
        await stage.start()
        anna = await house.on_shift("anna", "101")
        await anna.deafen()
        await stage.stop()
        talking = await house.call(Until(), HangUp())
        await talking.answered()
        await house.member("101", "In use")
        waiting = await house.call(Until(), HangUp(), number="79000000111")

        async def waits() -> bool:
            return "1. PJSIP" in await stage.lab.console("queue show finance")

        await house.until(waits)
        await waiting.hang_up()
        await talking.hang_up()
        daemon = await stage.start()
        contacts = {contact.caller_number: contact for contact in await house.contacts(2)}
        talked, waited = contacts["+79000000110"], contacts["+79000000111"]
        assert (talked.source, talked.outcome, talked.answered_by) == (Source.cdr, Outcome.answered, "anna")
        assert talked.answered_at is not None
        assert (waited.source, waited.outcome) == (Source.cdr, Outcome.abandoned_queue)
        [gap] = await daemon.database.gaps.latest()
        assert (gap.from_journal, gap.from_cdr, gap.lost) == (0, 2, 0)
        await stage.stop()
        await stage.start()
        assert len(await house.contacts(2)) == 2
