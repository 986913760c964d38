"""One lane for each route: takes what is due, waits for a slot, asks the gate, places it.

Which campaign is served: emergencies before planned works; among equals each in turn, one target at a
time, so that nobody waits behind a large one. The choice is made when the slot is there, not before.

A lane looks into the store for a batch, and then only when something happened (``look``) or the next target
is due. A batch is held against the gate at once: thousands who sleep cost no slots. The permit itself is
asked for last, when the slot is there.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol, assert_never

import structlog

from callcore.calls.attempt import AttemptId, CampaignId, Medium, TargetId
from callcore.calls.campaign import Campaign, Target
from callcore.calls.number_history import NumberHistory
from callcore.campaigns import plan
from callcore.campaigns.ports import Room, Setup
from callcore.domain import OutageId
from callcore.outbound.gate import Ask, Permit, Profile, Purpose, Refusal, decide, look
from callcore.store.attempts import Attempts, NotClaimed
from callcore.store.campaigns import Campaigns
from callcore.store.errors import StoreError

log = structlog.get_logger("callcore.campaigns")

BATCH = 100
LONGEST_REST_SECONDS = 60.0
PAUSE_SECONDS = 1.0
"""After something failed."""
LAST_PATIENCE_SECONDS = 5.0
"""For what is being placed while the daemon ends, or while newer news is published."""
NEVER = datetime.max.replace(tzinfo=UTC)


class Way(Protocol):
    """One route, as a lane uses it."""

    @property
    def medium(self) -> Medium: ...

    @property
    def route(self) -> str: ...

    @property
    def is_open(self) -> bool:
        """Whether anything can leave through it now."""

    def can(self, campaign: Campaign) -> bool:
        """Whether something of this campaign can leave through it now."""

    async def slot(self) -> None: ...

    def give_back(self, permit: Permit | None = None) -> None: ...

    async def place(self, permit: Permit, target: Target, campaign: Campaign) -> bool: ...


class Work:
    """What the lanes share: the campaigns that run, and what is in somebody's hand."""

    def __init__(self) -> None:
        self.running: Mapping[CampaignId, Campaign] = {}
        self.targets: set[TargetId] = set()
        """Taken out of the store by a lane that has not placed them yet."""
        self.under_way: dict[AttemptId, tuple[CampaignId, Medium]] = {}
        """Open attempts."""
        self._held: Counter[OutageId] = Counter()
        self._placing: Counter[OutageId] = Counter()
        self._released = asyncio.Event()

    def runs(self, campaign: Campaign) -> bool:
        return campaign.id in self.running and not self._held[campaign.outage]

    async def hold(self, outage: OutageId) -> None:
        """Nothing of this outage is placed until ``let_go``. Returns when the intents of all that was being
        placed are stored."""
        self._held[outage] += 1
        with suppress(TimeoutError):
            # the intent comes first: what takes longer than this waits for a PBX or a gateway
            async with asyncio.timeout(LAST_PATIENCE_SECONDS):
                while self._placing[outage]:
                    self._released.clear()
                    await self._released.wait()

    def let_go(self, outage: OutageId) -> None:
        self._held[outage] -= 1

    def take(self, campaign: Campaign, target: Target) -> None:
        self.targets.add(target.id)
        self._placing[campaign.outage] += 1

    def release(self, campaign: Campaign, target: Target, *, is_handed_on: bool = False) -> None:
        if not is_handed_on:
            self.targets.discard(target.id)
        self._placing[campaign.outage] -= 1
        self._released.set()


def asks(
    targets: Sequence[Target], medium: Medium, route: str, profile: Profile, mint: Callable[[], AttemptId]
) -> list[Ask]:
    return [
        Ask(mint(), medium, Purpose.notice, target.number, target.zone, route, profile) for target in targets
    ]


async def screen(attempts: Attempts, questions: Sequence[Ask], now: datetime) -> list[Permit | Refusal]:
    """What the gate would say to each; one look into the ledger for all."""
    if not questions:
        return []
    needed = look(questions, now)
    known = await attempts.history(
        {ask.number for ask in questions}, needed.since, people=needed.people, usage=needed.usage
    )
    return [decide(ask, known.get(ask.number, NumberHistory()), now) for ask in questions]


class Lane:
    """``ended``: a target ended by a rule; ``freed``: a target is in nobody's hand any more; ``texts``: the
    lane that sends an SMS instead of a call that is not allowed."""

    def __init__(
        self,
        way: Way,
        window: int,
        work: Work,
        setup: Setup,
        room: Room,
        campaigns: Campaigns,
        attempts: Attempts,
        mint: Callable[[], AttemptId],
        now: Callable[[], datetime],
        ended: Callable[[], None],
        freed: Callable[[CampaignId], None],
        texts: Lane | None = None,
    ) -> None:
        self.way = way
        self._work = work
        self._setup = setup
        self._room = room
        self._campaigns = campaigns
        self._attempts = attempts
        self._mint = mint
        self._now = now
        self._ended = ended
        self._freed = freed
        self._texts = texts
        self._places = asyncio.Semaphore(window)
        self._placing: set[asyncio.Task[None]] = set()
        self._queues: dict[CampaignId, deque[Target]] = {}
        self._look_at: dict[CampaignId, datetime] = {}
        self._looks = 0
        self._turns: dict[CampaignId, int] = {}
        self._turn = 0
        self._wake = asyncio.Event()

    def look(self, campaign: CampaignId | None = None) -> None:
        """Something may be due in this campaign, None: in any; or may not be done any more."""
        if campaign is None:
            self._look_at.clear()
        else:
            self._look_at.pop(campaign, None)
        self._looks += 1
        self._wake.set()

    def offer(self, campaign: Campaign, target: Target) -> None:
        """Take over a target that another lane has in its hand."""
        self._queues.setdefault(campaign.id, deque()).append(target)
        self._wake.set()

    def ahead_of(self, campaign: Campaign) -> Campaign | None:
        """An emergency that is served first, while it has somebody due."""
        if self._setup.is_urgent(campaign.profile):
            return None
        urgent = (other for other in self._served() if self._setup.is_urgent(other.profile))
        return next((other for other in urgent if self._queues.get(other.id)), None)

    async def run(self) -> None:
        """For ever. When cancelled, what is being placed has a moment to end."""
        try:
            while True:
                await self._places.acquire()
                campaign, target = await self._next()
                task = asyncio.create_task(self._place(campaign, target))
                self._placing.add(task)
                task.add_done_callback(self._placed)
        finally:
            if self._placing:
                await asyncio.wait(self._placing, timeout=LAST_PATIENCE_SECONDS)
            for task in self._placing:
                task.cancel()

    def _placed(self, task: asyncio.Task[None]) -> None:
        self._placing.discard(task)
        self._places.release()

    async def _next(self) -> tuple[Campaign, Target]:
        """The slot is taken when it returns."""
        while True:
            until = await self._fill()
            if self._choice() is None:
                await self._rest(until)
                continue
            await self.way.slot()
            if self._wake.is_set():
                # while it waited for the slot: somebody more urgent may be due
                await self._fill()
            choice = self._choice()
            if choice is not None:
                return self._take(*choice)
            self.way.give_back()

    # --- what is due

    async def _fill(self) -> datetime | None:
        """Batches for those who have none; when to look again, None: when somebody says so."""
        self._wake.clear()
        try:
            return await self._fetch_all()
        except StoreError as error:
            log.warning("campaign_store_failed", medium=self.way.medium, error=str(error))
            return self._now() + timedelta(seconds=PAUSE_SECONDS)

    async def _fetch_all(self) -> datetime | None:
        for id in [id for id in self._queues if id not in self._work.running]:
            self._work.targets.difference_update(target.id for target in self._queues.pop(id))
            self._look_at.pop(id, None)
        for campaign in self._served():
            is_time = self._look_at.get(campaign.id, datetime.min.replace(tzinfo=UTC)) <= self._now()
            if is_time and not self._queues.get(campaign.id):
                await self._fetch(campaign)
        if self._work.running and not self.way.is_open:
            # a link that is back before anybody saw it go wakes nobody
            return self._now() + timedelta(seconds=PAUSE_SECONDS)
        waiting = [campaign.id for campaign in self._served() if not self._queues.get(campaign.id)]
        return min((self._look_at.get(id, self._now()) for id in waiting), default=None)

    def _served(self) -> list[Campaign]:
        running = tuple(self._work.running.values())
        return [campaign for campaign in running if self._work.runs(campaign) and self.way.can(campaign)]

    async def _fetch(self, campaign: Campaign) -> None:
        looks, now = self._looks, self._now()
        in_hand = set(self._work.targets)
        due = await self._campaigns.due(campaign.id, self.way.medium, now, BATCH + len(in_hand))
        fresh = [target for target in due if target.id not in in_hand]
        queue = self._queues.setdefault(campaign.id, deque())
        profile = self._setup.profiles[campaign.profile]
        questions = asks(fresh, self.way.medium, self.way.route, profile, self._mint)
        refusals: list[Awaitable[object]] = []
        for target, answer in zip(fresh, await screen(self._attempts, questions, now), strict=True):
            if isinstance(answer, Permit):
                queue.append(target)
            else:
                refusals.append(self._refuse(campaign, target, answer))
        await asyncio.gather(*refusals)
        if queue or fresh:
            return
        next_at = await self._campaigns.next_due_at(campaign.id, self.way.medium)
        if looks == self._looks:
            # what is due and in somebody's hand is looked at again when he lets go of it
            self._look_at[campaign.id] = NEVER if next_at is None or next_at <= now else next_at

    async def _refuse(self, campaign: Campaign, target: Target, refusal: Refusal) -> bool:
        """True: another lane has the target now."""
        match plan.refused((target.number, *target.others), self.way.medium, refusal, self._setup.rules):
            case plan.Postponed(until, wait):
                soonest = self._now() + timedelta(seconds=PAUSE_SECONDS)
                await self._campaigns.postpone(target.id, max(until, soonest), wait)
            case plan.Ended(result, reason):
                await self._campaigns.end(target.id, result, reason, self._now())
                self._ended()
            case plan.TextNow(number):
                if self._texts is None:
                    raise AssertionError("an SMS without a gateway")
                self._work.targets.add(target.id)
                self._texts.offer(campaign, replace(target, number=number, next_medium=Medium.sms))
                return True
            case other:
                assert_never(other)
        return False

    # --- whose turn it is

    def _choice(self) -> tuple[Campaign, Target] | None:
        ready = [campaign for campaign in self._served() if self._queues.get(campaign.id)]
        campaign = min(ready, key=self._order, default=None)
        return None if campaign is None else (campaign, self._queues[campaign.id][0])

    def _order(self, campaign: Campaign) -> tuple[bool, int, int]:
        return not self._setup.is_urgent(campaign.profile), self._turns.get(campaign.id, 0), -campaign.id

    def _take(self, campaign: Campaign, target: Target) -> tuple[Campaign, Target]:
        self._queues[campaign.id].popleft()
        self._turn += 1
        self._turns[campaign.id] = self._turn
        self._work.take(campaign, target)
        return campaign, target

    # --- placing

    async def _place(self, campaign: Campaign, target: Target) -> None:
        is_handed_on = is_well = False
        try:
            answer = await self._permit(campaign, target)
            if isinstance(answer, Refusal):
                is_handed_on = await self._refuse(campaign, target, answer)
                is_well = True
            elif self._work.runs(campaign) and self.way.can(campaign):
                is_well = await self._leave(campaign, target, answer)
            else:
                self.way.give_back(answer)
        except NotClaimed:
            # paused, stopped or superseded a moment ago, or an open call to this number
            log.debug("target_not_claimed", target=target.id)
        except StoreError as error:
            log.warning("target_not_placed", target=target.id, error=str(error))
        except Exception:
            log.exception("target_not_placed", target=target.id)
        finally:
            self._work.release(campaign, target, is_handed_on=is_handed_on)
        self._freed(campaign.id)
        if not is_well:
            self._look_at[campaign.id] = self._now() + timedelta(seconds=PAUSE_SECONDS)

    async def _permit(self, campaign: Campaign, target: Target) -> Permit | Refusal:
        profile = self._setup.profiles[campaign.profile]
        [ask] = asks([target], self.way.medium, self.way.route, profile, self._mint)
        answer: Permit | Refusal | None = None
        try:
            answer = await self._room.permit(ask)
        finally:
            if not isinstance(answer, Permit):
                self.way.give_back()
        return answer

    async def _leave(self, campaign: Campaign, target: Target, permit: Permit) -> bool:
        attempt, is_placed = permit.ask.attempt, False
        self._work.under_way[attempt] = campaign.id, self.way.medium
        try:
            is_placed = await self.way.place(permit, target, campaign)
        finally:
            if not is_placed:
                self._work.under_way.pop(attempt, None)
        return is_placed

    async def _rest(self, until: datetime | None) -> None:
        seconds = LONGEST_REST_SECONDS
        if until is not None and until != NEVER:
            seconds = min(max((until - self._now()).total_seconds(), 0.01), seconds)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
