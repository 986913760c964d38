"""The IVR's file drawn."""

from __future__ import annotations

from xml.etree import ElementTree

from callcore.domain import Text, TopicCode
from callcore.ivr.graph import graph
from callcore.ivr.layout import lay_out
from callcore.ivr.script import DEFAULT, Menu, Play, Script, Transfer

SVG = "{http://www.w3.org/2000/svg}"
SHOP = Script(
    "hello",
    {
        "hello": Play(Text("Привет <script>", "Hello & welcome"), "ask"),
        "ask": Menu(Text("Что?", "What?"), {"1": "sales", "2": "sales", "0": "hello"}, "sales"),
        "sales": Transfer(TopicCode("sales.offer")),
    },
)


def drawn(script: Script, **counts: int) -> ElementTree.Element:
    return ElementTree.fromstring(graph(script, counts))


def titles(picture: ElementTree.Element, kind: str) -> list[str]:
    groups = [each for each in picture.iter(f"{SVG}g") if each.get("class") == kind]
    return [group.findtext(f"{SVG}title") or "" for group in groups]


def test_nodes_and_ways() -> None:
    picture = drawn(SHOP)
    assert titles(picture, "way") == ["hello → ask", "ask → sales: 1, 2", "ask → hello: 0"]
    assert [title.splitlines()[0] for title in titles(picture, "node")] == ["hello", "ask", "sales"]
    texts = [each.text for each in picture.iter(f"{SVG}text")]
    assert {"hello", "play", "ask", "menu", "sales", "transfer sales.offer", "1, 2", "0"} == set(texts)


def test_what_is_said_stands_in_the_title() -> None:
    """Whatever it is, it stays text."""
    assert titles(drawn(SHOP), "node")[0] == "hello\nПривет <script>\nHello & welcome"
    assert "<script>" not in graph(SHOP)


def test_callers_by_node() -> None:
    """Only where there are any."""
    picture = drawn(SHOP, ask=12, sales=0, gone=3)
    assert [each.text for each in picture.iter() if each.get("class") == "now"] == ["12"]


def test_where_a_caller_comes_first_is_above() -> None:
    layout = lay_out(("a", "b", "c"), (("a", "b"), ("b", "c"), ("a", "c"), ("c", "a")))
    assert layout.boxes["a"][1] < layout.boxes["b"][1] < layout.boxes["c"][1]
    assert layout.rising == {("c", "a")}
    assert len(layout.bends["a", "c"]) == 1
    assert layout.bends["a", "c"][0][0] != layout.boxes["b"][0], "the line passes beside the box"


def test_a_node_that_leads_to_itself_and_one_that_leads_nowhere() -> None:
    script = Script("a", {"a": Menu(Text("а", "a"), {"1": "a", "2": "gone"}, "a")})
    assert titles(drawn(script), "way") == ["a → a: 1"]


def test_long_names_are_cut_but_told_whole() -> None:
    name = "a" * 40
    picture = drawn(Script(name, {name: Transfer(TopicCode("expert." + "x" * 40))}))
    assert all(len(each.text or "") <= 27 for each in picture.iter(f"{SVG}text"))
    assert titles(picture, "node") == [name]


def test_the_usual_way_and_nothing_at_all() -> None:
    assert len(titles(drawn(DEFAULT), "node")) == 3
    assert titles(drawn(Script("a", {})), "node") == []
