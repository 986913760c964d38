"""Puts an edition's files back in their places: all of them or none (``config.replacing``)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from callcore.config import Settings
from callcore.config.changes import texts_on_disk
from callcore.config.files import Files
from callcore.config.replacing import Wish, replace_all, roll_back
from callcore.strictyaml.reader import read


class Known(Protocol):
    """The settings file, and the texts, by name, that some edition has anyway."""

    @property
    def file(self) -> Path: ...
    @property
    def texts(self) -> Mapping[str, str]: ...


def wanted_files(known: Known, kept: Mapping[str, str]) -> dict[str, str]:
    """All texts of an edition as they would stand on disk; of the settings file, the other sections stay.

    Raises OSError where an earlier one was left in the middle and cannot be rolled back.
    """
    roll_back(known.file)
    name = known.file.name
    present = read(known.file).text or known.texts[name]
    return texts_on_disk(name, kept, present)


def write_back(known: Known, fresh: Settings) -> tuple[str, ...]:
    """Make the files those of ``fresh``; topic tables that it has not are gone.

    Gives the names under which edits were left that no edition has. Raises OSError, and then all files are
    as they were.
    """
    names: dict[Path, str] = {}

    def wanted() -> list[Wish]:
        wishes = _wishes(known, fresh)
        names.update({wish.place: name for name, wish in wishes.items()})
        return list(wishes.values())

    aside = replace_all(known.file, wanted)
    return tuple(str(Path(names[place]).with_name(left.name)) for place, left in aside.items())


def _wishes(known: Known, fresh: Settings) -> dict[str, Wish]:
    """By name, what differs from ``fresh``."""
    files = Files(known.file.parent)
    gone = {files.name_of(file): None for file in files.tables(fresh.topics)}
    wanted: dict[str, str | None] = {**gone, **fresh.texts}
    places = {name: files.path_of(name).resolve() for name in wanted}
    there = {name: _text(place) for name, place in places.items()}
    return {
        name: Wish(places[name], wanted[name], _is_own(there[name], known, name))
        for name in wanted
        if there[name] != wanted[name]
    }


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
