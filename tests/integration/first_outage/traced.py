"""What callcore asks of the kernel, as strace writes it: in which order, and where one call ends before
another begins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CALLS = "pwrite64,write,fsync,fdatasync,sendto,sendmsg"
LONGEST = 9000
"""Bytes shown of each: a page of SQLite's, every byte of it escaped or not."""
_LINE = re.compile(r"(?P<pid>\d+) +(?P<rest>.*)")
_BEGUN = re.compile(r"(?P<name>\w+)\((?P<arguments>.*) <unfinished \.\.\.>$")
_ENDED = re.compile(r"<\.\.\. (?P<name>\w+) resumed>(?P<arguments>.*)\) += (?P<result>-?\d+)")
_WHOLE = re.compile(r"(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+)")


@dataclass(frozen=True, slots=True)
class Asked:
    """One system call; ``begun`` and ``ended`` are lines of the trace."""

    name: str
    arguments: str
    """As strace writes them, each file with its path."""
    begun: int
    ended: int
    result: int


def command(strace: Path, trace: Path, *traced: str) -> tuple[str, ...]:
    """``traced`` under strace, all its threads."""
    options = ("-f", "-y", "-qq", "-s", str(LONGEST), "-e", f"trace={CALLS}", "-e", "signal=none")
    return (str(strace), *options, "-o", str(trace), *traced)


def read(trace: Path) -> list[Asked]:
    """All that ended, in the order in which they did."""
    return list(_read(trace.read_text("utf-8", "replace").splitlines()))


def _read(lines: list[str]) -> Iterator[Asked]:
    unfinished: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(lines):
        split = _LINE.fullmatch(line)
        if split is None:
            continue
        pid, rest = split["pid"], split["rest"]
        if begun := _BEGUN.match(rest):
            unfinished[pid] = number, begun["arguments"]
        elif ended := _ENDED.match(rest):
            at, arguments = unfinished.pop(pid)
            whole = arguments + ended["arguments"]
            yield Asked(ended["name"], whole, at, number, int(ended["result"]))
        elif whole_call := _WHOLE.match(rest):
            result = int(whole_call["result"])
            yield Asked(whole_call["name"], whole_call["arguments"], number, number, result)
