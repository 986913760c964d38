"""The line of words under a campaign."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from callcore.calls.attempt import CampaignId
from callcore.calls.campaign import Campaign, CampaignState, News, TargetResult
from callcore.campaigns.status import Situation, counted, words
from callcore.domain import OutageId, Text
from callcore.store.campaigns import Progress

from .campaign_people import NOW

S = CampaignState
NONE = Progress(0, {}, 0, {}, None, 0, 0, {})
CAMPAIGN = Campaign(
    id=CampaignId(1),
    outage=OutageId(1),
    number="2026-1",
    revision=1,
    news=News.outage,
    profile="emergency",
    voice=Text("", ""),
    sms=Text("", ""),
    state=S.running,
    reason="",
    created_at=NOW,
    changed_at=NOW,
)


def said(state: CampaignState = S.running, reason: str = "", progress: Progress = NONE, **more) -> Text:
    campaign = replace(CAMPAIGN, state=state, reason=reason)
    values = {"zone": "Asia/Omsk", "now": NOW} | more
    return words(Situation(campaign, progress, **values))


def waits(code: str, count: int, seconds: float, **more: int) -> Progress:
    waiting = {code: count, **more}
    return replace(NONE, targets=500, waiting=waiting, next_due_at=NOW + timedelta(seconds=seconds))


def test_it_calls_and_sends():
    text = said(calls=22, messages=38, lines=30, lines_busy=22, progress=waits("", 3, -1))
    assert text.en == "calls 22 recipients; sends 38 SMS; 3 recipients to go"
    assert text.ru == "звонит 22 абонентам; отправляет 38 SMS; 3 получателя на очереди"


def test_all_lines_are_busy():
    assert said(calls=3, lines=10, lines_busy=10).en == "calls 3 recipients; all 10 lines are busy"
    assert said(calls=1, lines=1, lines_busy=1).ru == "звонит 1 абоненту; занята вся 1 линия"


def test_it_waits_for_an_hour_and_says_where():
    text = said(progress=waits("quiet_hours", 412, 3600, retry_busy=9))
    assert text.en == "421 recipients wait until 16:00 (Asia/Omsk): quiet hours"
    assert text.ru == "421 получатель ждёт до 16:00 (Asia/Omsk): тихие часы"


def test_another_day_is_named():
    assert "until 23.11 09:00 (Asia/Omsk)" in said(progress=waits("quiet_hours", 2, 18 * 3600)).en


def test_a_code_without_words_is_shown_as_it_is():
    assert said(progress=waits("moon", 2, 60)).en.endswith(": moon")


def test_what_keeps_it_from_dialling():
    gone = Text("нет связи", "no link")
    text = said(voice_trouble=gone, sms_trouble=gone, is_preparing=True, ahead="2026-9")
    assert text.en == "prepares what will be spoken; waits: no link; waits: no link; lets 2026-9 go first"
    assert said().en == "is about to finish"


def test_without_a_ledger_nothing_leaves():
    text = said(has_ledger=False, progress=waits("", 3, -1))
    assert text.en == "waits: the database takes no writes; 3 recipients to go"
    assert text.ru == "ждёт: база данных не принимает записи; 3 получателя на очереди"


def test_people_and_their_orders():
    left = replace(waits("", 5, -1), trying=2)
    assert said(S.paused, "by:olga", left) == Text(
        "приостановил olga; осталось 7 получателей", "paused by olga; 7 recipients left"
    )
    assert said(S.stopped, "by:olga", left).en == "stopped by olga"
    assert said(S.paused).en == "paused"
    assert said(S.stopped).ru == "остановлено"


def test_halted_and_why():
    assert said(S.halted, "trunk_gone").en == "halted: the PBX or its trunk does not take calls"
    why = Text("пять вызовов подряд", "five calls in a row")
    assert said(S.halted, "trunk_gone", why=why).ru == "остановлено автоматически: пять вызовов подряд"
    assert said(S.halted, "moon").en == "halted: moon"


@pytest.mark.parametrize("reason", ["changed", "restored", "cancelled", "outage", ""])
def test_superseded(reason):
    text = said(S.superseded, reason)
    assert text.ru
    assert text.en


def test_the_end():
    assert said(S.done).en == "there is nobody to tell"
    told = replace(NONE, targets=3, by_result={TargetResult.told: 3})
    assert said(S.done, progress=told).en == "everybody told"
    missed = replace(NONE, targets=3, by_result={TargetResult.told: 1, TargetResult.not_reached: 2})
    assert said(S.done, progress=missed).ru == "закончено; не оповещены 2 получателя"


@pytest.mark.parametrize(
    ("n", "ru"),
    [
        (1, "остался 1 получатель"),
        (2, "осталось 2 получателя"),
        (5, "осталось 5 получателей"),
        (11, "осталось 11 получателей"),
        (21, "остался 21 получатель"),
    ],
)
def test_plural_forms(n, ru):
    assert counted("left", n).ru == ru


def test_a_halted_campaign_says_no_plan_of_its_own():
    """What waits is of no interest while nothing is dialled."""
    assert said(S.halted, "gateway_gone", waits("", 5, -1)).en == "halted: the SMS gateway does not answer"
