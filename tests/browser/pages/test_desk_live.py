"""The live page: what it acknowledges and when, what survives a morph, a lost line, a hidden tab."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from playwright.async_api import Page, expect

from callcore.domain import AgentState
from callcore.screenpop.card import Desk, Draft, Entry, Stage, Tab, TodayContact
from callcore.testing.desk_house import IVANOV, IVANOVA, NOW
from callcore.testing.desk_samples import BASE, TODAY, samples, view
from callcore.testing.desk_server import DeskServer

pytestmark = pytest.mark.asyncio(loop_scope="module")
SAMPLES = samples()
Open = Callable[..., Awaitable[Page]]
WATCH = """
window.frames_ = 0; window.acks = [];
const frame = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = f => frame(t => { window.frames_ += 1; f(t); });
const say = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  const is_there = !!document.querySelector('#card-a1');
  if (data.includes('"ack"')) window.acks.push([JSON.parse(data).ack, window.frames_, is_there]);
  return say.call(this, data);
};"""
HIDDEN = """
window.away = true;
Object.defineProperty(document, 'hidden', {get: () => window.away});
Object.defineProperty(document, 'visibilityState', {get: () => window.away ? 'hidden' : 'visible'});
window.requestAnimationFrame = () => 0;"""

LOOKS = """
window.away = false;
window.requestAnimationFrame = f => setTimeout(f);
document.dispatchEvent(new Event('visibilitychange'));"""
NOTICES = """
window.notices = []; window.shown = null;
window.Notification = class {
  static permission = 'granted';
  static breaks = false;
  static async requestPermission() { window.notices.push(['asked']); return this.permission = 'granted'; }
  constructor(title, {body, tag}) {
    if (Notification.breaks) throw new TypeError('Illegal constructor');
    this.tag = tag; window.shown = this; window.notices.push([title, body, tag]);
  }
  close() { window.notices.push(['closed', this.tag]); }
};
window.focus = () => window.notices.push(['focus']);
"""


def talking(*calls: str, active: int = 0, draft: Draft = Draft()) -> Desk:  # noqa: B008 - frozen
    who = (IVANOVA, IVANOV)
    tabs = tuple(
        Tab(
            view(call, who[n], answered=60 - n),
            Stage.talking,
            entries=(Entry(1, draft if n == 0 else Draft()),),
        )
        for n, call in enumerate(calls)
    )
    return replace(BASE, state=AgentState.talking, tabs=tabs, active=tabs[active].view.call)


async def caret(page: Page) -> tuple[str, str, int]:
    found = await page.evaluate(
        "() => { const e = document.activeElement; return [e.id, e.value, e.selectionStart]; }"
    )
    return found[0], found[1], found[2]


async def test_a_card_is_acknowledged_after_it_was_painted(desk: DeskServer, visit: Open) -> None:
    page = await visit(script=WATCH)
    before = await page.evaluate("window.frames_")
    seq = await desk.show(talking("a1"), card="a1")
    await desk.until(lambda: {"ack": seq} in desk.said)
    ack, frames, is_there = (await page.evaluate("window.acks")).pop()
    assert (ack, is_there) == (seq, True)
    assert frames >= before + 2
    await expect(page.locator("#announce")).to_have_text("Карточка: \u2068Иванова Мария Сергеевна\u2069")


async def test_a_hidden_tab_has_the_card_and_paints_it_when_somebody_looks(
    desk: DeskServer, visit: Open
) -> None:
    page = await visit(script=HIDDEN)
    seq = await desk.show(talking("a1"), card="a1")
    await desk.until(lambda: {"ack": seq, "painted": False} in desk.said)
    assert await page.locator("#card-a1 h2").inner_text() == IVANOVA.name
    assert {"ack": seq} not in desk.said
    await page.evaluate(LOOKS)
    await desk.painted(seq)


async def test_a_tab_hidden_before_it_could_paint_says_so_then(desk: DeskServer, visit: Open) -> None:
    page = await visit(script=HIDDEN)
    await page.evaluate("window.away = false")
    seq = await desk.show(talking("a1"), card="a1")
    await page.locator("#card-a1").wait_for()
    assert not desk.about(seq)
    await page.evaluate("window.away = true; document.dispatchEvent(new Event('visibilitychange'))")
    await desk.until(lambda: desk.about(seq))
    assert desk.about(seq) == [{"ack": seq, "painted": False}]


async def test_a_card_behind_another_tab_is_a_notification(desk: DeskServer, visit: Open) -> None:
    """Who, and from which queue; one for the ring, then one for the card; a click brings the desk up."""
    page = await visit(script=HIDDEN + NOTICES)
    await desk.show(SAMPLES["ringing"].desk, sound="ring")
    seq = await desk.show(talking("a1"), card="a1")
    await desk.until(lambda: desk.about(seq))
    who, why = "\u2068Иванова Мария Сергеевна\u2069", "Финансовая группа · Перерасчёт"
    assert await page.evaluate("notices") == [
        ["☎ " + who, why, "a1"],
        ["closed", "a1"],
        ["Карточка: " + who, why, "a1"],
    ]
    await page.evaluate("shown.onclick()")
    assert (await page.evaluate("notices"))[-2:] == [["focus"], ["closed", "a1"]]


async def test_a_card_on_the_screen_is_no_notification(desk: DeskServer, visit: Open) -> None:
    page = await visit(script=NOTICES)
    seq = await desk.show(talking("a1"), card="a1")
    await desk.painted(seq)
    seq = await desk.show(talking("a1"), missed="a1")
    await desk.painted(seq)
    assert await page.evaluate("notices") == []


async def test_a_card_that_a_page_on_the_screen_did_not_paint_is_one(desk: DeskServer, visit: Open) -> None:
    """Frames do not come: the graphics driver hangs, the window is covered."""
    page = await visit(script=HIDDEN + NOTICES)
    await page.evaluate("window.away = false")
    await desk.show(talking("a1"), card="a1")
    await desk.show(talking("a1"), missed="a1")
    await page.wait_for_function("notices.length")
    assert (await page.evaluate("notices"))[0][0].startswith("Карточка: ")


async def test_without_permission_nothing_is_tried(desk: DeskServer, visit: Open) -> None:
    page = await visit(script=HIDDEN + NOTICES + "Notification.permission = 'default';")
    seq = await desk.show(talking("a1"), card="a1")
    await desk.until(lambda: desk.about(seq))
    assert await page.evaluate("notices") == []
    await desk.show(BASE)
    await page.locator("#notify").click()
    assert await page.evaluate("notices") == [["asked"]]
    await expect(page.locator("#notify")).to_be_hidden()


async def test_a_browser_that_refuses_notifications_still_acknowledges(desk: DeskServer, visit: Open) -> None:
    page = await visit(script=HIDDEN + NOTICES + "Notification.breaks = true;")
    seq = await desk.show(talking("a1"), card="a1")
    await desk.until(lambda: desk.about(seq))
    assert await page.evaluate("notices") == []


async def test_words_typed_just_before_a_card_is_taken_away_are_sent(desk: DeskServer, visit: Open) -> None:
    desk.sample = replace(SAMPLES["ringing_card"])
    page = await visit()
    await page.evaluate("setTimeout = (run, after) => after < 1000 ? 0 : 1")  # the draft waits for its moment
    await page.locator("#comment-a1").click()
    await page.keyboard.type("успел")
    assert desk.commands("draft") == []
    await desk.show(BASE)
    await desk.until(lambda: desk.commands("draft"))
    assert desk.commands("draft")[-1]["comment"] == "успел"


async def test_ringing_calls_for_attention_in_the_title_and_stops(desk: DeskServer, visit: Open) -> None:
    page = await visit(script=HIDDEN)
    ringing = SAMPLES["ringing"].desk
    await desk.show(ringing, sound="ring")
    await expect(page).to_have_title("☎ \u2068Иванова Мария Сергеевна\u2069")
    await expect(page.locator("#announce")).to_contain_text("Финансовая группа · Перерасчёт")
    await desk.show(BASE)
    await expect(page).to_have_title("Готов · callcore")


async def test_typing_survives_every_render_and_the_language(desk: DeskServer, visit: Open) -> None:
    desk.sample = SAMPLES["talking"]
    page = await visit()
    await page.locator("#topic-a1").fill("низ")
    await page.keyboard.press("Enter")
    await page.locator("#comment-a1").click()
    await page.keyboard.type("Скорость падает ве")
    await page.keyboard.press("ArrowLeft")
    for name in ("talking", "wrap_up", "refused", "no_pbx", "talking"):
        if name == "no_pbx":
            assert desk.sample.desk
            await desk.show(replace(desk.sample.desk, is_pbx_linked=False))
        else:
            await desk.show(SAMPLES[name].desk, error=SAMPLES[name].error)
        await desk.until(lambda: {"ack": desk.seq} in desk.said)
        assert await caret(page) == ("comment-a1", "Скорость падает ве", 17)
    # The server now knows the draft; the topic is translated, the words of the operator are not.
    desk.sample = replace(SAMPLES["talking"], desk=talking("a1", draft=Draft("expert.speed", "old")))
    await page.locator("#language button[value=en]").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.locator("label[for=comment-a1]")).to_have_text("Comment")
    await expect(page.locator("#topic-a1")).to_have_value("Slow connection")
    await expect(page.locator("#comment-a1")).to_have_value("Скорость падает ве")


async def test_drafts_are_sent_while_typing_and_on_leaving_the_field(desk: DeskServer, visit: Open) -> None:
    desk.sample = SAMPLES["talking"]
    page = await visit()
    await page.locator("#comment-a1").click()
    await page.keyboard.type("раз")
    await desk.until(lambda: desk.commands("draft"))
    await page.keyboard.type("-два")
    await page.locator("#me").focus()
    await desk.until(lambda: desk.commands("draft")[-1]["comment"] == "раз-два")
    draft = desk.commands("draft")[-1]
    assert draft == {
        "do": "draft",
        "call": "a1",
        "topic": "finance.recalculation",
        "comment": "раз-два",
        "csrf": "sample-csrf-token",
    }


async def test_a_new_card_takes_no_keyboard_from_unsaved_text(desk: DeskServer, visit: Open) -> None:
    desk.sample = replace(SAMPLES["talking"], desk=talking("a1"))
    page = await visit()
    await page.locator("#comment-a1").click()
    await page.keyboard.type("не тро")
    seq = await desk.show(talking("a1", "b1", active=1), card="b1")
    await desk.until(lambda: {"ack": seq} in desk.said and desk.commands("front"))
    assert desk.commands("front")[-1]["call"] == "a1"
    await page.keyboard.type("гай")
    assert await caret(page) == ("comment-a1", "не трогай", 9)
    await expect(page.locator("#tab-b1")).to_be_visible()
    await expect(page.locator("#tab-b1")).to_have_attribute("aria-selected", "false")


async def test_a_new_card_comes_to_the_front_over_saved_text(desk: DeskServer, visit: Open) -> None:
    desk.sample = replace(SAMPLES["talking"], desk=talking("a1"))
    page = await visit()
    await page.locator("#comment-a1").click()
    await page.keyboard.type("готово")
    both = talking("a1", "b1", active=1)
    saved = replace(both.tabs[0].entries[0], record=7)
    both = replace(both, tabs=(replace(both.tabs[0], entries=(saved,)), both.tabs[1]))
    await desk.show(replace(both, tabs=both.tabs[:1], active=both.tabs[0].view.call))
    await page.locator(".chip.live").wait_for()
    await desk.show(both, card="b1")
    await expect(page.locator("#card-b1")).to_be_visible()


async def test_a_lost_line_is_said_and_healed_and_costs_no_text(desk: DeskServer, visit: Open) -> None:
    desk.sample = SAMPLES["talking"]
    desk.seq = 5
    page = await visit()
    await desk.drop(accepts=False)
    await expect(page.locator("#lost")).to_be_visible()
    await expect(page.locator("#announce")).to_contain_text("Связь потеряна")
    await page.locator("#comment-a1").click()
    await page.keyboard.type("пока не было связи")
    tried = len(desk.asked)
    await desk.until(lambda: len(desk.asked) > tried)
    desk.accepts = True
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(page.locator("#lost")).to_be_hidden()
    await desk.until(lambda: desk.commands("draft"))
    assert desk.commands("draft")[-1]["comment"] == "пока не было связи"
    assert desk.asked[-1] == {"epoch": "e1", "since": "5"}
    assert await caret(page) == ("comment-a1", "пока не было связи", 18)


async def test_text_of_a_contact_closed_meanwhile_goes_on_in_the_list(desk: DeskServer, visit: Open) -> None:
    desk.sample = SAMPLES["talking"]
    page = await visit()
    await desk.drop(accepts=False)
    await page.locator("#comment-a1").click()
    await page.keyboard.type("спасите")
    kept = TodayContact(view("a1").call, 900, NOW, "+79201558812", "Иванова", TODAY[0].topic, 1000)
    desk.sample = replace(desk.sample, desk=replace(BASE, today=(kept, *TODAY)))
    desk.accepts = True
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(page.locator("#late-comment-a1")).to_have_value("спасите")
    await page.locator("#late-topic-a1").fill("прет")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Control+Enter")
    await desk.until(lambda: desk.commands("save"))
    saved = desk.commands("save")[-1]
    assert (saved["call"], saved["topic"], saved["comment"], saved["close"]) == (
        "a1",
        "finance.claim",
        "спасите",
        "",
    )


async def test_a_command_without_a_line_is_not_kept_for_later(desk: DeskServer, visit: Open) -> None:
    desk.sample = SAMPLES["paused"]
    page = await visit()
    await desk.drop(accepts=False)
    await expect(page.locator("#lost")).to_be_visible()
    await page.locator("#to-ready").click()
    desk.accepts = True
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(page.locator("#lost")).to_be_hidden()
    assert desk.commands("ready") == []


async def test_a_refusal_stays_until_the_next_command(desk: DeskServer, visit: Open) -> None:
    desk.sample = SAMPLES["wrap_up"]
    page = await visit()
    await desk.show(desk.sample.desk, error="store_down")
    await expect(page.locator("#error")).to_contain_text("Не сохранено")
    seq = await desk.show(desk.sample.desk)
    await desk.until(lambda: {"ack": seq} in desk.said)
    await expect(page.locator("#error")).to_be_visible()
    await page.locator("#close-a1").click()
    await expect(page.locator("#error")).to_have_count(0)
    await desk.show(desk.sample.desk, error="store_down")
    await page.locator("#error button").click()
    await expect(page.locator("#error")).to_have_count(0)


async def test_a_command_that_the_server_did_not_take_is_said(desk: DeskServer, visit: Open) -> None:
    page = await visit()
    await expect(page.locator("#failed")).to_be_hidden()
    await desk.tell({"type": "error", "code": "bad_request"})
    await expect(page.locator("#failed")).to_be_visible()
    await expect(page.locator("#announce")).to_contain_text("Команда не выполнена")
    await page.keyboard.press("F2")
    await page.keyboard.press("Enter")
    await expect(page.locator("#failed")).to_be_hidden()


@pytest.mark.parametrize("reason", ["expired", "signed_out"])
async def test_the_end_of_the_session_leads_to_sign_in(desk: DeskServer, visit: Open, reason: str) -> None:
    page = await visit()
    await desk.bye(reason)
    await page.wait_for_url("**/sign-in")


async def test_a_replaced_page_says_so_and_does_not_fight_back(desk: DeskServer, visit: Open) -> None:
    page = await visit()
    tries = len(desk.asked)
    await desk.bye("replaced")
    await desk.drop(accepts=True)
    await expect(page.locator("#replaced")).to_be_visible()
    await page.evaluate("dispatchEvent(new Event('online')); fetch('/desk').then(answer => answer.ok)")
    assert len(desk.asked) == tries


async def test_timers_follow_the_servers_clock(desk: DeskServer, visit: Open) -> None:
    desk.sample = SAMPLES["ringing"]
    page = await visit(script="const now = Date.now; Date.now = () => now() + 3 * 3600e3;")
    timer = page.locator(".band.rings time")
    # The page's own clock would say 3:00:48. A loaded machine may lose seconds, so none is named.
    await expect(timer).to_have_text(re.compile(r"^[01]:\d\d$"))
    first = await timer.text_content()
    await expect(timer).not_to_have_text(first or "")
    assert await timer.get_attribute("class") in (None, "")


async def test_a_number_is_copied_as_it_is_dialled(desk: DeskServer, visit: Open) -> None:
    desk.sample = SAMPLES["talking"]
    page = await visit()
    await page.locator("#copy-number-a1").click()
    await expect(page.locator("#announce")).to_have_text("Скопировано")
    assert await page.evaluate("navigator.clipboard.readText()") == "+74822412207"
