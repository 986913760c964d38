"""For those who run the daemon: ``/healthz``, ``/readyz``, ``/metrics``."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from callcore.screenpop.hub import encode
from callcore.web.context import WEB
from callcore.web.metrics import CONTENT_TYPE
from callcore.web.problems import Problem
from callcore.web.security import is_local, same


async def healthz(request: web.Request) -> web.Response:
    """200 while the process does its work, else 503: a reason to restart it."""
    return _verdict(request.app[WEB].deps.health(), "ok")


async def readyz(request: web.Request) -> web.Response:
    """200 if calls can be taken, else 503 with the reasons: a reason to wait, not to restart."""
    return _verdict(request.app[WEB].deps.readiness(), "ready")


def _verdict(reasons: Sequence[str], well: str) -> web.Response:
    body = {"status": "failing" if reasons else well, "reasons": list(reasons)}
    return web.Response(text=encode(body), status=503 if reasons else 200, content_type="application/json")


async def metrics(request: web.Request) -> web.Response:
    """Prometheus' text format, for this machine or for the bearer of the token."""
    shell = request.app[WEB]
    token = shell.settings.metrics_token
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not (same(bearer, token) if token else is_local(request)):
        raise Problem("forbidden")
    return web.Response(body=shell.deps.metrics.render(), headers={"Content-Type": CONTENT_TYPE})


ROUTES = (web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics))
