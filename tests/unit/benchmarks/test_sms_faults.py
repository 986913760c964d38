"""What the SMS benchmark counts as lost, twice and falsely failed."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks import sms
from benchmarks.sms import Campaign, number, text
from callcore.outbound.ports import Receipt, ReceiptState
from callcore.testing.sms import Got, Report


@pytest.fixture
def campaign(monkeypatch: pytest.MonkeyPatch) -> Campaign:
    """Three messages; the first cannot be delivered."""
    monkeypatch.setattr(sms, "MESSAGES", 3)
    campaign = Campaign(1)
    campaign.taken = {"a": 0, "b": 1, "c": 2}
    for id, state in zip("abc", ("failed", "delivered", "delivered"), strict=True):
        campaign.receipts.append(Receipt("sms", id, "", ReceiptState(state), ""))
    return campaign


def report(*places: int) -> Report:
    messages = tuple(Got(number(place)[1:], 1, "", 5, text(place), 1, 8, 1) for place in places)
    return Report(1, 0, 0, 0, 0, 0, 0, 0, 0, messages)


def test_all_is_well(campaign: Campaign) -> None:
    assert campaign.faults(report(0, 1, 2)) == Counter()


def test_lost_and_twice(campaign: Campaign) -> None:
    assert campaign.faults(report(0, 1, 1)) == Counter({"lost": 1, "twice": 1})


def test_without_a_receipt(campaign: Campaign) -> None:
    campaign.receipts.pop()
    assert campaign.faults(report(0, 1, 2)) == Counter({"lost": 1})


def test_never_told(campaign: Campaign) -> None:
    del campaign.taken["c"]
    assert campaign.faults(report(0, 1, 2)) == Counter({"lost": 1})


@pytest.mark.parametrize("place", [0, 1])
def test_a_receipt_that_says_otherwise(campaign: Campaign, place: int) -> None:
    wrong = ReceiptState.delivered if place == 0 else ReceiptState.failed
    campaign.receipts[place] = Receipt("sms", "abc"[place], "", wrong, "")
    assert campaign.faults(report(0, 1, 2)) == Counter({"falsely failed": 1})


def test_told_as_not_sent(campaign: Campaign) -> None:
    del campaign.taken["c"]
    campaign.not_taken[2] = "Unsure"
    assert campaign.faults(report(0, 1, 2)) == Counter({"falsely failed": 1})


def test_the_line(campaign: Campaign) -> None:
    line = sms.line([100, 300, 200], [400, 400, 500], [0.001, 0.002], Counter({"falsely failed": 2}))
    assert {"bench", "value", "unit", "floor", "ratio", "goal", "met", "n", "p50", "p99"} <= set(line)
    assert (line["value"], line["floor"], line["ratio"], line["met"]) == (200, 400, 0.5, False)
    assert (line["p99"], line["lost"], line["falsely_failed"]) == (2.0, 0, 2)
