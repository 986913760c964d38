"""Who owes something before anything else is open to him: a password of his own, or a second factor."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from callcore.web.context import who
from callcore.web.problems import Problem

ACCOUNT = "/account"
_OPEN = ("/sign-", "/language", "/static/", "/healthz", "/readyz", "/metrics", "/api/v1/session")


@web.middleware
async def dues(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Pages lead to his own page, everything for programs is refused. Without a session nothing is
    owed here: a token was made by somebody who owed nothing."""
    path = request.path
    if path.startswith(_OPEN) or path == ACCOUNT or path.startswith(ACCOUNT + "/"):
        return await handler(request)
    identity = await who(request)
    if identity is None or not identity.owes:
        return await handler(request)
    if request.method == "GET" and not path.startswith("/api/") and "Upgrade" not in request.headers:
        raise web.HTTPSeeOther(ACCOUNT)
    raise Problem(f"owes_{identity.owes}")
