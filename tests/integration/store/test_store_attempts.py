"""The ledger in a real database: intents, outcomes, receipts, the do-not-call list."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from callcore.calls.attempt import Attempt, AttemptId, AttemptResult, Medium, Plan, Purpose, TargetId
from callcore.calls.campaign import CampaignState, TargetResult
from callcore.calls.number_history import NumberHistory, Past
from callcore.domain import CustomerId, Interface
from callcore.store.attempts import DncEntry, NotClaimed, StoredReceipt
from callcore.store.database import Database

from .store_placed import (
    a_message,
    a_recipient,
    again,
    an_intent,
    an_outcome,
    ending,
    running,
    take,
    targets_of,
)
from .store_samples import T0

LATER = T0 + timedelta(hours=1)


def a_receipt(message_id: str = "m1", **changes: object) -> StoredReceipt:
    receipt = StoredReceipt("dry", message_id, "+79000000001", "delivered", "DELIVRD 000", LATER)
    return replace(receipt, **changes)  # type: ignore[arg-type]


def a_past(at: datetime, medium: Medium = Medium.voice) -> Past:
    return Past(at, medium, profile="ru_notice")


async def test_an_intent_takes_its_target(db: Database) -> None:
    created = await running(db)
    (target,) = await targets_of(db, created.id)
    intent = await take(db, an_intent("t1", target))
    assert await db.attempts.get(intent.id) == intent
    assert await db.attempts.of_target(target.id) == (intent,)
    assert await db.campaigns.target(target.id) == replace(target, attempt="t1")
    assert await db.attempts.get(AttemptId("t77")) is None


async def test_what_cannot_be_taken(db: Database) -> None:
    created = await running(db, *map(a_recipient, range(1, 6)), a_recipient(6, number="+79000000001"))
    tried, ended, free, _, _, twin = await targets_of(db, created.id)
    await take(db, an_intent("t1", tried))
    await db.campaigns.end(ended.id, TargetResult.skipped, "dnc", T0)
    refused = [
        an_intent("t2", tried),
        an_intent("t2", tried, number="+79009999999"),
        a_message("t2", tried),
        an_intent("t2", ended),
        an_intent("t2", twin),
        an_intent("t1", free),
        an_intent("t2", replace(free, id=TargetId(77))),
        an_intent("t2", replace(free, campaign=created.id + 1)),
    ]
    for intent in refused:
        with pytest.raises(NotClaimed):
            await db.attempts.intend(intent)
    for state in (CampaignState.paused, CampaignState.halted, CampaignState.stopped):
        await db.campaigns.set_state(created.id, state, "", T0)
        with pytest.raises(NotClaimed, match="does not run"):
            await db.attempts.intend(an_intent("t2", free))
    assert await db.attempts.get(AttemptId("t2")) is None
    assert [t.attempt for t in await targets_of(db, created.id)] == ["t1", None, None, None, None, None]


async def test_a_number_is_called_once_at_a_time_whoever_asks(db: Database) -> None:
    first, other = await running(db), await running(db, number="A-2")
    (one,), (two,) = await targets_of(db, first.id), await targets_of(db, other.id)
    assert one.number == two.number
    await take(db, an_intent("t1", one))
    with pytest.raises(NotClaimed, match="its number is being called"):
        await db.attempts.intend(an_intent("t2", two))
    await take(db, a_message("t3", two))
    await db.attempts.settle(AttemptId("t1"), an_outcome(), again(one))
    await db.attempts.settle(AttemptId("t3"), an_outcome(AttemptResult.undelivered), again(two))
    await take(db, an_intent("t4", two))


async def test_of_many_at_once_one_wins_and_the_others_of_the_batch_are_served(db: Database) -> None:
    created = await running(db, *map(a_recipient, range(1, 30)))
    targets = await targets_of(db, created.id)
    intents = [an_intent(f"t{n}-{target.id}", target) for target in targets for n in range(3)]
    intents.append(an_intent(intents[0].id, targets[0]))
    results = await asyncio.gather(*map(db.attempts.intend, intents), return_exceptions=True)
    assert sum(isinstance(result, NotClaimed) for result in results) == len(intents) - len(targets)
    assert sum(result is None for result in results) == len(targets)
    open_ones = await db.attempts.open("main", Medium.voice)
    assert sorted(a.target for a in open_ones) == [t.id for t in targets]
    assert {a.target: a.id for a in open_ones} == {t.id: t.attempt for t in await targets_of(db, created.id)}


async def test_an_outcome_and_what_it_makes_of_the_target(db: Database) -> None:
    created = await running(db, a_recipient(1, others=("+79161112233",)))
    (target,) = await targets_of(db, created.id)
    intent = await take(db, an_intent("t1", target))
    outcome = an_outcome(AttemptResult.unreachable, cause=1, seconds_heard=0.5, key="9", detail="CHANUNAVAIL")
    change = again(
        target, "retry_other", number="+79161112233", others=(), troubles=2, texts=1, next_medium=Medium.sms
    )
    assert await db.attempts.settle(intent.id, outcome, change)
    assert await db.attempts.get(intent.id) == replace(intent, outcome=outcome)
    assert await db.campaigns.target(target.id) == replace(
        target,
        rings=1,
        troubles=2,
        texts=1,
        number="+79161112233",
        others=(),
        next_medium=Medium.sms,
        due_at=change.due_at,
        wait="retry_other",
    )
    assert await db.attempts.open("main", Medium.voice) == ()


async def test_only_the_first_outcome_counts(db: Database) -> None:
    created = await running(db)
    (target,) = await targets_of(db, created.id)
    intent = await take(db, an_intent("t1", target))
    told = an_outcome(AttemptResult.told)
    assert await db.attempts.settle(intent.id, told, ending(target, TargetResult.told, "told"))
    before = await db.campaigns.target(target.id)
    assert before is not None
    assert (before.result, before.reason, before.ended_at) == (TargetResult.told, "told", told.at)
    for result in AttemptResult:
        assert not await db.attempts.settle(intent.id, an_outcome(result), again(target))
    assert await db.campaigns.target(target.id) == before
    assert await db.attempts.get(intent.id) == replace(intent, outcome=told)
    assert not await db.attempts.settle(AttemptId("t77"), told, again(target))


@pytest.mark.parametrize("first", [AttemptResult.unknown, AttemptResult.sent])
@pytest.mark.parametrize("second", list(AttemptResult))
async def test_unknown_and_sent_give_way(db: Database, first: AttemptResult, second: AttemptResult) -> None:
    created = await running(db)
    (target,) = await targets_of(db, created.id)
    intent = await take(db, a_message("t1", target))
    await db.attempts.settle(intent.id, an_outcome(first), ending(target, TargetResult(first), first))
    ended = await db.campaigns.target(target.id)
    assert ended is not None
    late = an_outcome(second, at=LATER, detail="late")
    changed = await db.attempts.settle(intent.id, late, ending(ended, TargetResult.texted, "receipt"))
    assert changed is (second not in (first, AttemptResult.unknown))
    expected = replace(ended, result=TargetResult.texted, reason="receipt") if changed else ended
    assert await db.campaigns.target(target.id) == expected
    stored = await db.attempts.get(intent.id)
    assert stored is not None
    assert stored.outcome == (late if changed else an_outcome(first))


async def test_who_has_ended_is_not_tried_again_by_a_late_word(db: Database) -> None:
    created = await running(db)
    (target,) = await targets_of(db, created.id)
    intent = await take(db, a_message("t1", target))
    await db.attempts.settle(intent.id, an_outcome(AttemptResult.sent), ending(target, TargetResult.sent))
    ended = await db.campaigns.target(target.id)
    assert ended is not None
    assert await db.attempts.settle(intent.id, an_outcome(AttemptResult.undelivered), again(ended))
    assert await db.campaigns.target(target.id) == replace(
        ended, result=TargetResult.not_reached, reason="undelivered"
    )


async def test_a_late_word_on_an_attempt_that_did_not_end_him_changes_nothing(db: Database) -> None:
    created = await running(db, a_recipient(1), a_recipient(2))
    goes_on, stopped = await targets_of(db, created.id)
    first, lost = await take(db, a_message("t1", goes_on)), await take(db, a_message("t2", stopped))
    unknown = an_outcome(AttemptResult.unknown)
    assert await db.attempts.settle(first.id, unknown, again(goes_on))
    await take(db, an_intent("t3", goes_on))
    told = an_outcome(AttemptResult.told, at=unknown.at)
    await db.attempts.settle(AttemptId("t3"), told, ending(goes_on, TargetResult.told))
    await db.campaigns.set_state(created.id, CampaignState.stopped, "", T0)
    assert await db.attempts.settle(lost.id, unknown, again(stopped))
    before = await targets_of(db, created.id)
    for intent in (first, lost):
        delivered = an_outcome(AttemptResult.delivered)
        assert not await db.attempts.settle(intent.id, delivered, ending(goes_on, TargetResult.texted))
        assert await db.attempts.get(intent.id) == replace(intent, outcome=unknown)
    assert await targets_of(db, created.id) == before


async def test_open_ones_by_route_and_medium(db: Database) -> None:
    created = await running(db, *map(a_recipient, range(1, 6)))
    targets = await targets_of(db, created.id)
    late = await take(db, an_intent("t1", targets[0], intended_at=LATER))
    early = await take(db, an_intent("t2", targets[1]))
    await take(db, an_intent("t3", targets[2], route="other"))
    text = await take(db, a_message("t4", targets[3], route="main"))
    await take(db, an_intent("t5", targets[4]))
    await db.attempts.settle(AttemptId("t5"), an_outcome(), again(targets[4]))
    assert await db.attempts.open("main", Medium.voice) == (early, late)
    assert await db.attempts.open("main", Medium.sms) == (text,)


async def test_history_is_what_left_or_may_have_left(db: Database) -> None:
    created = await running(db, *map(a_recipient, range(1, 6)))
    one, two, three, four, _ = await targets_of(db, created.id)

    async def tried(
        id: str, target: object, minutes: int, result: AttemptResult | None, text: bool = False
    ) -> None:
        make = a_message if text else an_intent
        await take(db, make(id, target, intended_at=T0 + timedelta(minutes=minutes)))  # type: ignore[arg-type]
        if result:
            await db.attempts.settle(AttemptId(id), an_outcome(result), again(target))  # type: ignore[arg-type]

    await tried("t1", one, 0, AttemptResult.busy)
    await tried("t2", one, 10, AttemptResult.unknown)
    await tried("t3", one, 11, AttemptResult.not_sent)
    await tried("t4", one, 12, AttemptResult.sent, text=True)
    await tried("t5", one, 13, None)
    await tried("t6", two, 0, None)
    await tried("t7", three, 10, None, text=True)
    await db.attempts.add_dnc(four.number, "key:t9", T0)
    numbers = [f"+7900{n:07}" for n in range(1, 1000)]
    history = await db.attempts.history(numbers, T0 + timedelta(minutes=10))
    minute = [T0 + timedelta(minutes=n) for n in range(20)]
    assert list(history) == numbers
    assert history[one.number] == NumberHistory(
        (a_past(minute[10]), a_past(minute[12], Medium.sms), a_past(minute[13])), has_open_call=True
    )
    assert history[two.number] == NumberHistory(has_open_call=True), "open, though older than the window"
    assert history[three.number] == NumberHistory((a_past(minute[10], Medium.sms),))
    assert history[four.number] == NumberHistory(dnc_since=T0)
    assert history[numbers[-1]] == NumberHistory()


async def test_message_parts_and_their_receipts(db: Database) -> None:
    created = await running(db)
    (target,) = await targets_of(db, created.id)
    intent = await take(db, a_message("t1", target))
    assert await db.attempts.receipt(a_receipt("m2")) is None
    before = await db.attempts.submitted(intent.id, T0 + timedelta(seconds=2), ["m9", "m2", "m9"])
    assert before == (a_receipt("m2"),)
    taken = replace(intent, submitted_at=T0 + timedelta(seconds=2), message_ids=("m9", "m2"))
    assert await db.attempts.get(intent.id) == taken
    assert await db.attempts.receipt(a_receipt("m9", state="failed", code="UNDELIV 001")) == taken
    assert await db.attempts.receipt(a_receipt("m9")) == taken
    stored = await db.attempts.receipts_of(intent.id)
    assert stored == (a_receipt("m9", state="failed", code="UNDELIV 001"), a_receipt("m2"))
    assert await db.attempts.receipt(a_receipt("m2", gateway="other")) is None
    assert await db.attempts.submitted(AttemptId("t77"), T0, ["m2"]) == ()
    assert await db.attempts.receipts_of(intent.id) == stored


async def test_a_gateway_that_counts_its_ids_anew(db: Database) -> None:
    created = await running(db, a_recipient(1), a_recipient(2))
    old, new = await targets_of(db, created.id)
    await take(db, a_message("t1", old))
    await db.attempts.submitted(AttemptId("t1"), T0, ["1"])
    await db.attempts.receipt(a_receipt("1", at=T0 + timedelta(minutes=5)))
    later = await take(db, a_message("t2", new, intended_at=LATER))
    assert await db.attempts.submitted(later.id, LATER, ["1"]) == (), "the old receipt was not for this one"
    owner = await db.attempts.receipt(a_receipt("1", number=new.number, state="failed"))
    assert owner is not None
    assert owner.id == later.id
    assert [receipt.state for receipt in await db.attempts.receipts_of(later.id)] == ["failed"]
    assert await db.attempts.receipts_of(AttemptId("t1")) == ()


async def test_receipts_of_long_ago_are_forgotten(db: Database) -> None:
    created = await running(db)
    (target,) = await targets_of(db, created.id)
    intent = await take(db, a_message("t1", target))
    await db.attempts.receipt(a_receipt("m1", at=T0))
    await db.attempts.receipt(a_receipt("m2", at=LATER))
    assert await db.attempts.purge_receipts(LATER) == 1
    assert await db.attempts.submitted(intent.id, T0, ["m1", "m2"]) == (a_receipt("m2", at=LATER),)


async def test_who_waits_for_a_receipt(db: Database) -> None:
    created = await running(db, *map(a_recipient, range(1, 6)))
    one, two, three, four, five = await targets_of(db, created.id)
    for id, target in (("t1", one), ("t2", two), ("t3", three), ("t4", four)):
        await take(db, a_message(id, target))
    await take(db, an_intent("t5", five))
    await db.attempts.submitted(AttemptId("t1"), T0 + timedelta(minutes=2), ["a", "b"])
    await db.attempts.submitted(AttemptId("t2"), T0 + timedelta(minutes=1), ["c"])
    await db.attempts.submitted(AttemptId("t3"), LATER, ["d"])
    await db.attempts.submitted(AttemptId("t5"), T0, [])

    async def waiting(limit: int = 10) -> set[str]:
        return {a.id for a in await db.attempts.awaiting_receipt(LATER, limit)}

    assert await waiting() == {"t1", "t2"}
    assert await waiting(1) == {"t2"}
    assert {a.message_ids for a in await db.attempts.awaiting_receipt(LATER)} == {("a", "b"), ("c",)}
    await db.attempts.settle(AttemptId("t1"), an_outcome(AttemptResult.delivered), again(one))
    assert await waiting() == {"t2"}


async def test_do_not_call(db: Database) -> None:
    await db.attempts.add_dnc("+79000000001", "key:t1", T0)
    await db.attempts.add_dnc("+79000000001", "anna", LATER)
    await db.attempts.add_dnc("+79000000002", "anna", LATER)
    first, second = DncEntry("+79000000001", T0, "key:t1"), DncEntry("+79000000002", LATER, "anna")
    assert await db.attempts.dnc() == (second, first)
    assert await db.attempts.dnc(limit=1) == (second,)
    assert await db.attempts.remove_dnc("+79000000001")
    assert not await db.attempts.remove_dnc("+79000000001")
    assert await db.attempts.dnc() == (second,)


def placed_by(login: str, id: str, number: str = "+79160000001", **changes: object) -> Attempt:
    """A call that a person has placed."""
    call = Attempt(
        AttemptId(id),
        None,
        None,
        Medium.voice,
        number,
        "main",
        "person",
        T0,
        purpose=Purpose.own_call,
        login=login,
        plan=Plan.phone_first,
        phone=Interface("PJSIP/101"),
        customer=CustomerId(7),
    )
    return replace(call, **changes)  # type: ignore[arg-type]


async def test_a_persons_call_stands_in_the_same_ledger(db: Database) -> None:
    created = await running(db)
    (target,) = await targets_of(db, created.id)
    call = await take(db, placed_by("anna", "p1"))
    assert await db.attempts.get(call.id) == call
    assert await db.attempts.open("main", Medium.voice) == (call,)
    assert await db.attempts.of_login("anna") == (call,)
    assert await db.attempts.open_to(call.number) == call
    refused = [
        placed_by("boris", "p2"),
        placed_by("anna", "p2", "+79160000002"),
        placed_by("boris", "p1", "+79160000002"),
        an_intent("t1", target, number=call.number),
    ]
    for other in refused:
        with pytest.raises(NotClaimed):
            await db.attempts.intend(other)
    answered = an_outcome(AttemptResult.answered)
    assert await db.attempts.settle(call.id, answered, None)
    assert not await db.attempts.settle(call.id, an_outcome(), None)
    assert await db.attempts.get(call.id) == replace(call, outcome=answered)
    assert await db.attempts.open_to(call.number) is None
    await take(db, placed_by("boris", "p2"))
    assert (await targets_of(db, created.id))[0] == target


async def test_two_people_and_a_campaign_at_once_ring_a_number_once(db: Database) -> None:
    created = await running(db, a_recipient(1, number="+79160000001"))
    (target,) = await targets_of(db, created.id)
    wishes = [placed_by("anna", "p1"), placed_by("boris", "p2"), an_intent("t1", target)]
    results = await asyncio.gather(*map(db.attempts.intend, wishes), return_exceptions=True)
    assert sum(result is None for result in results) == 1
    assert len(await db.attempts.open(None, Medium.voice)) == 1


async def test_an_unknown_call_is_seen_until_more_is_known(db: Database) -> None:
    created = await running(db)
    (target,) = await targets_of(db, created.id)
    call = await take(db, placed_by("anna", "p1"))
    notice = await take(db, an_intent("t1", target))
    unknown = an_outcome(AttemptResult.unknown)
    await db.attempts.settle(call.id, unknown, None)
    await db.attempts.settle(notice.id, unknown, ending(target, TargetResult.unknown, "unknown"))
    listed = await db.attempts.placed(unknown=True)
    assert [one.id for one in listed] == ["t1", "p1"]
    assert await db.attempts.count_unknown() == 2
    assert await db.attempts.count_unknown(T0 + timedelta(days=30)) == 0
    assert await db.attempts.count_unknown(T0 - timedelta(days=30)) == 2
    assert [one.id for one in await db.attempts.placed()] == ["p1"], "campaigns have a page of their own"
    assert await db.attempts.placed(login="boris") == ()
    late = an_outcome(AttemptResult.busy)
    assert await db.attempts.settle(call.id, late, None)
    assert await db.attempts.count_unknown() == 1
    assert not await db.attempts.settle(call.id, unknown, None)


async def test_placed_calls_newest_first_a_page_at_a_time(db: Database) -> None:
    for n in range(5):
        at = T0 + timedelta(minutes=n)
        call = await take(db, placed_by("anna", f"p{n}", intended_at=at))
        await db.attempts.settle(call.id, an_outcome(AttemptResult.no_answer), None)
    assert [one.id for one in await db.attempts.placed(limit=2)] == ["p4", "p3"]
    assert [one.id for one in await db.attempts.placed(login="anna", limit=2, offset=3)] == ["p1", "p0"]


async def test_a_call_does_not_stand_in_its_own_way(db: Database) -> None:
    call = await take(db, placed_by("anna", "p1"))
    known = (await db.attempts.history([call.number], T0 - timedelta(1)))[call.number]
    assert (known.has_open_call, len(known.past)) == (True, 1)
    assert known.past[0].purpose is Purpose.own_call
    others = await db.attempts.history([call.number], T0 - timedelta(1), without=call.id)
    assert others[call.number] == NumberHistory()
