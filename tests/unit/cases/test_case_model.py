"""A case's life: who may do what in which state, and what every sequence of commands keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcore.crm.cases import model, moves
from callcore.crm.cases.model import BY_HAND, MOVES, Act, Actor, New, Refused
from callcore.crm.cases.received import HOUSE
from callcore.crm.cases.stages import Staff, alarms_of, lacking, told
from callcore.domain import CustomerId, Login
from callcore.rights import Role
from callcore.store.case_rows import Case, Change, Priority, Status, id_of, number_of

from .cases_samples import ANNA, BORIS, PROSPECT, T0, VERA, new_case, sample

C = sample()
LATER = T0 + timedelta(hours=1)
MOSCOW = ZoneInfo("Europe/Moscow")
_TECHNOLOGIES: tuple[dict[str, str], ...] = (
    {"technology": "lan"},
    {"technology": "radio"},
    {"technology": "leased"},
    {"technology": "satellite"},
    {},
)
CONNECT = {"address": "Арбат, 5", "person": "Пётр", "phone": "+74950000001"}


def sent(queue: str = "connect.company", **form: str) -> Case:
    return moves.send(new_case(queue, **form), ANNA, T0, C).after


def taken(queue: str = "connect.company", **form: str) -> Case:
    return model.take(sent(queue, **form), BORIS, LATER).after


def refused(work: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as found:
        work()
    assert found.value.text.ru != found.value.text.en
    return found.value.code


def test_saved_is_in_its_initiators_folder_and_sent_is_in_the_departments_queue() -> None:
    case = new_case()
    assert (case.status, case.owner, case.sent_at, case.run) == (Status.open, "anna", None, None)
    case = sent()
    assert (case.status, case.owner, case.department) == (Status.dispatch, None, "account_managers")
    assert case.queued_at == T0
    assert case.due_at is not None


def test_without_required_answers_it_is_saved_but_not_sent() -> None:
    case = new_case(company="ООО")
    assert refused(lambda: moves.send(case, ANNA, T0, C)) == "form"


@pytest.mark.parametrize("queue", ["", "connect", "nowhere", "connect.company.more"])
def test_half_a_queue_is_none(queue: str) -> None:
    assert refused(lambda: new_case(queue)) == "unknown"


def test_a_department_that_takes_no_appeals_says_what_it_takes() -> None:
    with pytest.raises(Refused, match="It takes:") as found:
        new_case("money.in_person")
    assert found.value.code == "way"
    assert refused(lambda: hand(taken(), department="service_centre")) == "way"


def test_name_and_phone_alone_go_on_the_null_customer() -> None:
    case = new_case("connect.call_me", name="Пётр", phone="+74950000000")
    assert case.customer == CustomerId(0)
    assert moves.send(case, ANNA, T0, C).after.department == "account_managers"


def hand(case: Case, by: Actor = BORIS, **more: Any) -> Case:
    values: dict[str, Any] = {"to": None, "department": "", "reason": "", **more}
    return model.hand_over(case, by=by, at=LATER, c=C, **values).after


def test_taken_by_one_it_is_not_taken_by_another() -> None:
    case = taken()
    assert (case.status, case.owner, case.queued_at) == (Status.open, "boris", None)
    assert refused(lambda: model.take(case, ANNA, LATER)) == "taken"
    given = hand(case, to=Login("clara"))
    assert (given.status, given.owner) == (Status.dispatch, "clara")
    assert refused(lambda: model.take(given, ANNA, LATER)) == "taken"
    assert model.take(given, Actor(Login("clara")), LATER).after.status is Status.open


def test_returned_with_a_reason_mended_and_sent_again() -> None:
    case = taken()
    assert refused(lambda: model.reject(case, "  ", BORIS, LATER)) == "reason"
    back = model.reject(case, "нет города", BORIS, LATER)
    assert (back.after.status, back.after.owner) == (Status.reject, "anna")
    assert {each.reason for each in back.entries} == {"нет города"}
    mended = model.fill(back.after, PROSPECT | {"address": "Москва"}, "", ANNA, LATER, C)
    (entry,) = mended.entries
    assert (entry.field, entry.was, entry.became) == ("form:address", "Тверская, 1", "Москва")
    again = moves.send(mended.after, ANNA, LATER, C).after
    assert (again.status, again.owner, again.department) == (Status.dispatch, None, "account_managers")
    assert len(again.runs) == 1


def due_of_installation(**form: str) -> datetime | None:
    """Taken into work on Monday 2 March 2026, paid and signed for."""
    case = sent("connect.full", **{**CONNECT, "cost": "1000", **form})
    for result in ("agreed", "positive", "signed"):
        for flag in ("signed", "paid"):
            case = moves.mark(case, flag, True, VERA, LATER, C).after
        case = model.take(case, BORIS, LATER).after
        case = moves.finish(case, result, "", BORIS, LATER, C).after
    assert case.run is not None
    assert case.run.stage == "installation"
    return case.due_at


def test_the_technology_decides_the_term_of_installation() -> None:
    ends = [due_of_installation(**form) for form in _TECHNOLOGIES]
    days = [at.astimezone(MOSCOW).date().isoformat() if at else "" for at in ends]
    assert days == ["2026-03-04", "2026-03-06", "2026-03-17", "2026-03-12", "2026-03-06"]


def test_the_expertise_is_done_on_tuesdays_and_thursdays() -> None:
    case = model.take(sent("connect.full", **CONNECT), BORIS, LATER).after
    case = moves.finish(case, "agreed", "", BORIS, LATER, C).after
    assert case.due_at == datetime(2026, 3, 5, 18, 0, tzinfo=MOSCOW)  # the second of them, a Thursday
    assert all(alarm.at.astimezone(MOSCOW).weekday() in (1, 3) for alarm in alarms_of(case, C))


def test_ahead_lies_what_comes_if_all_goes_well() -> None:
    connection = C.kinds["connection"]
    way = ["information", "expertise", "contract", "installation", "activation"]
    assert [stage.code for stage in connection.ahead("")] == way
    assert [stage.code for stage in connection.ahead("contract")] == way[3:]
    assert [stage.code for stage in connection.ahead("meeting")] == way[1:]
    assert connection.ahead("activation") == connection.ahead("gone") == ()
    assert [stage.code for stage in C.kinds["tps"].ahead("check")] == []


def test_stages_of_a_connection() -> None:
    case = sent("connect.full", **CONNECT)
    stages = []
    for result in ("agreed", "positive"):
        case = model.take(case, BORIS, LATER).after
        change = moves.finish(case, result, "", BORIS, LATER, C)
        assert change.events[-1][0] == "case.stage_changed"
        case = change.after
        assert case.run is not None
        stages.append((case.run.stage, case.department))
    assert stages == [("expertise", "noc"), ("contract", "account_managers")]
    case = model.take(case, BORIS, LATER).after
    assert case.run is not None
    assert case.run.is_blocked
    assert case.due_at is None
    assert refused(lambda: moves.finish(case, "signed", "", BORIS, LATER, C)) == "stage"
    case = model.fill(case, CONNECT | {"cost": "5000"}, "", BORIS, LATER, C).after
    assert case.due_at is not None
    case = moves.finish(case, "signed", "", BORIS, LATER, C).after
    kind = C.kinds["connection"]
    stage = kind.stage("installation")
    assert stage is not None
    assert len(lacking(case, kind, stage)) == 2
    assert refused(lambda: moves.begin(case, "надо", ANNA, LATER, C)) == "right"
    assert refused(lambda: moves.begin(case, "", VERA, LATER, C)) == "reason"
    assert moves.begin(case, "согласен", VERA, LATER, C).after.due_at is not None
    case = moves.mark(case, "signed", True, ANNA, LATER, C).after
    assert case.due_at is None
    case = moves.mark(case, "paid", True, ANNA, LATER, C).after
    assert case.due_at is not None
    assert refused(lambda: moves.mark(case, "nonsense", True, ANNA, LATER, C)) == "unknown"


TMS = {"address": "Арбат, 5", "cabinet": "ЭШ-3", "cable_laid": "no"}
TPS = {"address": "Арбат, 5", "port": "7", "phone": "+74950000001", "symptoms": "нет сигнала"}


@pytest.mark.parametrize(
    ("queue", "form", "results", "way"),
    [
        ("connect.upgrade", TMS, ("done", "connected"), [("upgrade", "noc"), ("visit", "coordinators")]),
        (
            "connect.service_help",
            TPS,
            ("done", "works"),
            [("help", "remote_service"), ("check", "coordinators")],
        ),
    ],
)
def test_tms_ends_with_another_visit_and_tps_with_a_check_by_the_customer(
    queue: str, form: dict[str, str], results: tuple[str, ...], way: list[tuple[str, str]]
) -> None:
    """D-4: the coordinators agree when the technician comes again; D-5: there is no second visit."""
    case, been = sent(queue, **form), []
    for result in results:
        assert case.run is not None
        assert case.due_at is not None
        been.append((case.run.stage, case.department))
        case = moves.finish(model.take(case, BORIS, LATER).after, result, "", BORIS, LATER, C).after
    assert (been, case.status) == (way, Status.closed)


def test_impossible_goes_to_the_meeting_and_the_contract_needs_the_last_result() -> None:
    case = sent("connect.full", **CONNECT)
    for result, stage in (("agreed", "expertise"), ("impossible", "meeting"), ("grow", "expertise")):
        case = moves.finish(model.take(case, BORIS, LATER).after, result, "", BORIS, LATER, C).after
        assert case.run is not None
        assert case.run.stage == stage
    assert len(case.runs) == 4


def test_the_last_result_closes_it_and_only_who_oversees_opens_it_again() -> None:
    case = moves.finish(taken(), "agreed", "", BORIS, LATER, C).after
    assert (case.status, case.result, case.closed_at, case.run) == (Status.closed, "agreed", LATER, None)
    assert case.runs[-1].worked_seconds == 3600
    for by in (ANNA, BORIS):
        assert refused(lambda by=by: moves.reopen(case, "ошибка", by, LATER, C)) == "right"
    again = moves.reopen(case, "ошибка", VERA, LATER, C).after
    assert (again.status, again.owner, again.closed_at) == (Status.open, "vera", None)
    assert again.run is not None
    assert again.run.n == 2


@pytest.mark.parametrize("status", list(Status))
def test_by_hand(status: Status) -> None:
    case = taken()
    if status in BY_HAND[case.status]:
        assert moves.set_status(case, status, "так надо", BORIS, LATER, C).after.status is status
    else:
        assert refused(lambda: moves.set_status(case, status, "так надо", BORIS, LATER, C)) == "state"
    assert refused(lambda: moves.set_status(case, Status.closed, "", BORIS, LATER, C)) == "reason"
    assert refused(lambda: moves.set_status(new_case(), Status.dispatch, "", ANNA, LATER, C)) == "state"


def test_a_term_is_moved_by_who_oversees_only_and_forward() -> None:
    case, day = taken(), LATER + timedelta(days=9)
    assert refused(lambda: moves.postpone(case, day, "ждём", BORIS, LATER)) == "right"
    assert refused(lambda: moves.postpone(case, T0, "ждём", VERA, LATER)) == "form"
    assert moves.postpone(case, day, "ждём", VERA, LATER).after.due_at == day


def test_whom_an_alarm_goes_to() -> None:
    staff = Staff({Role.supervisor: (Login("vera"),)}, {"account_managers": (Login("mark"), Login("nina"))})
    case = sent()
    assert told(case, "responsible", C, staff) == ("mark", "nina")
    assert told(case, "controller", C, staff) == ("anna",)
    assert told(case, "head", C, staff) == ("vera",)
    assert told(case, "supervisor", C, staff) == ("vera",)
    assert told(taken(), "responsible", C, staff) == ("boris",)
    assert [each.to for each in alarms_of(case, C)] == [
        "responsible",
        "responsible",
        "controller",
        "head",
        "supervisor",
    ]


def test_numbers() -> None:
    assert number_of(123, T0) == "C-2026-000123"
    for text in ("C-2026-000123", "с-2026-000123", "c-123", "123", " 000123 "):
        assert id_of(text) == 123
    for text in ("", "C-", "ромашка", "0", "C-2026-", "9" * 30, "١٢٣"):
        assert id_of(text) is None


# --- any sequence

ACTORS = (ANNA, BORIS, VERA)
COMMANDS: dict[str, Callable[[Case, Actor, str], Change]] = {
    "send": lambda case, by, word: moves.send(case, by, LATER, C),
    "take": lambda case, by, word: model.take(case, by, LATER),
    "to_person": lambda case, by, word: model.hand_over(
        case, to=Login("boris"), department="", reason=word, by=by, at=LATER, c=C
    ),
    "to_queue": lambda case, by, word: model.hand_over(
        case, to=None, department="noc", reason=word, by=by, at=LATER, c=C
    ),
    "reject": lambda case, by, word: model.reject(case, word, by, LATER),
    "finish": lambda case, by, word: moves.finish(
        case, "positive" if case.run and case.run.stage == "expertise" else "agreed", word, by, LATER, C
    ),
    "impossible": lambda case, by, word: moves.finish(case, "impossible", word, by, LATER, C),
    "mark": lambda case, by, word: moves.mark(case, "paid", "paid" not in case.flags, by, LATER, C),
    "begin": lambda case, by, word: moves.begin(case, word, by, LATER, C),
    "fill": lambda case, by, word: model.fill(case, CONNECT | {"cost": "1"}, word, by, LATER, C),
    "close": lambda case, by, word: moves.close(case, word, by, LATER, C),
    "reopen": lambda case, by, word: moves.reopen(case, word, by, LATER, C),
    "postpone": lambda case, by, word: moves.postpone(case, LATER + timedelta(days=2), word, by, LATER),
    "urgent": lambda case, by, word: model.prioritise(case, Priority.urgent, by, LATER),
    **{
        f"by_hand_{status}": lambda case, by, word, status=status: moves.set_status(
            case, status, word, by, LATER, C
        )
        for status in Status
    },
}
STEPS = st.lists(
    st.tuples(st.sampled_from(sorted(COMMANDS)), st.sampled_from(ACTORS), st.sampled_from(("", "причина"))),
    max_size=30,
)


@settings(max_examples=400, deadline=None)
@given(STEPS)
def test_every_sequence_keeps_one_owner_a_whole_history_and_closed_closed(
    steps: list[tuple[str, Actor, str]],
) -> None:
    case = model.make(New("connect.full", CustomerId(7), CONNECT), ANNA, T0, C)
    entries = list(model.created(case, ANNA, T0).entries)
    for name, by, word in steps:
        try:
            change = COMMANDS[name](case, by, word)
        except Refused:
            continue
        after = change.after
        if change.entries:
            assert after.revision == case.revision + 1
        else:
            assert name == "fill" or name in ("urgent", "postpone"), name
            assert replace(after, revision=0, changed_at=T0) == replace(case, revision=0, changed_at=T0)
            continue
        if case.status is Status.closed:
            assert by.may_oversee
        kept(after)
        entries += change.entries
        case = after
    assert told_by(entries, "status", "open") == case.status
    assert told_by(entries, "owner", "anna") == (case.owner or "")
    assert {each.revision for each in entries} == set(range(1, case.revision + 1))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["connect.full", "money.finance", "appeals.debt"]), STEPS)
def test_a_case_of_the_ivr_always_lies_where_somebody_sees_it(
    queue: str, steps: list[tuple[str, Actor, str]]
) -> None:
    """Nobody made it: it never goes into the folder of nobody."""
    made = model.make(New(queue, CustomerId(0), {}), HOUSE, T0, C)
    case = moves.send(made, HOUSE, T0, C, whole=False).after
    kept(case)
    for name, by, word in steps:
        try:
            case = COMMANDS[name](case, by, word).after
        except Refused:
            continue
        kept(case)
        assert case.owner != HOUSE.login


def test_a_stage_of_whoever_made_it_stays_with_the_department_where_the_ivr_did() -> None:
    made = model.make(New("money.finance", CustomerId(0), {}), HOUSE, T0, C)
    case = moves.send(made, HOUSE, T0, C, whole=False).after
    taken = model.take(case, ANNA, T0).after
    answering = moves.finish(taken, "granted", "", ANNA, T0, C).after
    assert (answering.run and answering.run.stage, answering.department) == ("answer", "finance")
    assert (answering.status, answering.owner) == (Status.dispatch, None)
    for ring in alarms_of(answering, C):
        assert "" not in told(answering, ring.to, C, Staff({Role.supervisor: (Login("vera"),)}, {}))


def kept(case: Case) -> None:
    if case.status in (Status.open, Status.reject):
        assert case.owner is not None
        assert case.queued_at is None
    if case.status is Status.dispatch and case.owner is None:
        assert case.department
        assert case.queued_at is not None
    if case.status is Status.reject:
        assert case.owner == case.initiator
    if case.status is Status.closed:
        assert case.run is None
        assert case.closed_at is not None
    else:
        assert case.closed_at is None
    assert all(run.ended_at is not None for run in case.runs[:-1])
    assert [run.n for run in case.runs] == list(range(1, len(case.runs) + 1))


def told_by(entries: list[Any], field: str, value: str) -> str:
    """What the history alone says of a field now; every entry begins where the last one ended."""
    for entry in entries:
        if entry.field == field and entry.was != entry.became:
            assert entry.was == value
            value = entry.became
    return value


def test_every_act_has_its_states() -> None:
    assert set(MOVES) == set(Act)
