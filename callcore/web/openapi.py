"""The OpenAPI 3.1 document, made from the running application's routes; and the page ``/api`` for people.

Every handler under ``/api/v1`` carries an ``Operation`` (``operation.py``); a route without one is left out,
and a test says so. Nothing here is written by hand that the code knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from aiohttp import web
from pydantic import BaseModel

from callcore import __version__
from callcore.rights import Permission
from callcore.screenpop.hub import encode
from callcore.store.events import EVENTS
from callcore.web import kit
from callcore.web.context import WEB
from callcore.web.intake import LARGEST, adapter_of, is_list
from callcore.web.openapi_events import webhooks
from callcore.web.operation import Operation, described
from callcore.web.problems import status_of, title_of, type_of
from callcore.web.repeats import PARAMETER
from callcore.web.security import session_cookie

PREFIX = "/api/v1/"
REF = "#/components/schemas/{model}"
_ANSWER: Literal["serialization"] = "serialization"
_TAKEN: Literal["validation"] = "validation"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path."""

    method: str
    path: str
    operation: Operation

    @property
    def is_safe(self) -> bool:
        return self.method == "GET"

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that stand in the path."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))

    @property
    def id(self) -> str:
        """Unique: the handler's name with the method and the path's fixed words."""
        words = [word for word in re.split(r"[^\w]+", self.path.removeprefix(PREFIX)) if word]
        return "_".join((self.method.lower(), *words))


def endpoints(app: web.Application) -> tuple[Endpoint, ...]:
    """All that the API offers, in the order of the paths."""
    found = [
        Endpoint(method, path, known)
        for method, path, handler in api_routes(app)
        if (known := getattr(handler, "operation", None)) is not None
    ]
    return tuple(sorted(found, key=lambda each: (each.path, each.method)))


def api_routes(app: web.Application) -> Iterator[tuple[str, str, Any]]:
    """Method, path and handler of every route of the API, but HEAD, which comes with each GET."""
    for route in app.router.routes():
        resource = route.resource
        if resource is not None and route.method != "HEAD" and resource.canonical.startswith(PREFIX):
            yield route.method, resource.canonical, route.handler


def document(found: Sequence[Endpoint], *, cookie: str, languages: Sequence[str] = ("ru", "en")) -> Json:
    """The OpenAPI document of these endpoints."""
    schemas, shared = _schemas(found)
    paths: dict[str, Json] = {}
    codes: set[str] = set()
    for endpoint in found:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(
            endpoint, schemas, shared, codes
        )
    tags = sorted({each.operation.tag for each in found})
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "callcore",
            "version": __version__,
            "description": (
                "Calls, contacts, customers, cases and outages of one call centre. Texts are UTF-8, moments "
                "ISO 8601 with a zone, money whole minor units. Errors are problem documents (RFC 9457); "
                "a token is answered in the language of Accept-Language, or else its owner's: "
                + ", ".join(languages)
                + "."
            ),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in tags],
        "paths": paths,
        "webhooks": webhooks(EVENTS.values()),
        "components": {
            "schemas": {**{name: _tidy(schema) for name, schema in shared.items()}, **_PROBLEM_SCHEMAS},
            "examples": {code: {"value": _example(code)} for code in sorted(codes)},
            "securitySchemes": {
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": cookie,
                    "description": "A person who signed in by POST /api/v1/session.",
                },
                "csrf": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-CSRF-Token",
                    "description": "With the cookie, for whatever changes something: the session's csrf.",
                },
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": (
                        "A program's token (callcore user token). It may what its owner and its scopes may; "
                        "the scopes: " + ", ".join(each.value for each in Permission) + "."
                    ),
                },
            },
        },
    }


# --- one operation


def _operation(endpoint: Endpoint, schemas: Mapping[Any, Json], shared: Json, codes: set[str]) -> Json:
    known = endpoint.operation
    said: Json = {
        "operationId": endpoint.id,
        "tags": [known.tag],
        "summary": known.summary,
        "parameters": [
            *_path(endpoint, schemas),
            *_query(endpoint, schemas, shared),
            *([dict(PARAMETER)] if known.repeats else []),
        ],
        "responses": _responses(endpoint, schemas, codes),
        "security": _security(endpoint),
    }
    if known.description:
        said["description"] = known.description
    if known.body is not None:
        said["requestBody"] = {
            "required": known.body_required,
            "content": {"application/json": {"schema": _tidy(schemas[_key(known.body), _TAKEN])}},
        }
    return said


def _path(endpoint: Endpoint, schemas: Mapping[Any, Json]) -> Iterator[Json]:
    for name in endpoint.names:
        kind = endpoint.operation.path.get(name, str)
        schema = _tidy(schemas[_key(kind), _TAKEN])
        if schema.get("type") == "string" and "enum" not in schema:
            schema = {"minLength": 1, **schema}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query(endpoint: Endpoint, schemas: Mapping[Any, Json], shared: Json) -> Iterator[Json]:
    model = endpoint.operation.query
    if model is None:
        return
    schema = schemas[_key(model), _TAKEN]
    known = shared[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    properties = known.get("properties", {})
    for name, field in model.model_fields.items():
        wire = field.alias or name
        schema = _tidy(dict(properties.get(wire, {})))
        text = schema.pop("description", None)
        said: Json = {"name": wire, "in": "query", "required": field.is_required(), "schema": schema}
        if text:
            said["description"] = text
        if is_list(field.annotation):
            said |= {"style": "form", "explode": True}
        yield said


def _security(endpoint: Endpoint) -> list[Json]:
    known = endpoint.operation
    if known.is_open:
        return []
    session: Json = {"session": []} if endpoint.is_safe else {"session": [], "csrf": []}
    token: Json = {"token": [known.needs.value] if known.needs else []}
    return [session, token] if known.by_token else [session]


def _responses(endpoint: Endpoint, schemas: Mapping[Any, Json], codes: set[str]) -> Json:
    answers: Json = {}
    for status, content in _answers(endpoint.operation, schemas):
        answers[str(status)] = {"description": _STATUS.get(status, "Done")}
        if content is not None:
            answers[str(status)]["content"] = content
    by_status: dict[int, list[str]] = {}
    for code in problem_codes(endpoint):
        by_status.setdefault(status_of(code), []).append(code)
        codes.add(code)
    for status, those in sorted(by_status.items()):
        shown = {code: {"$ref": f"#/components/examples/{code}"} for code in those}
        answers[str(status)] = {
            "description": "; ".join(title_of(code).en for code in those),
            "content": {"application/problem+json": {"schema": _ref("Problem"), "examples": shown}},
        }
    return answers


_STATUS = {101: "The event stream", 201: "Made", 204: "Done, nothing to say"}


def _answers(known: Operation, schemas: Mapping[Any, Json]) -> Iterator[tuple[int, Json | None]]:
    kind, may_be_none = _without_none(known.answer)
    if may_be_none:
        yield 204, None
    if kind is NoneType:
        if known.status != 200 and known.status != 204:
            yield known.status, None
    elif _is_response(kind):
        yield known.status, {"*/*": {"schema": {}}}
    else:
        yield known.status, {"application/json": {"schema": _tidy(schemas[_key(kind), _ANSWER])}}


def problem_codes(endpoint: Endpoint) -> tuple[str, ...]:
    """Every way in which it may be refused."""
    known = endpoint.operation
    codes = ["store_down", *known.problems]
    if not known.is_open:
        codes += ["not_signed_in"]
        codes += ["throttled"] if known.by_token else []
        codes += ["forbidden"] if known.needs else []
        codes += [] if endpoint.is_safe else ["csrf", "origin"]
    if endpoint.names:
        codes += ["not_found"]
    if any(get_origin(known.path.get(name)) is Literal for name in endpoint.names):
        codes += ["method_not_allowed"]  # another word leads to another resource
    if known.body is not None:
        codes += ["bad_request", "too_large", "unsupported_media_type"]
    codes += ["invalid"] if endpoint.is_safe else ["invalid", "conflict"]
    return tuple(dict.fromkeys(codes))


# --- schemas


def _schemas(found: Sequence[Endpoint]) -> tuple[Mapping[Any, Json], Json]:
    """Of each type that comes or goes, by type and direction; and those that they share."""
    wanted: dict[tuple[Any, Literal["validation", "serialization"]], Any] = {}
    for endpoint in found:
        known = endpoint.operation
        for kind in (known.body, *(known.path.get(name, str) for name in endpoint.names)):
            if kind is not None:
                wanted[_key(kind), _TAKEN] = adapter_of(kind)
        if known.query is not None:
            wanted[_key(known.query), _TAKEN] = adapter_of(known.query)
        kind, _ = _without_none(known.answer)
        if kind is not NoneType and not _is_response(kind):
            wanted[_key(kind), _ANSWER] = adapter_of(kind)
    inputs = [(key, mode, adapter) for (key, mode), adapter in wanted.items()]
    schemas, shared = adapter_of(str).json_schemas(inputs, ref_template=REF)
    return schemas, shared.get("$defs", {})


def _key(kind: Any) -> str:
    """Names a type among the schemas; generic types have no identity of their own."""
    if isinstance(kind, type):
        return f"{kind.__module__}.{kind.__qualname__}"
    return repr(kind)


def _without_none(kind: Any) -> tuple[Any, bool]:
    if kind is None or kind is NoneType:
        return NoneType, True
    if get_origin(kind) in (Union, UnionType) and NoneType in get_args(kind):
        rest = [each for each in get_args(kind) if each is not NoneType]
        return Union[tuple(rest)], True  # noqa: UP007 - made while running
    return kind, False


def _is_response(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, web.StreamResponse)


def _tidy(schema: Any) -> Any:
    """Without the titles that only repeat names, and with the bounds that every whole number has here."""
    if isinstance(schema, list):
        return [_tidy(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    tidy = {
        name: {key: _tidy(each) for key, each in value.items()} if name == "properties" else _tidy(value)
        for name, value in schema.items()
        if not (name == "title" and isinstance(value, str))
    }
    if tidy.get("type") == "integer" and not {"enum", "const"} & tidy.keys():
        if not {"minimum", "exclusiveMinimum"} & tidy.keys():
            tidy["minimum"] = -LARGEST
        if not {"maximum", "exclusiveMaximum"} & tidy.keys():
            tidy["maximum"] = LARGEST
    return tidy


def _ref(name: str) -> Json:
    return {"$ref": REF.format(model=name)}


_PROBLEM_SCHEMAS: Json = {
    "Problem": {
        "type": "object",
        "description": "Why it was refused (RFC 9457). The type is stable, the title is for people.",
        "required": ["type", "title", "status"],
        "properties": {
            "type": {"type": "string", "pattern": "^urn:callcore:problem:[a-z-]+$"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string"},
            "faults": {"type": "array", "items": {"$ref": REF.format(model="ProblemFault")}},
        },
    },
    "ProblemFault": {
        "type": "object",
        "description": "One thing that is wrong in what was sent.",
        "required": ["file", "line", "field", "message", "remedy"],
        "properties": {
            "file": {"type": "string", "description": "body, query, or the sender's name of his file"},
            "line": {"type": "integer", "minimum": 0, "description": "0: not by lines"},
            "field": {"type": "string"},
            "message": {"type": "string"},
            "remedy": {"type": "string"},
        },
    },
}


def _example(code: str) -> Json:
    return {"type": type_of(code), "title": title_of(code).en, "status": status_of(code)}


# --- served


_DOCUMENT = web.AppKey("openapi", list[bytes])


@described("api", is_open=True, answer=dict[str, Any])
async def openapi(request: web.Request) -> web.Response:
    """This document."""
    kept = request.app[_DOCUMENT]
    if not kept:
        cookie = session_cookie(request.app[WEB].settings)
        kept.append(encode(document(endpoints(request.app), cookie=cookie)).encode())
    return web.Response(body=kept[0], content_type="application/json")


async def page(request: web.Request) -> web.Response:
    """``/api``: the operations for people who write programs."""
    identity = await kit.person(request)
    by_tag: dict[str, list[Endpoint]] = {}
    for endpoint in endpoints(request.app):
        by_tag.setdefault(endpoint.operation.tag, []).append(endpoint)
    return kit.show(
        request,
        identity,
        "record/api/index.html",
        by_tag=sorted(by_tag.items()),
        fields=fields_of,
        codes=lambda endpoint: sorted({status_of(code) for code in problem_codes(endpoint)}),
    )


def fields_of(model: type[BaseModel] | None) -> Sequence[tuple[str, bool, str]]:
    """Name, whether it must be there, and what it means."""
    if model is None:
        return ()
    return [
        (field.alias or name, field.is_required(), field.description or "")
        for name, field in model.model_fields.items()
    ]


ROUTES = (web.get(f"{PREFIX}openapi.json", openapi), web.get("/api", page))


def add_to(app: web.Application) -> None:
    app[_DOCUMENT] = []
    app.add_routes(ROUTES)
