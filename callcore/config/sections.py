"""The settings file, section by section, as text: an edition keeps only those that are read anew. Pure.

Every line belongs to exactly one section, a comment right above a key to that key: what is cut and joined
again is the same file, comments and all.
"""

from __future__ import annotations

import re
from collections.abc import Collection

_KEY = re.compile(r"""["']?([A-Za-z_][A-Za-z0-9_-]*)["']?[ \t]*:(?=\s|$)""")
HEAD = ""
"""What stands above the first section: of a file in JSON, all of it."""


def cut(text: str) -> list[tuple[str, str]]:
    """Key and text of each section in their order; ``HEAD`` is always first."""
    lines = text.splitlines(keepends=True)
    starts = [(0, HEAD)]
    for number, line in enumerate(lines):
        if found := _KEY.match(line):
            first = number
            while first > starts[-1][0] and lines[first - 1].startswith("#"):
                first -= 1
            starts.append((first, found[1]))
    ends = [first for first, _ in starts[1:]] + [len(lines)]
    return [(key, "".join(lines[first:end])) for (first, key), end in zip(starts, ends, strict=True)]


def only(text: str, keys: Collection[str]) -> str:
    """These sections of the file; a file that has none (JSON) whole."""
    sections = cut(text)
    if len(sections) == 1:
        return text
    return "".join(_whole(part) for key, part in sections if key in keys)


def put_back(text: str, kept: str, keys: Collection[str]) -> str:
    """``text`` with its sections ``keys`` as they are in ``kept``, which ``only`` has made; no others."""
    wanted = dict(cut(kept))
    if wanted.pop(HEAD) or len(cut(text)) == 1:
        return kept
    parts = [wanted.pop(key, "") if key in keys else part for key, part in cut(text)]
    return "".join(_whole(part) for part in (*parts, *wanted.values()))


def _whole(part: str) -> str:
    """What was last in its file may lack the end of its line."""
    return part + "\n" if part and not part.endswith("\n") else part
