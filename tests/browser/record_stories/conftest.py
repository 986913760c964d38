"""Whole stories at real desks: SIP caller, Asterisk, callcore and one Chromium window for each person.

Each story is told in both languages, by keyboard alone. ``Person`` types; ``Tale`` is the house around him.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from callcore.app import Daemon
from callcore.assembly.wiring import topic_choices
from callcore.domain import CallId, Customer, CustomerId, Language, Login
from callcore.floor.clock import SteadyClock
from callcore.rights import Role
from callcore.screenpop.ports import DeskRefused
from callcore.store.case_rows import Case
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.interactions import Interaction
from callcore.testing.house import PASSWORD, PEOPLE, House
from callcore.testing.lab import Answer, Caller, HangUp, Hear, Press, Step, Until
from callcore.testing.lab.browser import chromium
from callcore.testing.stage import QUEUES, Stage
from callcore.web.context import WEB
from callcore.web.i18n import Texts
from callcore.web.pages import TopicChoice
from callcore.web.render import texts_of

EXPECTED = ("WebSocket connection", "Failed to load resource")
"""What the browser says of a cut line and of a refused form."""
MOST_TABS = 150
"""Presses of Tab on the way to anything."""
SELECT = "[aria-selected=true]"


def menu(*keys: str) -> tuple[Step, ...]:
    """A caller who barges into the menu with these keys, and stays until told to hang up."""
    steps: list[Step] = []
    for key in keys:
        steps += [Hear(), Press(key)]
    return (*steps, Until(), HangUp())


TO_FINANCE = menu("4", "1")
TO_CONNECT = menu("1", "4")
TELESALES = "telesales"
"""Where a company that is nobody's customer is put through to."""


class PushedClock(SteadyClock):
    """The daemon's clock, which a test sets forward."""

    def __init__(self) -> None:
        self._ahead = timedelta()
        super().__init__(wall=lambda: datetime.now(UTC) + self._ahead)

    def push(self, **how_long: float) -> None:
        self._ahead += timedelta(**how_long)
        self.adjust()


@dataclass
class Person:
    """Somebody before his browser, who knows only its keys."""

    page: Page
    login: str
    t: Texts

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def type(self, text: str) -> None:
        await self.page.keyboard.type(text)

    async def reach(self, what: Locator, key: str = "Tab") -> None:
        """Walk there by Tab."""
        await expect(what).to_be_visible()
        for _ in range(MOST_TABS):
            if await what.evaluate("node => node === document.activeElement"):
                return
            await self.page.keyboard.press(key)
        where = await self.page.evaluate("document.activeElement.outerHTML.slice(0, 300)")
        raise AssertionError(f"{self.login} does not reach {what} by {key}; he is at {where}")

    async def enter(self, what: Locator, key: str = "Tab") -> None:
        """Walk to a button or link, and press it."""
        await self.reach(what, key)
        await self.page.keyboard.press("Enter")

    async def write(self, what: Locator, text: str, key: str = "Tab") -> None:
        """Walk to a field, and type over what is in it."""
        await self.reach(what, key)
        await self.press("Control+A", "Delete")
        await self.type(text)

    async def pick(self, what: Locator, value: str, key: str = "Tab") -> None:
        """Walk to a list, and go down to this value."""
        await self.reach(what, key)
        values = await what.evaluate("node => [...node.options].map(option => option.value)")
        await self.press("Home", *["ArrowDown"] * values.index(value))
        await expect(what).to_have_value(value)

    async def is_clean(self, *, frame: bool = True) -> None:
        """axe finds nothing; at 1280 × 720 nothing scrolls to the side, nor the desk's frame at all."""
        found = await Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()
        assert await self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if frame:
            assert await self.page.evaluate("document.documentElement.scrollHeight <= innerHeight")

    # --- his desk

    @property
    def panel(self) -> Locator:
        """The contact in front."""
        return self.page.locator(".panel:not([hidden])")

    @property
    def card(self) -> Locator:
        return self.panel.locator("article.card")

    @property
    def dock(self) -> Locator:
        """The panel beside the contact."""
        return self.page.locator("#dock")

    @property
    def title(self) -> Locator:
        return self.dock.locator(".panel-title")

    @property
    def comment(self) -> Locator:
        """Of the topic that is written last."""
        return self.panel.locator("textarea[name=comment]").last

    @property
    def topic(self) -> Locator:
        return self.panel.locator("input.topic").last

    async def call_id(self) -> str:
        call = await self.panel.get_attribute("data-call")
        assert call
        return call

    async def has(self, name: str) -> str:
        """The card of this customer is in front; gives the call's id."""
        await expect(self.card.get_by_role("heading", name=name)).to_be_visible()
        return await self.call_id()

    async def to_contact(self) -> None:
        """To the tab of the contact in front, from where everything of it is reached by Tab."""
        tabs = self.page.locator("#tabs [role=tab]")
        selected = [await each.get_attribute("aria-selected") for each in await tabs.all()]
        await self.press(f"Alt+{selected.index('true') + 1}")
        await expect(self.page.locator(f"#tabs {SELECT}")).to_be_focused()

    async def choose_topic(self, typed: str, label: str) -> None:
        """By a few letters."""
        await self.write(self.topic, typed)
        await expect(self.page.locator("#topic-list li").first).to_contain_text(label)
        await self.press("Enter")
        await expect(self.topic).to_have_value(label)

    async def save(self) -> int:
        """``Ctrl+S`` on the last topic, those before it saved; the record number that he sees."""
        await self.press("Control+S")
        chips = self.panel.locator(".contact .chip.live")
        topics = await self.panel.locator("form[data-draft]").count()
        await expect(chips).to_have_count(topics)
        return int("".join(filter(str.isdigit, await chips.last.inner_text())))

    async def is_told(self, words: str) -> None:
        await expect(self.page.locator("#toast")).to_contain_text(words)


@dataclass
class Theatre:
    """One house for all stories of a worker: what costs seconds to start."""

    stage: Stage
    browser: Browser
    clock: PushedClock
    folder: Path
    count: int = 0


@dataclass
class Tale:
    """One story: its people's windows, callers and phones, and what browsers complained of."""

    house: House
    browser: Browser
    language: Language
    stack: AsyncExitStack
    clock: PushedClock
    n: int = 0
    faults: list[str] = field(default_factory=list)
    on_shift: list[Login] = field(default_factory=list)

    @property
    def t(self) -> Texts:
        return texts_of(self.language)

    @property
    def daemon(self) -> Daemon:
        assert self.house.stage.daemon is not None
        return self.house.stage.daemon

    @property
    def database(self) -> Database:
        return self.house.database

    async def hours_pass(self, hours: int, minutes: int = 0) -> None:
        """The clock is set forward; on the way open pages count as use of their sessions."""
        for _ in range(hours):
            self.clock.push(hours=1)
            await self.daemon.web[WEB].sweep()
        self.clock.push(minutes=minutes)

    # --- who calls

    def number(self, m: int = 0) -> str:
        """Of this story alone, as a caller shows it."""
        return f"7900001{self.n:03}{m}"

    async def add_customer(self, name: str, m: int = 0, **more: Any) -> Customer:
        """Of this story alone, calling from ``number(m)``."""
        contract = f"СТ-{self.n:03}-{m}"
        values = {"numbers": (f"+{self.number(m)}",), **more}
        await self.database.customers.add_many([NewCustomer(contract, name, **values)], self.clock.now())
        found = await self.database.customers.by_contract(contract)
        assert found is not None
        return found

    async def call(self, steps: tuple[Step, ...] = TO_FINANCE, m: int = 0) -> Caller:
        return await self.house.call(*steps, number=self.number(m))

    # --- who answers

    async def window(self) -> BrowserContext:
        context = await self.browser.new_context(
            viewport={"width": 1280, "height": 720},
            locale="ru-RU" if self.language == "ru" else "en-GB",
            timezone_id="Europe/Moscow",
        )
        self.stack.push_async_callback(context.close)
        return context

    async def person(self, login: str, context: BrowserContext | None = None) -> Person:
        """Signed in by keyboard, in a window of his own."""
        page = await (context or await self.window()).new_page()
        self.listen(page)
        await page.goto(self.house.stage.url)
        await expect(page.locator("input[name=login]")).to_be_focused()
        await page.keyboard.type(login)
        await page.keyboard.press("Tab")
        await page.keyboard.type(PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/desk")
        await expect(page.locator("html")).to_have_attribute("lang", self.language)
        return Person(page, login, self.t)

    def listen(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda line: self._heard(line.type, line.text))
        page.on("filechooser", lambda _: None)  # from now on; asked for later, a quick key would be faster

    def _heard(self, kind: str, text: str) -> None:
        if kind == "error" and not text.startswith(EXPECTED):
            self.faults.append(text)

    async def operator(self, login: str = "anna", number: str = "101") -> Person:
        """Signed in at his phone, which answers, and ready."""
        person = await self.person(login)
        self.on_shift.append(Login(login))
        await self.house.phone(number, Answer(after_seconds=0.3))
        await person.enter(person.page.get_by_role("button", name=f"PJSIP/{number}"))
        await person.page.get_by_role("button", name=self.t("do.ready")).wait_for()
        await person.press("F2")
        await self.house.member(number, "Not in use")
        return person

    # --- what is there

    async def written(self, call: str) -> tuple[Interaction, ...]:
        return await self.database.interactions.of_call(CallId(call))

    async def case_of(self, customer: CustomerId) -> Case:
        """The newest one, once there is one."""

        async def is_there() -> bool:
            return bool(await self.database.cases.of_customer(customer))

        await self.until(is_there)
        line = max(await self.database.cases.of_customer(customer), key=lambda each: each.id)
        case = await self.database.cases.get(line.id)
        assert case is not None
        return case

    def topic(self, code: str) -> TopicChoice:
        return next(each for each in topic_choices(self.daemon.settings) if each.code == code)

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        await self.house.until(condition)

    async def end(self) -> None:
        """Everybody hangs up and goes home; what was typed and not saved is nobody's next story."""
        await self.house.stage.lab.console("channel request hangup all")
        left: set[Login] = set()

        async def have_left() -> bool:
            for login in set(self.on_shift) - left:
                with suppress(DeskRefused):  # while he talks
                    await self.daemon.desks.leave(login)
                    left.add(login)
            return left == set(self.on_shift)

        async def is_written() -> bool:
            return not self.daemon.desks.is_writing

        await self.until(have_left)
        await self.stack.aclose()
        await self.until(is_written)  # the last words of a page are kept a second later
        for login in left:
            for draft in await self.database.drafts.of_login(login):
                await self.database.drafts.keep(replace(draft, topic="", comment=""))


@pytest.fixture(scope="session", autouse=True)
def needs(laboratory: None, prompts: None) -> None:
    """Every test here."""


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def theatre(needs: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Theatre]:
    folder = tmp_path_factory.mktemp("theatre")
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(Stage(folder))
        stage.write_config({"desk": {"wrap_up_seconds": 60}}, is_terse=True)
        await stage.add_people(PEOPLE, queues=(*QUEUES, TELESALES))
        await stage.add_people({"vera": ("Вера Павлова", PASSWORD)}, seeds=False, role=Role.supervisor)
        clock = PushedClock()
        await stage.start(clock)
        browser = await stack.enter_async_context(chromium())
        yield Theatre(stage, browser, clock, folder)


@pytest_asyncio.fixture(loop_scope="session", params=["ru", "en"])
async def tale(theatre: Theatre, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Tale]:
    language: Language = request.param
    theatre.count += 1
    stack = AsyncExitStack()
    house = House(theatre.stage, tmp_path, stack)
    tale = Tale(house, theatre.browser, language, stack, theatre.clock, theatre.count)
    for login in (*PEOPLE, "vera"):
        await tale.database.users.set_language(Login(login), language)
    try:
        yield tale
    finally:
        await tale.end()
    assert tale.faults == []
