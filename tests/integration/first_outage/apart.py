"""callcore as a process of its own, steered over its control socket and watched through its database."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from callcore import config
from callcore.calls.attempt import Attempt, CampaignId
from callcore.calls.campaign import CampaignState, TargetResult
from callcore.commands.control import Daemon as Control
from callcore.config.control import control_socket
from callcore.store.campaigns import TargetLine
from callcore.store.database import Database
from callcore.testing.blackout import QUICK, Blackout
from callcore.testing.carrier import Carrier
from callcore.testing.stage import Stage

MORTAL = Path(__file__).with_name("mortal.py")


class Apart(Blackout):
    """``people``, then ``begin``, then ``publish``; what is asked of it is answered by its database."""

    def __init__(self, stage: Stage, carrier: Carrier, folder: Path, stack: AsyncExitStack) -> None:
        super().__init__(stage, carrier, folder, stack)
        self._database: Database | None = None

    def settings(self, **changes: Any) -> None:
        """QUICK, with these sections in place of its own."""
        self.stage.write_config({**QUICK, **changes})

    async def begin(self, place: str | None = None, *, command: tuple[str, ...] = ()) -> None:
        """Start callcore; ``place``: it dies there (``mortal``). Returns when it and its PBX link are up."""
        await self.stage.begin(*command, script=(str(MORTAL), place) if place else ())
        if self._database is None:
            url = config.load(self.stage.config_file).database.url
            self._database = await self._stack.enter_async_context(await Database.open(url))

    @property
    def database(self) -> Database:
        assert self._database is not None, "begin first"
        return self._database

    async def send(self, publication: bytes) -> None:
        await self.ask("outages", body=publication)

    async def ask(self, *steps: str, body: bytes = b"") -> dict[str, Any]:
        """POST over the control socket. Raises CommandFailed."""
        return await asyncio.to_thread(self._control().post, *steps, body=body)

    async def resume(self, campaign: CampaignId) -> None:
        await self.ask("campaigns", str(campaign), "resume")

    async def is_done(self, number: str = "A-1") -> None:
        """Waits until its campaign has nothing left to do."""

        async def over() -> bool:
            return (await self.campaigns(number))[0].state is CampaignState.done

        await self.until(over)

    async def attempts(self, line: TargetLine) -> tuple[Attempt, ...]:
        return await self.database.attempts.of_target(line.target.id)

    async def unknown(self) -> int:
        """How many a person sees as ``unknown`` in the campaign's figures."""
        (campaign,) = await self.campaigns()
        progress = await self.database.campaigns.progress(campaign.id)
        return progress.by_result.get(TargetResult.unknown, 0)

    def _control(self) -> Control:
        path = control_socket(config.load(self.stage.config_file))
        assert path is not None
        return Control(path, "en")
