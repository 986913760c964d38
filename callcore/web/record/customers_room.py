"""What the pages of customers stand on, and what all of them ask."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from callcore.crm.finding import Search
from callcore.domain import Customer, CustomerId, Login
from callcore.screenpop.cardfill import CardSource
from callcore.screenpop.cardnews import CardNews
from callcore.screenpop.facts import OpenCase
from callcore.store.database import Database
from callcore.store.record import CustomerRecord
from callcore.store.records import Records
from callcore.web.context import WEB
from callcore.web.passwords import PasswordChecker
from callcore.web.problems import Problem
from callcore.web.render import texts_of
from callcore.web.signin import Identity
from callcore.web.throttle import LOGIN_PACE, Throttle

LONGEST_WORD = 200


@dataclass(frozen=True, slots=True)
class CustomerRoom:
    database: Database
    source: CardSource
    news: CardNews
    names: Callable[[], Awaitable[dict[Login, str]]]
    search: Search
    all_cases: Callable[[CustomerId], Awaitable[tuple[OpenCase, ...]]]
    """Closed ones among them."""
    canonical: Callable[[str | None], str | None]
    passwords: PasswordChecker
    elsewhere: Callable[[str], Awaitable[tuple[tuple[Customer, ...], tuple[str, ...]]]] | None = None
    """Whom other systems know by these words, and which of them did not answer; None: there are none."""
    tries: Throttle = field(default_factory=lambda: Throttle(LOGIN_PACE))
    """Of spoken passwords, by number: a short one would soon be guessed."""


ROOM = web.AppKey("customers", CustomerRoom)


def id_of(request: web.Request) -> CustomerId:
    text = request.match_info["id"]
    if len(text) > 18:
        raise Problem("not_found")
    return CustomerId(int(text))


async def record_of(request: web.Request) -> CustomerRecord:
    record = await request.app[ROOM].database.records.get(id_of(request))
    if record is None:
        raise Problem("not_found")
    return record


def records_of(request: web.Request) -> Records:
    return request.app[ROOM].database.records


def now_of(request: web.Request) -> datetime:
    return request.app[WEB].deps.now()


def say(identity: Identity, key: str) -> str:
    return texts_of(identity.language)(key)


def typed_in(request: web.Request) -> str:
    return request.query.get("q", "").strip()[:LONGEST_WORD]


def another_of(request: web.Request) -> bool:
    """The contact goes on with whoever is found (D-36); what stands in it stays where it is."""
    return request.query.get("do", "") == "another"


def contact_of(request: web.Request) -> str:
    """The call of the desk's contact that this is done for."""
    text = request.query.get("contact", "")
    return text if text.isascii() and text.isalnum() and len(text) <= 64 else ""
