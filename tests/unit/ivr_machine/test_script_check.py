"""What is wrong in a script as a whole: ways, circles, values, secrets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callcore.domain import Text, TopicCode
from callcore.ivr.check import LONGEST_TEXT, House, check
from callcore.ivr.faults import ScriptFault
from callcore.ivr.script import (
    DEFAULT,
    Branch,
    Collect,
    Do,
    LookUp,
    Menu,
    Node,
    Play,
    Record,
    Script,
    Set,
    Switch,
    Topics,
    Transfer,
)
from callcore.routing.legs import HangUp

from .house import text

END = Transfer(TopicCode("sales.offer"))
PIN = Collect(text("pin"), "pin", "check", "end", is_secret=True)
CHECK = LookUp("contract_pin", "end", "contract", {"contract": "contract", "pin": "pin"}, 3, "end")
BANK = {
    "contract": Collect(text("contract"), "contract", "pin", "end"),
    "pin": PIN,
    "check": CHECK,
    "end": END,
}


def found(start: str, house: House | None = None, **nodes: Node) -> list[str]:
    """Each fault: where, how grave, what."""
    return [_shown(each) for each in check(Script(start, nodes), house)]


def _shown(each: ScriptFault) -> str:
    mark = "" if each.severity == "fault" else "~"
    assert each.message.ru
    assert each.remedy.ru
    return f"{mark}{'.'.join(each.position)}: {each.message.en}"


def test_good_scripts() -> None:
    assert check(DEFAULT) == ()
    assert found("contract", **BANK) == []


def test_a_node_that_is_not_there() -> None:
    menu = Menu(text("ask"), {"1": "ned"}, "gone")
    assert found("ask", ask=menu, end=END) == [
        'nodes.ask.keys.1: There is no node "ned".',
        'nodes.ask.otherwise: There is no node "gone".',
    ]
    assert found("begin", end=END)[0] == 'start: There is no node "begin".'
    (fault,) = check(Script("a", {"a": Play(text("a"), "emd"), "end": END, "other": END}))
    assert fault.remedy.en.startswith("Nodes: end")


def test_where_nobody_comes() -> None:
    assert found("end", end=END, lost=Play(text("x"), "end")) == ["~nodes.lost: Nobody comes here."]


@pytest.mark.parametrize(
    "back",
    [
        Play(text("b"), "a"),
        Menu(text("b"), {"1": "end"}, "a"),
        Set({}, "a"),
        Branch("language", {"en": "end"}, "a"),
        LookUp("balance", "end", "a"),
        Collect(text("b"), "x", "end", "a"),
        Record(text("b"), "x", "end", "a"),
    ],
)
def test_a_circle_in_which_a_silent_caller_stays(back: Node) -> None:
    told = found("a", a=Play(text("a"), "b"), b=back, end=END)
    circle = [each for each in told if "circle" in each]
    assert circle == ["nodes.a: Whoever does nothing goes round in a circle: a, b."]


def test_a_circle_by_his_own_keys_is_none() -> None:
    """He may hear it as often as he likes."""
    assert found("a", a=Play(text("a"), "b"), b=Menu(text("b"), {"1": "a"}, "end"), end=END) == []
    assert found("a", a=Topics(text("a"), {"*": "b"}), b=Play(text("b"), "a")) == []


def test_no_way_out() -> None:
    """Only keys lead on, and only to where keys lead on."""
    a, b = Menu(text("a"), {"1": "b"}, "b"), Menu(text("b"), {"1": "a"}, "a")
    assert "nodes.a: There is no way out of here." in found("a", a=a, b=b)


def test_topics_that_are_not_there() -> None:
    house = House(topics=["sales.offer", "finance.balance"])
    nodes = {"a": Menu(text("a"), {"1": "end"}, "b"), "b": Do((HangUp(),), TopicCode("night")), "end": END}
    assert found("a", house, **nodes) == ['nodes.b.topic: There is no topic "night".']
    wrong = {"end": Transfer(TopicCode("sales.ofer"))}
    assert found("end", house, **wrong) == ['nodes.end.transfer: There is no topic "sales.ofer".']


def test_a_key_that_the_tables_have() -> None:
    house = House(menu_keys={"4", "9"})
    assert found("a", house, a=Topics(text("a"), {"4": "end", "*": "end"}), end=END) == [
        "nodes.a.keys.4: The key 4 is taken by a topic table or by the language."
    ]


# --- values


def test_a_value_that_nobody_knows() -> None:
    assert found("a", a=Play(text("{balanse:money}"), "b"), b=LookUp("balance", "end", "end"), end=END) == [
        "nodes.a.play: There is no value balanse."
    ]


def test_a_value_that_is_not_known_yet() -> None:
    """On one of the ways to it: that one is named."""
    nodes = {
        "ask": Menu(text("a"), {"1": "asked"}, "say"),
        "asked": LookUp("balance", "say", "end"),
        "say": Play(text("{balance:money}"), "end"),
        "end": END,
    }
    assert found("ask", **nodes) == [
        "nodes.say.play: The value balance is not known yet to whoever comes from ask."
    ]
    assert found("say", **nodes)[0] == "~nodes.ask: Nobody comes here."
    assert "nodes.say.play: The value balance is not known at the start." in found("say", **nodes)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("caller.segment", "x"),
        ("caller.standing", "Unknown"),
        ("language", "en"),
        ("dialled", "x"),
        ("hours.finance", "closed"),
        ("hint.region", "x"),
    ],
)
def test_what_is_there_from_the_start(name: str, word: str) -> None:
    house = House(tables=["finance"], hints=["region"])
    assert found("a", house, a=Branch(name, {word: "end"}, "end"), end=END) == []


@pytest.mark.parametrize("name", ["caller.standing", "caller.language", "language", "hours.finance"])
def test_words_that_a_value_never_has(name: str) -> None:
    """Nobody would come by that case, and all would go otherwise, unnoticed."""
    house = House(tables=["finance"])
    assert found("a", house, a=Branch(name, {"x": "end"}, "end"), end=END) == [
        f"nodes.a.cases.x: {name} is never that."
    ]


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("hours.finanse", "hours.finance"), ("hint.regoin", "hint.region")],
)
def test_hours_and_hints_that_are_not_there(name: str, remedy: str) -> None:
    script = Script("a", {"a": Branch(name, {"open": "end"}, "end"), "end": END})
    (fault,) = check(script, House(tables=["finance", "sales"], hints=["region"]))
    assert fault.message.en == f"There is no value {name}."
    assert remedy in fault.remedy.en
    (without,) = check(Script("a", {"a": Branch("hint.x", {"x": "end"}, "end"), "end": END}), House(hints=[]))
    assert without.remedy.en == "Name the hint in ivr.hints."


def test_a_value_said_as_what_it_cannot_be() -> None:
    said = Text("{language:rubles} и {x", "{language}")
    assert found("a", a=Play(said, "end"), end=END) == [
        "nodes.a.play.ru: The braces { } do not match.",
        "nodes.a.play.ru: There is no way to say rubles.",
    ]


def test_both_languages_say_the_same_values() -> None:
    said = Text("Вы звоните с {caller.number:digits}.", "Hello.")
    assert found("a", a=Play(said, "end"), end=END) == [
        "~nodes.a.play: Russian and English say different values."
    ]


# --- secrets


def test_a_pin_typed_in_the_open() -> None:
    nodes = {**BANK, "pin": replace(PIN, is_secret=False)}
    assert found("contract", **nodes) == ["nodes.check.using.pin: The PIN is typed in the open."]


def test_a_secret_is_not_said() -> None:
    nodes = {**BANK, "pin": replace(PIN, then="say"), "say": Play(text("{pin:digits}"), "check")}
    assert {"nodes.say.play.ru: The secret pin would be said aloud."} <= set(found("contract", **nodes))


def test_a_secret_is_not_compared_with_the_file() -> None:
    nodes = {**BANK, "pin": replace(PIN, then="by"), "by": Branch("pin", {"1234": "end"}, "check")}
    assert found("contract", **nodes) == ["nodes.by.branch: A secret is compared with what the file says."]


def test_a_secret_is_gone_once_it_was_looked_up() -> None:
    nodes = {**BANK, "check": replace(CHECK, then="again"), "again": replace(CHECK, otherwise="end")}
    assert found("contract", **nodes) == [
        "nodes.again.using.pin: The value pin is not known yet to whoever comes from check."
    ]


def test_a_staff_pin_that_nobody_has_set() -> None:
    staff = {
        "pin": replace(PIN, then="staff"),
        "staff": LookUp("staff_pin", "on", "end", {"pin": "pin"}),
        "on": Switch("12", True, "end", "end"),
        "end": END,
    }
    assert found("pin", House(has_staff_pin=False), **staff) == [
        "nodes.staff.look_up: There is no staff PIN."
    ]
    assert found("pin", House(), **staff) == []


def test_announcements_are_switched_behind_the_staff_pin_only() -> None:
    """Whoever finds a key must not be able to."""
    nodes = {
        "ask": Menu(text("a"), {"#": "on"}, "end"),
        "on": Switch("12", True, "end", "end"),
        "end": END,
    }
    assert found("ask", **nodes) == ["nodes.on.switch_on: Callers come here without the staff PIN."]


def test_a_text_to_which_nobody_listens() -> None:
    long = Text("а" * (LONGEST_TEXT + 1), "a")
    (told,) = found("a", a=Play(long, "end"), end=END)
    assert told.startswith("~nodes.a.play: The text is longer than")
