"""An order that makes something is obeyed once, though a program sends it again: it comes with a key.

The header ``Idempotency-Key`` is the sender's own word. The same order under the same key gets the answer of
the first, also while that is still under way; one that was refused may be sent again; another order under a
key that was used is refused. What was answered is kept in memory, so after a restart a repeat is a new order.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from pydantic import BaseModel

from callcore.domain import Text
from callcore.store.texts import WORD_LIMIT
from callcore.strictyaml.faults import Fault
from callcore.web.once import Again, Answer, Attempt, Book, digest
from callcore.web.problems import Problem
from callcore.web.signin import Identity

HEADER = "Idempotency-Key"
_KEY_USED = Text(
    "С этим Idempotency-Key уже пришёл другой запрос.", "Another request came with this Idempotency-Key."
)
_TOO_LONG = Text(f"Больше {WORD_LIMIT} знаков.", f"More than {WORD_LIMIT} characters.")
_SHORTER = Text(f"Сократите {HEADER}.", f"Make {HEADER} shorter.")


PARAMETER: Mapping[str, object] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": WORD_LIMIT},
    "description": "Chosen by the sender: with the same key again it is obeyed once and answered alike.",
}
"""How the OpenAPI document says it."""
BOOK = web.AppKey("repeats", Book)


async def obeyed_once(
    request: web.Request,
    identity: Identity,
    body: BaseModel | None,
    work: Callable[[], Awaitable[web.StreamResponse]],
) -> web.StreamResponse:
    """What ``work`` answers, or has answered to the same. Raises ``Problem``."""
    key = request.headers.get(HEADER, "").strip()
    if not key:
        return await work()
    if len(key) > WORD_LIMIT:
        raise Problem("invalid", faults=[Fault("header", 0, HEADER, _TOO_LONG, _SHORTER)])
    said = digest(("" if body is None else body.model_dump_json(),))
    attempt, taken = Attempt(request.app[BOOK]), None
    try:
        await attempt.begin(_whole_key(request, identity, key))
        response = await work()
        if isinstance(response, web.Response) and isinstance(response.body, bytes):
            taken = Answer(response.status, dict(response.headers), response.body, said)
    except Again as again:
        if again.answer.said != said:
            raise Problem("conflict", detail=_KEY_USED) from None
        first = again.answer
        return web.Response(status=first.status, headers=first.headers, body=first.body)
    finally:
        attempt.end(taken)
    return response


def _whole_key(request: web.Request, identity: Identity, key: str) -> bytes:
    """Of him who may see what the first was told: another token of his may be allowed less."""
    scopes = ("all",) if identity.scopes is None else sorted(identity.scopes)
    return digest((identity.login, identity.role, *scopes, request.path, key))


def add_to(app: web.Application) -> None:
    app[BOOK] = OrderedDict()
