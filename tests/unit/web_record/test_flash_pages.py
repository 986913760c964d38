"""Flash notes as people and programs write, read and withdraw them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from callcore.crm.flash_clock import FlashClock
from callcore.rights import Role
from callcore.screenpop.cardnews import on_card
from callcore.store.flashes import Flash
from callcore.testing.patience import PATIENCE_SECONDS

FORM = {"scope": "contract", "target": "К-1", "text": "Судится с нами", "ends_on": "2026-03-05"}


async def new(house: Any, **changes: Any) -> Any:
    return await house.post_form("/flash/new", **{**FORM, **changes})


async def test_from_the_card_to_the_list(house: Any) -> None:
    await house.sign_in(Role.operator)
    id = await house.add_customer("К-1")
    form = await house.get("/flash/new", panel=True, customer=id)
    assert 'value="К-1"' in form.text
    assert "<html" not in form.text
    made = await new(house)
    assert (made.status, made.headers["Location"]) == (303, "/flash/1")
    page = await house.get("/flash")
    assert "Судится с нами" in page.words
    (flash,) = await house.database.flashes.current(id, (), (), (), (), house.clock.now())
    assert flash.ends_at.isoformat() == "2026-03-05T21:00:00+00:00"  # the end of the day in Moscow
    house.clock.pass_(days=4)
    await house.sign_in(Role.operator)
    assert "Судится с нами" not in (await house.get("/flash")).words
    assert "Судится с нами" in (await house.get("/flash", state="ended")).words


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"target": "К-9"}, "Такого договора нет"),
        ({"target": ""}, "Такого договора нет"),
        ({"scope": ""}, "Выберите, на чём висит"),
        ({"scope": "number", "target": "abc"}, "Это не номер телефона"),
        ({"text": ""}, "Напишите, что важно"),
        ({"text": "ы" * 501}, "помещается 500"),
        ({"ends_on": ""}, "Нет такого дня"),
        ({"ends_on": "2026-02-31"}, "Нет такого дня"),
        ({"ends_on": "2026-03-01"}, "Этот срок уже прошёл"),
        ({"ends_time": "25:00"}, "Нет такого дня или часа"),
        ({"ends_on": "2028-03-05"}, "Дольше года"),
    ],
)
async def test_what_is_wrong_stands_in_the_page_with_what_was_typed(
    house: Any, change: dict[str, str], words: str
) -> None:
    await house.sign_in(Role.operator)
    await house.add_customer("К-1")
    answer = await new(house, **change)
    assert answer.status == 422
    assert words in answer.words
    if "text" not in change:
        assert "Судится с нами" in answer.text


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(
    ("scope", "target"),
    [("contract", "К-1"), ("topic", "finance"), ("number", "+79000000001"), ("house", "")],
)
async def test_who_may_write_what(house: Any, role: Role, scope: str, target: str) -> None:
    await house.sign_in(role)
    await house.add_customer("К-1")
    is_wide = scope in ("topic", "house")
    may = role is not Role.campaign_manager and not (is_wide and role is Role.operator)
    answer = await new(house, scope=scope, target=target)
    assert answer.status == (303 if may else 403)


async def test_everybody_confirms_and_the_supervisor_sees_who(house: Any) -> None:
    await house.add_customer("К-1")
    await house.sign_in(Role.supervisor)
    await new(house, must_read="1")
    await house.sign_in(Role.operator)
    assert "Прочитано" in (await house.get("/flash")).words
    assert (await house.post_form("/flash/1/read")).status == 303
    page = await house.get("/flash/1")
    assert "вы прочли" in page.words
    assert "Кто прочёл" not in page.words
    await house.sign_in(Role.supervisor)
    seen = (await house.get("/flash/1")).words
    assert "Кто прочёл Operator" in seen


async def test_withdrawn_by_its_author_or_a_senior(house: Any) -> None:
    await house.add_customer("К-1")
    await house.sign_in(Role.operator)
    await new(house)
    await house.sign_in(Role.operator, login="other")
    assert (await house.post_form("/flash/1/withdraw")).status == 403
    await house.sign_in(Role.senior)
    assert (await house.post_form("/flash/1/withdraw")).status == 303
    assert "Судится" not in (await house.get("/flash")).words
    assert "Снял Senior" in (await house.get("/flash/1")).words
    assert (await house.get("/flash/99")).status == 404


@asynccontextmanager
async def heard(house: Any, customer: int) -> AsyncIterator[None]:
    """What happens in the block comes to this customer's page, open elsewhere."""
    async with (
        house.http.get(f"{house.origin}/customers/{customer}/live") as stream,
        asyncio.timeout(PATIENCE_SECONDS),
    ):
        await stream.content.readuntil(b"\n\n")
        yield
        assert await stream.content.readline() == b"data: changed\n"


@pytest.mark.parametrize(
    ("scope", "target"), [("contract", "К-1"), ("number", "+79000000001"), ("topic", "finance")]
)
async def test_an_open_card_hears_of_a_note_of_its_end_and_of_being_read(
    house: Any, scope: str, target: str
) -> None:
    id = await house.add_customer("К-1", numbers=("+79000000001",))
    await house.sign_in(Role.senior)
    async with heard(house, id):
        await new(house, scope=scope, target=target, must_read="1")
    async with heard(house, id):
        await house.post_form("/flash/1/read")
    async with heard(house, id):
        await house.api("POST", "/flashes/1/read")
    async with heard(house, id):
        await house.post_form("/flash/1/withdraw")


async def test_whoever_reads_a_note_changes_no_card_of_others(house: Any) -> None:
    id = await house.add_customer("К-1")
    reader = await house.sign_in(Role.senior)
    await new(house, must_read="1")
    told: list[str] = []
    news = house.daemon.office.news
    ends = [
        news.watch(lambda piece, login=login: told.append(login) if on_card(id, login)(piece) else None)
        for login in (reader, "other")
    ]
    await house.post_form("/flash/1/read")
    assert told == [reader]
    for end in ends:
        end()
    await house.post_form("/flash/1/withdraw")
    assert told == [reader]


async def test_the_clock_tells_when_a_note_begins_and_ends(house: Any) -> None:
    await house.add_customer("К-1")
    await house.sign_in(Role.senior)
    told: list[Flash] = []
    clock = FlashClock(house.database.flashes, told.append, house.clock.now)
    assert await clock.tick() is None
    await new(house, begins_on="2026-03-03", ends_on="2026-03-05")
    await new(house, scope="topic", target="finance", ends_on="2026-03-04")
    moments = []
    for _ in range(3):
        next_at = await clock.tick()
        assert next_at is not None
        assert await clock.tick() == next_at  # nothing is told twice
        house.clock.time = next_at
        moments.append(next_at.isoformat())
    assert await clock.tick() is None
    assert moments == [f"2026-03-0{day}T21:00:00+00:00" for day in (2, 4, 5)]
    assert [flash.scope.value for flash in told] == ["contract", "topic", "contract"]


async def test_hostile_words_stay_words(house: Any) -> None:
    await house.sign_in(Role.operator)
    await house.add_customer("К-1")
    await new(house, text='<script>alert(1)</script>"\u202e')
    for page in ("/flash", "/flash/1"):
        text = (await house.get(page)).text
        assert "<script>alert" not in text
        assert "<bdi>&lt;script&gt;" in text


async def test_the_api(house: Any) -> None:
    await house.sign_in(Role.senior)
    id = await house.add_customer("К-1", numbers=("+79000000001",))
    body = {
        "scope": "number",
        "target": "8 900 000-00-01",
        "text": "Грубит",
        "ends_at": "2026-03-03T00:00:00Z",
    }
    made = await house.api("POST", "/flashes", {**body, "must_read": True})
    assert made.status == 201
    assert (made.json["target"], made.json["state"]) == ("+79000000001", "current")
    of_customer = await house.api("GET", f"/customers/{id}/flashes")
    assert [each["text"] for each in of_customer.json["flashes"]] == ["Грубит"]
    assert (await house.api("POST", "/flashes/1/read")).status == 204
    assert (await house.api("GET", "/flashes/1")).json["read_at"] == "2026-03-02T09:00:00Z"
    readers = (await house.api("GET", "/flashes/1/readers")).json["readers"]
    assert [each["login"] for each in readers] == ["senior"]
    assert (await house.api("POST", "/flashes/1/withdraw")).status == 204
    assert (await house.api("GET", "/flashes", state="current")).json["flashes"] == []
    for change in ({"target": "x"}, {"ends_at": "2026-03-01T00:00:00Z"}, {"text": "  "}, {"scope": "planet"}):
        assert (await house.api("POST", "/flashes", {**body, **change})).status == 422
    assert (await house.api("GET", "/flashes/9")).status == 404


HOUSE = {"scope": "house", "target": "", "text": "Авария на магистрали"}
WORDS = {"spoken_ru": "На магистрали авария.", "spoken_en": "The trunk line is down."}


async def heard_by_callers(house: Any) -> list[str]:
    found = await house.database.announcements.spoken(house.clock.now())
    return [flash.spoken.en for flash in found]


async def test_an_announcement_waits_until_it_is_switched_on(house: Any) -> None:
    id = await house.add_customer("К-1")
    await house.sign_in(Role.senior)
    assert (await new(house, **HOUSE, **WORDS)).status == 303
    page = await house.get("/flash/1")
    assert "для всех" in page.words
    assert "The trunk line is down." in page.words
    assert "выключено" in page.words
    assert await heard_by_callers(house) == []
    async with heard(house, id):  # every card shows it from now on
        assert (await house.post_form("/flash/1/switch", is_on="1")).status == 303
    assert await heard_by_callers(house) == ["The trunk line is down."]
    assert "звонящие слышат" in (await house.get("/flash")).words
    await house.post_form("/flash/1/switch", is_on="0")
    assert await heard_by_callers(house) == []
    await new(house, **HOUSE, **WORDS, is_spoken="1")
    assert await heard_by_callers(house) == ["The trunk line is down."]
    await house.sign_in(Role.operator)
    assert "/flash/2/switch" not in (await house.get("/flash/2")).text
    assert (await house.post_form("/flash/2/switch", is_on="0")).status == 403
    assert await heard_by_callers(house) == ["The trunk line is down."]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({**HOUSE, "spoken_ru": "Авария."}, "на обоих языках"),
        ({**HOUSE, **WORDS, "spoken_en": "x" * 501}, "помещается 500"),
        ({**HOUSE, "target": "К-1"}, "оставьте поле пустым"),
        ({"scope": "topic", "target": "finance", **WORDS}, "только заметки для всех"),
    ],
)
async def test_what_callers_could_not_hear_is_refused(house: Any, change: dict[str, str], words: str) -> None:
    await house.sign_in(Role.senior)
    answer = await new(house, **change)
    assert answer.status == 422
    assert words in answer.words
    if "spoken_ru" in change:
        assert change["spoken_ru"] in answer.text


async def test_announcements_by_the_api(house: Any) -> None:
    await house.sign_in(Role.senior)
    words = {"ru": "Авария.", "en": "An outage."}
    body = {"scope": "house", "target": "*", "text": "Авария", "ends_at": "2026-03-03T00:00:00Z"}
    made = await house.api("POST", "/flashes", {**body, "spoken": words, "is_spoken": True})
    assert made.status == 201
    assert (made.json["spoken"], made.json["is_spoken"]) == (words, True)
    off = await house.api("POST", "/flashes/1/switch", {"is_on": False})
    assert (off.status, off.json["is_spoken"]) == (200, False)
    assert await heard_by_callers(house) == []
    silent = await house.api("POST", "/flashes", {**body, "is_spoken": True})
    assert (silent.json["spoken"], silent.json["is_spoken"]) == (None, False)
    assert (await house.api("POST", "/flashes/2/switch", {"is_on": True})).status == 404
    for change in (
        {"spoken": {"ru": "Авария.", "en": ""}},
        {"scope": "topic", "target": "finance", "spoken": words},
    ):
        assert (await house.api("POST", "/flashes", {**body, **change})).status == 422
    await house.sign_in(Role.operator)
    assert (await house.api("POST", "/flashes/1/switch", {"is_on": True})).status == 403
