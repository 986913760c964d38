"""From the greeting to the word that he leaves, in each language, by each kind of keys (on an Asterisk)."""

from __future__ import annotations

import pytest

from callcore.domain import Outcome

from .conftest import TERSE

WAY = [{"queue": "own"}]
WORDS = {
    "ru": (
        "Алло.",
        "For English",
        "Перерасчёт",
        "Соединяю.",
        "Перезвонить?",
        "Говорите.",
        "Записано.",
        "Пока.",
    ),
    "en": ("Hello.", "по-русски", "recalculation", "Connecting.", "Call back?", "Speak.", "Kept.", "Bye."),
}
GREETED = {"ivr": {**TERSE, "greeting": {"ru": "Алло.", "en": "Hello."}}}


@pytest.mark.parametrize("has_key_events", [True, False], ids=["rfc4733", "info"])
@pytest.mark.parametrize("language", ["ru", "en"])
async def test_through_the_whole_flow(open_hall, language, has_key_events):
    """Language, two menus, the queue, out of it by key, no call back, a message ended by the hash."""
    hall = await open_hall(
        settings=GREETED, exit_by_key=True, finance={"rows": {"own": {"when": {"hours": "any"}, "to": WAY}}}
    )
    _hello, menu, second, connecting, offer, speak, kept, bye = WORDS[language]
    walker = await hall.come(has_key_events=has_key_events)
    if language == "en":
        await walker.goes(("For English", "9"))
    await walker.goes((menu, "4"), (second, "1"))
    await walker.hears(connecting)
    await hall.waits_in("finance")
    await walker.call.key("1")
    await walker.goes((offer, "5"))
    await walker.hears(speak)
    await hall.records()
    await walker.call.speak(2.0)
    await walker.call.key("#")
    await walker.hears(kept)
    await walker.hears(bye)
    await walker.call.ended(30)
    rows = await hall.until_rows("SELECT topic, number, language FROM voicemails")
    assert rows == [("finance.recalculation", "+79000000999", language)]
    contact = await hall.contact()
    assert (contact.outcome, contact.language) == (Outcome.voicemail, language)
    assert (contact.topic, contact.queue) == ("finance.recalculation", "finance")
    theirs = WORDS["en" if language == "ru" else "ru"][2:]
    assert not [text for text in hall.ear.begun if text.startswith(theirs)], "one language from the choice on"
