"""The pictures of pages: each is in a document, and each that a document shows can be made anew."""

from __future__ import annotations

import re
from pathlib import Path

from callcore.testing.screenshots import SHOTS

ROOT = Path(__file__).parents[3]
SHOWN = re.compile(r"images/([a-z-]+\.(?:ru|en)\.png)")


def test_pictures_and_documents_agree() -> None:
    documents = (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
    shown = {name for each in documents for name in SHOWN.findall(each.read_text(encoding="utf-8"))}
    made = {f"{shot.name}.{language}.png" for shot in SHOTS for language in ("ru", "en")}
    there = {each.name for each in (ROOT / "docs/images").glob("*.png")}
    assert shown == made
    assert there == made


def test_names_are_unique() -> None:
    names = [shot.name for shot in SHOTS]
    assert len(set(names)) == len(names)
