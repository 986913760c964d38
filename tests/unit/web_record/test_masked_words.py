"""What was said of a customer names him as well as his number does: whom he is masked for reads neither."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import CallId, CustomerId
from callcore.rights import Role
from callcore.store.schema import core, record
from callcore.store.visit_rows import new_id
from callcore.web.record.customers_card import PARTS

NUMBER = "+79161234567"
SECRET = ("Канарейка", "canary", NUMBER[1:], "123-45")
"""In every text of his below, or of his number."""


async def known(house: Any) -> CustomerId:
    customer: CustomerId = await house.add_customer(name="Канарейка", numbers=(NUMBER,))
    at = house.clock.now()

    async def op(connection: AsyncConnection) -> None:
        def put(table: Any, **values: Any) -> Any:
            return insert(table).values(customer=customer, **values)

        point = {"address": "a", "node": "n", "characteristics": {"login": "the canary"}}
        await connection.execute(put(record.customer_points, position=1, code="P1", **point))
        paid = {"kind": "payment", "at": at, "amount_minor": 1, "text": "of the canary"}
        await connection.execute(put(record.customer_money, **paid))
        proof = {"evidence": "by canary", "withdrawn_at": at, "withdrawal_evidence": "by canary"}
        given = {"clause": "4", "granted_at": at, "granted_by": "x", "withdrawn_by": "x", **proof}
        await connection.execute(put(record.customer_consents, **given))
        said = {"urgent": "ask the canary", "loyalty_card": "1canary", "external_key": "canary"}
        await connection.execute(update(core.customers).where(core.customers.c.id == customer).values(said))
        bad = {"urgent": "ask canary", "is_bad": True, "bad_reason": "of canary", "sim": "1canary"}
        his = core.customer_numbers.c.customer == customer
        await connection.execute(update(core.customer_numbers).where(his).values(bad))

    await house.database.writer.submit(op)
    return customer


@pytest.mark.parametrize("role", [Role.operator, Role.campaign_manager])
async def test_words_of_a_customer_are_masked_with_him(house: Any, role: Role) -> None:
    customer = await known(house)
    await house.sign_in(Role.senior)
    letter = {"call": new_id(), "medium": "letter", "office": "centre", "topic": "finance.claim"}
    told = {"comment": "рядом canary", "number": "1canary", "party": "Канарейка", "handed": "Канарейка"}
    file = {"file": ("из canary.txt", b"x")}
    sent = await house.post_form("/visits/new", **letter, **told, customer=customer, do="save", files=file)
    assert sent.status == 303
    [written] = await house.database.interactions.of_call(CallId(letter["call"]))
    moved = {"customer": int(customer), "number": NUMBER, "why": "просила canary"}
    assert (await house.api("POST", f"/interactions/{written.id}/move", moved)).status == 200

    await house.sign_in(role)
    pages = [f"/customers/{customer}?part={part}" for part in PARTS]
    pages += [f"/contacts/{letter['call']}", f"/interactions/{written.id}"]
    pages += [f"/api/v1/customers/{customer}", f"/api/v1/contacts/{letter['call']}"]
    for page in pages:
        answer = await house.ask("GET", page)
        assert answer.status == 200
        found = [each for each in SECRET if each in answer.text]
        assert bool(found) == (role is Role.operator), (page, found)
