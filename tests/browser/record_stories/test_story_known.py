"""A known caller: an urgent note to be read, an open case with its term, the history, the password."""

from datetime import timedelta

import pytest
from playwright.async_api import Locator, expect

from callcore.crm.cases.desk import New, actor
from callcore.domain import Login
from callcore.store.flashes import FlashScope, NewFlash
from callcore.testing.lab import HangUp, Wait
from callcore.web.passwords import hash_password

from .conftest import Tale

pytestmark = pytest.mark.asyncio(loop_scope="session")
NAME = "Соколов Илья Петрович"
ADDRESS = "пер. Речной, 3"
SECRET = "сирень-42"
NOTE = "Обещан обратный звонок до 18:00, не обещать перерасчёт."


async def test_the_card_tells_what_is_urgent_first(tale: Tale) -> None:
    """Note, case, history stand on the card in the order of the desk; the note is confirmed by a key."""
    t, db, now = tale.t, tale.database, tale.clock.now()
    customer = await tale.add_customer(NAME, address=ADDRESS, balance_minor=1_250_00, segment="VIP-3")
    boris = Login("boris")
    note = NewFlash(
        FlashScope.contract, str(customer.id), customer.contract, NOTE, now, now + timedelta(days=2), True
    )
    flash = await db.flashes.add(note, boris, now)
    form = {"period": "октябрь", "demand": "вернуть 300 рублей", "answer_by": "phone"}
    case = await tale.daemon.office.cases.create(
        New("money.finance", customer.id, form), actor(boris, "operator"), send=True
    )
    assert case.due_at is not None
    before = await tale.call((Wait(1), HangUp()))
    await before.wait()

    anna = await tale.operator()
    caller = await tale.call()
    await anna.has(NAME)
    flash_note, cases, past = (anna.card.locator(each) for each in (".flash.bad", ".open-cases", ".past"))
    await expect(flash_note).to_contain_text(NOTE)
    await expect(flash_note).to_contain_text("Борис Смирнов")
    kind = tale.daemon.office.cases.catalogue.kinds["money"]
    await expect(cases).to_contain_text(t.told(kind.title))
    await expect(cases).to_contain_text(t.told(kind.stages[0].title))
    await expect(cases.locator(".due")).to_be_visible()
    lead = anna.card.locator(".lead")
    for word in (customer.contract, "VIP-3", ADDRESS):
        await expect(lead).to_contain_text(word)
    await expect(lead.locator(".money")).to_have_attribute("value", "125000")
    await expect(past.locator("li")).to_have_count(1)
    await expect(past.locator("li")).to_contain_text(t("outcome.abandoned_ivr"))
    tops = [await _top(each) for each in (lead, flash_note, cases, past)]
    assert tops == sorted(tops)
    await anna.is_clean()

    await anna.to_contact()
    await anna.enter(flash_note.get_by_role("button", name=t("facts.read")))
    await expect(anna.card.locator(".flash.warn")).to_contain_text(NOTE)
    await expect(anna.card.get_by_role("button", name=t("facts.read"))).to_have_count(0)
    assert [each.login for each in await db.flashes.readers(flash.id)] == ["anna"]
    await caller.hang_up()


async def test_the_spoken_password_is_checked_and_never_shown(tale: Tale) -> None:
    t = tale.t
    customer = await tale.add_customer(NAME)
    kept = hash_password(SECRET)
    now = tale.clock.now()
    await tale.database.records.set_password_hash(customer.id, f"+{tale.number()}", kept, Login("vera"), now)
    anna = await tale.operator()
    caller = await tale.call()
    await anna.has(NAME)
    await anna.to_contact()
    await anna.enter(anna.card.get_by_role("link", name=t("customer.part_numbers")))
    await expect(anna.title).to_have_text(NAME)
    for said, answer in (("сирень", "customer.password_wrong"), (SECRET, "customer.password_right")):
        sheet = anna.dock.locator(".number-sheet")
        field = sheet.locator(f"#pw-{tale.number()}")
        if not await field.is_visible():
            await anna.enter(sheet.locator("summary", has_text=t("customer.check")))
        await anna.write(field, said)
        await anna.press("Enter")
        await expect(anna.dock.get_by_role("alert")).to_contain_text(t(answer))
        await expect(field).not_to_have_value(said)
    await anna.is_clean()
    whole = await anna.page.content()
    assert SECRET not in whole
    assert kept not in whole
    await anna.press("Escape")
    await expect(anna.dock).to_be_hidden()
    lines = await tale.database.audit.lines(customer=customer.id, login="anna")
    told = [line.subject for line in reversed(lines) if line.subject.startswith("password")]
    assert told == ["password_wrong", "password_right"]
    await caller.hang_up()


async def test_a_task_from_the_card_and_a_cleared_customer(tale: Tale) -> None:
    """A task for a colleague is made beside the contact (D-47); cleared, the caller is nobody's (D-40)."""
    t = tale.t
    customer = await tale.add_customer(NAME)
    anna = await tale.operator()
    caller = await tale.call()
    await anna.has(NAME)
    await anna.to_contact()
    await anna.enter(anna.card.get_by_role("link", name=t("cases.new_task")))
    await expect(anna.title).to_have_text(t("cases.new_task"))
    await anna.write(anna.dock.locator("#f-text"), "Перезвонить насчёт договора")
    await anna.pick(anna.dock.locator("#f-responsible"), "boris")
    await anna.is_clean()
    await anna.press("Control+Enter")
    await anna.is_told(t("cases.task_made"))
    await expect(anna.dock).to_be_hidden()
    await anna.to_contact()
    await anna.enter(anna.card.get_by_role("link", name=t("customer.part_cases")))
    task = anna.dock.locator(".case-task")
    await expect(task).to_contain_text("Перезвонить насчёт договора")
    await expect(task).to_contain_text("Борис Смирнов")
    await anna.is_clean()
    [made] = await tale.database.tasks.of_customer(customer.id)
    assert (made.responsible, made.author) == ("boris", "anna")
    await anna.enter(task.get_by_role("button", name=t("cases.done")))
    await expect(task).to_have_count(0)
    await anna.press("Escape")

    await anna.to_contact()
    await anna.enter(anna.panel.get_by_role("button", name=t("topics.clear")))
    await expect(anna.card.get_by_role("heading", name=NAME)).to_have_count(0)
    await expect(anna.card.locator(".lead")).to_contain_text(t("facts.cleared"))
    await anna.is_clean()
    await anna.enter(anna.panel.get_by_role("button", name=t("topics.unclear")))
    await anna.has(NAME)
    await caller.hang_up()


async def _top(what: Locator) -> float:
    box = await what.bounding_box()
    assert box is not None
    return float(box["y"])
