"""Whatever happens in whatever order: each target is tried by one attempt at a time and ends once."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_placed import T0, a_campaign, a_message, a_recipient, again, an_intent, an_outage, targets_of

from callcore.calls.attempt import Attempt, AttemptId, AttemptResult, CampaignId, Medium, Outcome, TargetId
from callcore.calls.campaign import Campaign, CampaignState, News, NewTarget, Target, TargetResult
from callcore.domain import OutageId
from callcore.store.attempts import NotClaimed, StoredReceipt
from callcore.store.database import Database

_serial = count(1)
RATE = 7
GIVES_WAY = {
    AttemptResult.unknown: set(AttemptResult) - {AttemptResult.unknown},
    AttemptResult.sent: set(AttemptResult) - {AttemptResult.sent, AttemptResult.unknown},
}


@dataclass
class World:
    """One outage, and the ledger as it was after the last step."""

    db: Database
    outage: OutageId
    serial: int
    campaigns: dict[CampaignId, Campaign] = field(default_factory=dict)
    targets: dict[TargetId, Target] = field(default_factory=dict)
    attempts: dict[AttemptId, Attempt] = field(default_factory=dict)
    ended_by: dict[TargetId, AttemptId] = field(default_factory=dict)
    may_change: TargetId | None = None
    """The ended target whose result this step may change."""
    clock: datetime = T0

    @property
    def login(self) -> str:
        """Whoever has what is placed here placed: by it the sums are told from those of other worlds."""
        return f"w{self.serial}"

    def target(self, n: int) -> Target:
        """Those that can still be tried come first."""
        targets = sorted(self.targets.values(), key=lambda target: (target.result is not None, target.id))
        return targets[n % len(targets)]

    def attempt(self, n: int) -> Attempt | None:
        """Open ones first, the newest first in each."""
        attempts = sorted(reversed(self.attempts.values()), key=lambda attempt: attempt.outcome is not None)
        return attempts[n % len(attempts)] if attempts else None

    # --- steps

    async def create(self, people: list[int], skipped: int, news: News) -> None:
        recipients: list[NewTarget] = [a_recipient(n, number=f"+7{self.serial:06}{n:04}") for n in people]
        nobody = a_recipient(9, number="", result=TargetResult.skipped, reason="no_number")
        new = a_campaign(self.outage, len(self.campaigns) + 1, news=news)
        created = await self.db.campaigns.create(new, recipients + [nobody] * skipped, self.clock)
        self.campaigns[created.id] = created

    async def intend(self, n: int, medium: Medium) -> None:
        target = self.target(n)
        make = an_intent if medium is Medium.voice else a_message
        id = f"t{self.serial}-{len(self.attempts)}"
        intent = make(id, target, intended_at=self.clock, login=self.login, rate_minor=RATE)
        lines = {a.number for a in self.attempts.values() if not a.outcome and a.medium is Medium.voice}
        may = (
            target.result is None
            and target.attempt is None
            and self.campaigns[target.campaign].state is CampaignState.running
            and not (medium is Medium.voice and target.number in lines)
        )
        try:
            await self.db.attempts.intend(intent)
        except NotClaimed:
            assert not may
            assert await self.db.attempts.get(intent.id) is None
        else:
            assert may
            self.attempts[intent.id] = intent

    async def late(self, n: int, result: AttemptResult, end: TargetResult | None) -> None:
        """A word on what was unknown or sent."""
        for intent in self.attempts.values():
            if intent.outcome and intent.outcome.result in GIVES_WAY:
                await self.settle_attempt(intent, result, end)
                return

    async def settle(self, n: int, result: AttemptResult, end: TargetResult | None) -> None:
        if intent := self.attempt(n):
            await self.settle_attempt(intent, result, end)

    async def settle_attempt(self, intent: Attempt, result: AttemptResult, end: TargetResult | None) -> None:
        target = self.targets[intent.target]
        change = replace(again(target), result=end, reason=result, due_at=self.clock)
        changed = await self.db.attempts.settle(intent.id, Outcome(result, self.clock), change)
        if intent.outcome is None:
            assert changed
            if end is not None:
                self.ended_by[target.id] = intent.id
        else:
            gives_way = result in GIVES_WAY.get(intent.outcome.result, ())
            assert changed is (gives_way and self.ended_by.get(target.id) == intent.id)
            self.may_change = target.id if changed else None

    async def postpone(self, n: int) -> None:
        await self.db.campaigns.postpone(self.target(n).id, self.clock, "quiet_hours")

    async def set_state(self, n: int, state: CampaignState) -> None:
        campaigns = sorted(
            self.campaigns.values(), key=lambda campaign: (campaign.state.is_over, campaign.id)
        )
        campaign = campaigns[n % len(campaigns)]
        changed = await self.db.campaigns.set_state(campaign.id, state, "why", self.clock)
        assert (changed is None) is campaign.state.is_over

    async def end(self, n: int, result: TargetResult) -> None:
        target = self.target(n)
        is_free = target.result is None and target.attempt is None
        assert await self.db.campaigns.end(target.id, result, "rule", self.clock) is is_free

    async def receipt(self, n: int, is_early: bool) -> None:
        if (intent := self.attempt(n)) is None:
            return
        ids = [f"{intent.id}/0", f"{intent.id}/1"]
        if not is_early:
            await self.db.attempts.submitted(intent.id, self.clock, ids)
        receipt = StoredReceipt(intent.route, ids[0], intent.number, "delivered", "", self.clock)
        owner = await self.db.attempts.receipt(receipt)
        assert (owner is None) is (is_early and not intent.message_ids)
        known = await self.db.attempts.submitted(intent.id, self.clock, ids)
        assert [found.message_id for found in known] == ids[:1]

    async def done(self) -> None:
        await self.db.campaigns.settle_done(self.clock)

    # --- what always holds

    async def check(self) -> None:
        self.campaigns = {found.id: found for found in await self.db.campaigns.of_outage(self.outage)}
        now: dict[TargetId, Target] = {}
        for id in self.campaigns:
            targets = await targets_of(self.db, id)
            await self.check_progress(id, targets)
            now |= {target.id: target for target in targets}
        assert sum(not found.state.is_over for found in self.campaigns.values()) <= 1
        for intent in list(self.attempts):
            self.attempts[intent] = await stored(self.db, intent)
        open_ones = [attempt for attempt in self.attempts.values() if attempt.outcome is None]
        lines = Counter(attempt.number for attempt in open_ones if attempt.medium is Medium.voice)
        assert max(lines.values(), default=0) <= 1
        assert {a.target: a.id for a in open_ones} == {t.id: t.attempt for t in now.values() if t.attempt}
        assert len({attempt.target for attempt in open_ones}) == len(open_ones)
        for target in now.values():
            self.check_target(target)
        await self.check_sums()
        self.targets, self.may_change = now, None

    def check_target(self, target: Target) -> None:
        assert (target.result is None) is (target.ended_at is None)
        assert target.result is None or target.attempt is None
        if self.campaigns[target.campaign].state.is_over:
            assert target.result or target.attempt, "nobody waits in a campaign that is over"
        before = self.targets.get(target.id)
        if before is not None and before.result is not None:
            if target.id == self.may_change:
                assert target.result is not None
                target = replace(target, result=before.result, reason=before.reason)
            assert target == before

    async def check_sums(self) -> None:
        """What the house has spent is what one counts from the ledger."""
        known = await self.db.attempts.history(["+70000000000"], T0, usage=T0 - timedelta(days=1))
        rows = [row for row in known["+70000000000"].usage if row.login == self.login]
        counted = [spent(attempt) for attempt in self.attempts.values()]
        stored = [(row.attempts, row.minutes, row.cost_minor) for row in rows]
        assert [sum(each) for each in zip((0, 0, 0), *stored, strict=True)] == [
            sum(each) for each in zip((0, 0, 0), *counted, strict=True)
        ]
        assert all(part >= 0 for row in stored for part in row)

    async def check_progress(self, id: CampaignId, targets: tuple[Target, ...]) -> None:
        progress = await self.db.campaigns.progress(id)
        ended = sum(progress.by_result.values())
        assert progress.targets == len(targets) == ended + progress.trying + sum(progress.waiting.values())
        assert progress.trying == sum(target.attempt is not None for target in targets)


def spent(attempt: Attempt) -> tuple[int, int, int]:
    """Attempts, begun minutes, money."""
    result = attempt.outcome.result if attempt.outcome else None
    if result == "not_sent":
        return 0, 0, 0
    if attempt.medium is Medium.sms:
        return 1, 0, RATE
    if result in (None, "unknown"):
        return 1, 1, RATE
    if result not in ("told", "hung_up_early", "answered") or attempt.outcome is None:
        return 1, 0, 0
    seconds = int((attempt.outcome.at - attempt.intended_at).total_seconds())
    minutes = 1
    while minutes * 60 < seconds:
        minutes += 1
    return 1, minutes, minutes * RATE


async def stored(db: Database, id: AttemptId) -> Attempt:
    found = await db.attempts.get(id)
    assert found is not None
    return found


some = st.integers(0, 5)
results = st.sampled_from(AttemptResult)
ends = st.none() | st.sampled_from(TargetResult)
states = st.sampled_from(
    [CampaignState.running, CampaignState.paused, CampaignState.halted, CampaignState.stopped]
)
intend = st.tuples(st.just("intend"), some, st.sampled_from([Medium.voice, Medium.voice, Medium.sms]))
settle = st.tuples(st.just("settle"), some, results, ends)
unsure = st.tuples(st.just("settle"), some, st.sampled_from(sorted(GIVES_WAY)), ends)
people = st.lists(st.integers(0, 3), min_size=1, max_size=4)
steps = st.one_of(
    intend,
    intend,
    intend,
    settle,
    settle,
    unsure,
    st.tuples(st.just("late"), some, results, ends),
    st.tuples(st.just("postpone"), some),
    st.tuples(st.just("set_state"), some, states),
    st.tuples(st.just("set_state"), some, states),
    st.tuples(st.just("end"), some, st.sampled_from(TargetResult)),
    st.tuples(st.just("receipt"), some, st.booleans()),
    st.tuples(st.just("create"), people, st.integers(0, 1), st.sampled_from(News)),
    st.tuples(st.just("done")),
)


@given(people, st.lists(steps, min_size=15, max_size=25))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_ledger_holds(
    runner: asyncio.Runner, database: Database, first: list[int], taken: list[tuple[object, ...]]
) -> None:
    async def live() -> None:
        serial = next(_serial)
        outage = await database.outages.publish(an_outage(f"A-{serial}"), {})
        world = World(database, outage.id, serial)
        await world.create(first, 0, News.outage)
        await world.check()
        for name, *values in taken:
            world.clock += timedelta(seconds=47)
            await getattr(world, str(name))(*values)
            await world.check()

    runner.run(live())
