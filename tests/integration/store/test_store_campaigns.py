"""Campaigns and their targets in a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from callcore.calls.attempt import AttemptResult, CampaignId, Medium, TargetId
from callcore.calls.campaign import CampaignState, News, TargetResult
from callcore.domain import CustomerId
from callcore.store.database import Database

from .store_placed import (
    a_campaign,
    a_message,
    a_recipient,
    again,
    an_intent,
    an_outage,
    an_outcome,
    ending,
    running,
    take,
    targets_of,
)
from .store_samples import T0

LATER = T0 + timedelta(hours=1)


async def test_it_is_stored_as_it_was_made(db: Database) -> None:
    recipient = a_recipient(1, others=("+79000000009", "+79000000008"), language="en", zone="Asia/Omsk")
    created = await running(db, recipient, a_recipient(2, customer=None, next_medium=Medium.sms))
    assert created == replace(a_campaign(created.outage), id=created.id)
    assert await db.campaigns.get(created.id) == created
    assert await db.campaigns.living() == await db.campaigns.of_outage(created.outage) == (created,)
    first, second = await targets_of(db, created.id)
    for name in ("customer", "name", "number", "others", "language", "zone", "address", "next_medium"):
        assert getattr(first, name) == getattr(recipient, name)
    assert (first.due_at, first.wait, first.attempt, first.result) == (T0, "", None, None)
    assert (first.rings, first.troubles, first.texts) == (0, 0, 0)
    assert (second.customer, second.next_medium) == (None, Medium.sms)
    assert await db.campaigns.target(second.id) == second
    assert await db.campaigns.get(CampaignId(77)) is None
    assert await db.campaigns.target(TargetId(77)) is None


async def test_a_repeat_changes_nothing(db: Database) -> None:
    created = await running(db)
    repeated = a_campaign(created.outage, news=News.restored)
    assert await db.campaigns.create(repeated, [a_recipient(2)], LATER) == created
    assert [target.customer for target in await targets_of(db, created.id)] == [1]


async def test_skipped_ones_have_ended_and_nobody_else_makes_it_done(db: Database) -> None:
    skipped = a_recipient(1, result=TargetResult.skipped, reason="no_number")
    created = await running(db, skipped)
    assert created.state is CampaignState.done
    (target,) = await targets_of(db, created.id)
    assert (target.result, target.reason, target.ended_at) == (TargetResult.skipped, "no_number", T0)
    assert await db.campaigns.living() == ()
    both = await running(db, skipped, a_recipient(2), number="A-2")
    assert both.state is CampaignState.running
    outage = await db.outages.publish(an_outage("A-3"), {})
    nobody = await db.campaigns.create(a_campaign(outage.id), [], T0)
    assert nobody.state is CampaignState.done


@pytest.mark.parametrize(
    ("news", "result"),
    [
        (News.changed, TargetResult.replaced),
        (News.restored, TargetResult.withdrawn),
        (News.cancelled, TargetResult.withdrawn),
    ],
)
async def test_newer_news_takes_the_place_of_what_was_not_said(
    db: Database, news: News, result: TargetResult
) -> None:
    first = await running(db, *map(a_recipient, (1, 2, 3)), number="A-1")
    told, trying, waiting = await targets_of(db, first.id)
    await take(db, an_intent("t1", told))
    await db.attempts.settle(
        an_intent("t1", told).id, an_outcome(AttemptResult.told), ending(told, TargetResult.told)
    )
    await take(db, an_intent("t2", trying))
    second = await db.campaigns.create(a_campaign(first.outage, 2, news=news), [a_recipient(1)], LATER)
    before = await db.campaigns.get(first.id)
    assert before is not None
    assert (before.state, before.reason, before.changed_at) == (CampaignState.superseded, news, LATER)
    targets = await targets_of(db, first.id)
    assert [target.result for target in targets] == [TargetResult.told, None, result]
    assert (targets[2].reason, targets[2].ended_at) == (news, LATER)
    assert targets[1].attempt == "t2"
    # what is under way ends as the others did, unless it tells him
    assert await db.attempts.settle(an_intent("t2", trying).id, an_outcome(), again(trying))
    ended = (await targets_of(db, first.id))[1]
    assert (ended.result, ended.reason, ended.rings) == (result, news, 1)
    assert ended.ended_at == an_outcome().at
    assert [c.id for c in await db.campaigns.of_outage(first.outage)] == [second.id, first.id]
    assert waiting.id == targets[2].id


async def test_an_older_revision_that_comes_late_says_nothing(db: Database) -> None:
    outage = await db.outages.publish(an_outage(), {})
    await db.campaigns.create(a_campaign(outage.id, 2, news=News.restored), [a_recipient()], T0)
    late = await db.campaigns.create(a_campaign(outage.id, 1), [a_recipient()], LATER)
    assert (late.state, late.reason) == (CampaignState.superseded, News.restored)
    (target,) = await targets_of(db, late.id)
    assert (target.result, target.reason) == (TargetResult.withdrawn, News.restored)
    assert len(await db.campaigns.living()) == 1


async def test_other_outages_go_on(db: Database) -> None:
    first, other = await running(db), await running(db, number="A-2")
    await db.campaigns.create(a_campaign(first.outage, 2), [a_recipient()], LATER)
    assert await db.campaigns.get(other.id) == other


async def test_who_was_told(db: Database) -> None:
    first = await running(db, *map(a_recipient, range(1, 10)), a_recipient(10, customer=None))
    targets = await targets_of(db, first.id)
    told = (
        TargetResult.told,
        TargetResult.texted,
        TargetResult.sent,
        TargetResult.opted_out,
        TargetResult.unknown,
    )
    for target, result in zip(targets, (*told, TargetResult.not_reached, TargetResult.skipped), strict=False):
        assert await db.campaigns.end(target.id, result, "", T0)
    await take(db, an_intent("t1", targets[7]))
    await db.campaigns.end(targets[9].id, TargetResult.told, "", T0)
    assert await db.campaigns.told(first.outage) == {1, 2, 3, 4, 5, 8}
    second = await db.campaigns.create(a_campaign(first.outage, 2), [a_recipient(20)], LATER)
    await db.campaigns.end((await targets_of(db, second.id))[0].id, TargetResult.told, "", LATER)
    assert await db.campaigns.told(first.outage) == {CustomerId(n) for n in (1, 2, 3, 4, 5, 8, 20)}


async def test_paused_halted_stopped(db: Database) -> None:
    created = await running(db, *map(a_recipient, (1, 2, 3)))
    waiting, trying, ended = await targets_of(db, created.id)
    await take(db, an_intent("t1", trying))
    await db.campaigns.end(ended.id, TargetResult.skipped, "dnc", T0)
    for state, reason in ((CampaignState.paused, ""), (CampaignState.halted, "trunk_gone")):
        changed = await db.campaigns.set_state(created.id, state, reason, LATER)
        assert changed == replace(created, state=state, reason=reason, changed_at=LATER)
        assert await db.campaigns.get(created.id) == changed
        assert await db.campaigns.living() == (changed,)
    assert (await targets_of(db, created.id))[0] == waiting
    stopped = await db.campaigns.set_state(created.id, CampaignState.stopped, "anna", LATER)
    assert stopped is not None
    targets = await targets_of(db, created.id)
    assert [target.result for target in targets] == [TargetResult.stopped, None, TargetResult.skipped]
    assert (targets[0].reason, targets[0].ended_at) == ("anna", LATER)
    assert await db.campaigns.set_state(created.id, CampaignState.running, "", LATER) is None
    assert await db.campaigns.get(created.id) == stopped
    assert await db.campaigns.set_state(CampaignId(77), CampaignState.paused, "", LATER) is None
    await db.attempts.settle(an_intent("t1", trying).id, an_outcome(), again(trying))
    assert (await targets_of(db, created.id))[1].result is TargetResult.stopped


@pytest.mark.parametrize("state", [CampaignState.superseded, CampaignState.done])
async def test_states_that_nobody_sets(db: Database, state: CampaignState) -> None:
    created = await running(db)
    with pytest.raises(ValueError, match="by hand"):
        await db.campaigns.set_state(created.id, state, "", LATER)


async def test_done_when_nobody_is_left(db: Database) -> None:
    first, other = await running(db), await running(db, number="A-2")
    paused = await running(db, number="A-3")
    (target,) = await targets_of(db, first.id)
    assert await db.campaigns.settle_done(LATER) == ()
    await take(db, an_intent("t1", target))
    assert await db.campaigns.settle_done(LATER) == ()
    await db.attempts.settle(
        an_intent("t1", target).id, an_outcome(AttemptResult.told), ending(target, TargetResult.told)
    )
    await db.campaigns.end((await targets_of(db, paused.id))[0].id, TargetResult.skipped, "", T0)
    await db.campaigns.set_state(paused.id, CampaignState.paused, "", T0)
    assert await db.campaigns.settle_done(LATER) == (
        replace(first, state=CampaignState.done, changed_at=LATER),
    )
    found = await db.campaigns.get(first.id)
    assert found is not None
    assert found.state is CampaignState.done
    assert [c.id for c in await db.campaigns.living()] == [other.id, paused.id]


async def test_who_is_due(db: Database) -> None:
    created = await running(db, *map(a_recipient, range(1, 6)), a_recipient(6, next_medium=Medium.sms))
    one, two, three, four, five, six = await targets_of(db, created.id)
    await db.campaigns.postpone(one.id, LATER, "quiet_hours")
    await db.campaigns.postpone(two.id, T0 + timedelta(seconds=5), "open_call")
    await take(db, an_intent("t1", three))
    await db.campaigns.end(four.id, TargetResult.skipped, "dnc", T0)

    async def due(at: object, medium: Medium = Medium.voice, limit: int = 10) -> list[TargetId]:
        return [t.id for t in await db.campaigns.due(created.id, medium, at, limit)]  # type: ignore[arg-type]

    assert await due(T0) == [five.id]
    assert await due(T0 + timedelta(seconds=5)) == [five.id, two.id]
    assert await due(LATER) == [five.id, two.id, one.id]
    assert await due(LATER, limit=1) == [five.id]
    assert await due(T0 - timedelta(seconds=1)) == []
    assert await due(T0, Medium.sms) == [six.id]
    assert await db.campaigns.next_due_at(created.id, Medium.voice) == T0
    await db.campaigns.end(five.id, TargetResult.skipped, "dnc", T0)
    assert await db.campaigns.next_due_at(created.id, Medium.voice) == T0 + timedelta(seconds=5)
    await db.campaigns.end(six.id, TargetResult.skipped, "dnc", T0)
    assert await db.campaigns.next_due_at(created.id, Medium.sms) is None


async def test_what_has_ended_or_is_tried_is_neither_postponed_nor_ended(db: Database) -> None:
    created = await running(db, a_recipient(1), a_recipient(2))
    trying, ended = await targets_of(db, created.id)
    await take(db, an_intent("t1", trying))
    assert await db.campaigns.end(ended.id, TargetResult.skipped, "dnc", T0)
    before = await targets_of(db, created.id)
    for target in (trying, ended):
        await db.campaigns.postpone(target.id, LATER, "quiet_hours")
        assert not await db.campaigns.end(target.id, TargetResult.not_reached, "busy", LATER)
    assert await targets_of(db, created.id) == before
    assert not await db.campaigns.end(TargetId(77), TargetResult.skipped, "dnc", T0)


async def test_progress(db: Database) -> None:
    created = await running(db, *map(a_recipient, range(1, 8)))
    told, early, trying, quiet, busy, fresh, skipped = await targets_of(db, created.id)
    heard = an_outcome(AttemptResult.told, key="1", seconds_heard=12.5, cause=16)
    await take(db, an_intent("t1", told))
    await db.attempts.settle(an_intent("t1", told).id, heard, ending(told, TargetResult.told))
    await take(db, an_intent("t2", early))
    hung_up = an_outcome(AttemptResult.hung_up_early, key="2", seconds_heard=1.0)
    await db.attempts.settle(an_intent("t2", early).id, hung_up, again(early, "retry_early"))
    await take(db, an_intent("t3", busy))
    await db.attempts.settle(an_intent("t3", busy).id, an_outcome(), again(busy))
    await take(db, a_message("t4", trying))
    await db.campaigns.postpone(quiet.id, LATER, "quiet_hours")
    await db.campaigns.end(skipped.id, TargetResult.skipped, "dnc", T0)
    progress = await db.campaigns.progress(created.id)
    assert progress.targets == 7
    assert progress.by_result == {TargetResult.told: 1, TargetResult.skipped: 1}
    assert progress.trying == 1
    assert progress.waiting == {"": 1, "quiet_hours": 1, "retry_busy": 1, "retry_early": 1}
    assert progress.next_due_at == T0 == fresh.due_at
    assert (progress.answered, progress.heard_through, progress.keys) == (2, 1, {"1": 1, "2": 1})
    empty = await db.campaigns.progress(CampaignId(77))
    assert (empty.targets, empty.by_result, empty.waiting, empty.next_due_at) == (0, {}, {}, None)


async def test_lines(db: Database) -> None:
    created = await running(
        db,
        a_recipient(1, name="Ольга Ёжикова", others=("+79161112233",)),
        a_recipient(2, address="Лесная_5"),
        a_recipient(3),
    )
    one, two, three = await targets_of(db, created.id)
    first = an_intent("t1", one)
    await take(db, first)
    early = an_outcome(AttemptResult.hung_up_early, key="2", seconds_heard=7.5, cause=16)
    await db.attempts.settle(first.id, early, again(one, number="+79161112233", others=()))
    second = an_intent("t2", one, intended_at=T0 + timedelta(minutes=2))
    await take(db, second)
    busy = an_outcome(AttemptResult.busy, at=T0 + timedelta(minutes=3), cause=17)
    await db.attempts.settle(second.id, busy, again(one, rings=2))
    text = a_message("t3", one, intended_at=T0 + timedelta(minutes=4))
    await take(db, text)
    await db.attempts.submitted(text.id, T0 + timedelta(minutes=5), ["m1"])
    await db.campaigns.end(two.id, TargetResult.skipped, "dnc", T0)
    lines = await db.campaigns.lines(created.id)
    assert [line.target.id for line in lines] == [one.id, two.id, three.id]
    assert (lines[0].rings, lines[0].seconds_heard, lines[0].key, lines[0].cause) == (2, 7.5, "2", 17)
    assert lines[0].last_at == T0 + timedelta(minutes=5)
    assert (lines[2].rings, lines[2].seconds_heard, lines[2].key, lines[2].last_at) == (0, None, None, None)

    async def found(**asked: object) -> list[TargetId]:
        return [line.target.id for line in await db.campaigns.lines(created.id, **asked)]  # type: ignore[arg-type]

    assert await found(is_open=True) == [one.id, three.id]
    assert await found(is_open=False) == await found(results=[TargetResult.skipped]) == [two.id]
    assert await found(results=[TargetResult.told, TargetResult.unknown]) == []
    assert await found(text=" ОЛЬГА еж") == await found(text="1112233") == [one.id]
    assert await found(text="+79000000001") == [one.id], "also the number that was tried before"
    assert await found(text="лесная_") == [two.id]
    assert await found(text="%") == []
    assert await found(limit=1, offset=1) == [two.id]
