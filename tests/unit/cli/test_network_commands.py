"""``callcore network`` as a person or a program uses it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from callcore.crm.seeds import customers
from callcore.store.database import Database

from .conftest import SAMPLE, Command

NETWORK = SAMPLE.parent / "network.csv"


@pytest.fixture
def with_customers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def fill() -> None:
        async with await Database.open(f"sqlite:///{tmp_path}/c.db", create=True) as database:
            await database.customers.add_many(customers())

    asyncio.run(fill())
    capsys.readouterr()  # the log of the new database


def test_import_and_show(command: Command, with_customers: None) -> None:
    assert command("network", "show") == (0, "No network yet: callcore network import FILE\n", "")
    assert command("network", "import", str(NETWORK)) == (
        0,
        "Imported nodes: 40, customers on them: 31.\n",
        "",
    )
    code, out, _ = command("network", "show")
    lines = out.splitlines()
    assert code == 0
    assert lines[0].startswith("F-12  Фидер 12")
    assert lines[0].endswith("Europe/Moscow  customers: 17")
    assert "  H-1  ул. Садовая, 12  customers: 3, 2 more below" in lines
    assert not any("P-1 " in line for line in lines)
    code, out, _ = command("network", "show", "H-1", "--lang", "ru")
    assert out == (
        "H-1  ул. Садовая, 12  клиентов: 3\n"
        "  P-2  ул. Садовая, 12  клиентов: 1\n"
        "  P-1  ул. Садовая, 12, кв. 5  клиентов: 2\n"
    )


def test_show_for_programs(command: Command, with_customers: None) -> None:
    command("network", "import", str(NETWORK))
    code, out, _ = command("network", "show", "H-1", "--json")
    (house,) = json.loads(out)
    assert (code, house["customers"], house["nodes_below"]) == (0, 3, 2)
    assert [point["code"] for point in house["nodes"]] == ["P-2", "P-1"]
    assert house["nodes"][0] == {
        "code": "P-2",
        "parent": "H-1",
        "kind": "point",
        "name": "ул. Садовая, 12",
        "zone": None,
        "customers": 1,
        "nodes_below": 0,
        "nodes": [],
    }


def test_faults(command: Command, with_customers: None, tmp_path: Path) -> None:
    file = tmp_path / "network.csv"
    file.write_text("code,parent,kind,contracts\nF,,feeder,NOBODY\nH,G,house,\n")
    code, out, err = command("network", "import", str(file))
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        "row 2: contracts: nobody has the contract 'NOBODY'; mend it, or import the customers first: "
        "callcore customer import",
        "row 3: parent: the file has no node G; add it, or mend the code",
        "Nothing was imported: mend these rows.",
    ]
    assert command("network", "show", "F")[2] == "callcore: The network has no node F.\n"
    code, _, err = command("network", "import", str(tmp_path / "nowhere"))
    assert (code, "No such file" in err) == (1, True)


def test_wrong_use(command: Command) -> None:
    assert command("network")[0] == 2
    assert command("network", "import")[0] == 2
    code, _, err = command("network", "show")
    assert code == 1
    assert "callcore db upgrade" in err or "no such" in err.lower() or "database" in err
