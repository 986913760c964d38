"""Files for programs: a scanner attaches a letter, another program fetches it."""

from __future__ import annotations

import io
from typing import Any

import pytest

from callcore.domain import CallId, Login, TopicCode
from callcore.rights import Role
from callcore.store.attachments import KINDS, MOST_BYTES, Owner, OwnerKind

PDF = b"%PDF-1.4 scan"


async def written(house: Any, login: str = "operator") -> tuple[int, int]:
    """A record, and whose it is."""
    customer = await house.add_customer()
    record = await house.database.interactions.save(
        CallId("c1"), Login(login), TopicCode("finance.claim"), "Просит", customer, house.clock.now()
    )
    return record, customer


async def send(house: Any, body: bytes = PDF, **query: Any) -> Any:
    headers = {"Origin": house.origin, "X-CSRF-Token": house.csrf, "Content-Type": "application/pdf"}
    return await house.ask("POST", "/api/v1/files", params=query, headers=headers, data=io.BytesIO(body))


async def test_attached_listed_fetched_and_taken_away(house: Any) -> None:
    """A power of attorney goes to the contract, too; the same file sent again is there once."""
    await house.sign_in()
    record, customer = await written(house)
    owner = {"owner_kind": "interaction", "owner": str(record)}
    paper = owner | {"name": "..\\Доверенность\u202efdp.pdf", "kind": "power_of_attorney"}
    made = await send(house, **paper)
    assert (made.status, made.json["name"], made.json["media_type"]) == (
        201,
        "Доверенностьfdp.pdf",
        "application/pdf",
    )
    assert (await send(house, **paper)).json == made.json
    for kind, id in (("interaction", record), ("customer", customer)):
        listed = await house.api("GET", "/files", owner_kind=kind, owner=str(id))
        assert listed.json["files"] == [made.json]
    assert (await house.api("GET", f"/interactions/{record}")).json["files"] == [made.json]
    there = f"/files/{made.json['id']}"
    fetched = await house.api("GET", there)
    assert (fetched.body, fetched.headers["Content-Type"]) == (PDF, "application/octet-stream")
    assert fetched.headers["X-Content-Type-Options"] == "nosniff"
    assert (await house.api("DELETE", there, **owner)).status == 204
    assert (await house.api("DELETE", there, **owner)).status == 404
    assert (await house.api("GET", there)).status == 200, "the contract has it still"
    (line,) = await house.database.audit.lines(act="file_removed")
    assert (line.login, line.customer) == ("operator", customer)


@pytest.mark.parametrize(
    ("changes", "body", "status"),
    [
        ({}, b"", 422),
        ({}, b"x" * (MOST_BYTES + 1), 413),
        ({"kind": "not_in_crm"}, PDF, 422),
        ({"owner_kind": "moon"}, PDF, 422),
        ({"owner": "999"}, PDF, 404),
        ({"owner": "x" * 60}, PDF, 404),
        ({"name": ""}, PDF, 422),
    ],
)
async def test_what_is_not_taken(house: Any, changes: dict[str, str], body: bytes, status: int) -> None:
    await house.sign_in()
    record, _ = await written(house)
    query = {"owner_kind": "interaction", "owner": str(record), "name": "a.pdf", "kind": KINDS[0]}
    refused = await send(house, body, **(query | changes))
    assert refused.status == status, refused.json
    assert await house.database.attachments.of(Owner(OwnerKind.interaction, str(record))) == ()


async def test_who_may_not(house: Any) -> None:
    """Whoever sees customers masked learns nothing; another's file is taken away by who may mend."""
    await house.sign_in(Role.operator)
    record, customer = await written(house)
    owner = {"owner_kind": "customer", "owner": str(customer)}
    made = await send(house, **owner, name="a.pdf", kind="contract")
    there = f"/files/{made.json['id']}"
    await house.sign_in(Role.operator, login="boris")
    assert (await house.api("GET", there)).status == 200
    assert (await house.api("DELETE", there, **owner)).status == 403
    await house.sign_in(Role.campaign_manager)
    assert (await house.api("GET", there)).status == 404
    assert (await house.api("GET", "/files", **owner)).status == 404
    assert (await send(house, **owner, name="b.pdf", kind="contract")).status == 404
    assert (await house.api("DELETE", there, **owner)).status == 404
    await house.sign_in(Role.senior)
    assert (await house.api("DELETE", there, **owner)).status == 204
    assert (await house.api("GET", "/files", owner_kind="interaction", owner=str(record))).json == {
        "files": []
    }
