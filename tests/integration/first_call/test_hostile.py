"""What callers' networks may send: names and numbers are hostile, and none of it gets anywhere."""

import tempfile
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from callcore.calls.call import Phase
from callcore.crm.seeds import SHARED_NUMBER
from callcore.domain import Outcome
from callcore.testing.house import TO_FINANCE, House
from callcore.testing.lab import HangUp, Until
from callcore.testing.operator import ApiOperator

PWNED = Path(tempfile.gettempdir()) / "callcore-pwned"
NAMES = [
    "Иван Петров",
    'Анна "Ласточка" O\'Нил',
    "<script>alert(1)</script>",
    "Щ" * 80,
    f"${{SHELL(touch {PWNED})}}",
    "a,b;c|d&e",
    '\\"; Action: Originate',
    "🕊️ Ёлка\u202eabc",
]


async def test_names(house: House) -> None:
    """One after another; each shows as it came, as far as Asterisk lets it through, and does nothing."""
    anna = await house.on_shift("anna", "101")
    for nth, name in enumerate(NAMES, start=1):
        caller = await house.call(*TO_FINANCE, name=name)
        await house.until(_answered(anna, nth))
        shown = anna.heard("card")[-1]["data"]["call"]["caller_name"]
        assert shown is None or shown[:5] in name or name.startswith("\\")
        await caller.hang_up()
        contact = (await house.contacts(nth))[-1]
        assert contact.caller_number == "+79000000110"
        assert contact.caller_name == shown
        call = anna.heard("card")[-1]["data"]["call"]["call"]
        await anna.order("save", call=call, topic="finance.payment", comment=name, close="1")
    assert not PWNED.exists()


def _answered(anna: ApiOperator, cards: int) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return len(anna.heard("card")) >= cards

    return check


async def test_anonymous(house: House) -> None:
    anna = await house.on_shift("anna", "101")
    caller = await house.call(*TO_FINANCE, anonymous=True)
    card = await anna.hears("card")
    assert card["data"]["call"]["caller_number"] is None
    assert card["data"]["call"]["customers"] == []
    assert card["data"]["call"]["customers_known"] is True
    await caller.hang_up()
    [contact] = await house.contacts()
    assert (contact.caller_number, contact.customer) == (None, None)


async def test_two_customers_on_one_number(house: House) -> None:
    """The operator chooses; the choice lands on the contact."""
    anna = await house.on_shift("anna", "101")
    caller = await house.call(*TO_FINANCE, number=SHARED_NUMBER.lstrip("+"))
    call = (await anna.hears("card"))["data"]["call"]
    assert len(call["customers"]) == 2
    chosen = call["customers"][1]["id"]
    await anna.order("choose", call=call["call"], customer=str(chosen))
    await anna.order("save", call=call["call"], topic="finance.payment", comment="ошибся договором", close="")
    await caller.hang_up()
    [contact] = await house.contacts()
    assert contact.customer == chosen


async def is_in_ivr(house: House) -> bool:
    assert house.stage.daemon is not None
    return any(call.phase is Phase.ivr for call in house.stage.daemon.floor.tracker.calls.values())


NUMBERS = ["s;x=1", "7900%0d%0aAction", "+79000000110", "89000000110", "777", "0" * 22]


async def test_numbers(house: House) -> None:
    for nth, number in enumerate(NUMBERS, start=1):
        caller = await house.call(Until(), HangUp(), number=number)
        await caller.answered()
        await house.until(partial(is_in_ivr, house))
        await caller.hang_up()
        contact = (await house.contacts(nth))[-1]
        assert contact.outcome is Outcome.abandoned_ivr
        if number.endswith("9000000110"):
            assert contact.caller_number == "+79000000110"
