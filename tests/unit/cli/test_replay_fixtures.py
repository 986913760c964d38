"""``callcore replay`` on what real PBXs sent: each recording under ``tests/fixtures/ami``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from callcore.ami.recording import events
from callcore.commands.replay import Step, step_json, steps

RECORDINGS = sorted((Path(__file__).parents[2] / "fixtures" / "ami").glob("*.ami"))


def told(found: list[Step]) -> list[dict[str, object]]:
    return [step_json(step) for step in found]


def test_there_are_recordings() -> None:
    assert {path.suffixes[0] for path in RECORDINGS} == {".16", ".22"}


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_each_call_ends_once_and_last(path: Path) -> None:
    """Recordings are whole: whoever calls in them has hung up at the end."""
    found = steps(path.read_bytes())
    calls: dict[str, list[str]] = {}
    for step in found:
        calls.setdefault(step.call, []).append(step.told.event.value)
    assert calls
    for events_of_call in calls.values():
        assert events_of_call.count("ended") == 1
        assert events_of_call[-1] == "ended"
    assert found == sorted(found, key=lambda step: step.told.at)


@pytest.mark.parametrize("path", RECORDINGS[::7], ids=lambda path: path.stem)
def test_every_form_tells_the_same(path: Path) -> None:
    raw = path.read_bytes()
    expected = told(steps(raw))
    assert told(steps(raw)) == expected
    assert told(steps(raw.replace(b"\r\n", b"\n"))) == expected
    lines = "\n".join(json.dumps(dict(event)) for event in events(raw))
    assert told(steps(lines.encode())) == expected


@pytest.mark.parametrize("path", RECORDINGS[::7], ids=lambda path: path.stem)
def test_without_moments_the_story_is_the_same(path: Path) -> None:
    """Nothing that decides depends on the clock; only phones that ring together may be told apart."""
    raw = path.read_bytes()
    timeless = [{k: v for k, v in event.items() if k != "timestamp"} for event in events(raw)]
    found = steps(json.dumps(timeless).encode())
    assert {step.at for step in found} <= {None}
    with_moments = steps(raw)
    assert {step.call for step in found} == {step.call for step in with_moments}
    for event in ("answered", "transferred", "ended"):
        assert [step.told.targets for step in found if step.told.event == event] == [
            step.told.targets for step in with_moments if step.told.event == event
        ]
