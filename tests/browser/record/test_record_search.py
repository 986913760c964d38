"""Search as one types, while answers come late and out of their order: only the newest letters count."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, Request, expect

from callcore.testing.patience import PATIENCE_SECONDS

from .conftest import Office

pytestmark = pytest.mark.asyncio(loop_scope="module")
EVERYBODY = {"1": "Орлов Борис", "2": "Орлова Вера"}
STALLED = "орло"
"""Whoever asks for just these letters waits."""


@dataclass
class Crm:
    """Another company's search: by words that a name holds."""

    asked: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    async def search(self, request: web.Request) -> web.Response:
        text = request.query["text"].lower()
        await self._note(self.asked, text)
        if text == STALLED:
            await self.open.wait()
        found = [{"key": key, "name": name} for key, name in EVERYBODY.items() if text in name.lower()]
        await self._note(self.answered, text)
        return web.json_response(found)

    async def _note(self, where: list[str], text: str) -> None:
        async with self.news:
            where.append(text)
            self.news.notify_all()

    async def until(self, where: list[str], text: str) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS), self.news:
            await self.news.wait_for(lambda: text in where)


@pytest_asyncio.fixture(loop_scope="module")
async def crm() -> AsyncIterator[Crm]:
    crm = Crm()
    app = web.Application()
    app.router.add_get("/search", crm.search)
    async with TestServer(app) as server:
        crm.url = str(server.make_url("/search"))
        yield crm
        crm.open.set()


@pytest.fixture
def more_settings(crm: Crm) -> dict[str, Any]:
    source = {"kind": "http", "by_number": crm.url, "search": f"{crm.url}?text={{text}}", "seconds": 10}
    return {"directory": {"sources": {"crm": source}}}


async def test_what_others_know_comes_after_the_own_hits(office: Office, crm: Crm) -> None:
    await office.add_customer("50-1", "Орлова Вера Павловна")
    page = await office.open("/customers")
    await page.locator("#q").fill("орлова")
    await expect(page.locator(".customers-found")).to_contain_text("Орлова Вера Павловна")
    late = page.locator(".customers-elsewhere")
    await expect(late.locator("tbody tr")).to_have_count(1)
    await expect(late).to_contain_text("Орлова Вера")
    await page.locator("#q").press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await expect(late.locator("[data-choice]")).to_be_focused()


async def test_a_late_answer_to_earlier_letters_is_nowhere(office: Office, crm: Crm) -> None:
    page = await office.open("/customers")
    await page.locator("#q").fill(STALLED)
    await crm.until(crm.asked, STALLED)
    await page.locator("#q").press_sequentially("ва")
    await expect(page.locator(".customers-elsewhere tbody td:first-child")).to_have_text(["Орлова Вера"])
    await watch(page)
    crm.open.set()
    await crm.until(crm.answered, STALLED)
    await page.locator("#q").fill("орлов б")  # answered later than the stalled question
    await expect(page.locator("#found")).to_contain_text("Орлов Борис")
    assert not [text for text in await seen(page) if "Борис" in text and "Вера" in text]


async def test_letters_typed_quickly_and_answered_backwards(office: Office) -> None:
    """Each answer is held; the newest comes first, then the older ones, though they were given up."""
    for n, name in enumerate(("Анна Белова", "Антон Серов", "Анфиса Дроздова")):
        await office.add_customer(f"60-{n}", name)
    page = await office.open("/customers")
    await page.evaluate(HOLD)
    for n, letter in enumerate("анф", 1):
        await page.locator("#q").press_sequentially(letter)
        await expect(page.locator("body")).to_have_attribute("data-held", str(n))
    await watch(page)
    await page.evaluate("window.held[2]()")
    await expect(page.locator("#found")).to_contain_text("Анфиса Дроздова")
    await page.evaluate("async () => { for (const go of window.held) await go(); }")
    await expect(page.locator("#found")).not_to_contain_text("Антон")
    assert [text for text in await seen(page) if "Антон" in text] == []


async def test_questions_that_nobody_needs_any_more_are_ended(office: Office, crm: Crm) -> None:
    page = await office.open("/customers")
    ended: list[str] = []

    def note(request: Request) -> None:
        ended.append(request.url)

    page.on("requestfailed", note)
    await page.locator("#q").fill(STALLED)
    await crm.until(crm.asked, STALLED)
    await page.locator("#q").fill("вера")
    await expect(page.locator(".customers-elsewhere")).to_contain_text("Орлова Вера")
    assert [url for url in ended if "/customers/elsewhere" in url]


HOLD = """() => {
    const real = window.fetch;
    window.held = [];
    window.fetch = async (url, how) => {
        const answer = await real(url, {...how, signal: undefined}), html = await answer.text();
        answer.text = async () => html;
        if (!String(url).includes('/customers/found')) return answer;
        await new Promise(done => {
            window.held.push(() => { done(); return new Promise(requestAnimationFrame); });
            document.body.dataset.held = window.held.length;
        });
        return answer;
    };
}"""
"""Answers of the search wait for ``held[n]()``, and come even if the page has given them up."""


async def watch(page: Page) -> None:
    """Note everything that stands among the found from now on."""
    await page.evaluate(
        """() => {
            const place = document.getElementById('found');
            window.seenTexts = [];
            new MutationObserver(() => window.seenTexts.push(place.textContent))
                .observe(place, {childList: true, subtree: true, characterData: true});
        }"""
    )


async def seen(page: Page) -> list[str]:
    return list(await page.evaluate("window.seenTexts"))
