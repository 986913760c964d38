"""Types for settings models: they turn the reader's text into values, and say in two languages what is wrong.

A settings file holds only text (see ``yamlfile``); a field's type decides how it is read: ``Whole`` takes
``8080`` but not ``0101``, ``8_080`` or ``0x1F``; ``Flag`` takes ``true`` and ``false`` only.
"""

from __future__ import annotations

import difflib
import re
import types
import typing
from pathlib import Path
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError, core_schema

from callcore.domain import LANGUAGES, Text
from callcore.strictyaml.faults import ConfigFaults, Document, Position

ModelT = TypeVar("ModelT", bound=BaseModel)


class Model(BaseModel):
    """Base of every section: frozen, and an unknown key is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def wrong(message: Text, remedy: Text) -> PydanticCustomError:
    """The exception that a validator raises to say what is wrong and what would be right."""
    return PydanticCustomError(
        "callcore",
        "{en}",
        {"ru": message.ru, "en": message.en, "remedy_ru": remedy.ru, "remedy_en": remedy.en},
    )


# --- reading text


def _whole(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?(0|[1-9][0-9]{0,14})", value, re.ASCII):
        return int(value)
    raise wrong(
        Text(f"{shown(value)} — не целое число.", f"{shown(value)} is not a whole number."),
        Text(
            "Напишите цифры, без ведущего нуля и знаков между ними, например 30.",
            "Write digits without a leading zero or separators, e.g. 30.",
        ),
    )


def _flag(value: object) -> object:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    raise wrong(
        Text(f"{shown(value)} — не да и не нет.", f"{shown(value)} is neither yes nor no."),
        Text("Напишите true или false.", "Write true or false."),
    )


def _line(value: object) -> object:
    if isinstance(value, str) and value.strip() and "\n" not in value.strip():
        return value.strip()
    if isinstance(value, str) and not value.strip():
        value = None
    raise wrong(
        Text(
            f"Нужен текст в одну строку, а здесь {shown(value, 'ru')}.",
            f"One line of text is needed, not {shown(value)}.",
        ),
        Text("Впишите текст.", "Write a text."),
    )


def _speech(value: object) -> object:
    if isinstance(value, str) and value.strip():
        return " ".join(value.split())
    raise wrong(
        Text("Текста нет.", "There is no text."),
        Text("Впишите его: звучат оба языка.", "Write it: both languages are used."),
    )


def _path(value: object, info: ValidationInfo) -> object:
    """A path, relative to the folder of the file it is written in."""
    if isinstance(value, Path):
        return value
    text = _line(value)
    assert isinstance(text, str)
    folder: Path = (info.context or {}).get("folder", Path())
    return (folder / text).resolve()


def _zone(value: object) -> object:
    if isinstance(value, ZoneInfo):
        return value
    zone = known_zone(value) if isinstance(value, str) else None
    if zone is not None:
        return zone
    raise wrong(
        Text(f"Часового пояса {shown(value, 'ru')} нет.", f"There is no time zone {shown(value)}."),
        Text("Напишите имя из базы tz, например Europe/Moscow.", "Write a tz name such as Europe/Moscow."),
    )


def known_zone(name: str) -> ZoneInfo | None:
    """The zone of this tz name, None if there is none."""
    try:
        if re.fullmatch(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*", name, re.ASCII):
            return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown names are KeyError; a folder's name is OSError
        pass
    return None


class _BilingualModel(Model):
    ru: Annotated[str, BeforeValidator(_speech)]
    en: Annotated[str, BeforeValidator(_speech)]


class _BilingualSchema:
    """Lets pydantic read a mapping ``{ru, en}`` into the domain's ``Text``."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from_mapping = core_schema.no_info_after_validator_function(
            lambda model: Text(model.ru, model.en), handler.generate_schema(_BilingualModel)
        )
        return core_schema.no_info_wrap_validator_function(
            lambda value, inner: value if isinstance(value, Text) else inner(value), from_mapping
        )


class _AnySchema:
    """For values that a ``BeforeValidator`` has already made."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.any_schema()


Whole = Annotated[int, BeforeValidator(_whole)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Line = Annotated[str, BeforeValidator(_line)]
Bilingual = Annotated[Text, _BilingualSchema()]
FilePath = Annotated[Path, BeforeValidator(_path)]
Zone = Annotated[ZoneInfo, _AnySchema(), BeforeValidator(_zone)]


def shown(value: object, language: str = "en") -> str:
    """A value as a message names it: short, printable."""
    if value is None:
        return "пусто" if language == "ru" else "nothing"
    if isinstance(value, dict):
        return "раздел" if language == "ru" else "a section"
    if isinstance(value, list):
        return "список" if language == "ru" else "a list"
    text = str(value)
    text = text if text.isprintable() else ascii(text)[1:-1]
    text = text if len(text) <= 60 else text[:57] + "…"
    return f"«{text}»" if language == "ru" else f'"{text}"'


# --- from pydantic's errors to faults


def validate(document: Document, model: type[ModelT], folder: Path, at: Position = ()) -> ModelT | None:
    """The document, or its value at a position, as ``model``, or None; what is wrong is added to
    ``document.faults``."""
    if document.value is None:
        return None
    value = document.value
    for part in at:
        value = value[part]
    try:
        return model.model_validate(value, context={"folder": folder})
    except ValidationError as error:
        spoilt = {position for position, _ in document.faults if position}
        for details in error.errors(include_url=False):
            below = _position(value, details)
            position = (*at, *below)
            if not any(position[: len(bad)] == bad for bad in spoilt):
                document.blame(position, *_texts(details, model, below))
        return None


def raise_faults(*documents: Document) -> None:
    """Raise ConfigFaults if any document has a fault (warnings alone do not)."""
    found = tuple(fault for document in documents for fault in document.sorted_faults())
    if any(fault.severity == "fault" for fault in found):
        raise ConfigFaults(found)


def _position(value: Any, details: ErrorDetails) -> Position:
    """Pydantic's place without its own markers (names of validators, ``[key]``)."""
    place: list[str | int] = []
    for part in details["loc"]:
        if (isinstance(value, dict) and part in value) or (
            isinstance(value, list) and isinstance(part, int) and part < len(value)
        ):
            place.append(part)
            value = value[part]  # type: ignore[index]
    if details["type"] == "missing":
        place.append(details["loc"][-1])
    return tuple(place)


def _texts(details: ErrorDetails, model: type[BaseModel], position: Position) -> tuple[Text, Text]:
    kind, context = details["type"], details.get("ctx", {})
    if kind == "callcore":
        return Text(context["ru"], context["en"]), Text(context["remedy_ru"], context["remedy_en"])
    if kind == "missing":
        name = position[-1]
        return (
            Text(f"Не задано «{name}».", f'"{name}" is missing.'),
            Text("Впишите и этот текст: нужны оба языка.", "Write this text too: both languages are used.")
            if name in LANGUAGES
            else Text("Добавьте эту настройку.", "Add this setting."),
        )
    if kind == "extra_forbidden":
        return _unknown_key(str(position[-1]), _keys_at(model, position[:-1]))
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        known = _keys_at(model, position)
        if known == set(LANGUAGES):
            return (
                Text(
                    f"Нужен текст на двух языках, а здесь {shown(details['input'], 'ru')}.",
                    f"A text in both languages is needed, not {shown(details['input'])}.",
                ),
                Text("Напишите {ru: …, en: …}.", "Write {ru: …, en: …}."),
            )
        keys = ", ".join(sorted(known))
        return (
            Text(
                f"Нужен раздел, а здесь {shown(details['input'], 'ru')}.",
                f"A section is needed, not {shown(details['input'])}.",
            ),
            Text(f"Его настройки: {keys}." if keys else "", f"Its settings: {keys}." if keys else ""),
        )
    if kind in ("list_type", "tuple_type", "frozen_set_type"):
        return (
            Text(
                f"Нужен список, а здесь {shown(details['input'], 'ru')}.",
                f"A list is needed, not {shown(details['input'])}.",
            ),
            Text("Напишите [первое, второе].", "Write [first, second]."),
        )
    if kind in ("literal_error", "enum"):
        expected = str(context["expected"]).replace("'", "").replace(" or ", ", ")
        return (
            Text(
                f"Значения {shown(details['input'], 'ru')} здесь нет.",
                f"{shown(details['input'])} is not possible here.",
            ),
            Text(f"Возможны: {expected}.", f"Possible: {expected}."),
        )
    bounds = {
        "greater_than": ("больше", "more than", "gt"),
        "greater_than_equal": ("не меньше", "at least", "ge"),
        "less_than": ("меньше", "less than", "lt"),
        "less_than_equal": ("не больше", "at most", "le"),
    }
    if kind in bounds:
        ru, en, name = bounds[kind]
        return (
            Text(
                f"{shown(details['input'], 'ru')} не годится.", f"{shown(details['input'])} is out of range."
            ),
            Text(f"Должно быть {ru} {context[name]}.", f"It must be {en} {context[name]}."),
        )
    return (
        Text(f"Значение не годится: {details['msg']}.", f"The value is wrong: {details['msg']}."),
        Text("", ""),
    )


def _unknown_key(key: str, known: frozenset[str]) -> tuple[Text, Text]:
    message = Text(f"Настройки {shown(key, 'ru')} нет.", f"There is no setting {shown(key)}.")
    near = difflib.get_close_matches(key[:80], known, n=1, cutoff=0.6)
    if near:
        return message, Text(f"Может быть, «{near[0]}»?", f'Did you mean "{near[0]}"?')
    names = ", ".join(sorted(known))
    return message, Text(f"Здесь есть: {names}.", f"Known here: {names}.")


def _keys_at(model: Any, position: Position) -> frozenset[str]:
    """Names of the settings that the model knows at a place."""
    kind: Any = model
    for part in position:
        kind = _bare(kind)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            known = kind.model_fields.get(str(part))
            kind = known.annotation if known else None
            if known and any(isinstance(mark, _BilingualSchema) for mark in known.metadata):
                kind = _BilingualModel
        elif typing.get_origin(kind) is dict:
            kind = typing.get_args(kind)[1]
        elif typing.get_origin(kind) in (list, tuple):
            kind = typing.get_args(kind)[0]
        else:
            return frozenset()
    kind = _bare(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return frozenset(kind.model_fields)
    return frozenset()


def _bare(kind: Any) -> Any:
    """A type without ``Annotated`` and ``| None``."""
    while True:
        origin = typing.get_origin(kind)
        if origin is Annotated:
            if any(isinstance(mark, _BilingualSchema) for mark in kind.__metadata__):
                return _BilingualModel
            kind = typing.get_args(kind)[0]
        elif origin in (typing.Union, types.UnionType):
            kind = next((arg for arg in typing.get_args(kind) if arg is not types.NoneType), None)
        else:
            return kind
