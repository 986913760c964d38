"""Whatever stands in the IVR's file and whatever a caller does: his way ends, and soon."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from callcore.domain import LANGUAGES, Text, TopicCode
from callcore.ivr.actions import (
    Answer,
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
)
from callcore.ivr.check import check
from callcore.ivr.flow import Flow, FlowTexts, Phrase, all_phrases
from callcore.ivr.graph import graph
from callcore.ivr.layout import BOX_WIDTH, GAP, lay_out
from callcore.ivr.machine import MOST_EVENTS, MOST_IDLE, begin, step
from callcore.ivr.say import value_words
from callcore.ivr.script import (
    ARGUMENTS,
    SAYABLE,
    Branch,
    Collect,
    Do,
    Emergency,
    LookUp,
    Menu,
    Node,
    Outages,
    Play,
    Record,
    Script,
    Set,
    Speak,
    Switch,
    Topics,
    Transfer,
)
from callcore.routing.legs import HangUp
from callcore.routing.menu import Menu as TableMenu
from callcore.routing.menu import MenuItem

NAMES = tuple("abcdefgh")
KEYS = "0123456789*#"
OTHER = TopicCode("expert.other")
SECRET = "9876543"

names = st.sampled_from([*NAMES, "gone"])
values = st.sampled_from(["x", "y", "pin", "balance", "language", "caller.segment"])
words = st.lists(
    st.sampled_from(["Слово.", "Word", "{x}", "{y:money}.", "{balance:date}", "<&>"]), min_size=1, max_size=4
).map(" ".join)
texts = st.builds(Text, words, words)
keys = st.dictionaries(st.sampled_from(KEYS), names, max_size=4)
open_values = st.sampled_from(["x", "y"])


@st.composite
def collects(draw: st.DrawFn) -> Collect:
    secret = draw(st.booleans())
    most = draw(st.integers(1, 8))
    into = "pin" if secret else draw(open_values)
    least = draw(st.integers(1, most))
    tries = draw(st.integers(1, 4))
    return Collect(draw(texts), into, draw(names), draw(names), least, most, tries, 3, secret)


@st.composite
def look_ups(draw: st.DrawFn) -> LookUp:
    what = draw(st.sampled_from(["contract_pin", "customer", "balance", "tariff", "request", "staff_pin"]))
    using = {name: draw(values) for name in ARGUMENTS.get(what, ())}  # type: ignore[call-overload]
    tries = draw(st.none() | st.integers(1, 4))
    return LookUp(what, draw(names), draw(names), using, tries, draw(names) if tries else None)  # type: ignore[arg-type]


nodes: st.SearchStrategy[Node] = st.one_of(
    st.builds(Play, texts, names),
    st.builds(Menu, texts, keys, names, st.integers(1, 4), st.just(3), st.none() | texts, st.none() | texts),
    st.builds(Topics, st.none() | texts, keys),
    st.builds(Outages, names),
    st.builds(Emergency, names),
    collects(),
    st.builds(Branch, values, st.dictionaries(st.sampled_from(["en", "1", "VIP"]), names, max_size=3), names),
    look_ups(),
    st.builds(Set, st.dictionaries(open_values, st.sampled_from(["1", "vip"]), max_size=2), names),
    st.builds(Record, texts, open_values, names, names),
    st.builds(Speak, st.sampled_from(["ru", "en", None]), names),
    st.builds(Transfer, st.just(TopicCode("finance.balance"))),
    st.builds(Do, st.just((HangUp(),)), st.just(OTHER)),
    st.builds(Switch, st.sampled_from(["12", "x"]), st.booleans(), names, names),
)
scripts = st.builds(Script, names, st.dictionaries(st.sampled_from(NAMES), nodes, max_size=8), st.booleans())
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(Key, st.none() | st.sampled_from(KEYS)),
    st.builds(Digits, st.text(KEYS, max_size=9) | st.just(SECRET)),
    st.builds(Recorded, st.none() | st.just("a.wav"), st.just(2.0)),
    st.builds(Answer, st.none() | st.just({"balance": "12345", "tariff": "Дом"})),
)
known = st.builds(
    Known,
    st.dictionaries(st.sampled_from(["caller.segment", "x"]), st.sampled_from(["", "VIP", "100"])),
    st.sampled_from(["ru", "en", None]),
    st.sampled_from([(), (Text("Нет света.", "No power."),)]),
    st.sampled_from([(), (Text("Потоп.", "A flood."),)]),
)


def flow(script: Script) -> Flow:
    one = Text("раз", "one")
    topics = TableMenu(
        (MenuItem("1", one, OTHER), MenuItem("2", one, menu=TableMenu((MenuItem("3", one, OTHER),))))
    )
    house = FlowTexts(*(Text(f"слова {number}", f"words {number}") for number in range(11)))
    return Flow(Text("Привет.", "Hello."), house, topics, "ru", "9", 5, 3, OTHER, script)


@given(scripts, known, st.lists(events, min_size=1, max_size=12))
def test_every_way_ends(script: Script, who: Known, done: list[Event]) -> None:
    """He does these things again and again. Each step is an action, and the same one every time."""
    it = flow(script)
    place, action = begin(it, who)
    assert (place, action) == begin(it, who)
    for count in range(MOST_EVENTS + 1):
        if isinstance(action, Leave | Finish):
            return
        event = done[count % len(done)]
        again = step(it, place, event)
        place, action = step(it, place, event)
        assert (place, action) == again
        assert place.node in {*script.nodes, script.start} or isinstance(action, Leave)
        assert place.values["language"] == place.language
    raise AssertionError(f"he is still in {place.node}")


@given(scripts, known)
def test_a_silent_caller_comes_out(script: Script, who: Known) -> None:
    it = flow(script)
    place, action = begin(it, who)
    for _ in range(MOST_IDLE):
        if isinstance(action, Leave | Finish):
            return
        place, action = step(it, place, Key(None))
    assert isinstance(action, Leave | Finish)


@given(scripts, known, st.lists(events, max_size=30))
def test_what_is_said_is_spoken_beforehand(script: Script, who: Known, done: list[Event]) -> None:
    """But for sentences with values in them, and what the house tells only today."""
    it = flow(script)
    today = {
        Phrase(text.in_(language), language)
        for text in (*who.outages, *who.emergencies)
        for language in LANGUAGES
    }
    ready = set(all_phrases(it, ())) | today
    place, action = begin(it, who)
    for event in [*done, None]:
        for phrase in getattr(action, "phrases", ()):
            assert phrase.is_personal or phrase in ready
        if event is None or isinstance(action, Leave | Finish):
            return
        place, action = step(it, place, event)


@given(scripts, known, st.lists(events, min_size=1, max_size=30))
def test_a_secret_is_only_ever_asked_about(script: Script, who: Known, done: list[Event]) -> None:
    """What was typed in secret is in no action's words, and in nothing that a log may show."""
    it = flow(script)
    if any(isinstance(node, Collect) and not node.is_secret for node in script.nodes.values()):
        script = replace(script, nodes={n: _secret(node) for n, node in script.nodes.items()})
        it = flow(script)
    place, action = begin(it, who)
    for event in done:
        if isinstance(action, Leave | Finish):
            return
        typed = Digits(SECRET[: action.most]) if isinstance(action, AskDigits) else event
        place, action = step(it, place, typed)
        if not isinstance(action, Find | SwitchNote):
            assert SECRET[:5] not in f"{place!r} {action!r}" or _says_values_of_secrets(script)


def _secret(node: Node) -> Node:
    return replace(node, into="pin", is_secret=True) if isinstance(node, Collect) else node


def _says_values_of_secrets(script: Script) -> bool:
    return any(found.severity == "fault" and "secret" in found.message.en for found in check(script))


@st.composite
def sound(draw: st.DrawFn) -> Script:
    """A script without faults: where nodes lead in a circle, one of them is led out of it."""
    found = draw(st.fixed_dictionaries({name: nodes for name in NAMES}))
    script = Script("a", {name: _without_values(_led(node)) for name, node in found.items()})
    while faults := [each for each in check(script) if each.severity == "fault"]:
        script = replace(script, nodes={**script.nodes, faults[0].node: Transfer(OTHER)})
    return script


def _led(node: Node) -> Node:
    """To nodes that are there."""
    ways: dict[str, Any] = {}
    for name in ("then", "otherwise", "failed"):
        if getattr(node, name, "") == "gone":
            ways[name] = "h"
    for name in ("keys", "cases"):
        if hasattr(node, name):
            ways[name] = {key: "h" if to == "gone" else to for key, to in getattr(node, name).items()}
    return replace(node, **ways)


def _without_values(node: Node) -> Node:
    plain: dict[str, Any] = {"say": Text("Слово.", "Word.")} if getattr(node, "say", None) else {}
    return replace(node, **plain)


@given(sound())
def test_a_script_that_is_checked_leads_out_by_itself(script: Script) -> None:
    """What the check lets pass needs no guard: a silent caller comes to an end that the file names."""
    it = flow(script)
    place, action = begin(it)
    while not isinstance(action, Leave | Finish):
        assert place.idle < MOST_IDLE - 1, f"only the guard leads out of {place.node}"
        place, action = step(it, place, Key(None))
    assert isinstance(script.nodes[place.node], Transfer | Do | Topics | Outages)


@given(scripts, st.dictionaries(st.sampled_from(NAMES), st.integers(0, 300)))
def test_any_script_can_be_drawn(script: Script, counts: dict[str, int]) -> None:
    picture = ElementTree.fromstring(graph(script, counts))
    shown = [each.text for each in picture.iter() if each.get("class") == "now"]
    assert sorted(shown, key=str) == sorted((str(counts[n]) for n in script.nodes if counts.get(n)), key=str)


pairs = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda line: line[0] != line[1])


@given(st.lists(pairs, unique=True, max_size=20))
def test_boxes_never_overlap(lines: list[tuple[str, str]]) -> None:
    layout = lay_out(NAMES, tuple(lines))
    for one in NAMES:
        for two in NAMES:
            (x1, y1), (x2, y2) = layout.boxes[one], layout.boxes[two]
            assert one == two or y1 != y2 or abs(x1 - x2) >= BOX_WIDTH + GAP - 0.2
    for source, target in lines:
        falls = layout.boxes[source][1] < layout.boxes[target][1]
        assert falls is ((source, target) not in layout.rising)
    assert all(0 < x < layout.width and 0 < y < layout.height for x, y in layout.boxes.values())


@given(
    st.text(max_size=40),
    st.sampled_from(SAYABLE),
    st.sampled_from(LANGUAGES),
    st.sampled_from(["RUB", "XAU", "??"]),
)
def test_any_value_can_be_said(value: str, kind: str, language: str, currency: str) -> None:
    spoken = value_words(value, kind, "ru" if language == "ru" else "en", currency)
    assert spoken.isprintable()
