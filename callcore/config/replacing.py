"""Several files are replaced as one: all of them or none, also where the power fails or somebody kills us.

What shall be is made ready beside each file, and so is a copy of what is. A journal beside the settings file
says how far it came; whoever reads the settings next rolls back what is unfinished (``roll_back``).
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

ASIDE = "~"
"""Ends the name under which a file is left whose text no edition has: editors do likewise."""

Stage = Literal["ready", "replacing", "done"]
"""What may be on disk: the files of before; any mixture; the new files."""


@dataclass(frozen=True, slots=True)
class Wish:
    """``text`` None: ``place`` goes. ``keep``: what is there is left under another name."""

    place: Path
    text: str | None
    keep: bool = False


@dataclass(frozen=True, slots=True)
class _Step:
    """Names, as the journal has them."""

    place: str
    fresh: str | None
    """Holds what it becomes; None: it goes."""
    before: str | None
    """Holds what it was; None: there was nothing."""
    aside: str | None
    """Becomes the name of ``before`` in the end."""
    known: tuple[str, ...]
    """Digests of what it was and becomes: anything else was written by somebody since."""

    def make(self) -> None:
        if self.fresh is None:
            Path(self.place).unlink()
        else:
            Path(self.fresh).replace(Path(self.place))

    def undo(self) -> None:
        """As often as one likes: a copy that is gone is in its place."""
        place = Path(self.place)
        if self.before is not None and not Path(self.before).exists():
            return
        if place.exists() and _digest(place.read_bytes()) not in self.known:
            place.replace(_aside(place))
        if self.before is None:
            place.unlink(missing_ok=True)
        else:
            Path(self.before).replace(place)

    def tidy(self, stage: Stage) -> None:
        if stage == "done" and self.aside and self.before and Path(self.before).exists():
            Path(self.before).replace(Path(self.aside))
        for made in (self.fresh, self.before):
            if made is not None:
                Path(made).unlink(missing_ok=True)
                _part(Path(made)).unlink(missing_ok=True)


def replace_all(settings: Path, wanted: Callable[[], Sequence[Wish]]) -> dict[Path, Path]:
    """Give each place its text; where those are that were to be kept, by place. ``wanted`` looks at the files
    when nobody else replaces them any more.

    Raises OSError, and then all files are as they were (if the disk lets them).
    """
    with _alone(settings):
        _recover(settings)
        wishes = wanted()
        steps = [_step(wish) for wish in wishes]
        if not steps:
            return {}
        try:
            _note(settings, "ready", steps)
            for wish, step in zip(wishes, steps, strict=True):
                _prepare(wish, step, settings)
            _note(settings, "replacing", steps)
            for step in steps:
                step.make()
            _note(settings, "done", steps)
        except OSError:
            _recover(settings)
            raise
        _recover(settings)
    return {wish.place: Path(step.aside) for wish, step in zip(wishes, steps, strict=True) if step.aside}


def is_unfinished(settings: Path) -> bool:
    """Whether somebody is replacing files at this moment, or was stopped in the middle of it."""
    journal = _journal(settings)
    return os.path.exists(journal) or os.path.exists(_part(journal))


def roll_back(settings: Path) -> bool:
    """Undo what was left in the middle; waits for somebody who is still at it. False: there was nothing to
    undo. Raises OSError where the files may not be written."""
    if not is_unfinished(settings):
        return False
    with _alone(settings):
        return _recover(settings)


def _recover(settings: Path) -> bool:
    """Whether files had to become again what they were. The journal goes last, so this may be killed too."""
    journal = _journal(settings)
    _part(journal).unlink(missing_ok=True)
    if not journal.exists():
        return False
    stage, steps = _noted(journal)
    if stage == "replacing":
        for step in steps:
            step.undo()
        _sync(steps)
    for step in steps:
        step.tidy(stage)
    journal.unlink()
    return stage == "replacing"


# --- the journal


def _journal(settings: Path) -> Path:
    return settings.parent / f".{settings.name}.replacing"


def _noted(journal: Path) -> tuple[Stage, list[_Step]]:
    """Raises OSError, also for one that root should not obey: it names files, and may be anybody's."""
    if os.geteuid() == 0 != journal.stat().st_uid:
        raise PermissionError(errno.EPERM, "begun by another user", str(journal))
    try:
        noted = json.loads(journal.read_text("utf-8"))
        return noted["stage"], [_Step(**{**step, "known": tuple(step["known"])}) for step in noted["steps"]]
    except (ValueError, KeyError, TypeError):
        raise OSError(errno.EINVAL, "no journal of ours", str(journal)) from None


def _note(settings: Path, stage: Stage, steps: Sequence[_Step]) -> None:
    """On disk before anything that it speaks of."""
    _sync(steps)
    text = json.dumps({"stage": stage, "steps": [asdict(step) for step in steps]}, ensure_ascii=False)
    journal = _journal(settings)
    _write(journal, text.encode())
    _sync_folder(settings.parent)


@contextmanager
def _alone(settings: Path) -> Iterator[None]:
    """One process at a time. The lock is the kernel's, and goes with its holder."""
    handle = os.open(settings.parent, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


# --- one file


def _step(wish: Wish) -> _Step:
    place = wish.place
    there = place.exists()
    texts = (place.read_bytes() if there else None, None if wish.text is None else wish.text.encode())
    return _Step(
        str(place),
        None if wish.text is None else str(place.with_name(f".{place.name}.fresh")),
        str(place.with_name(f".{place.name}.before")) if there else None,
        str(_aside(place)) if wish.keep and there else None,
        tuple(_digest(text) for text in texts if text is not None),
    )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _aside(place: Path) -> Path:
    """A name that hides no earlier work: free, or of a copy that says the same."""
    content, number = place.read_bytes(), 1
    while True:
        found = place.with_name(place.name + ASIDE + (str(number) if number > 1 else ""))
        if not found.exists() or (found.is_file() and found.read_bytes() == content):
            return found
        number += 1


def _prepare(wish: Wish, step: _Step, settings: Path) -> None:
    """Both versions, for those who may read what is there now (or else the settings)."""
    place = wish.place
    place.parent.mkdir(parents=True, exist_ok=True)
    if step.before is not None:
        _write(Path(step.before), place.read_bytes(), place)
        shutil.copystat(place, step.before)
    if step.fresh is not None and wish.text is not None:
        _write(Path(step.fresh), wish.text.encode(), place if step.before is not None else settings)


def _part(file: Path) -> Path:
    return file.with_name(f"{file.name}.part")


def _write(file: Path, content: bytes, model: Path | None = None) -> None:
    """Whole or not at all. Nobody may read it who may not read ``model``, at no moment; None: all may."""
    part = _part(file)
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    if model is None:
        part.chmod(0o644)
    else:
        with suppress(PermissionError):  # only root gives files away; the mode is what counts
            os.chown(part, model.stat().st_uid, model.stat().st_gid)
        shutil.copymode(model, part)
    part.replace(file)


def _sync(steps: Sequence[_Step]) -> None:
    for folder in dict.fromkeys(Path(step.place).parent for step in steps):
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # a folder that is not there yet, or a file system that cannot
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
