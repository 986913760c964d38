"""One person's data, given out or gone: everything that tells of him, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.calls.effects import Contact
from callcore.domain import NULL_CUSTOMER, CustomerId
from callcore.store.call_backs import CallBackLook
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.errors import NotStored
from callcore.store.personal import HELD, undeclared
from callcore.store.privacy import Held, Hold
from callcore.store.schema import metadata
from callcore.store.voicemails import VoicemailLook

from .store_samples import T0

NUMBER, SECRET = "+79000000001", "Секретный"
WORDS = (SECRET, NUMBER, NUMBER[2:], "К-77")


def test_every_table_and_every_text_is_declared() -> None:
    assert undeclared() == ()


def test_a_forgotten_table_would_be_found() -> None:
    from sqlalchemy import Column, Table, Text

    extra = Table("forgotten", metadata, Column("name", Text))
    try:
        assert undeclared() == ("forgotten",)
    finally:
        metadata.remove(extra)


async def fill(db: Database, table: str, **values: Any) -> None:
    async def op(connection: AsyncConnection) -> None:
        await connection.execute(metadata.tables[table].insert().values(**values))

    await db.writer.submit(op)


@pytest.fixture
async def him(db: Database, contact: Callable[..., Contact]) -> CustomerId:
    """A customer with rows in every table that holds any, and a neighbour with the like."""
    people = [
        NewCustomer("К-77", f"{SECRET} Пётр", address=f"{SECRET} пер.", numbers=(NUMBER,)),
        NewCustomer("К-78", "Сосед", address="рядом", numbers=("+79000000002",)),
    ]
    await db.customers.add_many(people, T0)
    found = await db.customers.by_contract("К-77")
    assert found is not None
    id_ = found.id
    await db.contacts.save(contact("c1", customer=id_, caller_number=NUMBER, caller_name=SECRET))
    await db.contacts.save(contact("c2", customer=None, caller_number=NUMBER, caller_name=SECRET))
    await db.contacts.save(
        contact("c3", customer=None, caller_number="+79000000002", caller_number_raw="", caller_name="Сосед")
    )
    said = {"topic": "finance.recalculation", "created_at": T0, "login": "anna"}
    await fill(
        db, "interactions", id=91, call="c1", n=7, customer=id_, comment=SECRET, card={"name": SECRET}, **said
    )
    await fill(db, "interactions", id=92, call="c2", n=7, comment=SECRET, number=NUMBER, **said)
    await fill(db, "interactions", id=93, call="c3", n=7, comment="сосед", **said)
    await fill(db, "interaction_changes", interaction=91, at=T0, login="anna", from_number=NUMBER, why=SECRET)
    await fill(db, "contact_drafts", login="anna", call="c2", entry=1, topic="", comment=SECRET, at=T0)
    for position, table, more in (
        (5, "customer_persons", {"name": SECRET, "role": "", "number": NUMBER, "email": ""}),
        (5, "customer_addresses", {"kind": "", "address": SECRET}),
        (5, "customer_points", {"code": "", "address": SECRET, "node": "", "characteristics": {}}),
        (5, "customer_services", {"number": NUMBER, "code": "net", "title": "Интернет"}),
    ):
        await fill(db, table, customer=id_, position=position, **more)
    await fill(
        db, "customer_money", customer=id_, kind="payment", at=T0, amount_minor=500, text=f"от {SECRET}"
    )
    await fill(
        db,
        "customer_consents",
        customer=id_,
        clause="notices",
        granted_at=T0,
        granted_by="anna",
        evidence=SECRET,
        withdrawal_evidence="",
    )
    left = {"topic": "finance", "language": "ru"}
    for file, customer, number in (
        ("c1-1.wav", id_, None),
        ("c1-2.wav", None, None),  # nobody was known then; his call was registered later
        ("c2-1.wav", None, NUMBER),
        ("c3-1.wav", None, "+79000000002"),
    ):
        await fill(
            db,
            "voicemails",
            call=file[:2],
            customer=customer,
            number=number,
            file=file,
            ms=5,
            made_at=T0,
            **left,
        )
    for customer, number, note in ((id_, NUMBER, SECRET), (None, "+79000000002", "сосед")):
        wish = {"customer": customer, "number": number, "note": note, "state": "open"}
        await fill(
            db, "follow_ups", call="c1", kind="wish", queue="finance", asked_at=T0, last_at=T0, **left, **wish
        )
    said_no = {"medium": "sms", "message_class": "", "since": T0, "login": "anna"}
    for customer, number, proof in (
        (id_, "+79990000077", SECRET),
        (None, NUMBER, SECRET),
        (None, "+7900", ""),
    ):
        await fill(db, "opt_outs", customer=customer, number=number, evidence=proof, **said_no)
    await fill(db, "missed_pops", login="anna", call="c1", at=T0, why="closed", number=NUMBER, customer=id_)
    for call, number, name in (("c1", "+79000000003", SECRET), ("?", NUMBER, ""), ("c3", "+7900", "Сосед")):
        await fill(
            db, "events", type="call.answered", data={"call": call, "number": number, "name": name}, at=T0
        )
    link = {"login": "anna", "at": T0}
    for file, name in (("f1", f"{SECRET}.pdf"), ("f2", "общий.pdf")):
        await fill(
            db,
            "attachments",
            id=file,
            name=name,
            media_type="application/pdf",
            kind="letter",
            size=1,
            digest="",
            **link,
        )
        await fill(db, "attachment_bodies", attachment=file, body=name.encode())
        await fill(db, "attachment_links", owner_kind="interaction", owner="91", attachment=file, **link)
    await fill(db, "attachment_links", owner_kind="article", owner="formy", attachment="f2", **link)
    return id_


async def everything(db: Database) -> str:
    """Each row of each table but the audit, whose reasons are written by people, as one text."""
    events = metadata.tables["events"]
    told_before = select(events).where(events.c.type != "customer.erased")
    said = []
    async with db.read() as connection:
        for table in metadata.sorted_tables:
            if table.name != "audit":
                query = select(table) if table.name != "events" else told_before
                said += [f"{table.name} {tuple(row)}" for row in await connection.execute(query)]
        bodies = metadata.tables["attachment_bodies"]
        for body in (await connection.execute(select(bodies.c.body))).scalars():
            said.append(body.decode())
    return "\n".join(sorted(said))


async def test_nothing_is_left_that_tells_who_he_is(db: Database, him: CustomerId) -> None:
    before = await everything(db)
    assert all(word in before for word in WORDS)
    found = await db.privacy.erase(him, "admin", T0, reason="требование")
    after = await everything(db)
    assert [word for word in WORDS if word in after] == []
    assert (found.contract, found.was_before, found.holds) == ("К-77", False, ())
    assert {
        name: found.counts[name] for name in ("customers", "contacts", "interactions", "attachments")
    } == {
        "customers": 1,
        "contacts": 2,
        "interactions": 4,
        "attachments": 1,
    }
    assert await db.customers.find_by_number(NUMBER) == ()
    assert await db.customers.search(SECRET) == ()


async def test_figures_and_everybody_else_stay(db: Database, him: CustomerId) -> None:
    await db.privacy.erase(him, "admin", T0, reason="требование")
    after = await everything(db)
    for kept in ("Сосед", "сосед", "+79000000002", "общий.pdf", "finance.recalculation"):
        assert kept in after
    async with db.read() as connection:
        for table, count in (("contacts", 3), ("interactions", 6), ("customer_money", 1)):
            rows = (await connection.execute(select(metadata.tables[table]))).all()
            assert len(rows) == count
    (neighbour,) = await db.customers.find_by_number("+79000000002")
    assert neighbour.name == "Сосед"


async def test_what_he_said_goes_and_nobody_calls_him_back(db: Database, him: CustomerId) -> None:
    await db.privacy.erase(him, "admin", T0, reason="требование")
    assert {file for _, file in await db.voicemails.to_remove()} == {"c1-1.wav", "c1-2.wav", "c2-1.wav"}
    kept = [mail.file for mail in await db.voicemails.find(VoicemailLook()) if mail.has_sound]
    assert kept == ["c3-1.wav"]
    (open_one,) = await db.call_backs.find(CallBackLook())
    assert open_one.number == "+79000000002"


async def test_counting_changes_nothing(db: Database, him: CustomerId) -> None:
    before = await everything(db)
    found = await db.privacy.preview(him)
    assert await everything(db) == before
    assert await db.privacy.erase(him, "admin", T0, reason="требование") == found


async def test_again_is_no_fault(db: Database, him: CustomerId) -> None:
    await db.privacy.erase(him, "admin", T0, reason="требование")
    once = await everything(db)
    again = await db.privacy.erase(him, "admin", T0, reason="ещё раз")
    assert again.was_before
    assert await everything(db) == once


async def test_an_open_case_holds_him_unless_forced(db: Database, him: CustomerId) -> None:
    texts = dict.fromkeys(
        ("type", "queue", "department", "status", "initiator", "topic", "result", "stage"), ""
    )
    await fill(
        db,
        "cases",
        id=17,
        revision=1,
        priority=1,
        customer=him,
        number=NUMBER,
        comment=SECRET,
        form={"name": SECRET},
        flags={},
        haystack=SECRET,
        created_at=T0,
        changed_at=T0,
        **texts,
    )
    before = await everything(db)
    with pytest.raises(Held) as held:
        await db.privacy.erase(him, "admin", T0, reason="требование")
    assert held.value.holds == (Hold("case", 17),)
    assert await everything(db) == before
    found = await db.privacy.erase(him, "admin", T0, reason="суд", is_forced=True)
    assert found.holds == (Hold("case", 17),)
    after = await everything(db)
    assert [word for word in WORDS if word in after] == []
    (line, *_) = await db.audit.lines(customer=him)
    assert (line.login, line.act, line.detail["forced"], line.detail["reason"]) == (
        "admin",
        "erased",
        True,
        "суд",
    )


async def test_a_number_that_two_have_is_not_taken_from_the_other(db: Database, him: CustomerId) -> None:
    await db.customers.add_many([NewCustomer("К-79", "Жена", numbers=(NUMBER,))], T0)
    await db.privacy.erase(him, "admin", T0, reason="требование")
    (wife,) = await db.customers.find_by_number(NUMBER)
    assert wife.name == "Жена"
    async with db.read() as connection:
        contacts = metadata.tables["contacts"]
        number = select(contacts.c.caller_number).where(contacts.c.call == "c2")
        assert (await connection.execute(number)).scalar() == NUMBER  # it may have been hers


async def test_everything_is_given_out(db: Database, him: CustomerId) -> None:
    db.audit.saw("anna", him, T0)
    await db.audit.flush()
    dossier = await db.privacy.dossier(him, "olga", T0)
    assert dossier.contract == "К-77"
    assert dossier.files == (("f1", f"{SECRET}.pdf"),)
    assert [body async for body in db.privacy.bodies(dossier)] == [("f1", f"{SECRET}.pdf".encode())]
    assert {row["call"] for row in dossier.tables["interactions"]} == {"c1", "c2"}
    assert [line["act"] for line in dossier.seen] == ["seen", "exported"]
    assert set(dossier.tables) <= {part.table.name for part in HELD}
    told = repr(dossier)
    assert "сосед" not in told.casefold()


async def test_nobody_is_no_customer(db: Database) -> None:
    for id_ in (NULL_CUSTOMER, CustomerId(10**9)):
        with pytest.raises(NotStored):
            await db.privacy.preview(id_)
        with pytest.raises(NotStored):
            await db.privacy.erase(id_, "admin", T0, reason="x")
        with pytest.raises(NotStored):
            await db.privacy.dossier(id_, "admin", T0)
