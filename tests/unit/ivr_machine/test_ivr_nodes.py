"""The nodes of the IVR's file one by one, as a caller goes through them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from callcore.domain import QueueName, TopicCode
from callcore.ivr.actions import (
    Action,
    Answer,
    Ask,
    AskDigits,
    Digits,
    Event,
    Find,
    Finish,
    Key,
    Known,
    Leave,
    Recorded,
    SwitchNote,
    TakeMessage,
)
from callcore.ivr.flow import Flow, Phrase, all_phrases
from callcore.ivr.machine import MOST_EVENTS, MOST_IDLE, begin, step
from callcore.ivr.ports import Message
from callcore.ivr.script import (
    Branch,
    Collect,
    Do,
    Emergency,
    LookUp,
    Menu,
    Outages,
    Play,
    Record,
    Set,
    Speak,
    Switch,
    Topics,
    Transfer,
)
from callcore.routing.legs import Announce, HangUp, OpenCase, ToQueue, Voicemail

from .house import MAIN, NOT_FOUND, OTHER, played, said, scripted, text

DAY, NIGHT = TopicCode("finance.balance"), TopicCode("corporate.other")
TO_DAY, TO_NIGHT = Leave(DAY), Leave(NIGHT)
ENDS = {"day": Transfer(DAY), "night": Transfer(NIGHT)}


def given_up(action: Action) -> bool:
    return isinstance(action, Leave) and action.topic == OTHER and action.by_default


# --- play and menu


def test_something_is_said_and_then_asked() -> None:
    it = scripted(
        "news", news=Play(text("news"), "ask"), ask=Menu(text("ask"), {"1": "day"}, "night"), **ENDS
    )
    place, action = played(it)
    assert (said(action), place.node) == (["news по-русски"], "news")
    assert action == Ask((Phrase("news по-русски", "ru"),), 0)
    place, action = played(it, None)
    assert action == Ask((Phrase("ask по-русски", "ru"),), 5)
    assert place.node == "ask"
    assert played(it, None, "1")[1] == TO_DAY


def test_the_greeting_comes_before_the_first_words() -> None:
    it = scripted("ask", has_greeting=True, ask=Menu(text("ask"), {"1": "day"}, "night"), **ENDS)
    assert said(played(it)[1]) == ["greeting по-русски", "ask по-русски"]
    assert said(played(it, "7")[1]) == ["wrong key по-русски", "ask по-русски"]
    at_once = scripted("day", has_greeting=True, **ENDS)
    assert said(played(at_once)[1]) == ["greeting по-русски"]


def test_a_key_pressed_during_the_news_is_the_choice() -> None:
    """Who knows the menu need not hear it, nor the news before it."""
    it = scripted(
        "first",
        first=Play(text("first"), "second"),
        second=Play(text("second"), "ask"),
        ask=Menu(text("ask"), {"1": "day"}, "night"),
        **ENDS,
    )
    assert played(it, "1")[1] == TO_DAY
    place, action = played(it, "7")
    assert said(action) == ["wrong key по-русски", "ask по-русски"]
    assert place.held is None


@pytest.mark.parametrize("keys", [("7", "8", None), (None, None, None), ("*", "#", "0")])
def test_three_wrong_answers_lead_on(keys: tuple[str | None, ...]) -> None:
    it = scripted("ask", ask=Menu(text("ask"), {"1": "day"}, "night"), **ENDS)
    assert played(it, *keys)[1] == TO_NIGHT
    assert played(it, *keys[:2], "1")[1] == TO_DAY


def test_a_menu_has_words_and_patience_of_its_own() -> None:
    menu = Menu(text("ask"), {"*": "day", "#": "night"}, "night", 2, 9, text("no such"), text("hello?"))
    it = scripted("ask", ask=menu, **ENDS)
    assert said(played(it, "1")[1])[0] == "no such по-русски"
    _place, action = played(it, None)
    assert said(action)[0] == "hello? по-русски"
    assert isinstance(action, Ask)
    assert action.wait_seconds == 9
    assert played(it, "1", "1")[1] == TO_NIGHT
    assert played(it, "*")[1] == TO_DAY
    assert played(it, "#")[1] == TO_NIGHT


# --- topics, outages, emergencies


def test_keys_beside_those_of_the_tables() -> None:
    """They count in the first menu only, and are told after it."""
    it = scripted("topics", topics=Topics(text("star"), {"*": "day", "#": "night"}), **ENDS)
    assert said(played(it)[1])[-2:] == [MAIN.items[1].sentence.ru, "star по-русски"]
    assert played(it, "*")[1] == TO_DAY
    assert played(it, "5", "#")[1] == TO_NIGHT
    place, action = played(it, "4", "*")
    assert (said(action)[0], place.failures) == ("wrong key по-русски", 1)
    assert "star по-русски" not in said(action)


def test_nothing_out_and_no_emergency() -> None:
    """Such nodes are passed in silence, and a key pressed before them is kept."""
    it = scripted(
        "news",
        news=Play(text("news"), "out"),
        out=Outages("flood"),
        flood=Emergency("ask"),
        ask=Menu(text("ask"), {"1": "day"}, "night"),
        **ENDS,
    )
    assert said(played(it, None)[1]) == ["ask по-русски"]
    assert played(it, "1")[1] == TO_DAY
    told = Known(emergencies=(text("flood"),))
    assert said(played(it, "1", known=told)[1]) == ["flood по-русски"]
    assert played(it, "1", "1", known=told)[1] == TO_DAY


# --- collect


CONTRACT = Collect(text("contract"), "contract", "say", "night", least=3, most=5, tries=2)


def test_digits_are_typed_and_said_again() -> None:
    it = scripted("contract", contract=CONTRACT, say=Play(text("it is {contract:digits}"), "day"), **ENDS)
    assert played(it)[1] == AskDigits((Phrase("contract по-русски", "ru"),), 5, 5)
    place, action = played(it, "1203")
    assert place.values["contract"] == "1203"
    assert said(action) == ["it is один два ноль три по-русски"]


@pytest.mark.parametrize("digits", ["", "12", "1*2#"])
def test_too_few_digits(digits: str) -> None:
    it = scripted("contract", contract=CONTRACT, say=Play(text("x"), "day"), **ENDS)
    word = "again" if digits else "silence"
    assert said(played(it, Digits(digits))[1]) == [f"{word} по-русски", "contract по-русски"]
    assert played(it, Digits(digits), Digits(digits))[1] == TO_NIGHT


def test_a_digit_pressed_before_is_the_first() -> None:
    it = scripted(
        "news",
        news=Play(text("news"), "contract"),
        contract=CONTRACT,
        say=Play(text("{contract}"), "day"),
        **ENDS,
    )
    assert played(it, "1")[1] == AskDigits((), 4, 5)
    assert played(it, "1", "203")[0].values["contract"] == "1203"
    assert said(played(it, "#")[1]) == ["contract по-русски"]
    assert said(played(it, "1", Digits(""))[1])[0] == "again по-русски"


def test_one_digit_pressed_before_is_all() -> None:
    one = Collect(text("mark"), "mark", "day", "night", most=1)
    it = scripted("news", news=Play(text("news"), "mark"), mark=one, **ENDS)
    place, action = played(it, "7")
    assert (place.values["mark"], action) == ("7", TO_DAY)


# --- values


@pytest.mark.parametrize(
    ("segment", "to"), [("VIP-0", TO_DAY), ("vip-0", TO_DAY), ("", TO_NIGHT), ("mass", TO_NIGHT)]
)
def test_a_branch(segment: str, to: Leave) -> None:
    it = scripted("who", who=Branch("caller.segment", {"Vip-0": "day"}, "night"), **ENDS)
    assert played(it, known=Known({"caller.segment": segment}))[1] == to
    assert played(it)[1] == TO_NIGHT


def test_what_was_set_is_there() -> None:
    it = scripted(
        "mark", mark=Set({"way": "short"}, "by"), by=Branch("way", {"short": "day"}, "night"), **ENDS
    )
    assert played(it)[1] == TO_DAY


def test_speaking_another_language() -> None:
    it = scripted(
        "other",
        other=Speak(None, "by"),
        by=Branch("language", {"en": "ask"}, "night"),
        ask=Menu(text("ask"), {"1": "day", "2": "russian"}, "night"),
        russian=Speak("ru", "ask"),
        **ENDS,
    )
    place, action = played(it)
    assert (said(action), place.language) == (["ask in English"], "en")
    place, action = played(it, "2")
    assert (said(action), place.language) == (["ask по-русски"], "ru")


# --- the record

IDENTIFY = LookUp(
    "contract_pin", "own", "wrong", {"contract": "contract", "pin": "pin"}, tries=3, failed="night"
)
BANK = {
    "contract": Collect(text("contract"), "contract", "pin", "night"),
    "pin": Collect(text("pin"), "pin", "identify", "night", is_secret=True),
    "identify": IDENTIFY,
    "wrong": Play(text("wrong"), "contract"),
    "own": LookUp("balance", "balance", "day"),
    "balance": Play(text("you have {balance:money}"), "day"),
    **ENDS,
}
RIGHT = ("771", "4321", Answer({}))
WRONG = ("771", "1111", NOT_FOUND)


def test_identified_by_contract_and_pin() -> None:
    it = scripted("contract", **BANK)
    assert played(it, "771")[1] == AskDigits((Phrase("pin по-русски", "ru"),), 20, 5, is_secret=True)
    _place, action = played(it, "771", "4321")
    assert action == Find("contract_pin", {"contract": "771", "pin": "4321", "language": "ru"})
    place, action = played(it, *RIGHT)
    assert action == Find("balance", {"language": "ru"})
    assert place.node == "own"
    place, action = played(it, *RIGHT, Answer({"balance": "123456", "balance.currency": "RUB"}))
    assert said(action) == ["you have тысяча двести тридцать четыре рубля пятьдесят шесть копеек по-русски"]
    assert isinstance(action, Ask)
    assert action.phrases[0].is_personal


def test_three_tries_for_contract_and_pin() -> None:
    it = scripted("contract", **BANK)
    assert said(played(it, *WRONG)[1]) == ["wrong по-русски"]
    assert played(it, *WRONG, None, *WRONG, None, *WRONG)[1] == TO_NIGHT
    assert isinstance(played(it, *WRONG, None, *WRONG, None, *RIGHT)[1], Find)


def test_a_secret_is_gone_once_it_was_looked_up() -> None:
    """And it stands in nobody's log while it is there."""
    it = scripted("contract", **BANK)
    place, action = played(it, "771", "4321")
    assert "4321" not in f"{place!r} {action!r} {Digits('4321')!r}"
    for answer in (NOT_FOUND, Answer({})):
        after, _action = step(it, place, answer)
        assert "pin" not in after.values
        assert after.values["contract"] == "771"


def test_nothing_is_asked_without_what_it_must_be_told() -> None:
    it = scripted("identify", **BANK)
    assert said(played(it)[1]) == ["wrong по-русски"]


def test_nobody_answers() -> None:
    it = scripted("own", **BANK)
    assert played(it, NOT_FOUND)[1] == TO_DAY
    assert played(it, None)[1] == TO_DAY


def test_only_what_the_question_gives_is_kept() -> None:
    """An answer cannot change the language, nor what the caller typed."""
    it = scripted("own", **BANK)
    answer = Answer({"balance": "100", "language": "en", "contract": "1"})
    place, _action = played(it, answer)
    assert place.values["language"] == "ru"
    assert "contract" not in place.values
    assert place.values["balance.currency"] == ""


STAFF = {
    "pin": Collect(text("pin"), "pin", "check", "night", is_secret=True),
    "check": LookUp("staff_pin", "note", "pin", {"pin": "pin"}, tries=2, failed="night"),
    "note": Collect(text("note"), "note", "on", "night"),
    "on": Switch("note", True, "done", "none"),
    "done": Play(text("done"), "off"),
    "none": Play(text("none"), "note"),
    "off": Switch("12", False, "day", "night"),
    **ENDS,
}


def test_staff_switches_an_emergency_on_and_off() -> None:
    it = scripted("pin", **STAFF)
    place, action = played(it, "246810")
    assert action == Find("staff_pin", {"pin": "246810", "language": "ru"})
    assert "246810" not in repr((place, action))
    right = ("246810", Answer({}))
    assert said(played(it, *right)[1]) == ["note по-русски"]
    assert played(it, *right, "31")[1] == SwitchNote("31", True)
    assert said(played(it, *right, "31", NOT_FOUND)[1]) == ["none по-русски"]
    assert said(played(it, *right, "31", Answer({}))[1]) == ["done по-русски"]
    assert played(it, *right, "31", Answer({}), None)[1] == SwitchNote("12", False)
    assert played(it, *right, "31", Answer({}), None, Answer({}))[1] == TO_DAY


def test_a_wrong_staff_pin() -> None:
    it = scripted("pin", **STAFF)
    wrong = ("111111", NOT_FOUND)
    place, action = played(it, *wrong)
    assert said(action) == ["pin по-русски"]
    assert "111111" not in str(dict(place.values))
    assert played(it, *wrong, *wrong)[1] == TO_NIGHT


# --- what he leaves behind

WORD = {"word": Record(text("speak"), "word", "day", "night", most_seconds=60), **ENDS}


def test_what_he_says_goes_with_him() -> None:
    it = scripted("word", **WORD)
    assert played(it)[1] == TakeMessage((Phrase("speak по-русски", "ru"),), 60)
    place, action = played(it, Recorded("a-1.wav", 4.5))
    assert action == Leave(DAY, message=Message("a-1.wav", 4.5))
    assert place.values["word"] == "a-1.wav"
    assert played(it, Recorded(None))[1] == TO_NIGHT
    assert played(it, Key("1"))[1] == TO_NIGHT


def test_legs_of_the_script_itself() -> None:
    legs = (ToQueue(QueueName("night"), max_wait=timedelta(minutes=1)), Voicemail())
    it = scripted("night", has_greeting=True, night=Do(legs, NIGHT))
    assert played(it)[1] == Finish(legs, NIGHT, (Phrase("greeting по-русски", "ru"),))
    spoken = scripted("word", word=Record(text("x"), "word", "end", "end"), end=Do((HangUp(),), DAY))
    assert played(spoken, Recorded("a.wav", 2.0))[1] == Finish((HangUp(),), DAY, (), Message("a.wav", 2.0))


def test_what_legs_say_is_spoken_beforehand() -> None:
    """With all that nodes say, but for sentences with values in them."""
    legs = (
        Announce(text("closed")),
        OpenCase("fault", text("address"), text("noted")),
        Voicemail(text("leave")),
    )
    it = scripted(
        "ask",
        ask=Menu(text("ask {x}. Twice"), {"1": "end"}, "end", wrong=text("no such"), silence=text("hello?")),
        end=Do(legs, NIGHT),
    )
    spoken = {phrase.text for phrase in all_phrases(it, ())}
    for word in ("closed", "address", "noted", "leave", "no such", "hello?"):
        assert {f"{word} по-русски", f"{word} in English"} <= spoken
    assert {"Twice по-русски", "Twice in English"} <= spoken
    assert not any("{" in each for each in spoken)


# --- nobody stays for ever


def test_a_circle_of_silent_nodes_ends() -> None:
    it = scripted("a", a=Set({}, "b"), b=Set({}, "a"))
    assert given_up(played(it)[1])


def test_a_circle_of_words_ends() -> None:
    """For a silent caller, and for one who passes over all that is said."""
    it = scripted("a", a=Play(text("a"), "b"), b=Play(text("b"), "a"))
    assert _steps_until_given_up(it, Key(None)) == MOST_IDLE
    assert _steps_until_given_up(it, Key("1")) == 1


def test_a_machine_that_presses_keys_for_ever_ends() -> None:
    it = scripted("a", a=Menu(text("a"), {"1": "a"}, "a"))
    assert _steps_until_given_up(it, Key("1")) == MOST_EVENTS


def _steps_until_given_up(it: Flow, event: Event) -> int:
    place, action = begin(it)
    count = 0
    while not isinstance(action, Leave | Finish):
        place, action = step(it, place, event)
        count += 1
        assert count <= MOST_EVENTS, "he stays for ever"
    assert given_up(action)
    return count


def test_a_script_that_slipped_through() -> None:
    """Nodes that are not there lead to the default topic, not to silence."""
    assert given_up(played(scripted("gone"))[1])
    assert given_up(played(scripted("a", a=Play(text("a"), "gone")), None)[1])
    it = scripted("a", a=Play(text("a"), "b"), b=Transfer(DAY))
    place, _action = played(it)
    assert given_up(step(scripted("b", b=Transfer(DAY)), place, Key(None))[1])
