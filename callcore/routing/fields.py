"""Types of single settings that the tables' files share: codes, queues, keys, numbers, lengths of time."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

from callcore.domain import Text
from callcore.strictyaml.fields import Line, shown, wrong

CODE = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_LENGTH = re.compile(r"(0|[1-9][0-9]{0,4}) ?(s|min|h|d)", re.ASCII)
_UNITS = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days"}


def _digit(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"[0-9]", value, re.ASCII):
        return value
    raise wrong(
        Text(f"{shown(value, 'ru')} — не клавиша меню.", f"{shown(value)} is no key of a menu."),
        Text("Напишите одну цифру от 0 до 9.", "Write one digit from 0 to 9."),
    )


def queue_name(value: object) -> object:
    """The validator of ``QueueField``."""
    # "general" is the section of queues.conf that is no queue
    fits = isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{1,63}", value, re.ASCII)
    if fits and str(value).lower() != "general":
        return value
    raise wrong(
        Text(f"{shown(value, 'ru')} — не имя очереди.", f"{shown(value)} is no name of a queue."),
        Text(
            "Латинские буквы, цифры, - и _, от 2 до 64 знаков.",
            "Latin letters, digits, - and _, 2 to 64 characters.",
        ),
    )


def code(value: object) -> object:
    """The validator of ``Code``."""
    if isinstance(value, str) and CODE.fullmatch(value):
        return value
    raise wrong(
        Text(f"{shown(value, 'ru')} — не код.", f"{shown(value)} is no code."),
        Text(
            "Строчные латинские буквы, цифры и _, до 40 знаков.",
            "Lower-case Latin letters, digits and _, up to 40 characters.",
        ),
    )


def _internal_number(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"[0-9*#]{1,15}", value, re.ASCII):
        return value
    raise wrong(
        Text(f"{shown(value, 'ru')} — не внутренний номер.", f"{shown(value)} is no internal number."),
        Text("Цифры, * и #, до 15 знаков, например 301.", "Digits, * and #, up to 15, such as 301."),
    )


def _external_number(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"\+[1-9][0-9]{6,14}", value, re.ASCII):
        return value
    raise wrong(
        Text(f"{shown(value, 'ru')} — не внешний номер.", f"{shown(value)} is no number outside."),
        Text("С + и кодом страны, например +74950000000.", "With + and country, such as +74950000000."),
    )


def read_length(text: object) -> timedelta | None:
    """``20 s``, ``3 min``, ``2 h``, ``1 d`` as a length of time; None if it is none."""
    found = _LENGTH.fullmatch(text) if isinstance(text, str) else None
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None


def _length(value: object) -> object:
    length = value if isinstance(value, timedelta) else read_length(value)
    if length is not None:
        return length
    raise wrong(
        Text(f"{shown(value, 'ru')} — не длительность.", f"{shown(value)} is no length of time."),
        Text("Напишите, например, 20 s, 3 min, 2 h или 1 d.", "Write for example 20 s, 3 min, 2 h or 1 d."),
    )


def _as_list(value: object) -> object:
    """One alone is a list of one."""
    if value is None or (isinstance(value, list) and not value):
        raise wrong(
            Text("Здесь ничего нет.", "There is nothing here."),
            Text("Назовите хотя бы одно или уберите строку.", "Name at least one, or leave the line out."),
        )
    return [value] if isinstance(value, str) else value


Digit = Annotated[str, BeforeValidator(_digit)]
QueueField = Annotated[str, BeforeValidator(queue_name)]
Code = Annotated[str, BeforeValidator(code)]
InternalNumber = Annotated[str, BeforeValidator(_internal_number)]
ExternalNumber = Annotated[str, BeforeValidator(_external_number)]
Length = Annotated[timedelta, BeforeValidator(_length)]
OneOrMore = BeforeValidator(_as_list)
"""For lists of which one entry may stand without brackets."""
Words = Annotated[tuple[Line, ...], OneOrMore]
