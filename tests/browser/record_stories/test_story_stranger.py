"""A stranger becomes a prospective customer with the mandatory case; or leaves but a name and a phone."""

import pytest
from playwright.async_api import expect

from callcore.domain import NULL_CUSTOMER
from callcore.numbers import format_national
from callcore.store.case_rows import Status

from .conftest import TO_CONNECT, Tale

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_company_that_wants_to_connect(tale: Tale) -> None:
    """Customer and case are made beside the contact; what is missing is named, what was typed stays."""
    t, catalogue = tale.t, tale.daemon.office.cases.catalogue
    anna = await tale.operator()
    caller = await tale.call(TO_CONNECT)
    await expect(anna.card.locator(".lead")).to_contain_text(t("card.not_in_base"))
    await expect(anna.panel.locator(".script")).to_be_visible()
    await anna.to_contact()
    await anna.enter(anna.card.get_by_role("link", name=t("facts.new_prospect")))
    await expect(anna.dock.locator("#f-name")).to_be_focused()
    await expect(anna.dock.locator("#f-number")).to_have_value(format_national(f"+{tale.number()}", "RU"))
    await anna.type("ООО «Вектор»")
    await anna.write(anna.dock.locator("#f-person"), "Иванова Дарья")
    await anna.write(anna.dock.locator("#f-email"), "vektor")
    await anna.press("Control+Enter")
    await expect(anna.dock.get_by_role("alert")).to_contain_text(t("customer.bad_email"))
    await expect(anna.dock.locator("#f-email")).to_be_focused()
    await expect(anna.dock.locator("#f-name")).to_have_value("ООО «Вектор»")
    await anna.is_clean()
    await anna.press("Control+A")
    await anna.type("office@vektor.example.ru")
    await anna.press("Control+Enter")
    await anna.is_told(t("customer.prospect_added"))
    await expect(anna.card.get_by_role("heading", name="ООО «Вектор»")).to_be_visible()
    await expect(anna.card.locator(".lead")).to_contain_text(t("facts.prospect"))
    await expect(anna.dock).to_be_hidden()

    await anna.to_contact()
    await anna.write(anna.comment, "Хочет номер 8-800")
    record = await anna.save()
    await anna.enter(anna.panel.locator("a[id^=new-case-]"))
    offered = anna.dock.get_by_role("link", name=t.told(catalogue.path_title("connect.company")))
    await anna.enter(offered)
    await expect(anna.title).to_have_text(t.told(catalogue.kinds["prospect"].title))
    form = {code: anna.dock.locator(f"#f-a-{code}") for code in ("company", "address", "person", "business")}
    await expect(form["company"]).to_have_value("ООО «Вектор»")
    await expect(form["person"]).to_have_value("Иванова Дарья")
    await expect(anna.dock.locator("#f-a-phone")).to_have_value(f"+{tale.number()}")
    await expect(anna.dock.locator("#f-a-email")).to_have_value("office@vektor.example.ru")
    await anna.write(form["business"], "грузоперевозки")
    await anna.press("Control+Enter")
    title = catalogue.kinds["prospect"].form.title("address")
    await expect(anna.dock.get_by_role("alert")).to_be_visible()
    await expect(form["address"]).to_have_attribute("aria-invalid", "true")
    await expect(form["address"]).to_be_focused()
    await expect(anna.dock.get_by_label(t.told(title)).first).to_be_focused()
    await expect(form["business"]).to_have_value("грузоперевозки")
    await anna.is_clean()
    await anna.type("г. Заречинск, ул. Новая, 1")
    await anna.press("Control+Enter")
    await anna.is_told(t("cases.was_sent", number="C-2")[:7])
    [written] = await tale.written(await anna.call_id())
    assert written.customer is not None
    case = await tale.case_of(written.customer)
    assert (case.status, case.interaction, case.topic) == (Status.dispatch, record, "corporate.connect")
    assert case.form["business"] == "грузоперевозки"
    customer = await tale.database.records.get(case.customer)
    assert customer is not None
    assert (customer.is_prospective, customer.name) == (True, "ООО «Вектор»")
    line = anna.card.locator(".open-cases li")
    await expect(line).to_contain_text(t.told(catalogue.kinds["prospect"].title))
    await expect(line.locator(".due")).to_be_visible()
    await anna.is_clean()
    assert (written.id, written.comment) == (record, "Хочет номер 8-800")
    await caller.hang_up()


async def test_somebody_who_leaves_only_a_name_and_a_phone(tale: Tale) -> None:
    """0 is nobody's card; the case lies on it, and what to say to him stands at the field."""
    t, catalogue = tale.t, tale.daemon.office.cases.catalogue
    anna = await tale.operator()
    caller = await tale.call(TO_CONNECT)
    await expect(anna.card.locator(".lead")).to_contain_text(t("card.not_in_base"))
    await anna.press("Control+K")
    await expect(anna.dock.locator("#q")).to_be_focused()
    await anna.type("0")
    await expect(anna.dock.locator("[data-choice]")).to_have_count(1)
    await anna.press("Enter")
    await expect(anna.card.get_by_role("heading", level=2)).to_have_text(t("customer.null"))
    await expect(anna.dock).to_be_hidden()
    await expect(anna.page.locator("#tabs [aria-selected=true] bdi")).to_have_text(t("customer.null"))
    await anna.is_clean()

    await anna.to_contact()
    await anna.enter(anna.panel.locator("a[id^=new-case-]"))
    for level in ("connect", "connect.call_me"):
        node = catalogue.node(level)
        assert node is not None
        await anna.enter(anna.dock.locator(f"ul.queue-tiles a[href*='queue={level}']"))
    await expect(anna.dock).to_contain_text(t("cases.on_null"))
    phone = catalogue.kinds["call_me"].form.fields[1]
    assert phone.help is not None
    await expect(anna.dock).to_contain_text(t.told(phone.help))
    await expect(anna.dock.locator("#f-a-phone")).to_have_value(f"+{tale.number()}")
    await anna.press("Control+Enter")
    await expect(anna.dock.locator("#f-a-name")).to_be_focused()
    await anna.is_clean()
    await anna.type("Сергей")
    await anna.press("Control+Enter")
    await anna.is_told(t("cases.was_sent", number="C-2")[:7])
    case = await tale.case_of(NULL_CUSTOMER)
    assert dict(case.form) == {"name": "Сергей", "phone": f"+{tale.number()}"}
    await anna.write(anna.comment, "Оставил только имя")
    await anna.save()
    [written] = await tale.written(await anna.call_id())
    assert written.customer == NULL_CUSTOMER
    await caller.hang_up()
