"""Voicemail, call-backs, topic tables, editions and the IVR's page in a real browser."""

from __future__ import annotations

import math
import struct
import wave
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import expect

from callcore.calls.effects import Contact
from callcore.domain import (
    CallId,
    Direction,
    EndReason,
    Outcome,
    PbxName,
    QueueName,
    Source,
    Text,
    TopicCode,
)
from callcore.ivr.ports import Caller, Message
from callcore.ivr.script import NodeName
from callcore.store.call_backs import NewCallBack
from callcore.store.flash_rows import EVERYBODY, FlashScope, NewFlash

from .conftest import Pages

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

CLAIM = TopicCode("finance.claim")
WORDS = Text("Авария на магистрали, чиним до вечера.", "The trunk line is damaged; we mend it by evening.")
PLAY = """([n, until]) => new Promise(done => {
    const sound = document.querySelectorAll('audio')[n];
    sound.addEventListener('timeupdate', () => sound.currentTime > until && done());
    sound.play();
})"""
TABLE = """title: {ru: "Пробная группа", en: "Tried"}
zone: Europe/Moscow
hours: {mon-fri: 09:00-18:00, sat: 10:00-14:00, sun: closed}
closed: {ru: "Закрыто.", en: "Closed."}
queue: finance
topics:
  one: {title: {ru: "Тема", en: "Topic"}}
"""


@pytest.fixture
def readable(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files can be read anew; nothing is spoken for it."""

    async def speak(_book: object) -> int:
        return 0

    monkeypatch.setenv("CALLCORE_AMI_SECRET", "secret")
    monkeypatch.setattr(pages.daemon.editions, "_speak", speak)


async def left(pages: Pages, call: str, number: str = "+79161234567", seconds: int = 4) -> None:
    """A message of a falling tone, and the case that it becomes."""
    folder = pages.daemon.settings.recording_folder
    folder.mkdir(parents=True, exist_ok=True)
    count = 8000 * seconds
    with wave.open(str(folder / f"{call}.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        tone = (round(8000 * math.sin(n * (0.3 - n / count / 8))) for n in range(count))
        file.writeframes(struct.pack(f"<{count}h", *tone))
    caller = Caller(CallId(call), PbxName("main"), number, "ru", CLAIM)
    await pages.daemon.answering.reception.backoffice.keep_message(
        caller, Message(f"{call}.wav", float(seconds))
    )


async def asked(pages: Pages, number: str, queue: str = "finance") -> None:
    wish = NewCallBack(number, CLAIM, QueueName(queue), "ru")
    assert await pages.database.call_backs.ask(wish, pages.daemon.clock.now())


async def missed(pages: Pages, call: str, number: str | None) -> None:
    """A caller whom nobody took, a while ago."""
    now = pages.daemon.clock.now()
    nothing = dict.fromkeys(("caller_name", "dialed_number", "customer", "topic", "route", "route_reason"))
    nothing |= dict.fromkeys(("answered_at", "answered_by"))
    contact = Contact(
        **nothing,  # type: ignore[arg-type]
        call=CallId(call),
        pbx=PbxName("main"),
        channel=call,
        direction=Direction.inbound,
        source=Source.live,
        caller_number=number,
        caller_number_raw=number or "",
        language="ru",
        queue=QueueName("finance"),
        started_at=now - timedelta(hours=2),
        queued_at=now - timedelta(hours=2),
        ended_at=now - timedelta(minutes=119),
        wait_ms=60_000,
        ring_ms=0,
        talk_ms=0,
        operators=(),
        end_reason=EndReason.cancelled,
        hangup_cause=16,
        outcome=Outcome.abandoned_queue,
    )
    await pages.database.contacts.save(contact)
    pages.daemon.office.work.contact_logged()


def table_file(pages: Pages) -> Path:
    return Path(pages.daemon.settings.file.parent / "topics" / "tried.yaml")


# --- what callers left


async def test_a_message_is_heard_gone_back_in_and_followed_to_its_case(pages: Pages) -> None:
    await pages.both("/voicemails", "voicemails-empty")
    await left(pages, "first")
    await left(pages, "second", "+79000000002")
    page = await pages.open("/voicemails", "anna")
    await pages.clean(page, "voicemails-operator")
    await page.evaluate(PLAY, [0, 0.2])
    await page.evaluate(PLAY, [1, 0.2])
    assert await page.evaluate("document.querySelectorAll('audio')[0].paused")
    await page.evaluate("document.querySelectorAll('audio')[1].currentTime = 2")
    await page.evaluate(PLAY, [1, 2.2])
    lines = await pages.database.audit.lines(act="listened")
    assert len(lines) == 2
    await pages.both("/voicemails?state=all", "voicemails")
    await page.goto(pages.url("/voicemails?state=heard"))
    await page.locator("tbody tr", has_text="000-00-02").locator("a.number").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#dock audio")).to_be_visible()
    await pages.clean(page, "voicemail-case")


async def test_whom_to_call_is_worked_by_keys(pages: Pages) -> None:
    for tab in ("missed", "wish", "postponed", "unclassified"):
        await pages.both(f"/work?tab={tab}", f"work-{tab}-empty")
    await asked(pages, "+79161234567")
    await asked(pages, "+79000000002", "retention")
    for n, number in enumerate(("+79161234567", "+79000000005", None)):
        await missed(pages, f"missed-{n}", number)
    await pages.daemon.office.work.once()
    for tab in ("missed", "voicemail", "wish"):
        await pages.both(f"/work?tab={tab}", f"work-{tab}")
    page = await pages.open("/work?tab=wish", "anna")
    await pages.daemon.answering.reception.backoffice.call_back(
        Caller(CallId("late"), PbxName("main"), "+79000000004", "ru", CLAIM), "finance"
    )
    await expect(page.locator("tbody")).to_contain_text("000-00-04")
    row = page.locator("tbody tr", has_text="123-45-67")
    await row.get_by_role("button", name="Позвоню я").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#toast")).to_contain_text("звоните вы")
    await expect(row.get_by_role("button", name="Пусть звонят другие")).to_be_visible()
    await pages.both("/work", "work-taken")
    await row.locator("summary", has_text="Закрыть").focus()
    await page.keyboard.press("Enter")
    await row.locator("textarea").focus()
    await page.keyboard.type("Перезвонила, вопрос решён")
    await pages.clean(page, "work-settling")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#toast")).to_contain_text("звонить не надо")
    await expect(page.locator("tbody")).not_to_contain_text("123-45-67")
    await pages.both("/work?tab=wish&state=all", "work-all")


async def test_somebody_is_put_off_and_given_away_with_reasons(pages: Pages) -> None:
    for n in range(2):
        await missed(pages, f"away-{n}", f"+7900000007{n}")
    page = await pages.open("/work", "anna")
    first = page.locator("tbody tr", has_text="000-00-70")
    await first.locator("summary", has_text="Отложить").click()
    await first.get_by_role("button", name="Отложить").click()
    await expect(page.locator("#toast")).to_contain_text("Напишите почему")
    await first.locator("form[action$=postpone] [name=reason]").fill("просил завтра")
    await pages.clean(page, "work-putting-off")
    await page.keyboard.press("Enter")
    await expect(page.locator("#toast")).to_contain_text("Отложено до")
    await expect(page.locator("tbody")).not_to_contain_text("000-00-70")
    second = page.locator("tbody tr", has_text="000-00-71")
    await second.locator("summary", has_text="Передать").click()
    await second.get_by_label("Кому").select_option("department:finance")
    await second.locator("form[action$=give] [name=reason]").fill("вопрос о деньгах")
    await pages.clean(page, "work-giving")
    await second.get_by_role("button", name="Передать").click()
    await expect(page.locator("#toast")).to_contain_text("Передано")
    await expect(second).to_contain_text("вопрос о деньгах")
    await pages.both("/work", "work-given")
    await pages.both("/work?tab=postponed", "work-postponed")


# --- topic tables


async def test_tables_in_both_languages(pages: Pages) -> None:
    await pages.both("/routing", "routing")
    for table in pages.daemon.editions.newest.tables:
        await pages.both(f"/routing/tables/{table.code}", f"routing-{table.code}")


async def test_a_call_is_explained_by_keys(pages: Pages) -> None:
    await pages.customer("77-1", "ООО «Лён»", numbers=("+79160000077",), segment="VIP-0", legal_form="ООО")
    await pages.both("/routing/explain", "explain-empty")
    page = await pages.open("/routing/explain")
    await page.locator("#f-topic").select_option(CLAIM)
    await page.locator("#f-number").fill("8 916 000-00-77")
    await page.locator("#f-on").fill("2026-12-13")
    await page.locator("#f-clock").fill("23:30")
    await page.locator("#f-number").focus()
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".looked")).to_be_visible()
    await expect(page.locator("h2 code")).to_have_text("finance.claim/closed")
    await expect(page.locator("#f-number")).to_have_value("8 916 000-00-77")
    asked = page.url.removeprefix(pages.url(""))
    await pages.both(asked, "explain-answer")
    await page.locator("#f-number").fill("привет")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".errors")).to_contain_text("Это не номер")
    await pages.clean(page, "explain-refused")
    await page.locator("summary", has_text="Состояние очередей").click()
    await pages.clean(page, "explain-queues")


async def test_files_are_read_anew_compared_and_taken_back(pages: Pages, readable: None) -> None:
    await pages.both("/routing/editions", "editions")
    file = table_file(pages)
    file.write_text(TABLE, encoding="utf-8")
    await pages.both("/routing/editions", "editions-waiting")
    page = await pages.open("/routing/editions")
    await page.locator("button", has_text="Перечитать файлы").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("[role=status] .good")).to_contain_text("Действует редакция 2")
    await pages.clean(page, "editions-taken")
    file.write_text(TABLE.replace("queue: finance", "queue: [1]"), encoding="utf-8")
    await page.locator("button", has_text="Перечитать файлы").click()
    await expect(page.locator("[role=alert]")).to_contain_text("tried.yaml")
    await pages.clean(page, "editions-refused")
    file.write_text(TABLE.replace("queue: finance", "queue: retention"), encoding="utf-8")
    await page.goto(pages.url("/routing/editions"))
    await page.locator("button", has_text="Перечитать файлы").click()
    await expect(page.locator("[role=status] .good")).to_contain_text("Действует редакция 3")
    await pages.both("/routing/editions/3?against=2", "edition")
    await page.goto(pages.url("/routing/editions/2"))
    await page.locator("button", has_text="Вернуть").click()
    await expect(page.locator("[role=alert]")).to_contain_text("Отметьте")
    await pages.clean(page, "edition-unsure")
    await page.locator("[name=sure]").check()
    await page.locator("button", has_text="Вернуть").click()
    await expect(page.locator("[role=status] .good")).to_contain_text("Действует редакция 4")
    assert "queue: finance" in file.read_text(encoding="utf-8")


# --- the IVR


async def test_who_is_where_follows_by_itself_and_says_when_it_does_not(pages: Pages) -> None:
    places, script = pages.daemon.answering.reception.places, pages.daemon.editions.newest.flow.script
    await pages.both("/routing/ivr", "ivr")
    page = await pages.open("/routing/ivr")
    graph = page.locator(".graph")
    await graph.focus()
    places.update({CallId(f"c{n}"): NodeName(next(iter(script.nodes))) for n in range(3)})
    await expect(page.locator("#ivr-now")).to_contain_text("3 звонящих")
    await expect(graph).to_be_focused()
    await pages.clean(page, "ivr-callers")
    await page.context.set_offline(True)
    await expect(page.locator("#ivr-now .note.warn")).to_be_visible()
    await page.context.set_offline(False)
    await expect(page.locator("#ivr-now .note.warn")).to_have_count(0)
    places.clear()


async def test_an_announcement_is_switched_by_keys(pages: Pages) -> None:
    now = pages.daemon.clock.now()
    end = now + timedelta(days=1)
    note = NewFlash(FlashScope.house, EVERYBODY, "", "Авария на магистрали", now, end, spoken=WORDS)
    await pages.database.flashes.add(note, "vera", now)
    page = await pages.open("/routing/ivr")
    button = page.locator("button", has_text="Включить")
    await button.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".chip.warn")).to_have_text("звучит")
    await pages.both("/routing/ivr", "ivr-announced")
    assert len(await pages.database.announcements.spoken(now)) == 1
    await page.locator("button", has_text="Выключить").click()
    await expect(page.locator("button", has_text="Включить")).to_be_visible()
    await page.goto(pages.url("/flash/new?house=1"))
    await expect(page.locator("#f-spoken_ru")).to_be_visible()
    await pages.clean(page, "flash-new-house")
