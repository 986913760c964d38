"""Markdown from anybody becomes harmless HTML; search marks forms of words; versions are compared."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore.crm.knowledge import Change, compared, is_safe_link, marked, render, slug_of, snippet

BLOCKS = {"p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "pre", "blockquote", "hr", "br"}
TAGS = BLOCKS | {"a", "em", "strong", "s", "code", "img", "table", "thead", "tbody", "tr", "th", "td"}
ATTRIBUTES = {"href", "title", "rel", "target", "src", "alt", "id", "class", "start", "style"}
STYLES = frozenset({"text-align:left", "text-align:right", "text-align:center"})


class Watch(HTMLParser):
    """Raises for anything that an article has no use for."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        for name, value in attrs:
            assert name in ATTRIBUTES, name
            if name == "style":
                assert value in STYLES
            if name in ("href", "src"):
                self.links.append(value or "")
                assert is_safe_link(value or ""), value
            if name == "src":
                assert (value or "").startswith("/files/"), value

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def watched(markdown: str) -> Watch:
    watch = Watch()
    watch.feed(render(markdown).html)
    watch.close()
    return watch


HOSTILE = [
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](javascript&#58;alert(1))",
    "[a](java&Tab;script:alert(1))",
    "[a](java&NewLine;script:alert(1))",
    "[a](&#1;javascript:alert(1))",
    "[a]( javascript:alert(1))",
    "[a](<java\tscript:alert(1)>)",
    "[a](vbscript:x)",
    "[a](data:text/html;base64,PHNjcmlwdD4=)",
    "[a](file:///etc/passwd)",
    "[a](view-source:x)",
    "[a](blob:https://x/y)",
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    "![a](javascript:alert(1))",
    "![a](data:image/svg+xml,<svg onload=alert(1)>)",
    "![a](https://evil.example/pixel.png)",
    '![a" onerror="alert(1)](/files/x)',
    '[a](https://x "t\\" onmouseover=\\"alert(1)")',
    '[a](https://x"onmouseover="alert(1))',
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<!-- <script> -->",
    "<![CDATA[ x ]]>",
    "<?php ?>",
    "<style>*{display:none}</style>",
    "`<script>alert(1)</script>`",
    '```html"onload=alert(1)\n</code></pre><script>alert(1)</script>\n```',
    "# <img src=x onerror=alert(1)>",
    "|<script>|\n|-|\n|</td><script>|",
    "\u202e<b>txet",
    "\ud800",
    "a" * 10_000,
]


@pytest.mark.parametrize("markdown", HOSTILE)
def test_hostile_markdown_stays_words(markdown: str) -> None:
    watch = watched(markdown)
    for link in watch.links:
        plain = "".join(sign for sign in link if sign > " ").lower()
        assert not plain.startswith(("javascript:", "vbscript:", "data:", "file:", "blob:", "view-source:"))


@given(st.text(alphabet=st.sampled_from("[]()<>!`*_#|-: \n\t\"'&;/jscriptav:ahref\\x0\u202e"), max_size=80))
def test_nothing_that_is_typed_gets_out(markdown: str) -> None:
    watched(markdown)


@pytest.mark.parametrize(
    ("address", "is_safe"),
    [
        ("https://example.org/a:b", True),
        ("HTTP://example.org", True),
        ("mailto:anna@example.org", True),
        ("/knowledge/x?at=10:00", True),
        ("recalculation#part-1", True),
        ("#part-2", True),
        ("javascript:alert(1)", False),
        ("tel:112", False),
        ("x:y", False),
        ("https:javascript", False),
        (" javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
    ],
)
def test_where_a_link_may_lead(address: str, is_safe: bool) -> None:
    assert is_safe_link(address) is is_safe


def test_an_article() -> None:
    made = render(
        "# One\n\nText **bold**, [out](https://x.org), [in](/knowledge/y).\n\n## Two\n\n|a|b|\n|-|-|\n|1|2|"
    )
    assert [(head.level, head.text, head.anchor) for head in made.headings] == [
        (2, "One", "part-1"),
        (3, "Two", "part-2"),
    ]
    assert '<h2 id="part-1">One</h2>' in made.html
    assert '<a href="https://x.org" rel="noopener noreferrer" target="_blank">out</a>' in made.html
    assert '<a href="/knowledge/y">in</a>' in made.html
    assert "<td>2</td>" in made.html
    assert "Text bold, out, in." in made.text


def test_a_picture_of_ours_is_shown_and_any_other_is_a_link() -> None:
    assert render("![План](/files/abc_1)").html == '<p><img src="/files/abc_1" alt="План"></p>\n'
    assert "<img" not in render("![x](/files/../customers/7)").html


def test_a_snippet_marks_every_form() -> None:
    text = (
        "слово " * 60
        + "О перерасчёте клиенту говорят сразу. Перерасчёты делает финансовая группа. "
        + "слово " * 60
    )
    pieces = snippet(text, ("перерасчет",))
    assert [piece.text for piece in pieces if piece.is_hit] == ["перерасчёте", "Перерасчёты"]
    assert pieces[0].text == "…"
    assert pieces[-1].text.endswith("…")
    assert sum(len(piece.text) for piece in pieces) < 260


def test_a_snippet_of_nothing() -> None:
    assert snippet("", ("a",)) == ()
    assert "".join(piece.text for piece in snippet("Короткий текст", ())) == "Короткий текст"
    assert [piece.text for piece in marked("Invoices and more", ("invoice",)) if piece.is_hit] == ["Invoices"]


def test_versions_compared() -> None:
    old = "\n".join("abcdefghij")
    assert compared(old, old) == ()
    assert compared(old, old.replace("h", "H\nI")) == (
        Change("gap", ("",)),
        Change("same", ("e", "f", "g")),
        Change("removed", ("h",)),
        Change("added", ("H", "I")),
        Change("same", ("i", "j")),
    )
    assert compared("", "new") == (Change("removed", ("",)), Change("added", ("new",)))


@pytest.mark.parametrize(
    ("title", "slug"),
    [("Перерасчёт за простой", "pereraschet-za-prostoy"), ("Second line!", "second-line"), ("«»", "article")],
)
def test_an_address_for_a_title(title: str, slug: str) -> None:
    assert slug_of(title) == slug
