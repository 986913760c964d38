"""Server-sent events for a page that shows what others change, too."""

from __future__ import annotations

import asyncio

from aiohttp import web

from callcore.screenpop.cardnews import CardNews, News, Wanted
from callcore.store.errors import StoreError
from callcore.web.context import WEB, Web
from callcore.web.signin import FRESH_SECONDS, Identity

HEARTBEAT_SECONDS = 20.0
NEWS = web.AppKey("news", CardNews)
_MARK = web.RequestKey("mark", str)


def note(request: web.Request) -> None:
    """What the page shows is read after this."""
    if NEWS in request.app:
        request[_MARK] = request.app[NEWS].mark


def mark_of(request: web.Request) -> str:
    """For ``?since=`` of the address where the page hears what was changed after it was read."""
    mark: str = request.get(_MARK, "")
    return mark


async def tell_changes(request: web.Request, identity: Identity, wanted: Wanted) -> web.StreamResponse:
    """Says ``changed`` at each change, as long as the page is open and the session lasts; at once, if there
    was one between the page's making and now.

    The session is asked for anew at each turn: who signed out or was disabled is told nothing more.
    """
    shell, news, changed = request.app[WEB], request.app[NEWS], asyncio.Event()

    def hear(piece: News) -> None:
        if wanted(piece):
            changed.set()

    end = news.watch(hear)
    since = request.query.get("since", "")
    if since and news.missed(wanted, since):
        changed.set()
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    try:
        await answer.prepare(request)
        await answer.write(b"retry: 3000\n\n")
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await changed.wait()
                changed.clear()
                line = b"data: changed\n\n"
            except TimeoutError:
                line = b": still here\n\n"
            if not await _is_signed_in(shell, identity):
                break
            await answer.write(line)
    except ConnectionError:
        pass
    finally:
        end()
    return answer


async def _is_signed_in(shell: Web, identity: Identity) -> bool:
    try:
        return await shell.sign_in.check(identity.token_hash, FRESH_SECONDS) is not None
    except StoreError:
        return shell.deps.now() < identity.expires_at
