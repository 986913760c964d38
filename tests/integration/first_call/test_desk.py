"""Work states drive the queue's members; what the operator does not do is done for him."""

from collections.abc import Awaitable, Callable

import pytest

from callcore.domain import UNCLASSIFIED
from callcore.testing.house import TO_FINANCE, House
from callcore.testing.lab import Reject
from callcore.testing.operator import Refused


async def member(house: House, phone: str = "101", queue: str = "finance") -> str:
    shown = await house.stage.lab.console(f"queue show {queue}")
    return next((line for line in shown.splitlines() if f"PJSIP/{phone}" in line), "")


async def becomes(house: House, words: str) -> None:
    async def shows() -> bool:
        return words in await member(house)

    await house.until(shows)


async def test_states_drive_the_member(house: House) -> None:
    await house.phone("101")
    anna = await house.operator("anna")
    await anna.open("PJSIP/101")
    await becomes(house, "paused:not_ready")
    await anna.ready()
    await house.member("101", "Not in use")
    await anna.order("pause", reason="lunch")
    await becomes(house, "paused:lunch")
    await anna.ready()
    caller = await house.call(*TO_FINANCE)
    await anna.hears("card")
    await becomes(house, "paused:call")
    await caller.hang_up()
    await anna.is_("wrap_up")
    assert "paused:call" in await member(house)
    await anna.is_("ready")
    await house.member("101", "Not in use")
    await anna.order("leave")

    async def gone() -> bool:
        return not await member(house)

    await house.until(gone)


async def test_nothing_saved_is_unclassified_and_can_be_mended(house: House) -> None:
    anna = await house.on_shift("anna", "101")
    caller = await house.call(*TO_FINANCE)
    call = (await anna.hears("card"))["data"]["call"]["call"]
    await caller.hang_up()
    await anna.hears("contact.saved")
    [line] = await anna.contacts()
    assert (line["call"], line["topic"]) == (call, UNCLASSIFIED)
    assert line["record"] is not None
    await anna.is_("ready")
    assert (await anna.desk())["tabs"] == [], "nothing typed: the tab has gone by itself"
    answer = await anna.order("save", call=call, topic="finance.claim", comment="вернули 300 ₽", close="1")
    assert answer["record"] == line["record"]
    [line] = await anna.contacts()
    assert (line["topic"], line["comment"]) == ("finance.claim", "вернули 300 ₽")


async def test_saved_while_talking_leaves_no_wrap_up(house: House) -> None:
    anna = await house.on_shift("anna", "101")
    caller = await house.call(*TO_FINANCE)
    call = (await anna.hears("card"))["data"]["call"]["call"]
    await anna.order("save", call=call, topic="finance.payment", comment="", close="1")
    assert len((await anna.desk())["tabs"]) == 1, "the card stays while they talk"
    await caller.hang_up()
    await anna.hears("card.closed")
    states = [event["data"]["state"] for event in anna.heard("agent.state")]
    assert "wrap_up" not in states
    [contact] = await house.contacts()
    [interaction] = await house.database.interactions.of_call(contact.call)
    assert interaction.topic == "finance.payment"


async def test_typed_text_outlives_the_wrap_up(house: House) -> None:
    anna = await house.on_shift("anna", "101")
    caller = await house.call(*TO_FINANCE)
    call = (await anna.hears("card"))["data"]["call"]["call"]
    await anna.order("draft", call=call, topic="", comment="перезвонить в пят")
    await caller.hang_up()
    await anna.hears("card.closed")
    [tab] = (await anna.desk())["tabs"]
    assert (tab["stage"], tab["entries"][0]["draft"]["comment"]) == ("unfinished", "перезвонить в пят")


async def test_three_rejections_pause_with_a_reason(house: House) -> None:
    anna = await house.on_shift("anna", "101", Reject(486))
    caller = await house.call(*TO_FINANCE)
    paused = await anna.hears("agent.state", lambda e: e["data"]["pause_reason"] == "no_answer", 40)
    assert paused["data"]["state"] == "paused"
    await becomes(house, "paused:no_answer")
    await caller.hang_up()
    [contact] = await house.contacts()
    assert {ring.result for ring in contact.operators} <= {"busy", "rejected", "cancelled"}
    assert "busy" in [ring.result for ring in contact.operators]


async def test_no_desk(bare_house: House) -> None:
    """His page is gone: after a while his phone is no longer rung; coming back does not make him ready."""
    bare_house.stage.write_config({"desk": {"no_desk_seconds": 1}})
    await bare_house.stage.start()
    anna = await bare_house.on_shift("anna", "101")
    await anna.deafen()
    await becomes(bare_house, "paused:no_desk")
    await anna.listen()
    assert (await anna.desk())["pause_reason"] == "no_desk"


async def test_two_people_one_phone(house: House) -> None:
    await house.on_shift("anna", "101")
    boris = await house.operator("boris")
    with pytest.raises(Refused) as refused:
        await boris.open("PJSIP/101")
    assert refused.value.problem["type"].endswith("phone-taken")


async def test_pop_replayed_after_a_lost_connection(house: House) -> None:
    """The page was away while the card popped: it comes with the replay."""
    anna = await house.on_shift("anna", "101")
    seen = anna.events[-1]
    await anna.deafen()
    caller = await house.call(*TO_FINANCE)
    await becomes(house, "In use")
    await anna.listen(f"?epoch={seen['epoch']}&since={seen['seq']}")
    card = await anna.hears("card")
    assert card["seq"] > seen["seq"]
    await caller.hang_up()


async def test_signing_out_ends_the_shift_and_frees_the_phone(house: House) -> None:
    anna = await house.on_shift("anna", "101")
    await anna.sign_out()

    async def gone() -> bool:
        return not await member(house)

    await house.until(gone)
    boris = await house.operator("boris")
    await boris.open("PJSIP/101")


async def test_the_journal_is_tidied(house: House) -> None:
    """The dialplan's row of a call goes once its contact is stored and the next caller comes."""
    for nth in (1, 2):
        caller = await house.call(*TO_FINANCE)
        await house.until(_waits(house))
        await caller.hang_up()
        await house.contacts(nth)
    rows = await house.stage.lab.console("database show callcore-journal")
    assert "1 results found" in rows, rows


def _waits(house: House) -> Callable[[], Awaitable[bool]]:
    async def waits() -> bool:
        return "1. PJSIP" in await house.stage.lab.console("queue show finance")

    return waits
