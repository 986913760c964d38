"""``callcore reload`` while callers are in the menu and in a queue: each goes on by what he began with."""

from __future__ import annotations

from typing import Any

import pytest

from callcore.app import Daemon
from callcore.config import ConfigFaults
from callcore.testing.house import TO_FINANCE, House
from callcore.testing.lab import HangUp, Hear, Press, Until

from .conftest import change_finance


async def in_queue(house: House, queue: str, seconds: float = 40) -> None:
    async def waits() -> bool:
        return "1. PJSIP" in await house.stage.lab.console(f"queue show {queue}")

    await house.until(waits, seconds)


async def in_menu(house: House, daemon: Daemon) -> None:
    async def is_there() -> bool:
        return bool(daemon.answering.reception.places)

    await house.until(is_there)


def to_retention(table: dict[str, Any]) -> None:
    table["queue"] = "retention"


async def test_a_caller_in_the_menu_keeps_his_edition(bare_house: House) -> None:
    """A faulty file, then a right one are read while he listens; who calls after that goes elsewhere."""
    house, daemon = bare_house, await bare_house.stage.start()
    before = daemon.editions.newest.edition
    caller = await house.call(Until(), Press("4"), Hear(), Press("1"), Until(), HangUp())
    await in_menu(house, daemon)
    change_finance(house, lambda table: table.update(colour="red"))
    with pytest.raises(ConfigFaults):
        await daemon.editions.reload("anna")
    assert daemon.editions.newest.edition == before
    change_finance(house, lambda table: table.pop("colour"))
    change_finance(house, to_retention)
    after = (await daemon.editions.reload("anna")).edition.id
    caller.proceed()
    await in_queue(house, "finance")
    other = await house.call(*TO_FINANCE)
    await in_queue(house, "retention")
    await caller.hang_up()
    await other.hang_up()
    old, new = await house.contacts(2)
    assert (old.topic, old.queue, old.edition) == ("finance.recalculation", "finance", before)
    assert (new.topic, new.queue, new.edition) == ("finance.recalculation", "retention", after)


async def test_a_caller_in_the_queue_overflows_as_he_was_promised(bare_house: House) -> None:
    """While he waits, his topic's second leg becomes another queue."""

    def second(queue: str) -> list[Any]:
        return [{"queue": "own", "max_wait": "8 s"}, {"queue": queue}]

    house = bare_house
    change_finance(
        house,
        lambda table: table.update(rows={"all": {"when": {"hours": "open"}, "to": second("retention")}}),
    )
    daemon = await house.stage.start()
    caller = await house.call(*TO_FINANCE)
    await in_queue(house, "finance")
    change_finance(house, lambda table: table["rows"]["all"].update(to=second("corporate")))
    await daemon.editions.reload("anna")
    await in_queue(house, "retention")
    other = await house.call(*TO_FINANCE)
    await in_queue(house, "corporate")
    await caller.hang_up()
    await other.hang_up()
    old, new = await house.contacts(2)
    assert (old.edition, new.edition) == (1, 2)


async def test_an_edition_taken_back_under_calls(bare_house: House) -> None:
    """The bad evening's work is undone while people wait in it, and nobody is dropped."""
    house, daemon = bare_house, await bare_house.stage.start()
    first = daemon.editions.newest.edition
    assert first is not None
    change_finance(house, to_retention)
    await daemon.editions.reload("anna")
    caller = await house.call(*TO_FINANCE)
    await in_queue(house, "retention")
    done = await daemon.editions.take_back(first, "boris")
    assert (done.edition.back_to, done.set_aside) == (first, ())
    other = await house.call(*TO_FINANCE)
    await in_queue(house, "finance")
    assert caller.is_running, "he still waits"
    await caller.hang_up()
    await other.hang_up()
    assert [contact.queue for contact in await house.contacts(2)] == ["retention", "finance"]
