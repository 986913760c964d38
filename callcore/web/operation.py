"""One operation of the REST API, declared once: who may, what it takes, what it gives.

    @operation("customers", needs=Permission.customers_see, problems=("not_found",))
    async def customer(ask: Ask, id: int) -> CustomerModel:
        '''One customer. What follows the first line is the description in the OpenAPI document.'''

    ROUTES = (web.get("/api/v1/customers/{id}", customer),)

Parameters named ``query`` and ``body`` are pydantic models, all others stand in the path. What is sent is
checked against them; faults are answered as one problem document with each field. ``openapi.py`` makes the
document from ``Handler.operation``.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import NoneType
from typing import Any, TypeVar, get_type_hints

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from callcore.domain import Language
from callcore.rights import Permission
from callcore.store.errors import NotStored, TextRefused
from callcore.web.context import WEB, api_caller, language_of
from callcore.web.intake import MOST_BODY, adapter_of, as_json, body_model, path_value, query_model
from callcore.web.ports import WebDeps
from callcore.web.problems import Problem
from callcore.web.repeats import obeyed_once
from callcore.web.security import check_csrf, check_origin
from callcore.web.signin import Identity

__all__ = ["MOST_BODY", "ApiModel", "Ask", "Operation", "answer", "described", "operation"]

SAFE_METHODS = frozenset(("GET", "HEAD"))


class ApiModel(BaseModel):
    """What the API takes and gives: nothing beside the named fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, by somebody who may."""

    request: web.Request
    identity: Identity

    @property
    def deps(self) -> WebDeps:
        return self.request.app[WEB].deps

    @property
    def now(self) -> datetime:
        return self.deps.now()

    @property
    def language(self) -> Language:
        return language_of(self.request)


@dataclass(frozen=True, slots=True)
class Operation:
    """What the OpenAPI document says of a handler. ``needs`` None: whoever is signed in."""

    name: str
    tag: str
    summary: str
    description: str
    needs: Permission | None
    is_open: bool
    """Nobody need be signed in."""
    path: Mapping[str, Any]
    query: type[BaseModel] | None
    body: type[BaseModel] | None
    answer: Any
    """A type that pydantic knows; None: no content; a response: any bytes."""
    status: int
    problems: tuple[str, ...]
    by_token: bool = True
    """Programs may, with ``Authorization: Bearer``."""
    body_required: bool = True
    repeats: bool = False
    """Sent again with the same ``Idempotency-Key`` it is obeyed once."""


H = TypeVar("H", bound=Callable[..., Awaitable[Any]])
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
D = TypeVar("D", bound=Handler)


def operation(
    tag: str,
    *,
    needs: Permission | None = None,
    problems: tuple[str, ...] = (),
    status: int = 200,
    most_body: int = MOST_BODY,
    repeats: bool = False,
) -> Callable[[Callable[..., Awaitable[Any]]], Handler]:
    """Makes an aiohttp handler of a function; see the module. ``problems``: codes beside the usual ones.
    ``repeats``: it takes an ``Idempotency-Key`` (``repeats.py``).

    A text that the store refuses is answered 422, a key that is taken or gone 409.
    """

    def wrap(function: Callable[..., Awaitable[Any]]) -> Handler:
        known = replace(_describe(function, tag, needs, problems, status), repeats=repeats)
        adapters = {name: adapter_of(kind) for name, kind in known.path.items()}

        async def handle(request: web.Request) -> web.StreamResponse:
            identity = await _enter(request, needs)
            values: dict[str, Any] = {
                name: path_value(adapter, request.match_info[name]) for name, adapter in adapters.items()
            }
            query = query_model(known.query, request)
            if query is not None:
                values["query"] = query
            if known.body is not None:
                values["body"] = await body_model(known.body, request, most_body)

            async def work() -> web.StreamResponse:
                try:
                    given = await function(Ask(request, identity), **values)
                except TextRefused as refused:
                    raise Problem("invalid", detail=refused.text) from None
                except NotStored as refused:
                    raise Problem("conflict", detail=refused.text) from None
                return answer(given, status, known.answer)

            if repeats:
                return await obeyed_once(request, identity, values.get("body"), work)
            return await work()

        handle.__name__, handle.__doc__ = function.__name__, function.__doc__
        handle.operation = known  # type: ignore[attr-defined]
        return handle

    return wrap


def described(
    tag: str,
    *,
    needs: Permission | None = None,
    is_open: bool = False,
    by_token: bool = True,
    path: Mapping[str, Any] | None = None,
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    body_required: bool = True,
    answer: Any = None,
    status: int = 200,
    problems: tuple[str, ...] = (),
    name: str = "",
) -> Callable[[D], D]:
    """Says what a handler takes and gives that reads its request by itself; its behaviour is its own."""

    def wrap(handler: D) -> D:
        summary, more = _words(handler)
        handler.operation = Operation(  # type: ignore[attr-defined]
            name=name or getattr(handler, "__name__", tag),
            tag=tag,
            summary=summary,
            description=more,
            needs=needs,
            is_open=is_open,
            path=path or {},
            query=query,
            body=body,
            answer=answer,
            status=status,
            problems=problems,
            by_token=by_token,
            body_required=body_required,
        )
        return handler

    return wrap


def answer(given: Any, status: int = 200, kind: Any = None) -> web.StreamResponse:
    """A model as JSON, None as 204; a response goes as it is (files)."""
    if isinstance(given, web.StreamResponse):
        return given
    if given is None:
        return web.Response(status=204)
    declared = type(given) if isinstance(given, BaseModel) or kind in (None, Any, NoneType) else kind
    return web.Response(body=as_json(declared, given), status=status, content_type="application/json")


def _words(function: Callable[..., Any]) -> tuple[str, str]:
    text = inspect.cleandoc(function.__doc__ or function.__name__.replace("_", " "))
    summary, _, more = text.partition("\n")
    return summary.strip(), more.strip()


def _describe(
    function: Callable[..., Awaitable[Any]],
    tag: str,
    needs: Permission | None,
    problems: tuple[str, ...],
    status: int,
) -> Operation:
    hints = get_type_hints(function, include_extras=True)
    summary, more = _words(function)
    special = ("ask", "query", "body", "return")
    return Operation(
        name=function.__name__,
        tag=tag,
        summary=summary,
        description=more,
        needs=needs,
        is_open=False,
        path={name: kind for name, kind in hints.items() if name not in special},
        query=hints.get("query"),
        body=hints.get("body"),
        answer=hints.get("return"),
        status=status,
        problems=problems,
    )


async def _enter(request: web.Request, needs: Permission | None) -> Identity:
    identity = await api_caller(request, needs)
    if request.method not in SAFE_METHODS and identity.by == "session":
        check_origin(request, request.app[WEB].settings)
        check_csrf(request.headers.get("X-CSRF-Token", ""), identity.csrf)
    return identity
