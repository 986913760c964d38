"""Articles as people read them: Markdown to harmless HTML, what a search found, what a version changed. Pure.

Markdown comes from people and from files. HTML in it is shown as text; a link leads to http, https, mailto or
a place of our own and nowhere else (``javascript:`` stays words); a picture is one of our own files.
"""

from __future__ import annotations

import difflib
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from callcore.store import words
from callcore.store.searching import words as words_in

SNIPPET = 200
"""Characters of a text round what was found."""
CONTEXT = 3
"""Unchanged lines that stand round a change."""
_SCHEME = re.compile(r"[^/?#]*:")
_ALLOWED = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_AWAY = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_NEW_TAB = ' rel="noopener noreferrer" target="_blank"'
_FILE = re.compile(r"/files/[A-Za-z0-9_-]{1,64}")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Heading:
    """A line of the table of contents; ``level`` 2 to 6."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Rendered:
    html: str
    headings: tuple[Heading, ...]
    text: str
    """Without marks, for searching and snippets."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a snippet; ``is_hit`` where it is a word that was asked for."""

    text: str
    is_hit: bool


@dataclass(frozen=True, slots=True)
class Change:
    """Lines of a comparison: ``same``, ``added``, ``removed``, or ``gap`` for unchanged ones left out."""

    kind: str
    lines: tuple[str, ...]


def is_safe_link(address: str) -> bool:
    """Whether a link may lead there: http, https, mailto, or an address without a scheme."""
    if any(ord(sign) <= 32 or ord(sign) == 127 for sign in address):
        return False
    return bool(_ALLOWED.match(address)) or not _SCHEME.match(address.replace("&colon;", ":"))


@lru_cache(maxsize=256)
def render(markdown: str, prefix: str = "part") -> Rendered:
    """HTML that may stand in any page as it is; ``prefix`` begins the ids of its headings."""
    reader = _reader()
    tokens = reader.parse(markdown)
    headings: list[Heading] = []
    words_: list[str] = []
    _number_headings(tokens)
    for place, token in enumerate(tokens):
        if token.type == "inline":
            said = _plain(token.children or ())
            words_.append(said)
            before = tokens[place - 1]
            if before.type == "heading_open":
                anchor = f"{prefix}-{len(headings) + 1}"
                before.attrSet("id", anchor)
                headings.append(Heading(int(before.tag[1]), said, anchor))
        elif token.type in ("fence", "code_block"):
            words_.append(token.content)
    made = reader.renderer.render(tokens, reader.options, {})
    return Rendered(str(made), tuple(headings), "\n".join(words_))


def _number_headings(tokens: Sequence[Token]) -> None:
    """The page's own title is the first level; the article's begin with the second and skip none."""
    above = [0]
    level = 1
    for token in tokens:
        if token.type == "heading_open":
            given = int(token.tag[1])
            while above[-1] >= given:
                above.pop()
            above.append(given)
            level = min(len(above), 6)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{level}"


def snippet(text: str, asked: Sequence[str], length: int = SNIPPET) -> tuple[Piece, ...]:
    """The stretch of ``text`` with the first of the words asked for, each of them marked."""
    flat = " ".join(text.split())
    hits = [match for match in _WORD.finditer(flat) if _is_hit(match[0], asked)]
    first = hits[0].start() if hits else 0
    start = max(0, first - length // 4)
    if start:
        start = flat.find(" ", start, first) + 1 or start
    end = min(len(flat), start + length)
    pieces = [Piece("…", False)] if start else []
    at = start
    for hit in hits:
        if hit.end() > end:
            break
        if hit.start() < at:
            continue
        pieces += [Piece(flat[at : hit.start()], False), Piece(hit[0], True)]
        at = hit.end()
    pieces.append(Piece(flat[at:end] + ("…" if end < len(flat) else ""), False))
    return tuple(piece for piece in pieces if piece.text)


def marked(text: str, asked: Sequence[str]) -> tuple[Piece, ...]:
    """The whole of a short text, with what was asked for marked."""
    return snippet(text, asked, max(len(text), 1) * 2)


def compared(old: str, new: str) -> tuple[Change, ...]:
    """What became of a text, line by line; long unchanged stretches are left out."""
    before, after = old.split("\n"), new.split("\n")
    lines: list[tuple[str, str]] = []
    matcher = difflib.SequenceMatcher(None, before, after)
    for group in matcher.get_grouped_opcodes(CONTEXT):
        if group[0][1] > 0:
            lines.append(("gap", ""))
        for kind, i1, i2, j1, j2 in group:
            if kind == "equal":
                lines += [("same", line) for line in before[i1:i2]]
                continue
            lines += [("removed", line) for line in before[i1:i2]]
            lines += [("added", line) for line in after[j1:j2]]
    return tuple(
        Change(kind, tuple(line for _, line in run)) for kind, run in groupby(lines, key=lambda line: line[0])
    )


_CYRILLIC = dict(zip("абвгдезийклмнопрстуфыэ", "abvgdeziyklmnoprstufye", strict=True)) | {
    "ж": "zh",
    "х": "kh",
    "ц": "ts",
    "ч": "ch",
    "ш": "sh",
    "щ": "sch",
    "ю": "yu",
    "я": "ya",
    "ь": "",
    "ъ": "",
}


def slug_of(title: str) -> str:
    """An address for a title, in Latin letters; ``article`` where nothing of it can be written so."""
    plain = "-".join("".join(_CYRILLIC.get(sign, sign) for sign in word) for word in words_in(title))
    kept = re.sub(r"[^a-z0-9-]+", "", plain)
    return re.sub(r"-{2,}", "-", kept)[:60].strip("-") or "article"


def _is_hit(word: str, asked: Sequence[str]) -> bool:
    return any(words.matches(each, one) for each in words_in(word) for one in asked)


def _plain(children: Sequence[Token]) -> str:
    parts = (
        " " if child.type in ("softbreak", "hardbreak") else child.content
        for child in children
        if child.type in ("text", "code_inline", "softbreak", "hardbreak", "image")
    )
    return "".join(parts)


@cache
def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})
    reader.enable(["table", "strikethrough"])
    # markdown-it is told so which links it may make; it has no other way, and types it as a method
    reader.validateLink = is_safe_link  # type: ignore[method-assign, assignment]
    reader.add_render_rule("link_open", _link)
    reader.add_render_rule("image", _image)
    return reader


def _link(
    renderer: RendererProtocol, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
) -> str:
    address = str(tokens[at].attrGet("href") or "")
    title = str(tokens[at].attrGet("title") or "")
    said = f' title="{html.escape(title)}"' if title else ""
    away = _NEW_TAB if _AWAY.match(address) else ""
    return f'<a href="{html.escape(address)}"{said}{away}>'


def _image(
    renderer: RendererProtocol, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
) -> str:
    """One of our own files; any other is a link to it, for pages fetch nothing from elsewhere."""
    address, said = str(tokens[at].attrGet("src") or ""), html.escape(tokens[at].content)
    if _FILE.fullmatch(address):
        return f'<img src="{html.escape(address)}" alt="{said}">'
    return f'<a href="{html.escape(address)}"{_NEW_TAB}>{said or html.escape(address)}</a>'
