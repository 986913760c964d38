"""Networks from people: spellings, faults, all or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore import csvtext
from callcore.crm.seeds import customers
from callcore.domain import NodeCode, NodeKind
from callcore.outages.network_csv import NetworkReport, import_network, parse_network
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.network import NetworkNode, NewNode

SAMPLE = Path(__file__).parents[3] / "config" / "network.csv"
RUSSIAN = (
    "Код;Вид;Вышестоящий;Адрес;Часовой пояс;Договоры\r\n"
    'P-1;точка;H-1;"Мира, 1, кв. 2";;"Д-1; Д-2;Д-1"\r\n'
    ";;;;;\r\n"
    "H-1;ДОМ;Ф-12;Мира, 1;Asia/Omsk;\r\n"
    "Ф-12;фидер;;;;\r\n"
)
PARSED = [
    NewNode(NetworkNode(NodeCode("Ф-12"), None, NodeKind.feeder, "Ф-12", None), ()),
    NewNode(NetworkNode(NodeCode("H-1"), NodeCode("Ф-12"), NodeKind.house, "Мира, 1", "Asia/Omsk"), ()),
    NewNode(
        NetworkNode(NodeCode("P-1"), NodeCode("H-1"), NodeKind.point, "Мира, 1, кв. 2", None), ("Д-1", "Д-2")
    ),
]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1251", "utf-16"])
def test_parents_come_first_whatever_the_order_of_rows(encoding: str) -> None:
    rows, faults = parse_network(RUSSIAN.encode(encoding))
    assert faults == []
    assert [row.new for row in rows] == PARSED
    assert [row.row for row in rows] == [5, 4, 2]


def faults(body: str, header: str = "code,parent,kind,name,zone,contracts\nF,,feeder,,,\n") -> list[str]:
    found = parse_network((header + body).encode())[1]
    assert all(fault.message.ru for fault in found)
    return [str(fault) for fault in found]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("H 1,F,house,,,", "row 3: code: not a node's code: 'H 1'. 1 to 40 characters"),
        (",F,house,,,", "row 3: code: not a node's code: ''"),
        ("H,F,hous,,,", "row 3: kind: there is no kind 'hous'"),
        ("H,,house,,,", "row 3: parent: a house needs the node above it"),
        ("G,F,feeder,,,", "row 3: parent: nothing is above a feeder"),
        ("H,X,house,,,", "row 3: parent: the file has no node X"),
        ("H,F X,house,,,", "row 3: parent: not a node's code: 'F X'"),
        ("H,H,house,,,", "row 3: parent: a house cannot be below a house"),
        ("F,,feeder,,,", "row 3: code: the node F stands in row 2 already"),
        ("H,F,house,,Europe/Moskva,", "row 3: zone: there is no time zone 'Europe/Moskva'"),
        ("H,F,house,,Europe,", "row 3: zone: there is no time zone 'Europe'"),
        (f"H,F,house,{'x' * 201},,", "row 3: name: 201 characters, at most 200 fit"),
        (f"H,F,house,,,{'x' * 129}", "row 3: contracts: 129 characters, at most 128 fit"),
        ("H,F,house,,,,surplus", "row 3: more fields than the header has"),
        ('H,F,"ho"use",,,', "row 3: this is not CSV"),
    ],
)
def test_faults_name_row_and_column(row: str, said: str) -> None:
    (fault,) = faults(row + "\n")
    assert fault.startswith(said)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("", "the column code is missing"),
        ("code,kind\n", "the file holds no nodes"),
        ("code,knd\n", "unknown column: 'knd'"),
        ("code,kind,код\n", "stands twice: code"),
    ],
)
def test_bad_files(header: str, said: str) -> None:
    assert said in "; ".join(faults("", header))


def test_all_faults_come_at_once() -> None:
    assert len(faults("H 1,F,house,,,\nH,X,hous,,Nowhere,\nP,X,point,,,\n")) == 4


@given(st.binary(max_size=300))
def test_any_bytes_give_faults_not_exceptions(data: bytes) -> None:
    parse_network(data)
    parse_network(b"code;parent;kind;contracts\n" + data)


async def test_the_sample_belongs_to_the_seeds(db: Database) -> None:
    await db.customers.add_many(customers())
    assert await import_network(db.network, SAMPLE) == NetworkReport(nodes=40, homes=31)
    assert await db.network.count() == 40
    f12, f7 = await db.network.children(None)
    assert (f12.node.code, f12.customers, f7.customers) == ("F-12", 17, 14)


async def test_all_or_nothing(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await db.customers.add_many([NewCustomer("Д-1", "Ann"), NewCustomer("Д-2", "Bob")])
    file = tmp_path / "network.csv"
    file.write_bytes(RUSSIAN.encode("cp1251"))
    assert await import_network(db.network, file) == NetworkReport(3, 2)
    file.write_bytes(RUSSIAN.replace("Д-2", "Д-9").replace("Asia/Omsk", "Asia").encode())
    report = await import_network(db.network, file)
    assert [str(fault)[:38] for fault in report.faults] == [
        "row 2: contracts: nobody has the contr",
        "row 4: zone: there is no time zone 'As",
    ]
    assert (await db.network.children(None))[0].customers == 2
    file.write_text("code,kind,parent\nF,feeder,\n" + "H,house,X\n" * 150)
    report = await import_network(db.network, file)
    assert (len(report.faults), report.more_faults) == (100, 50)
    monkeypatch.setattr(csvtext, "FILE_LIMIT_BYTES", 10)
    assert [fault.row for fault in (await import_network(db.network, file)).faults] == [0]
    with pytest.raises(OSError, match="nowhere"):
        await import_network(db.network, tmp_path / "nowhere")
    assert await db.network.count() == 3
