"""Wishes to be called back: from settings and floor to what ``callbacks.runner`` wants to know."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from callcore.assembly.current import Current
from callcore.assembly.wiring import queue_titles
from callcore.callbacks.plan import Desk
from callcore.callbacks.ports import House
from callcore.callbacks.runner import CallBacks
from callcore.callbacks.status import Standing, words
from callcore.calls.attempt import Attempt, Plan, Purpose
from callcore.calls.call import Phase
from callcore.calls.queue_book import Line
from callcore.calls.tracker import Tracker
from callcore.config import Settings
from callcore.config.gate_values import profile_of_purpose
from callcore.domain import (
    AgentState,
    ChannelId,
    ChannelRef,
    Direction,
    Login,
    Outcome,
    PbxName,
    QueueName,
    Text,
)
from callcore.floor.ids import call_of_attempt
from callcore.outbound.ports import Way
from callcore.screenpop.cardnews import CardNews, WorkChanged
from callcore.store.follow_rows import FollowUp, FollowUpKind


def make_house(settings: Settings, now: datetime) -> House:
    """``now``: of the year that we are in, for the holidays."""
    organisation = settings.organisation
    return House(
        country=organisation.country,
        zone=organisation.zone.key,
        language=organisation.language,
        profile=profile_of_purpose(settings, Purpose.call_back, now.year),
        ways={
            PbxName(name): Way(trunk.ring_seconds, trunk.caller_number or "")
            for name, trunk in settings.outbound.trunks.items()
        },
        rules={
            QueueName(name): queue.call_back.rules
            for name, queue in settings.queues.items()
            if queue.call_back is not None
        },
        tables=settings.tables,
        greeting=settings.ivr.texts.called_back,
    )


def connect(
    call_backs: CallBacks, current: Current, tracker: Tracker, now: Callable[[], datetime], news: CardNews
) -> None:
    """Before anything may come in. Trunks are those of the start; the rest follows a reload."""
    ways = call_backs.house().ways
    pbxs = tuple(current.settings.pbxs)
    call_backs.house = current.of(lambda settings: replace(make_house(settings, now()), ways=ways))
    call_backs.floor = FloorSight(tracker, tuple(sorted(pbxs, key=lambda pbx: pbx not in ways)))
    call_backs.call_of = call_of_attempt
    call_backs.changed = lambda: news.tell(WorkChanged())


class FloorSight:
    """``callbacks.runner.FloorView`` of the tracker."""

    def __init__(self, tracker: Tracker, pbxs: tuple[PbxName, ...]) -> None:
        """``pbxs``: those that can dial come first."""
        self._tracker = tracker
        self._pbxs = pbxs

    def desk(self, queue: QueueName) -> Desk:
        """Of the PBX where most operators of the queue are ready; of the first, if none are."""
        found = [self._at(pbx, queue, line) for pbx, line in self._lines(queue)]
        return max(found, key=lambda desk: desk.ready, default=Desk(None))

    def _lines(self, queue: QueueName) -> Iterator[tuple[PbxName, Line]]:
        for pbx in self._pbxs:
            for name, line in self._tracker.queue_book.lines(pbx):
                if name == queue:
                    yield pbx, line

    def _at(self, pbx: PbxName, queue: QueueName, line: Line) -> Desk:
        """Whoever talks is ready for the next caller in a while, though his member is paused meanwhile."""
        agents = [each for each in self._tracker.agents.values() if each.pbx == pbx and queue in each.queues]
        others = line.members - line.paused - {each.interface for each in agents}
        at_work = sum(each.state is not AgentState.paused for each in agents)
        free = sum(each.state is AgentState.ready for each in agents)
        return Desk(pbx, ready=at_work + len(others), free=free + len(others), waiting=len(line.waiting))

    def on_line(self) -> Mapping[str, bool]:
        """Whoever asked to be called back in this very call is not waiting for anybody in it."""
        return {
            call.caller_number: call.answered_at is not None
            for call in self._tracker.calls.values()
            if call.direction is Direction.inbound
            and call.caller_number is not None
            and call.phase is not Phase.ended
            and call.word is not Outcome.callback_requested
        }

    def has_answered(self, attempt: Attempt) -> bool:
        """Where an operator is first, our channel tells of him, the call of the number."""
        ref = ChannelRef(PbxName(attempt.route), ChannelId(attempt.id))
        channel = self._tracker.mirror.channels.get(ref)
        if channel is None or attempt.plan is Plan.customer_first:
            return channel is None or channel.is_up
        id = self._tracker.by_channel.get(ref)
        call = None if id is None else self._tracker.calls.get(id)
        return call is None or call.answered_at is not None


class Waiting:
    """Why people who asked to be called back are not being called now, in words."""

    def __init__(
        self,
        call_backs: CallBacks,
        current: Current,
        names: Callable[[], Awaitable[Mapping[Login, str]]],
    ) -> None:
        self._call_backs = call_backs
        self._titles = current.of(queue_titles)
        self._current = current
        self._names = names

    async def words(self, rows: Sequence[FollowUp]) -> Mapping[int, Text]:
        """By id, of those of these that are wishes. Raises StoreError."""
        wishes = [row for row in rows if row.kind is FollowUpKind.wish and row.number]
        if not wishes:
            return {}
        zone, titles, names = (
            self._current.settings.organisation.zone.key,
            self._titles(),
            await self._names(),
        )
        found = await self._call_backs.waits(wishes)
        return {
            row.id: words(
                Standing(
                    found[row.id].wish,
                    found[row.id].step,
                    found[row.id].rules,
                    titles.get(row.queue, Text(row.queue, row.queue)),
                    found[row.id].at,
                    zone,
                    row.zone,
                    names.get(row.taken_by, row.taken_by) if row.taken_by else "",
                    found[row.id].is_ringing,
                    found[row.id].trouble,
                )
            )
            for row in wishes
        }
