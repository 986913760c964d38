"""An order of a program, sent twice under one key, makes one thing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import func, select

from callcore.rights import Role
from callcore.store.schema.base import metadata

ORDERS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "/cases": ("cases", {"queue": "connect.call_me", "form": {"name": "Лев", "phone": "+79160000001"}}),
    "/tasks": ("tasks", {"text": "Перезвонить"}),
    "/flashes": (
        "flashes",
        {"scope": "number", "target": "+79160000001", "text": "Ждёт", "ends_at": "2026-03-02T20:00:00Z"},
    ),
    "/customers": ("customers", {"name": "Лев Рябов"}),
    "/counterparty-groups/1/counterparties": ("counterparties", {"name": "Сетьстрой"}),
}


async def send(house: Any, path: str, body: Mapping[str, Any], key: str) -> Any:
    headers = {"Origin": house.origin, "X-CSRF-Token": house.csrf, "Idempotency-Key": key}
    return await house.ask("POST", "/api/v1" + path, json=dict(body), headers=headers)


async def count(house: Any, table: str) -> int:
    async with house.database.read() as connection:
        found = await connection.execute(select(func.count()).select_from(metadata.tables[table]))
        return int(found.scalar_one())


@pytest.mark.parametrize("path", ORDERS)
async def test_sent_again_it_is_there_once(house: Any, path: str) -> None:
    table, body = ORDERS[path]
    await house.sign_in(Role.administrator)
    await house.database.counterparties.add_group("Подрядчики", {}, house.clock.now())
    before = await count(house, table)
    first, second = await asyncio.gather(*(send(house, path, body, "one") for _ in range(2)))
    late = await send(house, path, body, "one")
    assert [each.status for each in (first, second, late)] == [201] * 3, first.text
    assert first.json == second.json == late.json
    assert await count(house, table) == before + 1
    assert (await send(house, path, body, "two")).status == 201
    assert await count(house, table) == before + 2


async def test_another_order_under_a_used_key_is_refused(house: Any) -> None:
    await house.sign_in()
    assert (await send(house, "/tasks", {"text": "a"}, "one")).status == 201
    refused = await send(house, "/tasks", {"text": "b"}, "one")
    assert (refused.status, "Idempotency-Key" in refused.json["detail"]) == (409, True)
    assert (await send(house, "/tasks", {"text": "b"}, "x" * 200)).status == 422
    await house.sign_in(login="boris")
    assert (await send(house, "/tasks", {"text": "b"}, "one")).status == 201, "his own key"


async def test_what_was_refused_may_be_sent_again(house: Any) -> None:
    await house.sign_in()
    task = {"text": "a", "responsible": "boris"}
    assert (await send(house, "/tasks", task, "one")).status == 422
    await house.add_user("boris")
    assert (await send(house, "/tasks", task, "one")).status == 201
