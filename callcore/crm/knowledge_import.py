"""A folder of Markdown files as articles: read and checked as a whole, so that all of it comes in or nothing.

``sections.yaml`` names the sections in their order. An article is ``SLUG.ru.md`` and ``SLUG.en.md`` (one of
them will do), each beginning with its front matter::

    ---
    title: Recalculation
    section: money
    topics: [finance.recalculation]     # may stand in one of the two
    ---
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator

from callcore.domain import LANGUAGES, Login, Text
from callcore.routing.tables import TopicTables
from callcore.store.article_rows import BODY_LIMIT, SLUG, Article, Draft, Section
from callcore.store.articles import Articles
from callcore.store.texts import NAME_LIMIT, purified
from callcore.strictyaml.faults import Document, Fault
from callcore.strictyaml.fields import Bilingual, Line, Model, shown, validate, wrong
from callcore.strictyaml.reader import parse, read

SECTIONS = "sections.yaml"
MOST_BYTES = 4 * BODY_LIMIT
_NAME = re.compile(r"(?P<slug>[^.]+)\.(?P<language>ru|en)\.md")
_TEXT_HERE = Text("Одна статья — SLUG.ru.md и SLUG.en.md.", "One article is SLUG.ru.md and SLUG.en.md.")


def _slug(value: object) -> object:
    if isinstance(value, str) and SLUG.fullmatch(value):
        return value
    raise wrong(
        Text(f"{shown(value, 'ru')} не годится как адрес.", f"{shown(value)} is no address."),
        Text("Строчные латинские буквы, цифры и дефисы.", "Lower-case Latin letters, digits and dashes."),
    )


def _title(value: object) -> object:
    if isinstance(value, str) and 0 < len(value.strip()) <= NAME_LIMIT and "\n" not in value.strip():
        return value.strip()
    raise wrong(
        Text("Нужно название в одну строку.", "A title in one line is needed."),
        Text(f"До {NAME_LIMIT} знаков.", f"At most {NAME_LIMIT} characters."),
    )


Slug = Annotated[str, BeforeValidator(_slug)]
Title = Annotated[str, BeforeValidator(_title)]


class _SectionModel(Model):
    title: Bilingual
    parent: Slug | None = None


class _SectionsModel(Model):
    sections: dict[Slug, _SectionModel]


class _FrontModel(Model):
    title: Title
    section: Slug
    topics: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Folder:
    """What was found. With ``faults`` nothing of it may come in."""

    sections: tuple[Section, ...]
    drafts: tuple[Draft, ...]
    faults: tuple[Fault, ...]


async def import_folder(
    articles: Articles, tables: TopicTables, folder: Path, login: Login, at: datetime
) -> tuple[Folder, int, int]:
    """What was found, how many articles were written, how many were there already. All or nothing."""
    topics = {str(topic.code) for topic in tables.topics} | {table.code for table in tables}
    known = {section.slug for section in await articles.sections()}
    found = await asyncio.to_thread(read_folder, folder, topics, known)
    if found.faults:
        return found, 0, 0
    there = {}
    for draft in found.drafts:
        if (old := await articles.get(draft.slug)) is not None:
            there[draft.slug] = old
    wanted = fresh(found.drafts, there)
    await articles.import_all(found.sections, wanted, login, at, f"{folder.name[:100]}/*.md")
    return found, len(wanted), len(found.drafts) - len(wanted)


def read_folder(folder: Path, topics: Collection[str] | None, sections: Collection[str] = ()) -> Folder:
    """Read and check all files. ``topics``: codes that articles may belong to, None for any; ``sections``:
    slugs of those that are there already."""
    documents: list[Document] = []
    found = _read_sections(folder, documents, sections)
    known = {*sections, *(section.slug for section in found)}
    fronts: dict[str, dict[str, tuple[_FrontModel, str]]] = {}
    for file in sorted(folder.glob("*.md")):
        document = Document(str(file))
        documents.append(document)
        name = _NAME.fullmatch(file.name)
        if name is None or not SLUG.fullmatch(name["slug"]):
            document.blame(
                (), Text("Имя файла не годится.", "The file's name will not do."), _TEXT_HERE, line=0
            )
            continue
        given = _read_article(file, document)
        if given is None:
            continue
        front, body = given
        _check_front(front, document, known, topics)
        fronts.setdefault(name["slug"], {})[name["language"]] = (front, body)
    if not fronts and not found:
        document = Document(str(folder))
        documents.append(document)
        document.blame((), Text("Здесь нет статей.", "There are no articles here."), _TEXT_HERE, line=0)
    faults = tuple(fault for document in documents for fault in document.sorted_faults())
    drafts = () if faults else tuple(_draft(slug, sides) for slug, sides in sorted(fronts.items()))
    return Folder(found, drafts, faults)


def fresh(drafts: Collection[Draft], there: Mapping[str, Article]) -> tuple[tuple[Draft, int], ...]:
    """Those that are new or differ from what is there, each with the revision that it follows."""
    wanted: list[tuple[Draft, int]] = []
    for draft in drafts:
        old = there.get(draft.slug)
        if old is None:
            wanted.append((draft, 0))
        elif (old.section, old.title, old.body, sorted(old.topics)) != (
            draft.section,
            draft.title,
            draft.body,
            sorted(draft.topics),
        ):
            wanted.append((draft, old.revision))
    return tuple(wanted)


def _read_sections(folder: Path, documents: list[Document], known: Collection[str]) -> tuple[Section, ...]:
    file = folder / SECTIONS
    if not file.is_file():
        return ()
    document = read(file)
    documents.append(document)
    model = validate(document, _SectionsModel, folder)
    if model is None:
        return ()
    before = set(known)
    for slug, section in model.sections.items():
        if section.parent is not None and section.parent not in before:
            document.blame(
                ("sections", slug, "parent"),
                Text(
                    f"Раздела «{section.parent}» выше нет.", f'There is no section "{section.parent}" above.'
                ),
                Text("Поставьте его раньше.", "Put it before this one."),
            )
        before.add(slug)
    return tuple(
        Section(slug, section.title, section.parent, position)
        for position, (slug, section) in enumerate(model.sections.items())
    )


def _read_article(file: Path, document: Document) -> tuple[_FrontModel, str] | None:
    try:
        with file.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
        text = purified(raw.decode("utf-8-sig"), lines=True)
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not UTF-8"
        document.blame(
            (),
            Text(f"Файл не читается: {why}.", f"The file cannot be read: {why}."),
            Text("Сохраните его в UTF-8.", "Save it as UTF-8."),
            line=0,
        )
        return None
    lines = text.split("\n")
    end = next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if lines[0].rstrip() != "---" or end is None:
        document.blame(
            (),
            Text("Файл начинается не с данных статьи.", "The file does not begin with its front matter."),
            Text(
                "Первые строки: ---, title: …, section: …, ---.",
                "The first lines: ---, title: …, section: …, ---.",
            ),
            line=1,
        )
        return None
    body = "\n".join(lines[end + 1 :]).strip()
    if not body or len(body) > BODY_LIMIT:
        document.blame(
            (),
            Text("Текста нет или он слишком длинный.", "There is no text, or it is too long."),
            Text(f"До {BODY_LIMIT} знаков.", f"At most {BODY_LIMIT} characters."),
            line=end + 2,
        )
    head = parse("\n".join(["", *lines[1:end]]).encode(), document.file)
    document.lines, document.value = head.lines, head.value
    document.faults += head.faults
    front = validate(document, _FrontModel, file.parent)
    return None if front is None else (front, body)


def _check_front(
    front: _FrontModel, document: Document, sections: Collection[str], topics: Collection[str] | None
) -> None:
    if front.section not in sections:
        document.blame(
            ("section",),
            Text(f"Раздела «{front.section}» нет.", f'There is no section "{front.section}".'),
            Text(f"Опишите его в {SECTIONS}.", f"Describe it in {SECTIONS}."),
        )
    for place, code in enumerate(front.topics):
        if topics is not None and code not in topics:
            document.blame(
                ("topics", place),
                Text(f"Темы «{code}» нет.", f'There is no topic "{code}".'),
                Text("Коды тем — в таблицах тем.", "The codes stand in the topic tables."),
            )


def _draft(slug: str, sides: Mapping[str, tuple[_FrontModel, str]]) -> Draft:
    one = next(iter(sides.values()))[0]
    titles = {language: sides[language][0].title for language in LANGUAGES if language in sides}
    bodies = {language: sides[language][1] for language in LANGUAGES if language in sides}
    topics = dict.fromkeys(code for front, _ in sides.values() for code in front.topics)
    return Draft(
        slug,
        one.section,
        Text(titles.get("ru", one.title), titles.get("en", one.title)),
        Text(bodies.get("ru", ""), bodies.get("en", "")),
        tuple(topics),
    )
