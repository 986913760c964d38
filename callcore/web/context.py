"""What every handler shares, and how it learns who asks."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field

from aiohttp import web

from callcore.domain import Language, Text
from callcore.rights import Permission, may
from callcore.store.errors import StoreError
from callcore.web.connections import Connections
from callcore.web.control import controller, is_control
from callcore.web.pages import Viewer
from callcore.web.ports import OutageRoom, WebDeps, WebSettings
from callcore.web.problems import Problem
from callcore.web.security import (
    accepted_language,
    check_csrf,
    check_origin,
    client_address,
    guess_language,
    session_cookie,
)
from callcore.web.signin import Identity, SignIn, SignInThrottled
from callcore.web.tokens import TokenDoor


@dataclass(frozen=True, slots=True)
class Web:
    """The running web shell."""

    deps: WebDeps
    sign_in: SignIn
    connections: Connections
    tokens: TokenDoor | None = None
    render_gate: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Whoever renders holds it: two renders never follow each other without a turn of the loop between."""

    @property
    def settings(self) -> WebSettings:
        return self.deps.settings

    async def set_language(self, identity: Identity, language: Language) -> None:
        """Store a person's language and show it on all his open pages. Raises ``StoreError``."""
        await self.sign_in.set_language(identity, language)
        for socket in self.connections.of_login(identity.login):
            socket.set_language(language)

    async def sweep(self) -> None:
        """Close the pages of sessions that are over; an open page counts as use of its session."""
        for token_hash, sockets in self.connections.sessions().items():
            try:
                identity = await self.sign_in.check(token_hash)
            except StoreError:
                continue
            if identity is not None:
                for socket in sockets:
                    socket.identity = identity
            else:
                self.connections.dismiss(sockets, "expired")


_P = Permission
PLACES: tuple[tuple[str, Permission | None], ...] = (
    ("desk", None),
    ("customers", _P.customers_see),
    ("cases", _P.cases_work),
    ("visits", Permission.contacts_take),
    ("flash", _P.flash_write),
    ("knowledge", _P.knowledge_see),
    ("directory", _P.directory_see),
    ("outages", _P.outages_see),
    ("calls", None),
    ("work", _P.callbacks_work),
    ("recordings", _P.recordings_listen),
    ("routing", _P.routing_see),
    ("admin", _P.users_manage),
)
"""The pages that the head of every page leads to, and what each needs."""
WEB = web.AppKey("web", Web)
_IDENTITY = web.RequestKey("identity", Identity)


async def who(request: web.Request) -> Identity | None:
    """Whoever is signed in by the request's cookie. Raises ``StoreError``."""
    known: Identity | None = request.get(_IDENTITY)
    if known is not None:
        return known
    shell = request.app[WEB]
    identity = await shell.sign_in.identify(request.cookies.get(session_cookie(shell.settings), ""))
    if identity is not None:
        request[_IDENTITY] = identity
    return identity


async def somebody(request: web.Request) -> Identity:
    """The same, for what nobody may do unknown; raises ``Problem``."""
    identity = await who(request)
    if identity is None:
        raise Problem("not_signed_in")
    return identity


async def orderer(request: web.Request) -> Identity:
    """The same, for what changes something over the API: our page, with the session's token."""
    check_origin(request, request.app[WEB].settings)
    identity = await somebody(request)
    check_csrf(request.headers.get("X-CSRF-Token", ""), identity.csrf)
    return identity


def outage_room(request: web.Request) -> OutageRoom:
    """Raises ``Problem`` where there is none."""
    room = request.app[WEB].deps.outages
    if room is None:
        raise Problem("not_found")
    return room


async def api_caller(request: web.Request, needs: Permission | None = None) -> Identity:
    """Who asks the API: by session, by token or over the control socket. Raises ``Problem`` for a stranger,
    and for who may not."""
    identity = await caller(request)
    if identity is None:
        raise Problem("not_signed_in")
    request[_IDENTITY] = identity
    if needs is not None:
        demand(identity, needs)
    return identity


async def api_changer(request: web.Request, needs: Permission) -> Identity:
    """The same, for what changes something over the API; a page's session needs the session's token too."""
    identity = await api_caller(request, needs)
    if identity.by == "session":
        check_origin(request, request.app[WEB].settings)
        check_csrf(request.headers.get("X-CSRF-Token", ""), identity.csrf)
    return identity


def allowed(identity: Identity, permission: Permission) -> bool:
    """Whether this person, or this token of his, may."""
    is_in_scope = identity.scopes is None or permission in identity.scopes
    return is_in_scope and may(identity.role, permission)


def demand(identity: Identity, permission: Permission) -> None:
    """Raises ``Problem``, which says what is missing, where he may not."""
    if allowed(identity, permission):
        return
    if may(identity.role, permission):
        lacks = Text(
            f"У токена нет области «{permission}»: выпустите токен с ней.",
            f'The token lacks the scope "{permission}": make a token that has it.',
        )
    else:
        lacks = Text(
            f"Для этого нужно право «{permission}», у вашей роли его нет.",
            f'This needs the permission "{permission}", which your role does not have.',
        )
    raise Problem("forbidden", detail=lacks)


async def caller(request: web.Request) -> Identity | None:
    """Whoever asks: by session, by token, or over the control socket. Raises ``Problem`` if throttled."""
    if is_control(request):
        return controller(guess_language(request, request.app[WEB].settings))
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer":
        return await who(request)
    shell = request.app[WEB]
    if shell.tokens is None:
        return None
    try:
        return await shell.tokens.identify(token.strip(), client_address(request, shell.settings))
    except SignInThrottled as slow:
        raise Problem("throttled", {"Retry-After": str(math.ceil(slow.seconds))}) from None


def language_of(request: web.Request) -> Language:
    """The language to answer in: a page's is its reader's own, a program says which it wants."""
    identity = request.get(_IDENTITY)
    if identity is None:
        return guess_language(request, request.app[WEB].settings)
    wished = accepted_language(request) if identity.by != "session" else None
    return wished or identity.language


def _places(deps: WebDeps) -> tuple[tuple[str, Permission | None], ...]:
    there = {"desk", "calls"} | ({"outages"} if deps.outages else set()) | set(deps.places)
    return tuple(place for place in PLACES if place[0] in there)


def viewer(identity: Identity, deps: WebDeps) -> Viewer:
    """The person as the renderer wants him."""
    settings = deps.settings
    return Viewer(
        login=identity.login,
        name=identity.name,
        language=identity.language,
        zone=settings.zone,
        country=settings.country,
        csrf=identity.csrf,
        interfaces=identity.interfaces,
        may=frozenset(each for each in Permission if allowed(identity, each)),
        places=tuple(name for name, needs in _places(deps) if needs is None or allowed(identity, needs)),
    )
