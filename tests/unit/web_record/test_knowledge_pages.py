"""The knowledge base as people read and write it, and as a folder comes in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from callcore.crm.knowledge_import import import_folder
from callcore.domain import Login, Text
from callcore.rights import Role
from callcore.store.article_rows import Section

SHIPPED = Path(__file__).parents[3] / "config" / "knowledge"
FORM = {
    "section": "money",
    "slug": "refund",
    "title_ru": "Возврат",
    "title_en": "Refund",
    "body_ru": "## Как\n\nВернём **накладную**.",
    "body_en": "",
    "topics": "finance.payment",
    "base": "0",
    "do": "save",
}


@pytest.fixture
async def money(house: Any) -> Any:
    await house.database.articles.put_section(Section("money", Text("Деньги", "Money")))
    await house.sign_in(Role.senior)
    return house


async def save(house: Any, path: str = "/knowledge/new", **changes: Any) -> Any:
    return await house.post_form(path, **{**FORM, **changes})


async def test_the_shipped_articles_come_in_whole_and_once(house: Any) -> None:
    settings, at = house.daemon.settings, house.clock.now()
    found, written, same = await import_folder(
        house.database.articles, settings.tables, SHIPPED, Login("cli"), at
    )
    assert found.faults == ()
    assert (written, same) == (11, 0)
    assert all(draft.body.ru and draft.body.en for draft in found.drafts)
    _found, written, same = await import_folder(
        house.database.articles, settings.tables, SHIPPED, Login("cli"), at
    )
    assert (written, same) == (0, 11)
    await house.sign_in(Role.operator)
    page = await house.get("/knowledge")
    assert "Справочник IVR" in page.words
    found_part = await house.ask(
        "GET", "/knowledge", params={"q": "перерасчета"}, headers={"X-Fragment": "1"}
    )
    assert "<html" not in found_part.text
    assert "<mark>Перерасчёт</mark>" in found_part.text
    article = await house.get("/knowledge/recalculation", panel=True)
    assert "<table>" in article.text
    assert "<html" not in article.text
    by_topic = await house.get("/knowledge", topic="finance.recalculation")
    assert "По теме «Перерасчёт» Перерасчёт" in by_topic.words
    for slug in (draft.slug for draft in found.drafts):
        assert (await house.get(f"/knowledge/{slug}", lang="en")).status == 200


async def test_written_read_and_printed(money: Any) -> None:
    assert (await save(money)).headers["Location"] == "/knowledge/refund"
    page = await money.get("/knowledge/refund")
    assert "<strong>накладную</strong>" in page.text
    english = await money.get("/knowledge/refund", lang="en")
    assert "Как" in english.words  # what is there, in the other language
    printed = await money.get("/knowledge/refund/print")
    assert "places" not in printed.text
    assert "<strong>накладную</strong>" in printed.text


async def test_a_preview_changes_nothing(money: Any) -> None:
    page = await save(money, do="preview", body_ru="*почти*")
    assert page.status == 200
    assert "<em>почти</em>" in page.text
    assert (await money.get("/knowledge/refund")).status == 404


async def test_two_who_edit_at_once_lose_nothing(money: Any) -> None:
    await save(money)
    edit = "/knowledge/refund/edit"
    assert 'name="base" value="1"' in (await money.get(edit)).text
    await save(money, edit, base="1", body_ru="Анна была первой")
    late = await save(money, edit, base="1", body_ru="Борис был вторым")
    assert late.status == 409
    assert "сохранил кто-то другой" in late.words
    assert "Борис был вторым" in late.text
    assert 'name="base" value="2"' in late.text
    assert "Анна была первой" in (await money.get("/knowledge/refund")).text
    again = await save(money, edit, base="2", body_ru="Борис был вторым")
    assert again.status == 303
    history = await money.get("/knowledge/refund/history")
    assert "Анна была первой" in history.text
    assert "Что изменилось: 2 → 3" in history.words
    back = await money.post_form("/knowledge/refund/back", base="3", revision="1")
    assert back.status == 303
    assert "<strong>накладную</strong>" in (await money.get("/knowledge/refund")).text
    stale = await money.post_form("/knowledge/refund/back", base="3", revision="1")
    assert stale.status == 409


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title_ru": "", "title_en": ""}, "Нужно название"),
        ({"body_ru": ""}, "Нужен текст"),
        ({"topics": "no.such"}, "Нет тем: no.such"),
        ({"slug": "archive"}, "Этот адрес занят"),
        ({"slug": "Ы"}, "латинских букв"),
        ({"section": "nowhere"}, "Раздела «nowhere» нет."),
    ],
)
async def test_what_is_wrong_is_told_and_kept(money: Any, change: dict[str, str], words: str) -> None:
    answer = await save(money, **change)
    assert answer.status == 422
    assert words in answer.words
    assert "Возврат" in answer.text or "title_ru" in change


async def test_the_archive_and_back(money: Any) -> None:
    await save(money)
    await money.post_form("/knowledge/refund/archive")
    assert "Возврат" not in (await money.get("/knowledge")).words
    assert "Возврат" in (await money.get("/knowledge/archive")).words
    await money.sign_in(Role.operator)
    assert (await money.get("/knowledge/refund")).status == 404
    await money.sign_in(Role.senior)
    await money.post_form("/knowledge/refund/restore")
    assert "Возврат" in (await money.get("/knowledge")).words


async def test_files_and_forms(money: Any) -> None:
    await save(money)
    sent = await money.post_form("/knowledge/refund/files", files={"file": ("Бланк.txt", b"a form")})
    assert sent.status == 303
    page = await money.get("/knowledge/refund")
    assert "Бланк.txt" in page.words
    address = re.search(r"/files/[\w-]+", page.text)
    assert address is not None
    assert (await money.get(address[0])).body == b"a form"
    empty = await money.post_form("/knowledge/refund/files", files={"file": ("e.txt", b"")})
    assert (empty.status, "Файл пуст" in empty.words) == (422, True)


@pytest.mark.parametrize("role", list(Role))
async def test_who_may_write(money: Any, role: Role) -> None:
    await save(money)
    await money.sign_in(role)
    may = role in (Role.senior, Role.supervisor, Role.administrator)
    assert (await money.get("/knowledge/refund")).status == 200
    assert (await save(money, slug=f"by-{role.value.replace('_', '-')}")).status == (303 if may else 403)
    for page in ("/knowledge/new", "/knowledge/refund/edit", "/knowledge/sections", "/knowledge/archive"):
        assert (await money.get(page)).status == (200 if may else 403)


async def test_sections(money: Any) -> None:
    made = await money.post_form("/knowledge/sections", title_ru="Сеть", title_en="Network", parent="money")
    assert made.status == 303
    assert "Сеть" in (await money.get("/knowledge")).words
    assert (await money.post_form("/knowledge/sections", slug="network", do="remove")).status == 303
    gone = await money.post_form("/knowledge/sections", slug="network", do="remove")
    assert gone.status == 422


async def test_hostile_articles(money: Any) -> None:
    await save(
        money,
        title_ru="<script>alert(1)</script>",
        body_ru="<script>alert(1)</script> [a](javascript:alert(1))",
    )
    for page in (
        "/knowledge",
        "/knowledge?q=script",
        "/knowledge/refund",
        "/knowledge/refund/edit",
        "/knowledge/refund/history",
    ):
        text = (await money.get(page)).text
        assert "<script>alert" not in text
        assert 'href="javascript' not in text


async def test_the_api(money: Any) -> None:
    body = {"section": "money", "title_ru": "Возврат", "body_ru": "**да**", "topics": ["finance.payment"]}
    assert (await money.api("PUT", "/articles/refund", body)).json["revision"] == 1
    assert (await money.api("PUT", "/articles/refund", body)).status == 409
    assert (await money.api("PUT", "/articles/refund", {**body, "base": 1})).json["revision"] == 2
    assert (await money.api("PUT", "/articles/refund", {**body, "base": 1})).status == 409
    found = await money.api("GET", "/articles", q="возврата")
    assert [each["slug"] for each in found.json["articles"]] == ["refund"]
    of_topic = await money.api("GET", "/articles", topic="finance.payment")
    assert [each["slug"] for each in of_topic.json["articles"]] == ["refund"]
    html = await money.api("GET", "/articles/refund/html", language="en")
    assert html.json == {"language": "ru", "html": "<p><strong>да</strong></p>"}
    assert (await money.api("POST", "/articles/refund/archive")).status == 204
    assert (await money.api("GET", "/articles", q="возврата")).json["articles"] == []
    assert (await money.api("POST", "/articles/refund/restore")).status == 204
    assert (await money.api("GET", "/articles/nothing")).status == 404
    assert (await money.api("PUT", "/articles/new", body)).status == 409


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("a.ru.md", "no front\n", "a.ru.md:1: The file does not begin with its front matter"),
        ("a.ru.md", "---\ntitle: x\nsection: money\n---\n", "a.ru.md:5: There is no text"),
        (
            "a.ru.md",
            "---\ntitle: x\nsection: nowhere\n---\nx",
            'a.ru.md:3: section: There is no section "nowhere"',
        ),
        ("a.ru.md", "---\nsection: money\n---\nx", 'title: "title" is missing'),
        (
            "a.ru.md",
            "---\ntitle: x\nsection: money\ntopics: [no]\n---\nx",
            'a.ru.md:4: topics[0]: There is no topic "no"',
        ),
        (
            "a.ru.md",
            "---\ntitle: x\nsection: money\ncolour: red\n---\nx",
            "a.ru.md:4: colour: There is no setting",
        ),
        ("a.md", "---\ntitle: x\nsection: money\n---\nx", "a.md: The file's name will not do"),
        ("A.ru.md", "---\ntitle: x\nsection: money\n---\nx", "A.ru.md: The file's name will not do"),
    ],
)
async def test_a_folder_with_a_fault_brings_nothing_in(
    money: Any, tmp_path: Path, name: str, text: str, fault: str
) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "good.ru.md").write_text("---\ntitle: Good\nsection: money\n---\nGood\n", encoding="utf-8")
    (folder / name).write_text(text, encoding="utf-8")
    at = money.clock.now()
    found, written, _ = await import_folder(
        money.database.articles, money.daemon.settings.tables, folder, Login("cli"), at
    )
    assert any(fault in str(each) for each in found.faults), [str(each) for each in found.faults]
    assert written == 0
    assert await money.database.articles.list() == ()
