"""The knowledge base as it is read: sections, search as one types, an article, one to print (D-28, D-78)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from callcore.crm.knowledge import Piece, Rendered, marked, render, snippet
from callcore.domain import Language, Text
from callcore.rights import Permission
from callcore.store.article_rows import Article, ArticleLine, Hit, Section
from callcore.store.attachments import Owner, OwnerKind
from callcore.store.database import Database
from callcore.store.words import asked
from callcore.web import kit
from callcore.web.context import allowed
from callcore.web.pages import TopicChoice
from callcore.web.problems import Problem
from callcore.web.signin import Identity

FOUND = 20
RESERVED = frozenset({"new", "section", "sections", "archive"})
"""Addresses of our own that no article may have."""


@dataclass(frozen=True, slots=True)
class KnowledgeRoom:
    database: Database
    topics: Callable[[], tuple[TopicChoice, ...]]


ROOM = web.AppKey("knowledge_room", KnowledgeRoom)


@dataclass(frozen=True, slots=True)
class Branch:
    """A section with what stands in it and below."""

    section: Section
    articles: tuple[ArticleLine, ...]
    below: tuple[Branch, ...]

    @property
    def count(self) -> int:
        return len(self.articles) + sum(branch.count for branch in self.below)


@dataclass(frozen=True, slots=True)
class Shown:
    """A hit as its line shows it."""

    slug: str
    title: tuple[Piece, ...]
    text: tuple[Piece, ...]
    section: Text


def branches(
    sections: Sequence[Section], articles: Sequence[ArticleLine], parent: str | None = None
) -> tuple[Branch, ...]:
    """The tree below ``parent``, in the sections' order."""
    return tuple(
        Branch(
            section,
            tuple(line for line in articles if line.section == section.slug),
            branches(sections, articles, section.slug),
        )
        for section in sections
        if section.parent == parent
    )


def side(text: Text, language: Language) -> tuple[str, Language]:
    """The text in this language, or in the other one where it is not written in this."""
    other: Language = "en" if language == "ru" else "ru"
    wanted = text.in_(language)
    return (wanted, language) if wanted or not text.in_(other) else (text.in_(other), other)


async def rendered(markdown: str, prefix: str = "part") -> Rendered:
    """As ``crm.knowledge.render``, away from the loop: a hostile text may take a second."""
    return await asyncio.to_thread(render, markdown, prefix)


async def main(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.knowledge_see)
    articles = request.app[ROOM].database.articles
    typed = request.query.get("q", "").strip()[:400]
    topic = request.query.get("topic", "").strip()[:128]
    hits = await _shown(request, identity, await articles.search(typed, FOUND + 1))
    if "X-Fragment" in request.headers:
        return kit.show(
            request, identity, "record/knowledge/found.html", q=typed, hits=hits[:FOUND], most=FOUND
        )
    sections = await articles.sections()
    return kit.show(
        request,
        identity,
        "record/knowledge/main.html",
        here="knowledge",
        q=typed,
        hits=hits[:FOUND],
        most=FOUND,
        tree=branches(sections, await articles.list()),
        topic=_topic_title(request.app[ROOM].topics(), topic),
        of_topic=await articles.by_topic(topic) if topic else (),
    )


async def archived(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.knowledge_write)
    found = await request.app[ROOM].database.articles.list(archived=True)
    return kit.show(request, identity, "record/knowledge/archive.html", here="knowledge", articles=found)


async def article(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.knowledge_see)
    return await _article(request, identity, "record/knowledge/article.html")


async def printed(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.knowledge_see)
    return await _article(request, identity, "record/knowledge/print.html")


async def _article(request: web.Request, identity: Identity, template: str) -> web.Response:
    room = request.app[ROOM]
    found = await existing(request, identity)
    wanted: Language = "en" if (request.query.get("lang") or identity.language) == "en" else "ru"
    body, language = side(found.body, wanted)
    sections = {section.slug: section for section in await room.database.articles.sections()}
    return kit.show(
        request,
        identity,
        template,
        here="knowledge",
        article=found,
        body=await rendered(body, f"panel-{found.slug}" if kit.PANEL in request.headers else found.slug),
        language=language,
        wanted=wanted,
        has_both=bool(found.body.ru and found.body.en),
        way=way_to(found.section, sections),
        topics=[(code, _topic_title(room.topics(), code)) for code in found.topics],
        files=await room.database.attachments.of(Owner(OwnerKind.article, found.slug)),
        names={user.login: user.name for user in await room.database.users.list()},
    )


async def existing(request: web.Request, identity: Identity) -> Article:
    """The article of the address; an archived one only for who may write. Raises ``Problem``."""
    found = await request.app[ROOM].database.articles.get(request.match_info["slug"])
    if found is None or (found.archived_at and not allowed(identity, Permission.knowledge_write)):
        raise Problem("not_found")
    return found


def way_to(slug: str, sections: Mapping[str, Section]) -> tuple[Section, ...]:
    """The sections from the top down to this one."""
    way: list[Section] = []
    at: str | None = slug
    while at is not None and at in sections and len(way) < 20:
        way.insert(0, sections[at])
        at = sections[at].parent
    return tuple(way)


async def _shown(request: web.Request, identity: Identity, hits: Sequence[Hit]) -> list[Shown]:
    wanted = asked(request.query.get("q", ""))
    sections = {each.slug: each.title for each in await request.app[ROOM].database.articles.sections()}

    def shown(hit: Hit) -> Shown:
        title, body = (
            hit.article.title.in_(identity.language),
            _best_side(hit.body, identity.language, wanted),
        )
        return Shown(
            hit.article.slug,
            marked(title, wanted),
            snippet(body, wanted),
            sections.get(hit.article.section, Text("", "")),
        )

    return await asyncio.to_thread(lambda: [shown(hit) for hit in hits])


def _best_side(body: Text, language: Language, wanted: Sequence[str]) -> str:
    """The text as people read it, in the language where a word that was asked for stands."""
    first, second = (
        render(side(body, language)[0]).text,
        render(side(body, "en" if language == "ru" else "ru")[0]).text,
    )
    return second if wanted and not _holds(first, wanted) and _holds(second, wanted) else first


def _holds(text: str, wanted: Sequence[str]) -> bool:
    return any(piece.is_hit for piece in snippet(text, wanted))


def _topic_title(topics: Sequence[TopicChoice], code: str) -> Text:
    named = next((topic.title for topic in topics if topic.code == code), None)
    if named is None:
        named = next((topic.group for topic in topics if topic.code.split(".")[0] == code), None)
    return named or Text(code, code)


ROUTES = (
    web.get("/knowledge", main),
    web.get("/knowledge/archive", archived),
    web.get("/knowledge/{slug}", article),
    web.get("/knowledge/{slug}/print", printed),
)
