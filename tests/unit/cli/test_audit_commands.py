"""``callcore audit`` and ``callcore privacy``, with the daemon down."""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from callcore.config import load
from callcore.domain import CallId, CustomerId, TopicCode
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.schema.access import audit
from callcore.store.voicemails import NewVoicemail

Command = Callable[..., tuple[int, str, str]]
With = Callable[[Callable[[Database], Awaitable[object]]], None]
T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NAME = "Анна Воробьёва"


@pytest.fixture
def with_database(own_config: Path) -> With:
    """Runs something on the commands' database."""

    def run(work: Callable[[Database], Awaitable[object]]) -> None:
        async def opened() -> None:
            async with await Database.open(f"sqlite:///{own_config.parent}/c.db", create=True) as database:
                await work(database)

        with capture_logs():  # of the test's own work, which would stand before the command's output
            asyncio.run(opened())

    return run


@pytest.fixture
def anna(with_database: With) -> None:
    """A customer, three lines of the audit, the first two under a seal."""

    async def fill(database: Database) -> None:
        await database.customers.add_many([NewCustomer("К-1", NAME, numbers=("+79000000001",))], T0)
        found = await database.customers.by_contract("К-1")
        assert found is not None
        await database.audit.note("olga", "changed", found.id, T0, subject="number")
        await database.audit.note("boris", "seen", CustomerId(999), T0)
        await database.seals.seal(T0 + timedelta(hours=1))
        await database.audit.note("olga", "seen", found.id, T0 + timedelta(hours=2))

    with_database(fill)


def touched(with_database: With, statement: object) -> None:
    async def op(connection: AsyncConnection) -> None:
        await connection.execute(statement)  # type: ignore[call-overload]

    with_database(lambda database: database.writer.submit(op))


# --- audit show


@pytest.mark.usefixtures("anna")
def test_who_saw_and_changed_whom(command: Command) -> None:
    code, out, err = command("audit", "show")
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert [(line[2], line[3]) for line in lines[-3:]] == [
        ("olga", "saw"),
        ("boris", "saw"),
        ("olga", "changed"),
    ]
    assert "2026-03-02 14:00:00" in out, "in the organisation's zone"
    assert lines[-1][4:] == ["К-1", "·", "number"], "the contract, not an id"
    assert lines[-2][4:] == ["№", "999"], "who is in no base any more"
    russian = command("--lang", "ru", "audit", "show")[1]
    assert "видел" in russian
    assert "seen" not in russian


@pytest.mark.usefixtures("anna")
def test_one_person_and_one_customer(command: Command) -> None:
    assert "boris" not in command("audit", "show", "--login", "OLGA")[1]
    out = command("audit", "show", "--customer", "К-1", "--json")[1]
    lines = json.loads(out)
    assert [(line["login"], line["act"]) for line in lines[:2]] == [("olga", "seen"), ("olga", "changed")]
    assert lines[0]["at"] == (T0 + timedelta(hours=2)).isoformat()
    assert "999" not in {str(line["customer"]) for line in lines}
    assert len(json.loads(command("audit", "show", "--limit", "1", "--json")[1])) == 1


@pytest.mark.usefixtures("anna")
def test_nothing_and_nobody(command: Command) -> None:
    assert command("audit", "show", "--login", "nobody") == (0, "There is nothing.\n", "")
    assert command("--lang", "ru", "audit", "show", "--login", "nobody")[1] == "Ничего нет.\n"
    code, out, err = command("audit", "show", "--customer", "К-9")
    assert (code, out, err) == (1, "", "callcore: There is no contract К-9.\n")


@pytest.mark.parametrize("words", [("audit", "show"), ("audit", "verify"), ("privacy", "erase", "К-1")])
def test_a_database_that_is_not_there(command: Command, words: tuple[str, ...]) -> None:
    code, out, err = command(*words)
    assert (code, out) == (1, "")
    assert "c.db" in err
    assert "Traceback" not in err


# --- audit verify


@pytest.mark.usefixtures("anna")
def test_a_whole_record(command: Command) -> None:
    code, out, _ = command("audit", "verify", "--json")
    told = json.loads(out)
    assert (code, told["whole"], told["fault"]) == (0, True, "")
    assert told["sealed"] >= 2
    assert told["unsealed"] >= 1
    code, out, _ = command("audit", "verify")
    assert code == 0
    assert out.startswith(f"Whole: {told['sealed']} sealed, 0 gone by age, ")
    assert told["hash"] in out
    assert command("--lang", "ru", "audit", "verify")[1].startswith(f"Цел: под печатями {told['sealed']}")


@pytest.mark.usefixtures("anna")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (update(audit).where(audit.c.login == "boris").values(login="vasya"), "was changed"),
        (delete(audit).where(audit.c.login == "boris"), "1 of "),
    ],
)
def test_a_touched_record(command: Command, with_database: With, change: object, said: str) -> None:
    touched(with_database, change)
    code, out, _ = command("audit", "verify")
    assert code == 1
    assert out.startswith("The audit was touched: near line ")
    assert said in out
    code, out, _ = command("audit", "verify", "--json")
    assert (code, json.loads(out)["whole"]) == (1, False)


# --- privacy export


@pytest.mark.usefixtures("anna")
def test_everything_of_one_person_in_a_file_of_ones_own(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "anna.zip"
    code, out, _ = command("privacy", "export", "К-1", str(file))  # asyncio's debug mode may complain of load
    assert (code, out) == (0, f"Written: {file}\n")
    assert file.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        assert json.loads(archive.read("data.json"))["tables"]["customers"][0]["name"] == NAME
    assert "exported" in command("audit", "show", "--customer", "К-1")[1]


@pytest.mark.usefixtures("anna")
def test_a_file_that_is_there_stays_as_it_is(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "mine.zip"
    file.write_bytes(b"mine")
    code, out, err = command("privacy", "export", "К-1", str(file))
    assert (code, out) == (1, "")
    assert err == f"callcore: {file} is there already. Name a new file: callcore overwrites none.\n"
    assert "такой файл уже есть" in command("--lang", "ru", "privacy", "export", "К-1", str(file))[2]
    assert file.read_bytes() == b"mine"
    assert "exported" not in command("audit", "show", "--customer", "К-1")[1]
    code, _, err = command("privacy", "export", "К-1", str(tmp_path / "no" / "such.zip"))
    assert (code, "such.zip" in err) == (1, True)
    assert command("privacy", "export", "К-9", str(tmp_path / "new.zip"))[0] == 1
    assert not (tmp_path / "new.zip").exists()


# --- privacy erase


@pytest.mark.usefixtures("anna")
def test_without_yes_it_only_counts(command: Command) -> None:
    code, out, _ = command("privacy", "erase", "К-1")
    assert code == 0
    assert [line.split() for line in out.splitlines()[:2]] == [["1", "Numbers"], ["1", "Customer"]]
    assert "Номера" in command("--lang", "ru", "privacy", "erase", "К-1")[1]
    assert "Nothing changed; to erase: --yes --reason" in out
    told = json.loads(command("privacy", "erase", "К-1", "--json")[1])
    assert told["is_done"] is False
    assert told["rows"]["customer_numbers"] == 1
    assert command("privacy", "erase", "К-1", "--yes")[2] == "callcore: A reason is needed: --reason.\n"
    assert json.loads(command("privacy", "erase", "К-1", "--json")[1]) == told, "nothing happened"


@pytest.mark.usefixtures("anna")
def test_erased(command: Command, own_config: Path) -> None:
    code, out, _ = command("privacy", "erase", "К-1", "--yes", "--reason", "заявление 17")
    assert (code, out.splitlines()[-1]) == (0, "Erased.")
    assert command("privacy", "erase", "К-1") == (1, "", "callcore: There is no contract К-1.\n")
    lines = json.loads(command("audit", "show", "--json")[1])
    (erased,) = [line for line in lines if line["act"] == "erased"]
    assert erased["detail"]["reason"] == "заявление 17"
    assert command("audit", "verify")[0] == 0, "the seals still fit"
    for file in own_config.parent.glob("c.db*"):
        if file.is_file():
            assert NAME.encode() not in file.read_bytes(), file.name


@pytest.mark.usefixtures("anna")
def test_what_he_said_is_given_out_and_goes_with_him(
    command: Command, with_database: With, own_config: Path, tmp_path: Path
) -> None:
    folder = load(own_config, need_secrets=False).recording_folder
    folder.mkdir(parents=True)
    (folder / "c1-1.wav").write_bytes(b"RIFF")
    new = NewVoicemail(CallId("c1"), TopicCode("sales"), "ru", "c1-1.wav", 900, customer=CustomerId(1))
    with_database(lambda database: database.voicemails.add(new, T0))
    file = tmp_path / "anna.zip"
    assert command("privacy", "export", "К-1", str(file))[0] == 0
    with zipfile.ZipFile(file) as archive:
        (sound,) = json.loads(archive.read("data.json"))["sounds"]
        assert archive.read(sound["path"]) == b"RIFF"
    assert command("privacy", "erase", "К-1", "--yes", "--reason", "заявление 17")[0] == 0
    assert list(folder.iterdir()) == []
    file = tmp_path / "again.zip"
    assert command("privacy", "export", "erased-1", str(file))[0] == 0
    with zipfile.ZipFile(file) as archive:
        assert json.loads(archive.read("data.json"))["sounds"] == [{"voicemail": 1, "path": None}]
