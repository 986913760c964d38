"""Sections, articles and their versions as values, and between them and their rows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from callcore.domain import Login, Text
from callcore.store.errors import TextRefused
from callcore.store.texts import NAME_LIMIT, WORD_LIMIT, typed_text

BODY_LIMIT = 100_000
MOST_TOPICS = 100
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
_SLUG_FAULT = (
    "slug: 1 to 80 lower-case Latin letters, digits and dashes",
    "Адрес: от 1 до 80 строчных латинских букв, цифр и дефисов.",
)


@dataclass(frozen=True, slots=True)
class Section:
    slug: str
    title: Text
    parent: str | None = None
    position: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """An article as it is to be. A body is Markdown; "" in a language that it is not written in."""

    slug: str
    section: str
    title: Text
    body: Text
    topics: tuple[str, ...] = ()
    """Codes of topics, or of whole tables of them."""


@dataclass(frozen=True, slots=True)
class Article:
    slug: str
    section: str
    title: Text
    body: Text
    topics: tuple[str, ...]
    revision: int
    """Counts the versions from 1."""
    author: Login
    """Of the newest version."""
    created_at: datetime
    changed_at: datetime
    archived_at: datetime | None


@dataclass(frozen=True, slots=True)
class ArticleLine:
    """An article in a list."""

    slug: str
    section: str
    title: Text
    changed_at: datetime
    archived_at: datetime | None


@dataclass(frozen=True, slots=True)
class Hit:
    article: ArticleLine
    body: Text
    in_title: bool
    """Every word that was asked for stands in the title."""


@dataclass(frozen=True, slots=True)
class Version:
    """An article as it once stood."""

    draft: Draft
    revision: int
    note: str
    login: Login
    at: datetime


# --- to and from rows


def checked(draft: Draft) -> Draft:
    """As it is stored; raises TextRefused."""
    if not SLUG.fullmatch(draft.slug):
        raise TextRefused(*_SLUG_FAULT)
    if len(draft.topics) > MOST_TOPICS:
        raise TextRefused(f"topics: at most {MOST_TOPICS}", f"Тем не больше {MOST_TOPICS}.")
    title = Text(
        typed_text(draft.title.ru, NAME_LIMIT, "title_ru"), typed_text(draft.title.en, NAME_LIMIT, "title_en")
    )
    body = Text(
        typed_text(draft.body.ru, BODY_LIMIT, "body_ru", lines=True),
        typed_text(draft.body.en, BODY_LIMIT, "body_en", lines=True),
    )
    if not (title.ru or title.en):
        raise TextRefused("title: must not be empty", "Нужно название.")
    title = Text(title.ru or title.en, title.en or title.ru)
    topics = tuple(dict.fromkeys(typed_text(code, WORD_LIMIT, "topic", empty=False) for code in draft.topics))
    return Draft(draft.slug, draft.section, title, body, topics)


def article_of(row: Row[Any], topics: Iterable[str]) -> Article:
    return Article(
        slug=row.slug,
        section=row.section,
        title=Text(row.title_ru, row.title_en),
        body=Text(row.body_ru, row.body_en),
        topics=tuple(topics),
        revision=row.revision,
        author=Login(row.login),
        created_at=row.created_at,
        changed_at=row.changed_at,
        archived_at=row.archived_at,
    )


def content_of(draft: Draft) -> dict[str, Any]:
    return {
        "section": draft.section,
        "title_ru": draft.title.ru,
        "title_en": draft.title.en,
        "body_ru": draft.body.ru,
        "body_en": draft.body.en,
    }


def line_of(row: Row[Any]) -> ArticleLine:
    title = Text(row.title_ru, row.title_en)
    return ArticleLine(row.slug, row.section, title, row.changed_at, row.archived_at)


def version_of(row: Row[Any]) -> Version:
    draft = Draft(
        row.article,
        row.section,
        Text(row.title_ru, row.title_en),
        Text(row.body_ru, row.body_en),
        tuple(row.topics),
    )
    return Version(draft, row.revision, row.note, Login(row.login), row.at)


def section_of(row: Row[Any]) -> Section:
    return Section(row.slug, Text(row.title_ru, row.title_en), row.parent, row.position)


def section_row(section: Section) -> dict[str, Any]:
    if not SLUG.fullmatch(section.slug):
        raise TextRefused(*_SLUG_FAULT)
    return {
        "slug": section.slug,
        "parent": section.parent,
        "position": section.position,
        "title_ru": typed_text(section.title.ru, NAME_LIMIT, "title_ru", empty=False),
        "title_en": typed_text(section.title.en, NAME_LIMIT, "title_en", empty=False),
    }
