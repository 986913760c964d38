"""Every wish that waits says why, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callcore.callbacks.plan import AGAIN, NOT_BEFORE, Call, Rules, Waits, Why, Wish
from callcore.callbacks.status import Standing, words
from callcore.calls.attempt import AttemptResult, Plan
from callcore.domain import Login, Text
from callcore.outbound.profile import Rule

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SOON = NOW + timedelta(minutes=15)
QUEUE = Text("Финансы", "Finance")


def said(why: Why | Call, *, wait: str = "", until: datetime | None = None, tries: int = 0, **more) -> Text:
    step = why if isinstance(why, Call) else Waits(why, until)
    wish = Wish(1, "+79161234567", NOW, wait=wait, tries=tries, due_at=until, taken_by=Login("anna"))
    return words(Standing(wish, step, Rules(), QUEUE, NOW, "Europe/Moscow", **more))


@pytest.mark.parametrize(
    ("why", "more", "ru", "en"),
    [
        (Call(Plan.queue_first), {}, "сейчас будет вызов", "is about to be called"),
        (
            Why.person,
            {"wait": "person_tries", "tries": 3},
            "дозвониться не удалось, попыток: 3; теперь звонит человек",
            "not reached, tries: 3; now a person calls",
        ),
        (
            Why.person,
            {"wait": "person_unreachable"},
            "такого номера нет; решает человек",
            "there is no such number; a person decides",
        ),
        (
            Why.person,
            {"wait": "person_dnc"},
            "номер в списке «не звонить»; решает человек",
            "the number is on the do-not-call list; a person decides",
        ),
        (Why.taken, {"taken_by": "Анна"}, "перезванивает Анна", "Анна calls"),
        (Why.taken, {}, "перезванивает anna", "anna calls"),
        (Why.postponed, {"until": SOON}, "отложено до 12:15", "put off until 12:15"),
        (
            Why.calling,
            {"is_ringing": True},
            "оператор на линии, номер вызывается",
            "an operator is on the line, the number is rung",
        ),
        (
            Why.later,
            {"wait": "busy", "tries": 1, "until": SOON},
            "номер был занят; попытка 2 из 3 в 12:15",
            "the number was busy; try 2 of 3 at 12:15",
        ),
        (
            Why.later,
            {"wait": "quiet_hours", "theirs": "Asia/Omsk", "until": NOW + timedelta(hours=18)},
            "у него тихие часы (Asia/Omsk), до 24.11 06:00",
            "quiet hours where he is (Asia/Omsk), until 24.11 06:00",
        ),
        (
            Why.later,
            {"wait": NOT_BEFORE, "until": SOON},
            "просили не раньше 12:15",
            "asked for not before 12:15",
        ),
        (Why.later, {"wait": AGAIN, "until": SOON}, "снова в 12:15", "again at 12:15"),
        (Why.closed, {"until": SOON}, "закрыто до 12:15", "closed until 12:15"),
        (
            Why.no_operator,
            {},
            "в очереди «Финансы» нет готовых операторов",
            'nobody is ready in queue "Finance"',
        ),
        (
            Why.trouble,
            {"trouble": Text("связь потеряна", "the link is lost")},
            "ждёт: связь потеряна",
            "waits: the link is lost",
        ),
    ],
)
def test_words(why, more, ru, en):
    assert said(why, **more) == Text(ru, en)


@pytest.mark.parametrize("why", list(Why))
def test_every_reason_has_words(why):
    told = said(why)
    assert told.ru
    assert told.en
    assert told.ru != told.en


@pytest.mark.parametrize("code", [*AttemptResult, *Rule])
@pytest.mark.parametrize("why", [Why.later, Why.person])
def test_every_code_has_words(why, code):
    """An unknown one is shown as it is; none breaks the page."""
    told = said(why, wait=f"person_{code}" if why is Why.person else code, until=SOON)
    assert told.ru


@pytest.mark.parametrize("rule", list(Rule))
def test_every_rule_of_the_gate_has_words(rule):
    assert not said(Why.later, wait=rule, until=SOON).en.startswith(rule)
