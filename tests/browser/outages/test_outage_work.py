"""A supervisor at work: publishing with its dry run, live progress, steering, keys, a line that is cut."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from playwright.async_api import Page, Route, expect

from callcore.calls.campaign import TargetResult
from callcore.testing import outage_samples as samples
from callcore.testing.outage_server import OutageServer

pytestmark = pytest.mark.asyncio(loop_scope="module")
Open = Callable[..., Awaitable[Page]]


async def fill_in(page: Page) -> None:
    await page.fill("#f-cause_ru", "обрыв кабеля")
    await page.fill("#f-cause_en", "a cut cable")


async def test_from_a_click_in_the_network_to_everybody_told(server: OutageServer, visit: Open) -> None:
    page = await visit()
    await page.locator("[data-branch=F-12]").click()
    await page.locator("[data-node=H-001]").click()
    await expect(page.locator("#f-nodes")).to_have_value("H-001")
    await expect(page.locator("#f-cause_ru")).to_be_focused()
    await page.locator("[data-node=H-002]").click()
    await expect(page.locator("#area .chip")).to_have_count(2)
    await page.locator("#area [data-dropped=H-001]").click()
    await expect(page.locator("#f-nodes")).to_have_value("H-002")
    await fill_in(page)
    await page.locator("#do-preview").click()
    publish = page.locator("#do-publish")
    await expect(publish).to_have_text("Опубликовать и оповестить 487 человек")
    await expect(page.locator("#detail")).to_contain_text("просил не звонить")
    await expect(page.locator("[data-branch=F-12]")).to_have_attribute("aria-expanded", "true")
    before = set(server.outages.outages.kept)
    await page.locator("#do-edit").click()
    await expect(page.locator("#f-cause_en")).to_have_value("a cut cable")
    await page.locator("#do-preview").click()
    assert set(server.outages.outages.kept) == before
    await publish.click()
    await page.wait_for_url(re.compile(r"outage=2026-05-14"))
    (new,) = set(server.outages.outages.kept) - before
    kept = server.outages.outages.kept[new]
    assert (kept.nodes, kept.source) == (("H-002",), "olga")
    await expect(page.locator("#chosen-title")).to_have_text("обрыв кабеля")


async def test_a_refused_field_keeps_its_text_and_says_what_to_do(server: OutageServer, visit: Open) -> None:
    page = await visit("/outages?step=new&node=F-99")
    await fill_in(page)
    await page.fill("#f-number", "no spaces please")
    await page.locator("#do-preview").click()
    fault = page.locator("#fault-number")
    await expect(fault).to_be_visible()
    await expect(page.locator("#f-number")).to_be_focused()
    await expect(page.locator("#f-number")).to_have_value("no spaces please")
    await expect(page.locator("#f-cause_ru")).to_have_value("обрыв кабеля")
    await page.fill("#f-number", "2026-500")
    await page.locator("#do-preview").click()
    await expect(page.locator("#fault-nodes")).to_contain_text("F-99")
    server.outages.campaigns.changed()  # a change elsewhere takes nothing away
    await expect(page.locator("#f-nodes")).to_have_value("F-99")


async def test_what_was_typed_survives_a_look_elsewhere_and_a_reload(visit: Open) -> None:
    page = await visit("/outages?step=new&node=F-12")
    await fill_in(page)
    await page.locator("#outage-1").click()
    await page.locator("#chosen-title").wait_for()
    await page.keyboard.press("n")
    await expect(page.locator("#f-cause_ru")).to_have_value("обрыв кабеля")
    await expect(page.locator("#f-nodes")).to_have_value("F-12")
    await page.reload()
    await expect(page.locator("#f-cause_en")).to_have_value("a cut cable")
    await page.locator("[data-forget]").click()
    await page.locator("#nothing-title").wait_for()
    await page.keyboard.press("n")
    await expect(page.locator("#f-cause_ru")).to_have_value("")


async def test_progress_moves_by_itself(server: OutageServer, visit: Open) -> None:
    page = await visit("/outages?outage=2026-117")
    campaigns = server.outages.campaigns
    report = campaigns.reported[1]
    results = {**report.progress.by_result, TargetResult.told: 300}
    campaigns.put(replace(report, progress=replace(report.progress, by_result=results)))
    await expect(page.locator(".legend data").first).to_have_text("300")
    now = samples.Text("ждёт 09:00", "waits for 09:00")
    campaigns.put(replace(report, now=now))
    await expect(page.locator(".now")).to_have_text("Ждёт 09:00")


async def test_pause_resume_and_stop_that_asks_once(server: OutageServer, visit: Open) -> None:
    page = await visit("/outages?outage=2026-117")
    await page.locator("#do-pause").click()
    await page.locator("#do-resume").click()
    await page.locator("#do-pause").wait_for()
    await page.locator("#to-stop").click()
    await expect(page.locator("#stop")).to_contain_text("189 человек не узнают")
    await page.keyboard.press("Escape")
    await expect(page.locator("#stop")).to_be_hidden()
    assert [do for do, _, _ in server.outages.campaigns.orders] == ["pause", "resume"]
    await page.locator("#to-stop").click()
    await page.locator("#do-stop").click()
    await expect(page.locator("#campaign-1 .chip.stopped")).to_be_visible()
    await expect(page.locator("#to-stop")).to_have_count(0)
    assert server.outages.campaigns.orders[-1] == ("stop", 1, "olga")


async def test_the_table_is_filtered_and_the_address_remembers(visit: Open) -> None:
    page = await visit("/outages?outage=2026-117")
    await page.locator(".legend a", has_text="пропущен").click()
    await expect(page.locator(".people tbody tr")).to_have_count(17)
    assert "show=skipped" in page.url
    await page.fill("#people-q", "Коминтерна")
    await expect(page.locator(".people tbody tr")).not_to_have_count(17)
    await expect(page.locator("#people-q")).to_be_focused()
    rows = await page.locator(".people tbody tr").count()
    await page.reload()
    await expect(page.locator(".people tbody tr")).to_have_count(rows)
    await expect(page.locator("#people-q")).to_have_value("Коминтерна")
    await page.go_back()
    await expect(page.locator(".people tbody tr")).to_have_count(17)


async def test_texts_are_played_one_at_a_time(server: OutageServer, visit: Open) -> None:
    page = await visit("/outages?outage=2026-117")
    first, second = page.locator("[data-play]").nth(0), page.locator("[data-play]").nth(1)
    await first.click()
    await expect(first).to_have_class(re.compile("playing"))
    await second.click()
    await expect(second).to_have_class(re.compile("playing"))
    await expect(first).not_to_have_class(re.compile("playing"))
    server.outages.campaigns.changed()
    await second.click()
    await expect(second).not_to_have_class(re.compile("playing"))
    assert server.outages.spoken[0] == (samples.VOICE.ru, "ru")


async def test_everything_by_keyboard(server: OutageServer, visit: Open) -> None:
    page = await visit("/outages?outage=2026-117")
    await page.keyboard.press("/")
    await expect(page.locator("#people-q")).to_be_focused()
    await page.keyboard.type("n/?")
    await expect(page.locator("#people-q")).to_have_value("n/?")
    await page.locator("#people-q").blur()
    await page.keyboard.press("?")
    await expect(page.locator("#keys")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("n")
    await expect(page.locator("#f-cause_ru")).to_be_focused()
    await page.fill("#f-nodes", "F-12 H-001")
    await fill_in(page)
    await page.locator("#f-cause_en").press("Enter")
    await page.locator("#do-publish").press("Enter")
    await page.wait_for_url(re.compile(r"outage=2026-05-14"))
    await page.locator("#tree-q").focus()
    await page.keyboard.type("тракторная")
    await expect(page.locator("#tree [data-node]").first).to_contain_text("Тракторная")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("#tree .branch .branch li").first).to_be_visible()


async def test_a_cut_line_says_so_keeps_the_text_and_comes_back(server: OutageServer, visit: Open) -> None:
    page = await visit("/outages?step=new&node=F-12")
    await fill_in(page)

    async def refuse(route: Route) -> None:
        await route.abort()

    await page.route("**/outages", refuse)
    await page.locator("#do-preview").click()
    await expect(page.locator("#failed")).to_be_visible()
    await expect(page.locator("#f-cause_ru")).to_have_value("обрыв кабеля")
    await page.unroute("**/outages")
    server.house.is_away = True
    await server.cut()
    await expect(page.locator("#lost")).to_be_visible()
    server.house.is_away = False
    await expect(page.locator("#lost")).to_be_hidden()
    await page.locator("#do-preview").click()
    await page.locator("#do-publish").wait_for()


async def test_a_session_that_ends_takes_no_text(server: OutageServer, visit: Open) -> None:
    page = await visit("/outages?step=new&node=F-12")
    await fill_in(page)
    await server.sign_out()
    await page.locator("#do-preview").click()
    await expect(page.locator("#ended")).to_be_visible()
    await expect(page.locator("#f-cause_ru")).to_have_value("обрыв кабеля")
    server.house.is_signed_in = True
    await page.locator("#do-preview").click()
    await page.locator("#do-publish").wait_for()
    await expect(page.locator("#ended")).to_be_hidden()


async def test_language_switches_and_keeps_the_form(server: OutageServer, visit: Open) -> None:
    page = await visit("/outages?step=new&node=F-12")
    await fill_in(page)
    await page.locator("#language [lang=en]").click()
    await expect(page.locator("#compose-title")).to_have_text("New outage")
    await expect(page.locator("#f-cause_ru")).to_have_value("обрыв кабеля")
    await page.locator("#do-preview").click()
    await expect(page.locator("#do-publish")).to_have_text("Publish and tell 487 people")
    await page.locator("#language [lang=ru]").click()
    await expect(page.locator("#do-publish")).to_have_text("Опубликовать и оповестить 487 человек")
    await page.goto(server.url("/outages?outage=2026-117&show=told"))
    await page.locator("#language [lang=en]").click()
    await expect(page.locator("html[lang=en] #chosen-title")).to_have_text("a fault on the power line")
    assert "show=told" in page.url


async def test_the_desk_shows_the_way_here_and_back(server: OutageServer, visit: Open) -> None:
    page = await visit()
    await page.locator("#places a[href='/desk']").click()
    await page.locator("#to-places").click()
    await page.locator("#places a[href='/outages']").click()
    await page.locator("#outages-title").wait_for()
