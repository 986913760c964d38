"""Who has the skill that a row asks for is rung, whoever else is free; what is learned counts at once."""

from functools import partial

from callcore.testing.house import House
from callcore.testing.lab import HangUp, Hear, Press, Until
from callcore.testing.operator import ApiOperator

TO_RETENTION = (Hear(), Press("3"), Hear(), Press("1"), Until(), HangUp())
"""Barges in, chooses retention and the end of his contract: a matter of the second line."""


async def test_a_matter_of_the_second_line(house: House) -> None:
    await house.database.users.set_skills("anna", [])
    anna = await house.on_shift("anna", "101")
    boris = await house.on_shift("boris", "102")
    assert await penalties(house) == {"101": "10", "102": "0"}
    for call in (1, 2):  # Asterisk's turns would make one of them Anna's
        caller = await house.call(*TO_RETENTION)
        await house.until(partial(has_cards, boris, call))
        await house.talk()
        await caller.hang_up()
        await boris.is_("ready")
    contacts = await house.contacts(2)
    assert [contact.answered_by for contact in contacts] == ["boris", "boris"]
    assert [contact.topic for contact in contacts] == ["retention.end_contract"] * 2
    assert anna.heard("call.ringing") == []


async def test_what_somebody_learns_during_his_shift(house: House) -> None:
    await house.database.users.set_skills("anna", [])
    await house.on_shift("anna", "101")
    assert await penalties(house) == {"101": "10"}
    await house.database.users.set_skills("anna", ["second_line"])
    assert house.stage.daemon is not None
    await house.stage.daemon.upkeep.tell_penalties()

    async def counts() -> bool:
        return await penalties(house) == {"101": "0"}

    await house.until(counts)


async def has_cards(operator: ApiOperator, count: int) -> bool:
    return len(operator.heard("card")) >= count


async def penalties(house: House) -> dict[str, str]:
    """By phone, in the queue of the second line."""
    shown = await house.stage.lab.console("queue show retention")
    found = {}
    for phone in ("101", "102"):
        for line in shown.splitlines():
            if f"PJSIP/{phone}" in line:
                found[phone] = line.partition("with penalty ")[2].partition(" ")[0] or "0"
    return found
