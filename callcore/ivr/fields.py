"""Types of single settings of the IVR's file: names of values, keys of a telephone, tries, waits."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field

from callcore.domain import Text
from callcore.routing.fields import Length
from callcore.strictyaml.fields import Whole, shown, wrong

RESERVED = ("language", "dialled")
"""Values that are there from the start."""
_VALUE = re.compile(r"[a-z][a-z0-9_]{0,39}(\.[a-z0-9_]{1,40})?", re.ASCII)


def _own_value(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"[a-z][a-z0-9_]{0,39}", value, re.ASCII):
        if value not in RESERVED:
            return value
        raise wrong(
            Text(f"Значение {value} уже есть.", f"The value {value} is there already."),
            Text(
                "Назовите своё иначе; язык меняет speak.", "Name yours otherwise; speak changes the language."
            ),
        )
    raise wrong(
        Text(f"{shown(value, 'ru')} — не имя значения.", f"{shown(value)} is no name of a value."),
        Text(
            "Строчные латинские буквы, цифры и _, до 40 знаков.",
            "Lower-case Latin letters, digits and _, up to 40 characters.",
        ),
    )


def _value(value: object) -> object:
    if isinstance(value, str) and _VALUE.fullmatch(value):
        return value
    raise wrong(
        Text(f"{shown(value, 'ru')} — не имя значения.", f"{shown(value)} is no name of a value."),
        Text("Например contract или caller.segment.", "Such as contract or caller.segment."),
    )


def _key(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"[0-9*#]", value, re.ASCII):
        return value
    raise wrong(
        Text(f"{shown(value, 'ru')} — не клавиша телефона.", f"{shown(value)} is no key of a telephone."),
        Text('Одна из 0–9, "*" и "#".', 'One of 0-9, "*" and "#".'),
    )


def _true(value: object) -> object:
    if value == "true":
        return True
    raise wrong(
        Text(f"{shown(value, 'ru')} здесь ничего не значит.", f"{shown(value)} means nothing here."),
        Text("Напишите true.", "Write true."),
    )


def _note_or_value(value: object) -> object:
    if isinstance(value, str) and (re.fullmatch(r"[0-9]{1,18}", value, re.ASCII) or _VALUE.fullmatch(value)):
        return value
    raise wrong(
        Text(f"{shown(value, 'ru')} — не срочное сообщение.", f"{shown(value)} is no flash note."),
        Text("Напишите его номер или имя значения.", "Write its number, or the name of a value."),
    )


OwnValue = Annotated[str, BeforeValidator(_own_value)]
Value = Annotated[str, BeforeValidator(_value)]
PhoneKey = Annotated[str, BeforeValidator(_key)]
Yes = Annotated[bool, BeforeValidator(_true)]
Tries = Annotated[Whole, Field(ge=1, le=10)]
Wait = Annotated[Length, Field(ge=timedelta(seconds=1), le=timedelta(seconds=30))]
Note = Annotated[str, BeforeValidator(_note_or_value)]
"""The number of a flash note, or the name of a value that holds it."""
WAIT = timedelta(seconds=5)
