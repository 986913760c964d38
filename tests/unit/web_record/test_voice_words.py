"""Every word of the pages of the voice was given to translators."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from callcore.domain import CallId, PbxName, QueueName, Text, TopicCode
from callcore.ivr.ports import Caller, Message
from callcore.rights import Role
from callcore.store.flash_rows import EVERYBODY, FlashScope, NewFlash
from callcore.web import kit
from callcore.web.i18n import PSEUDO, Texts

from .test_work_pages import missed

NAMES = re.compile(r"<(script|style|bdi|code|pre|option|kbd|svg)\b.*?</\1>", re.DOTALL)
"""Names, codes, files."""
OF_THE_LOCALE = {"Mar", "Nov", "now", "minutes", "minute", "ago", "Europe", "Moscow"}


async def furnish(house: Any) -> None:
    caller = Caller(CallId("c1"), PbxName("main"), "+79161234567", "ru", TopicCode("finance.claim"))
    backoffice = house.daemon.answering.reception.backoffice
    await backoffice.keep_message(caller, Message("c1.wav", 3.0))
    await backoffice.call_back(caller, "finance")
    await backoffice.call_back(Caller(CallId("c2"), PbxName("main"), "+79161234568", "ru", caller.topic), "")
    await house.post_form("/work/2/done")
    await missed(house, "m1", queue=QueueName("finance"))
    await missed(house, "m2", None)
    await missed(house, "m3", "+79161234569")
    await house.daemon.office.work.once()
    day = (house.clock.now() + timedelta(days=1)).date().isoformat()
    for n in range(3, 7):
        await house.post_form(f"/work/{n}/take")
    await house.post_form("/work/6/postpone", day=day, reason="⟦завтра⟧")
    now = house.clock.now()
    words = Text("⟦Авария⟧", "⟦Trouble⟧")
    for n in range(2):
        end = now + timedelta(days=1)
        note = NewFlash(FlashScope.house, EVERYBODY, "", "⟦x⟧", now, end, spoken=words, is_spoken=n == 0)
        await house.database.flashes.add(note, "boss", now)
    topics = house.daemon.settings.file.parent / "topics"
    file = topics / "finance.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("Финансовая", "Денежная", 1), encoding="utf-8")


async def test_every_word(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the pseudo-language every text stands between brackets; outside there are names only."""
    await house.sign_in(Role.administrator)
    await furnish(house)
    monkeypatch.setattr(kit, "texts_of", lambda _language: Texts(PSEUDO))
    tables = house.daemon.editions.newest.tables
    for path in (
        "/voicemails?state=all",
        "/voicemails?state=heard",
        "/work?state=all",
        "/work?tab=voicemail&state=all",
        "/work?tab=wish",
        "/work?tab=wish&state=all&whose=mine",
        "/work?tab=postponed",
        "/work?tab=unclassified",
        "/routing",
        *(f"/routing/tables/{table.code}" for table in tables),
        "/routing/explain",
        "/routing/explain?topic=finance.claim",
        "/routing/explain?topic=finance.claim&on=2026-11-22",
        "/routing/editions",
        "/routing/editions/1",
        "/routing/ivr",
    ):
        page = await house.get(path, panel=True)
        assert page.status == 200, path
        bare, inner = re.sub(r"<[^>]*>", " ", NAMES.sub(" ", page.text)), 1
        while inner:  # a text may have another put in
            bare, inner = re.subn(r"⟦[^⟦⟧]*⟧", " ", bare)
        bare = re.sub(r"\b[a-z_]+(\.[a-z_]+)+\b", " ", bare)  # codes of topics
        left = set(re.findall(r"[^\W\d_]{3,}", bare))
        assert left <= OF_THE_LOCALE | {table.code for table in tables}, (path, left)
