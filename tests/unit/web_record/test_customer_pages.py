"""Customers on their pages: found, seen, put right; who may; what is in the audit; what hostile texts do."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from callcore.domain import NULL_CUSTOMER, CustomerId
from callcore.rights import Role
from callcore.screenpop.cardnews import CustomerChanged, News
from callcore.store import records
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.web import kit, passwords
from callcore.web.i18n import PSEUDO, Texts

NUMBER = "+79161234567"
PARTS = ("contacts", "numbers", "people", "points", "money", "offers", "consents", "documents", "cases")
HOSTILE = "<script>alert('x')</script> \u202eнаоборот"


@pytest.fixture
async def anna(house: Any) -> CustomerId:
    await house.sign_in()
    found: CustomerId = await house.add_customer(
        "40-118", "Анна Воробьёва", numbers=(NUMBER,), address="Тверь, Садовая 3", balance_minor=-42050
    )
    return found


async def looks(house: Any, customer: CustomerId) -> list[str]:
    await house.database.audit.flush()
    return [line.login for line in await house.database.audit.lines(customer=customer, act="seen")]


# --- search


async def test_the_empty_search_explains_itself(house: Any) -> None:
    await house.sign_in()
    page = await house.get("/customers")
    assert page.status == 200
    assert "Кого ищем?" in page.words
    assert "Наберите 0" in page.words


async def test_a_customer_is_found_by_what_was_typed(house: Any, anna: CustomerId) -> None:
    for typed in ("воробьева", "40-118", "916 123", "садовой"):
        page = await house.get("/customers", q=typed)
        assert f'href="/customers/{anna}"' in page.text, typed
    nobody = await house.get("/customers", q="крокодил")
    assert "Никого не нашли" in nobody.words


async def test_the_fragment_says_how_many_there_are(house: Any, anna: CustomerId) -> None:
    found = await house.ask("GET", "/customers/found", params={"q": "воробьёва"}, headers={"X-Fragment": "1"})
    assert 'data-said="Найден 1 клиент"' in found.text
    assert "<html" not in found.text
    assert found.headers["Vary"] == "X-Panel, X-Fragment"


async def test_zero_is_the_null_customer(house: Any, anna: CustomerId) -> None:
    page = await house.get("/customers", q="0")
    assert f'href="/customers/{NULL_CUSTOMER}"' in page.text
    card = await house.get(f"/customers/{NULL_CUSTOMER}")
    assert "Нулевой клиент" in card.words
    assert (await house.post_form(f"/customers/{NULL_CUSTOMER}/correct", name="X")).status == 404


async def test_for_a_contact_every_line_can_be_chosen(house: Any, anna: CustomerId) -> None:
    page = await house.get("/customers", q="воробьёва", contact="c1", panel=True)
    assert f'name="customer" value="{anna}" data-choice' in page.text
    gone = await house.post_form("/customers/choose", customer=anna, contact="c1")
    assert gone.status == 404


async def test_on_another_contract_the_search_says_so_all_the_way(house: Any, anna: CustomerId) -> None:
    asked = {"q": "воробьёва", "contact": "c1", "do": "another"}
    page = await house.get("/customers", **asked, panel=True)
    assert "Новое на другом договоре" in page.words
    assert 'action="/contacts/another"' in page.text
    assert "/customers/choose" not in page.text
    found = await house.ask("GET", "/customers/found", params=asked, headers={"X-Fragment": "1"})
    assert f'/customers/{anna}?contact=c1&amp;do=another"' in found.text
    new = await house.get("/customers/new", contact="c1", do="another", panel=True)
    assert 'name="do" value="another"' in new.text
    made = await house.post_form("/customers/new", name="Вера", contact="c1", do="another")
    assert made.status == 303, "he is there, though no such contact is on the desk"
    assert "contact=c1" in made.headers["Location"]


# --- the card


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("language", ["ru", "en"])
async def test_every_part_is_shown_in_both_languages(
    house: Any, anna: CustomerId, part: str, language: str
) -> None:
    await house.database.users.set_language(house.login, language)
    await house.sign_in()
    page = await house.get(f"/customers/{anna}", part=part)
    assert page.status == 200
    assert "Анна Воробьёва" in page.words
    assert page.text.count('aria-current="page"') == 2  # the place, and the part


async def test_a_look_is_in_the_audit(house: Any, anna: CustomerId) -> None:
    await house.get(f"/customers/{anna}")
    assert await looks(house, anna) == [house.login]
    await house.get("/customers", q="воробьёва")
    assert len(await looks(house, anna)) == 1


async def test_nobody_and_nonsense_are_not_found(house: Any, anna: CustomerId) -> None:
    for path in ("/customers/999999", "/customers/99999999999999999999", "/customers/x"):
        assert (await house.get(path)).status == 404
    odd = await house.get(f"/customers/{anna}", part="nonsense", before="x~y~z", since="2026-99-99")
    assert odd.status == 200
    assert "Такой даты нет" in odd.words


async def test_a_stranger_is_sent_to_the_sign_in(house: Any) -> None:
    assert (await house.get("/customers/1")).headers["Location"] == "/sign-in"


async def test_a_panel_comes_without_the_frame(house: Any, anna: CustomerId) -> None:
    page = await house.get(f"/customers/{anna}", panel=True)
    assert page.headers["X-Panel"] == "1"
    assert "<html" not in page.text
    assert 'class="panel-title"' in page.text


async def test_hostile_names_stay_inert(house: Any) -> None:
    await house.sign_in()
    id = await house.add_customer(HOSTILE[:100], HOSTILE, address=HOSTILE, segment="<b>VIP</b>")
    for path in (f"/customers/{id}", "/customers?q=script"):
        page = await house.get(path)
        assert "<script>alert" not in page.text
        assert "<b>VIP" not in page.text


async def test_who_sees_numbers_masked_does_not_get_them_whole(house: Any, anna: CustomerId) -> None:
    await house.sign_in(Role.campaign_manager)
    for part in PARTS:
        page = await house.get(f"/customers/{anna}", part=part)
        assert page.status == 200
        assert "123-45" not in page.text
        assert NUMBER not in page.text
        assert "Воробьёва" not in page.text
    assert (await house.post_form(f"/customers/{anna}/correct", name="X")).status == 403


# --- what is changed


async def test_contact_data_is_corrected_and_everybody_hears_it(house: Any, anna: CustomerId) -> None:
    heard: list[News] = []
    house.daemon.office.news.watch(heard.append)
    answer = await house.post_form(
        f"/customers/{anna}/correct", name="Анна Орлова", email="anna@example.ru", urgent="Звонить вечером"
    )
    assert (answer.status, answer.headers["Location"]) == (303, f"/customers/{anna}?part=people")
    assert heard == [CustomerChanged(anna)]
    page = await house.get(f"/customers/{anna}")
    assert "Анна Орлова" in page.words
    assert "Звонить вечером" in page.words


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("name", "  ", "Имя не может быть пустым"),
        ("email", "nonsense", "В адресе почты ошибка"),
        ("address", "д" * 501, "поместится 500 знаков"),
    ],
)
async def test_what_cannot_be_is_refused_and_kept(
    house: Any, anna: CustomerId, field: str, typed: str, said: str
) -> None:
    fields = {"name": "Анна", "email": "", "address": "Тверь", "urgent": "важное слово", field: typed}
    answer = await house.post_form(f"/customers/{anna}/correct", **fields)
    assert answer.status == 422
    assert said in answer.words
    assert "важное слово" in answer.text
    assert (await house.database.records.get(anna)).urgent == ""


async def test_two_who_correct_one_customer_lose_nothing(house: Any, anna: CustomerId) -> None:
    """Each sends the whole form as he saw it: what he did not touch stays, what both touched is told."""
    path, record = f"/customers/{anna}/correct", await house.database.records.get(anna)
    seen = {"name": record.name, "address": record.address, "email": record.email, "urgent": record.urgent}
    was = {f"was-{name}": text for name, text in seen.items()}
    page = await house.get(f"/customers/{anna}", part="people")
    assert all(f'name="{name}"' in page.text for name in was)
    first = await house.post_form(path, **seen | was | {"address": "ул. Новая, 1", "urgent": "раз\r\nдва"})
    assert first.status == 303
    assert (await house.post_form(path, **seen | was | {"email": "new@example.ru"})).status == 303
    record = await house.database.records.get(anna)
    assert (record.address, record.email, record.urgent) == ("ул. Новая, 1", "new@example.ru", "раз\nдва")
    late = await house.post_form(path, **seen | was | {"address": "ул. Поздняя, 2"})
    assert late.status == 409
    assert "теперь здесь: ул. Новая, 1" in late.words
    assert 'value="ул. Поздняя, 2"' in late.text
    assert 'name="was-address" value="ул. Новая, 1"' in late.text
    assert 'value="new@example.ru"' in late.text
    assert (await house.database.records.get(anna)).address == "ул. Новая, 1"
    again = {"address": "ул. Поздняя, 2", "was-address": "ул. Новая, 1"}
    assert (await house.post_form(path, **again)).status == 303
    assert (await house.database.records.get(anna)).address == "ул. Поздняя, 2"


async def test_a_number_is_confirmed_flagged_and_added(house: Any, anna: CustomerId) -> None:
    path = f"/customers/{anna}/number"
    assert (await house.post_form(path, do="flag", number=NUMBER, why="")).status == 422
    assert (await house.post_form(path, do="flag", number=NUMBER, why="отвечает другой")).status == 303
    assert "номер неверный: отвечает другой" in (await house.get(f"/customers/{anna}", part="numbers")).words
    assert (await house.post_form(path, do="confirm", number=NUMBER)).status == 303
    assert not (await house.database.records.get(anna)).numbers[0].is_bad
    assert (await house.post_form(path, do="add", number="123")).status == 422
    assert (await house.post_form(path, do="add", number="8 (920) 155-88-12")).status == 303
    numbers = [own.number for own in (await house.database.records.get(anna)).numbers]
    assert numbers == [NUMBER, "+79201558812"]
    assert (await house.post_form(path, do="confirm", number="+70000000000")).status == 400


async def test_a_password_is_checked_and_never_shown(house: Any, anna: CustomerId) -> None:
    kept = passwords.hash_password("синий кит")
    await house.database.records.set_password_hash(anna, NUMBER, kept, house.login, house.clock.now())
    path = f"/customers/{anna}/number"
    right = await house.post_form(path, do="check", number=NUMBER, password="синий кит")
    assert "пароль верный" in right.words
    wrong = await house.post_form(path, do="check", number=NUMBER, password="белый кит")
    assert "пароль неверный" in wrong.words
    for page in (right, wrong):
        assert "кит" not in page.text
        assert kept not in page.text
    tries = await house.database.audit.lines(customer=anna, act="checked")
    assert [line.subject for line in tries] == ["password_wrong", "password_right"]


async def test_a_password_is_not_found_by_guessing(house: Any, anna: CustomerId) -> None:
    kept = passwords.hash_password("синий кит")
    await house.database.records.set_password_hash(anna, NUMBER, kept, house.login, house.clock.now())
    path = f"/customers/{anna}/number"
    for _ in range(6):
        wrong = await house.post_form(path, do="check", number=NUMBER, password="белый кит")
        assert "пароль неверный" in wrong.words
    right = await house.post_form(path, do="check", number=NUMBER, password="синий кит")
    assert (right.status, right.headers["Retry-After"]) == (429, "1")
    assert "пароль верный" not in right.words


async def test_a_password_is_set_and_taken_away(house: Any, anna: CustomerId) -> None:
    path = f"/customers/{anna}/number"
    short = await house.post_form(path, do="password", number=NUMBER, password="ю")
    assert short.status == 422
    assert (await house.post_form(path, do="password", number=NUMBER, password="синий кит")).status == 303
    right = await house.post_form(path, do="check", number=NUMBER, password="синий кит")
    assert "пароль верный" in right.words
    assert "кит" not in right.text
    assert (await house.post_form(path, do="no_password", number=NUMBER)).status == 303
    assert await house.database.records.password_hash(anna, NUMBER) is None
    noted = await house.database.audit.lines(customer=anna, act="changed")
    assert [line.subject for line in noted][:2] == ["password_removed", "password_set"]


async def test_a_consent_needs_evidence_and_is_withdrawn_with_it(house: Any, anna: CustomerId) -> None:
    path = f"/customers/{anna}/consent"
    assert (await house.post_form(path, do="grant", clause="Опросы", evidence="")).status == 422
    assert (await house.post_form(path, do="grant", clause="Опросы", evidence="запись 12")).status == 303
    assert "действует" in (await house.get(f"/customers/{anna}", part="consents")).words
    assert (await house.post_form(path, do="withdraw", clause="Опросы", evidence="запись 13")).status == 303
    again = await house.post_form(path, do="withdraw", clause="Опросы", evidence="запись 14")
    assert again.status == 422
    assert "уже не действует" in again.words


async def test_papers_go_to_the_contract(house: Any, anna: CustomerId) -> None:
    path = f"/customers/{anna}/document"
    empty = await house.post_form(path, kind="contract", files={"file": ("contract-40.pdf", b"")})
    assert empty.status == 422
    done = await house.post_form(path, kind="contract", files={"file": ("contract-40.pdf", b"%PDF-1.4 x")})
    assert done.status == 303
    page = await house.get(f"/customers/{anna}", part="documents")
    assert "contract-40.pdf" in page.words
    assert (await house.post_form(path, kind="contract")).status == 422


# --- a prospective customer


async def test_a_stranger_becomes_a_prospective_customer(house: Any) -> None:
    await house.sign_in()
    page = await house.get("/customers/new", number=NUMBER, contact="c9", panel=True)
    assert "8 (916) 123-45-67" in page.text
    made = await house.post_form(
        "/customers/new", name="ООО «Вектор»", number="8 916 123-45-67", person="Олег"
    )
    assert made.status == 303
    id = CustomerId(int(made.headers["Location"].rsplit("/", 1)[1]))
    record = await house.database.records.get(id)
    assert record.is_prospective
    assert record.contract == f"P-{id:06}"
    assert (record.numbers[0].number, record.persons[0].name) == (NUMBER, "Олег")
    assert "потенциальный клиент" in (await house.get(f"/customers/{id}")).words
    assert f"/customers/{id}" in (await house.get("/customers", q="вектор")).text


async def test_who_leaves_nothing_at_all_is_no_prospect(house: Any) -> None:
    await house.sign_in()
    refused = await house.post_form("/customers/new", address="Тверь")
    assert refused.status == 422
    assert "Нужно имя или номер" in refused.words
    assert "Тверь" in refused.text
    nameless = await house.post_form("/customers/new", number="8 916 123-45-67")
    assert nameless.status == 303
    assert (await house.post_form("/customers/new", name="…")).status == 422


# --- what the script is told


async def test_the_script_learns_where_to_go_and_what_was_done(house: Any, anna: CustomerId) -> None:
    headers = {"Origin": house.origin, "X-Script": "1"}
    data = {"csrf": house.csrf, "name": "Анна Орлова"}
    answer = await house.ask("POST", f"/customers/{anna}/correct", data=data, headers=headers)
    assert answer.status == 204
    assert answer.headers["X-Next"] == f"/customers/{anna}?part=people"
    assert "X-Said" in answer.headers
    assert "X-Done" not in answer.headers


async def test_what_the_store_refuses_is_said_where_no_form_expects_it(
    house: Any, anna: CustomerId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "MOST_NUMBERS", 1)
    answer = await house.post_form(f"/customers/{anna}/number", do="add", number="+79161234500")
    assert answer.status == 422
    assert "Этого сделать нельзя" in answer.words
    assert "у клиента не больше 1 номеров" in answer.words


async def test_an_open_page_hears_what_was_changed(house: Any, anna: CustomerId) -> None:
    async with house.http.get(f"{house.origin}/customers/{anna}/live") as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        assert await stream.content.readline() == b"retry: 3000\n"
        house.daemon.office.news.changed(CustomerId(anna + 1))
        house.daemon.office.news.changed(anna)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await stream.content.readline()
            assert await stream.content.readline() == b"data: changed\n"


async def test_every_word_of_the_pages_was_given_to_translators(
    house: Any, anna: CustomerId, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the pseudo-language every text stands between brackets; outside there are names only."""
    await house.database.records.grant(anna, "n1", "n2", house.login, house.clock.now())
    await house.database.records.flag_number(anna, NUMBER, "n3", house.login, house.clock.now())
    monkeypatch.setattr(kit, "texts_of", lambda _language: Texts(PSEUDO))
    paths = [f"/customers/{anna}?part={part}" for part in PARTS]
    for path in (
        *paths,
        "/customers",
        "/customers?q=воробьёва&contact=c1",
        "/customers?q=zzz",
        "/customers/new",
    ):
        page = await house.get(path, panel=True)
        assert page.status == 200
        bare = re.sub(r"<(script|style|bdi|option|datalist)\b.*?</\1>", " ", page.text, flags=re.DOTALL)
        bare = re.sub(r"⟦[^⟦⟧]*⟧", " ", re.sub(r"<[^>]*>", " ", bare))
        # Names of fields of the network, units of time and dates are the locale's own.
        left = re.findall(r"[^\W\d_]{3,}", bare)
        assert set(left) <= {"SIM", "HLR", "Mar", "RUB", "Null"}, (path, left)
