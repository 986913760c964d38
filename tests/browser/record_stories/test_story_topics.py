"""Several topics in one call, and one call about several contracts."""

import pytest
from playwright.async_api import expect

from .conftest import Tale

pytestmark = pytest.mark.asyncio(loop_scope="session")
NAME, OTHER = "Соколова Вера Ильинична", "Орлова Нина Львовна"
LETTERS = {"ru": "ошиб", "en": "mist"}


async def test_two_topics_are_two_interactions(tale: Tale) -> None:
    """Ready texts by /, the script of each topic, a record number at once, save and close."""
    t = tale.t
    customer = await tale.add_customer(NAME)
    anna = await tale.operator()
    caller = await tale.call()
    call = await anna.has(NAME)
    recalculation, payment = tale.topic("finance.recalculation"), tale.topic("finance.payment")
    await expect(anna.topic).to_have_value(t.told(recalculation.title))
    assert recalculation.script is not None
    await expect(anna.panel.locator(".script")).to_contain_text(t.told(recalculation.script))
    await anna.to_contact()
    await anna.reach(anna.comment)
    await anna.type("/")
    ready = anna.page.locator("#macro-list li")
    await expect(ready.first).to_contain_text(t.told(recalculation.macros[0].title))
    await anna.is_clean()
    await anna.press("Enter")
    assert f" {customer.contract}" in await anna.comment.input_value()
    await anna.type(" Обещан ответ.")
    first = await anna.save()

    await anna.press("Alt+N")
    await expect(anna.panel.locator("input.topic")).to_have_count(2)
    await expect(anna.topic).to_be_focused()
    await anna.choose_topic(LETTERS[tale.language], t.told(payment.title))
    assert payment.script is not None
    await expect(anna.panel.locator(".script").last).to_contain_text(t.told(payment.script))
    await anna.reach(anna.comment)
    await anna.type("Квитанцию принесёт завтра")
    second = await anna.save()
    assert second != first
    await expect(anna.panel.locator(".contact .chip.live")).to_have_count(2)
    await anna.is_clean()
    await anna.type(", до 18:00")
    await caller.hang_up()
    await anna.page.locator(".band.wraps").wait_for()
    await anna.press("Control+Enter")
    await expect(anna.page.locator(f"#panel-{call}")).to_have_count(0)
    written = await tale.written(call)
    assert {each.id: each.topic for each in written} == {
        first: "finance.recalculation",
        second: "finance.payment",
    }
    assert {each.comment for each in written if each.id == second} == {"Квитанцию принесёт завтра, до 18:00"}
    await expect(anna.page.locator(f"#today-{call}")).to_be_visible()


async def test_new_on_another_contract(tale: Tale) -> None:
    """The topic is saved on the first one, and the same contact goes on with the second (D-36)."""
    t = tale.t
    first, other = await tale.add_customer(NAME), await tale.add_customer(OTHER, 1)
    anna = await tale.operator()
    caller = await tale.call()
    call = await anna.has(NAME)
    await anna.to_contact()
    await anna.write(anna.comment, "За октябрь")
    await anna.enter(anna.panel.get_by_role("link", name=t("topics.another")))
    await expect(anna.dock.locator("#q")).to_be_focused()
    await anna.type(tale.number(1))
    await expect(anna.dock.locator("[data-choice]")).to_have_count(1)
    await anna.is_clean()
    await anna.press("Enter")
    await anna.is_told(t("interaction.another_done"))
    await anna.has(OTHER)
    await expect(anna.panel.locator(".contact")).to_contain_text(t("topics.pinned"))
    await anna.choose_topic(LETTERS[tale.language], t.told(tale.topic("finance.payment").title))
    await anna.reach(anna.comment)
    await anna.type("Оплатил не тот договор")
    await anna.save()
    await anna.is_clean()
    await caller.hang_up()
    written = await tale.written(call)
    assert {(each.customer, each.topic, each.comment) for each in written} == {
        (first.id, "finance.recalculation", "За октябрь"),
        (other.id, "finance.payment", "Оплатил не тот договор"),
    }


async def test_an_interaction_is_registered_again(tale: Tale) -> None:
    """Saved on the wrong customer: the record goes to the right one, and its page tells from whom (D-48)."""
    t = tale.t
    first, other = await tale.add_customer(NAME), await tale.add_customer(OTHER, 1)
    anna = await tale.operator()
    caller = await tale.call()
    await anna.has(NAME)
    await anna.to_contact()
    await anna.write(anna.comment, "Звонил сосед")
    record = await anna.save()
    await anna.enter(anna.panel.get_by_role("link", name=t("topics.record")))
    await expect(anna.title).to_have_text(t("interaction.title", number=record))
    await anna.write(anna.dock.locator("#f-contract"), "ЗР-999999")
    await anna.write(anna.dock.locator("#f-why"), "звонил сосед")
    await anna.press("Control+Enter")
    await expect(anna.dock.get_by_role("alert")).to_contain_text(
        t("interaction.no_customer", contract="ЗР-999999")
    )
    await expect(anna.dock.locator("#f-contract")).to_be_focused()
    await expect(anna.dock.locator("#f-why")).to_have_value("звонил сосед")
    await anna.is_clean()
    await anna.press("Control+A")
    await anna.type(other.contract)
    await anna.write(anna.dock.locator("#f-number"), "")
    await anna.press("Control+Enter")
    changes = anna.dock.locator(".changes li")
    await expect(changes).to_have_count(1)
    for word in (first.name, other.name, "звонил сосед"):
        await expect(changes).to_contain_text(word)
    await anna.is_clean()
    kept = await tale.database.interactions.get(record)
    assert kept is not None
    assert (kept.customer, kept.number) == (other.id, None)
    await caller.hang_up()
