"""What callers leave behind, on disk until the house has it: a message, a case, a wish to be called back.

A slip is a small file beside the recordings. It is there before the caller is recorded, or before he is told
that his wish is noted; it goes when the case is made. So nothing is lost where the daemon dies, the caller
hangs up at any moment, or the database is away: what an earlier life left is handed in by the next one.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

import structlog

from callcore.domain import CallId, CustomerId, PbxName, TopicCode
from callcore.ivr.ports import Backoffice, Caller, Message
from callcore.ivr.recorded import message_seconds

log = structlog.get_logger("callcore.ivr")

Kind = Literal["message", "case", "call_back"]

HAND_IN_SECONDS: Final = 30.0
AGAIN_SECONDS: Final = 30.0
"""How long until what could not be handed in is tried again."""
GROWING: Final = timedelta(seconds=10)
"""A recording of an earlier life that was written to so shortly before may still be going on."""
LATE: Final = timedelta(hours=1)
"""So long a recording may take to come here from the PBX."""
PART: Final = ".part"
_CALL = re.compile(r"[a-z0-9]{1,64}")


@dataclass(frozen=True, slots=True)
class Slip:
    """``name``: of the slip and its recording, without suffix. ``what``: the case's type, or the queue that
    calls back. ``has_sound``: he was, or is, recorded."""

    name: str
    kind: Kind
    caller: Caller
    at: datetime
    what: str = ""
    has_sound: bool = False
    place: int | None = None
    """Of a wish to be called back: where he stood in the queue."""
    is_closed: bool = False
    """Likewise: he was told that we are closed."""

    @property
    def recording(self) -> str:
        """Its file in the folder of recordings."""
        return f"{self.name}.wav"


class Slips:
    """The folder of recordings. ``run`` hands in what is let go, and what was found there."""

    def __init__(self, folder: Path, backoffice: Backoffice, now: Callable[[], datetime]) -> None:
        self.folder = folder
        self._backoffice = backoffice
        self._now = now
        self._held: set[str] = set()
        self._own: set[str] = set()
        """Names of this life: their recordings are over."""
        self._complained: set[str] = set()
        self._wake = asyncio.Event()

    def open(self) -> None:
        """Make the folder. One that cannot be made costs messages, not calls.

        Halves of slips go: an earlier life was stopped while it wrote them, and had promised nothing yet.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for half in self.folder.glob(f"*{PART}"):
                half.unlink(missing_ok=True)
        except OSError as error:
            log.error("recordings_not_kept", folder=str(self.folder), why=str(error))

    @property
    def waiting(self) -> int:
        """Slips that are not handed in."""
        return sum(1 for _ in self.folder.glob("*.json"))

    # --- for a caller on the line

    async def begin(
        self,
        kind: Kind,
        caller: Caller,
        *,
        what: str = "",
        has_sound: bool = False,
        place: int | None = None,
        is_closed: bool = False,
    ) -> Slip:
        """A new slip, on disk, which nobody hands in before ``let_go``. Raises OSError."""
        if not _CALL.fullmatch(caller.call):
            raise OSError(f"no name for a file: {caller.call!r}")
        slip = Slip(self._name(caller.call), kind, caller, self._now(), what, has_sound, place, is_closed)
        self._held.add(slip.name)
        try:
            await self.change(slip)
        except BaseException:
            self._held.discard(slip.name)
            raise
        return slip

    async def change(self, slip: Slip) -> None:
        """``slip`` in the place of the one with its name. Raises OSError."""
        await asyncio.to_thread(_write, self.folder / f"{slip.name}.json", _as_json(slip))

    async def message(self, slip: Slip, told_seconds: float) -> Message | None:
        """What he said, once he is no longer recorded; None: nothing. ``told_seconds``: as Asterisk says, for
        a recording that is not here yet."""
        try:
            seconds = await asyncio.to_thread(message_seconds, self.folder / slip.recording)
        except OSError:
            seconds = told_seconds if told_seconds >= 1 else None
        return None if seconds is None else Message(slip.recording, seconds)

    async def discard(self, slip: Slip) -> None:
        """Nothing was left."""
        self._held.discard(slip.name)
        await asyncio.to_thread(self._delete, slip, with_sound=True)

    def let_go(self, slip: Slip) -> None:
        """The house may have it now."""
        if slip.name in self._held:
            self._held.discard(slip.name)
            self._own.add(slip.name)
            self._wake.set()

    def _name(self, call: CallId) -> str:
        number = 1
        while any((self.folder / f"{call}-{number}{end}").exists() for end in (".json", ".wav")):
            number += 1
        return f"{call}-{number}"

    # --- into the house

    async def run(self) -> None:
        """For ever."""
        while True:
            self._wake.clear()
            await self.hand_in()
            try:
                async with asyncio.timeout(AGAIN_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def hand_in(self) -> None:
        """Everything that nobody holds, the oldest first; what fails stays."""
        for file in await asyncio.to_thread(lambda: sorted(self.folder.glob("*.json"))):
            if file.stem in self._held:
                continue
            try:
                async with asyncio.timeout(HAND_IN_SECONDS):
                    await self._take(file)
            except Exception as error:
                self._complain(file.stem, error)
            else:
                self._complained.discard(file.stem)

    async def _take(self, file: Path) -> None:
        slip = _from_json(await asyncio.to_thread(file.read_text, "utf-8"))
        if slip.name != file.stem:  # another's, or a way out of the folder
            raise ValueError("it has the name of another slip")
        message = None
        if slip.has_sound:
            seconds = await asyncio.to_thread(self._settled, slip)
            if seconds == 0.0:
                return
            message = Message(slip.recording, seconds) if seconds is not None else None
        done = await self._give(slip, message)
        log.info("word_handed_in", call_id=slip.caller.call, kind=slip.kind, became=done)
        await asyncio.to_thread(self._delete, slip, with_sound=message is None)
        self._own.discard(slip.name)

    async def _give(self, slip: Slip, message: Message | None) -> str:
        caller = slip.caller
        match slip.kind:
            case "message":
                return await self._backoffice.keep_message(caller, message) if message else "nothing"
            case "case":
                return await self._backoffice.open_case(caller, slip.what, message)
            case "call_back":
                is_asked = await self._backoffice.call_back(caller, slip.what, slip.place, slip.is_closed)
                return "asked" if is_asked else "nothing"

    def _settled(self, slip: Slip) -> float | None:
        """Length of the message; None: nothing was said; 0: that cannot be told yet."""
        file, now = self.folder / slip.recording, self._now()
        try:
            written_at = file.stat().st_mtime
        except FileNotFoundError:
            return 0.0 if now - slip.at < LATE else None
        if slip.name not in self._own and now.timestamp() - written_at < GROWING.total_seconds():
            return 0.0
        return message_seconds(file)

    def _delete(self, slip: Slip, *, with_sound: bool) -> None:
        try:
            if with_sound:
                (self.folder / slip.recording).unlink(missing_ok=True)
            (self.folder / f"{slip.name}.json").unlink(missing_ok=True)
        except OSError as error:
            log.warning("recording_not_deleted", name=slip.name, why=str(error))

    def _complain(self, name: str, error: Exception) -> None:
        if name not in self._complained:
            self._complained.add(name)
            log.error("word_not_handed_in", slip=name, why=str(error) or type(error).__name__)


def with_topic(slip: Slip, topic: TopicCode) -> Slip:
    return replace(slip, caller=replace(slip.caller, topic=topic))


def _as_json(slip: Slip) -> str:
    return json.dumps({**asdict(slip), "at": slip.at.isoformat()}, ensure_ascii=False)


def _from_json(text: str) -> Slip:
    """Raises ValueError, KeyError or TypeError for what is no slip."""
    data = json.loads(text)
    caller = data["caller"]
    customer = caller["customer"]
    return Slip(
        data["name"],
        data["kind"],
        Caller(
            CallId(caller["call"]),
            PbxName(caller["pbx"]),
            caller["number"],
            caller["language"],
            TopicCode(caller["topic"]),
            None if customer is None else CustomerId(customer),
        ),
        datetime.fromisoformat(data["at"]),
        data["what"],
        data["has_sound"],
        data.get("place"),
        bool(data.get("is_closed")),
    )


def _write(file: Path, text: str) -> None:
    """Whole or not at all, also where the power fails."""
    part = file.with_suffix(PART)
    try:
        with part.open("w", encoding="utf-8") as out:
            part.chmod(0o600)
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
