"""A wish to be called back while an attempt carries it out: claimed with its intent, changed with its end."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from callcore.calls.attempt import (
    Attempt,
    AttemptId,
    AttemptResult,
    FollowUpChange,
    Medium,
    Outcome,
    Plan,
    Purpose,
)
from callcore.domain import Login, QueueName, TopicCode
from callcore.store.attempts import NotClaimed
from callcore.store.call_backs import NewCallBack
from callcore.store.database import Database
from callcore.store.follow_rows import FollowUp, FollowUpKind, FollowUpState, NewFollowUp

from .store_samples import ANNA, T0

NUMBER, QUEUE = "+79161234567", QueueName("finance")
MINUTE = timedelta(minutes=1)


async def wished(
    db: Database, at: datetime = T0, number: str = NUMBER, due_at: datetime | None = None
) -> int:
    wish = NewCallBack(number, TopicCode("finance.money"), QUEUE, "ru", position=2, due_at=due_at)
    return (await db.call_backs.asked(wish, at))[0]


def an_attempt(id: str, wish: int, number: str = NUMBER) -> Attempt:
    return Attempt(
        AttemptId(id),
        None,
        None,
        Medium.voice,
        number,
        "main",
        "call_back",
        T0,
        purpose=Purpose.call_back,
        plan=Plan.queue_first,
        follow_up=wish,
    )


async def row(db: Database, id: int) -> FollowUp:
    found = await db.follow_ups.get(id)
    assert found is not None
    return found


async def ends(
    db: Database, id: str, change: FollowUpChange, result: AttemptResult, minutes: int = 1
) -> bool:
    outcome = Outcome(result, T0 + minutes * MINUTE)
    return await db.attempts.settle(AttemptId(id), outcome, change)


async def test_one_attempt_at_a_time(db: Database) -> None:
    wish = await wished(db)
    attempt = an_attempt("c1", wish)
    await db.attempts.intend(attempt)
    assert await db.attempts.get(attempt.id) == attempt
    assert await db.attempts.of_purpose(Purpose.call_back) == (attempt,)
    one = await row(db, wish)
    assert (one.wait, one.position) == ("calling", 2)
    with pytest.raises(NotClaimed):
        await db.attempts.intend(an_attempt("c2", wish))
    assert await db.attempts.get(AttemptId("c2")) is None


async def test_what_is_not_to_be_claimed(db: Database) -> None:
    taken, done = await wished(db), await wished(db, number="+79160000002")
    await db.follow_ups.take(taken, ANNA, T0)
    await db.follow_ups.settle(done, FollowUpState.done, "", ANNA, T0)
    new = NewFollowUp(FollowUpKind.missed, "+79160000003", TopicCode(""), QUEUE, "ru")
    missed, _is_new = await db.follow_ups.ask(new, T0)
    for nth, (wish, number) in enumerate(
        [(taken, NUMBER), (done, "+79160000002"), (missed, "+79160000003"), (99, "+79160000004")]
    ):
        with pytest.raises(NotClaimed):
            await db.attempts.intend(an_attempt(f"c{nth}", wish, number))
    other = await wished(db, number="+79160000005")
    with pytest.raises(NotClaimed):
        await db.attempts.intend(an_attempt("c9", other, "+79160000006"))
    assert await db.attempts.of_purpose(Purpose.call_back) == ()


async def test_the_outcome_changes_it(db: Database) -> None:
    wish = await wished(db)
    await db.attempts.intend(an_attempt("c1", wish))
    assert await ends(db, "c1", FollowUpChange(1, T0 + 15 * MINUTE, "busy"), AttemptResult.busy)
    one = await row(db, wish)
    assert (one.tries, one.due_at, one.wait) == (1, T0 + 15 * MINUTE, "busy")
    assert not await ends(db, "c1", FollowUpChange(9), AttemptResult.answered), "once"
    assert [each.id for each in await db.wishes.due(QUEUE, T0 + 14 * MINUTE, 9)] == []
    assert [each.id for each in await db.wishes.due(QUEUE, T0 + 15 * MINUTE, 9)] == [wish]
    assert await db.wishes.due(QueueName("other"), T0 + 15 * MINUTE, 9) == ()
    [one] = await db.wishes.due(QUEUE, T0 + 15 * MINUTE, 9, {TopicCode("another")})
    assert await db.wishes.due(QUEUE, T0 + 15 * MINUTE, 9, {one.topic}) == ()


async def test_done_is_done_for_every_row_of_the_number(db: Database) -> None:
    wish = await wished(db)
    new = NewFollowUp(FollowUpKind.missed, NUMBER, TopicCode(""), QUEUE, "ru")
    missed, _is_new = await db.follow_ups.ask(new, T0)
    await db.attempts.intend(an_attempt("c1", wish))
    await ends(db, "c1", FollowUpChange(1, done=True), AttemptResult.answered)
    for id in (wish, missed):
        one = await row(db, id)
        assert (one.state, one.settled_by) == (FollowUpState.done, Login(""))


async def test_what_people_did_meanwhile_stays(db: Database) -> None:
    wish, off = await wished(db), await wished(db, number="+79160000002")
    await db.attempts.intend(an_attempt("c1", wish))
    await db.attempts.intend(an_attempt("c2", off, "+79160000002"))
    await db.follow_ups.settle(wish, FollowUpState.withdrawn, "", ANNA, T0)
    until = T0 + timedelta(hours=5)
    await db.follow_ups.postpone(off, until, "потом", ANNA, T0)
    for id in ("c1", "c2"):
        await ends(db, id, FollowUpChange(0, T0 + MINUTE, "again"), AttemptResult.not_sent)
    assert (await row(db, wish)).state is FollowUpState.withdrawn
    one = await row(db, off)
    assert (one.due_at, one.postponed_by, one.wait) == (until, ANNA, "again")


async def test_asked_once_more(db: Database) -> None:
    """He is to be tried at once, as at the beginning; beside an open attempt nothing changes."""
    wish = await wished(db)
    await db.attempts.intend(an_attempt("c1", wish))
    await wished(db, T0 + MINUTE)
    one = await row(db, wish)
    assert (one.times, one.wait, one.asked_at) == (2, "calling", T0)
    await ends(db, "c1", FollowUpChange(3, None, "person_tries"), AttemptResult.no_answer)
    await wished(db, T0 + 2 * MINUTE)
    one = await row(db, wish)
    assert (one.times, one.wait, one.tries, one.due_at) == (3, "", 0, None)
    await wished(db, T0 + 3 * MINUTE, due_at=T0 + 9 * MINUTE)
    one = await row(db, wish)
    assert (one.wait, one.due_at) == ("not_before", T0 + 9 * MINUTE)


async def test_unknown_gives_way(db: Database) -> None:
    wish = await wished(db)
    await db.attempts.intend(an_attempt("c1", wish))
    await ends(db, "c1", FollowUpChange(1, None, "person_unknown"), AttemptResult.unknown)
    await ends(db, "c1", FollowUpChange(9, T0 + 9 * MINUTE, "busy"), AttemptResult.busy, 2)
    one = await row(db, wish)
    assert (one.wait, one.tries) == ("busy", 1)


async def test_the_second_word_of_the_gate(db: Database) -> None:
    wish = await wished(db)
    await db.attempts.intend(an_attempt("c1", wish))
    assert await db.attempts.confirmed(AttemptId("c1"), T0 + MINUTE)
    stored = await db.attempts.get(AttemptId("c1"))
    assert stored is not None
    assert stored.is_confirmed
    await ends(db, "c1", FollowUpChange(1), AttemptResult.busy)
    assert not await db.attempts.confirmed(AttemptId("c1"), T0 + MINUTE), "it is over"


async def test_a_wait(db: Database) -> None:
    wish = await wished(db)
    await db.wishes.wait(wish, T0 + MINUTE, "quiet_hours", "Asia/Omsk")
    one = await row(db, wish)
    assert (one.due_at, one.wait, one.zone) == (T0 + MINUTE, "quiet_hours", "Asia/Omsk")
    await db.attempts.intend(an_attempt("c1", wish))
    await db.wishes.wait(wish, None, "")
    assert (await row(db, wish)).wait == "calling", "an attempt has begun"
    assert [each.id for each in await db.wishes.of([wish, 99])] == [wish]
