"""Numbers and names to pseudonyms: one person is one pseudonym, in every story of this installation. Pure.

A pseudonym is a keyed hash: whoever has the stories but not the key cannot try numbers out. Numbers of up to
six digits (extensions, service numbers) stay: a story without them would tell nothing, and they are nobody's.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable

from callcore.numbers import NOBODY, SHORT_LIMIT

Canonical = Callable[[str | None], str | None]

DROPPED = "[dropped]"
_UNSET = frozenset(("<unknown>", "<null>", "(null)"))
SHORTEST_NAME = 3
"""Shorter ones are only masked where a name stands alone: as parts of words they would be everywhere."""
DEVICE = re.compile(r"[A-Za-z][A-Za-z0-9]*/\S+")
"""What a queue calls a member who was given no name."""
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_LENGTH = 5
_NAMES = re.compile(r"(callerid|connectedline|member)name\Z|\Aagi_calleridname\Z|\Acallerid\(name\)\Z")
_NUMBERS = re.compile(r"(callerid|connectedline)num\Z|\A(dest|transferee|orig|second)?exten(sion)?\Z")
_SECRETS = re.compile(r"secret|passw|token|\Akey\Z|challenge|\Aauth")
_IDS = re.compile(r"(unique|linked|bridgeunique)id\Z|\A(actionid|bridgeid)\Z")
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,150}")
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_CHANNEL = (
    r"(?P<tech>\b[A-Za-z][A-Za-z0-9]*/)(?P<peer>[^\s,;/\"]{1,80}?)(?P<tail>-[0-9a-f]{8}(?:;[12])?)(?![\w-])"
)
_DATE = r"(?<![\d+(.-])20\d\d-(?:0\d|1[0-2])-(?:[0-2]\d|3[01])(?=[ T,;]|$)"
_FIND = re.compile(
    rf"(?P<kept>{_UUID}|(?<![\d.])1\d{{9}}\.\d{{1,9}}(?![\d.])|{_DATE})"
    rf"|{_CHANNEL}"
    r"|(?P<number>\+?\(?\d(?:[ \u00a0\u202f().-]{0,2}\d){6,})"
)


class Mask:
    """Makes pseudonyms by one key; remembers the names it was told of, to find them inside other texts."""

    def __init__(self, key: bytes, canonical: Canonical = lambda raw: raw) -> None:
        """``canonical`` brings the spellings of one number together."""
        self._key = key
        self._canonical = canonical

    def number(self, raw: str | None) -> str:
        """``+7•••-3F2KQ``; a short number as it is, "" for nobody."""
        text = (raw or "").strip()
        digits = "".join(filter(str.isdigit, text))
        if not text or text.lower() in NOBODY:
            return ""
        if text.isascii() and text.isdigit() and len(text) <= SHORT_LIMIT:
            return text
        known = self._canonical(text) or (f"+{digits}" if digits else text)
        zone = known[:2] if known.startswith("+") else ""
        return f"{zone}•••-{self._hash('number', known)}"

    def name(self, raw: str | None) -> str:
        """``N•••-3F2KQ``; "" for nobody."""
        text = " ".join((raw or "").split())
        if not text or text.lower() in NOBODY:
            return ""
        if any(map(str.isdigit, text)) and not any(map(str.isalpha, text)):
            return self.number(text)  # phones that send no name send their number in its place
        return f"N•••-{self._hash('name', text.casefold())}"

    def _hash(self, kind: str, text: str) -> str:
        made = hmac.new(self._key, f"{kind}:{text}".encode("utf-8", "replace"), hashlib.sha256).digest()
        value = int.from_bytes(made[:8], "big")
        letters = []
        for _ in range(_LENGTH):
            value, rest = divmod(value, len(_LETTERS))
            letters.append(_LETTERS[rest])
        return "".join(letters)

    # --- whole texts

    def knowing(self, names: Iterable[str | None]) -> Scrub:
        """A scrubber for the texts of one story, in which these people may be named."""
        return Scrub(self, names)


class Scrub:
    """Takes numbers and the story's names out of any text."""

    def __init__(self, mask: Mask, names: Iterable[str | None] = ()) -> None:
        self.mask = mask
        known = {name.strip() for name in names if name and len(name.strip()) >= SHORTEST_NAME}
        longest_first = sorted(known, key=len, reverse=True)
        self._names = re.compile("|".join(map(re.escape, longest_first)), re.I) if known else None

    def text(self, text: str) -> str:
        """Whatever looks like a number, and every name of the story, replaced."""
        if self._names is not None:
            text = self._names.sub(lambda found: self.mask.name(found[0]), text)
        return _FIND.sub(self._found, text) if any(map(str.isdigit, text)) else text

    def _found(self, found: re.Match[str]) -> str:
        if found["kept"]:
            return found[0]
        if found["number"]:
            return self.mask.number(found[0])
        return f"{found['tech']}{self.text(found['peer'])}{found['tail']}"

    def header(self, name: str, value: str) -> str:
        """The value of one AMI header (``name`` in lower case)."""
        if not value or value in _UNSET:
            return value
        if _SECRETS.search(name):
            return DROPPED
        if name == "membername" and DEVICE.fullmatch(value):
            return self.text(value)
        if _NAMES.search(name):
            return self.mask.name(value) or value
        if _NUMBERS.search(name):
            return self.mask.number(value) if sum(map(str.isdigit, value)) > SHORT_LIMIT else self.text(value)
        if _IDS.search(name) and _ID.fullmatch(value):
            return value
        return self.text(value)
