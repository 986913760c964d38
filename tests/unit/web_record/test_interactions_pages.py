"""One interaction's page: details, files, registering again; new on another contract."""

from __future__ import annotations

from typing import Any

import pytest

from callcore.domain import CallId, CustomerId, Login, TopicCode
from callcore.rights import Role
from callcore.store.attachments import Owner, OwnerKind

CALL = CallId("c1")
CHARGES = TopicCode("finance.charges")
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 8


async def written(house: Any, customer: CustomerId | None, login: str = "operator", **more: Any) -> int:
    values: dict[str, Any] = {
        "card": {"name": "Анна <b>", "contract": "К-1", "sim": "8970"},
        "opened_ms": 61_000,
    }
    record = await house.database.interactions.save(
        CALL, Login(login), CHARGES, "Не сходится <script>", customer, house.clock.now(), **(values | more)
    )
    assert record is not None
    return int(record)


async def test_the_page_tells_all_that_was_kept(house: Any) -> None:
    await house.sign_in()
    record = await written(house, await house.add_customer())
    page = await house.get(f"/interactions/{record}")
    assert page.status == 200
    for words in (f"{record}", "Не сходится <script>", "Анна <b>", "8970", "1:01", "Operator"):
        assert words in page.words, words
    assert "<script>" not in page.text.replace("<script type", "").replace("<script ", "")
    assert (await house.get("/interactions/999")).status == 404
    assert (await house.get("/interactions/x")).status == 404


async def test_cases_that_came_of_it(house: Any) -> None:
    """Made on the contact, or by a program that names the record alone; not those of other records (D-33)."""
    await house.sign_in()
    anna = await house.add_customer()
    record, other = await written(house, anna), await written(house, anna, entry=2)
    form = {"a-name": "Сергей", "a-phone": "+79031112233"}
    for entry in (record, other):
        made = await house.post_form(
            "/cases/new", do="send", queue="connect.call_me", customer=anna, contact=CALL, entry=entry, **form
        )
        assert made.status == 303
    body = {"queue": "connect.call_me", "form": {"name": "Я", "phone": "+79031112233"}}
    told = await house.api("POST", "/cases", body | {"customer": anna, "interaction": record})
    page = await house.get(f"/interactions/{record}")
    assert told.status == 201, told.json
    ours = ["C-2026-000001", told.json["number"]]
    for number in ours:
        assert f'href="/cases/{number}"' in page.text, number
    assert "C-2026-000002" not in page.words
    assert (await house.api("GET", f"/interactions/{record}")).json["cases"] == ours
    await house.sign_in(Role.campaign_manager)
    assert "C-2026-000001" not in (await house.get(f"/interactions/{record}")).words


async def test_registered_again(house: Any) -> None:
    await house.sign_in()
    anna = await house.add_customer()
    ivan = await house.add_customer("К-2", "Иван", numbers=("+79160000002",))
    record = await written(house, anna)
    house.clock.pass_(minutes=5)
    answer = await house.post_form(
        f"/interactions/{record}/move", contract="К-2", number="8 916 000-00-02", why="ошибся"
    )
    assert (answer.status, answer.headers["Location"]) == (303, f"/interactions/{record}")
    moved = await house.database.interactions.get(record)
    assert (moved.customer, moved.number, moved.card["name"]) == (ivan, "+79160000002", "Иван")
    (change,) = await house.database.interactions.changes(record)
    assert (change.from_customer, change.to_customer, change.why) == (anna, ivan, "ошибся")
    page = await house.get(f"/interactions/{record}")
    assert "ошибся" in page.words
    assert "Анна Воробьёва" in page.words


@pytest.mark.parametrize(
    ("contract", "number", "says"),
    [
        ("К-9", "", "К-9"),
        ("", "", ""),
        ("К-1", "+79169999999", "+79169999999"),
        ("К-1", "не номер", "не номер"),
    ],
)
async def test_what_is_refused_keeps_what_was_typed(
    house: Any, contract: str, number: str, says: str
) -> None:
    await house.sign_in()
    record = await written(house, await house.add_customer())
    answer = await house.post_form(
        f"/interactions/{record}/move", contract=contract, number=number, why="так надо"
    )
    assert answer.status == 422
    assert "так надо" in answer.text
    assert says in answer.text
    assert await house.database.interactions.changes(record) == ()


async def test_others_words_are_moved_by_who_may(house: Any) -> None:
    anna = await house.add_customer()
    await house.add_customer("К-2", "Иван")
    await house.sign_in(Role.operator, "boris")
    record = await written(house, anna, "vera")
    assert (await house.get(f"/interactions/{record}")).status == 200
    assert "/move" not in (await house.get(f"/interactions/{record}")).text
    assert (await house.post_form(f"/interactions/{record}/move", contract="К-2")).status == 403
    await house.sign_in(Role.senior)
    assert (await house.post_form(f"/interactions/{record}/move", contract="К-2")).status == 303


async def test_files_of_an_interaction(house: Any) -> None:
    await house.sign_in()
    anna = await house.add_customer()
    record = await written(house, anna)
    sent = {
        "owner_kind": "interaction",
        "owner": record,
        "back": f"/interactions/{record}",
        "kind": "contract",
    }
    answer = await house.post_form("/files", files={"file": ("scan.exe", PNG)}, **sent)
    assert (answer.status, answer.headers["Location"]) == (303, f"/interactions/{record}")
    owner = Owner(OwnerKind.interaction, str(record))
    (file,) = await house.database.attachments.of(owner)
    assert (file.name, file.media_type) == ("scan.exe", "image/png")
    # An important document goes to the contract level, too.
    assert await house.database.attachments.of(Owner(OwnerKind.customer, str(anna))) == (file,)
    saved = await house.get(f"/files/{file.id}")
    assert (saved.body, saved.headers["Content-Type"]) == (PNG, "application/octet-stream")
    assert saved.headers["Content-Disposition"].startswith("attachment;")
    assert saved.headers["X-Content-Type-Options"] == "nosniff"
    looked = await house.get(f"/files/{file.id}", look="1")
    assert looked.headers["Content-Type"] == "image/png"
    assert looked.headers["Content-Disposition"].startswith("inline;")
    assert "sandbox" in looked.headers["Content-Security-Policy"]
    gone = await house.post_form(f"/files/{file.id}/unlink", **sent)
    assert gone.status == 303
    assert await house.database.attachments.of(owner) == ()


async def test_markup_is_never_shown(house: Any) -> None:
    await house.sign_in()
    record = await written(house, await house.add_customer())
    sent = {"owner_kind": "interaction", "owner": record, "back": "//evil.example", "kind": "letter"}
    answer = await house.post_form("/files", files={"file": ("a.svg", b"<svg onload='x()'/>")}, **sent)
    assert answer.headers["Location"] == "/desk"
    (file,) = await house.database.attachments.of(Owner(OwnerKind.interaction, str(record)))
    looked = await house.get(f"/files/{file.id}", look="1")
    assert looked.headers["Content-Disposition"].startswith("attachment;")


async def test_files_that_are_not_taken(house: Any) -> None:
    await house.sign_in()
    record = await written(house, await house.add_customer())
    sent = {"owner_kind": "interaction", "owner": record, "back": f"/interactions/{record}"}
    assert (await house.post_form("/files", files={"file": ("a", b"")}, kind="letter", **sent)).status == 422
    assert (await house.post_form("/files", files={"file": ("a", PNG)}, kind="crm", **sent)).status == 422
    assert (await house.post_form("/files", kind="letter", **sent)).status == 422
    nobody = sent | {"owner": 999}
    assert (
        await house.post_form("/files", files={"file": ("a", PNG)}, kind="letter", **nobody)
    ).status == 403
    assert (await house.get("/files/guessed")).status == 404


async def test_who_may_not_see_the_owner_does_not_see_the_file(house: Any) -> None:
    await house.sign_in()
    owner = Owner(OwnerKind.case, "5")
    file = await house.database.attachments.add(
        owner, "a.png", "", "photo", PNG, "operator", house.clock.now()
    )
    await house.sign_in(Role.campaign_manager)
    assert (await house.get(f"/files/{file.id}")).status == 404


async def test_new_on_another_contract_without_a_desk(house: Any) -> None:
    """Nobody is on shift: the panel closes and says why."""
    await house.sign_in()
    answer = await house.post_form("/contacts/another", contact="c1", customer="1")
    assert answer.status == 303
    assert (await house.post_form("/contacts/another", contact="c1")).status == 400


# --- the API


async def test_the_api_tells_the_same(house: Any) -> None:
    await house.sign_in()
    anna = await house.add_customer()
    ivan = await house.add_customer("К-2", "Иван", numbers=("+79160000002",))
    record = await written(house, anna)
    told = (await house.api("GET", f"/interactions/{record}")).json
    assert (told["customer"], told["card"]["sim"], told["opened_ms"]) == (anna, "8970", 61_000)
    body = {"customer": ivan, "number": "89160000002", "why": "ошибся"}
    moved = (await house.api("POST", f"/interactions/{record}/move", body)).json
    assert (moved["customer"], moved["number"], moved["changes"][0]["why"]) == (
        ivan,
        "+79160000002",
        "ошибся",
    )
    wrong = await house.api("POST", f"/interactions/{record}/move", body | {"number": "89160000009"})
    assert wrong.status == 422
    assert (await house.api("POST", f"/interactions/{record}/move", body | {"customer": 999})).status == 422
    assert (await house.api("GET", "/interactions/999")).status == 404
    topics = (await house.api("GET", "/topics")).json["topics"]
    assert {"code": "finance.recalculation.outage", "ru": "За время аварии", "en": "For an outage"} in topics


async def test_the_api_pages_a_period(house: Any) -> None:
    await house.sign_in()
    anna = await house.add_customer()
    for entry in range(1, 6):
        house.clock.pass_(minutes=1)
        await written(house, anna, entry=entry)
    path, after, seen = f"/customers/{anna}/interactions", "", []
    while after is not None:
        page = (await house.api("GET", path, limit="2", after=after)).json
        seen += [line["record"] for line in page["interactions"]]
        after = page["next"]
    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)
    for nonsense in ("x", "2026-01-01~1~c", "~~", "2026-01-01T00:00:00+00:00~x~c"):
        assert (await house.api("GET", path, after=nonsense)).status == 400
    assert (await house.api("GET", "/customers/999/interactions")).status == 404
