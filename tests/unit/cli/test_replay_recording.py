"""What ``callcore replay`` can read: raw sessions, JSON arrays and JSON Lines, whole and in pieces."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from callcore.ami.recording import BadRecording, events, moment

SESSION = (
    "Asterisk Call Manager/9.0.0\r\n"
    "Response: Success\r\nActionID: 1\r\nMessage: Authentication accepted\r\n\r\n"
    "Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n"
    "Event: Newchannel\r\nTimestamp: 1795000000.250000\r\nUniqueid: 1795000000.1\r\n"
    "CallerIDName: Иван\r\nChannel: PJSIP/trunk-00000001\r\n\r\n"
    "Event: Status\r\nVariable: A=1\r\nVariable: B=2\r\n\r\n"
    "Event: Hangup\r\nUniqueid: 1795000000.1\r\nCause: 16\r\nCause-txt: Normal Clearing\r\n\r\n"
).encode()
NAMES = ["FullyBooted", "Newchannel", "Status", "Hangup"]
OBJECTS = [
    {"Event": "Newchannel", "Uniqueid": "1.2", "ChannelState": 0, "CallerIDName": None, "content": ""},
    {"EVENT": "Status", "variable": ["A=1", "B=2"], "ChanVariable": {"C": "3"}, "Flag": True},
    {"Response": "Success"},
]


def names(data: bytes) -> list[object]:
    return [event["event"] for event in events(data)]


def test_a_session_as_it_came() -> None:
    found = list(events(SESSION))
    assert [event["event"] for event in found] == NAMES
    assert found[1]["calleridname"] == "Иван"
    assert found[2]["variable"] == ["A=1", "B=2"]
    assert moment(found[1]) == datetime.fromtimestamp(1795000000.25, UTC)
    assert moment(found[0]) is None


@pytest.mark.parametrize(
    "data",
    [
        SESSION.replace(b"\r\n", b"\n"),
        SESSION.replace(b"\r\n", b"\r\r\n"),
        SESSION.replace(b"\r\n\r\n", b"\r\n\r\n\r\n"),
        b"\xef\xbb\xbf" + SESSION,
        SESSION.decode().encode("utf-16"),
        b"Trying 127.0.0.1...\nConnected to localhost.\n" + SESSION,
        SESSION.removesuffix(b"\r\n"),
        SESSION.removesuffix(b"\r\n\r\n"),
        SESSION + b"Event: Cut",
    ],
    ids=[
        "unix",
        "double",
        "extra blank line",
        "utf-8 mark",
        "utf-16",
        "telnet",
        "no last blank line",
        "no last end",
        "cut",
    ],
)
def test_a_session_that_went_through_other_hands(data: bytes) -> None:
    assert names(data) == NAMES


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_a_session_cut_at_every_place(line_end: bytes) -> None:
    """No piece of a session raises, and no event comes out with another's headers or with half a value."""
    session = SESSION.replace(b"\r\n", line_end)
    whole = [dict(event) for event in events(session)]
    for at in range(len(session)):
        for piece in (session[at:], session[:at]):
            for event in events(piece):
                original = next((each for each in whole if each["event"] == event["event"]), None)
                assert original is None or all(_is_of(original, *each) for each in event.items())
    assert names(session[session.index(b"Timestamp") :]) == NAMES[2:]
    assert names(session[: session.index(b"Cause-txt")]) == NAMES


def _is_of(original: dict[str, object], name: str, value: object) -> bool:
    return value == original[name] or value in original[name]


def test_two_sessions_in_one_file() -> None:
    assert names(SESSION + SESSION) == NAMES * 2


def test_letters_of_two_encodings() -> None:
    session = SESSION.replace("Иван".encode(), "Иван".encode("cp1251"))
    assert list(events(session))[1]["calleridname"] == "Иван"


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(OBJECTS),
        json.dumps(OBJECTS, indent=2),
        "\n".join(map(json.dumps, OBJECTS)),
        "\r\n\r\n".join(json.dumps(each, indent=1) for each in OBJECTS) + "\r\n",
    ],
    ids=["array", "indented array", "lines", "indented objects"],
)
def test_objects(text: str) -> None:
    """Keys in any case, numbers as they were written, null for a header that is not there."""
    first, second = events(text.encode())
    assert first == {"event": "Newchannel", "uniqueid": "1.2", "channelstate": "0", "content": ""}
    assert second == {"event": "Status", "variable": ["A=1", "B=2"], "chanvariable": "C=3", "flag": "1"}


def test_a_number_keeps_its_last_zero() -> None:
    (event,) = events(b'{"event": "Hangup", "Uniqueid": 1529939079.450, "Cause": 16}')
    assert (event["uniqueid"], event["cause"]) == ("1529939079.450", "16")


def test_objects_cut_off_at_both_ends() -> None:
    lines = "\n".join(map(json.dumps, OBJECTS)).encode()
    assert names(lines[5:]) == ["Status"]
    assert names(lines[: lines.index(b"Flag")]) == ["Newchannel"]
    assert names(json.dumps(OBJECTS).encode()[:-30]) == ["Newchannel"]
    assert names(json.dumps(OBJECTS, indent=1).encode()[:-30]) == ["Newchannel", "Status"]


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ('[{"event": "A"},\n {"event": B}]', "line 2, column 12", "no JSON"),
        ('{"event": "A"}\n"event"\n', "line 2, column 1", "no event object"),
        ('{"event": "A"}\n{"event": ' + "[" * 5000 + "]" * 5000 + "}", "line 2, column 1", "too deep"),
        ('{"event": "A"}\n{"event": "B\n{"event": "C"}\n', "line 2, column 1", "no JSON"),
        ('{"event": "A"}\nEvent A\n', "line 2, column 1", "no JSON"),
    ],
)
def test_broken_in_the_middle(text: str, place: str, why: str) -> None:
    with pytest.raises(BadRecording) as raised:
        list(events(text.encode()))
    assert place in raised.value.message.en
    assert why in raised.value.message.en
    assert "JSON array of events, one event object a line, or the bytes" in raised.value.message.en


@pytest.mark.parametrize(
    "data",
    [b"", b"\n", b"hello", b"[1, 2]", b"{}", b"null", bytes(range(256)), b"[[[", b"Response: Success\n\n"],
)
def test_what_holds_no_event(data: bytes) -> None:
    assert names(data) == []


def test_text_that_could_not_be_printed() -> None:
    (event,) = events(rb'{"event": "Hangup", "CallerIDName": "a\ud800b\u0000c", "x": [null, [1], {"y": 1}]}')
    assert event == {"event": "Hangup", "calleridname": "a?b\ufffdc"}


@pytest.mark.parametrize(
    ("stamp", "at"),
    [
        ("1795000000.123456", datetime(2026, 11, 18, 11, 6, 40, 123456, UTC)),
        ("1795000000", datetime(2026, 11, 18, 11, 6, 40, 0, UTC)),
        ("1795000000.5", datetime(2026, 11, 18, 11, 6, 40, 500000, UTC)),
        ("2026-11-18T14:06:40+03:00", datetime(2026, 11, 18, 11, 6, 40, 0, UTC)),
        (["1795000000", "nonsense"], datetime(2026, 11, 18, 11, 6, 40, 0, UTC)),
        ("2026-11-18T14:06:40", None),
        ("99999999999999999999", None),
        ("99999999999", datetime.fromtimestamp(99999999999, UTC)),
        ("soon", None),
        ("", None),
    ],
)
def test_moments(stamp: str | list[str], at: datetime | None) -> None:
    assert moment({"event": "Hangup", "timestamp": stamp}) == at


def test_what_is_no_recording_at_all_is_given_up_soon() -> None:
    """Hostile files: a message without an end, line ends without lines, a string that never closes."""
    with pytest.raises(BadRecording, match="longer than 256 KiB"):
        list(events(b"Event: Newchannel\r\nX: " + b"a" * 300_000 + b"\r\n\r\n"))
    assert [event["event"] for event in events(b"Event: A\n" + b"\r" * 100_000 + b"x\n\n")] == ["A"]
    assert list(events(b'{"event":"a","b":"' + b'\\"' * 300_000)) == []
