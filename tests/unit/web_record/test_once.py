"""The same form sent twice makes one thing: a double click, an answer lost on its way."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import func, select

from callcore.rights import Role
from callcore.store.schema.base import metadata

FORMS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "/cases/new": ("cases", {"queue": "connect.call_me", "a-name": "Лев", "a-phone": "+79160000001"}),
    "/cases/new-task": ("tasks", {"text": "Перезвонить"}),
    "/flash/new": ("flashes", {"scope": "number", "target": "+79160000001", "text": "Ждёт звонка"}),
    "/customers/new": ("customers", {"name": "Лев Рябов"}),
    "/directory/counterparties/new": ("counterparties", {"name": "Сетьстрой", "group": "1"}),
    "/directory/staff/new": ("staff", {"name": "Сторож", "number": "201"}),
}


@pytest.mark.parametrize("path", FORMS)
async def test_sent_twice_it_is_there_once(house: Any, path: str) -> None:
    table, typed = FORMS[path]
    await house.sign_in(Role.administrator)
    await house.database.counterparties.add_group("Подрядчики", {}, house.clock.now())
    page = await house.get(path, queue=typed.get("queue", ""))
    once = re.search(r'name="once" value="([^"]+)"', page.text)
    assert once is not None
    fields = {**typed, "ends_on": "2099-01-01", "do": "send", "once": once[1]}
    if path == "/flash/new":
        fields["ends_on"] = (house.clock.now()).date().isoformat()
    before = await count(house, table)
    clicks = await asyncio.gather(*(house.post_form(path, **fields) for _ in range(3)))
    late = await house.post_form(path, **fields)
    assert {each.status for each in (*clicks, late)} == {303}
    assert len({each.headers["Location"] for each in (*clicks, late)}) == 1
    assert await count(house, table) == before + 1
    other = await house.post_form(path, **fields | {"once": "another form"})
    assert other.status == 303
    assert await count(house, table) == before + 2


async def test_what_was_refused_may_be_sent_again(house: Any) -> None:
    await house.sign_in(Role.administrator)
    form = {"name": "Сетьстрой", "group": "1", "once": "this form"}
    assert (await house.post_form("/directory/counterparties/new", **form)).status == 403
    await house.database.counterparties.add_group("Подрядчики", {}, house.clock.now())
    assert (await house.post_form("/directory/counterparties/new", **form)).status == 303
    await house.sign_in(Role.supervisor)  # somebody else's form gets no answer of this one
    assert (await house.post_form("/directory/counterparties/new", **form)).status == 403
    assert await count(house, "counterparties") == 1


async def count(house: Any, table: str) -> int:
    async with house.database.read() as connection:
        query = select(func.count()).select_from(metadata.tables[table])
        return int((await connection.execute(query)).scalar_one())
