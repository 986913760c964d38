"""HTML that a test looks into: sound, and without a word that was never given to translators."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from callcore.web.i18n import CLOSE, OPEN

VOID = {"meta", "link", "input", "br", "path", "img"}
DATA = {"bdi", "time", "data", "kbd", "title", "option", "textarea"}
SPOKEN = {"title", "placeholder", "aria-label"}


class Page(HTMLParser):
    """Checks that tags close, and gathers texts, attributes, ids."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[tuple[str, bool]] = []
        self.spoken: list[str] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        self.spoken += [value for name, value in attrs if name in SPOKEN and value]
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((data.strip(), not DATA.isdisjoint(self.open)))

    def assert_sound(self) -> None:
        """Ids are unique and those named are there; no styles or scripts in the text."""
        assert len(self.ids) == len(set(self.ids))
        for tag, attributes in self.tags:
            assert "style" not in attributes, (tag, attributes)
            assert not [key for key in attributes if key.startswith("on")], (tag, attributes)
            assert tag not in ("style", "iframe")
            for key in ("aria-labelledby", "aria-controls", "aria-describedby", "for", "popovertarget"):
                assert not attributes.get(key) or attributes[key] in self.ids, (tag, attributes)

    def assert_translated(self) -> None:
        """Of a page in the pseudo-language: every word of ours stands in brackets, the rest is data."""
        for text, is_data in self.texts:
            assert is_data or not re.search(r"[^\W\d_]", _untranslated(text)), text
        for text in self.spoken:
            assert re.fullmatch(f"{OPEN}.*{CLOSE}", text), text


def _untranslated(text: str) -> str:
    """What stands outside of all brackets, which may stand in one another."""
    shorter = re.sub(rf"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}", "", text)
    return text if shorter == text else _untranslated(shorter)
