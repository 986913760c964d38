"""Two operators with the card of one customer see each other's saved words at once (D-35)."""

import pytest
from playwright.async_api import expect

from .conftest import Tale

pytestmark = pytest.mark.asyncio(loop_scope="session")
NAME = "Зайцев Олег Викторович"


async def test_saved_words_appear_at_the_other_desk(tale: Tale) -> None:
    numbers = tuple(f"+{tale.number(m)}" for m in (0, 1))
    await tale.add_customer(NAME, numbers=numbers)
    topic = tale.topic("finance.recalculation").title
    anna = await tale.operator()
    first = await tale.call()
    await anna.has(NAME)
    boris = await tale.operator("boris", "102")
    second = await tale.call(m=1)
    await boris.has(NAME)
    for writes, reads, words in (
        (anna, boris, "Обещали мастера завтра"),
        (boris, anna, "Мастер уже едет"),
    ):
        await writes.to_contact()
        await writes.write(writes.comment, words)
        await expect(reads.card.locator(".past")).not_to_contain_text(words)
        await writes.save()
        line = reads.card.locator(".timeline li", has_text=words)
        await expect(line).to_be_visible()
        await expect(line).to_contain_text(await name_of(tale, writes.login))
        await expect(line).to_contain_text(tale.t.told(topic))
        await reads.is_clean()
    await anna.to_contact()
    await anna.reach(anna.comment)
    await anna.type(", не раньше 9:00")
    await anna.save()
    await expect(boris.card.locator(".timeline li", has_text="завтра, не раньше 9:00")).to_be_visible()
    await first.hang_up()
    await second.hang_up()


async def name_of(tale: Tale, login: str) -> str:
    user = await tale.database.users.get(login)
    assert user is not None
    return user.name
