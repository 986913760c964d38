"""What there is of a list of texts: who says each, where its sound is, what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from callcore.domain import LANGUAGES, Language
from callcore.speech.catalogue import Catalogue, one_line
from callcore.speech.errors import TextRefused
from callcore.speech.prompts import Prompts
from callcore.speech.sound import Flaw, Sound, flaws, measure

SpokenText = tuple[str, Language]


@dataclass(frozen=True, slots=True)
class Entry:
    """One text. ``wanted``: the source that ought to say it; ``source``: the one that does, None (as ``file``
    and ``sound``) where nothing was made yet. ``refused``: nobody can say it."""

    text: str
    language: Language
    wanted: str | None = None
    source: str | None = None
    file: Path | None = None
    sound: Sound | None = None
    flaws: tuple[Flaw, ...] = ()
    refused: TextRefused | None = None

    @property
    def is_ready(self) -> bool:
        """Said by the source that ought to say it."""
        return self.source is not None and self.source == self.wanted


def survey(prompts: Prompts, texts: Iterable[SpokenText]) -> Iterator[Entry]:
    """Each text once, as its sound lies on the disk."""
    for text, language in dict.fromkeys(texts):
        try:
            ways = prompts.ways(text, language)
        except TextRefused as refused:
            yield Entry(text, language, refused=refused)
            continue
        wanted, way = ways[0].source.name, ways[-1]
        if way.seconds is None:
            yield Entry(text, language, wanted)
            continue
        sound = measure(way.target)
        yield Entry(text, language, wanted, way.source.name, way.target, sound, flaws(sound, text))


def unspoken(prompts: Prompts, texts: Iterable[SpokenText]) -> tuple[SpokenText, ...]:
    """Those that have no sound on the disk yet, and those that nobody can say. Listens to none."""
    return tuple(each for each in dict.fromkeys(texts) if not _has_sound(prompts, *each))


def _has_sound(prompts: Prompts, text: str, language: Language) -> bool:
    try:
        return prompts.ways(text, language)[-1].seconds is not None
    except TextRefused:
        return False


@dataclass(frozen=True, slots=True)
class Recordings:
    """How a catalogue and its folder agree with the texts: paths relative to the folder, without suffix."""

    missing: tuple[str, ...]
    """Named in the catalogue for a text that is said, and not delivered yet."""
    unused: tuple[str, ...]
    """Their texts are no longer said."""
    unnamed: tuple[str, ...]
    """Files that the catalogue does not know."""


def recordings(folder: Path, catalogue: Catalogue, texts: Iterable[SpokenText]) -> Recordings:
    said = {(one_line(text), language) for text, language in texts}
    named = {
        f"{language}/{name}": (text, language)
        for language in LANGUAGES
        for text, name in catalogue.names.get(language, {}).items()
    }
    files = {
        f"{path.parent.name}/{path.stem}" for each in LANGUAGES for path in (folder / each).glob("*.wav")
    }
    return Recordings(
        missing=tuple(path for path, text in named.items() if text in said and path not in files),
        unused=tuple(path for path, text in named.items() if text not in said),
        unnamed=tuple(sorted(files - named.keys())),
    )
