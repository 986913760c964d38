"""Why did my card not open? Each answer, as the first line of a call's story."""

from __future__ import annotations

import pytest

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls.policy import PopPolicy
from callcore.domain import (
    CallId,
    ChannelId,
    ChannelRef,
    Direction,
    EndReason,
    Interface,
    Outcome,
    PbxName,
    Source,
)

from .story_stage import (
    ANNA,
    BORIS,
    BUTTON,
    MAIN,
    NEVER,
    START,
    Stage,
    codes,
    first,
    pop,
)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_the_card_opened(stage: Stage) -> None:
    ref = stage.comes_in()
    stage.answers(ref, stage.rings(ref, ANNA, "PJSIP/101"), ANNA, pop(stage))
    stage.recorder.published(ANNA, 5, "card", CallId("c1"))
    stage.recorder.painted(ANNA, CallId("c1"), 0.0874)
    told = stage.told()
    assert codes(told) == ["painted"]
    assert first(told) == (
        "anna: карточка открылась, браузер показал её через 87 мс.",
        "anna: the card opened, the browser painted it after 87 ms.",
    )


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("no_page", "no callcore page was open"),
        ("hidden", "not on the screen"),
        ("unconfirmed", "did not confirm in time"),
        ("off_shift", "no phone was chosen"),
        ("something_new", "something_new"),
    ],
)
def test_it_was_sent_and_nobody_saw_it(stage: Stage, why: str, words: str) -> None:
    ref = stage.comes_in()
    stage.answers(ref, stage.rings(ref, ANNA, "PJSIP/101"), ANNA, pop(stage))
    stage.recorder.unpainted(ANNA, CallId("c1"), why)
    told = stage.told()
    assert codes(told) == ["unpainted" if why == "something_new" else why]
    assert "anna: the card was not shown: " in first(told)[1]
    assert words in first(told)[1]


def test_the_last_reason_counts(stage: Stage) -> None:
    """A hidden page that is slow says so after its time was up."""
    ref = stage.comes_in()
    stage.answers(ref, stage.rings(ref, ANNA, "PJSIP/101"), ANNA, pop(stage))
    for why in ("unconfirmed", "hidden"):
        stage.recorder.unpainted(ANNA, CallId("c1"), why)
    assert codes(stage.told()) == ["hidden"]


def test_it_opened_late(stage: Stage) -> None:
    ref = stage.comes_in()
    stage.answers(ref, stage.rings(ref, ANNA, "PJSIP/101"), ANNA, pop(stage))
    stage.recorder.unpainted(ANNA, CallId("c1"), "hidden")
    stage.recorder.painted(ANNA, CallId("c1"), 12.34)
    told = stage.told()
    assert codes(told) == ["painted_late"]
    assert "late, after 12.3 s" in first(told)[1]


def test_there_was_no_desk_or_its_browser_has_not_said_anything_yet(stage: Stage) -> None:
    ref = stage.comes_in()
    stage.answers(ref, stage.rings(ref, ANNA, "PJSIP/101"), ANNA, pop(stage))
    assert codes(stage.told()) == ["off_shift"]
    stage.recorder.published(ANNA, 5, "card", CallId("c1"))
    assert codes(stage.told()) == ["waiting"]


@pytest.mark.parametrize(
    ("policy", "code", "words"),
    [
        (NEVER, "policy_never", "never open a card"),
        (BUTTON, "policy_button", "open the card by a button; nobody pressed it"),
        (PopPolicy(), "not_seen", "the answer was not seen"),
    ],
)
def test_he_answered_and_no_card_was_to_open(policy: PopPolicy, code: str, words: str) -> None:
    stage = Stage(policy)
    ref = stage.comes_in()
    stage.answers(ref, stage.rings(ref, ANNA, "PJSIP/101"), ANNA)
    told = stage.told()
    assert codes(told) == [code]
    assert words in first(told)[1]
    if code != "not_seen":
        rules = [step.text.en for step in told.steps if step.what == "policy"]
        assert rules[0].startswith("The rule (inbound, queue finance): ")


def test_somebody_else_answered(stage: Stage) -> None:
    ref = stage.comes_in()
    leg = stage.rings(ref, ANNA, "PJSIP/101")
    stage.rings(ref, BORIS, "PJSIP/102")
    other = do.HideRinging("k", BORIS, CallId("c1"), EndReason.answered_elsewhere)
    stage.answers(ref, leg, ANNA, pop(stage), other)
    stage.recorder.painted(ANNA, CallId("c1"), 0.1)
    told = stage.told()
    assert codes(told) == ["painted", "not_answered"]
    assert told.verdicts[1].text.ru.startswith("boris: телефон звонил, но ответил другой")


def test_one_whose_card_failed_comes_before_one_who_has_it(stage: Stage) -> None:
    ref = stage.comes_in()
    leg = stage.rings(ref, ANNA, "PJSIP/101")
    stage.rings(ref, BORIS, "PJSIP/102")
    stage.answers(ref, leg, ANNA, pop(stage), pop(stage, BORIS))
    stage.recorder.painted(ANNA, CallId("c1"), 0.1)
    stage.recorder.unpainted(BORIS, CallId("c1"), "no_page")
    assert codes(stage.told()) == ["no_page", "painted"]


def test_it_still_rings(stage: Stage) -> None:
    ref = stage.comes_in()
    stage.rings(ref, ANNA, "PJSIP/101")
    assert codes(stage.told()) == ["ringing"]


def test_nobody_answered(stage: Stage) -> None:
    ref = stage.comes_in()
    stage.rings(ref, ANNA, "PJSIP/101")
    stage.take(f.ChannelHungUp(ref, 16), do.HideRinging("k", ANNA, CallId("c1"), EndReason.cancelled))
    stage.ends(ref, answered_by=None, outcome=Outcome.abandoned_ringing)
    told = stage.told()
    assert codes(told) == ["not_answered"]
    assert "the caller gave up" in first(told)[1]


def test_the_phone_belongs_to_nobody_who_is_signed_in(stage: Stage) -> None:
    ref = stage.comes_in()
    stage.rings(ref, None, "PJSIP/103")
    told = stage.told()
    assert codes(told) == ["nobodys_phone"]
    rings = (
        do.Ring(None, Interface("PJSIP/103"), START, START, EndReason.completed),
        do.Ring(None, Interface("PJSIP/104"), START, START, EndReason.no_answer),
    )
    stage.ends(ref, operators=rings, answered_by=None)
    told = stage.told()
    assert codes(told) == ["answered_by_nobody", "nobodys_phone"]
    assert first(told)[1].startswith("Somebody answered at PJSIP/103, but nobody is on shift with this phone")


def test_an_internal_call_never_opens_a_card(stage: Stage) -> None:
    ref = ChannelRef(MAIN, ChannelId("1700000000.5"))
    stage.directions[CallId("c5")] = Direction.internal
    stage.take(
        f.ChannelCreated(ref, "PJSIP/101-0000000c", ref.id, "101", "Anna", "102", "phones"),
        do.RememberCall("r", CallId("c5"), ref, stage.at),
    )
    stage.take(f.ChannelHungUp(ref, 16), do.TellStep("e", CallId("c5"), stage.at, do.StepEvent.ended))
    told = stage.told("c5")
    assert codes(told) == ["internal"]
    assert told.direction == "internal"
    assert told.ended_at == stage.at


def test_an_internal_call_that_rings_an_operator_says_so_too(stage: Stage) -> None:
    ref = stage.comes_in()
    view = stage.view(direction=Direction.internal)
    stage.take(f.QueueLeft(ref, view.queue or ""), do.ShowRinging("k", ANNA, view))  # type: ignore[arg-type]
    assert codes(stage.told())[0] == "internal"


def test_the_caller_reached_nobody(stage: Stage) -> None:
    ref = stage.comes_in()
    assert codes(stage.told()) == ["living"]
    stage.ends(ref, answered_by=None, outcome=Outcome.abandoned_queue)
    told = stage.told()
    assert codes(told) == ["no_operator"]
    assert first(told)[1] == (
        "The call reached no operator: gave up in the queue. There was nobody to open a card for."
    )


def test_it_took_place_while_callcore_was_away(stage: Stage) -> None:
    ref = ChannelRef(MAIN, ChannelId("1700000000.7"))
    stage.take(
        f.Snapshot(MAIN, 1, (), (), ()),
        do.LogContact("k", stage.contact(ref, "c7", source=Source.journal, operators=())),
    )
    assert codes(stage.told("c7")) == ["away"]


def test_the_link_was_down_during_the_call(stage: Stage) -> None:
    ref = stage.comes_in()
    stage.take(f.LinkLost(MAIN))
    stage.take(f.LinkLost(PbxName("other")))
    stage.later(5)
    stage.take(f.Snapshot(MAIN, 2, (), (), ()))
    stage.ends(ref, answered_by=None)
    told = stage.told()
    assert codes(told) == ["link_lost"]
    assert [step.what for step in told.steps if "link" in step.what] == ["link_lost", "link_back"]
