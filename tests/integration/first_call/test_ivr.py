"""What callers hear and press, on the real Asterisk."""

from callcore.domain import EndReason, Outcome
from callcore.testing.house import House
from callcore.testing.lab import HangUp, Hear, Press, Until


async def in_queue(house: House, queue: str) -> None:
    async def waits() -> bool:
        return "1. PJSIP" in await house.stage.lab.console(f"queue show {queue}")

    await house.until(waits)


async def test_three_wrong_keys_lead_to_the_default_topic(house: House) -> None:
    keys = (Hear(), Press("7"), Hear(), Press("8"), Hear(), Press("0"))
    caller = await house.call(*keys, Until(), HangUp())
    await in_queue(house, "expert")
    await caller.hang_up()
    [contact] = await house.contacts()
    assert (contact.topic, contact.queue) == ("expert.diagnosis", "expert")


async def test_three_silences_lead_to_the_default_topic(bare_house: House) -> None:
    terse = {"ru": "Да.", "en": "Yes."}
    texts = {"silence": terse, "to_default": terse, "other_language": terse}
    ivr = {"silence_seconds": 1, "greeting": terse, "texts": texts, "language_key": None}
    bare_house.stage.write_config({"ivr": ivr}, is_terse=True)
    await bare_house.stage.start()
    caller = await bare_house.call(Until(), HangUp())
    await in_queue(bare_house, "expert")
    await caller.hang_up()
    [contact] = await bare_house.contacts()
    assert contact.topic == "expert.diagnosis"


async def test_english_by_key(house: House) -> None:
    caller = await house.call(Hear(), Press("9"), Hear(), Press("3"), Hear(), Press("1"), Until(), HangUp())
    await in_queue(house, "retention")
    await caller.hang_up()
    [contact] = await house.contacts()
    assert (contact.language, contact.queue) == ("en", "retention")


async def test_closed(bare_house: House) -> None:
    """Out of hours he hears the announcement, may leave a message, leaves none, and callcore hangs up."""
    bare_house.stage.write_config(closed={"finance"})
    await bare_house.stage.start()
    caller = await bare_house.call(Hear(), Press("4"), Hear(), Press("1"), Until(), Press("#"))

    async def is_recorded() -> bool:
        return any((bare_house.folder / "recordings").glob("*.wav"))

    await bare_house.until(is_recorded)
    caller.proceed()
    result = await caller.wait(60)
    assert result.ended_by == "pbx"
    assert result.seconds > 5, "the announcement is longer"
    [contact] = await bare_house.contacts()
    assert (contact.outcome, contact.end_reason) == (Outcome.closed, EndReason.completed)
    assert contact.queue is None
    assert contact.route_reason is not None
    assert "closed" in contact.route_reason.en
    assert "закрыто" in contact.route_reason.ru


async def test_variables_reach_every_leg(house: House) -> None:
    """Double underscores: the operator's channel inherits what the IVR set."""
    anna = await house.on_shift("anna", "101")
    caller = await house.call(Hear(), Press("4"), Hear(), Press("1"), Until(), HangUp())
    card = await anna.hears("card")
    shown = await house.stage.lab.console("core show channels concise")
    phone = next(line.split("!")[0] for line in shown.splitlines() if line.startswith("PJSIP/101"))
    details = await house.stage.lab.console(f"core show channel {phone}")
    assert f"CALLCORE_CALL={card['data']['call']['call']}" in details
    assert "CALLCORE_TOPIC=finance.recalculation" in details
    await caller.hang_up()
