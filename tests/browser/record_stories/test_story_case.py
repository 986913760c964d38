"""A case goes to and fro between an operator and a department; and one that nobody does in time."""

from itertools import groupby

import pytest
from playwright.async_api import expect

from callcore.crm.cases.desk import New, actor
from callcore.domain import Login
from callcore.store.case_rows import Status, number_of

from .conftest import Person, Tale

pytestmark = pytest.mark.asyncio(loop_scope="session")
NAME = "Гусев Степан Олегович"
WHY = "Укажите период и номер счёта"


async def count(person: Person, folder: str) -> int:
    """How many his desk shows in this list."""
    shown = await person.page.locator(f"#list-{folder} .count").get_attribute("value")
    return int(shown or 0)


async def counted(person: Person, folder: str, count: int) -> None:
    await expect(person.page.locator(f"#list-{folder} .count")).to_have_attribute("value", str(count))


async def test_rejected_mended_and_sent_again(tale: Tale) -> None:
    """Two browsers: Anna's desk during the call, Boris at the queue of his department."""
    t, desk = tale.t, tale.daemon.office.cases
    customer = await tale.add_customer(NAME)
    anna = await tale.operator()
    caller = await tale.call()
    await anna.has(NAME)
    in_queue, mine = await count(anna, "queue"), await count(anna, "mine")
    await anna.to_contact()
    await anna.enter(anna.panel.locator("a[id^=new-case-]"))
    await anna.enter(anna.dock.get_by_role("link", name=t.told(desk.catalogue.path_title("money.finance"))))
    await anna.write(anna.dock.locator("#f-a-period"), "осень")
    await anna.write(anna.dock.locator("#f-a-demand"), "вернуть деньги")
    await anna.pick(anna.dock.locator("#f-a-answer_by"), "phone")
    await anna.press("Control+Enter")
    line = anna.card.locator(".open-cases li")
    await expect(line).to_contain_text(t.told(desk.catalogue.kinds["money"].stages[0].title))
    await counted(anna, "queue", in_queue + 1)
    case = await tale.case_of(customer.id)
    number = number_of(case.id, case.created_at)

    boris = await tale.person("boris")
    await boris.page.goto(f"{tale.house.stage.url}/cases?folder=queue")
    await boris.enter(boris.page.get_by_role("link", name=number))
    await boris.enter(boris.page.get_by_role("button", name=t("cases.take")))
    await expect(boris.page.get_by_role("button", name=t("cases.take"))).to_have_count(0)
    await counted(anna, "queue", in_queue)
    await boris.enter(boris.page.locator("summary", has_text=t("cases.reject")))
    await boris.reach(boris.page.get_by_label(t("cases.reject_why")))
    await boris.type(WHY)
    await boris.is_clean(frame=False)
    await boris.press("Control+Enter")
    await expect(boris.page.locator(".case-history")).to_contain_text(WHY)

    await expect(line.locator(".mark.bad")).to_have_text(t("facts.rejected"))
    await counted(anna, "mine", mine + 1)
    await expect(anna.page.locator("#work-lists .mark.bad")).to_have_text(t("cases.returned", n=1))
    await anna.is_clean()
    await anna.to_contact()
    await anna.enter(line.get_by_role("link"))
    await expect(anna.dock.locator(".case-history")).to_contain_text(WHY)
    await anna.write(anna.dock.locator("#f-a-period"), "октябрь, счёт 77")
    await anna.is_clean()
    await anna.press("Control+Enter")
    await expect(line.locator(".mark.bad")).to_have_count(0)
    await counted(anna, "mine", mine)

    await counted(anna, "queue", in_queue + 1)
    case = await desk.get(number)
    assert (case.status, case.form["period"]) == (Status.dispatch, "октябрь, счёт 77")
    await boris.page.goto(f"{tale.house.stage.url}/cases/{number}")
    await expect(boris.page.locator("#f-a-period")).to_have_value("октябрь, счёт 77")
    await boris.is_clean(frame=False)
    acts = [each.act for each in await desk.history(case) if each.act in ("send", "take", "reject")]
    assert [act for act, _ in groupby(acts)] == ["send", "take", "reject", "send"]
    await caller.hang_up()


async def test_an_overdue_stage_escalates(tale: Tale) -> None:
    """The clock is set forward: the case is overdue on every desk and in the list, and the head is told."""
    t, desk = tale.t, tale.daemon.office.cases
    customer = await tale.add_customer(NAME)
    anna = await tale.operator()
    caller = await tale.call()
    await anna.has(NAME)
    form = {"address": "пер. Речной, 3", "what": "кабель", "danger": "no"}
    case = await desk.create(
        New("repair.field", customer.id, form), actor(Login("anna"), "operator"), send=True
    )
    due = anna.card.locator(".open-cases .due")
    await expect(due).to_be_visible()
    await expect(due).to_have_class("due")
    vera = await tale.operator("vera", "103")
    late = await count(vera, "overdue")
    await counted(anna, "overdue", late)

    await tale.hours_pass(4, minutes=1)
    desk.changed()  # the case clock looks at the time anew, as it does once a minute
    for person in (anna, vera):
        await expect(person.page.locator("#list-overdue .count")).not_to_have_attribute("value", str(late))
        await expect(person.page.locator("#list-overdue .count")).to_have_class("count bad")
    await expect(due).to_have_class("due overdue")
    await anna.is_clean()
    assert ("responsible", "") in await told(tale, case.id)

    await tale.hours_pass(4)
    desk.changed()

    async def is_escalated() -> bool:
        return ("head", "vera") in await told(tale, case.id)

    await tale.until(is_escalated)
    await vera.enter(vera.page.locator("#list-overdue"))
    await expect(vera.title).to_have_text(t("cases.title"))
    number = number_of(case.id, case.created_at)
    row = vera.dock.locator("tr.overdue", has_text=number)
    await expect(row).to_contain_text(t.told(desk.catalogue.kinds["damage"].title))
    await vera.is_clean()
    await vera.enter(row.get_by_role("link", name=number))
    await expect(vera.dock.locator(".case-head.overdue")).to_be_visible()
    await expect(vera.dock.locator(".case-history")).to_contain_text("Вера Павлова")
    await vera.is_clean()
    await caller.hang_up()


async def told(tale: Tale, case: int) -> list[tuple[str, str]]:
    """Alarms by the case's history: whom they are for, and which people that is."""
    entries = await tale.database.cases.history(case)
    return [(e.was, e.became) for e in entries if e.field == "told"]
