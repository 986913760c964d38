"""The IVR in a terminal: what is said, and where the keys lead."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callcore.cli import main
from callcore.commands.frame import Output
from callcore.commands.ivr import walk
from callcore.config import load

SAMPLE = Path("config/callcore.yaml")
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""Noon in Moscow."""
SUNDAY = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def told(keys: str, at: datetime = MONDAY, *, has_outage: bool = False) -> str:
    out = io.StringIO()
    settings = load(SAMPLE, need_secrets=False)
    walked = walk(settings, at, io.StringIO(keys), Output(out, out, "en"), has_outage=has_outage)
    assert walked == 0
    return out.getvalue()


def test_two_keys_lead_to_a_queue() -> None:
    said = told("4\n1\n")
    assert "Здравствуйте!" in said
    assert said.rstrip().endswith("Queue finance.")


def test_english_and_closed() -> None:
    said = told("9\n4\n1\n", SUNDAY)
    assert "The finance group is closed now." in said
    assert said.rstrip().endswith("The call ends.")


def test_silence_three_times_is_the_default_topic() -> None:
    assert told("\n\n\n").rstrip().endswith("Queue expert.")


def test_a_caller_at_an_affected_address() -> None:
    """He hears it before the menu, in both languages if he likes; 0 is an operator."""
    said = told("9\n1\n4\n1\n", has_outage=True)
    assert said.index("обрыв кабеля") < said.index("a torn cable") < said.index("usual menu")
    assert said.rstrip().endswith("Queue finance.")
    assert told("0\n", has_outage=True).rstrip().endswith("Queue expert.")
    assert "cable" not in told("9\n")


def test_hanging_up_and_a_key_that_is_none() -> None:
    said = told("four\n")
    assert "One key" in said
    assert said.rstrip().endswith("The caller hung up.")


def test_a_moment_without_a_zone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ivr", "walk", "-c", str(SAMPLE), "--at", "2026-12-31T20:00"]) == 1
    assert "zone" in capsys.readouterr().err
