"""The catalogue of recorded texts: which file says what. Pure but for reading it.

``catalogue.yaml`` in the folder of recordings, the sounds beside it in ``ru`` and ``en``::

    ru: {zdravstvuyte: "Здравствуйте! Вы позвонили в «Связь и Свет»."}     # ru/zdravstvuyte.wav
    en: {hello: "Hello! You have called Light and Connection."}            # en/hello.wav

A recording is used for exactly this text; once the text is changed, a synthesiser says the new one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import yaml
from pydantic import AfterValidator, BeforeValidator, Field

from callcore.domain import LANGUAGES, Language, Text
from callcore.strictyaml.faults import Document
from callcore.strictyaml.fields import Model, shown, validate, wrong
from callcore.strictyaml.reader import read

FILE: Final = "catalogue.yaml"
NAME_WORDS: Final = 4
NAME_CHARACTERS: Final = 60
SHOWN: Final = 3
"""Names of recordings that one warning tells."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
_HEADER: Final = (
    "# Texts that a person has spoken: NAME: text; the sounds are ru/NAME.wav and en/NAME.wav.\n"
    "# `callcore speech export` adds the texts that are missing. Names may be changed, with their files.\n"
)
_LATIN: Final = str.maketrans(
    {
        **dict(zip("абвгдеёзийклмнопрстуфыэ", "abvgdeeziyklmnoprstufye", strict=True)),
        **{"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "yu", "я": "ya"},
        **{"ъ": None, "ь": None},
    }
)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Names of the recordings by text, for each language."""

    names: Mapping[Language, Mapping[str, str]] = field(default_factory=dict)

    def name(self, text: str, language: str) -> str | None:
        words = one_line(text)
        return next((names.get(words) for known, names in self.names.items() if known == language), None)

    def with_texts(self, texts: Iterable[tuple[str, Language]]) -> Catalogue:
        """With a name for each of these texts; what has one keeps it."""
        names = {language: dict(self.names.get(language, {})) for language in LANGUAGES}
        taken = {language: set(known.values()) for language, known in names.items()}
        for text, language in texts:
            words = one_line(text)
            if words not in names[language]:
                names[language][words] = _free(_slug(words), taken[language])
                taken[language].add(names[language][words])
        return Catalogue(names)

    def as_yaml(self) -> str:
        plain = {
            language: {name: text for text, name in names.items()} for language, names in self.names.items()
        }
        return _HEADER + yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=10_000)


def one_line(text: str) -> str:
    """As it is looked up: two texts that differ in spaces alone are said alike."""
    return " ".join(text.split())


def read_catalogue(folder: Path, name: str | None = None) -> tuple[Document, Catalogue | None]:
    """The catalogue of a folder; None where it is faulty, and the document says why. ``name``: how its faults
    call the file. A folder without one records nothing."""
    path = folder / FILE
    if not path.exists():
        document = Document(name or str(path))
        if not folder.is_dir():
            document.blame(
                (),
                Text("Папки с записями нет.", "There is no folder of recordings."),
                Text("Её создаст callcore speech export.", "`callcore speech export` makes it."),
                line=0,
                severity="warning",
            )
        return document, Catalogue()
    document = read(path, name)
    model = validate(document, _CatalogueModel, folder)
    if model is None or document.faults:
        return document, None
    texts = {"ru": model.ru, "en": model.en}
    for language, names in texts.items():
        _blame_repeated(document, language, names)
    if document.faults:
        return document, None
    return document, Catalogue(
        {language: {text: name for name, text in texts[language].items()} for language in LANGUAGES}
    )


def warn_of_missing(document: Document, folder: Path, catalogue: Catalogue) -> None:
    """One warning, however many are not delivered yet: right after an export these are all."""
    paths = [f"{language}/{name}.wav" for language, each in catalogue.names.items() for name in each.values()]
    missing = [path for path in paths if not (folder / path).exists()]
    if missing:
        some = ", ".join(missing[:SHOWN]) + ("…" if len(missing) > SHOWN else "")
        document.blame(
            (),
            Text(
                f"Записей нет: {len(missing)} из {len(paths)} ({some}).",
                f"Recordings missing: {len(missing)} of {len(paths)} ({some}).",
            ),
            Text("Пока их говорит синтезатор.", "A synthesiser says these texts until they are there."),
            line=0,
            severity="warning",
        )


def _blame_repeated(document: Document, language: str, names: Mapping[str, str]) -> None:
    first: dict[str, str] = {}
    for name, text in names.items():
        if first.setdefault(text, name) != name:
            document.blame(
                (language, name),
                Text(f"Этот текст уже записан как {first[text]}.", f"{first[text]} says this text already."),
                Text("Оставьте одно имя.", "Keep one of the names."),
            )


def _checked_name(value: str) -> str:
    if _NAME.fullmatch(value):
        return value
    raise wrong(
        Text(f"{shown(value, 'ru')} — не имя записи.", f"{shown(value)} is no name of a recording."),
        Text(
            "Строчные латинские буквы, цифры, _ и -, до 80 знаков, без .wav.",
            "Lower-case Latin letters, digits, _ and -, up to 80 characters, without .wav.",
        ),
    )


def _spoken_text(value: object) -> object:
    if isinstance(value, str) and value.strip():
        return one_line(value)
    raise wrong(
        Text("Текста нет.", "There is no text."), Text("Впишите, что записано.", "Write what is said.")
    )


_Texts = dict[Annotated[str, AfterValidator(_checked_name)], Annotated[str, BeforeValidator(_spoken_text)]]


class _CatalogueModel(Model):
    ru: _Texts = Field(default_factory=dict)
    en: _Texts = Field(default_factory=dict)


def _slug(text: str) -> str:
    """Its first words in Latin letters, for people who look for the file."""
    words = re.findall(r"[a-z0-9]+", text.lower().translate(_LATIN))
    return "-".join(words[:NAME_WORDS])[:NAME_CHARACTERS].strip("-") or "text"


def _free(slug: str, taken: set[str]) -> str:
    if slug not in taken:
        return slug
    return next(name for number in range(2, len(taken) + 3) if (name := f"{slug}-{number}") not in taken)
