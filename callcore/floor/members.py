"""Carries queue-member effects to the PBX: in order, never twice, given up when the link is down.

Nothing is kept for later: after a reconnect the model compares the Snapshot with what it wants and asks
anew. That also mends what was dropped because too much waited, which takes a PBX that does not answer.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Protocol

import structlog

from callcore.ami.actions import MemberEffect, for_effect
from callcore.ami.client import ActionRefused, AmiError, LinkDown, Reply
from callcore.ami.protocol import AmiAction, BadAction
from callcore.calls.effects import AddMember, Effect, PauseMember, RemoveMember, SetPenalty
from callcore.domain import PbxName

log = structlog.get_logger("callcore.members")

_HARMLESS = ("already there", "not there", "not found", "no such interface")
"""Refusals that mean: it is as wanted, or the Snapshot will put it right."""


SIZE = 10_000
"""Actions waiting for one PBX; a thousand operators in five queues who are added at once are half of it."""


class Link(Protocol):
    async def call(self, action: AmiAction, timeout: float = ...) -> Reply: ...  # noqa: ASYNC109


class Members:
    """One worker per PBX. ``dropped``: effects that found the queue full, by PBX; for the metrics."""

    def __init__(self, links: Mapping[PbxName, Link]) -> None:
        self._links = links
        self._queues: dict[PbxName, asyncio.Queue[MemberEffect]] = {
            name: asyncio.Queue(SIZE) for name in links
        }
        self.dropped: Counter[PbxName] = Counter()

    def carry(self, effect: Effect) -> None:
        if isinstance(effect, AddMember | RemoveMember | PauseMember | SetPenalty):
            queue = self._queues.get(effect.pbx)
            if queue is None:
                return
            try:
                queue.put_nowait(effect)
            except asyncio.QueueFull:
                self._drop(effect)

    @property
    def waiting(self) -> dict[PbxName, int]:
        """Effects that wait for their turn, by PBX."""
        return {name: queue.qsize() for name, queue in self._queues.items()}

    def _drop(self, effect: MemberEffect) -> None:
        """Told at the first and at every thousandth: a line for each would fill the disk."""
        self.dropped[effect.pbx] += 1
        if self.dropped[effect.pbx] % 1000 == 1:
            log.error("member_actions_dropped", pbx=effect.pbx, dropped=self.dropped[effect.pbx])

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for name in self._queues:
                group.create_task(self._work(name))

    async def drain(self) -> None:
        """Return when everything asked for so far has been tried."""
        for queue in self._queues.values():
            await queue.join()

    async def _work(self, pbx: PbxName) -> None:
        queue = self._queues[pbx]
        while True:
            effect = await queue.get()
            try:
                await self._carry_out(self._links[pbx], effect)
            except Exception:
                log.exception("member_effect_failed", pbx=pbx, key=effect.key)
            finally:
                queue.task_done()

    async def _carry_out(self, link: Link, effect: MemberEffect) -> None:
        try:
            actions = for_effect(effect)
        except BadAction as error:
            log.error("member_action_refused", key=effect.key, why=str(error))
            return
        for action in actions:
            try:
                await link.call(action)
            except ActionRefused as error:
                level = "debug" if any(word in str(error).lower() for word in _HARMLESS) else "error"
                log.log(
                    _LEVELS[level], "member_action_refused", pbx=effect.pbx, key=effect.key, why=str(error)
                )
            except LinkDown as error:
                # One word for each operator and queue would fill the log; that there is no link is in it.
                log.debug("member_action_skipped", pbx=effect.pbx, key=effect.key, why=str(error))
            except AmiError as error:
                log.warning("member_action_lost", pbx=effect.pbx, key=effect.key, why=str(error))


_LEVELS = {"debug": 10, "error": 40}
