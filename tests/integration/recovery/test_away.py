"""What ended while callcore was killed, or cut off, is in the log afterwards: once, with its source named."""

import signal
from dataclasses import replace

import aiohttp

from callcore.domain import EndReason, Outcome, Source
from callcore.testing.house import TO_FINANCE, House
from callcore.testing.lab import HangUp, Hear, Press, Until
from callcore.testing.lab.process import free_port

TO_RETENTION = (Hear(), Press("3"), Hear(), Press("1"), Until(), HangUp())
"""Where nobody sits."""


async def running(house: House) -> None:
    """callcore as a process of its own, ready for calls."""
    await house.stage.start_process()

    async def is_ready() -> bool:
        try:
            async with aiohttp.ClientSession() as http, http.get(house.stage.url + "/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    await house.until(is_ready)


async def waits_in(house: House, queue: str, callers: int = 1) -> None:
    async def waits() -> bool:
        return f"{callers}. PJSIP" in await house.stage.lab.console(f"queue show {queue}")

    await house.until(waits)  # who was in the menu hears its prompt to the end first


async def rows(house: House) -> list[str]:
    shown = await house.stage.lab.console("database show callcore-journal")
    return [line for line in shown.splitlines() if "/callcore-journal/" in line]


async def journal_has(house: House, count: int) -> None:
    async def there() -> bool:
        return len(await rows(house)) == count

    await house.until(there)


async def test_killed_while_one_talks_one_waits_and_one_is_in_the_menu(house: House) -> None:
    await running(house)
    anna = await house.on_shift("anna", "101")
    talking = await house.call(*TO_FINANCE)
    card = await anna.hears("card")
    waiting = await house.call(*TO_RETENTION, number="79000000111")
    await waits_in(house, "retention")
    chooses = await house.call(Until(), HangUp(), number="79000000112")
    await chooses.answered()
    house.stage.signal(signal.SIGKILL)
    await anna.deafen()
    late = await house.call(Until(), HangUp(), number="79000000113")
    await waits_in(house, "expert", 2)
    for caller in (waiting, talking, chooses, late):
        await caller.hang_up()
    await journal_has(house, 4)

    await house.stage.stop()
    daemon = await house.stage.start()
    contacts = {contact.caller_number: contact for contact in await house.contacts(4)}
    talked, waited, chose, came_late = (contacts[f"+7900000011{n}"] for n in range(4))
    assert {c.source for c in contacts.values()} == {Source.journal}
    assert talked.call == card["data"]["call"]["call"], "the same call as before"
    assert (talked.outcome, talked.answered_by, talked.queue) == (Outcome.answered, "anna", "finance")
    assert talked.answered_at is not None
    assert talked.talk_ms > 0
    assert talked.customer == card["data"]["call"]["customers"][0]["id"]
    assert [ring.interface for ring in talked.operators] == ["PJSIP/101"]
    assert (waited.outcome, waited.queue, waited.answered_at) == (Outcome.abandoned_queue, "retention", None)
    assert waited.end_reason is EndReason.cancelled
    assert waited.queued_at is not None
    assert waited.wait_ms == (waited.ended_at - waited.queued_at).total_seconds() * 1000, "in whole seconds"
    assert (chose.outcome, chose.queue) == (Outcome.abandoned_queue, "expert"), "the dialplan's fallback"
    assert (came_late.outcome, came_late.queue) == (Outcome.abandoned_queue, "expert")
    assert {c.topic for c in contacts.values()} == {None}, "the journal does not know it"
    [gap] = await daemon.database.gaps.latest()
    assert (gap.pbx, gap.from_journal, gap.from_cdr, gap.lost) == ("main", 4, 0, 0)
    began = gap.began_at.replace(microsecond=0)  # the journal tells whole seconds
    assert began <= came_late.started_at <= gap.ended_at

    await house.stage.stop()
    daemon = await house.stage.start()
    newcomer = await house.call(*TO_RETENTION, number="79000000119")
    await waits_in(house, "retention")
    await newcomer.hang_up()
    assert len(await house.contacts(5)) == 5
    [second, first] = await daemon.database.gaps.latest()
    assert (first, second.from_journal) == (gap, 0)
    await journal_has(house, 1)  # his own: he has taken away the others


async def test_link_cut_while_one_talks_and_one_waits(house: House) -> None:
    """The daemon lives on and knows both; when it is back it hears how they ended."""
    daemon = await house.stage.start()
    anna = await house.on_shift("anna", "101")
    talking = await house.call(*TO_FINANCE)
    card = await anna.hears("card")
    await house.talk()
    waiting = await house.call(*TO_RETENTION, number="79000000111")
    await waits_in(house, "retention")
    [link] = daemon.links.values()
    right = link.settings
    link.settings = replace(right, port=free_port())
    assert link._session is not None
    link._session.close()
    await talking.hang_up()
    await waiting.hang_up()
    await journal_has(house, 2)
    link.settings = right

    contacts = {contact.caller_number: contact for contact in await house.contacts(2)}
    talked, waited = contacts["+79000000110"], contacts["+79000000111"]
    assert talked.call == card["data"]["call"]["call"]
    assert (talked.source, talked.outcome, talked.answered_by) == (Source.journal, Outcome.answered, "anna")
    assert talked.topic == "finance.recalculation", "known before"
    assert talked.end_reason is EndReason.completed
    assert talked.talk_ms > 0
    assert (waited.source, waited.outcome) == (Source.journal, Outcome.abandoned_queue)
    assert waited.topic is not None
    await anna.hears("call.ended")
    assert len(anna.heard("card")) == 1
    await anna.is_("ready")
    [gap] = await daemon.database.gaps.latest()
    assert (gap.from_journal, gap.lost) == (2, 0)


async def test_asterisk_killed(house: House) -> None:
    """Nobody wrote how the call ended: it is lost, and the gap says so."""
    daemon = await house.stage.start()
    anna = await house.on_shift("anna", "101")
    await house.call(*TO_FINANCE)
    await anna.hears("card")
    house.stage.lab.signal(signal.SIGKILL)
    await house.stage.lab.stop()
    await house.stage.lab.start()
    [contact] = await house.contacts()
    assert (contact.end_reason, contact.source) == (EndReason.lost, Source.live)
    [gap] = await daemon.database.gaps.latest()
    assert (gap.from_journal, gap.lost) == (0, 1)


async def test_both_killed(house: House) -> None:
    """callcore remembers that there was a call; nobody can say more."""
    await running(house)
    await house.call(*TO_RETENTION)
    await waits_in(house, "retention")
    house.stage.signal(signal.SIGKILL)
    house.stage.lab.signal(signal.SIGKILL)
    await house.stage.stop()
    await house.stage.lab.stop()
    await house.stage.lab.start()
    daemon = await house.stage.start()
    [contact] = await house.contacts()
    assert (contact.end_reason, contact.outcome) == (EndReason.lost, Outcome.failed)
    assert (contact.caller_number, contact.queue, contact.answered_at) == (None, None, None)
    [gap] = await daemon.database.gaps.latest()
    assert gap.lost == 1
    await house.stage.stop()
    await house.stage.start()
    assert len(await house.contacts()) == 1
