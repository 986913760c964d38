"""callcore restarted, Asterisk restarted, the link cut: shifts and calls go on, nothing is logged twice."""

import signal

from callcore.domain import Outcome, Source
from callcore.testing.house import TO_FINANCE, House


async def test_callcore_restarted_while_a_caller_waits(house: House) -> None:
    """Anna is paused, a caller waits; callcore comes back, adopts the call under its old id, Anna answers."""
    await house.phone("101")
    anna = await house.operator("anna")
    await anna.open("PJSIP/101")
    caller = await house.call(*TO_FINANCE)

    async def waits() -> bool:
        return "1. PJSIP" in await house.stage.lab.console("queue show finance")

    await house.until(waits)
    daemon = house.stage.daemon
    assert daemon is not None
    [call] = daemon.floor.tracker.calls
    await anna.deafen()
    await house.stage.stop()
    await house.stage.start()
    await anna.listen()
    desk = await anna.desk()
    assert (desk["interface"], desk["state"]) == ("PJSIP/101", "paused")
    await anna.ready()
    card = await anna.hears("card")
    assert card["data"]["call"]["call"] == call
    await caller.hang_up()
    [contact] = await house.contacts()
    assert (contact.call, contact.source) == (call, Source.snapshot)
    assert contact.outcome is Outcome.answered


async def test_link_cut_during_the_talk(house: House) -> None:
    """Asterisk drops the AMI session; after the resync the call ends as ever, once."""
    anna = await house.on_shift("anna", "101")
    caller = await house.call(*TO_FINANCE)
    await anna.hears("card")
    await house.talk()
    daemon = house.stage.daemon
    assert daemon is not None
    [link] = daemon.links.values()
    epoch = link.epoch
    assert link._session is not None
    link._session.close()

    async def again() -> bool:
        return link.state == "up" and link.epoch > epoch

    await house.until(again)
    await caller.hang_up()
    await anna.hears("call.ended")
    [contact] = await house.contacts()
    assert contact.outcome is Outcome.answered
    assert contact.talk_ms > 0
    assert len(anna.heard("card")) == 1
    await anna.is_("ready")


async def test_asterisk_killed_during_the_talk(house: House) -> None:
    """The call is lost, and says so; the member is back in his queue once Asterisk is."""
    anna = await house.on_shift("anna", "101")
    await house.call(*TO_FINANCE)
    await anna.hears("card")
    house.stage.lab.signal(signal.SIGKILL)
    await house.stage.lab.stop()
    await house.stage.lab.start()
    await anna.hears("call.ended", seconds=30)
    [contact] = await house.contacts()
    assert contact.end_reason == "lost"
    assert contact.outcome is Outcome.answered
    await anna.is_("ready")
    await house.member("101", "")
