"""Calls that people have placed, for programs: one's own phone rings first, then the number."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Annotated, Literal, Protocol

from aiohttp import web
from pydantic import Field

from callcore.calls.attempt import Attempt, AttemptId, AttemptResult, Purpose
from callcore.domain import CustomerId, Login, Text
from callcore.outbound.wanted import PlaceRefused, Places, Wanted
from callcore.rights import Permission
from callcore.web.context import allowed, demand
from callcore.web.operation import ApiModel, Ask, operation
from callcore.web.problems import Problem
from callcore.web.record.asking import Id, Limit, Offset
from callcore.web.starting import starts_call
from callcore.web.voice.voicemails_api import masks

PLACE = Permission.calls_place
OTHERS = Permission.calls_place_others
_AttemptText = Annotated[str, Field(pattern=r"^[a-z0-9]{1,40}$")]


class PlacedCalls(Protocol):
    """The ledger, as far as these pages read it."""

    async def get(self, id: AttemptId) -> Attempt | None: ...

    async def placed(
        self, *, login: str | None = None, unknown: bool = False, limit: int = 50, offset: int = 0
    ) -> tuple[Attempt, ...]: ...

    async def count_unknown(self) -> int: ...


Names = Callable[[], Awaitable[Mapping[Login, str]]]


class PlacedRoom:
    def __init__(self, places: Places, calls: PlacedCalls, names: Names) -> None:
        self.places = places
        self.calls = calls
        self.names = names


ROOM = web.AppKey("placed_room", PlacedRoom)


class PlaceModel(ApiModel):
    number: Annotated[str, Field(min_length=1, max_length=64)]
    login: Annotated[str, Field(max_length=64)] | None = None
    """Whose phone rings; null: one's own. Another's needs ``calls.place_others``."""
    customer: Id | None = None
    """Whose number it is, where that is known."""


class PlacedModel(ApiModel):
    attempt: str
    number: str
    login: str
    phone: str | None
    purpose: Purpose
    customer: int | None
    placed_at: datetime
    state: Literal["open", "over"]
    result: AttemptResult | None
    """``answered``: the number answered. ``not_sent``: the number was not rung, ``why`` says what stopped
    it. ``unknown``: nobody can find out; look before you call again. Null while it is open."""
    ended_at: datetime | None
    cause: int | None
    """Q.850, of the leg that ended it."""
    why: str
    """For people who look deeper, e.g. ``operator: no_answer``, ``gate: dnc``, ``BUSY``."""


class PlacedList(ApiModel):
    calls: list[PlacedModel]


class PlacedQuery(ApiModel):
    login: Annotated[str, Field(max_length=64)] | None = None
    """Null: one's own, or everybody's with ``calls.place_others``."""
    unknown: bool = False
    """Only calls of which nobody can find out what became of them, whatever they were for."""
    limit: Limit = 50
    offset: Offset = 0


@starts_call("number")
@operation(
    "calls",
    needs=PLACE,
    status=201,
    repeats=True,
    problems=(
        "not_a_number",
        "not_on_shift",
        "busy_with_call",
        "refused_by_gate",
        "being_called",
        "no_trunk",
        "no_line",
        "pbx_down",
    ),
)
async def place_call(ask: Ask, body: PlaceModel) -> PlacedModel:
    """Call a number: the operator's phone rings; once it is picked up, the number is rung.

    The answer comes as soon as the phone is about to ring; ask for the attempt to learn what became of it. A
    refusal by the gate names its ``rule``, and ``until`` when it may be asked again.
    """
    login = Login(body.login or ask.identity.login)
    if login != ask.identity.login:
        demand(ask.identity, OTHERS)
    wanted = Wanted(body.number, login, CustomerId(body.customer) if body.customer else None)
    try:
        return _model(ask, await ask.request.app[ROOM].places.place(wanted))
    except PlaceRefused as refused:
        raise problem_of(refused) from None


@operation("calls", needs=PLACE)
async def placed_calls(ask: Ask, query: PlacedQuery) -> PlacedList:
    """Calls that people have placed, newest first."""
    login = query.login
    if login is None and not allowed(ask.identity, OTHERS):
        login = ask.identity.login
    if login is None or login != ask.identity.login:
        demand(ask.identity, OTHERS)
    found = await ask.request.app[ROOM].calls.placed(
        login=login, unknown=query.unknown, limit=query.limit, offset=query.offset
    )
    return PlacedList(calls=[_model(ask, one) for one in found])


@operation("calls", needs=PLACE, problems=("not_found",))
async def placed_call(ask: Ask, attempt: _AttemptText) -> PlacedModel:
    """One of them: how it stands, or what became of it."""
    return _model(ask, await _his(ask, attempt))


@operation("calls", needs=PLACE, problems=("not_found",))
async def hang_up_call(ask: Ask, attempt: _AttemptText) -> PlacedModel:
    """End it, whether the phone rings, the number, or they talk. One that is over stays as it is."""
    call = await _his(ask, attempt)
    await ask.request.app[ROOM].places.hang_up(call)
    return _model(ask, call)


async def _his(ask: Ask, attempt: str) -> Attempt:
    """Another's looks as if it were not there."""
    call = await ask.request.app[ROOM].calls.get(AttemptId(attempt))
    is_his = call is not None and call.login == ask.identity.login
    if call is None or call.purpose is Purpose.notice or not (is_his or allowed(ask.identity, OTHERS)):
        raise Problem("not_found")
    return call


def problem_of(refused: PlaceRefused) -> Problem:
    more = {} if refused.rule is None else {"rule": refused.rule.value}
    if refused.until is not None:
        more["until"] = refused.until.isoformat()
    detail = refused.why
    if refused.by:
        detail = Text(f"Звонит: {refused.by}.", f"By {refused.by}.")
    return Problem(refused.code, detail=detail, more=more)


def _model(ask: Ask, call: Attempt) -> PlacedModel:
    number, _name = masks(ask.identity)
    over = call.outcome
    return PlacedModel(
        attempt=call.id,
        number=number(call.number),
        login=call.login,
        phone=call.phone,
        purpose=call.purpose,
        customer=call.customer,
        placed_at=call.intended_at,
        state="open" if over is None else "over",
        result=over.result if over else None,
        ended_at=over.at if over else None,
        cause=over.cause if over else None,
        why=over.detail if over else "",
    )


ROUTES = (
    web.post("/api/v1/calls", place_call),
    web.get("/api/v1/placed-calls", placed_calls),
    web.get("/api/v1/calls/{attempt}", placed_call),
    web.post("/api/v1/calls/{attempt}/hang-up", hang_up_call),
)
