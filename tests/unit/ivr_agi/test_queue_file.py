"""queues.conf and queuerules.conf: what waiting callers are told, the key, the rule of skills."""

from __future__ import annotations

import pytest

from callcore.ivr.dialplan import include_file, own_contexts, render
from callcore.ivr.queue_file import (
    ANYBODY,
    EXIT_CONTEXT,
    Announce,
    QueueDefinition,
    render_queues,
    render_rules,
    rule_name,
)
from callcore.routing.skills import OTHERS


def lines(**settings: object) -> dict[str, str]:
    """The section's keys and values; no key is there twice."""
    text = render_queues([QueueDefinition("expert", **settings)])  # type: ignore[arg-type]
    rows = [line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith(";")]
    assert len({key for key, _value in rows}) == len(rows)
    return {key: value for key, value in rows}


@pytest.mark.parametrize(
    ("announce", "position", "holdtime"),
    [("position", "yes", "no"), ("wait", "no", "once"), ("both", "yes", "once")],
)
def test_what_a_waiting_caller_is_told(announce: Announce, position: str, holdtime: str) -> None:
    told = lines(announce=announce, announce_seconds=45)
    assert (told["announce-position"], told["announce-holdtime"]) == (position, holdtime)
    assert (told["announce-frequency"], told["min-announce-frequency"]) == ("45", "15")
    assert (told["queue-youarenext"], told["queue-thankyou"]) == ("", "")


def test_nothing_is_told_unless_it_is_wanted() -> None:
    """Better no word than a wrong one."""
    told = lines()
    assert told["announce-frequency"] == "0"
    assert "announce-position" not in told


def test_he_may_leave_by_key_where_the_queue_says_so() -> None:
    assert lines(exit_by_key=True)["context"] == EXIT_CONTEXT
    assert "context" not in lines()


def test_a_call_that_asks_for_a_skill_is_kept_for_a_while() -> None:
    queues = [
        QueueDefinition("expert", skills_first_seconds=20),
        QueueDefinition("finance", skills_first_seconds=20),
        QueueDefinition("sales", skills_first_seconds=5),
        QueueDefinition("service"),
    ]
    assert render_rules(queues) == (
        f"[{rule_name(5)}]\npenaltychange => 5,{ANYBODY}\n\n"
        f"[{rule_name(20)}]\npenaltychange => 20,{ANYBODY}\n"
    )
    assert ANYBODY > OTHERS
    kept = lines(skills_first_seconds=20)
    assert (kept["defaultrule"], kept["penaltymemberslimit"]) == (rule_name(20), "0")
    assert "defaultrule" not in lines()


def test_no_rules_are_said_to_be_none() -> None:
    text = render(
        pbx="main",
        agi="127.0.0.1:4573",
        fallback_queue="expert",
        queues=[QueueDefinition("expert")],
        part="rules",
    )
    assert [line for line in text.splitlines() if not line.startswith(";")] == []


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"announce": "loudly"}, "announce"),
        ({"announce": "position", "announce_seconds": 0}, "announce_seconds"),
        ({"skills_first_seconds": 0}, "skills_first_seconds"),
    ],
)
def test_values_that_asterisk_would_read_as_something_else(settings: dict[str, object], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        lines(**settings)


def test_the_contexts_of_the_file() -> None:
    assert {"callcore-inbound", "callcore-fallback", "callcore-journal"} < set(own_contexts())
    assert len(own_contexts()) == include_file().count("\n[")
