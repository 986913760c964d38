"""Files read anew: all or nothing, running calls keep what they began with, what was can be taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest
from structlog.testing import capture_logs

from callcore.assembly.editions import BOOKS, BY_SIGNAL, UnknownEdition
from callcore.config import ConfigFaults
from callcore.store.errors import StoreUnavailable
from callcore.web.metrics import Metrics

from .conftest import SETTINGS, TABLE, House

PATIENCE_SECONDS = 10.0


async def test_the_start_keeps_an_edition(house: House) -> None:
    [(edition, files)] = house.shelf.kept
    assert (edition.login, edition.back_to) == ("", None)
    assert files["topics/finance.yaml"] == TABLE
    assert house.editions.newest.edition == edition.id
    assert house.editions.book(edition.id) is house.editions.newest


async def test_new_files_hold_for_new_calls(house: House) -> None:
    house.table(TABLE.replace("Money", "Coins"))
    done = await house.editions.reload("anna")
    assert done.is_new
    assert (done.edition.login, done.needs_restart, done.unspoken) == ("anna", (), 0)
    assert house.title == "Coins"
    assert house.editions.newest.edition == done.edition.id
    assert house.current.settings.tables.tables[0].title.en == "Coins"


async def test_a_running_call_keeps_its_book(house: House) -> None:
    first = house.editions.newest
    await house.turn("Coins")
    assert first.tables.tables[0].title.en == "Money"
    assert house.editions.book(first.edition) is first


async def test_the_same_files_make_no_new_edition(house: House) -> None:
    done = await house.editions.reload("anna")
    assert not done.is_new
    assert done.edition.login == "", "who had it first"
    assert len(house.shelf.kept) == 1


async def test_a_fault_refuses_all_of_it(house: House) -> None:
    """One table is right and new, two files are wrong: nothing is taken over, every fault is told."""
    before, settings = house.editions.newest, house.current.settings
    house.table(TABLE.replace("Money", "Coins"))
    house.table(TABLE.replace("key: 1", "key: 99"), "cards.yaml")
    house.settings(SETTINGS.replace("Hello", "Good day") + "colour: red\n")
    with capture_logs() as logs, pytest.raises(ConfigFaults) as refused:
        await house.editions.reload("anna")
    assert {fault.file.removeprefix(f"{house.folder}/") for fault in refused.value.faults} == {
        "callcore.yaml",
        "topics/cards.yaml",
    }
    assert house.editions.newest is before
    assert house.current.settings is settings
    assert len(house.shelf.kept) == 1
    assert house.spoken == []
    assert house.editions.refused == 1
    assert len([each for each in logs if each["event"] == "reload_refused"]) == len(refused.value.faults)


async def test_what_does_not_follow_is_named_and_stays(house: House) -> None:
    house.settings(SETTINGS.replace("Hello", "Good day") + "http: {listen: '127.0.0.1:9000'}\n")
    done = await house.editions.reload("anna")
    assert done.needs_restart == ("http.listen",)
    assert house.editions.newest.flow.greeting.en == "Good day"
    assert house.current.settings.http.listen.port == 8080
    assert (await house.editions.reload("anna")).needs_restart == ("http.listen",), "it still waits"


async def test_prompts_are_spoken_before_it_holds(house: House) -> None:
    house.may_speak.clear()
    house.unspoken = 2
    house.table(TABLE.replace("Money", "Coins"))
    reading = asyncio.create_task(house.editions.reload("anna"))
    with suppress(TimeoutError):
        async with asyncio.timeout(0.5):
            await asyncio.shield(reading)
    assert house.title == "Money"
    house.may_speak.set()
    done = await reading
    assert done.unspoken == 2
    assert [book.tables.tables[0].title.en for book in house.spoken] == ["Coins"]
    assert house.title == "Coins"


async def test_without_the_database_nothing_changes(house: House) -> None:
    house.shelf.is_away = True
    with pytest.raises(StoreUnavailable):
        await house.turn("Coins")
    assert house.title == "Money"
    house.shelf.is_away = False
    assert (await house.editions.reload("anna")).is_new
    assert house.title == "Coins"


async def test_books_go_when_no_call_uses_them(house: House) -> None:
    """The newest are at hand anyway; older ones as long as a call lasts that they routed."""
    house.in_use.add(2)
    first = house.editions.newest.edition
    last = [await house.turn(f"Coins {n}") for n in range(BOOKS + 1)][-1]
    assert house.editions.book(first) is None
    held = house.editions.book(2)
    assert held is not None
    assert held.tables.tables[0].title.en == "Coins 0"
    house.in_use.clear()
    assert await house.turn("Coins of today") == last + 1
    assert house.editions.book(2) is None
    assert house.editions.book(last) is not None
    assert house.editions.book(None) is None


async def test_what_holds_is_a_metric(house: House) -> None:
    metrics = Metrics()
    house.editions.watch(metrics)
    await house.turn("Coins")
    house.table("title: [\n")
    with pytest.raises(ConfigFaults):
        await house.editions.reload("anna")
    told = metrics.render().decode()
    assert "callcore_edition 2.0" in told
    assert "callcore_reloads_refused 1.0" in told


# --- taking back


async def test_an_edition_is_taken_back(house: House) -> None:
    await house.turn("Coins")
    done = await house.editions.take_back(1, "boris")
    assert done.is_new
    assert (done.edition.id, done.edition.login, done.edition.back_to) == (3, "boris", 1)
    assert done.set_aside == ()
    assert house.title == "Money"
    assert (house.folder / "topics" / "finance.yaml").read_text(encoding="utf-8") == TABLE
    assert not (await house.editions.reload("anna")).is_new, "the files are those that hold"


async def test_faulty_files_are_taken_back_too(house: House) -> None:
    """That is what it is for: what somebody broke lies aside, the edition holds."""
    house.table("title: [\n")
    done = await house.editions.take_back(1, "boris")
    assert done.set_aside == ("topics/finance.yaml~",)
    assert not done.is_new
    assert (house.folder / "topics" / "finance.yaml~").read_text(encoding="utf-8") == "title: [\n"
    assert (house.folder / "topics" / "finance.yaml").read_text(encoding="utf-8") == TABLE


async def test_one_that_never_was(house: House) -> None:
    with pytest.raises(UnknownEdition):
        await house.editions.take_back(7, "boris")


async def test_one_that_no_longer_fits_changes_no_file(house: House) -> None:
    """A queue that only the other sections know: popping for it was set since."""
    await house.turn("Coins")
    house.settings(SETTINGS + "pop:\n  queues: {coins: ringing}\n")
    house.table(TABLE.replace("queue: finance", "queue: coins"))
    await house.editions.reload("anna")
    before = (house.folder / "topics" / "finance.yaml").read_text(encoding="utf-8")
    with pytest.raises(ConfigFaults):
        await house.editions.take_back(1, "boris")
    assert (house.folder / "topics" / "finance.yaml").read_text(encoding="utf-8") == before
    assert house.editions.newest.tables.queues == ("coins",)


# --- SIGHUP


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not is_so():  # noqa: ASYNC110 - nobody tells when a signal was obeyed
            await asyncio.sleep(0.01)


async def test_a_signal_reads_and_a_refusal_is_survived(house: House) -> None:
    asked = asyncio.Event()
    following = asyncio.create_task(house.editions.follow(asked))
    house.table("title: [\n")
    asked.set()
    await until(lambda: house.editions.refused == 1)
    assert house.title == "Money"
    house.table(TABLE.replace("Money", "Coins"))
    asked.set()
    await until(lambda: house.title == "Coins")
    assert house.shelf.kept[-1][0].login == BY_SIGNAL
    house.shelf.is_away = True
    house.table(TABLE.replace("Money", "Paper"))
    asked.set()
    await until(lambda: house.shelf.refused == 1)
    house.shelf.is_away = False
    asked.set()
    await until(lambda: house.title == "Paper")
    assert not following.done()
    following.cancel()


async def test_readings_wait_for_each_other(house: House) -> None:
    """Two people at once: the second reads what the first has left, and no edition is lost."""
    house.may_speak.clear()
    house.table(TABLE.replace("Money", "Coins"))
    first = asyncio.create_task(house.editions.reload("anna"))
    second = asyncio.create_task(house.editions.take_back(1, "boris"))
    house.may_speak.set()
    await asyncio.gather(first, second)
    assert [edition.login for edition, _ in house.shelf.kept] == ["", "anna", "boris"]
    assert house.title == "Money"
