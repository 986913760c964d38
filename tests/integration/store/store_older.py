"""Databases as older callcores made them, with rows in every table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import NULL_CUSTOMER
from callcore.store import migrate
from callcore.store.engine import parse_url, writer_engine
from callcore.store.schema import metadata

from .store_samples import SCHEMAS, T0

Rows = dict[str, list[dict[str, Any]]]

SCHEMA_0_3 = "0005"


def _user(login: str, role: str = "operator", **changes: Any) -> dict[str, Any]:
    values = {"name": "Анна", "password_hash": "x", "language": "ru", "interfaces": [], "queues": []}
    return {"login": login, "role": role, "created_at": T0} | values | changes


def a_customer(id: int, contract: str, name: str) -> dict[str, Any]:
    empty = dict.fromkeys(("address", "tariff", "segment", "legal_form"), "")
    return {"id": id, "contract": contract, "name": name, "currency": "RUB", "haystack": name} | empty


def _attempt(id: str, medium: str, **changes: Any) -> dict[str, Any]:
    values = {"target": 6, "campaign": 5, "number": "+79000000007", "route": "main", "profile": "emergency"}
    return {"id": id, "medium": medium, "intended_at": T0, "detail": ""} | values | changes


_CONTACT: dict[str, Any] = {
    "call": "c1",
    "pbx": "main",
    "channel": "1.1",
    "direction": "inbound",
    "source": "live",
    "caller_number": "+79000000007",
    "caller_number_raw": "",
    "customer": 7,
    "started_at": T0,
    "answered_at": T0,
    "ended_at": T0,
    "wait_ms": 1,
    "ring_ms": 2,
    "talk_ms": 3,
    "answered_by": "anna",
    "end_reason": "completed",
    "outcome": "answered",
}
_WRITTEN: dict[str, Any] = {
    "id": 9,
    "call": "c1",
    "n": 1,
    "customer": 7,
    "login": "anna",
    "topic": "finance.charges",
    "comment": "две\nстроки",
    "created_at": T0,
    "saved_at": T0,
}
_SESSION: dict[str, Any] = {
    "token_hash": "h",
    "login": "anna",
    "csrf": "c",
    "created_at": T0,
    "last_seen_at": T0,
    "expires_at": T0,
    "ip": "",
    "user_agent": "",
}
_OUTAGE: dict[str, Any] = {
    "id": 4,
    "number": "A-1",
    "revision": 1,
    "source": "cli",
    "kind": "emergency",
    "state": "estimated",
    "cause_ru": "кабель",
    "cause_en": "a cable",
    "starts_at": T0,
    "published_at": T0,
    "changed_at": T0,
}
_CAMPAIGN: dict[str, Any] = {
    "id": 5,
    "outage": 4,
    "revision": 1,
    "news": "outage",
    "profile": "emergency",
    **dict.fromkeys(("voice_ru", "voice_en", "sms_ru", "sms_en"), "…"),
    "state": "running",
    "reason": "",
    "created_at": T0,
    "changed_at": T0,
}
_TARGET: dict[str, Any] = {
    "id": 6,
    "campaign": 5,
    "customer": 7,
    "name": "Пётр",
    "number": "+79000000007",
    "others": ["+79000000008"],
    "language": "ru",
    "zone": "Europe/Moscow",
    "address": "Ёлочная, 1",
    "next_medium": "sms",
    "due_at": T0,
    "wait": "",
    "rings": 1,
    "troubles": 0,
    "texts": 1,
    "attempt": "m1",
    "reason": "",
    "haystack": "петр",
}

ROWS: dict[str, Rows] = {
    "0001": {
        "users": [_user("anna", interfaces=["PJSIP/101"], queues=["finance"]), _user("olga", "supervisor")],
        "sessions": [_SESSION],
        "shifts": [{"login": "anna", "interface": "PJSIP/101", "is_ready": True}],
        "customers": [a_customer(7, "c7", "Пётр")],
        "customer_numbers": [{"customer": 7, "position": 0, "number": "+79000000007"}],
        "calls": [{"call": "c1", "pbx": "main", "channel": "1.1", "first_seen_at": T0}],
        "contacts": [_CONTACT],
        "contact_rings": [{"call": "c1", "position": 0, "interface": "PJSIP/101", "began_at": T0}],
        "interactions": [
            _WRITTEN,
            {"id": 10, "call": "c1", "n": 2, "topic": "unclassified", "comment": "", "created_at": T0},
        ],
    },
    "0002": {
        "network_nodes": [
            {"code": "F-1", "kind": "feeder", "name": "Фидер", "haystack": "f-1 фидер"},
            {"code": "H-1", "parent": "F-1", "kind": "house", "name": "Дом", "haystack": "h-1 дом"},
        ],
        "network_customers": [{"node": "H-1", "customer": 7}],
        "outages": [_OUTAGE],
        "outage_nodes": [{"outage": 4, "node": "F-1", "position": 0}],
        "outage_revisions": [{"outage": 4, "revision": 1, "content": {"a": 1}, "source": "cli", "at": T0}],
        "campaigns": [_CAMPAIGN],
        "targets": [_TARGET],
        "attempts": [
            _attempt("v1", "voice", result="busy", ended_at=T0, cause=17),
            _attempt("m1", "sms", submitted_at=T0),
        ],
        "message_parts": [{"gateway": "g", "message_id": "1", "attempt": "m1", "position": 0}],
        "message_receipts": [
            {"gateway": "g", "message_id": "2", "number": "+79", "state": "sent", "code": "", "at": T0}
        ],
        "dnc": [{"number": "+79000000777", "since": T0, "source": "cli"}],
        "tokens": [
            {"token_hash": "t1", "login": "olga", "name": "adms", "created_at": T0},
            {"token_hash": "t2", "login": "anna", "name": "old", "created_at": T0},
        ],
    },
    "0003": {
        "gaps": [
            {"pbx": "main", "began_at": T0, "ended_at": T0, "from_journal": 1, "from_cdr": 2, "lost": 3}
        ],
        "link_beats": [{"pbx": "main", "up_at": T0}],
    },
    "0004": {
        "call_stories": [
            {
                "call": "c1",
                "pbx": "main",
                "direction": "inbound",
                "number": "+7•••-A",
                "verdict": {"anna": "painted"},
                "began_at": T0,
                "body": b"\x00story",
            }
        ],
        "call_story_people": [{"call": "c1", "login": "anna", "began_at": T0}],
        "keys": [{"name": "pseudonyms", "value": b"k" * 32}],
    },
    "0005": {
        "missed_pops": [{"login": "anna", "call": "c1", "at": T0, "why": "hidden", "customer": 7}],
    },
}
"""Rows for each table, by the schema that it came with. Schemas after that of 0.3 were in no release."""


def rows_of(schema: str) -> Rows:
    """What a database of that schema holds."""
    older = SCHEMAS[: SCHEMAS.index(schema) + 1]
    return {table: rows for step in older for table, rows in ROWS.get(step, {}).items()}


async def on_database(url: str, work: Any) -> Any:
    engine = writer_engine(parse_url(url))
    try:
        async with engine.begin() as connection:
            return await work(connection)
    finally:
        await engine.dispose()


async def as_of(url: str, schema: str) -> None:
    """A database as the callcore of that schema made it, with rows in each table."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")

    def upgrade(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, schema)

    async def make(connection: AsyncConnection) -> None:
        await connection.run_sync(upgrade)
        for table, rows in rows_of(schema).items():
            for values in rows:
                await connection.execute(metadata.tables[table].insert().values(**values))

    await on_database(url, make)


async def rows(connection: AsyncConnection, schema: str) -> dict[str, list[Any]]:
    """What is there, in the columns that ``as_of`` filled; without the null customer, who came later."""
    found = {}
    for name, made in rows_of(schema).items():
        table = metadata.tables[name]
        columns = dict.fromkeys(column for row in made for column in row)
        if name == "customers":
            del columns["haystack"]  # each schema has its own
        query = select(*(table.c[column] for column in columns)).order_by(*table.primary_key)
        everything = (await connection.execute(query)).all()
        found[name] = [row for row in everything if name != "customers" or row.id != NULL_CUSTOMER]
    return found
