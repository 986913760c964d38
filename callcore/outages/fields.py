"""The fields of a published outage: moments, numbers, codes and texts from other people's systems. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BeforeValidator

from callcore.domain import Text
from callcore.strictyaml.fields import Model, shown, wrong

CAUSE_CHARACTERS = 200
CODE_CHARACTERS = 40

_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,39}")
_NODE_CODE = re.compile(r"[^\W_][\w./-]{0,39}")
_MOMENT = re.compile(
    r"20\d\d-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(?P<zone>[Zz]|[+-]\d\d:\d\d)?", re.ASCII
)
_MARKUP = re.compile(r"[<>{}]|\[\[|\]\]|&(#\d+|#x[0-9a-f]+|[a-z]+);", re.IGNORECASE)

_A_MOMENT = Text(
    "Напишите дату, время и пояс, например 2026-11-22T20:30:00+03:00.",
    "Write date, time and zone, such as 2026-11-22T20:30:00+03:00.",
)


def _moment(value: object) -> object:
    found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if found is not None and found["zone"] is None:
        raise wrong(
            Text(
                f"{shown(value, 'ru')}: не сказано, в каком часовом поясе.",
                f"{shown(value)} does not say in which time zone.",
            ),
            Text(
                f"Допишите пояс, например {found[0]}+03:00; для UTC — Z.",
                f"Append the zone, such as {found[0]}+03:00; Z for UTC.",
            ),
        )
    if found is not None:
        try:
            return datetime.fromisoformat(found[0].upper()).astimezone(UTC)
        except ValueError:  # the 30th of February, 25 o'clock
            pass
    raise wrong(
        Text(f"{shown(value, 'ru')} — не момент времени.", f"{shown(value)} is no moment in time."), _A_MOMENT
    )


def _number(value: object) -> object:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return value
    raise wrong(
        Text(
            f"{shown(value, 'ru')} не годится как номер отключения.",
            f"{shown(value)} cannot be an outage's number.",
        ),
        Text(
            "От 1 до 40 знаков: латинские буквы, цифры и . _ / -, сначала буква или цифра.",
            "1 to 40 characters: Latin letters, digits and . _ / -, a letter or digit first.",
        ),
    )


def is_node_code(text: str) -> bool:
    """Whether a node of the network may be called so."""
    return bool(_NODE_CODE.fullmatch(text))


def _node_code(value: object) -> object:
    if isinstance(value, str) and is_node_code(value):
        return value
    raise wrong(
        Text(f"{shown(value, 'ru')} — не код узла сети.", f"{shown(value)} is no code of a network node."),
        NODE_CODE_REMEDY,
    )


NODE_CODE_REMEDY = Text(
    "От 1 до 40 знаков без пробелов: буквы, цифры и . _ / -, например F-12.",
    "1 to 40 characters without spaces: letters, digits and . _ / -, such as F-12.",
)


def _spoken(value: object) -> object:
    """One line that people will hear and read, so nothing in it may be meant for a machine."""
    fault = cause_fault(value)
    if fault is not None:
        raise wrong(*fault)
    assert isinstance(value, str)
    return clean_text(value)


def clean_text(text: str) -> str:
    """Composed (``и`` + breve is ``й``), with plain single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def cause_fault(value: object) -> tuple[Text, Text] | None:
    """What is wrong with a text to be spoken and sent, and what would be right."""
    if not isinstance(value, str) or not any(map(str.isalnum, value)):
        return Text(
            f"Здесь нечего произнести: {shown(value if value else None, 'ru')}.",
            f"There is nothing to be said: {shown(value if value else None)}.",
        ), Text("Напишите причину словами, на этом языке.", "Write the cause in words, in this language.")
    strange = next(filter(_is_invisible, value.strip()), None)
    if strange is not None:
        if strange in "\n\r\v\f\x85\u2028\u2029":
            return Text("В тексте больше одной строки.", "The text has more than one line."), Text(
                "Напишите его в одну строку.", "Write it in one line."
            )
        return Text(
            f"В тексте невидимый знак U+{ord(strange):04X}.",
            f"The text holds the invisible character U+{ord(strange):04X}.",
        ), Text("Удалите его.", "Remove it.")
    markup = _MARKUP.search(value)
    if markup is not None:
        return Text(
            f"В тексте разметка: {shown(markup[0], 'ru')}; её произнесли бы вслух.",
            f"The text holds markup, {shown(markup[0])}, which would be read out.",
        ), Text("Оставьте только слова.", "Leave only words.")
    length = len(clean_text(value))
    if length > CAUSE_CHARACTERS:
        return Text(f"Слишком длинно: {length} знаков.", f"Too long: {length} characters."), Text(
            f"Уместите в {CAUSE_CHARACTERS}: это слушают по телефону.",
            f"Make it {CAUSE_CHARACTERS} at most: people hear it on the phone.",
        )
    return None


def _is_invisible(character: str) -> bool:
    """Control and format characters (bidi overrides, joiners, soft hyphens), unassigned ones, line ends."""
    return unicodedata.category(character) in ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp") and character != "\t"


SpokenLine = Annotated[str, BeforeValidator(_spoken)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
OutageNumber = Annotated[str, BeforeValidator(_number)]
NodeCodeField = Annotated[str, BeforeValidator(_node_code)]


class Cause(Model):
    ru: SpokenLine
    en: SpokenLine
