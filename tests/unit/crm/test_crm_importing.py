"""Tables from people: spellings, encodings, spreadsheets, faults; all or nothing, repeats change nothing."""

from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore import csvtext
from callcore.crm import importing, importing_files
from callcore.crm.importing import Table
from callcore.crm.importing_columns import COLUMNS, Place
from callcore.crm.importing_files import read_file
from callcore.crm.importing_run import Importer
from callcore.crm.statuses import status_title
from callcore.domain import Login, Text
from callcore.store.database import Database
from callcore.store.record import CustomerRecord, MoneyKind
from callcore.store.records_write import Verdict

PLACE = Place("RU", ZoneInfo("Europe/Moscow"))
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
OLGA = Login("olga")
RUSSIAN = (
    "Договор;ФИО;Телефоны;Адрес;Тариф;Баланс;Сегмент;Форма;Язык\r\n"
    'Д-1;"ООО ""Ёлка; и Ко""";8 (900) 000-00-01, +7 900 000-00-02;ул. Мира, 1;Бизнес;-1 234,50;VIP-3;ООО;\r\n'
    "\r\n"
    "Д-2;Emily Carter;;;;0;;;EN\r\n"
)
LINES = [
    "contract;name;numbers;number_status;sim;service;service_number;money_amount;money_kind;money_at",
    "Б-1;Анна Ким;+79000000001;active;8970;Роуминг;+79000000001;1000;счёт;01.03.2026",
    "Б-1;;+79000000002;blocked;8971;;;-250,50;payment;2026-03-02 10:15",
    "Б-1;;;;;Один счёт;;;;",
]


def read(text: str | bytes) -> Table:
    return read_file(text if isinstance(text, bytes) else text.encode(), PLACE)


def faults(text: str | bytes) -> list[str]:
    return [str(fault) for fault in read(text).faults]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
def test_encodings(encoding: str) -> None:
    table = read(RUSSIAN.encode(encoding))
    assert table.faults == ()
    first, second = table.drafts
    assert first.values["name"] == 'ООО "Ёлка; и Ко"'
    assert first.values["balance_minor"] == -123_450
    assert [row["number"] for row in first.parts["numbers"]] == ["+79000000001", "+79000000002"]
    assert (second.values["language"], second.values["balance_minor"]) == ("en", 0)
    assert table.places == {"Д-1": (2,), "Д-2": (4,)}


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_delimiters_and_english_headers(delimiter: str) -> None:
    text = "Name|CONTRACT|phone\nAnn|1|101/8 900 000 00 01\n".replace("|", delimiter)
    (draft,) = read(text).drafts
    assert draft.contract == "1"
    assert [row["number"] for row in draft.parts["numbers"]] == ["101", "+79000000001"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("1;Ann;x;;", "row 2: numbers: not a phone number: 'x'; write +79001234567"),
        ("1;Ann;;12.345;", "row 2: balance: not an amount of money: '12.345'"),
        ("1;Ann;;NaN;", "row 2: balance: not an amount of money: 'NaN'"),
        ("1;Ann;;1e99;", "row 2: balance: not an amount of money: '1e99'"),
        ("1;Ann;;;de", "row 2: language: ru, en or nothing"),
        (";Ann;;;", "row 2: contract: must not be empty"),
        ("0;Ann;;;", "row 2: contract: 0 is taken"),
        ("1;" + "x" * 201 + ";;;", "row 2: name: 201 characters, at most 200 fit: shorten it"),
        ("1;" + "x" * 10_240 + ";;;", "row 2: name: 10240 characters, at most 200 fit: shorten it"),
        ("1;A;;;\n\n1;B;;;", "row 4: name: row 2 of the same contract says otherwise"),
        ("1;A;;;;surplus", "row 2: more fields than the header has: remove the surplus"),
        ('1;A;;;\n2;"B" B;;;', "row 3: this is not CSV (';' expected after '\"'): look at quotes"),
        ('1;"A;;;', "row 2: this is not CSV"),
    ],
)
def test_faults_name_row_and_column(body: str, said: str) -> None:
    found = faults("contract;name;phone;balance;language\n" + body)
    assert len(found) == 1
    assert found[0].startswith(said)


@pytest.mark.parametrize(
    ("header", "body", "said"),
    [
        ("since", "31.02.2020", "since: not a date"),
        ("loyalty_points", "1.5", "loyalty_points: not a whole number"),
        ("numbers;number_activated", "+79000000001;2020-01-01 25:61", "number_activated: not a time"),
        ("service;service_default", "x;maybe", "service_default: yes or no"),
        ("point;point_characteristics", "Т-1;no pairs", "point_characteristics: pairs name=value"),
        ("money_amount;money_kind;money_at", "5;loan;2020-01-01", "money_kind: unknown kind of entry"),
        ("money_amount;money_kind;money_at", "5;invoice;", "money_at: must not be empty"),
        ("money_amount;money_kind", "5;invoice", "money_at: must not be empty"),
        ("consent;consent_at", "4.2;2020-01-01", "consent_evidence: must not be empty"),
        ("number_status", "active", "the column numbers is missing: add it"),
        ("email", "notmail", "email: not an e-mail address: 'notmail'; write name@example.org"),
        ("person;person_email", "Ann;@", "person_email: not an e-mail address"),
        ("currency", "XXX", "currency: there is no such currency: 'XXX'; write a code of ISO 4217"),
        ("currency", "JPY", "currency: JPY has not two digits after the point"),
        ("loyalty_points", "-5", "loyalty_points: there are no points below zero: -5; mend it"),
        ("currency", "рубль", "currency: three letters"),
    ],
)
def test_faults_of_the_parts(header: str, body: str, said: str) -> None:
    found = faults(f"contract;name;{header}\n1;Ann;{body}\n")
    assert len(found) == 1
    assert said in found[0]


def test_what_looks_like_a_slip_is_told_once_and_taken() -> None:
    table = read(
        "contract;name;status;since;numbers;number_status;number_activated\n"
        "1;Ann;weird;2135-01-01;101;gone;2135-01-01\n"
        "2;Bob;Weird;2020-01-01;102;Активный;2020-01-01\n"
        "3;Eve;active;;103;;\n"
        "4;Dan;weird;;;;\n"
    )
    assert table.faults == ()
    assert [draft.values["status"] for draft in table.drafts] == ["weird", "Weird", "active", "weird"]
    said = [str(each) for each in table.odd]
    assert [each.partition(";")[0] for each in said] == [
        "row 2: status: an unknown word 'weird', shown as it is",
        "row 2: since: a date in the future: 2135-01-01",
        "row 2: number_status: an unknown word 'gone', shown as it is",
        "row 2: number_activated: a date in the future: 2135-01-01",
        "row 3: status: an unknown word 'Weird', shown as it is",
    ]


@pytest.mark.parametrize("word", ["active", "Активный", "действует"])
def test_usual_words_for_a_status_have_titles(word: str) -> None:
    assert status_title(word) == Text("активен", "active")
    assert status_title("иное") == Text("иное", "иное")


def test_all_faults_are_told_at_once() -> None:
    assert len(faults("contract;name;phone;balance\n1;A;x;y\n;z;;\n2;B;;q\n")) == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "the column contract is missing: add it"),
        ("contract;name;nmae\n", "unknown column: 'nmae'; it looks like name: rename it"),
        (
            "contract;name;цвет\n",
            "unknown column: 'цвет'; rename or remove it; the names stand on",
        ),
        ("contract;name;имя\n", "stands twice: name; keep one"),
        (b"\x98\xff", "neither UTF-8 nor Windows-1251: save it as UTF-8"),
        (b"\xff\xfe\x00", "neither"),
        ("contract;name;" + "x" * 200_000, "this is not CSV"),
        (b"PK\x03\x04 but no workbook", "the workbook cannot be read"),
    ],
)
def test_bad_files(text: str | bytes, said: str) -> None:
    assert said in "; ".join(faults(text))


def test_unknown_columns_are_named_in_the_preview() -> None:
    table = read("contract;Рост;name\n1;180;Ann\n")
    assert table.columns == (("contract", "contract"), ("", "Рост"), ("name", "name"))


@given(st.binary(max_size=300))
def test_any_bytes_give_faults_not_exceptions(data: bytes) -> None:
    read(data)
    read(b"PK\x03\x04" + data)
    read(b"contract;name;numbers;balance;since;money_amount;money_kind;money_at\n" + data)


@given(st.dictionaries(st.sampled_from(sorted(COLUMNS)), st.text(max_size=30), min_size=1))
def test_any_cells_give_faults_not_exceptions(cells: dict[str, str]) -> None:
    importing.read_table([list(cells), list(cells.values())], PLACE)


def test_spellings_lead_to_one_column_each() -> None:
    every = [spelling for column in COLUMNS.values() for spelling in column.spellings]
    assert len(every) == len(set(every))
    assert all(spelling == spelling.lower().replace("ё", "е") for spelling in every)


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "MOST_FAULTS", 2)
    found = faults("contract;name\n" + ";a\n" * 9)
    assert found[2:] == [found[2], "row 4: more than 2 faults, the rest was not read: mend these"]
    monkeypatch.setattr(importing, "MOST_ROWS", 2)
    assert "more than 2 rows" in faults("contract;name\n1;a\n2;b\n3;c\n")[0]
    monkeypatch.setattr(csvtext, "FILE_LIMIT_BYTES", 10)
    assert "over 0 MB" in faults("contract;name\n1;a\n")[0]


# --- spreadsheets


def workbook(*rows: list[Any]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    data = BytesIO()
    book.save(data)
    return data.getvalue()


def test_a_workbook_says_the_same_as_a_table() -> None:
    data = workbook(
        ["Договор", "ФИО", "Телефон", "Баланс", "Клиент с", "Дата активации"],
        [1001, "Анна Ким", 79000000001, 12.5, date(2020, 2, 1), datetime(2020, 2, 1, 12, 30)],  # noqa: DTZ001
        [None, None, None, None, None, None],
        ["Б-2", '=HYPERLINK("http://evil")', None, None, None, None],
    )
    table = read(data)
    first, second = table.drafts
    assert first.contract == "1001"
    assert first.values["balance_minor"] == 1250
    assert first.values["since"] == date(2020, 2, 1)
    number = first.parts["numbers"][0]
    assert number["number"] == "+79000000001"
    assert number["activated_at"] == datetime(2020, 2, 1, 9, 30, tzinfo=UTC)
    assert (second.values, table.nameless) == ({**second.values, "contract": "Б-2"}, (("Б-2", 4),))
    assert "evil" not in str(second)


def test_a_workbook_that_unpacks_to_too_much_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", b" " * 3_000_000)
    monkeypatch.setattr(importing_files, "MOST_UNPACKED", 1_000_000)
    assert "unpacks to too large" in faults(packed.getvalue())[0]


# --- into the base


@pytest.fixture
def importer(db: Database) -> Importer:
    return Importer(db, PLACE)


async def record(db: Database, contract: str) -> CustomerRecord:
    found = await db.customers.by_contract(contract)
    assert found is not None
    full = await db.records.get(found.id)
    assert full is not None
    return full


async def test_several_rows_make_one_customer(db: Database, importer: Importer) -> None:
    data = "\n".join(LINES).encode()
    report = await importer.run(data, "base.csv", OLGA, AT)
    assert report.faults == ()
    assert report.counts == {Verdict.new: 1, Verdict.changed: 0, Verdict.unchanged: 0}
    assert [row.row for row in report.rows] == [2, 3, 4]
    anna = await record(db, "Б-1")
    assert [(one.number, one.status, one.sim) for one in anna.numbers] == [
        ("+79000000001", "active", "8970"),
        ("+79000000002", "blocked", "8971"),
    ]
    assert [(one.title, one.number) for one in anna.services] == [
        ("Роуминг", "+79000000001"),
        ("Один счёт", None),
    ]
    assert [(one.kind, one.amount_minor) for one in anna.money] == [
        (MoneyKind.payment, -25_050),
        (MoneyKind.invoice, 100_000),
    ]
    again = await importer.run(data, "base.csv", OLGA, AT)
    assert again.counts == {Verdict.new: 0, Verdict.changed: 0, Verdict.unchanged: 1}
    assert await record(db, "Б-1") == anna


async def test_absent_columns_erase_nothing(db: Database, importer: Importer) -> None:
    await importer.run("\n".join(LINES).encode(), "base.csv", OLGA, AT)
    before = await record(db, "Б-1")
    await db.records.set_password_hash(before.id, "+79000000001", "hash", OLGA, AT)
    await db.records.flag_number(before.id, "+79000000002", "чужой", OLGA, AT)
    report = await importer.run("contract;status\nБ-1;blocked\n".encode(), "x", OLGA, AT)
    assert [row.fields for row in report.rows] == [("status",)]
    await importer.run("contract;numbers\nБ-1;+79000000002, +79000000001\n".encode(), "x", OLGA, AT)
    after = await record(db, "Б-1")
    assert (after.status, after.name, after.services, after.money) == (
        "blocked",
        "Анна Ким",
        before.services,
        before.money,
    )
    assert [(n.number, n.sim, n.is_bad, n.has_password) for n in after.numbers] == [
        ("+79000000002", "8971", True, False),
        ("+79000000001", "8970", False, True),
    ]


async def test_an_empty_cell_empties(db: Database, importer: Importer) -> None:
    await importer.run(b"contract;name;tariff;email\n1;Ann;X;a@b\n", "x", OLGA, AT)
    report = await importer.run(b"contract;name;tariff\n1;Ann;\n", "x", OLGA, AT)
    assert [row.fields for row in report.rows] == [("tariff",)]
    ann = await record(db, "1")
    assert (ann.tariff, ann.email) == ("", "a@b")


async def test_the_region_routes(db: Database, importer: Importer) -> None:
    """Topic tables may ask for it."""
    data = "договор;имя;телефон;регион\nБ-1;Анна;+79000000001;Тверь\nБ-2;Борис;+79000000002;\n"
    await importer.run(data.encode(), "x", OLGA, AT)
    assert [(await record(db, contract)).region for contract in ("Б-1", "Б-2")] == ["Тверь", ""]
    (caller,) = (await db.customers.callers("+79000000001", None, AT)).customers
    assert caller.region == "Тверь"
    await importer.run("договор;регион\nБ-1;Москва\n".encode(), "x", OLGA, AT)
    assert (await record(db, "Б-1")).region == "Москва"


async def test_nobody_loses_his_name(db: Database, importer: Importer) -> None:
    await importer.run(b"contract;name;tariff\n1;Ann;X\n", "x", OLGA, AT)
    report = await importer.run(b"contract;name;tariff\n1;;Y\n", "x", OLGA, AT)
    assert [row.fields for row in report.rows] == [("tariff",)]
    assert (await record(db, "1")).name == "Ann"


async def test_the_nameless_are_told_beside_other_faults(db: Database, importer: Importer) -> None:
    await importer.run(b"contract;name\n1;Ann\n", "x", OLGA, AT)
    report = await importer.preview(b"contract;name;phone\n1;;\n2;;\n3;Bob;x\n2;;\n")
    assert [(fault.row, str(fault)[:25]) for fault in report.faults] == [
        (3, "row 3: name: the new cust"),
        (4, "row 4: numbers: not a pho"),
    ]


async def test_money_and_consents_are_added_once(db: Database, importer: Importer) -> None:
    head = "contract;name;money_amount;money_kind;money_at;consent;consent_at;consent_evidence\n"
    one = head + "1;Ann;5;invoice;2026-01-01;4.2;2026-01-01;paper\n"
    other = head + "1;Ann;6;invoice;2026-02-01;4.2;2026-01-01;paper\n"
    for text in (one, other, one, other):
        assert (await importer.run(text.encode(), "x", OLGA, AT)).faults == ()
    ann = await record(db, "1")
    assert [entry.amount_minor for entry in ann.money] == [600, 500]
    assert [consent.clause for consent in ann.consents] == ["4.2"]


async def test_all_or_nothing(db: Database, importer: Importer) -> None:
    report = await importer.run(b"contract,name\n1,Ann\n2,\n", "x", OLGA, AT)
    assert not report.is_done
    assert [fault.row for fault in report.faults] == [3]
    report = await importer.run(b"contract,status\n1,x\n", "x", OLGA, AT)
    assert "the new customer 1 has none" in str(report.faults[0])
    assert await db.customers.count() == 0


async def test_a_preview_writes_nothing(db: Database, importer: Importer) -> None:
    report = await importer.preview("\n".join(LINES).encode())
    assert (report.is_done, report.counts[Verdict.new], report.table.rows) == (False, 1, 3)
    assert report.table.first[0][1] == "Анна Ким"
    assert await db.customers.count() == 0


async def test_hostile_cells_stay_what_they_are(db: Database, importer: Importer) -> None:
    names = ["<script>alert(1)</script>", "=1+1", "@SUM(A1)", "\u202eнаоборот", "javascript:alert(1)"]
    text = "contract;name\n" + "".join(f"{n};{name}\n" for n, name in enumerate(names, 1))
    assert (await importer.run(text.encode(), "x", OLGA, AT)).faults == ()
    assert [(await record(db, str(n))).name for n in range(1, 6)] == names


async def test_a_large_file_is_searched_after_its_index_is_filled(db: Database, importer: Importer) -> None:
    rows = "".join(f"L-{n};Фамилия{n} Анна;+7900{n:07}\n" for n in range(3_000))
    report = await importer.run(("contract;name;numbers\n" + rows).encode(), "big.csv", OLGA, AT)
    assert report.counts[Verdict.new] == 3_000
    assert [hit.customer.contract for hit in await db.customers.search("L-2999")] == ["L-2999"]
    assert [c.contract for c in await db.customers.find_by_number("+79000002999")] == ["L-2999"]
    await importer.finish()
    assert [hit.customer.contract for hit in await db.customers.search("фамилия2999")] == ["L-2999"]
    assert [hit.customer.contract for hit in await db.customers.search("0002999")] == ["L-2999"]


async def test_what_an_earlier_daemon_left_is_indexed(db: Database, importer: Importer) -> None:
    await importer.run(b"contract;name\n1;Ann\n", "x", OLGA, AT)

    async def forget(connection: Any) -> None:
        await connection.exec_driver_sql("UPDATE customers SET haystack = '' WHERE id > 0")

    await db.writer.submit(forget)
    assert await db.customers.search("ann") == ()
    await importer.finish()
    assert len(await db.customers.search("ann")) == 1
