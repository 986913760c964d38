"""The knowledge base: sections, articles, all their versions, and the words they are found by (D-28, D-78).

The words are kept in a table of our own and not in the database's full-text index, so that both databases
find the same: by the beginning of a word as one types, and by any form of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, cast, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import Login, Text
from callcore.store import outbox, words
from callcore.store.article_rows import (
    Article,
    ArticleLine,
    Draft,
    Hit,
    Section,
    Version,
    article_of,
    checked,
    content_of,
    line_of,
    section_of,
    section_row,
    version_of,
)
from callcore.store.engine import chunks, insert
from callcore.store.errors import NotStored
from callcore.store.ports import Store
from callcore.store.schema.knowledge import (
    article_sections,
    article_topics,
    article_versions,
    article_words,
    articles,
)
from callcore.store.texts import typed_text

NOTE_LIMIT = 200
_ADDRESS = re.compile(r"\]\([^)]*\)|<?https?://\S+")
_LAST = "\U0010ffff"


class EditedMeanwhile(NotStored):
    """Somebody saved the article after it was opened for editing; nothing was changed."""


class Articles:
    def __init__(self, store: Store) -> None:
        self._store = store

    # --- sections

    async def sections(self) -> tuple[Section, ...]:
        """All, in the order in which they are shown: parents know nothing of their children here."""
        query = select(article_sections).order_by(article_sections.c.position, article_sections.c.slug)
        async with self._store.read() as connection:
            return tuple(map(section_of, (await connection.execute(query)).all()))

    async def put_section(self, section: Section) -> None:
        """Make it, or change the one of this slug. Raises NotStored for a parent that is not there or that
        lies below it."""
        values = section_row(section)
        await self._store.writer.submit(lambda connection: _put_section(connection, values))

    async def remove_section(self, slug: str) -> None:
        """Raises NotStored while there is anything in it, archived articles too."""

        async def op(connection: AsyncConnection) -> Text | None:
            inside = select(articles.c.slug).where(articles.c.section == slug)
            below = select(article_sections.c.slug).where(article_sections.c.parent == slug)
            for query in (inside, below):
                if (await connection.execute(query.limit(1))).first() is not None:
                    return Text("Раздел не пуст.", f"section {slug} is not empty")
            gone = await connection.execute(delete(article_sections).where(article_sections.c.slug == slug))
            return None if gone.rowcount else _no_section(slug)

        if fault := await self._store.writer.submit(op):
            raise NotStored(fault.en, fault.ru)

    # --- reading

    async def get(self, slug: str) -> Article | None:
        """The article, archived or not."""
        async with self._store.read() as connection:
            return await _load(connection, slug)

    async def list(self, section: str | None = None, *, archived: bool = False) -> tuple[ArticleLine, ...]:
        """Of one section, or all; by Russian title."""
        gone = articles.c.archived_at
        query = _lines().where(gone.is_not(None) if archived else gone.is_(None))
        if section is not None:
            query = query.where(articles.c.section == section)
        return await self._read_lines(query.order_by(articles.c.title_ru, articles.c.slug))

    async def by_topic(self, code: str) -> tuple[ArticleLine, ...]:
        """Those that belong to this topic or to what lies above it (``finance``), nearest first."""
        parts = code.split(".")
        codes = [".".join(parts[:length]) for length in range(len(parts), 0, -1)][:20]
        near = (
            select(article_topics.c.article, func.max(func.length(article_topics.c.topic)).label("near"))
            .where(article_topics.c.topic.in_(codes))
            .group_by(article_topics.c.article)
            .subquery()
        )
        query = _lines().join(near, near.c.article == articles.c.slug).where(articles.c.archived_at.is_(None))
        return await self._read_lines(
            query.order_by(near.c.near.desc(), articles.c.title_ru, articles.c.slug)
        )

    async def search(self, typed: str, limit: int = 20, offset: int = 0) -> tuple[Hit, ...]:
        """Articles that hold every word, by its beginning or in any form; title hits first, then by number.
        Nothing for an empty search."""
        wanted = words.asked(typed)
        if not wanted:
            return ()
        found = [_holding(one).subquery() for one in wanted]
        in_title = sum((part.c.in_title for part in found[1:]), found[0].c.in_title)
        times = sum((part.c.times for part in found[1:]), found[0].c.times)
        query = select(articles, in_title.label("in_title")).join(
            found[0], found[0].c.article == articles.c.slug
        )
        for part in found[1:]:
            query = query.join(part, part.c.article == articles.c.slug)
        query = query.where(articles.c.archived_at.is_(None))
        query = query.order_by(in_title.desc(), times.desc(), articles.c.slug).limit(limit).offset(offset)
        async with self._store.read() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            Hit(line_of(row), Text(row.body_ru, row.body_en), int(row.in_title) == len(wanted))
            for row in rows
        )

    async def versions(self, slug: str) -> tuple[Version, ...]:
        """Newest first."""
        query = select(article_versions).where(article_versions.c.article == slug)
        async with self._store.read() as connection:
            rows = (await connection.execute(query.order_by(article_versions.c.revision.desc()))).all()
        return tuple(map(version_of, rows))

    async def _read_lines(self, query: Select[Any]) -> tuple[ArticleLine, ...]:
        async with self._store.read() as connection:
            return tuple(map(line_of, (await connection.execute(query)).all()))

    # --- writing

    async def save(self, draft: Draft, base: int, login: Login, at: datetime, note: str = "") -> Article:
        """Write the version that follows revision ``base``; 0: a new article.

        Raises EditedMeanwhile where another version came first, NotStored for a slug that is taken (``base``
        0) or not there, or an unknown section; TextRefused.
        """
        (saved,) = await self.import_all((), [(draft, base)], login, at, note)
        return saved

    async def import_all(
        self,
        sections: Sequence[Section],
        drafts: Sequence[tuple[Draft, int]],
        login: Login,
        at: datetime,
        note: str = "",
    ) -> tuple[Article, ...]:
        """Sections (parents first) and articles, in one transaction; raises as ``save`` does."""
        rows = [section_row(section) for section in sections]
        clean = [(checked(draft), base) for draft, base in drafts]
        note = typed_text(note, NOTE_LIMIT, "note")

        async def op(connection: AsyncConnection) -> tuple[Article, ...]:
            for row in rows:
                await _put_section(connection, row)
            return tuple([await _save(connection, draft, base, login, at, note) for draft, base in clean])

        return await self._store.writer.submit(op)

    async def archive(self, slug: str, login: Login, at: datetime) -> None:
        """It is neither listed nor found any more; its page, versions and topics stay. Raises NotStored."""
        await self._set_archived(slug, at, login, at, "article.archived")

    async def restore(self, slug: str, login: Login, at: datetime) -> None:
        """Undoes ``archive``."""
        await self._set_archived(slug, None, login, at, "article.restored")

    async def _set_archived(
        self, slug: str, moment: datetime | None, login: Login, at: datetime, event: str
    ) -> None:
        async def op(connection: AsyncConnection) -> bool:
            change = update(articles).where(articles.c.slug == slug).values(archived_at=moment)
            if not (await connection.execute(change)).rowcount:
                return False
            await outbox.tell(connection, event, {"slug": slug, "login": login}, at)
            return True

        if not await self._store.writer.submit(op):
            raise NotStored(f"there is no article {slug}", f"Статьи {slug} нет.")


def _no_section(slug: str) -> Text:
    return Text(f"Раздела «{slug}» нет.", f"there is no section {slug}")


async def _put_section(connection: AsyncConnection, values: dict[str, Any]) -> None:
    slug, above = values["slug"], values["parent"]
    rows = (await connection.execute(select(article_sections))).all()
    parents = {row.slug: row.parent for row in rows} | {slug: above}
    if above is not None and above not in parents:
        raise NotStored(_no_section(above).en, _no_section(above).ru)
    while above is not None:
        if above == slug:
            raise NotStored(
                f"section {slug} cannot lie below itself", "Раздел не может лежать внутри самого себя."
            )
        above = parents[above]
    statement = insert(connection, article_sections).values(**values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["slug"], set_=values))


async def _save(
    connection: AsyncConnection, draft: Draft, base: int, login: Login, at: datetime, note: str
) -> Article:
    section = select(article_sections.c.slug).where(article_sections.c.slug == draft.section)
    if (await connection.execute(section)).first() is None:
        raise NotStored(_no_section(draft.section).en, _no_section(draft.section).ru)
    content = content_of(draft)
    changed = {**content, "revision": base + 1, "login": login, "changed_at": at}
    if base == 0:
        statement = insert(connection, articles).values(**changed, slug=draft.slug, created_at=at)
        if not (await connection.execute(statement.on_conflict_do_nothing())).rowcount:
            raise NotStored(
                f"there is an article {draft.slug} already",
                f"Статья с адресом {draft.slug} уже есть, возьмите другой.",
            )
    else:
        change = update(articles).where(articles.c.slug == draft.slug, articles.c.revision == base)
        if not (await connection.execute(change.values(**changed))).rowcount:
            raise EditedMeanwhile(f"article {draft.slug} has changed since revision {base}, or is not there")
    await connection.execute(
        article_versions.insert().values(
            **content,
            article=draft.slug,
            revision=base + 1,
            topics=list(draft.topics),
            note=note,
            login=login,
            at=at,
        )
    )
    await _index(connection, draft)
    await outbox.tell(
        connection, "article.saved", {"slug": draft.slug, "revision": base + 1, "login": login}, at
    )
    saved = await _load(connection, draft.slug)
    assert saved is not None
    return saved


async def _index(connection: AsyncConnection, draft: Draft) -> None:
    await connection.execute(delete(article_topics).where(article_topics.c.article == draft.slug))
    await connection.execute(delete(article_words).where(article_words.c.article == draft.slug))
    if draft.topics:
        rows = [{"article": draft.slug, "topic": code} for code in draft.topics]
        await connection.execute(article_topics.insert(), rows)
    titles = words.counted((draft.title.ru, draft.title.en))
    everywhere = words.counted(tuple(_ADDRESS.sub("] ", text) for text in (draft.body.ru, draft.body.en)))
    everywhere.update(titles)
    found = (
        {
            "article": draft.slug,
            "word": word,
            "stem": words.stem(word),
            "in_title": word in titles,
            "times": times,
        }
        for word, times in sorted(everywhere.items())
    )
    for chunk in chunks(found):
        await connection.execute(article_words.insert(), chunk)


def _holding(one: str) -> Select[Any]:
    """Articles with this word: whether it is in the title (0 or 1), and how often it stands there."""
    column = article_words.c.word
    match: ColumnElement[bool] = and_(column >= one, column < one + _LAST)
    return (
        select(
            article_words.c.article,
            func.max(cast(article_words.c.in_title, Integer)).label("in_title"),
            func.sum(article_words.c.times).label("times"),
        )
        .where(or_(match, article_words.c.stem == words.stem(one)))
        .group_by(article_words.c.article)
    )


def _lines() -> Select[Any]:
    columns = ("slug", "section", "title_ru", "title_en", "changed_at", "archived_at")
    return select(*(articles.c[name] for name in columns))


async def _load(connection: AsyncConnection, slug: str) -> Article | None:
    row = (await connection.execute(select(articles).where(articles.c.slug == slug))).first()
    if row is None:
        return None
    query = select(article_topics.c.topic).where(article_topics.c.article == slug)
    topics = (await connection.execute(query.order_by(article_topics.c.topic))).scalars()
    return article_of(row, topics)
