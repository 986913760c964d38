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


def told(keys: str, at: datetime = MONDAY) -> str:
    out = io.StringIO()
    settings = load(SAMPLE, need_secrets=False)
    assert walk(settings, at, io.StringIO(keys), Output(out, out, "en")) == 0
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


def test_hanging_up_and_a_key_that_is_none() -> None:
    said = told("four\n")
    assert "One key" in said
    assert said.rstrip().endswith("The caller hung up.")


def test_a_moment_without_a_zone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ivr", "walk", "-c", str(SAMPLE), "--at", "2026-12-31T20:00"]) == 1
    assert "zone" in capsys.readouterr().err
