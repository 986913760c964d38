"""What is typed survives: another pop, a cut line, a reload, a killed tab, a killed daemon."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Page, WebSocketRoute, expect

from callcore.domain import Language
from callcore.testing.house import PEOPLE, House
from callcore.testing.lab.browser import chromium
from callcore.testing.stage import Stage

from .conftest import TO_FINANCE, Person, PushedClock, Tale

pytestmark = pytest.mark.asyncio(loop_scope="session")
NAME, OTHER = "Белов Андрей Ильич", "Emily Carter"
SEEDED = "Лебедев Михаил Андреевич"
FIRST, SECOND = "Начал писать и не", "Второй вопрос, тоже не"
FORM = "Степан Разин"


class Line:
    """The page's line to the server, which a test cuts."""

    def __init__(self) -> None:
        self._open: list[tuple[WebSocketRoute, WebSocketRoute]] = []

    async def watch(self, page: Page) -> None:
        await page.route_web_socket("**/desk/live*", self._connect)

    def _connect(self, mine: WebSocketRoute) -> None:
        self._open.append((mine, mine.connect_to_server()))

    async def cut(self) -> None:
        for mine, server in self._open:
            await server.close()
            await mine.close(code=1012)
        self._open.clear()

    @property
    def is_open(self) -> bool:
        return bool(self._open)


async def write_everywhere(person: Person) -> None:
    """Two topics' comments, and a form in the panel, nothing of it saved."""
    await person.to_contact()
    await person.write(person.comment, FIRST)
    await person.press("Alt+N")
    await expect(person.panel.locator("textarea[name=comment]")).to_have_count(2)
    await expect(person.topic).to_be_focused()
    await person.reach(person.comment)
    await person.type(SECOND)
    await person.enter(
        person.card.get_by_role("link", name=person.t("facts.find")).or_(
            person.card.get_by_role("link", name=person.t("facts.other"))
        ),
        "Shift+Tab",
    )
    await person.enter(person.dock.get_by_role("link", name=person.t("customer.new")))
    await expect(person.dock.locator("#f-name")).to_be_focused()
    await person.type(FORM)


async def comments(person: Person) -> None:
    texts = person.panel.locator("textarea[name=comment]")
    await expect(texts).to_have_count(2)
    await expect(texts.first).to_have_value(FIRST)
    await expect(texts.last).to_have_value(SECOND)


async def form(person: Person) -> None:
    await expect(person.dock.locator("#f-name")).to_have_value(FORM)


async def open_form_again(person: Person) -> None:
    await person.to_contact()
    await person.enter(person.card.get_by_role("link", name=person.t("facts.other")))
    await person.enter(person.dock.get_by_role("link", name=person.t("customer.new")))
    await expect(person.dock.locator(".kept")).to_contain_text(person.t("kit.kept"))


async def test_a_pop_and_a_cut_line(tale: Tale) -> None:
    await tale.add_customer(NAME)
    await tale.add_customer(OTHER, 1)
    anna = await tale.operator()
    line = Line()
    await line.watch(anna.page)
    await anna.page.reload()
    first = await tale.call()
    await anna.has(NAME)
    await write_everywhere(anna)
    await first.hang_up()
    await anna.page.locator(".band.wraps").wait_for()
    await anna.press("F2")
    second = await tale.call(m=1)
    await expect(anna.page.get_by_role("tab", name=OTHER)).to_be_visible()
    await form(anna)
    await anna.press("Escape")
    await expect(anna.page.locator("#aside button")).to_be_visible()
    await anna.press("Alt+1")
    await comments(anna)
    await anna.is_clean()

    await line.cut()
    await expect(anna.page.locator("#lost")).to_be_visible()
    await anna.reach(anna.panel.locator("textarea[name=comment]").first)
    await anna.press("Control+End")
    await anna.type("!")
    await expect(anna.page.locator("#lost")).to_be_hidden()
    assert line.is_open
    await expect(anna.panel.locator("textarea[name=comment]").first).to_have_value(FIRST + "!")

    async def is_known() -> bool:
        desk = tale.daemon.desks.view("anna")
        return desk is not None and any(
            e.draft.comment == FIRST + "!" for tab in desk.tabs for e in tab.entries
        )

    await tale.until(is_known)
    await anna.press("Backspace")
    await anna.enter(anna.page.locator("#aside button"))
    await form(anna)
    await second.hang_up()


async def test_a_reload_and_a_killed_tab(tale: Tale) -> None:
    await tale.add_customer(NAME)
    anna = await tale.operator()
    caller = await tale.call()
    await anna.has(NAME)
    await write_everywhere(anna)
    await anna.page.reload()
    await comments(anna)
    await open_form_again(anna)
    await form(anna)
    await anna.is_clean()

    context = anna.page.context
    await anna.page.close(run_before_unload=False)
    page = await context.new_page()
    tale.listen(page)
    await page.goto(f"{tale.house.stage.url}/desk")
    anna = Person(page, "anna", tale.t)
    await comments(anna)
    await open_form_again(anna)
    await form(anna)

    await context.close()  # another machine: what the server has is there
    anna = await tale.person("anna")
    await comments(anna)
    await anna.is_clean()
    await caller.hang_up()


@pytest_asyncio.fixture(loop_scope="session", params=["ru", "en"])
async def apart(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Tale]:
    """The daemon is a process of its own, to be killed."""
    language: Language = request.param
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(Stage(tmp_path))
        stage.write_config(is_terse=True)
        await stage.add_people(PEOPLE, language=language)
        await stage.start_process()
        browser = await stack.enter_async_context(chromium())
        tale = Tale(House(stage, tmp_path, stack), browser, language, stack, PushedClock())
        await serves(tale)
        yield tale
    assert tale.faults == []


async def serves(tale: Tale) -> None:
    async def is_ready() -> bool:
        try:
            async with (
                aiohttp.ClientSession() as http,
                http.get(f"{tale.house.stage.url}/readyz") as answer,
            ):
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    await tale.house.until(is_ready)


def nothing_was_kept(stage: Stage) -> None:
    """As if the words had reached the daemon a moment before its end."""
    with closing(sqlite3.connect(stage.folder / "callcore.db")) as file, file:
        file.execute("DELETE FROM contact_drafts")


async def test_a_killed_daemon(apart: Tale) -> None:
    """kill -9 in mid-call: the page says so, keeps the words, and goes on with the next daemon."""
    anna = await apart.operator()
    caller = await apart.house.call(*TO_FINANCE, number="79000000110")
    await anna.has(SEEDED)
    await write_everywhere(anna)
    stage = apart.house.stage
    assert stage.process is not None
    stage.signal(signal.SIGKILL)
    await stage.process.wait()
    nothing_was_kept(stage)
    await expect(anna.page.locator("#lost")).to_be_visible()
    await comments(anna)
    await form(anna)
    await anna.press("Control+Enter")
    await expect(anna.dock.locator(".dock-bar")).to_contain_text(apart.t("kit.lost"))
    await form(anna)
    await anna.is_clean()
    await stage.start_process()
    await serves(apart)
    await expect(anna.page.locator("#lost")).to_be_hidden()
    await comments(anna)
    await form(anna)
    await anna.page.reload()
    await comments(anna)
    await open_form_again(anna)
    await anna.press("Control+Enter")
    await expect(anna.card.get_by_role("heading", name=FORM)).to_be_visible()
    await comments(anna)
    await caller.hang_up()
