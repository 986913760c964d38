"""A caller whom nobody took is called by one of two, and goes from every list with the talk."""

import pytest
from playwright.async_api import expect

from callcore.store.follow_rows import FollowUpLook, FollowUpState
from callcore.testing.lab import HangUp, Wait

from .conftest import Tale

pytestmark = pytest.mark.asyncio(loop_scope="session")
NAME = "Полякова Зинаида Львовна"


async def test_who_was_missed_is_nobodys_twice(tale: Tale) -> None:
    t = tale.t
    await tale.add_customer(NAME)
    before = await tale.call((Wait(7), HangUp()))
    await before.wait()
    anna, boris = await tale.operator(), await tale.person("boris")
    await boris.page.goto(f"{tale.house.stage.url}/work")
    his = boris.page.locator("tbody tr", has_text=NAME)
    await expect(his.get_by_role("button", name=t("work.take"))).to_be_visible()

    await expect(anna.page.locator("#list-missed time")).to_be_visible()  # how long the oldest waits
    await anna.press("Alt+W")
    hers = anna.dock.locator("tbody tr", has_text=NAME)
    await expect(hers).to_be_visible()
    await anna.is_clean()
    await anna.enter(hers.get_by_role("button", name=t("work.take")))
    await anna.is_told(t("work.said_taken"))
    await expect(his.locator(".chip.warn")).to_contain_text("Анна")
    await expect(his.get_by_role("button", name=t("work.take"))).to_have_count(0)

    caller = await tale.call()  # he is quicker than she
    await anna.has(NAME)
    await caller.hang_up()
    await expect(his).to_have_count(0)
    await expect(hers).to_have_count(0)
    look = FollowUpLook(state=None, number=f"+{tale.number()}")
    (row,) = await tale.database.follow_ups.find(look)
    assert (row.state, row.settled_by) == (FollowUpState.done, "anna")
