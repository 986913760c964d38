"""What a library finds wrong in a body or a query, in our words: what, and what to do with the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callcore.domain import Text

_Words = tuple[Text, Text]
"""What is wrong, and what would be right; ``{field}`` and the bounds are filled in."""
_SHORTER = Text("Сократите «{field}».", 'Make "{field}" shorter.')
_WITHIN = Text("Пришлите «{field}» в этих пределах.", 'Send "{field}" within these bounds.')
_ONE_OF = (
    Text("Такого значения нет.", "There is no such value."),
    Text("«{field}» — одно из: {expected}.", '"{field}" is one of: {expected}.'),
)
_BY_TYPE: Mapping[str, _Words] = {
    "missing": (
        Text("Нет обязательного поля.", "A required field is missing."),
        Text("Добавьте «{field}».", 'Add "{field}".'),
    ),
    "extra_forbidden": (
        Text("Такого поля здесь нет.", "There is no such field here."),
        Text(
            "Уберите «{field}» или проверьте, как оно пишется.", 'Leave "{field}" out, or check its spelling.'
        ),
    ),
    "timezone_aware": (
        Text("У момента нет часового пояса.", "The moment names no zone."),
        Text(
            "Добавьте к «{field}» пояс, например +03:00 или Z.",
            'Add a zone to "{field}", such as +03:00 or Z.',
        ),
    ),
    "string_too_long": (
        Text("Больше {max_length} знаков.", "More than {max_length} characters."),
        _SHORTER,
    ),
    "string_too_short": (
        Text("Меньше знаков, чем нужно: {min_length}.", "Fewer characters than are needed: {min_length}."),
        Text("Заполните «{field}».", 'Fill in "{field}".'),
    ),
    "too_long": (Text("Помещается не больше {max_length}.", "At most {max_length} fit."), _SHORTER),
    "too_short": (
        Text("Нужно хотя бы {min_length}.", "At least {min_length} must be there."),
        Text("Дополните «{field}».", 'Add to "{field}".'),
    ),
    "greater_than_equal": (Text("Меньше {ge} не бывает.", "It is {ge} or more."), _WITHIN),
    "greater_than": (Text("Нужно больше {gt}.", "It is more than {gt}."), _WITHIN),
    "less_than_equal": (Text("Больше {le} не бывает.", "It is {le} or less."), _WITHIN),
    "less_than": (Text("Нужно меньше {lt}.", "It is less than {lt}."), _WITHIN),
    "literal_error": _ONE_OF,
    "enum": _ONE_OF,
    "string_pattern_mismatch": (
        Text("Написано не так.", "It is not written so."),
        Text("«{field}» пишется по образцу {pattern}.", 'Write "{field}" after the pattern {pattern}.'),
    ),
}
_NEEDED: Mapping[str, Text] = {
    "string": Text("Нужен текст.", "A text is needed."),
    "int": Text("Нужно целое число.", "A whole number is needed."),
    "float": Text("Нужно число.", "A number is needed."),
    "bool": Text("Нужно да или нет: true или false.", "Yes or no is needed: true or false."),
    "list": Text("Нужен список.", "A list is needed."),
    "dict": Text("Нужен объект.", "An object is needed."),
    "model": Text("Нужен объект.", "An object is needed."),
    "datetime": Text(
        "Нужен момент, например 2026-12-31T18:00:00+03:00.",
        "A moment is needed, such as 2026-12-31T18:00:00+03:00.",
    ),
    "date": Text("Нужна дата, например 2026-12-31.", "A date is needed, such as 2026-12-31."),
}
"""By the first word of the library's code, where only the type is wrong."""


def words_of(error: Mapping[str, Any], field: str) -> _Words:
    """The message and the remedy of one of pydantic's errors."""
    code = str(error["type"])
    needed = _NEEDED.get(code.partition("_")[0])
    found = _BY_TYPE.get(code) or ((needed, mend(field)) if needed else None)
    if found is None:
        return Text(error["msg"], error["msg"]), mend(field)
    values = {name: str(value) for name, value in error.get("ctx", {}).items()} | {"field": field}
    if code not in _BY_TYPE:
        return found
    message, remedy = (
        Text(
            each.ru.format(**values | {"expected": values.get("expected", "").replace(" or ", " или ")}),
            each.en.format(**values),
        )
        for each in found
    )
    return message, remedy


def mend(field: str) -> Text:
    """The remedy that always holds."""
    where = "/api/v1/openapi.json"
    if not field:
        return Text(f"Каким оно должно быть: {where}.", f"What it should be: {where}.")
    return Text(
        f"Исправьте «{field}»; каким оно должно быть: {where}.",
        f'Mend "{field}"; what it should be: {where}.',
    )
