"""``callcore check --live``: asks the database and every PBX what they lack. Changes nothing."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from callcore.ami import actions
from callcore.ami.client import AmiLink
from callcore.ami.feed import Inbox
from callcore.ami.finding import Finding
from callcore.ami.live_check import LiveReport, check_live
from callcore.ami.live_fallback import WantedFallback
from callcore.ami.live_queues import PenaltyRule, WantedQueue
from callcore.assembly.exchange import make_source
from callcore.assembly.wiring import ami_settings
from callcore.bus.outward import Bounds, Outward
from callcore.commands.pbx_files import fallback_ways, queue_definitions
from callcore.config import Settings
from callcore.crm.directory import DirectoryFailed
from callcore.domain import PbxName, QueueName, RecordMode, Text
from callcore.ivr.dialplan import own_contexts
from callcore.ivr.fallback import HOURS_CONTEXT, UNTIL
from callcore.ivr.queue_file import ANYBODY, QueueDefinition, rule_name
from callcore.routing.legs import ToNumber
from callcore.store import migrate
from callcore.store.engine import is_sqlite, reader_engine
from callcore.store.errors import StoreError
from callcore.store.sqlite import database_file

CONNECT_LIMIT_SECONDS = 10.0
NOBODY = "+10000000000"
"""A number that nobody has."""


@dataclass(frozen=True, slots=True)
class PbxReport:
    """What was found on one PBX; ``level`` 0 (no usable account) to 3 (everything)."""

    pbx: PbxName
    level: int
    findings: tuple[Finding, ...]

    @property
    def is_ok(self) -> bool:
        return not any(finding.level == "fault" for finding in self.findings)


@dataclass(frozen=True, slots=True)
class DatabaseReport:
    """Whether the database can be opened as it is set; ``message`` tells why not."""

    is_ok: bool
    message: Text


async def check_database(settings: Settings) -> DatabaseReport:
    """Connect and look at the schema. A SQLite file that is not there yet is made by the first start."""
    address = settings.database.address
    if is_sqlite(address) and not database_file(address).is_file():
        folder = database_file(address).parent
        if not folder.is_dir():
            return DatabaseReport(False, Text(f"нет папки {folder}", f"there is no folder {folder}"))
        return DatabaseReport(True, Text("ещё нет, появится при запуске", "not there yet, made at the start"))
    engine = reader_engine(address, 1)
    try:
        state = await migrate.check(engine)
    except StoreError as error:
        return DatabaseReport(False, Text(str(error), str(error)))
    finally:
        await engine.dispose()
    if state is migrate.SchemaState.empty:
        return DatabaseReport(True, Text("пуста, заполнится при запуске", "empty, filled at the start"))
    return DatabaseReport(True, Text("отвечает, схема верна", "answers, its schema is right"))


@dataclass(frozen=True, slots=True)
class SourceReport:
    """Whether a source of customers answers a question about a number that nobody has."""

    name: str
    is_ok: bool
    message: Text


async def check_sources(settings: Settings) -> tuple[SourceReport, ...]:
    """Each of ``directory.sources`` is asked once, side by side."""
    async with Outward(Bounds(None)) as web:
        return tuple(
            await asyncio.gather(*(_check_source(settings, name, web) for name in settings.directory.sources))
        )


async def _check_source(settings: Settings, name: str, web: Outward) -> SourceReport:
    try:
        source = make_source(settings, name, web, time.monotonic)
    except (DirectoryFailed, OSError) as error:
        return SourceReport(name, False, Text(f"не годится: {error}", f"cannot be used: {error}"))
    began = time.monotonic()
    try:
        await source.find_by_number(NOBODY)
    except DirectoryFailed as error:
        return SourceReport(name, False, Text(f"не отвечает: {error}", f"does not answer: {error}"))
    finally:
        await source.close()
    ms = round((time.monotonic() - began) * 1000)
    return SourceReport(name, True, Text(f"отвечает за {ms} мс", f"answers within {ms} ms"))


async def check_settings(settings: Settings) -> tuple[PbxReport, ...]:
    """One report for each PBX, asked side by side. Raises nothing for what a PBX says or does not say."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_check_pbx(settings, name)) for name in settings.pbxs]
    return tuple(task.result() for task in tasks)


async def _check_pbx(settings: Settings, name: PbxName) -> PbxReport:
    inbox = Inbox()
    link = AmiLink(ami_settings(settings, name), inbox)
    queues = tuple(_wanted(each) for each in queue_definitions(settings))
    contexts = tuple(each for each in own_contexts() if each not in actions.DIALLING_CONTEXTS)
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(link.run()), group.create_task(_drain(inbox))]
        try:
            async with asyncio.timeout(CONNECT_LIMIT_SECONDS):
                await link.tried()
        except TimeoutError:
            pass  # check_live names the reason
        report: LiveReport = await check_live(
            link,
            contexts,
            queues,
            dials=name in settings.outbound.trunks,
            records=any(queue.record is not RecordMode.never for queue in settings.queues.values()),
            inside=_leads_inside(settings),
            fallback=_fallback(settings, name),
        )
        await link.stop()
        for task in running:
            task.cancel()
    return PbxReport(name, report.level, report.findings)


def _wanted(queue: QueueDefinition) -> WantedQueue:
    first = queue.skills_first_seconds
    rule = None if first is None else PenaltyRule(rule_name(first), first, ANYBODY)
    return WantedQueue(QueueName(queue.name), queue.strategy, queue.weight, rule)


def _leads_inside(settings: Settings) -> bool:
    rows = (row for table in settings.tables for row in table.all_rows)
    return any(isinstance(leg, ToNumber) for row in rows for leg in row.legs)


def _fallback(settings: Settings, name: PbxName) -> WantedFallback | None:
    try:
        ways = fallback_ways(settings, name)
    except ValueError:
        return None  # ``callcore dialplan`` says why it cannot be made
    return WantedFallback(ways, datetime.now(UTC).date(), (HOURS_CONTEXT, UNTIL))


async def _drain(inbox: Inbox) -> None:
    """Nobody here needs the facts, but a full inbox would stop the link."""
    while True:
        await inbox.get()
