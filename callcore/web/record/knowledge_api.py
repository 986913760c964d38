"""The knowledge base for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field

from callcore.domain import Text
from callcore.rights import Permission
from callcore.store.article_rows import BODY_LIMIT, Article, ArticleLine, Draft
from callcore.store.texts import NAME_LIMIT
from callcore.web.operation import ApiModel, Ask, operation
from callcore.web.problems import Problem
from callcore.web.record.asking import Limit, Offset, Typed
from callcore.web.record.knowledge import RESERVED, ROOM, rendered, side

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
Title = Annotated[str, Field(max_length=NAME_LIMIT)]
Body = Annotated[str, Field(max_length=BODY_LIMIT)]


class ArticleLineModel(ApiModel):
    slug: str
    section: str
    title_ru: str
    title_en: str
    changed_at: datetime


class ArticleList(ApiModel):
    articles: list[ArticleLineModel]


class ArticleQuery(ApiModel):
    q: Typed = ""
    topic: Annotated[str, Field(max_length=128)] = ""
    section: Annotated[str, Field(max_length=80)] = ""
    limit: Limit = 50
    offset: Offset = 0


class ArticleModel(ApiModel):
    slug: str
    section: str
    title_ru: str
    title_en: str
    body_ru: str
    """Markdown."""
    body_en: str
    topics: list[str]
    revision: int
    author: str
    created_at: datetime
    changed_at: datetime
    archived_at: datetime | None


class NewArticleModel(ApiModel):
    section: Slug
    title_ru: Title = ""
    title_en: Title = ""
    body_ru: Body = ""
    body_en: Body = ""
    topics: Annotated[list[Annotated[str, Field(min_length=1, max_length=128)]], Field(max_length=100)] = (
        Field(default_factory=list)
    )
    base: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    """The revision that this one follows; 0 for a new article. Another than the newest is refused: 409."""
    note: Annotated[str, Field(max_length=200)] = ""


class HtmlModel(ApiModel):
    language: Literal["ru", "en"]
    html: str


class HtmlQuery(ApiModel):
    language: Literal["ru", "en"] | None = None


@operation("knowledge", needs=Permission.knowledge_see)
async def articles(ask: Ask, query: ArticleQuery) -> ArticleList:
    """Articles found by words, those of a topic, of a section, or all."""
    store = ask.request.app[ROOM].database.articles
    if query.q.strip():
        hits = await store.search(query.q, query.limit, query.offset)
        return ArticleList(articles=[_line(hit.article) for hit in hits])
    found = await store.by_topic(query.topic) if query.topic else await store.list(query.section or None)
    return ArticleList(articles=[_line(each) for each in found[query.offset : query.offset + query.limit]])


@operation("knowledge", needs=Permission.knowledge_see, problems=("not_found",))
async def article(ask: Ask, slug: Slug) -> ArticleModel:
    """One article, archived or not."""
    return _model(await _found(ask, slug))


@operation("knowledge", needs=Permission.knowledge_see, problems=("not_found",))
async def article_html(ask: Ask, slug: Slug, query: HtmlQuery) -> HtmlModel:
    """Its text as harmless HTML, in a language that it is written in."""
    body, language = side((await _found(ask, slug)).body, query.language or ask.language)
    return HtmlModel(language=language, html=(await rendered(body)).html)


@operation("knowledge", needs=Permission.knowledge_write, problems=("conflict", "invalid"))
async def put_article(ask: Ask, slug: Slug, body: NewArticleModel) -> ArticleModel:
    """Write the next version of an article, or a new one."""
    if slug in RESERVED:
        raise Problem("conflict", detail=Text("Этот адрес занят.", "This address is taken."))
    draft = Draft(
        slug,
        body.section,
        Text(body.title_ru, body.title_en),
        Text(body.body_ru, body.body_en),
        tuple(body.topics),
    )
    saved = await ask.request.app[ROOM].database.articles.save(
        draft, body.base, ask.identity.login, ask.now, body.note
    )
    return _model(saved)


@operation("knowledge", needs=Permission.knowledge_write, problems=("not_found",))
async def archive_article(ask: Ask, slug: Slug) -> None:
    """Out of lists and searches; its versions stay."""
    found = await _found(ask, slug)
    await ask.request.app[ROOM].database.articles.archive(found.slug, ask.identity.login, ask.now)


@operation("knowledge", needs=Permission.knowledge_write, problems=("not_found",))
async def restore_article(ask: Ask, slug: Slug) -> None:
    """Back into lists and searches."""
    found = await _found(ask, slug)
    await ask.request.app[ROOM].database.articles.restore(found.slug, ask.identity.login, ask.now)


async def _found(ask: Ask, slug: str) -> Article:
    found = await ask.request.app[ROOM].database.articles.get(slug)
    if found is None:
        raise Problem("not_found")
    return found


def _line(line: ArticleLine) -> ArticleLineModel:
    return ArticleLineModel(
        slug=line.slug,
        section=line.section,
        title_ru=line.title.ru,
        title_en=line.title.en,
        changed_at=line.changed_at,
    )


def _model(found: Article) -> ArticleModel:
    return ArticleModel(
        slug=found.slug,
        section=found.section,
        title_ru=found.title.ru,
        title_en=found.title.en,
        body_ru=found.body.ru,
        body_en=found.body.en,
        topics=list(found.topics),
        revision=found.revision,
        author=found.author,
        created_at=found.created_at,
        changed_at=found.changed_at,
        archived_at=found.archived_at,
    )


ROUTES = (
    web.get("/api/v1/articles", articles),
    web.get("/api/v1/articles/{slug}", article),
    web.get("/api/v1/articles/{slug}/html", article_html),
    web.put("/api/v1/articles/{slug}", put_article),
    web.post("/api/v1/articles/{slug}/archive", archive_article),
    web.post("/api/v1/articles/{slug}/restore", restore_article),
)
