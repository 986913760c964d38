"""A letter on a saved interaction goes along with its case; a power of attorney goes to the contract, too."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from callcore.store.attachments import Owner, OwnerKind
from callcore.store.case_rows import number_of

from .conftest import Person, Tale

pytestmark = pytest.mark.asyncio(loop_scope="session")
NAME = "Лебедев Михаил Юрьевич"
LETTER = "Письмо Лебедева.pdf"
POWER = "Доверенность.pdf"


async def attach(person: Person, file: Path, kind: str) -> None:
    """By the form of the record's page: the file by its chooser, the kind by arrows."""
    field = person.dock.locator("#f-file")
    await person.reach(field)
    async with person.page.expect_file_chooser() as chooser:
        await person.press("Enter")
    await (await chooser.value).set_files(file)
    await person.pick(person.dock.locator("#f-kind"), kind)
    await person.enter(person.dock.get_by_role("button", name=person.t("files.add"), exact=True))
    line = person.dock.locator(".files li", has_text=file.name)
    await expect(line).to_contain_text(person.t(f"files.kind_{kind}"))


async def test_a_letter_goes_along(tale: Tale, tmp_path: Path) -> None:
    t, catalogue = tale.t, tale.daemon.office.cases.catalogue
    for name in (LETTER, POWER):
        (tmp_path / name).write_bytes(b"%PDF-1.4\n" + name.encode())
    customer = await tale.add_customer(NAME)
    anna = await tale.operator()
    caller = await tale.call()
    await anna.has(NAME)
    await anna.to_contact()
    await anna.write(anna.comment, "Прислал письмо")
    record = await anna.save()
    await anna.enter(anna.panel.get_by_role("link", name=t("topics.record")))
    await expect(anna.title).to_have_text(t("interaction.title", number=record))
    await attach(anna, tmp_path / LETTER, "letter")
    await attach(anna, tmp_path / POWER, "power_of_attorney")
    await anna.is_clean()

    await anna.reach(anna.dock.get_by_role("link", name=t("interaction.case")), "Shift+Tab")
    await anna.press("Enter")
    await anna.enter(anna.dock.get_by_role("link", name=t.told(catalogue.path_title("money.finance"))))
    await anna.write(anna.dock.locator("#f-a-period"), "октябрь")
    await anna.write(anna.dock.locator("#f-a-demand"), "как в письме")
    await anna.pick(anna.dock.locator("#f-a-answer_by"), "letter")
    await anna.press("Control+Enter")
    line = anna.card.locator(".open-cases li")
    await expect(line).to_contain_text(t.told(catalogue.kinds["money"].title))

    await anna.to_contact()
    await anna.enter(line.get_by_role("link"))
    files = anna.dock.locator("section", has=anna.page.get_by_role("heading", name=t("cases.files")))
    await expect(files.get_by_role("link", name=LETTER)).to_be_visible()
    await anna.is_clean()
    case = await tale.case_of(customer.id)
    number = number_of(case.id, case.created_at)
    kept = tale.database.attachments
    assert {each.name for each in await kept.of(Owner(OwnerKind.case, number))} == {LETTER, POWER}
    assert {each.name for each in await kept.of(Owner(OwnerKind.customer, str(customer.id)))} == {POWER}
    await anna.press("Escape")
    await anna.to_contact()
    await anna.enter(anna.card.get_by_role("link", name=t("customer.part_documents")))
    await expect(anna.dock.get_by_role("link", name=POWER)).to_be_visible()
    await expect(anna.dock.get_by_role("link", name=LETTER)).to_have_count(0)
    await anna.is_clean()
    await caller.hang_up()
