"""Reloads and take-backs at the worst moments: two at once, a queue that goes under those who wait in it, a
kill in the middle (on a real Asterisk)."""

from __future__ import annotations

import asyncio

from callcore.testing.house import TO_FINANCE, House

from .conftest import change_finance
from .test_reload_under_calls import in_queue, to_retention


async def test_many_reloads_at_once(bare_house: House) -> None:
    """One after the other: the files are one edition more, whoever asks."""
    house, daemon = bare_house, await bare_house.stage.start()
    before = daemon.editions.newest.edition
    assert before is not None
    change_finance(house, to_retention)
    done = await asyncio.gather(*(daemon.editions.reload(login) for login in ("anna", "boris", "SIGHUP") * 3))
    assert {each.edition.id for each in done} == {before + 1}
    assert [each.is_new for each in done].count(True) == 1
    assert daemon.editions.newest.edition == before + 1


async def test_taken_back_while_others_reload(bare_house: House) -> None:
    """Whatever the order, callers go by what lies on disk in the end, and files are of one edition."""
    house, daemon = bare_house, await bare_house.stage.start()
    editions, first = daemon.editions, daemon.editions.newest.edition
    assert first is not None
    change_finance(house, to_retention)
    await editions.reload("anna")
    await asyncio.gather(
        editions.reload("anna"), editions.take_back(first, "boris"), editions.reload("SIGHUP")
    )
    newest = editions.newest.edition
    assert newest is not None
    assert await editions.store.files(newest) == await editions.store.files(first)
    assert not (await editions.reload("anna")).is_new
    caller = await house.call(*TO_FINANCE)
    await in_queue(house, "finance")
    await caller.hang_up()
    await house.contacts()


async def test_a_queue_that_goes_while_somebody_waits_in_it(bare_house: House) -> None:
    """Taken out of Asterisk and of the tables: he waits on and is answered by nobody; who comes after goes
    to the new queue; a table that still names the old one leads to where somebody is."""
    house, daemon = bare_house, await bare_house.stage.start()
    caller = await house.call(*TO_FINANCE)
    await in_queue(house, "finance")
    queues = house.stage.lab.folder / "etc/queues.conf"
    text = queues.read_text("utf-8")
    start = text.index("[finance]")
    end = text.find("\n[", start)
    queues.write_text(text[:start] + (text[end + 1 :] if end >= 0 else ""), "utf-8")
    await house.stage.lab.console("queue reload all")
    late = await house.call(*TO_FINANCE)
    await in_queue(house, "expert")
    await late.hang_up()
    change_finance(house, to_retention)
    await daemon.editions.reload("anna")
    other = await house.call(*TO_FINANCE)
    await in_queue(house, "retention")
    await other.hang_up()
    await caller.hang_up()
    found = await house.contacts(3)
    assert len({contact.call for contact in found}) == 3
