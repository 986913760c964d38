"""Puts an edition's files back in their places: all are ready beside them before the first is replaced, and
where one cannot be replaced, those before it become again what they were."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from callcore.config import Settings
from callcore.config.changes import texts_on_disk
from callcore.config.files import Files
from callcore.strictyaml.reader import read

ASIDE = "~"
"""Ends the name under which a file is left whose text no edition has: editors do likewise."""


class Known(Protocol):
    """The settings file, and the texts, by name, that some edition has anyway."""

    @property
    def file(self) -> Path: ...
    @property
    def texts(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class _Change:
    place: Path
    fresh: Path | None
    """What it becomes, ready beside it; None: it goes."""
    before: Path | None
    """A copy of what it is; None: there is nothing."""

    def make(self) -> None:
        if self.fresh is None:
            self.place.unlink()
        else:
            self.fresh.replace(self.place)

    def undo(self) -> None:
        if self.before is None:
            self.place.unlink(missing_ok=True)
        else:
            self.before.replace(self.place)

    def tidy(self) -> None:
        for made in (self.fresh, self.before):
            if made is not None:
                made.unlink(missing_ok=True)


def wanted_files(known: Known, kept: Mapping[str, str]) -> dict[str, str]:
    """All texts of an edition as they would stand on disk; of the settings file, the other sections stay."""
    name = known.file.name
    present = read(known.file).text or known.texts[name]
    return texts_on_disk(name, kept, present)


def write_back(known: Known, fresh: Settings) -> tuple[str, ...]:
    """Make the files those of ``fresh``; topic tables that it has not are gone.

    Gives the names under which edits were left that no edition has. Raises OSError, and then all files are
    as they were.
    """
    files = Files(known.file.parent)
    gone = {files.name_of(file): None for file in files.tables(fresh.topics)}
    wanted: dict[str, str | None] = {**gone, **fresh.texts}
    places = {name: files.path_of(name).resolve() for name in wanted}
    there = {name: _text(place) for name, place in places.items()}
    changed = [name for name in wanted if there[name] != wanted[name]]
    changes: list[_Change] = []
    try:
        for name in changed:
            changes.append(_ready(places[name], wanted[name], known.file))
        aside = tuple(_leave(name, places[name]) for name in changed if _is_own(there[name], known, name))
        _make(changes)
    finally:
        for change in changes:
            change.tidy()
    return aside


def _make(changes: Iterable[_Change]) -> None:
    made: list[_Change] = []
    try:
        for change in changes:
            change.make()
            made.append(change)
    except OSError:
        for change in made:
            change.undo()
        raise


def _text(place: Path) -> str | None:
    """None: there is no such file. One that is no text is none of ours, and reads as empty."""
    try:
        return place.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        return ""


def _is_own(text: str | None, known: Known, name: str) -> bool:
    """Whether somebody has written it whose work would be lost, since no edition has it."""
    return text is not None and text != known.texts.get(name)


def _leave(name: str, place: Path) -> str:
    """Keep a copy of the present file beside it; the name of the copy."""
    shutil.copy2(place, place.with_name(place.name + ASIDE))
    return name + ASIDE


def _ready(place: Path, text: str | None, settings: Path) -> _Change:
    """Both versions beside ``place``, for those who may read what is there now (or else ``settings``)."""
    there = place.exists()
    model = place if there else settings
    before = _beside(place, place.read_bytes(), model) if there else None
    try:
        return _Change(place, None if text is None else _beside(place, text.encode(), model), before)
    except BaseException:
        if before is not None:
            before.unlink(missing_ok=True)
        raise


def _beside(place: Path, content: bytes, model: Path) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    made = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        shutil.copymode(model, made)
        with suppress(PermissionError):  # only root gives files away; the mode is what counts
            os.chown(made, model.stat().st_uid, model.stat().st_gid)
    except BaseException:
        made.unlink(missing_ok=True)
        raise
    return made
