"""Customers by the API: found, seen, put right; who may, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

NUMBER = "+79000000001"


@pytest.fixture
async def anna(house: Any) -> int:
    await house.sign_in("operator")
    return int(await house.add_customer("К-17", "Анна <script>", numbers=(NUMBER,), address="ул. Садовая, 1"))


async def test_search(house: Any, anna: int) -> None:
    for typed, matched, text in (
        ("анн", "name", "Анна <script>"),
        ("садовой", "address", "ул. Садовая, 1"),
        ("к-17", "contract", "К-17"),
        ("900 000-00-01", "number", NUMBER),
        ("0", "null", "0"),
    ):
        answer = await house.api("GET", "/customers", q=typed)
        (hit,) = answer.json["hits"]
        assert (hit["matched"], hit["text"]) == (matched, text)
    assert (await house.api("GET", "/customers", q="никто")).json == {"hits": []}
    assert (await house.api("GET", "/customers", q="x" * 401)).status == 422
    assert (await house.api("GET", "/customers", limit=0)).status == 422


async def test_a_record_is_seen_and_that_is_in_the_audit(house: Any, anna: int) -> None:
    record = (await house.api("GET", f"/customers/{anna}")).json
    assert (record["contract"], record["numbers"]) == ("К-17", [NUMBER])
    assert record["numbers_in_full"][0]["has_password"] is False
    assert (await house.api("GET", "/customers/999")).status == 404
    assert (await house.api("GET", f"/customers/{2**70}")).status == 404
    assert (await house.api("GET", "/customers/0")).json["contract"] == "0"


async def test_the_masked_see_no_numbers(house: Any, anna: int) -> None:
    await house.sign_in("campaign_manager")
    text = (await house.api("GET", f"/customers/{anna}")).text
    assert NUMBER not in text
    assert "Садовая" not in text
    assert NUMBER not in (await house.api("GET", "/customers", q="0000001")).text
    assert (await house.api("PATCH", f"/customers/{anna}", {"name": "x"})).status == 403


@pytest.mark.parametrize(
    ("role", "typed", "is_found"),
    [
        ("operator", "900000", True),
        ("operator", "анн", True),
        ("campaign_manager", "900000", False),
        ("campaign_manager", "0001", False),
        ("campaign_manager", "анн", False),
        ("campaign_manager", "анна сад", False),
        ("campaign_manager", NUMBER, True),
        ("campaign_manager", "8 900 000-00-01", True),
        ("campaign_manager", "анна садовая", True),
        ("campaign_manager", "К-17", True),
    ],
)
async def test_the_masked_find_nothing_part_by_part(
    house: Any, anna: int, role: str, typed: str, is_found: bool
) -> None:
    await house.sign_in(role)
    assert bool((await house.api("GET", "/customers", q=typed)).json["hits"]) == is_found
    for page in ("/customers", "/customers/found"):
        shown = await house.get(page, q=typed)
        assert ("К-17</bdi>" in shown.text) == is_found
        assert ("Имена и номера скрыты" in shown.text) == (not is_found)


async def test_contact_data_are_put_right(house: Any, anna: int) -> None:
    answer = await house.api("PATCH", f"/customers/{anna}", {"name": "Анна Ким", "email": "a@b.ru"})
    assert answer.json == {"changed": ["email", "name"]}
    assert (await house.api("PATCH", f"/customers/{anna}", {"name": "Анна Ким"})).json == {"changed": []}
    assert (await house.api("PATCH", f"/customers/{anna}", {"contract": "1"})).status == 422
    assert (await house.api("PATCH", f"/customers/{anna}", {"name": "x" * 10_000})).status == 422
    assert (await house.api("PATCH", "/customers/0", {"name": "x"})).status == 409
    (hit,) = (await house.api("GET", "/customers", q="ким")).json["hits"]
    assert hit["customer"]["id"] == anna


async def test_numbers(house: Any, anna: int) -> None:
    base = f"/customers/{anna}/numbers"
    assert (await house.api("POST", base, {"number": "8 900 000-00-02"})).status == 204
    assert (await house.api("POST", base, {"number": "no number"})).status == 422
    assert (await house.api("POST", f"{base}/flag", {"number": NUMBER, "why": "чужой"})).status == 204
    numbers = (await house.api("GET", f"/customers/{anna}")).json["numbers_in_full"]
    assert [(n["number"], n["is_bad"], n["bad_reason"]) for n in numbers] == [
        (NUMBER, True, "чужой"),
        ("+79000000002", False, ""),
    ]
    assert (await house.api("POST", f"{base}/confirm", {"number": "89000000001"})).status == 204
    numbers = (await house.api("GET", f"/customers/{anna}")).json["numbers_in_full"]
    assert (numbers[0]["is_bad"], numbers[0]["checked_by"]) == (False, "operator")
    assert (await house.api("POST", f"{base}/confirm", {"number": "+79999999999"})).status == 409


async def test_consents(house: Any, anna: int) -> None:
    base, given = f"/customers/{anna}/consents", {"clause": "4.2 реклама", "evidence": "запись 17"}
    first = await house.api("POST", base, given)
    assert (first.status, first.json["granted_by"]) == (201, "operator")
    assert (await house.api("POST", base, given)).json == first.json
    assert (await house.api("POST", f"{base}/withdraw", given)).status == 204
    assert (await house.api("POST", f"{base}/withdraw", given)).status == 409
    (consent,) = (await house.api("GET", f"/customers/{anna}")).json["consents"]
    assert consent["withdrawn_by"] == "operator"


async def test_a_prospect(house: Any, anna: int) -> None:
    answer = await house.api("POST", "/customers", {"name": "ООО «Заря»", "number": "8 900 111-22-33"})
    assert (answer.status, answer.json["is_prospective"], answer.json["numbers"]) == (
        201,
        True,
        ["+79001112233"],
    )
    (hit,) = (await house.api("GET", "/customers", q="заря")).json["hits"]
    assert hit["customer"]["id"] == answer.json["id"]
    assert (await house.api("POST", "/customers", {"name": ""})).status == 422
    assert (await house.api("POST", "/customers", {"name": "x", "number": "y"})).status == 422


async def test_strangers_and_foreign_pages(house: Any, anna: int) -> None:
    house.csrf = "wrong"
    assert (await house.api("PATCH", f"/customers/{anna}", {"name": "x"})).status == 403
    house.http.cookie_jar.clear()
    assert (await house.api("GET", "/customers", q="анна")).status == 401
