"""Every order in every state: what the PBX is told, or why it cannot be done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callcore.calls.handset import (
    HangUp,
    Impossible,
    Mute,
    Order,
    Parts,
    Place,
    Redirect,
    Seconds,
    SetVar,
    Waiting,
    orders,
    sent_on,
    taken,
)
from callcore.calls.line import (
    PLAIN,
    Do,
    LineState,
    LineView,
    Target,
    ToInside,
    ToOutside,
    ToPerson,
    ToQueue,
    name_of,
)
from callcore.domain import CallId, Interface, Login, PbxName, QueueName

C, O, E = "PJSIP/trunk-1", "PJSIP/101-2", "PJSIP/102-3"  # noqa: E741 - as in the docs: customer, operator, expert
BORIS = ToPerson(Login("boris"), Interface("PJSIP/102"))
EXPERT = ToQueue(QueueName("expert"))
NUMBER = ToInside("301")
OUTSIDE = ToOutside("79160000001", "a1")
S = LineState


def parts(state: LineState, *others: str, **more: object) -> Parts:
    fixed = dict(call=CallId("c1"), pbx=PbxName("main"), customer=C, mine=O, state=state)
    return Parts(**fixed, sender=Interface("PJSIP/101"), others=others, **more)  # type: ignore[arg-type]


def way_back(seconds: int = 600) -> list[Order]:
    return [
        SetVar(C, "CALLCORE_SENDER", "PJSIP/101"),
        SetVar(C, "CALLCORE_HOLD", str(seconds)),
        SetVar(C, "__CALLCORE_CALL", "c1"),
    ]


def forget(*others: str) -> list[Order]:
    return [SetVar(other, "CALLCORE_HELD", "", may_miss=True) for other in others]


def join(peer: str) -> list[Order]:
    return [
        SetVar(O, "CALLCORE_GIVEN", "1"),
        SetVar(C, "CALLCORE_PEER", peer),
        Redirect(C, Place.join),
    ]


ALONE = [SetVar(O, "CALLCORE_ALONE", "598"), SetVar(O, "__CALLCORE_CALL", "c1")]
HOLD = [*way_back(), *ALONE, Redirect(C, Place.hold, O, Place.alone)]
ASK = [
    *way_back(900),
    *ALONE,
    SetVar(O, "__CALLCORE_HELD", C),
    SetVar(O, "CALLCORE_DIALS", "PJSIP/102"),
    SetVar(O, "CALLCORE_RINGS", "30"),
    Redirect(C, Place.hold, O, Place.consult_people),
]
GIVE = [
    *way_back(),
    SetVar(C, "CALLCORE_DIALS", "PJSIP/102"),
    SetVar(C, "CALLCORE_RINGS", "30"),
    Redirect(C, Place.handover_people),
]
LET_GO = HangUp(O, may_miss=True)
PARK = [*way_back(), Redirect(C, Place.hold)]
ROOM = [
    *[SetVar(each, "__CALLCORE_CALL", "c1") for each in (C, O, E)],
    Redirect(O, Place.room_ours, E, Place.room_ours),
    Redirect(C, Place.room),
]

TABLE: dict[tuple[LineState, Do], list[Order]] = {
    (S.talks, Do.hang_up): [HangUp(O)],
    (S.talks, Do.end): [HangUp(C)],
    (S.talks, Do.hold): HOLD,
    (S.talks, Do.consult): ASK,
    (S.talks, Do.blind): GIVE,
    (S.talks, Do.park): PARK,
    (S.held, Do.hang_up): [HangUp(O)],
    (S.held, Do.end): [HangUp(C)],
    (S.held, Do.resume): join(O),
    (S.held, Do.consult): ASK,
    (S.held, Do.blind): [*GIVE, LET_GO],
    (S.held, Do.park): [*PARK, LET_GO],
    (S.calling, Do.back): [*forget(E), *join(O)],
    (S.calling, Do.blind): [*forget(E), *GIVE, LET_GO],
    (S.consulting, Do.back): [*forget(E), *join(O)],
    (S.consulting, Do.complete): [*forget(E), *join(E)],
    (S.consulting, Do.three_way): [*forget(E), *ROOM],
    (S.failed, Do.hang_up): [HangUp(O)],
    (S.failed, Do.end): [HangUp(C)],
    (S.failed, Do.back): join(O),
    (S.failed, Do.consult): ASK,
    (S.failed, Do.blind): [*GIVE, LET_GO],
    (S.failed, Do.park): [*PARK, LET_GO],
    (S.room, Do.hang_up): [HangUp(O)],
    (S.room, Do.end): [HangUp(C)],
    (S.consulted, Do.hang_up): [HangUp(O)],
    (S.bare, Do.hang_up): [HangUp(O)],
    (S.bare, Do.end): [HangUp(C)],
} | {(state, do): [Mute(O, on=do is Do.mute)] for state in S for do in (Do.mute, Do.unmute)}


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("do", Do)
def test_every_order_in_every_state(state: LineState, do: Do) -> None:
    others = (E,) if state in (S.calling, S.consulting) else ()
    wanted = TABLE.get((state, do))
    given = orders(parts(state, *others), do, BORIS)
    assert given == (Impossible(f"while_{state.value}") if wanted is None else tuple(wanted))


@pytest.mark.parametrize("state", S)
def test_the_bar_offers_what_can_be_ordered_and_says_why_not_the_rest(state: LineState) -> None:
    view = LineView(state)
    besides_mute = view.may - {Do.mute, Do.unmute}
    assert besides_mute == {do for of, do in TABLE if of is state} - {Do.mute, Do.unmute}
    assert set(view.why_not) == set(Do) - view.may - {Do.take, Do.mute, Do.unmute}
    assert set(view.why_not.values()) <= {f"while_{state.value}"}
    assert Do.mute in view.may
    assert Do.mute not in LineView(state, is_muted=True).may >= {Do.unmute}


def test_an_ordinary_talk() -> None:
    assert (PLAIN.held, PLAIN.room, PLAIN.consult_state) == (False, False, "")
    assert LineView(S.consulting).held
    assert LineView(S.room).room
    asked = [LineView(state).consult_state for state in (S.calling, S.consulting, S.failed)]
    assert asked == ["rings", "talks", "failed"]


@pytest.mark.parametrize(
    ("target", "variable", "consult", "handover"),
    [
        (BORIS, ("CALLCORE_DIALS", "PJSIP/102"), Place.consult_people, Place.handover_people),
        (EXPERT, ("CALLCORE_TOQUEUE", "expert"), Place.consult_queue, Place.handover_queue),
        (NUMBER, ("CALLCORE_TO", "301"), Place.consult_number, Place.handover_number),
    ],
)
def test_targets(target: Target, variable: tuple[str, str], consult: Place, handover: Place) -> None:
    stands = replace(parts(S.talks), seconds=Seconds(consult=25, handover=35))
    asked = orders(stands, Do.consult, target)
    assert isinstance(asked, tuple)
    aim = (SetVar(O, *variable), SetVar(O, "CALLCORE_RINGS", "25"))
    assert asked[-3:] == (*aim, Redirect(C, Place.hold, O, consult))
    given = orders(stands, Do.blind, target)
    assert isinstance(given, tuple)
    assert given[-3:] == (SetVar(C, *variable), SetVar(C, "CALLCORE_RINGS", "35"), Redirect(C, handover))
    assert sent_on(Waiting(CallId("c1"), PbxName("main"), C, stands.seconds), target) == given[-3:]


def test_who_is_still_rung_gets_the_customer_when_he_is_let_go() -> None:
    given = orders(parts(S.calling, E, target=EXPERT), Do.blind)
    assert isinstance(given, tuple)
    assert Redirect(C, Place.handover_queue) in given


@pytest.mark.parametrize("do", [Do.consult, Do.blind])
@pytest.mark.parametrize(
    ("target", "code"),
    [
        (None, "no_target"),
        (ToOutside("79160000001", ""), "no_target"),
        (ToOutside("79160000001", "a1", caller_number="1,2"), "no_target"),
        (ToOutside("7916&PJSIP/102", "a1"), "no_target"),
        (ToInside("1&PJSIP/2"), "no_target"),
        (ToInside(""), "no_target"),
    ],
)
def test_targets_that_are_refused(do: Do, target: Target | None, code: str) -> None:
    assert orders(parts(S.talks), do, target) == Impossible(code)


def test_a_number_outside_is_rung_by_the_customer_or_asked_by_the_operator() -> None:
    """With the attempt that its permit was given for, as the dialplan of carried calls wants it."""

    def aimed(channel: str) -> list[Order]:
        return [
            SetVar(channel, "CALLCORE_ATTEMPT", "a1"),
            SetVar(channel, "CALLCORE_TO", "79160000001"),
            SetVar(channel, "CALLCORE_SHOWN", "+74951112233"),
            SetVar(channel, "CALLCORE_RINGS", "25"),
        ]

    there = ToOutside("79160000001", "a1", 25, "+74951112233")
    given = orders(parts(S.talks), Do.blind, there)
    assert given == (*way_back(), *aimed(C), Redirect(C, Place.outside))
    asked = orders(parts(S.held), Do.consult, there)
    assert isinstance(asked, tuple)
    assert asked[-6:] == (
        SetVar(O, "__CALLCORE_HELD", C),
        *aimed(O),
        Redirect(C, Place.hold, O, Place.consult_outside),
    )


def test_a_number_outside_is_not_dialled_anew_by_the_same_word() -> None:
    """Nobody lets go of it while it rings, and who has lost his operator comes back."""
    asks = parts(S.calling, E, target=OUTSIDE)
    assert orders(asks, Do.blind) == Impossible("while_calling")
    assert sent_on(Waiting(CallId("c1"), PbxName("main"), C), OUTSIDE) == (Redirect(C, Place.back),)
    view = LineView(S.calling, with_="+79160000001", is_outside=True)
    assert Do.blind not in view.may
    assert view.why_not[Do.blind] == "while_calling"
    assert Do.blind in LineView(S.failed, is_outside=True).may


def test_a_customer_who_was_called_comes_back_under_his_number() -> None:
    held = orders(parts(S.talks, who="+79160000005"), Do.hold)
    assert isinstance(held, tuple)
    assert SetVar(C, "CALLCORE_WHO", "+79160000005") in held


def test_all_that_ring_forget_the_customer() -> None:
    back = orders(parts(S.calling, E, "PJSIP/103-4"), Do.back)
    assert isinstance(back, tuple)
    assert list(back[:2]) == forget(E, "PJSIP/103-4")


def test_variables_come_before_the_move_that_uses_them() -> None:
    for told in TABLE.values():
        kinds = [type(order) for order in told]
        if Redirect in kinds:
            assert SetVar not in kinds[kinds.index(Redirect) :]


@pytest.mark.parametrize("name", ["PJSIP/a,b-1", "PJSIP/${X}-1", "PJSIP/a b-1", ""])
def test_channels_that_the_dialplan_could_not_name(name: str) -> None:
    assert orders(parts(S.consulting, name), Do.complete) == Impossible("odd_channel")


def test_a_parked_customer_rings_the_taker() -> None:
    assert taken(Waiting(CallId("c1"), PbxName("main"), C), Interface("PJSIP/102")) == (
        SetVar(C, "CALLCORE_TAKER", "PJSIP/102"),
        SetVar(C, "CALLCORE_RINGS", "20"),
        Redirect(C, Place.take),
    )


@pytest.mark.parametrize("target", [None, OUTSIDE])
def test_whom_nobody_waits_for_comes_back(target: Target | None) -> None:
    assert sent_on(Waiting(CallId("c1"), PbxName("main"), C), target) == (Redirect(C, Place.back),)


def test_targets_have_names() -> None:
    named = [name_of(each) for each in (BORIS, EXPERT, NUMBER, OUTSIDE, None)]
    assert named == ["boris", "expert", "301", "+79160000001", ""]
