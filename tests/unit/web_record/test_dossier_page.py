"""``readable.html``: what a person reads about himself, in words and in his language."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from datetime import date
from html import unescape
from typing import Any

import pytest
from sqlalchemy import JSON
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.assembly.wiring import house_of
from callcore.config import load
from callcore.domain import CustomerId, Language
from callcore.rights import Role
from callcore.store.personal import HELD
from callcore.store.privacy import Dossier
from callcore.store.schema import metadata
from callcore.web.i18n import catalogue
from callcore.web.record.dossier_page import NOT_SHOWN, SHOWN, as_page

from .conftest import SAMPLE, START, RecordHouse

MADE = {
    "cases": {"case"},
    "case_stages": set(),
    "case_history": {"change"},
    "voicemails": {"sound"},
    "recordings": {"sound"},
}
"""Columns that are no column of the table."""

CASES = ("cases", "case_stages", "case_history")


async def fill(house: RecordHouse, table: str, **values: Any) -> None:
    async def op(connection: AsyncConnection) -> None:
        await connection.execute(metadata.tables[table].insert().values(**values))

    await house.database.writer.submit(op)


async def read(house: RecordHouse, id_: CustomerId) -> tuple[str, str]:
    """The page as it is, and its words."""
    answer = await house.get(f"/customers/{id_}/export")
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        page = archive.read("readable.html").decode()
    body = page.partition("</style>")[2]
    return page, " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


async def him(house: RecordHouse, language: str | None = None) -> CustomerId:
    at = house.clock.time
    id_ = await house.add_customer("К-1", "Анна", numbers=("+79000000001",), language=language)
    await fill(
        house, "customer_money", customer=id_, kind="payment", at=at, amount_minor=-15050, text="возврат"
    )
    await fill(
        house,
        "customer_points",
        customer=id_,
        position=0,
        code="P-1",
        address="Садовая, 1",
        node="",
        characteristics={"скорость": "100"},
    )
    await fill(
        house,
        "customer_services",
        customer=id_,
        position=0,
        code="net",
        title="Интернет",
        since=date(2026, 1, 2),
    )
    await fill(
        house,
        "interactions",
        id=917,
        call="call917",
        n=1,
        customer=id_,
        topic="finance.recalculation",
        comment="первая\nвторая",
        login="olga",
        created_at=at,
        card={"name": "Анна", "number_status": "активен"},
    )
    return id_


def test_every_table_and_column_is_either_shown_or_left_out_on_purpose() -> None:
    assert {part.table.name for part in HELD} == SHOWN.keys() | NOT_SHOWN
    for table, columns in SHOWN.items():
        real = {column.name for column in metadata.tables[table].c}
        assert set(columns) - MADE.get(table, set()) <= real, table


def test_every_field_has_a_title_in_both_languages() -> None:
    for language in ("ru", "en"):
        known = catalogue(language)
        missing = [
            f"{table}.{column}"
            for table, columns in SHOWN.items()
            for column in columns
            if f"dossier.{column}" not in known and f"dossier.{table}_{column}" not in known
        ]
        assert missing == [], language


async def test_it_reads_as_a_person_expects(house: RecordHouse) -> None:
    await house.sign_in(Role.supervisor, "olga")
    id_ = await him(house)
    house.database.audit.saw("olga", id_, house.clock.time, "page")
    await house.database.audit.flush()
    page, words = await read(house, id_)
    assert "Вид платёж Сумма −150,50" in words.replace("\xa0", " ")
    assert "₽" in words
    assert "Номер неверный нет" in words
    assert "Тема Перерасчёт" in words
    assert "Название Интернет С 2 янв. 2026" in words
    assert "Характеристики скорость: 100" in words
    assert "Статус номера: активен" in words
    assert "Что сделал видел Подробности на странице" in words
    local = house.clock.time.astimezone(house.daemon.settings.organisation.zone)
    assert f"{local:%H:%M}" in words
    assert words.index("Абонент") < words.index("Номера") < words.index("Кто")
    for inner in (
        "_minor",
        "is_bad",
        "position",
        "call917",
        "917",
        '{"',
        "+00:00",
        "seen",
        "false",
        "finance.",
    ):
        assert inner not in words, inner
    assert 'lang="ru"' in page


async def test_it_speaks_the_customers_language_whoever_asks(house: RecordHouse) -> None:
    await house.sign_in(Role.supervisor, "olga")
    page, words = await read(house, await him(house, language="en"))
    assert 'lang="en"' in page
    assert "Wrong number no" in words
    assert "Kind payment" in words


async def test_what_he_left_as_a_caller(house: RecordHouse) -> None:
    await house.sign_in(Role.supervisor, "olga")
    id_, at = await him(house), house.clock.time
    left = {"call": "call918", "topic": "finance.recalculation", "customer": id_, "language": "ru"}
    await fill(house, "voicemails", id=5, file="m5.wav", ms=61_500, made_at=at, number="+79000000001", **left)
    asked = {"queue": "finance", "asked_at": at, "last_at": at, "state": "open", "kind": "missed"}
    await fill(house, "follow_ups", id=6, number="+79000000001", **asked, **left)
    _, words = await read(house, id_)
    assert "Номер телефона +79000000001 Тема Перерасчёт Длится 1:01" in words
    assert "Запись больше не хранится" in words
    assert "Состояние ждёт звонка" in words
    assert "Вид пропущенный звонок" in words
    assert "m5.wav" not in words


async def test_a_case_reads_as_on_its_page(house: RecordHouse) -> None:
    await house.sign_in(Role.supervisor, "olga")
    id_, at = await him(house), house.clock.time
    made = {"number": "", "topic": "", "initiator": "olga", "department": "finance", "queue": "money.finance"}
    await fill(
        house,
        "cases",
        id=7,
        revision=1,
        type="money",
        status="dispatch",
        priority=1,
        customer=id_,
        comment="",
        form={"answer_by": "phone"},
        flags={},
        result="",
        created_at=at,
        changed_at=at,
        stage="decide",
        haystack="",
        **made,
    )
    await fill(
        house,
        "case_history",
        case=7,
        revision=1,
        at=at,
        login="",
        act="send",
        field="status",
        was="open",
        became="dispatch",
        reason="",
    )
    _, words = await read(house, id_)
    assert "Номер кейса C-2026-000007" in words
    assert "Что сделано Отправлен Что изменилось состояние: в работе → передан" in words
    for code in ("dispatch", "answer_by", "phone", "decide", "money"):
        assert code not in words, code


def any_row(table: str) -> dict[str, Any]:
    """A value of its type in each column: an unknown code where codes stand."""
    made: dict[type, Any] = {int: 7, str: "x-код", bool: True}
    made |= {float: 61.5, object: START, date: date(2026, 1, 2), bytes: b"\0"}
    row = {
        column.name: {"call": "c1", "name": "Анна"}
        if isinstance(column.type, JSON)
        else made[column.type.python_type]
        for column in metadata.tables[table].c
    }
    return row | {name: "RUB" for name in ("currency",) if name in row}


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_table_can_be_read_whatever_is_in_it(language: Language) -> None:
    tables = {part.table.name: (any_row(part.table.name),) for part in HELD}
    settings = load(SAMPLE / "callcore.yaml", need_secrets=False)
    house = replace(house_of(settings), language=language)
    page = as_page(Dossier(CustomerId(7), "К-1", tables, (), ()), ("001 а.pdf",), START, house, {}, {})
    for part in HELD:
        assert (f"<h2>{part.title.in_(language)}</h2>" in page) == (part.table.name in SHOWN), part.table.name
    assert "<li><bdi>001 а.pdf</bdi></li>" in page
    empty = {
        name: ({column: None for column in rows[0]},) for name, rows in tables.items() if name not in CASES
    }
    empty["customers"] = ({**empty["customers"][0], "currency": "RUB"},)
    page = as_page(Dossier(CustomerId(7), "К-1", empty, (), ()), (), START, house, {}, {})
    assert "<dl>" not in page, "no empty sections"
