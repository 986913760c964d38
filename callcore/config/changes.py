"""What a running callcore takes over of settings that were read anew, and what waits for a restart. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from callcore.config import Settings
from callcore.config.sections import only, put_back
from callcore.config.shape import SettingsModel

SECTIONS = frozenset(("topics", "macros", "queues", "departments_file", "cases_file", "ivr"))
"""Of the settings file, those that follow a reload, with all that is made of them."""
FOLLOWED = SECTIONS | (set(Settings.model_fields) - set(SettingsModel.model_fields) - {"file"})


def followed(running: Settings, fresh: Settings) -> Settings:
    """``running`` with what follows a reload taken from ``fresh``."""
    return running.model_copy(update={name: getattr(fresh, name) for name in FOLLOWED})


def needs_restart(running: Settings, fresh: Settings) -> tuple[str, ...]:
    """Dotted names of the settings that differ and do not follow."""
    others = [name for name in SettingsModel.model_fields if name not in SECTIONS]
    return tuple(
        path for name in others for path in _differing(name, getattr(running, name), getattr(fresh, name))
    )


def _differing(path: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, BaseModel) and type(old) is type(new):
        old, new = _fields(old), _fields(new)
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in dict.fromkeys((*old, *new)):
            if name in old and name in new:
                yield from _differing(f"{path}.{name}", old[name], new[name])
            else:
                yield f"{path}.{name}"
    elif old != new:
        yield path


def _fields(model: BaseModel) -> Mapping[str, Any]:
    return {name: getattr(model, name) for name in type(model).model_fields}


# --- as texts


def kept_texts(settings: Settings) -> dict[str, str]:
    """What an edition keeps: each file by its name, of the settings file the sections that follow."""
    return {
        name: only(text, SECTIONS) if name == settings.file.name else text
        for name, text in settings.texts.items()
    }


def texts_on_disk(name: str, kept: Mapping[str, str], present: str) -> dict[str, str]:
    """The files that would bring the edition ``kept`` back; ``present``: the settings file, called ``name``,
    as it is."""
    return {**kept, name: put_back(present, kept.get(name, ""), SECTIONS)}
