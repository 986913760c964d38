"""What an outcome or a refusal makes of a target."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from callcore.calls.attempt import AttemptResult, Medium
from callcore.calls.campaign import Target, TargetChange, TargetResult
from callcore.campaigns.plan import Ended, Postponed, TextNow, after, longer, refused
from callcore.domain import Text
from callcore.outbound.gate import Refusal, Rule

from .campaign_people import (
    FIXED,
    FIXED_2,
    MOBILE,
    MOBILE_2,
    NO_SMS,
    NOW,
    RULES,
    attempt_of,
    outcome,
    target,
)

R = AttemptResult
SMS = Medium.sms


def call(tried: Target, result: AttemptResult, rules=RULES, key: str | None = None) -> TargetChange:
    return after(tried, attempt_of(tried), outcome(result, key), rules, NOW)


def text(tried: Target, result: AttemptResult, rules=RULES) -> TargetChange:
    return after(tried, attempt_of(tried, SMS), outcome(result), rules, NOW)


def test_told():
    change = call(target(), R.told, key="1")
    assert (change.result, change.reason, change.rings) == (TargetResult.told, "told", 1)


@pytest.mark.parametrize("result", [R.told, R.hung_up_early, R.unknown])
def test_who_pressed_nine_hears_and_reads_nothing_more(result):
    assert call(target(), result, key="9").result is TargetResult.opted_out


@pytest.mark.parametrize("result", [R.hung_up_early, R.rejected, R.failed])
def test_an_sms_at_once(result):
    change = call(target(), result)
    assert (change.result, change.next_medium, change.due_at, change.wait) == (None, SMS, NOW, "text")
    assert change.number == MOBILE


@pytest.mark.parametrize("result", [R.hung_up_early, R.rejected, R.failed, R.unreachable])
def test_without_sms_that_was_it(result):
    change = call(target(), result, NO_SMS)
    assert (change.result, change.reason) == (TargetResult.not_reached, result)


def test_a_busy_line_is_rung_again_twice():
    change = call(target(), R.busy)
    assert (change.rings, change.wait, change.due_at) == (1, "retry_busy", NOW + timedelta(seconds=300))
    assert (change.next_medium, change.result) == (Medium.voice, None)
    assert call(target(rings=1), R.busy).wait == "retry_busy"
    assert call(target(rings=2), R.busy).next_medium is SMS


def test_nobody_answers_counts_the_busy_rings_too():
    assert call(target(), R.no_answer).wait == "retry_no_answer"
    assert call(target(rings=1), R.no_answer).next_medium is SMS
    change = call(target(rings=1), R.no_answer, NO_SMS)
    assert (change.result, change.reason) == (TargetResult.not_reached, "no_answer")


def test_trouble_of_the_network_is_no_ring():
    change = call(target(), R.network)
    assert (change.rings, change.troubles, change.wait) == (0, 1, "retry_network")
    assert change.due_at == NOW + timedelta(seconds=120)
    last = call(target(troubles=3), R.network)
    assert (last.next_medium, last.troubles) == (SMS, 0)


def test_what_never_left_goes_again_later_and_later():
    assert call(target(), R.not_sent).due_at == NOW + timedelta(seconds=5)
    assert call(target(troubles=2), R.not_sent).due_at == NOW + timedelta(seconds=20)
    assert longer(timedelta(seconds=5), 100) == timedelta(seconds=300)
    assert call(target(troubles=4), R.not_sent).next_medium is SMS
    waiting = text(target(troubles=3, next_medium=SMS), R.not_sent)
    assert (waiting.result, waiting.wait, waiting.texts) == (None, "retry_not_sent", 0)
    end = text(target(troubles=4, next_medium=SMS), R.not_sent)
    assert (end.result, end.reason) == (TargetResult.not_reached, "not_sent")


def test_an_unreachable_number_gives_way_to_the_next():
    change = call(target(FIXED, FIXED_2, MOBILE), R.unreachable)
    assert (change.number, change.others, change.wait) == (FIXED_2, (MOBILE,), "next_number")
    assert (change.due_at, change.next_medium, change.rings) == (NOW, Medium.voice, 0)


def test_the_last_unreachable_number_is_texted_if_it_takes_texts():
    assert call(target(MOBILE), R.unreachable).next_medium is SMS
    assert call(target(FIXED), R.unreachable).result is TargetResult.not_reached


def test_an_sms_goes_to_the_first_of_his_numbers_that_takes_one():
    change = call(target(FIXED, FIXED_2, MOBILE, MOBILE_2), R.rejected)
    assert (change.next_medium, change.number) == (SMS, MOBILE)
    assert change.others == (FIXED, FIXED_2, MOBILE_2)
    assert call(target(FIXED, FIXED_2), R.rejected).result is TargetResult.not_reached


@pytest.mark.parametrize(
    ("result", "end"),
    [
        (R.delivered, TargetResult.texted),
        (R.sent, TargetResult.sent),
        (R.undelivered, TargetResult.not_reached),
        (R.failed, TargetResult.not_reached),
        (R.unknown, TargetResult.unknown),
    ],
)
def test_an_sms_ends_it(result, end):
    change = text(target(next_medium=SMS), result)
    assert (change.result, change.reason, change.texts) == (end, result, 1)


@pytest.mark.parametrize("result", [R.busy, R.unreachable, R.told, R.network])
def test_a_result_that_no_message_has_leads_to_no_call(result):
    change = text(target(MOBILE, FIXED, next_medium=SMS), result)
    assert change.next_medium is SMS
    assert change.rings == 0


def test_an_unknown_call_is_never_rung_again_nor_texted():
    change = call(target(), R.unknown)
    assert (change.result, change.reason) == (TargetResult.unknown, "unknown")


def test_a_late_receipt_counts_no_second_sms():
    ended = target(next_medium=SMS, texts=1, result=TargetResult.sent, reason="sent")
    change = text(ended, R.delivered)
    assert (change.result, change.texts) == (TargetResult.texted, 1)


def test_an_sms_instead_of_a_call_keeps_to_its_number():
    """The gate let no call pass, so the SMS went to the mobile at once."""
    tried = target(FIXED, MOBILE)
    change = after(tried, attempt_of(tried, SMS, MOBILE), outcome(R.not_sent), RULES, NOW)
    assert (change.number, change.others, change.next_medium) == (MOBILE, (FIXED,), SMS)


def refusal(rule: Rule, until=None) -> Refusal:
    return Refusal(rule, until, Text("потому", "because"))


def test_for_ever_is_the_end():
    answer = refused([MOBILE], Medium.voice, refusal(Rule.dnc), RULES)
    assert answer == Ended(TargetResult.skipped, "dnc")


def test_for_now_is_later():
    until = NOW + timedelta(hours=3)
    assert refused([MOBILE], SMS, refusal(Rule.quiet_hours, until), RULES) == Postponed(until, "quiet_hours")
    assert refused([MOBILE], SMS, refusal(Rule.attempt_cap, until), RULES) == Postponed(until, "attempt_cap")


def test_rung_too_often_today_is_texted_now():
    cap = refusal(Rule.attempt_cap, NOW + timedelta(hours=20))
    assert refused([FIXED, MOBILE], Medium.voice, cap, RULES) == TextNow(MOBILE)
    assert refused([FIXED], Medium.voice, cap, RULES) == Postponed(cap.until, "attempt_cap")
    assert refused([MOBILE], Medium.voice, cap, NO_SMS) == Postponed(cap.until, "attempt_cap")
    assert refused([MOBILE], Medium.voice, replace(cap, until=None), RULES) == TextNow(MOBILE)


def test_who_wants_no_calls_is_asked_about_for_an_sms():
    answer = refusal(Rule.opt_out)
    assert refused([FIXED, MOBILE], Medium.voice, answer, RULES) == TextNow(MOBILE)
    assert refused([FIXED], Medium.voice, answer, RULES) == Ended(TargetResult.skipped, "opt_out")
    assert refused([MOBILE], SMS, answer, RULES) == Ended(TargetResult.skipped, "opt_out")


def test_the_day_s_limit_is_waited_out():
    until = NOW + timedelta(hours=9)
    assert refused([MOBILE], Medium.voice, refusal(Rule.budget, until), RULES) == Postponed(until, "budget")
    assert refused([MOBILE], SMS, refusal(Rule.pause, until), RULES) == Postponed(until, "pause")
