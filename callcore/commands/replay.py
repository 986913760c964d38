"""``callcore replay``: a recording of AMI traffic to the calls in it, step by step.

Nobody is signed in during a replay and nothing is sent anywhere. Ids, moments and order come from the file
alone: the same file gives the same output.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from callcore.ami.protocol import Headers
from callcore.ami.recording import BadRecording, events, moment
from callcore.ami.translate import Translator
from callcore.calls.agent import AgentRules
from callcore.calls.effects import Effect, Party, TellStep
from callcore.calls.tracker import Tracker
from callcore.commands.frame import DONE, CommandFailed, Output, Work, WrongUse, add_json
from callcore.commands.replay_text import print_steps
from callcore.domain import CallId, PbxName, Text

LIMIT_BYTES = 512 * 1024 * 1024
"""Of a recording, unpacked: it is read whole."""
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for the moment in a recording that tells none."""
LAST_BREATH = timedelta(seconds=1)
"""Deadlines so near the end of the file still strike: phones that began to ring together are told."""

_PBX = PbxName("recording")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one call; ``at`` is None in a recording without moments."""

    call: str
    at: datetime | None
    told: TellStep


def steps(data: bytes) -> list[Step]:
    """The steps of the calls in a recording, in the order of their moments. Raises BadRecording."""
    start = next((at for event in events(data) if (at := moment(event)) is not None), None)
    found = list(Replay(start).run(events(data)))
    if start is not None:  # phones that begin to ring are told a little later, when all of them do
        found.sort(key=lambda step: step.told.at)
    return found


class Replay:
    """One tracker that hears one recording. ``start``: the first moment in it."""

    def __init__(self, start: datetime | None) -> None:
        self._has_moments = start is not None
        self._now = start or NO_TIME
        self._translator = Translator(_PBX)
        self._tracker = Tracker(mint=self._mint, canonical=lambda number: number, rules=AgentRules())
        self._minted = 0
        self._unnamed: list[CallId] = []
        self._names: dict[CallId, str] = {}
        self._calls_on: Counter[str] = Counter()
        """How many calls began on a channel with this uniqueid."""
        self._told: set[str] = set()

    def run(self, recorded: Iterable[Headers]) -> Iterator[Step]:
        for event in recorded:
            yield from self._pass_to(moment(event))
            fact = self._translator.translate(event)
            if fact is not None:
                yield from self._read(self._tracker.handle(fact, self._now))
        yield from self._pass_to(self._now + LAST_BREATH)

    def _mint(self, _now: datetime) -> CallId:
        self._minted += 1
        call = CallId(f"{self._minted:09}")
        self._unnamed.append(call)
        return call

    def _pass_to(self, at: datetime | None) -> Iterator[Step]:
        """Time goes on, never back; what is due until then happens at its own moment."""
        if at is None:
            return
        while (due := self._tracker.next_deadline()) is not None and due <= at:
            self._now = max(self._now, due)
            yield from self._read(self._tracker.handle_timeout(self._now))
        self._now = max(self._now, at)

    def _read(self, effects: Iterable[Effect]) -> Iterator[Step]:
        self._name_new_calls()
        for effect in effects:
            if isinstance(effect, TellStep) and effect.key not in self._told:
                self._told.add(effect.key)
                yield Step(self._names[effect.call], effect.at if self._has_moments else None, effect)

    def _name_new_calls(self) -> None:
        """A call is named by the uniqueid of its first channel, which a shorter recording has, too."""
        for call in self._unnamed:
            known = self._tracker.calls.get(call)
            channel = str(known.channel.id) if known else "call"
            self._calls_on[channel] += 1
            nth = self._calls_on[channel]
            self._names[call] = channel if nth == 1 else f"{channel}-{nth}"
        self._unnamed.clear()


# --- for programs


def step_json(step: Step) -> dict[str, Any]:
    """One step in the shape of the contract: what does not apply is absent, what is not known is null."""
    told = step.told
    shown: dict[str, Any] = {
        "event": told.event.value,
        "call": step.call,
        "at": step.at.isoformat() if step.at else None,
    }
    if told.caller is not None:
        shown["caller"] = _party_json(told.caller)
    if told.targets:
        shown["targets"] = [_party_json(target) for target in told.targets]
    if told.kind is not None:
        shown["kind"] = told.kind.value
    if told.by is not None:
        shown["by"] = _party_json(told.by)
    if told.reason is not None:
        shown["reason"] = told.reason.value
    return shown


def _party_json(party: Party) -> dict[str, str | None]:
    return {"channel": party.channel, "number": party.number, "name": party.name}


# --- the command


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    add_json(parser, output)
    parser.add_argument(
        "file",
        metavar="FILE",
        help=output.words(
            Text(
                "запись AMI: байты сеанса, массив JSON или JSON Lines; можно .gz; «-»: стандартный ввод",
                "AMI recording: bytes of a session, JSON array or JSON Lines; may be .gz; -: standard input",
            )
        ),
    )


def _run(options: argparse.Namespace, output: Output) -> int:
    data = _read_file(options.file)
    try:
        if next(iter(events(data)), None) is None:
            raise CommandFailed(
                Text(
                    f"В {options.file} нет ни одного события AMI. Нужна запись сеанса AMI (read=call,agent) "
                    "как есть: байты, массив JSON или JSON Lines.",
                    f"{options.file} holds not one AMI event. Give a recording of an AMI session "
                    "(read=call,agent) as it came: bytes, a JSON array or JSON Lines.",
                )
            )
        found = steps(data)
        if options.json or not output.out.isatty():
            for step in found:
                output.json(step_json(step))
        else:
            print_steps(found, output)
    except BadRecording as bad:
        raise WrongUse(
            Text(f"{options.file}: {bad.message.ru}", f"{options.file}: {bad.message.en}")
        ) from None
    return DONE


def _read_file(name: str) -> bytes:
    """The recording, unpacked. Raises WrongUse."""
    try:
        if name == "-":
            data = sys.stdin.buffer.read(LIMIT_BYTES + 1)
        else:
            with open(name, "rb") as stream:
                data = stream.read(LIMIT_BYTES + 1)
        if data.startswith(b"\x1f\x8b"):
            data = _unpack(data)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise WrongUse(
            Text(
                f"{name} не читается: {reason}. Нужен файл с записью AMI или «-».",
                f"{name} cannot be read: {reason}. Give a file with an AMI recording, or -.",
            )
        ) from None
    if len(data) > LIMIT_BYTES:
        raise WrongUse(
            Text(
                f"{name} больше {LIMIT_BYTES >> 20} МиБ. Разрежьте запись: часть её тоже воспроизводится.",
                f"{name} has more than {LIMIT_BYTES >> 20} MiB. Cut it: a piece of a recording replays, too.",
            )
        )
    return data


def _unpack(data: bytes) -> bytes:
    """As much of a gzip file as is there: one that is still written has no end yet. Raises ValueError."""
    whole = b""
    try:
        while data and len(whole) <= LIMIT_BYTES:
            unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            whole += unpacker.decompress(data, LIMIT_BYTES + 1 - len(whole))
            data = unpacker.unused_data
    except zlib.error as fault:
        if not whole:
            raise ValueError(fault) from None
    return whole


REPLAY = Work(_configure, _run)
