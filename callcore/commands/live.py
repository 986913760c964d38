"""``callcore check --live``: asks every PBX of the settings what it lacks. Changes nothing on it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from callcore.ami.client import AmiLink
from callcore.ami.feed import Inbox
from callcore.ami.live_check import Finding, LiveReport, check_live
from callcore.ami.settings import AmiSettings
from callcore.config import Settings
from callcore.domain import PbxName, QueueName
from callcore.wiring import ami_settings

CONTEXTS = (
    "callcore-inbound",
    "callcore-queue",
    "callcore-fallback",
    "callcore-wait",
    "callcore-end",
    "callcore-journal",
)
"""Of the dialplan that ``callcore dialplan`` prints."""

CONNECT_LIMIT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class PbxReport:
    """What was found on one PBX; ``level`` 0 (no usable account) to 3 (everything)."""

    pbx: PbxName
    level: int
    findings: tuple[Finding, ...]

    @property
    def is_ok(self) -> bool:
        return not any(finding.level == "fault" for finding in self.findings)


async def check_settings(settings: Settings) -> tuple[PbxReport, ...]:
    """One report for each PBX, asked side by side. Raises nothing for what a PBX says or does not say."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(
                _check_pbx(
                    ami_settings(settings, name), settings.all_queues, name in settings.outbound.trunks
                )
            )
            for name in settings.pbxs
        ]
    return tuple(task.result() for task in tasks)


async def _check_pbx(account: AmiSettings, queues: tuple[QueueName, ...], dials: bool) -> PbxReport:
    inbox = Inbox()
    link = AmiLink(account, inbox)
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(link.run()), group.create_task(_drain(inbox))]
        try:
            async with asyncio.timeout(CONNECT_LIMIT_SECONDS):
                await link.tried()
        except TimeoutError:
            pass  # check_live names the reason
        report: LiveReport = await check_live(link, CONTEXTS, queues, dials=dials)
        await link.stop()
        for task in running:
            task.cancel()
    return PbxReport(account.name, report.level, report.findings)


async def _drain(inbox: Inbox) -> None:
    """Nobody here needs the facts, but a full inbox would stop the link."""
    while True:
        await inbox.get()
