"""What every handler shares, and how it learns who asks."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field

from aiohttp import web

from callcore.domain import Language
from callcore.store.errors import StoreError
from callcore.store.users import Role
from callcore.web.connections import Connections
from callcore.web.control import controller, is_control
from callcore.web.pages import Viewer
from callcore.web.ports import OutageRoom, WebDeps, WebSettings
from callcore.web.problems import Problem
from callcore.web.security import check_csrf, check_origin, client_address, guess_language, session_cookie
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


async def overseer(request: web.Request) -> Identity:
    """Who may see outages and campaigns: supervisors and administrators, by session, by token or over the
    control socket. Raises ``Problem``."""
    identity = await _caller(request)
    if identity is None:
        raise Problem("not_signed_in")
    request[_IDENTITY] = identity
    if not oversees(identity):
        raise Problem("forbidden")
    return identity


async def steward(request: web.Request) -> Identity:
    """The same, for what changes something over the API; a page's session needs the session's token too."""
    identity = await overseer(request)
    if identity.by == "session":
        check_origin(request, request.app[WEB].settings)
        check_csrf(request.headers.get("X-CSRF-Token", ""), identity.csrf)
    return identity


def oversees(identity: Identity) -> bool:
    return identity.role in (Role.supervisor, Role.administrator)


async def _caller(request: web.Request) -> Identity | None:
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
    """The language to answer in."""
    identity = request.get(_IDENTITY)
    return identity.language if identity else guess_language(request, request.app[WEB].settings)


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
        sees_outages=deps.outages is not None and oversees(identity),
    )
