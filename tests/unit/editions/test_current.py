"""Rooms ask for what holds now, and what is made of it is made once for each edition."""

from __future__ import annotations

from callcore.config import Settings

from .conftest import TABLE, House


async def test_made_once_and_anew_after_a_reload(house: House) -> None:
    made: list[str] = []

    def title(settings: Settings) -> str:
        made.append(settings.tables.tables[0].title.en)
        return made[-1]

    ask = house.current.of(title)
    assert made == [], "nothing before somebody asks"
    assert (ask(), ask()) == ("Money", "Money")
    house.table(TABLE.replace("Money", "Coins"))
    await house.editions.reload("anna")
    assert (ask(), ask()) == ("Coins", "Coins")
    assert made == ["Money", "Coins"]
