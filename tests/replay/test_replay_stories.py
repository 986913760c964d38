"""Each recording of a real Asterisk tells its story."""

from __future__ import annotations

import re

import pytest
from expected import TALES, steps_of
from player import FOLDER, Heard, Player, calls_of, frames, heard, row, told

from callcore.domain import PbxName
from callcore.testing.recording.capture import redacted
from callcore.testing.recording.registry import VERSIONS, file_name
from callcore.testing.recording.stories import STORIES


def test_every_story_is_recorded_on_every_version_and_told_in_words():
    names = [story.name for story in STORIES]

    assert sorted(file.name for file in FOLDER.iterdir()) == sorted(
        file_name(name, version) for name in names for version in VERSIONS
    )
    assert sorted(TALES) == sorted(names)
    assert all(story.says for story in STORIES)


def test_a_recording_holds_a_whole_session_and_nothing_private(recording):
    messages = frames(recording.raw)

    assert recording.raw.startswith(b"Asterisk Call Manager/")
    assert messages[0].startswith(b"Response: Success")
    assert b"Event: FullyBooted" in messages[1]
    assert recording.raw.endswith(b"\r\n\r\n")
    assert not re.search(rb"secret|/tmp/|/home/", recording.raw, re.IGNORECASE)
    assert set(re.findall(rb"(?:\d+\.){3}\d+", recording.raw)) <= {b"127.0.0.1"}
    numbers = re.findall(rb"(?<![\w.-])[78]\d{10}(?![\w.])", recording.raw)
    assert all(number[1:].startswith((b"900000", b"495000")) for number in numbers)


def test_what_belongs_to_the_machine_is_replaced_and_a_secret_refused():
    raw = b"Host: builder\r\nPath: /tmp/story/pbx\r\nName: builders\r\n"

    assert redacted(raw, "hidden", {"builder": "pbx.example", "/tmp/story": "/pbx"}) == (
        b"Host: pbx.example\r\nPath: /pbx/pbx\r\nName: builders\r\n"
    )
    with pytest.raises(ValueError, match="secret"):
        redacted(raw + b"hidden", "hidden", {})


def test_a_recording_tells_its_story(recording):
    steps = Player().play(recording.facts).settle().steps

    assert_tells(told(steps), TALES[recording.story])
    for call in calls_of(steps).values():
        assert row(call[-1]).startswith("ended ")


def test_two_offices_at_once_do_not_mix_up_their_calls():
    for version in VERSIONS:
        both: list[list[Heard]] = []
        for name in ("office_east", "office_west"):
            raw = (FOLDER / file_name(name, version)).read_bytes()
            # as if both had the same names for their channels, and lived in the same minute
            raw = raw.replace(name.removeprefix("office_").encode() + b"-", b"pbx-")
            both.append(heard(frames(raw), PbxName(name)))
        shift = both[0][0].at - both[1][0].at
        mixed = sorted(
            [*both[0], *(Heard(one.at + shift, one.fact, one.channels) for one in both[1])],
            key=lambda one: one.at,
        )

        steps = Player().play(mixed).settle().steps

        assert_tells(told(steps), TALES["office_east"] + TALES["office_west"])


def assert_tells(found: list[str], tale: str) -> None:
    left = list(found)
    for line in filter(None, map(str.strip, tale.splitlines())):
        fitting = next((one for one in left if _fits(one, line)), None)
        assert fitting is not None, "\n".join(["not told:", line, "but:", *left])
        left.remove(fitting)
    assert not left, "\n".join(["told beyond the story:", *left])


def _fits(found: str, line: str) -> bool:
    """Same caller, and the same steps in whatever order."""
    if found.partition(": ")[0] != line.partition(": ")[0]:
        return False
    left = steps_of(found)
    for step in steps_of(line):
        if step == "…":
            return True
        wanted = step.strip("[]").removesuffix("…")
        is_whole = step == wanted
        fitting = next(
            (one for one in left if one == wanted or (not is_whole and one.startswith(wanted))), None
        )
        if fitting is not None:
            left.remove(fitting)
        elif not step.startswith("["):
            return False
    return not left
