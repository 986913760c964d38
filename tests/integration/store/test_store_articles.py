"""The knowledge base in a real database: versions, simultaneous edits, and what a search finds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from callcore.domain import Text
from callcore.store.article_rows import Draft, Section
from callcore.store.articles import EditedMeanwhile
from callcore.store.database import Database
from callcore.store.errors import NotStored, TextRefused

from .store_samples import ANNA, BORIS, T0

MONEY = Section("money", Text("Деньги", "Money"))
DRAFT = Draft(
    "recalculation",
    "money",
    Text("Перерасчёт за простой", "Recalculation"),
    Text(
        "Накладные и **счета** смотрит группа. См. [сайт](https://example.org/zebra).",
        "Invoices of the month.",
    ),
    ("finance.recalculation", "retention"),
)


async def slugs(db: Database, typed: str) -> list[str]:
    return [hit.article.slug for hit in await db.articles.search(typed)]


async def test_a_new_article_and_its_next_version(db: Database) -> None:
    await db.articles.put_section(MONEY)
    first = await db.articles.save(DRAFT, 0, ANNA, T0, "начало")
    assert (first.revision, first.author, first.topics) == (1, ANNA, ("finance.recalculation", "retention"))
    later = T0 + timedelta(hours=1)
    second = await db.articles.save(replace(DRAFT, title=Text("Иное", "Other"), topics=()), 1, BORIS, later)
    assert await db.articles.get("recalculation") == second
    assert (second.revision, second.created_at, second.changed_at, second.topics) == (2, T0, later, ())
    newest, oldest = await db.articles.versions("recalculation")
    assert (newest.revision, newest.login, newest.draft.title.ru) == (2, BORIS, "Иное")
    assert (oldest.revision, oldest.note, oldest.draft) == (1, "начало", DRAFT)
    taken_back = await db.articles.save(oldest.draft, 2, ANNA, later)
    assert (taken_back.revision, taken_back.title) == (3, DRAFT.title)


async def test_two_who_edit_at_once(db: Database) -> None:
    await db.articles.put_section(MONEY)
    await db.articles.save(DRAFT, 0, ANNA, T0)
    await db.articles.save(replace(DRAFT, body=Text("Анна", "")), 1, ANNA, T0)
    with pytest.raises(EditedMeanwhile):
        await db.articles.save(replace(DRAFT, body=Text("Борис", "")), 1, BORIS, T0)
    found = await db.articles.get("recalculation")
    assert found is not None
    assert (found.revision, found.body.ru) == (2, "Анна")
    assert len(await db.articles.versions("recalculation")) == 2
    assert await slugs(db, "Борис") == []
    with pytest.raises(NotStored, match="already"):
        await db.articles.save(DRAFT, 0, BORIS, T0)


@pytest.mark.parametrize(
    "typed",
    [
        "перерасчет",
        "ПЕРЕРАСЧЁТА",
        "перер",
        "накладными",
        "накладную",
        "счёт",
        "invoice",
        "перерасч накладн",
        "inv mon",
    ],
)
async def test_words_are_found_in_any_form_and_half_typed(db: Database, typed: str) -> None:
    await db.articles.put_section(MONEY)
    await db.articles.save(DRAFT, 0, ANNA, T0)
    assert await slugs(db, typed) == ["recalculation"]


@pytest.mark.parametrize(
    "typed", ["", "  ", "%", "_", "'", "нет", "перерасчёт нет", "zebra", "асчёт", "\x00", "*"]
)
async def test_what_is_not_found(db: Database, typed: str) -> None:
    await db.articles.put_section(MONEY)
    await db.articles.save(DRAFT, 0, ANNA, T0)
    assert await slugs(db, typed) == []


async def test_title_hits_come_first(db: Database) -> None:
    await db.articles.put_section(MONEY)
    text = Draft("text", "money", Text("Прочее", ""), Text("Роутер, роутеры, роутером и ещё роутер.", ""))
    title = Draft("title", "money", Text("Роутер", ""), Text("Как включить.", ""))
    both = Draft("both", "money", Text("Роутеры", ""), Text("Роутер висит.", ""))
    await db.articles.import_all((), [(text, 0), (title, 0), (both, 0)], ANNA, T0)
    hits = await db.articles.search("роутер")
    assert [(hit.article.slug, hit.in_title) for hit in hits] == [
        ("both", True),
        ("title", True),
        ("text", False),
    ]
    assert [hit.article.slug for hit in await db.articles.search("роутер", 1, 1)] == ["title"]


async def test_an_archived_article_is_out_of_lists_and_comes_back(db: Database) -> None:
    await db.articles.put_section(MONEY)
    await db.articles.save(DRAFT, 0, ANNA, T0)
    await db.articles.archive("recalculation", ANNA, T0)
    assert await db.articles.list() == await db.articles.by_topic("retention") == ()
    assert await slugs(db, "перерасчёт") == []
    assert [line.slug for line in await db.articles.list(archived=True)] == ["recalculation"]
    await db.articles.restore("recalculation", ANNA, T0)
    assert [line.slug for line in await db.articles.list("money")] == ["recalculation"]
    with pytest.raises(NotStored):
        await db.articles.archive("other", ANNA, T0)


async def test_by_topic_the_nearest_first(db: Database) -> None:
    await db.articles.put_section(MONEY)
    wide = replace(DRAFT, slug="wide", topics=("finance",))
    near = replace(DRAFT, slug="near", topics=("finance.recalculation", "finance"))
    await db.articles.import_all((), [(wide, 0), (near, 0)], ANNA, T0)
    assert [line.slug for line in await db.articles.by_topic("finance.recalculation.double")] == [
        "near",
        "wide",
    ]
    assert [line.slug for line in await db.articles.by_topic("finance.payment")] == ["near", "wide"]
    assert await db.articles.by_topic("fin") == await db.articles.by_topic("") == ()


async def test_sections(db: Database) -> None:
    await db.articles.put_section(MONEY)
    await db.articles.put_section(Section("debts", Text("Долги", "Debts"), "money", 1))
    assert [section.slug for section in await db.articles.sections()] == ["money", "debts"]
    for parent, why in (("debts", "below itself"), ("money", "below itself"), ("other", "no section")):
        with pytest.raises(NotStored, match=why):
            await db.articles.put_section(replace(MONEY, parent=parent))
    await db.articles.save(replace(DRAFT, section="debts"), 0, ANNA, T0)
    for slug in ("money", "debts"):
        with pytest.raises(NotStored, match="not empty"):
            await db.articles.remove_section(slug)
    await db.articles.save(DRAFT, 1, ANNA, T0)
    await db.articles.remove_section("debts")
    with pytest.raises(NotStored):
        await db.articles.remove_section("debts")


async def test_an_import_is_all_or_nothing(db: Database) -> None:
    good = replace(DRAFT, slug="good", section="new")
    bad = replace(DRAFT, slug="bad", section="nowhere")
    with pytest.raises(NotStored):
        await db.articles.import_all([Section("new", Text("Новый", "New"))], [(good, 0), (bad, 0)], ANNA, T0)
    assert await db.articles.sections() == await db.articles.list() == ()


@pytest.mark.parametrize(
    "change",
    [
        {"slug": "../x"},
        {"slug": "Ж"},
        {"title": Text("", " ")},
        {"title": Text("x" * 201, "")},
        {"body": Text("x" * 100_001, "")},
        {"topics": ("",)},
        {"topics": tuple(map(str, range(101)))},
    ],
)
async def test_drafts_that_are_refused(db: Database, change: dict[str, object]) -> None:
    await db.articles.put_section(MONEY)
    with pytest.raises(TextRefused):
        await db.articles.save(replace(DRAFT, **change), 0, ANNA, T0)  # type: ignore[arg-type]
