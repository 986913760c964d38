"""What programs send to the API, read and checked before an operation sees it.

Texts lose what no database takes (``store.texts``): control characters vanish, halves of surrogate pairs
become U+FFFD. Whole numbers fit into 64 bits, moments name their zone and lie between 1800 and 2200. JSON
that nests deeply, names a key twice, or says NaN is refused. All refusals are ``Problem``, never those of a
library.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache
from types import UnionType
from typing import Any, NoReturn, Union, get_args, get_origin

from aiohttp import web
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, PydanticUndefinedType

from callcore.domain import Text
from callcore.store.texts import purified
from callcore.strictyaml.faults import Fault
from callcore.web.bodies import read_raw
from callcore.web.faultwords import mend, words_of
from callcore.web.problems import Problem

MOST_BODY = 1_048_576
DEEPEST = 32
MOST_FAULTS = 20
LARGEST = 2**63 - 1
YEARS = range(1800, 2200)


class _Unreadable(ValueError):
    """Not the JSON that we take; ``why`` for people."""

    def __init__(self, ru: str, en: str) -> None:
        super().__init__(en)
        self.why = Text(ru, en)


def path_value(adapter: TypeAdapter[Any], text: str) -> Any:
    """A part of the path; what does not fit leads nowhere: 404."""
    if purified(text) != text:
        raise Problem("not_found")
    try:
        value = adapter.validate_strings(text)
    except ValidationError:
        raise Problem("not_found") from None
    if next(_odd(value, ()), None) is not None:
        raise Problem("not_found")
    return value


def query_model(model: type[BaseModel] | None, request: web.Request) -> BaseModel | None:
    """The query; a name that is not known, or comes twice where one is wanted, is a fault: 422."""
    names = tuple(dict.fromkeys(request.query))
    if model is None:
        if names:
            faults = [_fault("query", name, "Такого параметра нет.", "No such parameter.") for name in names]
            raise Problem("invalid", faults=faults[:MOST_FAULTS])
        return None
    given: dict[str, Any] = {}
    twice = []
    for name in names:
        values = [purified(value, lines=True) for value in request.query.getall(name)]
        is_list = name in _lists(model)
        if len(values) > 1 and not is_list:
            twice.append(_twice(name))
        given[name] = values if is_list else values[-1]
    if twice:
        raise Problem("invalid", faults=twice[:MOST_FAULTS])
    try:
        return _sound("query", model.model_validate_strings(given))
    except ValidationError as wrong:
        raise invalid("query", wrong) from None


def flag(request: web.Request, name: str) -> bool:
    """A parameter of the query that is 1 or 0, or missing; any other word, which might mean either, is a
    fault: 422."""
    values = request.query.getall(name, ["0"])
    if len(values) > 1:
        raise Problem("invalid", faults=[_twice(name)])
    if values[0] not in ("", "0", "1"):
        raise Problem("invalid", faults=[_fault("query", name, "Здесь 1 или 0.", "This is 1 or 0.")])
    return values[0] == "1"


async def body_model(model: type[BaseModel], request: web.Request, most: int = MOST_BODY) -> BaseModel:
    """The JSON body. 415 another type, 413 too large, 400 no JSON, 422 the wrong fields."""
    if request.content_type != "application/json":
        raise Problem("unsupported_media_type")
    raw = await read_raw(request, most)
    try:
        value = plain_json(raw)
    except _Unreadable as fault:
        raise Problem("bad_request", detail=fault.why) from None
    try:
        # Strict, as JSON has types of its own: "1" is no number, 1 is no text.
        return _sound("body", model.model_validate_json(json.dumps(value), strict=True))
    except ValidationError as wrong:
        raise invalid("body", wrong) from None


def plain_json(raw: bytes) -> object:
    """The value in ``raw``, its texts purified. Raises ValueError that a person can read."""
    try:
        value = json.loads(
            raw.decode(),
            object_pairs_hook=_object,
            parse_int=_whole,
            parse_float=_real,
            parse_constant=_constant,
        )
    except _Unreadable:
        raise
    except (ValueError, RecursionError):
        raise _Unreadable("Это не JSON в UTF-8.", "This is not JSON in UTF-8.") from None
    return _clean(value, 0)


def invalid(place: str, wrong: ValidationError) -> Problem:
    """The problem with each fault, by its place in ``body`` or ``query``."""
    faults = []
    for error in wrong.errors(include_url=False, include_input=False)[:MOST_FAULTS]:
        field = purified(".".join(map(str, error["loc"])))[:200]
        faults.append(Fault(place, 0, field, *words_of(error, field)))
    return Problem("invalid", faults=faults)


@lru_cache(maxsize=1024)
def adapter_of(kind: Any) -> TypeAdapter[Any]:
    """Made once for each type: making one costs more than using it."""
    return TypeAdapter(kind)


def as_json(kind: Any, value: object) -> bytes:
    """``value`` as an answer's body. A name from a live call may hold halves of surrogates: then U+FFFD."""
    adapter = adapter_of(kind)
    try:
        return adapter.dump_json(value)
    except (PydanticSerializationError, UnicodeEncodeError):
        return json.dumps(_clean(adapter.dump_python(value, mode="json"), 0), ensure_ascii=False).encode()


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Unreadable("Ключ встречается дважды.", "A key comes twice.")
    return found


def _whole(text: str) -> int:
    if len(text) > 20 or abs(int(text)) > LARGEST:
        raise _Unreadable("Число не умещается в 64 бита.", "A number does not fit into 64 bits.")
    return int(text)


def _real(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _Unreadable("Слишком большое число.", "A number is too large.")
    return number


def _constant(text: str) -> NoReturn:
    raise _Unreadable(f"{text} — не JSON.", f"{text} is no JSON.")


def _clean(value: object, depth: int) -> object:
    if depth > DEEPEST:
        raise _Unreadable("Слишком глубокая вложенность.", "It nests too deeply.")
    if isinstance(value, str):
        return purified(value, lines=True)
    if isinstance(value, list):
        return [_clean(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {purified(key): _clean(item, depth + 1) for key, item in value.items()}
    return value


def _sound(place: str, model: BaseModel) -> BaseModel:
    faults = [
        Fault(place, 0, field, message, mend(field))
        for field, message in ((".".join(path), message) for path, message in _odd(model, ()))
    ]
    if faults:
        raise Problem("invalid", faults=faults[:MOST_FAULTS])
    return model


def _odd(value: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Text]]:
    """What a type allows and nothing behind it can take."""
    match value:
        case bool():
            return
        case int() if abs(value) > LARGEST:
            yield path, Text("Число не умещается в 64 бита.", "The number does not fit into 64 bits.")
        case float() if not math.isfinite(value):
            yield path, Text("Это не число.", "This is no number.")
        case datetime() if value.utcoffset() is None:
            yield path, Text("У момента нет часового пояса.", "The moment names no zone.")
        case date() if value.year not in YEARS:
            yield path, Text("Год вне 1800–2199.", "The year is not within 1800 to 2199.")
        case BaseModel():
            for name in type(value).model_fields:
                yield from _odd(getattr(value, name), (*path, name))
        case Mapping():
            for key, item in value.items():
                yield from _odd(item, (*path, str(key)))
        case list() | tuple() | set() | frozenset():
            for place, item in enumerate(value):
                yield from _odd(item, (*path, str(place)))
        case _:
            return


@lru_cache(maxsize=512)
def _lists(model: type[BaseModel]) -> frozenset[str]:
    """Query parameters that may come several times."""
    return frozenset(
        field.alias or name for name, field in model.model_fields.items() if is_list(field.annotation)
    )


def is_list(kind: Any) -> bool:
    """Whether a query parameter of this type takes several values."""
    if kind is None or isinstance(kind, PydanticUndefinedType):
        return False
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return any(is_list(each) for each in get_args(kind))
    return (origin or kind) in (tuple, list, set, frozenset)


def _twice(name: str) -> Fault:
    return _fault("query", name, "Параметр назван дважды.", "The parameter comes twice.")


def _fault(place: str, field: str, ru: str, en: str) -> Fault:
    name = purified(field)[:200]
    return Fault(place, 0, name, Text(ru, en), mend(name))
