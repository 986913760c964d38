"""What the lists of voicemail and of call-backs share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from aiohttp import web

from callcore.rights import Permission
from callcore.store.call_backs import CallBackLook
from callcore.store.voicemails import VoicemailLook
from callcore.web.context import allowed
from callcore.web.signin import Identity
from callcore.web.voice.ports import VoiceRoom

ROWS = 50
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


async def counts(room: VoiceRoom, identity: Identity) -> dict[str, int]:
    """What waits for somebody, of the lists that this person may work."""
    there: dict[str, int] = {}
    if allowed(identity, Permission.voicemail_listen):
        there["voicemails"] = await room.voicemails.count(VoicemailLook(heard=False))
    if allowed(identity, Permission.callbacks_work):
        there["call-backs"] = await room.call_backs.count(CallBackLook())
    return there
