"""The search of customers asks other systems too: theirs come after the own, and who failed is named."""

from __future__ import annotations

import re
import sqlite3
from html import unescape
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
async def clerk(make_house: Any, tmp_path: Path) -> Any:
    file = tmp_path / "billing.db"
    with sqlite3.connect(file) as billing:
        billing.execute("CREATE TABLE clients (key, name, contract, numbers)")
        billing.execute("INSERT INTO clients VALUES ('b1', '<b>Чужая</b> Анна', 'B-1', '+79161110000')")
    billing.close()
    address = tmp_path / "billing.url"
    address.write_text(f"sqlite:///{file}", encoding="utf-8")
    where = "SELECT key, name, contract, numbers FROM clients WHERE"
    sources = {
        "billing": {
            "kind": "sql",
            "url_file": str(address),
            "by_number": f"{where} numbers = :number",
            "search": f"{where} name LIKE '%' || :text || '%'",
        },
        "crm": {
            "kind": "http",
            "by_number": "http://127.0.0.1:1/{digits}",
            "search": "http://127.0.0.1:1/?q={text}",
        },
    }
    made = await make_house(directory={"sources": sources})
    await made.sign_in("operator")
    await made.add_customer("К-1", "Анна Своя")
    return made


async def test_others_come_after_the_own(clerk: Any) -> None:
    at_once = await clerk.get("/customers/found", q="Анна")
    assert "Анна Своя" in at_once.words
    assert "Чужая" not in at_once.words
    assert 'data-late="/customers/elsewhere?' in at_once.text
    late = await clerk.get("/customers/elsewhere", q="Анна")
    assert "1 клиент в других системах" in late.words
    assert "B-1" in late.words
    assert "<b>Чужая" not in late.text
    assert "Своя" not in late.words
    assert "Другие системы не ответили: crm " in late.words


def late_address(found: Any) -> str:
    address = re.search(r'data-late="([^"]+)"', found.text)
    assert address is not None
    return unescape(address[1])


async def test_whoever_came_into_the_own_base_meanwhile_is_shown_once(clerk: Any) -> None:
    early = await clerk.get("/customers/found", q="Анна")
    assert "B-1" not in early.words
    await clerk.get("/customers", q="Чужая")  # a colleague's question has them kept here as well
    assert "B-1" in (await clerk.get(late_address(early))).words
    later = await clerk.get("/customers/found", q="Анна")
    assert "B-1" in later.words
    assert "B-1" not in (await clerk.get(late_address(later))).words


@pytest.mark.parametrize("shown", ["", "x,²,-1,,1", "9" * 5000, ",".join("1" * 1000)])
async def test_odd_ids_of_those_shown_leave_nobody_out(clerk: Any, shown: str) -> None:
    assert "B-1" in (await clerk.get("/customers/elsewhere", q="Анна", shown=shown)).words


async def test_the_whole_page_has_both_without_a_script(clerk: Any) -> None:
    page = await clerk.get("/customers", q="Анна")
    assert "Анна Своя" in page.words
    assert "B-1" in page.words
    assert "Другие системы не ответили: crm " in page.words
    found = await clerk.database.customers.by_contract("B-1")
    assert found is not None
    assert (await clerk.get(f"/customers/{found.id}")).status == 200


async def test_the_masked_find_nobody_elsewhere_part_by_part(clerk: Any) -> None:
    await clerk.sign_in("campaign_manager")
    assert "B-1" in (await clerk.get("/customers/elsewhere", q="Анна")).words
    for page in ("/customers/elsewhere", "/customers"):
        assert "B-1" not in (await clerk.get(page, q="Анн")).words


async def test_two_characters_ask_nobody(clerk: Any) -> None:
    assert "data-late" not in (await clerk.get("/customers/found", q="Ан")).text
    assert "других" not in (await clerk.get("/customers", q="Ан")).words


async def test_without_other_systems_nothing_is_said(house: Any) -> None:
    await house.sign_in("operator")
    assert "data-late" not in (await house.get("/customers/found", q="Анна")).text
    assert "других системах" not in (await house.get("/customers", q="Анна")).words
