"""CSV from people: spellings, encodings, faults."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore import csvtext
from callcore.crm.csv_import import import_csv, parse_csv
from callcore.store.customers import Added, NewCustomer
from callcore.store.database import Database

RUSSIAN = (
    "Договор;ФИО;Телефоны;Адрес;Тариф;Баланс;Сегмент;Форма;Язык\r\n"
    'Д-1;"ООО ""Ёлка; и Ко""";8 (900) 000-00-01, +7 900 000-00-02;ул. Мира, 1;Бизнес;-1 234,50;VIP-3;ООО;\r\n'
    "\r\n"
    "Д-2;Emily Carter;;;;0;;;EN\r\n"
)
PARSED = [
    NewCustomer(
        "Д-1",
        'ООО "Ёлка; и Ко"',
        "ул. Мира, 1",
        "Бизнес",
        -123_450,
        "RUB",
        "VIP-3",
        "ООО",
        None,
        ("+79000000001", "+79000000002"),
    ),
    NewCustomer("Д-2", "Emily Carter", balance_minor=0, language="en"),
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
def test_encodings(encoding: str) -> None:
    assert parse_csv(RUSSIAN.encode(encoding), "RU") == (PARSED, [])


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_delimiters_and_english_headers(delimiter: str) -> None:
    text = "Name|CONTRACT|phone\nAnn|1|101/8 900 000 00 01\n".replace("|", delimiter)
    assert parse_csv(text.encode(), "RU") == ([NewCustomer("1", "Ann", numbers=("101", "+79000000001"))], [])


def faults(text: str | bytes) -> list[str]:
    data = text if isinstance(text, bytes) else text.encode()
    return [str(fault) for fault in parse_csv(data, "RU")[1]]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("1;Ann;x;;", "row 2: not a phone number: 'x'"),
        ("1;Ann;;12.345;", "row 2: not an amount of money: '12.345'"),
        ("1;Ann;;NaN;", "row 2: not an amount of money: 'NaN'"),
        ("1;Ann;;1e99;", "row 2: not an amount of money: '1e99'"),
        ("1;Ann;;;de", "row 2: language: ru, en or nothing"),
        (";Ann;;;", "row 2: contract: must not be empty"),
        ("1;;;;", "row 2: name: must not be empty"),
        ("1;" + "x" * 201 + ";;;", "row 2: name: 201 characters, at most 200 fit"),
        ("1;A;;;\n\n1;B;;;", "row 4: the contract stands in row 2 already"),
        ("1;A;;;;surplus", "row 2: more fields than the header has"),
        ('1;A;;;\n2;"B" B;;;', "row 3: this is not CSV"),
        ('1;"A;;;', "row 2: this is not CSV"),
    ],
)
def test_faults_name_their_row(body: str, said: str) -> None:
    found = faults("contract;name;phone;balance;language\n" + body)
    assert len(found) == 1
    assert found[0].startswith(said)


def test_all_faults_are_told_at_once() -> None:
    assert len(faults("contract;name;phone;balance\n1;A;x;y\n2;;z;\n")) == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "the column contract is missing"),
        ("contract;name;nmae\n", "unknown column: 'nmae'"),
        ("contract;name;имя\n", "stands twice: name"),
        (b"\x98\xff", "neither UTF-8 nor Windows-1251"),
        (b"\xff\xfe\x00", "neither"),
        ("contract;name;" + "x" * 200_000, "this is not CSV"),
    ],
)
def test_bad_files(text: str | bytes, said: str) -> None:
    assert said in "; ".join(faults(text))


@given(st.binary(max_size=300))
def test_any_bytes_give_faults_not_exceptions(data: bytes) -> None:
    parse_csv(data, "RU")
    parse_csv(b"contract;name;numbers;balance\n" + data, "RU")


async def test_all_or_nothing_and_idempotent(db: Database, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_bytes(b"contract,name\n1,Ann\n2,\n")
    report = await import_csv(db.customers, file, "RU")
    assert report.done is None
    assert [fault.row for fault in report.faults] == [3]
    assert await db.customers.count() == 0
    file.write_bytes(RUSSIAN.encode("cp1251"))
    report = await import_csv(db.customers, file, "RU")
    assert (report.rows, report.done) == (2, Added(2, 0, 0))
    assert (await import_csv(db.customers, file, "RU")).done == Added(0, 0, 2)
    file.write_bytes(RUSSIAN.replace("Emily", "Emma").encode())
    assert (await import_csv(db.customers, file, "RU")).done == Added(0, 1, 1)
    (found,) = await db.customers.find_by_number("+79000000002")
    assert (found.name, found.balance_minor) == ('ООО "Ёлка; и Ко"', -123_450)


async def test_limits(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "customers.csv"
    file.write_bytes(b"contract,name\n" + b"1,\n" * 150)
    report = await import_csv(db.customers, file, "RU")
    assert (len(report.faults), report.more_faults) == (100, 50)
    monkeypatch.setattr(csvtext, "FILE_LIMIT_BYTES", 10)
    report = await import_csv(db.customers, file, "RU")
    assert report.faults[0].row == 0
    with pytest.raises(OSError, match="nowhere"):
        await import_csv(db.customers, tmp_path / "nowhere", "RU")
