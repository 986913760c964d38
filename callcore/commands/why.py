"""``callcore why``: the story of a call, and why its card opened or did not.

The running daemon is asked, over its socket; while it is down, the database.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from callcore import numbers
from callcore.commands.control import Daemon, NotThere, daemon
from callcore.commands.frame import (
    DONE,
    CommandFailed,
    Output,
    Work,
    WrongUse,
    add_config,
    add_json,
)
from callcore.config import Settings, load
from callcore.config.control import control_socket
from callcore.domain import Text
from callcore.flight.book import Book, head_json
from callcore.flight.mask import Mask
from callcore.flight.story import to_json
from callcore.flight.words import DIRECTIONS
from callcore.store.database import Database
from callcore.store.errors import StoreError
from callcore.store.stories import Stories

Json = dict[str, Any]
LISTED = 10
SEARCHED = 200
"""Among so many of the newest calls the beginning of an id is enough."""
MOST = 500
_LANES = {
    "pbx": Text("АТС", "PBX"),
    "callcore": Text("callcore", "callcore"),
    "screen": Text("экран", "screen"),
}
_MARKS = {"good": ("✓", "green"), "bad": ("✗", "red")}
_COLOURS = {"good": "green", "bad": "red", "quiet": "dim"}


class _Source(Protocol):
    def story(self, call: str) -> Json | None: ...

    def latest(self, limit: int, number: str) -> list[Json]: ...


@dataclass(frozen=True, slots=True)
class _Running:
    """The daemon."""

    daemon: Daemon

    def story(self, call: str) -> Json | None:
        try:
            return self.daemon.get("calls", call, "story")
        except NotThere:
            return None

    def latest(self, limit: int, number: str) -> list[Json]:
        query = {"limit": str(limit), **({"number": number} if number else {})}
        found: list[Json] = self.daemon.get("calls", query=query)["calls"]
        return found


@dataclass(frozen=True, slots=True)
class _Stored:
    """The database, while the daemon is down."""

    settings: Settings

    def story(self, call: str) -> Json | None:
        return asyncio.run(self._story(call))

    def latest(self, limit: int, number: str) -> list[Json]:
        return asyncio.run(self._latest(limit, number))

    async def _story(self, call: str) -> Json | None:
        async with await Database.open(self.settings.database.address) as database:
            told = await (await self._book(database)).told(call)
        return to_json(told) if told is not None else None

    async def _latest(self, limit: int, number: str) -> list[Json]:
        async with await Database.open(self.settings.database.address) as database:
            found = await (await self._book(database)).latest(limit, number=number)
        return [head_json(head) for head in found]

    async def _book(self, database: Database) -> Book:
        country = self.settings.organisation.country

        def canonical(raw: str | None) -> str | None:
            number = numbers.normalise(raw, country)
            return number.canonical if number else None

        # Without a key there are no stories yet, and nothing to compare with.
        stories = Stories(database)
        return Book(stories, Mask(await stories.known_key() or b"", canonical))


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    say = output.words
    add_config(parser, output)
    add_json(parser, output)
    words = Text("номер звонка или его начало", "the call's id, or its beginning")
    parser.add_argument("call", metavar="CALL", nargs="?", help=say(words))
    words = Text("последний звонок с этого номера", "the last call with this number")
    parser.add_argument("--number", metavar="NUMBER", default="", help=say(words))
    words = Text(
        f"только список последних N звонков (без CALL — {LISTED})",
        f"only a list of the last N calls (without CALL: {LISTED})",
    )
    parser.add_argument("--last", metavar="N", type=int, help=say(words))
    words = Text("с обменом AMI и AGI, номера скрыты", "with the AMI and AGI traffic, numbers masked")
    parser.add_argument("--traffic", action="store_true", help=say(words))


def _run(options: argparse.Namespace, output: Output) -> int:
    if options.call and options.number:
        raise WrongUse(
            Text("Что-то одно: номер звонка CALL или --number.", "One of the two: the id CALL, or --number.")
        )
    if options.last is not None and not 1 <= options.last <= MOST:
        raise WrongUse(Text(f"--last: от 1 до {MOST}.", f"--last: from 1 to {MOST}."))
    try:
        source, settings = _source(options, output)
        return _tell(source, settings, options, output)
    except StoreError as error:
        raise CommandFailed(Text(str(error), str(error))) from None


def _source(options: argparse.Namespace, output: Output) -> tuple[_Source, Settings]:
    settings = load(Path(options.config), need_secrets=False)
    path = control_socket(settings)
    if path is not None and _is_up(path):
        return _Running(daemon(options, output)[0]), settings
    return _Stored(settings), settings


def _is_up(path: Path) -> bool:
    """Whether somebody answers there; a socket that we may not use counts, and refuses with its reason."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(1.0)
        try:
            sock.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except OSError:
            return True
    return True


def _tell(source: _Source, settings: Settings, options: argparse.Namespace, output: Output) -> int:
    page = _Page(output, settings.organisation.zone, options.json)
    if options.last is not None or not (options.call or options.number):
        page.heads(source.latest(options.last or LISTED, options.number))
        return DONE
    if options.number:
        calls = source.latest(LISTED, options.number)
        if not calls:
            raise _unknown(
                Text("Звонков с этого номера нет.", "There is no call with this number."), source, page
            )
        story = source.story(calls[0]["call"])
    else:
        calls = []
        story = source.story(options.call) or _by_beginning(source, options.call, page)
    if story is None:
        raise _unknown(
            Text(
                f"Звонка {options.call or ''} нет: номер с ошибкой, или история уже удалена.",
                f"There is no call {options.call or ''}: the id is wrong, or its story was removed already.",
            ),
            source,
            page,
        )
    page.story(story, calls[1:], with_traffic=options.traffic)
    return DONE


def _by_beginning(source: _Source, beginning: str, page: _Page) -> Json | None:
    found = [head for head in source.latest(SEARCHED, "") if head["call"].startswith(beginning)]
    if len(found) > 1:
        raise CommandFailed(
            both_lines(
                Text(f"С «{beginning}» начинаются несколько:", f'Several begin with "{beginning}":'),
                page.lines(found[:LISTED]),
            )
        )
    return source.story(found[0]["call"]) if found else None


def _unknown(text: Text, source: _Source, page: _Page) -> CommandFailed:
    latest = source.latest(LISTED, "")
    if not latest:
        more = Text("Историй звонков ещё нет.", "There are no stories of calls yet.")
        return CommandFailed(Text(f"{text.ru} {more.ru}", f"{text.en} {more.en}"))
    said = Text(f"{text.ru} Последние звонки:", f"{text.en} The latest calls:")
    return CommandFailed(both_lines(said, page.lines(latest)))


def both_lines(head: Text, lines: Sequence[str]) -> Text:
    below = "".join(f"\n  {line}" for line in lines)
    return Text(head.ru + below, head.en + below)


@dataclass(frozen=True, slots=True)
class _Page:
    """Prints stories and lists."""

    output: Output
    zone: ZoneInfo
    is_json: bool

    def heads(self, heads: list[Json]) -> None:
        if self.is_json:
            self.output.json(heads)
            return
        for head, line in zip(heads, self.lines(heads), strict=True):
            self.output.say(line, _COLOURS.get(head["verdict"].get("tone", "")))
        if not heads:
            self.output.say(Text("Историй звонков ещё нет.", "There are no stories of calls yet."))

    def lines(self, heads: Sequence[Json]) -> Sequence[str]:
        """Each call in one line."""
        return [
            f"{head['call']}  {self._moment(head['began_at'])}  {self._which_way(head):10} "
            f"{head['number'] or '—':14} {head['verdict'].get(self.output.language, '')}"
            for head in heads
        ]

    def story(self, story: Json, others: list[Json], *, with_traffic: bool) -> None:
        if self.is_json:
            self.output.json(story)
            return
        say = self.output.say
        for verdict in story["verdict"]:
            mark, colour = _MARKS.get(verdict["tone"], ("·", None))
            say(f"{mark} {self._both(verdict['text'])}", colour)
        end = self._clock(story["ended_at"])[:8] if story["ended_at"] else self._words("идёт", "on")
        number = story["number"] or self._words("без номера", "no number")
        say("")
        say(
            f"{story['call']} · {self._which_way(story)} · {number} · "
            f"{self._moment(story['began_at'])} – {end} · {story['pbx']}",
            "bold",
        )
        for step in story["timeline"]:
            lane = self.output.words(_LANES.get(step["lane"], Text("", "")))
            line = f"{self._clock(step['at'])}  {lane:8}  {self._both(step['text'])}"
            say(line, _COLOURS.get(step["tone"]))
        if story["left_out"]:
            left = story["left_out"]
            say(self._words(f"Не поместилось записей: {left}", f"Entries that did not fit: {left}"), "dim")
        self._traffic(story["traffic"], is_shown=with_traffic)
        if others:
            say(self._words("Ещё с этого номера:", "Others with this number:"))
            for line in self.lines(others):
                say(f"  {line}", "dim")

    def _traffic(self, frames: list[Json], *, is_shown: bool) -> None:
        say = self.output.say
        if frames and not is_shown:
            count = len(frames)
            say(
                self._words(
                    f"Сообщений AMI и AGI: {count}, показать — с --traffic",
                    f"AMI and AGI messages: {count}, shown with --traffic",
                ),
                "dim",
            )
        if not is_shown:
            return
        for frame in frames:
            say("")
            say(f"{self._clock(frame['at'])}  {frame['way']}", "bold")
            say(frame["text"])

    def _both(self, text: Json) -> str:
        return str(text.get(self.output.language, ""))

    def _words(self, ru: str, en: str) -> str:
        return self.output.words(Text(ru, en))

    def _which_way(self, told: Json) -> str:
        return self.output.words(DIRECTIONS.get(told["direction"], Text("", "")))

    def _moment(self, told: str) -> str:
        return datetime.fromisoformat(told).astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")

    def _clock(self, told: str) -> str:
        return datetime.fromisoformat(told).astimezone(self.zone).strftime("%H:%M:%S.%f")[:-3]


WHY = Work(_configure, _run)
