"""``/routing/editions``: the files as they lie there and what reading them would do; earlier editions,
compared and taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from callcore.domain import Text
from callcore.rights import Permission
from callcore.store.editions import Edition, FileChange, compare
from callcore.strictyaml.faults import ConfigFaults, Fault
from callcore.web import kit
from callcore.web.context import WEB, allowed
from callcore.web.editions_api import Taken, unwritten
from callcore.web.problems import Problem
from callcore.web.signin import Identity
from callcore.web.voice.differing import Comparison, compare_tables
from callcore.web.voice.ports import ROOM, Reading, VoiceRoom, faults_of
from callcore.web.voice.tables import title_of, titles_of

PAGE = "/routing/editions"
ROWS = 50
_SURE = Text("Отметьте, что файлы надо заменить.", "Tick that the files are to be replaced.")


@dataclass(frozen=True, slots=True)
class Change:
    """What there is between two editions."""

    files: tuple[FileChange, ...] = ()
    calls: Comparison | None = None
    """None: one of them can no longer be read."""
    faults: tuple[Fault, ...] = ()
    """Why not."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a button did."""

    done: Taken | None = None
    faults: tuple[Fault, ...] = ()
    fault: Text | None = None


async def main(request: web.Request) -> web.Response:
    return await _main(request, await kit.person(request, Permission.routing_see))


async def _main(request: web.Request, identity: Identity, outcome: Outcome | None = None) -> web.Response:
    room, before = request.app[ROOM], request.query.get("before", "")
    if not (before == "" or (before.isascii() and before.isdigit() and len(before) < 18)):
        raise Problem("bad_request")
    found = await room.editions.store.list(int(before) if before else None, ROWS + 1)
    in_force = room.book().edition
    refused = outcome is not None and outcome.done is None
    return kit.show(
        request,
        identity,
        "voice/editions.html",
        here="routing",
        address=PAGE,
        status=422 if refused else 200,
        found=found[:ROWS],
        older=found[ROWS - 1].id if len(found) > ROWS else None,
        in_force=in_force,
        waiting=await _waiting(request, room, in_force),
        outcome=outcome,
        names=await room.names(),
        may_change=allowed(identity, Permission.routing_change),
        topic_title=title_of(room.book().tables),
    )


async def _waiting(request: web.Request, room: VoiceRoom, in_force: int | None) -> Change:
    """What a reading of the files would change."""
    kept = await room.editions.store.files(in_force) if in_force is not None else None
    try:
        there = await room.read(None)
    except ConfigFaults as refused:
        return Change(faults=faults_of(refused))
    if there is None or kept is None:
        return Change()
    return await _change(request, kept, there.texts, Reading(room.book(), kept), there)


async def _change(
    request: web.Request,
    old_texts: Mapping[str, str],
    new_texts: Mapping[str, str],
    old: Reading,
    new: Reading,
) -> Change:
    now = request.app[WEB].deps.now()
    files = compare(old_texts, new_texts)
    if not files:
        return Change()
    before, after = old.book.tables, new.book.tables
    titles = {**titles_of(request.app[ROOM], before), **titles_of(request.app[ROOM], after)}
    return Change(files, await asyncio.to_thread(compare_tables, before, after, now, titles))


async def one(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.routing_see)
    return await _one(request, identity, await _known(request))


async def _one(
    request: web.Request, identity: Identity, edition: Edition, outcome: Outcome | None = None
) -> web.Response:
    room, in_force = request.app[ROOM], request.app[ROOM].book().edition
    others = tuple(each for each in await room.editions.store.list(limit=200) if each.id != edition.id)
    against = _against(request.query.get("against", ""), edition, others)
    return kit.show(
        request,
        identity,
        "voice/edition.html",
        here="routing",
        address=f"{PAGE}/{edition.id}",
        status=422 if outcome is not None else 200,
        edition=edition,
        others=others,
        against=against,
        change=await _between(request, room, against, edition) if against else Change(),
        in_force=in_force,
        outcome=outcome,
        names=await room.names(),
        may_change=allowed(identity, Permission.routing_change),
        topic_title=title_of(room.book().tables),
    )


def _against(asked: str, edition: Edition, others: tuple[Edition, ...]) -> Edition | None:
    """The one that is asked for, else the one before this, else any."""
    wanted = next((each for each in others if str(each.id) == asked), None)
    before = next((each for each in others if each.id < edition.id), None)
    return wanted or before or next(iter(others), None)


async def _between(request: web.Request, room: VoiceRoom, old: Edition, new: Edition) -> Change:
    before = await room.editions.store.files(old.id) or {}
    after = await room.editions.store.files(new.id) or {}
    try:
        readings = await room.read(old.id), await room.read(new.id)
    except ConfigFaults as refused:
        return Change(compare(before, after), faults=faults_of(refused))
    first, second = readings
    if first is None or second is None:
        return Change(compare(before, after))
    return await _change(request, before, after, first, second)


# --- buttons


async def reload(request: web.Request) -> web.Response:
    """Read the files anew: taken over whole, or refused whole with every fault."""
    identity = await kit.person(request, Permission.routing_change)
    await kit.form(request, identity)
    try:
        done = await request.app[ROOM].editions.reload(identity.login)
    except ConfigFaults as refused:
        return await _main(request, identity, Outcome(faults=faults_of(refused)))
    return await _main(request, identity, Outcome(done))


async def take_back(request: web.Request) -> web.Response:
    """Put an edition's files back in their places, and read them. The form asks once, by a box to tick."""
    identity = await kit.person(request, Permission.routing_change)
    sent = await kit.form(request, identity)
    edition = await _known(request)
    if not sent.get("sure"):
        return await _one(request, identity, edition, Outcome(fault=_SURE))
    try:
        done = await request.app[ROOM].editions.take_back(edition.id, identity.login)
    except LookupError:
        raise Problem("not_found") from None
    except ConfigFaults as refused:
        return await _one(request, identity, edition, Outcome(faults=faults_of(refused)))
    except OSError as error:
        return await _one(request, identity, edition, Outcome(fault=unwritten(error)))
    return await _main(request, identity, Outcome(done))


async def _known(request: web.Request) -> Edition:
    found = await request.app[ROOM].editions.store.get(int(request.match_info["id"]))
    if found is None:
        raise Problem("not_found")
    return found


_ONE = f"{PAGE}/{{id:[0-9]{{1,18}}}}"
ROUTES = (
    web.get(PAGE, main),
    web.post("/routing/reload", reload),
    web.get(_ONE, one),
    web.post(f"{_ONE}/take-back", take_back),
)
