"""What the gate decides by, in real databases: opt-outs, the house's day, people with several numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from callcore.calls.attempt import Attempt, AttemptId, AttemptResult, Medium, Purpose
from callcore.calls.campaign import Target, TargetResult
from callcore.calls.number_history import Consent, NumberHistory, OptOut, Past, Usage
from callcore.domain import CustomerId, Login, NodeCode, NodeKind
from callcore.store.attempts import NotClaimed
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.errors import NotStored, TextRefused
from callcore.store.network import NetworkNode, NewNode
from callcore.store.opt_outs import NewOptOut

from .store_placed import T0, a_message, a_recipient, again, an_intent, an_outcome, running, take, targets_of

ANNA = Login("anna")
ONE, TWO, OTHER = "+79000000001", "+79000000002", "+79000000003"
DAY = timedelta(days=1)


@pytest.fixture
async def peter(db: Database) -> CustomerId:
    """He has two numbers; a neighbour has a third."""
    people = [
        NewCustomer("К-77", "Пётр", address="", numbers=(ONE, TWO)),
        NewCustomer("К-78", "Сосед", address="", numbers=(OTHER,)),
    ]
    await db.customers.add_many(people, T0)
    found = await db.customers.by_contract("К-77")
    assert found is not None
    return found.id


async def known(db: Database, number: str, *, people: bool = True) -> NumberHistory:
    return (await db.attempts.history([number], T0 - DAY, people=people))[number]


async def test_an_opt_out_holds_until_it_is_ended(db: Database, peter: CustomerId) -> None:
    new = NewOptOut(ONE, "  сказал по телефону ", Medium.sms, "advertising")
    added = await db.opt_outs.add(new, ANNA, T0)
    assert (added.evidence, added.since, added.login) == ("сказал по телефону", T0, ANNA)
    assert await db.opt_outs.add(new, Login("boris"), T0 + DAY) == added, "once"
    await db.opt_outs.add(replace(new, medium=None), ANNA, T0)
    said = OptOut(T0, "сказал по телефону", Medium.sms, "advertising")
    assert (await known(db, ONE)).opt_outs == (said, replace(said, medium=None))
    assert (await known(db, TWO)).opt_outs == (), "of that number alone"
    with pytest.raises(TextRefused):
        await db.opt_outs.add(replace(new, evidence=" "), ANNA, T0)
    ended = await db.opt_outs.end(added.id, "письмо 5", ANNA, T0 + DAY)
    assert (ended.ended_at, ended.ended_by, ended.ended_evidence) == (T0 + DAY, ANNA, "письмо 5")
    assert (await known(db, ONE)).opt_outs == (replace(said, medium=None),)
    with pytest.raises(NotStored):
        await db.opt_outs.end(added.id, "ещё раз", ANNA, T0 + DAY)
    afresh = await db.opt_outs.add(new, ANNA, T0 + 2 * DAY)
    assert afresh.id != added.id
    newest, *others = await db.opt_outs.find(ONE, ended=True)
    assert (newest.id, len(others)) == (afresh.id, 2)
    assert len(await db.opt_outs.find(ONE)) == 2


async def test_an_opt_out_of_a_person_holds_for_all_his_numbers(db: Database, peter: CustomerId) -> None:
    await db.opt_outs.add(NewOptOut(ONE, "письмо 4", customer=peter), ANNA, T0)
    for number in (ONE, TWO):
        assert (await known(db, number, people=False)).opt_outs == (OptOut(T0, "письмо 4"),)
    assert (await known(db, OTHER)).opt_outs == ()
    assert [each.number for each in await db.opt_outs.find(customer=peter)] == [ONE]


async def test_what_a_person_has_been_told_at_his_other_numbers(db: Database, peter: CustomerId) -> None:
    first, second, third = (a_recipient(n, number=number) for n, number in enumerate((ONE, TWO, OTHER), 1))
    created = await running(db, first, second, third)
    one, two, other = await targets_of(db, created.id)
    intent = an_intent("t1", two, purpose=Purpose.survey, login="anna", rate_minor=150)
    await take(db, intent)
    assert await db.attempts.get(AttemptId("t1")) == intent
    await take(db, an_intent("t2", other))
    past = Past(intent.intended_at, Medium.voice, Purpose.survey, "ru_notice")
    asked = await known(db, ONE)
    assert (asked.past, asked.to_person, asked.has_open_call) == ((), (past,), False)
    assert (await known(db, ONE, people=False)).to_person == ()
    asked = await known(db, TWO)
    assert (asked.past, asked.to_person, asked.has_open_call) == ((past,), (), True)
    await db.attempts.settle(AttemptId("t1"), an_outcome(AttemptResult.not_sent), again(two))
    assert (await known(db, ONE)).to_person == ()
    assert one.number == ONE


async def test_consents_of_whoever_has_the_number(db: Database, peter: CustomerId) -> None:
    await db.records.grant(peter, "4.2 реклама", "договор 17", ANNA, T0)
    await db.records.withdraw(peter, "4.2 реклама", "письмо 5", Login("boris"), T0 + DAY)
    said = Consent("4.2 реклама", T0, "anna", "договор 17", T0 + DAY, "boris")
    assert (await known(db, TWO)).consents == (said,)
    assert (await known(db, OTHER)).consents == ()
    assert (await known(db, TWO, people=False)).consents == ()


async def test_where_the_people_of_a_number_are(db: Database, peter: CustomerId) -> None:
    def node(code: str, parent: str | None, kind: NodeKind, zone: str | None, *contracts: str) -> NewNode:
        above = NodeCode(parent) if parent else None
        return NewNode(NetworkNode(NodeCode(code), above, kind, code, zone), contracts)

    await db.network.replace(
        [
            node("F-1", None, NodeKind.feeder, "Asia/Omsk"),
            node("H-1", "F-1", NodeKind.house, None, "К-77"),
            node("H-2", "F-1", NodeKind.house, "Asia/Tomsk", "К-77", "К-78"),
            node("F-2", None, NodeKind.feeder, None),
        ]
    )
    assert await db.network.zones_of(ONE) == ("Asia/Omsk", "Asia/Tomsk")
    assert await db.network.zones_of(OTHER) == ("Asia/Tomsk",)
    assert await db.network.zones_of("+79990000000") == ()


async def used(db: Database) -> tuple[Usage, ...]:
    return (await db.attempts.history([ONE], T0, usage=T0 - DAY))[ONE].usage


def of_calls(attempts: int, minutes: int, cost_minor: int) -> tuple[Usage, ...]:
    sums = Usage(T0, Medium.voice, Purpose.own_call, "main", "anna", attempts, minutes, cost_minor)
    return (sums,)


async def call(db: Database, id: str, target: Target) -> Attempt:
    return await take(db, an_intent(id, target, purpose=Purpose.own_call, login="anna", rate_minor=150))


@pytest.mark.parametrize(
    ("result", "seconds", "sums"),
    [
        (AttemptResult.told, 125, (1, 3, 450)),
        (AttemptResult.hung_up_early, 5, (1, 1, 150)),
        (AttemptResult.busy, 125, (1, 0, 0)),
        (AttemptResult.unknown, 125, (1, 1, 150)),
        (AttemptResult.not_sent, 1, (0, 0, 0)),
    ],
)
async def test_what_a_call_counts_for(
    db: Database, result: AttemptResult, seconds: int, sums: tuple[int, int, int]
) -> None:
    (target,) = await targets_of(db, (await running(db)).id)
    intent = await call(db, "t1", target)
    assert await used(db) == of_calls(1, 1, 150), "an open one is a begun minute"
    outcome = an_outcome(result, at=intent.intended_at + timedelta(seconds=seconds))
    await db.attempts.settle(intent.id, outcome, again(target))
    assert await used(db) == of_calls(*sums)
    await db.attempts.settle(intent.id, outcome, again(target))
    assert await used(db) == of_calls(*sums), "once"


async def test_a_later_word_corrects_the_sum(db: Database) -> None:
    (target,) = await targets_of(db, (await running(db)).id)
    intent = await call(db, "t1", target)
    end = replace(again(target), result=TargetResult.unknown, reason="unknown", wait="")
    await db.attempts.settle(intent.id, an_outcome(AttemptResult.unknown), end)
    told = an_outcome(AttemptResult.told, at=intent.intended_at + timedelta(minutes=5))
    assert await db.attempts.settle(intent.id, told, replace(end, result=TargetResult.told))
    assert await used(db) == of_calls(1, 5, 750)


async def test_the_houses_day_is_summed_by_way_purpose_route_and_login(db: Database) -> None:
    created = await running(db, *(a_recipient(n) for n in range(1, 6)))
    targets = await targets_of(db, created.id)
    quarter = timedelta(minutes=15)
    await call(db, "t1", targets[0])
    await take(db, a_message("t2", targets[1], rate_minor=400))
    late = an_intent("t3", targets[2], intended_at=T0 + quarter - timedelta(microseconds=1))
    await take(db, late)
    await take(db, an_intent("t4", targets[3], intended_at=T0 + quarter))
    await take(db, an_intent("t5", targets[4], intended_at=T0))
    assert set(await used(db)) == {
        *of_calls(1, 1, 150),
        Usage(T0, Medium.sms, Purpose.notice, "dry", "", 1, 0, 400),
        Usage(T0, Medium.voice, Purpose.notice, "main", "", 2, 2, 0),
        Usage(T0 + quarter, Medium.voice, Purpose.notice, "main", "", 1, 1, 0),
    }
    since = await db.attempts.history([ONE, TWO], T0, usage=T0 + quarter)
    assert since[ONE].usage == since[TWO].usage
    assert [row.at for row in since[ONE].usage] == [T0 + quarter]
    assert (await db.attempts.history([ONE], T0))[ONE].usage == ()
    assert await db.attempts.purge_usage(T0 + quarter) == 3
    assert [row.at for row in await used(db)] == [T0 + quarter]


async def test_a_claim_that_fails_counts_for_nothing(db: Database) -> None:
    (target,) = await targets_of(db, (await running(db)).id)
    await call(db, "t1", target)
    with pytest.raises(NotClaimed):
        await call(db, "t2", target)
    assert await used(db) == of_calls(1, 1, 150)
