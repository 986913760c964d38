"""Each way in which Anna can hand her caller to Boris: his page has the caller's number, topic, history, and
what Anna wrote, while his telephone still rings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
import pytest_asyncio
import yaml
from playwright.async_api import Browser, Locator, Page, expect

from callcore import config
from callcore.commands.pbx_files import transfers
from callcore.domain import CallId, Login
from callcore.ivr.dialplan import render_transfers
from callcore.testing.house import PASSWORD, PEOPLE, TO_FINANCE, House
from callcore.testing.lab import Caller, SoftCall, Softphone
from callcore.testing.recording.studio import FEATURES
from callcore.testing.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

VERSIONS = [pytest.param(one, marks=pytest.mark.xdist_group(f"kinds-{one}")) for one in (22, 16)]
CODE = "*55"
COMMENT = "Двойное списание за октябрь."
TOPIC = "Перерасчёт"


@dataclass(frozen=True)
class Customer:
    """``before``: what stands in his history."""

    number: str
    shown: str
    name: str
    before: str


CUSTOMERS = (
    Customer(
        "79000000110",
        "8 (900) 000-01-10",
        "Лебедев Михаил Андреевич",
        "Телефон потерян: номер заблокирован, сим-карту заберёт в офисе.",
    ),
    Customer("79000000316", "8 (900) 000-03-16", "Ильин Кирилл Евгеньевич", "Перезагрузка роутера помогла."),
    Customer(
        "79000000303",
        "8 (900) 000-03-03",
        "Белова Екатерина Михайловна",
        "Объяснена плата за октябрь, вопросов нет.",
    ),
)
"""They call in turn: a card shows the newest of a history."""


@dataclass
class Pair:
    house: House
    anna: Page
    boris: Page
    hers: Softphone
    his: Softphone


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=VERSIONS, ids="asterisk{}".format)
async def pair(
    request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pair]:
    """Both at their desks with telephones in their hands; finance may be handed to at any hour."""
    folder = tmp_path_factory.mktemp("kinds")
    async with AsyncExitStack() as stack:
        extra = {"features.conf": FEATURES}
        stage = await stack.enter_async_context(Stage(folder, version=request.param, extra_files=extra))
        stage.write_config({"desk": {"wrap_up_seconds": 600}}, is_terse=True)
        file = stage.config_file.with_name("departments.yaml")
        top = yaml.safe_load(file.read_text(encoding="utf-8"))
        always = {"hours": "always", "holidays": {"country": "none"}}
        top["departments"]["finance"] |= {"transfer_code": CODE, **always}
        file.write_text(yaml.safe_dump(top, allow_unicode=True), encoding="utf-8")
        top = yaml.safe_load(stage.config_file.read_text(encoding="utf-8"))
        top["pbx"]["main"]["phone_transfers"] = True
        stage.config_file.write_text(yaml.safe_dump(top, allow_unicode=True), encoding="utf-8")
        printed = render_transfers(transfers(config.load(stage.config_file)))
        with (folder / "dialplan" / "callcore.conf").open("a", encoding="utf-8") as include:
            include.write(printed.replace(";include => internal", "include => phones"))
            include.write("\n[globals](+)\nCALLCORE_KEYS=t\n")
        await stage.lab.console("dialplan reload")
        await stage.add_people({**PEOPLE, "olga": ("Ольга Белова", PASSWORD)})
        await stage.add_work()
        await stage.start()
        phones = [
            await stack.enter_async_context(Softphone(n, stage.lab.phone_port(n), stage.lab.sip_port))
            for n in ("101", "102")
        ]
        pages = [
            await signed_in(browser, stage, login, n) for login, n in (("anna", "101"), ("boris", "102"))
        ]
        yield Pair(House(stage, folder, stack), *pages, *phones)
        for page in pages:
            await page.context.close()


async def signed_in(browser: Browser, stage: Stage, login: str, number: str) -> Page:
    context = await browser.new_context(viewport={"width": 1280, "height": 720}, locale="ru-RU")
    page = await context.new_page()
    await page.goto(stage.url)
    await page.locator("input[name=login]").fill(login)
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/desk")
    await page.get_by_role("button", name=f"PJSIP/{number}").click()
    return page


async def is_ready(pair: Pair, page: Page, number: str) -> None:
    await page.locator("[data-f2], #to-ready").first.click()
    await pair.house.member(number, "Not in use")


async def by_page(pair: Pair, query: str, key: str) -> None:
    await pair.anna.keyboard.press("F6")
    field = pair.anna.locator("#hand-query")
    await expect(field).to_be_focused()
    await field.press_sequentially(query)
    wanted = "Финансовая группа" if query == "финанс" else "Борис Смирнов"
    await expect(pair.anna.locator(".offer").first).to_contain_text(wanted)
    await pair.anna.keyboard.press(key)


async def by_phone(pair: Pair, call: SoftCall, way: str) -> None:
    """After what she typed has left her page."""
    desks, anna = pair.house.stage.daemon.desks, Login("anna")  # type: ignore[union-attr]

    async def is_typed() -> bool:
        desk = desks.view(anna)
        return any(tab.words.draft.comment == COMMENT for tab in desk.tabs) if desk else False

    await pair.house.until(is_typed)
    if way == "refer":
        assert await call.refer(CODE) < 300
    else:
        await call.key(way + CODE)


async def shows(pair: Pair, id: CallId, who: Customer) -> Locator:
    """Boris' page, while his telephone rings."""
    band, card = pair.boris.locator(".band.rings"), pair.boris.locator(f"#card-{id}")
    for place in (band, card):
        await expect(place).to_contain_text(who.shown)
        await expect(place.locator(".handed")).to_contain_text("Анна Кузнецова")
        await expect(place.locator(".handed")).to_contain_text(TOPIC)
        await expect(place.locator(".handed .words")).to_have_text(COMMENT)
    await expect(card.locator("h2")).to_have_text(who.name)
    await expect(card.locator(".timeline")).to_contain_text(who.before)
    await expect(band).to_be_visible()
    return card


KINDS = ["blind", "asked", "blind to him", "asked him", "three-way", "refer", "#1", "*2"]


async def talking(pair: Pair, who: Customer) -> tuple[Caller, SoftCall, CallId]:
    """Anna talks with him, has typed what it is about, and Boris is free."""
    house = pair.house
    await is_ready(pair, pair.anna, "101")
    caller = await house.call(*TO_FINANCE, number=who.number)
    call = await pair.hers.incoming()
    await call.answer()
    await house.talk()
    [id] = house.stage.daemon.floor.tracker.calls  # type: ignore[union-attr]
    await pair.anna.locator("form[data-draft] textarea").first.fill(COMMENT)
    await is_ready(pair, pair.boris, "102")
    return caller, call, id


async def over(pair: Pair, caller: Caller, his: SoftCall) -> None:
    await caller.hang_up()
    await his.ended()
    await expect(pair.boris.locator("#bands .wraps")).to_be_visible()


@pytest.mark.parametrize("kind", KINDS)
async def test_the_card_is_there_while_it_rings(pair: Pair, kind: str) -> None:
    who = CUSTOMERS[KINDS.index(kind) % len(CUSTOMERS)]
    caller, call, id = await talking(pair, who)
    match kind:
        case "blind":
            await by_page(pair, "финанс", "Shift+Enter")
        case "asked":
            await by_page(pair, "финанс", "Enter")
        case "blind to him":
            await by_page(pair, "борис", "Shift+Enter")
        case "asked him" | "three-way":
            await by_page(pair, "борис", "Enter")
        case way:
            await by_phone(pair, call, way)
    theirs = await pair.his.incoming()
    card = await shows(pair, id, who)
    await theirs.answer()
    match kind:
        case "asked" | "asked him":
            await pair.anna.get_by_role("button", name="Соединить").click()
        case "three-way":
            await pair.anna.get_by_role("button", name="Втроём").click()
            await expect(pair.anna.locator("#bands .talks")).to_contain_text("втроём", ignore_case=True)
            await call.hang_up()
        case "*2":
            await call.hang_up()
    await call.ended()
    await expect(pair.boris.locator("#bands .talks")).to_contain_text(who.name)
    await expect(card.locator(".handed .words")).to_have_text(COMMENT)
    await over(pair, caller, theirs)


@pytest.mark.parametrize("kind", ["refer", "attended"])
async def test_a_transfer_to_a_mere_telephone_has_the_card_without_words(pair: Pair, kind: str) -> None:
    """Anna dials the number of Boris' own telephone: he has the card as he hears him."""
    who = CUSTOMERS[2]
    caller, call, id = await talking(pair, who)
    if kind == "refer":
        assert await call.refer("102") < 300
        theirs = await pair.his.incoming()
        await expect(pair.boris.locator(".band.rings")).to_contain_text(who.shown)
        await theirs.answer()
    else:
        await call.hold()
        consultation = await pair.hers.dial("102")
        theirs = await pair.his.incoming()
        await theirs.answer()
        await consultation.answered()
        assert await call.refer_attended(consultation) < 300
    card = pair.boris.locator(f"#card-{id}")
    await expect(card.locator("h2")).to_have_text(who.name)
    await expect(card).to_contain_text(who.shown)
    await expect(card.locator(".timeline")).to_contain_text(who.before)
    await expect(card.locator(".handed")).to_have_count(0)
    await expect(pair.boris.locator("#bands .talks")).to_contain_text(TOPIC)
    await over(pair, caller, theirs)
