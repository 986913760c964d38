"""``/routing/explain``: where a call would go, at any moment, and why: each row and what it lacked."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from callcore.domain import PbxName, QueueName, Text
from callcore.ivr.ports import Profile
from callcore.ivr.visit import Book
from callcore.numbers import normalise
from callcore.rights import Permission
from callcore.routing.decide import Route, decide
from callcore.routing.explain import Step, explain
from callcore.routing.situation import Mark, Situation, Standing
from callcore.routing.tables import TopicTable, TopicTables
from callcore.routing.words import MARKS, STANDINGS, Titles, leg_words
from callcore.strictyaml.faults import ConfigFaults
from callcore.web import kit
from callcore.web.context import WEB, allowed
from callcore.web.problems import Problem
from callcore.web.signin import Identity
from callcore.web.voice.asking import Question, read_question, situation_of
from callcore.web.voice.ports import ROOM, VoiceRoom, faults_of
from callcore.web.voice.tables import title_of, titles_of

FILES = "files"
"""As an edition: the files as they lie there, not taken over yet."""
OFFERED = 20
"""Editions to choose among."""


@dataclass(frozen=True, slots=True)
class Found:
    """The answer. ``edition`` None: the tables have none."""

    at: Situation
    topic: Text
    route: Route
    to: tuple[Text, ...]
    steps: tuple[Step, ...]
    """But for the legs, which are ``to``."""
    table: TopicTable
    edition: int | None


async def page(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.routing_see)
    room, deps = request.app[ROOM], request.app[WEB].deps
    question = read_question(request.query.items())
    book, found, faults = room.book(), None, dict[str, Text]()
    try:
        book = await _book(room, question)
    except ConfigFaults as refused:
        faults["edition"] = faults_of(refused)[0].message
    pbx = next((each for each in room.pbxs if each == question.pbx), next(iter(room.pbxs), PbxName("")))
    live = room.queues(pbx)
    if question.topic:
        profile = await _profile(room, identity, question, faults)
        at, more = situation_of(question, book.tables, profile, live, deps.now(), room.zone)
        faults |= more
        found = _answer(book, at, titles_of(room, book.tables)) if at is not None and not faults else None
    return kit.show(
        request,
        identity,
        "voice/explain.html",
        here="routing",
        status=422 if faults else 200,
        question=question,
        faults=faults,
        found=found,
        tables=book.tables,
        queues=asked_queues(book.tables),
        live=live,
        pbx=pbx,
        pbxs=room.pbxs,
        queue_titles=room.queue_titles(),
        standings=[(each.value, STANDINGS[each]) for each in Standing],
        marks=[(each.value, MARKS[each]) for each in Mark],
        editions=await room.editions.store.list(limit=OFFERED),
        files=FILES,
        sees_numbers=allowed(identity, Permission.customers_see),
    )


def asked_queues(tables: TopicTables) -> tuple[QueueName, ...]:
    """Those whose state some row asks for."""
    asked = [row.when.queue.queue for table in tables for row in table.rows if row.when.queue is not None]
    return tuple(dict.fromkeys(asked))


def _answer(book: Book, at: Situation, titles: Titles) -> Found:
    route = decide(book.tables, at)
    table = next(each for each in book.tables if each.code == route.table)
    return Found(
        at=at,
        topic=title_of(book.tables)(at.topic),
        route=route,
        to=tuple(leg_words(leg, titles) for leg in route.legs),
        steps=tuple(step for step in explain(book.tables, at, route) if step.rule != "leg"),
        table=table,
        edition=book.edition,
    )


async def _book(room: VoiceRoom, question: Question) -> Book:
    """Of the edition that is asked for. Raises ``Problem``, and ConfigFaults where it cannot be read."""
    asked = question.edition
    if not asked:
        return room.book()
    if asked != FILES and not (asked.isascii() and asked.isdigit() and len(asked) < 18):
        raise Problem("not_found")
    # a test of the tables that fails is a reason to ask here, not to be sent away
    reading = await room.read(None if asked == FILES else int(asked), with_trials=False)
    if reading is None:
        raise Problem("not_found")
    return reading.book


async def _profile(
    room: VoiceRoom, identity: Identity, question: Question, faults: dict[str, Text]
) -> Profile:
    """Of the number, if one was typed and he may look into the record."""
    if not question.number or not allowed(identity, Permission.customers_see):
        return Profile()
    number = normalise(question.number, room.country)
    if number is None:
        faults["number"] = Text("Это не номер телефона.", "This is no phone number.")
        return Profile()
    return await room.profile(number.canonical, identity.login)


ROUTES = (web.get("/routing/explain", page),)
