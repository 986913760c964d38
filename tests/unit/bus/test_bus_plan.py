from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest

from callcore.bus import plan
from callcore.bus.plan import Answer

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRET = plan.new_secret(b"s" * 32)


@pytest.mark.parametrize(
    ("patterns", "type", "is_wanted"),
    [
        (("*",), "case.created", True),
        (("case.*",), "case.created", True),
        (("case.*",), "case.stage.changed", True),
        (("case.*",), "cases.created", False),
        (("case.created",), "case.created", True),
        (("case.created",), "case.closed", False),
        ((), "case.created", False),
        (("*",), plan.TEST_EVENT, False),
    ],
)
def test_who_wants_what(patterns: tuple[str, ...], type: str, is_wanted: bool) -> None:
    assert plan.wants(patterns, type) is is_wanted


@pytest.mark.parametrize("text", ["*", "case.*", "case.created", "a.b.c"])
def test_patterns(text: str) -> None:
    assert plan.is_pattern(text)


@pytest.mark.parametrize(
    "text", ["", "**", "*.created", "Case", "case..x", "case.", "a" * 65, "case.*\n", "<b>"]
)
def test_no_patterns(text: str) -> None:
    assert not plan.is_pattern(text)


def test_the_signature_is_that_of_standard_webhooks() -> None:
    body = plan.message("case.created", NOW, {"name": "Ёлка"})
    sent = plan.headers("evt_7", NOW, body, SECRET)
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signed = f"evt_7.{int(NOW.timestamp())}.".encode() + body
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert sent == {
        "webhook-id": "evt_7",
        "webhook-timestamp": str(int(NOW.timestamp())),
        "webhook-signature": f"v1,{wanted}",
    }
    assert json.loads(body) == {
        "type": "case.created",
        "timestamp": "2026-03-02T09:00:00.000Z",
        "data": {"name": "Ёлка"},
    }


def test_the_example_of_the_specification() -> None:
    """From standardwebhooks.com's own test vectors."""
    at = datetime.fromtimestamp(1614265330, UTC)
    sent = plan.headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}', "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    )
    assert sent["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_pauses_grow_until_it_has_failed() -> None:
    answer = Answer(500, "", 1)
    at, waits = NOW, []
    for tries in range(1, 20):
        verdict = plan.verdict(answer, tries, at)
        if verdict.state == "failed":
            break
        waits.append(verdict.next_at - at)
        at = verdict.next_at
    assert waits[0] == timedelta(seconds=5)
    assert waits[-1] == timedelta(hours=24)
    assert waits == sorted(waits)
    assert tries == len(waits) + 1


def test_a_receiver_may_ask_for_more_time_but_not_for_ever() -> None:
    busy = Answer(429, "", 1, timedelta(minutes=10))
    assert plan.verdict(busy, 1, NOW).next_at == NOW + timedelta(minutes=10)
    endless = Answer(503, "", 1, timedelta(days=30))
    assert plan.verdict(endless, 1, NOW).next_at == NOW + plan.MOST_RETRY_AFTER
    assert plan.verdict(Answer(204, "", 1), 3, NOW).state == "delivered"
    assert plan.verdict(Answer(410, "", 1), 1, NOW).state == "failed"


def test_when_a_subscription_is_switched_off() -> None:
    since = NOW - timedelta(days=5)
    assert plan.disabled_why(Answer(None, "", 1), since, NOW, 5) == "failing"
    assert plan.disabled_why(Answer(None, "", 1), since + timedelta(seconds=1), NOW, 5) == ""
    assert plan.disabled_why(Answer(200, "", 1), since, NOW, 5) == ""
    assert plan.disabled_why(Answer(410, "", 1), NOW, NOW, 5) == "gone"
