"""Editions on their page: what waits in the files, reading it, comparing, taking back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from callcore.domain import TopicCode
from callcore.rights import Role

TITLE = "Пробная группа"
QUEUE = "queue: finance\n"
TABLE = f"""title: {{ru: "{TITLE}", en: "Tried"}}
zone: Europe/Moscow
hours: always
closed: {{ru: "Закрыто.", en: "Closed."}}
{QUEUE}topics:
  one: {{title: {{ru: "Тема", en: "Topic"}}}}
"""


@pytest.fixture
async def house(house: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """With a table of ours, in edition 2. Its secrets are known, so that its files can be read anew; nothing
    is spoken."""
    monkeypatch.setenv("CALLCORE_AMI_SECRET", "secret")

    async def speak(_book: object) -> int:
        return 0

    monkeypatch.setattr(house.daemon.editions, "_speak", speak)
    table(house).write_text(TABLE, encoding="utf-8")
    await house.daemon.editions.reload("boss")
    assert house.daemon.editions.newest.edition == 2
    return house


def table(house: Any) -> Path:
    return Path(house.daemon.settings.file.parent / "topics" / "tried.yaml")


def change(house: Any, old: str, new: str) -> None:
    text = table(house).read_text(encoding="utf-8")
    assert old in text
    table(house).write_text(text.replace(old, new, 1), encoding="utf-8")


def title(house: Any) -> str:
    """Its title in force."""
    return str(house.daemon.editions.newest.tables.find(TopicCode("tried.one"))[0].title.ru)


async def reload(house: Any) -> Any:
    return await house.post_form("/routing/reload")


async def test_what_waits_in_the_files_is_shown_before_it_is_read(house: Any) -> None:
    await house.sign_in(Role.supervisor)
    assert "перечитывать нечего" in (await house.get("/routing/editions")).words
    change(house, TITLE, "Группа проб")
    page = await house.get("/routing/editions")
    assert "Группа проб" in page.words
    assert "+1 −1" in page.words
    assert "все идут туда же" in page.words
    change(house, QUEUE, "queue: retention\n")
    page = await house.get("/routing/editions")
    assert "из них иначе пойдут" in page.words
    assert "В очередь: Группа сохранения клиентов." in page.words
    assert title(house) == TITLE


async def test_a_good_file_is_taken_over_and_a_bad_one_refused_whole(house: Any) -> None:
    await house.sign_in(Role.supervisor)
    assert "действует прежняя редакция 2" in (await reload(house)).words
    change(house, TITLE, "Группа проб")
    done = await reload(house)
    assert (done.status, "Действует редакция 3." in done.words) == (200, True)
    assert title(house) == "Группа проб"
    change(house, QUEUE, "queue: [1]\nnonsense: yes\n")
    refused = await reload(house)
    assert refused.status == 422
    assert "Ничего не изменилось" in refused.words
    for field in ("tried.yaml:", "nonsense"):
        assert field in refused.words
    assert "staff_pin" not in refused.words  # a warning of the sample's, which stops nothing
    assert house.daemon.editions.newest.edition == 3
    listed = await house.get("/routing/editions")
    assert "Прочесть их нельзя" in listed.words
    assert listed.words.count("Supervisor") >= 1
    tried = await house.get("/routing/explain", topic="tried.one", edition="files")
    assert tried.status == 422


async def test_files_whose_own_test_fails_are_explained_all_the_same(house: Any) -> None:
    """They are not taken over; why the test came out otherwise is just what one asks here."""
    await house.sign_in(Role.supervisor)
    given = "{topic: tried.one, at: 2026-11-23T12:00}"
    change(house, QUEUE, f"{QUEUE}tests: [{{given: {given}, expect: {{row: closed}}}}]\n")
    assert "Проба не прошла" in (await house.get("/routing/editions")).words
    assert (await reload(house)).status == 422
    tried = await house.get("/routing/explain", topic="tried.one", edition="files")
    assert (tried.status, "В очередь: Финансовая группа." in tried.words) == (200, True)


async def test_editions_are_compared_and_taken_back(house: Any) -> None:
    before = table(house).read_text(encoding="utf-8")
    await house.sign_in(Role.supervisor)
    change(house, QUEUE, "queue: retention\n")
    await reload(house)
    page = await house.get("/routing/editions/3")
    assert "-queue: finance" in page.text
    assert "+queue: retention" in page.text
    assert "В очередь: Группа сохранения клиентов." in page.words
    assert "/take-back" not in page.text  # it is in force
    first = await house.get("/routing/editions/2", against="3")
    assert "-queue: retention" in first.text
    tried = await house.get("/routing/explain", topic="tried.one", edition="2")
    assert "В очередь темы." in tried.words or "В очередь: Финансовая группа." in tried.words
    unsure = await house.post_form("/routing/editions/2/take-back")
    assert (unsure.status, table(house).read_text(encoding="utf-8") == before) == (422, False)
    done = await house.post_form("/routing/editions/2/take-back", sure="1")
    assert done.status == 200
    assert "Действует редакция 4." in done.words
    assert "возвращена 2" in done.words
    assert table(house).read_text(encoding="utf-8") == before
    assert house.daemon.editions.newest.tables.queues == house.daemon.editions.book(2).tables.queues


async def test_who_may_see_and_who_may_change(house: Any) -> None:
    change(house, TITLE, "Группа проб")
    await house.sign_in(Role.senior)
    page = await house.get("/routing/editions")
    assert "Группа проб" in page.words
    assert "/routing/reload" not in page.text
    assert (await reload(house)).status == 403
    assert (await house.post_form("/routing/editions/2/take-back", sure="1")).status == 403
    await house.sign_in(Role.supervisor)
    stranger = await house.ask("POST", "/routing/reload", data={}, headers={"Origin": house.origin})
    assert stranger.status == 403
    assert house.daemon.editions.newest.edition == 2


async def test_editions_that_are_not_there(house: Any) -> None:
    await house.sign_in(Role.supervisor)
    assert (await house.get("/routing/editions/9")).status == 404
    assert (await house.post_form("/routing/editions/9/take-back", sure="1")).status == 404
    assert (await house.get("/routing/editions", before="x")).status == 400


async def test_hostile_words_of_a_file_stay_words(house: Any) -> None:
    await house.sign_in(Role.supervisor)
    change(house, TITLE, "<script>alert(1)</script>")
    waiting = await house.get("/routing/editions")
    await reload(house)
    for page in (waiting, await house.get("/routing"), await house.get("/routing/tables/tried")):
        assert page.status == 200
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;" in page.text


async def test_files_that_cannot_be_written_are_told_with_a_remedy(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.sign_in(Role.supervisor)
    change(house, TITLE, "Группа проб")
    await reload(house)

    def no_room(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "topics/tried.yaml")

    monkeypatch.setattr("callcore.assembly.editions.write_back", no_room)
    refused = await house.post_form("/routing/editions/2/take-back", sure="1")
    assert refused.status == 422
    assert "No space left on device" in refused.words
    assert "callcore editions show" in refused.words
    assert house.daemon.editions.newest.edition == 3
