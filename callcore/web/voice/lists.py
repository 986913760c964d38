"""What the lists of voicemail and of people to call share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from aiohttp import web

from callcore.rights import Permission
from callcore.store.follow_rows import FollowUpKind, FollowUpLook, Waiting, Whose
from callcore.web.context import WEB, allowed
from callcore.web.signin import Identity
from callcore.web.voice.work_room import NEEDS, WORK

ROWS = 50
KINDS = ("missed", "voicemail", "wish")
"""Lists of people to call, as their tabs are called."""
T = TypeVar("T")


def page_of(request: web.Request) -> int:
    """From 1."""
    text = request.query.get("page", "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 6 else 1


async def walk(
    request: web.Request, page: int, find: Callable[[int, int], Awaitable[Sequence[T]]]
) -> tuple[Sequence[T], str, str]:
    """One page of what ``find(limit, offset)`` gives, and the addresses of its neighbours, "" for none."""
    found = await find(ROWS + 1, (page - 1) * ROWS)

    def address(to: int) -> str:
        return str(request.rel_url.update_query(page=str(to)))

    return found[:ROWS], address(page - 1) if page > 1 else "", address(page + 1) if len(found) > ROWS else ""


async def counts(request: web.Request, identity: Identity, whose: Whose | None = None) -> dict[str, int]:
    """By list, of those that this person may work: what waits, of ``whose`` or of everybody's."""
    work, there = request.app[WORK], dict[str, int]()
    own = await work.counts(identity.login)
    if allowed(identity, NEEDS):
        look = FollowUpLook(whose=whose, now=request.app[WEB].deps.now())
        waiting = await work.follow_ups.waiting(look)
        there |= {kind: waiting.kinds.get(FollowUpKind(kind), Waiting()).count for kind in KINDS}
        there |= {"postponed": waiting.postponed.count, "unclassified": own.unclassified}
    if allowed(identity, Permission.voicemail_listen):
        there["voicemails"] = own.voicemails
    if allowed(identity, Permission.cases_work):
        there["cases"] = own.my_overdue
    return there
