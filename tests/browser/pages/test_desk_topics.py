"""Several topics of one contact at the keyboard: ready texts, suggestions, star, words the server lacks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from playwright.async_api import Page, expect

from callcore.screenpop.card import Draft, Entry
from callcore.testing.desk_samples import samples
from callcore.testing.desk_server import DeskServer

pytestmark = pytest.mark.asyncio(loop_scope="module")
SAMPLES = samples()
Open = Callable[..., Awaitable[Page]]


async def test_a_ready_text_by_slash(desk: DeskServer, visit: Open) -> None:
    desk.sample = SAMPLES["talking"]
    page = await visit()
    comment = page.locator("#comment-a1")
    await comment.focus()
    await page.keyboard.type("Да. /")
    await expect(page.locator("#macro-list li")).to_have_count(2)
    await page.keyboard.press("ArrowDown")
    await expect(comment).to_have_attribute("aria-activedescendant", "macro-1")
    await page.keyboard.type("перезв")
    await expect(page.locator("#macro-list li")).to_have_count(1)
    await page.keyboard.press("Enter")
    text = "Да. Перезвонить: Иванова Мария Сергеевна, договор 40-118-2207, 8 (482) 241-22-07."
    await expect(comment).to_have_value(text)
    await expect(page.locator("#macro-list")).to_be_hidden()
    await desk.until(lambda: [d for d in desk.commands("draft") if d["comment"] == text])


async def test_a_slash_within_words_opens_nothing(desk: DeskServer, visit: Open) -> None:
    desk.sample = SAMPLES["talking"]
    page = await visit()
    await page.locator("#comment-a1").focus()
    await page.keyboard.type("и/или /")
    await page.keyboard.press("Escape")
    await expect(page.locator("#macro-list")).to_be_hidden()
    await expect(page.locator("#comment-a1")).to_have_value("и/или /")


async def test_a_second_topic_by_key(desk: DeskServer, visit: Open) -> None:
    first = SAMPLES["talking"].desk
    assert first
    desk.sample = SAMPLES["talking"]
    page = await visit()
    await page.locator("#comment-a1").fill("первое")
    await page.keyboard.press("Alt+N")
    await desk.until(lambda: desk.commands("add_topic"))
    assert desk.commands("add_topic")[-1]["call"] == "a1"
    tab = replace(first.tabs[0], entries=(Entry(1, Draft("", "первое")), Entry(2)))
    await desk.show(replace(first, tabs=(tab,)))
    await expect(page.locator("#topic-a1-2")).to_be_focused()
    await page.keyboard.type("сигнал")
    await page.keyboard.press("Tab")
    await page.keyboard.type("второе")
    await page.keyboard.press("Control+S")
    await desk.until(lambda: desk.commands("save"))
    saved = desk.commands("save")[-1]
    assert (saved["n"], saved["topic"], saved["comment"]) == ("2", "expert.no_signal", "второе")
    await expect(page.locator("#comment-a1")).to_have_value("первое")


async def test_a_suggestion_and_a_star(desk: DeskServer, visit: Open) -> None:
    desk.sample = SAMPLES["two_topics"]
    page = await visit()
    await page.locator("#offer-a1-2-1").click()
    await expect(page.locator("#topic-a1-2")).to_have_value("Нет сигнала")
    await expect(page.locator("#comment-a1-2")).to_be_focused()
    star = page.locator("#star-a1")
    await expect(star).to_have_attribute("aria-pressed", "true")
    await star.click()
    await desk.until(lambda: desk.commands("favourite"))
    order = desk.commands("favourite")[-1]
    assert (order["topic"], order["on"]) == ("finance.recalculation", "")


async def test_words_that_no_server_got_outlive_the_tab(desk: DeskServer, visit: Open) -> None:
    """The line is cut, he types on, the tab is killed: the next one has the words, and sends them."""
    desk.sample = SAMPLES["talking"]
    page = await visit()
    await desk.drop(accepts=False)
    await page.locator("#comment-a1").fill("набрано без связи")
    await page.close()
    desk.accepts = True
    page = await visit()
    await expect(page.locator("#comment-a1")).to_have_value("набрано без связи")
    await desk.until(lambda: [d for d in desk.commands("draft") if d["comment"] == "набрано без связи"])
