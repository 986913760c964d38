"""Cases and tasks in the database, the room that changes them, and the clock that rings each alarm once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from callcore.config import load
from callcore.crm.cases import model, moves
from callcore.crm.cases.clock import CaseClock
from callcore.crm.cases.desk import CaseDesk, Refused
from callcore.crm.cases.kinds import Catalogue
from callcore.crm.cases.model import Actor, New
from callcore.crm.cases.received import HOUSE
from callcore.domain import CallId, CustomerId, Login, TopicCode
from callcore.rights import Role
from callcore.store import attachments
from callcore.store.attachments import AttachmentRefused, Owner, OwnerKind, checked
from callcore.store.case_find import Look
from callcore.store.case_rows import Case, Status, number_of
from callcore.store.cases import CaseChanged
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.errors import StoreUnavailable, TextRefused
from callcore.store.schema.bus import events
from callcore.store.schema.cases import case_alarms

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANNA, BORIS = Actor(Login("anna")), Actor(Login("boris"))
VERA = Actor(Login("vera"), may_oversee=True, may_except=True)
FORM = {"company": "ООО «Ромашка»", "address": "Тверская", "person": "Пётр", "phone": "+74950000000"}
CUSTOMER = CustomerId(0)


@cache
def sample() -> Catalogue:
    return load(Path(__file__).parents[3] / "config" / "callcore.yaml", need_secrets=False).cases


class Room:
    """A desk with a clock that the test moves, and everything that people were told."""

    def __init__(self, db: Database, catalogue: Catalogue | None = None) -> None:
        self.db = db
        self.now = T0
        self.told: list[tuple[str, str, Any]] = []
        people = [
            _Person(Login("anna"), Role.operator),
            _Person(Login("boris"), Role.operator, "account_managers"),
            _Person(Login("vera"), Role.supervisor),
            _Person(Login("otto"), Role.operator, "noc", T0),
        ]

        async def everybody() -> list[_Person]:
            return people

        known, members = catalogue or sample(), {"noc": (Login("anna"),)}
        self.desk = CaseDesk(
            db.cases,
            db.tasks,
            lambda: known,
            everybody,
            lambda: members,
            self._tell,
            lambda: self.now,
        )
        self.clock = CaseClock(self.desk, self._tell, lambda: self.now)

    def _tell(self, login: Login, type: str, data: Mapping[str, Any], at: datetime) -> None:
        self.told.append((login, type, data.get("to") or data.get("owner")))

    async def make(self, queue: str = "connect.company", send: bool = True, **more: Any) -> Case:
        form, customer = more.pop("form", FORM), more.pop("customer", CUSTOMER)
        return await self.desk.create(New(queue, customer, form, **more), ANNA, send=send)

    async def do(self, case: Case, work: Any, by: Actor) -> Case:
        return await self.desk.do(case, case.revision, work, by)

    async def types(self) -> list[str]:
        async with self.db.read() as connection:
            return list((await connection.execute(select(events.c.type).order_by(events.c.id))).scalars())


@dataclass(frozen=True)
class _Person:
    login: Login
    role: Role
    department: str = ""
    disabled_at: datetime | None = None
    queues: tuple[Any, ...] = ()

    @property
    def name(self) -> str:
        return self.login.title()


@pytest.fixture
def room(db: Database) -> Room:
    return Room(db)


async def test_a_case_comes_back_as_it_was_written(room: Room) -> None:
    made = await room.make(interaction=5, comment="срочно\nочень", topic="corporate.connect")
    found = await room.desk.get("C-2026-000001")
    assert found == made
    assert (found.revision, found.status, found.department) == (1, Status.dispatch, "account_managers")
    history = await room.desk.history(found)
    assert [each.act for each in history][:2] == ["create", "send"]
    assert await room.types() == ["case.created", "case.changed", "case.stage_changed"]
    (line,) = await room.desk.of_customer(CUSTOMER)
    assert (line.number, line.stage, line.due_at) == ("C-2026-000001", "contact", made.due_at)


async def test_what_cannot_be_sent_leaves_nothing_behind(room: Room) -> None:
    with pytest.raises(Refused):
        await room.make(form={"company": "ООО"})
    with pytest.raises(TextRefused):
        await room.make(comment="я" * 10_001)
    assert (await room.desk.find(Look())).total == 0
    assert await room.types() == []


async def test_of_two_one_wins(room: Room) -> None:
    case = await room.make()
    await room.do(case, lambda now, at: model.take(now, BORIS, at), BORIS)
    with pytest.raises(CaseChanged) as changed:
        await room.db.cases.save(model.take(case, ANNA, T0), ANNA.login, T0)
    assert changed.value.case is not None
    assert changed.value.case.owner == "boris"
    with pytest.raises(Refused, match="boris has already taken"):
        await room.do(case, lambda now, at: model.take(now, ANNA, at), ANNA)
    assert [each.login for each in await room.desk.history(case) if each.act == "take"] == ["boris", "boris"]


async def test_folders_counts_and_who_is_told(room: Room) -> None:
    draft = await room.make(send=False)
    case = await room.make()
    assert ("boris", "case.created", None) in room.told
    anna, boris = await room.desk.counts(ANNA.login), await room.desk.counts(BORIS.login)
    assert (anna.mine, anna.waiting, anna.queue) == (1, 1, 0)
    assert (boris.mine, boris.queue) == (0, 1)
    case = await room.do(case, lambda now, at: model.take(now, BORIS, at), BORIS)
    assert room.told[-1] == ("anna", "case.changed", "boris")
    case = await room.do(case, lambda now, at: model.reject(now, "нет города", BORIS, at), BORIS)
    counts = await room.desk.counts(ANNA.login)
    assert (counts.mine, counts.returned, counts.waiting) == (2, 1, 0)
    with pytest.raises(Refused):
        await room.desk.discard(case, case.revision, ANNA)
    await room.desk.discard(draft, draft.revision, ANNA)
    assert (await room.desk.counts(ANNA.login)).mine == 1


async def test_a_discarded_case_leaves_no_file_behind(room: Room) -> None:
    """Nobody would ever find it again, not even whoever erases the customer's data."""
    case = await room.make(send=False)
    mine = Owner(OwnerKind.case, number_of(case.id, case.created_at))
    letter = Owner(OwnerKind.interaction, "7")
    own = await room.db.attachments.add(mine, "a.txt", "text/plain", "letter", b"mine", ANNA.login, T0)
    his = await room.db.attachments.add(letter, "b.txt", "text/plain", "letter", b"his", ANNA.login, T0)
    await room.db.attachments.link(his.id, mine, ANNA.login, T0)
    await room.desk.discard(case, case.revision, ANNA)
    assert await room.db.attachments.get(own.id) is None
    assert await room.db.attachments.body(own.id) is None
    assert await room.db.attachments.owners(his.id) == (letter,)


async def test_a_case_and_its_files_are_stored_together_or_not_at_all(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [(checked(f"{n}.txt", "", "letter", b"text", ANNA.login, T0), b"text") for n in range(2)]
    new = New("connect.company", CUSTOMER, FORM)
    batches = room.db.writer.batches
    case = await room.desk.create(new, ANNA, send=True, files=files[:1])
    assert room.db.writer.batches == batches + 1
    owner = Owner(OwnerKind.case, number_of(case.id, case.created_at))
    assert await room.db.attachments.of(owner) == (files[0][0],)
    monkeypatch.setattr(attachments, "MOST_OF_OWNER", 1)
    others = [(replace(file, id=f"other-{file.id}"), body) for file, body in files]
    with pytest.raises(AttachmentRefused, match="files_too_many"):
        await room.desk.create(new, ANNA, send=True, files=others)
    assert (await room.desk.find(Look())).total == 1
    assert await room.db.attachments.get(others[0][0].id) is None


async def test_lists_filter_search_and_go_on(room: Room) -> None:
    for n in range(3):
        await room.make(form=FORM | {"company": f"Фирма {n}"})
    await room.make("connect.call_me", form={"name": "Лёша_%", "phone": "+74950000000"})
    first = await room.desk.find(Look(sort="newest", limit=2))
    assert (first.total, first.next_offset, len(first.lines)) == (4, 2, 2)
    assert (await room.desk.find(Look(sort="newest", limit=2, offset=2))).next_offset is None
    for words, ids in (
        ("фирма 1", [2]),
        ("Фирмами", [3, 2, 1]),
        ("фир", [3, 2, 1]),
        ("ирма", []),
        ("c-3", [3]),
        ("C-2026-000003", [3]),
        ("леша_%", [4]),
        ("%", []),
        (" ", [4, 3, 2, 1]),
        ("a_b", []),
        ('" OR (*', []),
        ("8 495 000-00-00", [4, 3, 2, 1]),
        ("8 495 000-00-01", []),
        ("леша 74950", [4]),
    ):
        found = await room.desk.find(Look(words=words, sort="newest"))
        assert [line.id for line in found.lines] == ids, words
    assert (await room.desk.find(Look(type="call_me"))).total == 1
    assert (await room.desk.find(Look(folder="queue", departments=("noc",)))).total == 0
    assert (await room.desk.find(Look(folder="all", customer=CustomerId(9)))).total == 0
    for sort in ("urgent", "due", "oldest"):
        assert len((await room.desk.find(Look(sort=sort))).lines) == 4


async def test_a_case_is_found_by_its_customer_and_by_what_was_corrected(room: Room) -> None:
    yans = NewCustomer("9", "Ян Краснознаменский")
    await room.db.customers.add_many([NewCustomer("40-118", "Анна Воробьёва"), yans], T0)
    anna, yan = await room.db.customers.by_contract("40-118"), await room.db.customers.by_contract("9")
    assert anna is not None
    assert yan is not None
    case = await room.make(customer=anna.id)
    await room.make(customer=yan.id)

    async def ids(words: str) -> list[int]:
        return [line.id for line in (await room.desk.find(Look(words=words, sort="newest"))).lines]

    assert await ids("воробьевой") == [1]
    assert await ids("40-118") == [1]
    assert await ids("ян") == [2]
    assert await ids("воробьева ромашка") == ([1] if "Ромашка" in FORM["company"] else [])
    assert await ids("краснознаменскому") == await ids("краснознаменск ян") == [2]
    assert await ids("краснознаменка") == []
    assert await ids("лютик") == []
    form = {**case.form, "company": "Лютик"}
    await room.do(case, lambda now, at: model.fill(now, form, "", VERA, at, sample()), VERA)
    assert await ids("лютики воробьева") == [1]
    assert await ids("лютика яна") == []


async def test_mean_time_per_stage_in_working_time(room: Room) -> None:
    for hours in (1, 3):
        room.now = T0
        case = await room.make()
        case = await room.do(case, lambda now, at: model.take(now, BORIS, at), BORIS)
        room.now = T0 + timedelta(hours=hours)
        await room.do(case, lambda now, at: moves.finish(now, "agreed", "", BORIS, at, sample()), BORIS)
    assert await room.db.cases.stage_times("prospect") == {"contact": (2, 7200.0)}


async def rung(room: Room) -> list[tuple[str, list[str]]]:
    async with room.db.read() as connection:
        query = select(case_alarms.c.kind, case_alarms.c.told).order_by(case_alarms.c.at, case_alarms.c.key)
        return [(row.kind, row.told) for row in await connection.execute(query)]


async def test_the_clock_reminds_escalates_and_does_each_once(room: Room) -> None:
    case = await room.make()  # due on the next working day at 18:00 in Moscow
    due = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
    assert case.due_at == due
    reminder = due - timedelta(hours=2)
    assert await room.clock.tick() == reminder
    assert await rung(room) == []
    room.now = reminder
    room.told.clear()
    assert await room.clock.tick() == due
    assert room.told == [("boris", "case.reminder", "responsible")]
    room.now = due
    assert await room.clock.tick() == datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
    assert room.told[1:] == [
        ("boris", "case.overdue", "responsible"),
        ("anna", "case.overdue", "controller"),
    ]
    room.now = due + timedelta(days=10)
    again = Room(room.db)  # as after a restart, days late
    again.now = room.now
    assert await again.clock.tick() is None
    assert again.told == [("vera", "case.overdue", "head"), ("vera", "case.overdue", "supervisor")]
    await again.clock.tick()
    assert len(await rung(room)) == 5
    assert (await room.types()).count("case.overdue") == 4
    acts = [each.act for each in await room.desk.history(case)]
    assert (acts.count("reminder"), acts.count("overdue")) == (1, 4)


async def test_a_late_clock_does_not_remind_of_what_is_over(room: Room) -> None:
    await room.make()
    room.now = T0 + timedelta(days=20)
    assert await room.clock.tick() is None
    assert [kind for kind, _ in await rung(room)] == ["overdue"] * 4


async def test_a_moved_term_rings_anew_and_a_closed_case_never(room: Room) -> None:
    case = await room.make()
    room.now = T0 + timedelta(days=20)
    await room.clock.tick()
    later = room.now + timedelta(days=1)
    case = await room.do(case, lambda now, at: moves.postpone(now, later, "ждём", VERA, at), VERA)
    room.now = later
    await room.clock.tick()
    assert len([kind for kind, _ in await rung(room) if kind == "overdue"]) == 6
    case = await room.desk.get("1")
    case = await room.do(case, lambda now, at: moves.close(now, "дубль", VERA, at, sample()), VERA)
    room.now += timedelta(days=20)
    assert await room.clock.tick() is None
    assert len([kind for kind, _ in await rung(room) if kind == "overdue"]) == 6


async def test_a_case_changed_while_the_clock_looked_is_looked_at_again(room: Room) -> None:
    case = await room.make()
    stale = replace(case)
    await room.do(case, lambda now, at: model.take(now, BORIS, at), BORIS)
    assert await room.db.cases.ring(stale, [], None, T0) is None
    assert await room.db.cases.next_alarm_at() is not None


async def test_the_clock_wakes_for_a_change_and_outlives_a_broken_case(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.make()
    room.now = T0 + timedelta(days=20)

    def broken(*_: Any) -> Any:
        raise KeyError("no such stage")

    monkeypatch.setattr("callcore.crm.cases.clock.alarms_of", broken)
    await room.clock.tick()
    monkeypatch.undo()
    other = await room.make()
    room.now += timedelta(days=20)
    await room.clock.tick()
    assert {case for (case,) in await _cases_rung(room)} == {other.id}
    assert room.clock._woken.is_set()  # by the change


async def _cases_rung(room: Room) -> list[Any]:
    async with room.db.read() as connection:
        return list((await connection.execute(select(case_alarms.c.case))).all())


async def test_a_database_that_does_not_answer_is_told_to_the_clock(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: Any) -> Any:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(room.db.cases, "alarming", gone)
    with pytest.raises(StoreUnavailable):
        await room.clock.tick()


async def test_tasks_are_told_once_when_their_time_is_up(room: Room) -> None:
    due = T0 + timedelta(hours=1)
    task = await room.desk.add_task("Перезвонить", "boris", ANNA, customer=CUSTOMER, due_at=due)
    assert await room.clock.tick() == due
    room.now = due + timedelta(hours=5)
    room.told.clear()
    assert await room.clock.tick() is None
    await room.clock.tick()
    assert room.told == [("boris", "task.overdue", None)]
    assert await room.db.tasks.count(BORIS.login, room.now) == (1, 1)
    done = await room.desk.finish_task(task.id, BORIS)
    assert (done.done_by, await room.db.tasks.of_responsible(BORIS.login)) == ("boris", ())
    assert await room.desk.finish_task(task.id, ANNA) == done
    assert (await room.desk.finish_task(task.id, ANNA, is_done=False)).done_at is None
    assert (await room.types()).count("task.overdue") == 1
    for who in ("nobody", "otto"):
        with pytest.raises(Refused):
            await room.desk.add_task("x", who, ANNA, customer=CUSTOMER)
    with pytest.raises(Refused):
        await room.desk.finish_task(99, ANNA)


async def test_the_case_of_a_call(room: Room) -> None:
    made = await room.make(contact=CallId("c1"))
    await room.make(contact=CallId("c1"))  # a second one of the same type
    assert await room.db.cases.of_call(CallId("c1"), "prospect", ANNA.login) == made
    for call, type_, login in (("c2", "prospect", "anna"), ("c1", "money", "anna"), ("c1", "prospect", "")):
        assert await room.db.cases.of_call(CallId(call), type_, Login(login)) is None


async def test_the_cases_of_an_interaction(room: Room) -> None:
    record = await room.db.interactions.save(
        CallId("c1"), ANNA.login, TopicCode("finance"), "", CUSTOMER, room.now
    )
    assert record is not None
    made = [
        await room.make(interaction=record, contact=CallId("c1")),
        await room.make(interaction=record),  # by a program, which knows of no call
    ]
    await room.make(contact=CallId("c1"))
    await room.make(interaction=record + 1)
    found = await room.db.cases.of_interaction(record)
    assert [each.id for each in found] == [each.id for each in made]
    assert await room.db.cases.of_interaction(record + 7) == ()


async def test_a_call_that_told_him_about_his_case(room: Room) -> None:
    """Its interaction is the case's from then on (D-62), and of no other customer's."""
    case, other = await room.make(), await room.make()
    call = CallId("c2")
    await room.db.cases.called(case.id, call, ANNA.login, room.now)
    await room.db.cases.called(other.id + 100, call, ANNA.login, room.now)  # there is none
    [*_, last] = await room.db.cases.history(case.id)
    assert (last.act, last.login, last.became) == ("called", "anna", "c2")
    stored = await room.db.cases.get(case.id)
    assert stored is not None
    assert stored.revision == case.revision, "nobody's change is in its way"
    record = await room.db.interactions.save(call, ANNA.login, TopicCode("finance"), "", CUSTOMER, room.now)
    assert record is not None
    assert [each.id for each in await room.db.cases.of_interaction(record)] == [case.id]


async def test_half_a_form_is_sent_by_the_house_and_filled_in_bit_by_bit(room: Room) -> None:
    new = New("connect.company", CUSTOMER, {"company": "ООО «Ромашка»"})
    case = await room.desk.create(new, HOUSE, send=True, whole=False)
    assert (case.department, case.status, case.owner) == ("account_managers", Status.dispatch, None)
    assert case.due_at is not None
    assert ("boris", "case.created", None) in room.told
    taken = await room.do(case, lambda now, at: model.take(now, BORIS, at), BORIS)
    catalogue = room.desk.catalogue

    async def fill(case: Case, **answers: str) -> Case:
        form = {**case.form, **answers}
        return await room.do(case, lambda now, at: model.fill(now, form, "", BORIS, at, catalogue), BORIS)

    half = await fill(taken, address="Тверская")
    assert half.form == {"company": "ООО «Ромашка»", "address": "Тверская"}
    with pytest.raises(Refused):
        await fill(half, company="")  # what is there stays
    with pytest.raises(Refused, match="nobody to return it to"):
        model.reject(half, "зачем?", BORIS, T0)
