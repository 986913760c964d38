"""What becomes of calls that were handed on: kept as the model tells it, and found out after a gap.

``SettleHandover`` ──► its row
Snapshot ──► whose calls live? ──► ``Handed``, with where he was found ──► the model tells what came of it
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Mapping
from typing import Final, get_args

import structlog

from callcore.assembly.handing_world import World, words_of
from callcore.calls.call import Call, Phase
from callcore.calls.effects import Effect, HandingState, SettleHandover
from callcore.calls.facts import Fact, Found, Handed, Snapshot
from callcore.crm.handing import Now, find
from callcore.domain import CallId, ChannelRef, PbxName, Text
from callcore.store.errors import StoreError
from callcore.store.handovers import Handover, Handovers, HandoverState, Why

log = structlog.get_logger("callcore.second_line")

AGAIN_SECONDS = 1.0
"""Until the database is tried again."""
_STATES = {
    HandingState.taken: HandoverState.taken,
    HandingState.returned: HandoverState.returned,
    HandingState.withdrawn: HandoverState.withdrawn,
}
_WHYS: Final[tuple[Why, ...]] = get_args(Why)


@dataclasses.dataclass(frozen=True, slots=True)
class _Seen:
    """A Snapshot's callers: where they were."""

    pbx: PbxName
    callers: Mapping[ChannelRef, Found]


class HandoverEnds:
    """Give it each fact and ``SettleHandover``, and let it ``run``."""

    def __init__(self, handovers: Handovers, take: Callable[[Fact], None], world: World) -> None:
        self._handovers = handovers
        self._take = take
        self._world = world
        self._work: asyncio.Queue[SettleHandover | _Seen] = asyncio.Queue()
        self._seen: set[PbxName] = set()

    def carry(self, effect: Effect) -> None:
        if isinstance(effect, SettleHandover):
            self._work.put_nowait(effect)

    def take_fact(self, fact: Fact) -> None:
        """After a gap: calls that live go on being handed, or have been taken, or have come back; of the
        others nobody saw the end."""
        if isinstance(fact, Snapshot):
            self._seen.add(fact.pbx)
            callers = {row.channel: Found(row.context, row.word) for row in fact.channels}
            self._work.put_nowait(_Seen(fact.pbx, callers))

    async def run(self) -> None:
        """For ever. What cannot be kept now is tried again: the database may be away for a while."""
        while True:
            work = await self._work.get()
            try:
                if isinstance(work, SettleHandover):
                    await self._settle(work)
                else:
                    await self._find_out(work)
            except StoreError as fault:
                log.warning("handover_not_settled", why=str(fault))
                await asyncio.sleep(AGAIN_SECONDS)
                self._work.put_nowait(work)

    async def _settle(self, work: SettleHandover) -> None:
        state, why = _STATES[work.state], _why(work.why)
        await self._handovers.settle(work.handover, state, self._world.now(), taken_by=work.login, why=why)

    # --- after a gap

    async def _find_out(self, seen: _Seen) -> None:
        wanted = [each for each in self._world.calls(seen.pbx) if _is_open(each)]
        newest = await self._handovers.newest_of([call.id for call in wanted])
        for call in wanted:
            if (handover := newest.get(call.id)) is not None:
                await self._go_on(call, handover, seen.callers.get(call.anchor, Found("", "")))
        if self._world.pbxs() <= self._seen:
            await self._end_those_gone()

    async def _go_on(self, before: Call, handover: Handover, found: Found) -> None:
        """On this call's card it stands anew, unless it goes on by itself meanwhile."""
        words = before.handed or dataclasses.replace(
            await words_of(self._world, handover, self._title(handover)),
            state=HandingState(handover.state.value),
            why=handover.why,
        )
        call = self._world.call(before.id)
        if call is not None and call.handed is before.handed and words.handover == handover.id:
            self._take(Handed(call.id, words, found))

    async def _end_those_gone(self) -> None:
        for handover in await self._handovers.asked():
            if not self._is_known(handover.what.call, handover.id):
                lost = HandoverState.withdrawn
                await self._handovers.settle(handover.id, lost, self._world.now(), why="lost")

    def _is_known(self, id: CallId, handover: int) -> bool:
        """Its call lives, or the model has told what came of it."""
        call = self._world.call(id)
        if call is None:
            return False
        is_told = call.handed is not None and call.handed.handover == handover
        return is_told or call.phase is not Phase.ended

    def _title(self, handover: Handover) -> Text:
        """As it is called now."""
        what, house = handover.what, self._world.house()
        offer = find(f"{what.to_kind}:{what.to_name}", None, house, Now(self._world.now(), {}))
        return offer.title if offer else Text(what.to_name, what.to_name)


def _is_open(call: Call) -> bool:
    """Nothing is known of a hand-over of it, or how it ended."""
    return call.handed is None or call.handed.state is HandingState.asked


def _why(word: str) -> Why:
    return next((why for why in _WHYS if why == word), "")
