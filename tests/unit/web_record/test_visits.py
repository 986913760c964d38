"""The office: queue, visits, letters, payments; as pages without script, and as API."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from callcore.crm.visits import amount_of, holds_card_number
from callcore.domain import CallId
from callcore.store.attachments import Owner, OwnerKind
from callcore.store.errors import StoreUnavailable
from callcore.store.visit_rows import new_id

TOPIC = "finance.claim"


def address(answer: Any) -> str:
    assert answer.status == 303, answer.words
    return str(answer.headers["Location"])


async def register(house: Any, **fields: Any) -> Any:
    values = {"call": new_id(), "medium": "visit", "office": "centre", "do": "save"}
    return await house.post_form("/visits/new", **values | fields)


async def test_from_the_ticket_to_the_customers_timeline(house: Any) -> None:
    """The machine tells of a ticket, the visitor is called, found, written of."""
    await house.sign_in()
    customer = await house.add_customer()
    ticket = {"office": "centre", "ticket": "А-001", "topic": TOPIC}
    told = await house.api("POST", "/visits", ticket)
    assert told.status == 201, told.text
    page = await house.get("/visits", office="centre")
    assert "А-001" in page.words
    assert "Сегодня ещё ничего не зарегистрировано" in page.words
    form = await house.get(address(await house.post_form(f"/visits/{told.json['id']}/call")))
    assert f'value="{TOPIC}" selected' in form.text
    call = re.search(r'name="call" value="([^"]+)"', form.text)
    assert call is not None
    fields = {"call": call[1], "visitor": told.json["id"], "topic": TOPIC, "comment": "спорит о сумме"}
    found = await register(house, **fields, find="Воробь", do="find")
    assert "Анна Воробьёва" in found.words
    assert "спорит о сумме" in found.text, "what was typed stays"
    assert house.database is not None
    assert await house.database.contacts.count() == 0
    where = address(await register(house, **fields, customer=customer))
    assert where == f"/contacts/{call[1]}"
    assert address(await register(house, **fields, customer=customer)) == where, "sent twice"
    contact = await house.get(where)
    for words in ("Посещение", "А-001", "Анна Воробьёва", "спорит о сумме", "Офис на Садовой Центр"):
        assert words in contact.words
    [line] = await house.database.timeline.of(customer)
    assert (line.medium, line.topic, line.comment) == ("visit", TOPIC, "спорит о сумме")
    assert "А-001" in (await house.get("/visits", office="centre")).words
    assert f'href="{where}">Посещение<' in (await house.get(f"/customers/{customer}")).text
    again = await house.api("POST", f"/visits/{told.json['id']}/call")
    assert again.status == 409
    second = await house.post_form(f"{where}/entries", entry=2, topic="finance.payment", comment="и оплата")
    assert address(second) == where
    assert len(await house.database.interactions.of_call(CallId(call[1]))) == 2


async def test_a_letter_with_its_scan(house: Any) -> None:
    await house.sign_in()
    where = address(
        await register(
            house,
            medium="letter",
            number="вх-17",
            dated="2026-02-28",
            party="<script>alert(1)</script>",
            handed="курьер",
            kind="statement",
            files={"file": ("scan.pdf", b"%PDF-1.4 scan")},
        )
    )
    page = await house.get(where)
    assert "<script>alert" not in page.text
    assert "scan.pdf" in page.words
    assert "вх-17" in page.words
    [file] = await house.database.attachments.of(Owner(OwnerKind.contact, where.rsplit("/", 1)[1]))
    assert (file.kind, file.name) == ("statement", "scan.pdf")
    scan = {"file": ("scan.pdf", b"%PDF-1.4 scan")}
    refused = await register(house, medium="document_out", dated="завтра", number="исх-1", files=scan)
    assert refused.status == 422
    assert "Это не дата" in refused.words
    assert "Укажите, от кого или кому" in refused.words
    assert "исх-1" in refused.text
    assert "файлы нужно выбрать снова" in refused.words


async def test_what_is_refused_is_refused_whole_and_comes_back_as_typed(house: Any) -> None:
    await house.sign_in()
    empty = {"file": ("scan.pdf", b"")}
    fields = {"topic": TOPIC, "comment": "спорит о сумме", "call": new_id()}
    refused = await register(house, **fields, files=empty)
    assert refused.status == 422
    assert "Файл пуст" in refused.words
    assert "спорит о сумме" in refused.text
    assert f'value="{TOPIC}" selected' in refused.text
    assert await house.database.contacts.count() == 0
    lonely = await register(house, comment="без темы")
    assert lonely.status == 422
    assert "Выберите тему" in lonely.words
    assert "без темы" in lonely.text
    long = await register(house, topic=TOPIC, comment="х" * 10_001)
    assert long.status == 422
    assert "помещается 10000" in long.words
    where = address(await register(house, **fields))
    again = await house.post_form(f"{where}/entries", entry=2, topic=TOPIC, comment="ещё", files=empty)
    assert again.status == 422
    assert "ещё" in again.text
    assert len(await house.database.interactions.of_call(CallId(fields["call"]))) == 1
    nothing = await house.post_form(f"{where}/entries", do="files")
    assert nothing.status == 422
    assert "Выберите файл" in nothing.words


async def test_while_the_database_is_away_the_form_keeps_what_was_typed(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.sign_in()

    async def away(*_: object) -> None:
        raise StoreUnavailable("away")

    fields = {"topic": TOPIC, "comment": "спорит о сумме", "call": new_id()}
    with monkeypatch.context() as patch:
        patch.setattr(house.database.visits, "register", away)
        refused = await register(house, **fields)
        assert refused.status == 503
        assert "ничего не сохранено" in refused.words
        assert "спорит о сумме" in refused.text
        assert fields["call"] in refused.text, "sent again it is the same contact"
    where = address(await register(house, **fields))
    with monkeypatch.context() as patch:
        patch.setattr(house.database.visits, "write", away)
        refused = await house.post_form(f"{where}/entries", entry=2, topic=TOPIC, comment="и ещё")
        assert refused.status == 503
        assert "и ещё" in refused.text


async def test_the_queue_tells_who_was_faster_and_lets_regret(house: Any) -> None:
    await house.sign_in(login="anna")
    told = (await house.api("POST", "/visits", {"office": "centre", "ticket": "А-001"})).json
    await house.sign_in(login="boris")
    address(await house.post_form(f"/visits/{told['id']}/call"))
    await house.sign_in(login="anna")
    refused = await house.post_form(f"/visits/{told['id']}/call")
    assert refused.status == 409
    assert "посетителя с талоном А-001 вызвал boris" in refused.words
    assert f"/visits/{told['id']}/call" not in refused.text, "nobody takes him away from boris"
    assert 'value="/visits?office=centre"' in refused.text, "where the switch of languages leads"
    assert (await house.post_form("/visits/999/call")).status == 409
    address(await house.post_form(f"/visits/{told['id']}/leave"))
    page = await house.get("/visits", office="centre")
    assert "Вернуть в очередь" in page.words
    address(await house.post_form(f"/visits/{told['id']}/back"))
    page = await house.get("/visits", office="centre")
    assert "Вернуть в очередь" not in page.words
    await house.sign_in(login="boris")
    where = address(await register(house, visitor=told["id"]))
    assert address(await house.get("/visits/new", medium="visit", visitor=told["id"])) == where


async def test_the_office_is_remembered(house: Any) -> None:
    await house.sign_in()
    assert "Выберите офис" in (await house.get("/visits")).words
    assert "Северный офис" in (await house.get("/visits", office="north")).words.split("Очередь")[0]
    page = await house.get("/visits")
    assert "Посетители · Северный офис" in page.words
    assert 'value="north" selected' in (await house.get("/visits/new")).text
    await house.get("/visits", office="moon")
    assert "Посетители · Северный офис" in (await house.get("/visits")).words


async def test_a_key_is_stored_once(house: Any) -> None:
    await house.sign_in()
    body = {"medium": "letter", "office": "centre", "key": "scan-17", "papers": {"party": "Анна"}}
    first = await house.api("POST", "/contacts", body)
    assert first.status == 201, first.text
    again = await house.api("POST", "/contacts", body)
    assert (again.status, again.json) == (201, first.json)
    other = await house.api("POST", "/contacts", body | {"papers": {"party": "Борис"}})
    assert other.status == 409
    assert "С этим ключом" in other.json["detail"]
    assert await house.database.contacts.count() == 1
    assert (await house.api("POST", "/contacts", body | {"comment": "без темы"})).status == 422
    headers = {"Origin": house.origin, "X-CSRF-Token": house.csrf, "Idempotency-Key": "scan-17"}
    without = {name: value for name, value in body.items() if name != "key"}
    by_header = await house.ask("POST", "/api/v1/contacts", json=without, headers=headers)
    assert by_header.json == first.json
    both = await house.ask("POST", "/api/v1/contacts", json=body | {"key": "18"}, headers=headers)
    assert both.status == 422
    ticket = {"office": "north", "ticket": "Б-7", "key": "machine-1"}
    told = await house.api("POST", "/visits", ticket)
    house.clock.pass_(minutes=1)
    assert (await house.api("POST", "/visits", ticket)).json == told.json
    assert (await house.api("POST", "/visits", ticket | {"ticket": "Б-8"})).status == 409
    waiting = await house.api("GET", "/visits", office="north")
    assert len(waiting.json["visitors"]) == 1
    await house.sign_in(login="boris")
    assert (await house.api("POST", "/contacts", body)).json["call"] != first.json["call"], "another's key"


async def test_the_list_hears_of_each_change(house: Any) -> None:
    await house.sign_in()
    url = f"{house.origin}/visits/live?office=centre"
    async with house.http.get(url) as stream:
        assert stream.content_type == "text/event-stream"
        assert await stream.content.readline() == b"retry: 3000\n"
        await stream.content.readline()
        await house.api("POST", "/visits", {"office": "north", "ticket": "Б-1"})
        told = await house.api("POST", "/visits", {"office": "centre", "ticket": "А-1"})
        assert await stream.content.readline() == b"data: changed\n"
        await stream.content.readline()
        await house.post_form(f"/visits/{told.json['id']}/leave")
        assert await stream.content.readline() == b"data: changed\n"


async def test_payments_of_a_day(house: Any) -> None:
    await house.sign_in(login="anna")
    money = {"medium": "payment", "currency": "RUB", "method": "cash", "purpose": "Интернет"}
    address(await register(house, **money, amount="1 234,50", receipt="Ч-1"))
    address(await register(house, **money, amount="100", receipt="Ч-2"))
    page = await house.get("/visits/payments")
    assert re.search(r"1.334,50", page.words), page.words
    [second, first] = await house.database.payments.taken(
        house.clock.now(), house.clock.now() + timedelta(days=1)
    )
    assert (first.amount_minor, second.receipt) == (123_450, "Ч-2")
    empty = await house.post_form(f"/visits/payments/{second.id}/reverse", why="  ")
    assert empty.status == 422
    address(await house.post_form(f"/visits/payments/{second.id}/reverse", why="не та сумма"))
    page = await house.get("/visits/payments")
    assert re.search(r"1.234,50", page.words)
    assert "не та сумма" in page.words
    assert not re.search(r"1.334,50", page.words)
    await house.sign_in(login="boris")
    assert "Ч-1" not in (await house.get("/visits/payments", whose="all")).words
    assert (await house.post_form(f"/visits/payments/{first.id}/reverse", why="чужой")).status == 403
    await house.sign_in("supervisor", login="vera")
    assert "Ч-1" in (await house.get("/visits/payments", whose="all")).words


async def test_no_number_of_a_bank_card_is_kept(house: Any) -> None:
    await house.sign_in()
    money = {"medium": "payment", "currency": "RUB", "method": "card", "amount": "5", "receipt": "1"}
    refused = await register(house, **money, purpose="карта 4111 1111 1111 1111")
    assert refused.status == 422
    assert "Номер банковской карты" in refused.words
    body = {"medium": "payment", "payment": {"amount_minor": 1, "currency": "RUB", "method": "card"}}
    body["payment"] |= {"purpose": "x", "receipt": "4111111111111111"}  # type: ignore[operator]
    assert (await house.api("POST", "/contacts", body)).status == 422
    assert await house.database.contacts.count() == 0


async def test_the_api(house: Any) -> None:
    await house.sign_in()
    customer = await house.add_customer()
    body = {"medium": "email", "customer": customer, "topic": TOPIC, "comment": "письмо", "office": "north"}
    body["papers"] = {"party": "anna@example.org", "dated": "2026-02-28"}
    made = await house.api("POST", "/contacts", body)
    assert made.status == 201, made.text
    assert (made.json["medium"], made.json["direction"], made.json["customer"]) == (
        "email",
        "inbound",
        customer,
    )
    again = await house.api("GET", f"/contacts/{made.json['call']}")
    assert again.json == made.json
    assert (await house.api("GET", "/contacts/nothing")).status == 404
    assert (await house.api("POST", "/contacts", body | {"topic": "no.such"})).status == 422
    assert (await house.api("POST", "/contacts", body | {"customer": 999})).status == 409
    assert (await house.api("POST", "/contacts", body | {"medium": "phone"})).status == 422
    assert (await house.api("POST", "/visits", {"office": "moon", "ticket": "1"})).status == 422
    when = "2026-03-02T12:00:00+03:00"
    told = [
        await house.api("POST", "/visits", {"office": "north", "ticket": "Б-7", "came_at": when})
        for _ in range(2)
    ]
    assert told[0].json == told[1].json
    waiting = await house.api("GET", "/visits", office="north")
    assert [each["ticket"] for each in waiting.json["visitors"]] == ["Б-7"]
    left = await house.api("POST", f"/visits/{told[0].json['id']}/leave")
    assert left.json["left_at"] is not None
    assert (await house.api("GET", "/visits", office="north")).json["visitors"] == []


async def test_who_may_not(house: Any) -> None:
    await house.sign_in("campaign_manager")
    for path in ("/visits", "/visits/new", "/visits/payments"):
        assert (await house.get(path)).status == 403
    assert (await house.api("POST", "/visits", {"office": "centre", "ticket": "1"})).status == 403


@pytest.mark.parametrize("english", [False, True])
async def test_every_form_in_both_languages(house: Any, english: bool) -> None:
    await house.sign_in(language="en" if english else "ru")
    for medium in ("visit", "letter", "document_in", "document_out", "payment", "email"):
        for panel in (False, True):
            page = await house.get("/visits/new", panel=panel, medium=medium)
            assert page.status == 200, page.words
    assert (await house.get("/visits/new", medium="pigeon")).status == 400
    assert ("Nobody waits" if english else "Никто не ждёт") in (
        await house.get("/visits", office="north")
    ).words


@pytest.mark.parametrize(
    ("typed", "minor"),
    [
        ("1 234,50", 123_450),
        ("1\u00a0234.5", 123_450),
        ("7", 700),
        ("0,01", 1),
        ("0", None),
        ("-5", None),
        ("1,234.50", None),
        ("1e3", None),
        ("١", None),
        ("", None),
        ("9" * 13, None),
    ],
)
def test_sums(typed: str, minor: int | None) -> None:
    assert amount_of(typed) == minor


def test_card_numbers() -> None:
    assert holds_card_number("x 4111 1111 1111 1111 y")
    assert holds_card_number("5555-5555-5555-4444")
    assert not holds_card_number("договор 4111111111111112, чек 17")


def is_demanded(page: Any, name: str) -> bool:
    """Whether the browser asks for the field before it sends anything."""
    found = re.search(rf'<(?:input|select) id="f-{name}"[^>]*>', page.text)
    assert found is not None, name
    label = re.search(rf'<label for="f-{name}">(.*?)</label>', page.text)
    assert label is not None
    is_asked = re.search(r"\srequired\b", found[0]) is not None
    assert is_asked == ("*</span>" in label[1]), "what is asked for is marked"
    return is_asked


@pytest.mark.parametrize(
    ("medium", "names"),
    [
        ("letter", ("office", "topic", "party")),
        ("email", ("office", "topic", "party")),
        ("document_in", ("office", "party")),
        ("visit", ("office",)),
        ("payment", ("office", "amount", "purpose", "receipt")),
    ],
)
async def test_the_browser_asks_for_what_is_required(house: Any, medium: str, names: tuple[str, ...]) -> None:
    """A refusal would cost the files that were chosen; looking for a customer asks for nothing."""
    await house.sign_in()
    page = await house.get("/visits/new", medium=medium)
    every = set(re.findall(r'<(?:input|select) id="f-(\w+)"', page.text))
    assert {each for each in every - {"find"} if is_demanded(page, each)} == set(names)
    assert 'value="find" formnovalidate' in page.text


async def test_from_the_customer_any_kind_is_one_step_away(house: Any) -> None:
    await house.sign_in()
    customer = await house.add_customer()
    card = await house.get(f"/customers/{customer}")
    assert f'href="/visits/new?customer={customer}"' in card.text
    page = await house.get("/visits/new", customer=customer, office="north")
    for medium in ("visit", "letter", "email", "document_in", "document_out", "payment"):
        where = f"/visits/new?medium={medium}&customer={customer}&office=north"
        assert f'href="{where.replace("&", "&amp;")}"' in page.text
        each = await house.get(where)
        assert "Анна Воробьёва" in each.words
        assert f'name="customer" value="{customer}"' in each.text
        assert len(re.findall('aria-current="page">', each.text.split("<form", 1)[1])) <= 1
    told = await house.api("POST", "/visits", {"office": "north", "ticket": "Б-9"})
    called = await house.get("/visits/new", medium="visit", visitor=told.json["id"])
    assert "medium=letter" not in called.text, "whoever stands there is no letter"


async def test_payments_are_in_sight_before_an_office_is_chosen(house: Any) -> None:
    await house.sign_in()
    page = await house.get("/visits")
    assert 'class="split"' not in page.text
    tools = page.text.split('class="office-tools"')[1].split("<section")[0]
    assert 'href="/visits/payments"' in tools
