"""Reads the corpus: files of bytes, an index that says of each why it is here and what it must do, and cuts.

A folder ``NAME/`` has its index in ``NAME.yaml``: file name without ``.raw`` -> ``why``, and then whatever
the file's run tells, with what is empty left out. To add a file, put it into its folder with a ``why``, run
the tests, and judge what the failure prints before it goes into the index.

In the folders where there are two who talk, a file is a script: ``<<Word>>`` stands for "here the peer
waits until callcore has said Word", ``{{Word}}`` for the ActionID that it said there, ``<<silence>>`` at the
end for a peer who stays on the line and says nothing more; all others close.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import yaml

from callcore.calls.facts import Fact, Snapshot
from callcore.domain import ChannelRef

HERE = Path(__file__).parent
FINE_BYTES = 10_000
FINE_ENDS = 300
"""A file longer than that is cut finely at its ends only; the rest in pieces as a network makes them."""
SEGMENT_BYTES = 1_460
LONGEST_WORD = 60

Cut = Iterator[bytes]
CUTS = ("whole", "byte by byte", "at random 1", "at random 2")


@dataclass(frozen=True)
class Torture:
    name: str
    data: bytes
    entry: dict[str, Any]
    """As it stands in the index."""

    @property
    def expected(self) -> dict[str, Any]:
        return {name: value for name, value in self.entry.items() if name not in {"why", "given"}}

    @property
    def given(self) -> dict[str, Any]:
        """What the run is to be set up with."""
        return dict(self.entry.get("given", {}))

    def script(self) -> list[tuple[str, bytes]]:
        """What is to be waited for before each piece of bytes; "" before the first."""
        pieces = re.split(rb"<<([A-Za-z ]*)>>", self.data)
        words = ["", *(word.decode() for word in pieces[1::2])]
        return list(zip(words, pieces[0::2], strict=True))


def index_of(folder: str) -> dict[str, dict[str, Any]]:
    index = yaml.safe_load((HERE / f"{folder}.yaml").read_text(encoding="utf-8"))
    assert isinstance(index, dict)
    return index


def corpus(folder: str) -> list[Torture]:
    return [
        Torture(name, (HERE / folder / f"{name}.raw").read_bytes(), entry)
        for name, entry in index_of(folder).items()
    ]


def files_of(folder: str) -> set[str]:
    return {path.name for path in (HERE / folder).iterdir()}


def cut(data: bytes, how: str) -> Cut:
    """``data`` in pieces, the same ones in every run."""
    if how == "whole":
        yield data
        return
    chance = random.Random(how)
    at = 0
    while at < len(data):
        fine = len(data) <= FINE_BYTES or not FINE_ENDS <= at < len(data) - FINE_ENDS - SEGMENT_BYTES
        if how == "byte by byte":
            size = 1 if fine else SEGMENT_BYTES
        else:
            size = chance.choice((1, 2, 3, 7, 40, 300)) if fine else chance.randint(1, 3 * SEGMENT_BYTES)
        yield data[at : at + size]
        at += size


def said(fact: Fact) -> str:
    """A fact in a line: its name, then what is known."""
    if isinstance(fact, Snapshot):
        rows = [*fact.channels, *fact.entries, *fact.members, *fact.journal]
        return "; ".join([f"Snapshot epoch={fact.epoch}", *(_line(row) for row in rows)])
    return _line(fact)


def _line(thing: Any) -> str:
    assert is_dataclass(thing)
    values = {field.name: getattr(thing, field.name) for field in fields(thing) if field.name != "pbx"}
    known = (f"{name}={word(value)}" for name, value in values.items() if value not in (None, "", (), False))
    return " ".join([type(thing).__name__, *known])


def word(value: object) -> str:
    """A value as it stands in the index; of a long one the beginning and the length."""
    text = value.id if isinstance(value, ChannelRef) else str(value)
    if len(text) > LONGEST_WORD:
        return f"{text[:20]!r}…{len(text)}"
    return text if re.fullmatch(r"[\w./@:+;-]+", text) else repr(text)


def told(**things: Any) -> dict[str, Any]:
    """What a run has to tell, without what is empty."""
    return {name: thing for name, thing in things.items() if thing}
