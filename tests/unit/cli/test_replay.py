"""``callcore replay`` as a program and as a person would use it."""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from callcore.cli import main
from callcore.commands.frame import Output
from callcore.commands.replay import REPLAY

Ran = tuple[int, str, str]
Steps = list[dict[str, Any]]

START = 1795000000
CALLER = {"channel": "PJSIP/trunk-00000001", "number": "+79000000001", "name": "Ivan"}
ANNA = "PJSIP/101-00000002"
BORIS = "PJSIP/102-00000003"


class Session:
    """Writes the events of a session as Asterisk sends them; ``at`` in seconds since its start."""

    def __init__(self, *, with_moments: bool = True) -> None:
        self.with_moments = with_moments
        self.now = 0.0
        self.events: list[dict[str, str]] = []

    def at(self, seconds: float) -> Session:
        self.now = seconds
        return self

    def tell(self, event: str, **headers: str) -> Session:
        stamp = {"Timestamp": f"{START + self.now:.6f}"} if self.with_moments else {}
        self.events.append({"Event": event, **stamp, **headers})
        return self

    def channel(
        self, uniqueid: str, name: str, number: str = "", linked: str = "", exten: str = "s"
    ) -> Session:
        return self.tell(
            "Newchannel",
            Channel=name,
            ChannelState="0",
            CallerIDNum=number or "<unknown>",
            CallerIDName="Ivan" if number.startswith("+") else "<unknown>",
            Context="from-trunk",
            Exten=exten,
            Uniqueid=uniqueid,
            Linkedid=linked or uniqueid,
        )

    def dials(self, uniqueid: str, channel: str, target: str, target_channel: str) -> Session:
        return self.tell(
            "DialBegin",
            Channel=channel,
            Uniqueid=uniqueid,
            DestChannel=target_channel,
            DestUniqueid=target,
            DestCallerIDNum=target_channel[6:9],
        )

    def up(self, uniqueid: str) -> Session:
        return self.tell("Newstate", ChannelState="6", Uniqueid=uniqueid)

    def bridges(self, bridge: str, *uniqueids: str) -> Session:
        for uniqueid in uniqueids:
            self.tell(
                "BridgeEnter", BridgeUniqueid=bridge, BridgeTechnology="simple_bridge", Uniqueid=uniqueid
            )
        return self

    def parts(self, bridge: str, *uniqueids: str) -> Session:
        for uniqueid in uniqueids:
            self.tell("BridgeLeave", BridgeUniqueid=bridge, Uniqueid=uniqueid)
        return self

    def hangs_up(self, uniqueid: str, cause: str = "16") -> Session:
        return self.tell("Hangup", Uniqueid=uniqueid, Cause=cause)

    @property
    def raw(self) -> bytes:
        frames = ("".join(f"{name}: {value}\r\n" for name, value in each.items()) for each in self.events)
        banner = (
            "Asterisk Call Manager/9.0.0\r\nResponse: Success\r\nMessage: Authentication accepted\r\n\r\n"
        )
        return (banner + "".join(f"{frame}\r\n" for frame in frames)).encode()

    @property
    def lines(self) -> bytes:
        return "\n".join(map(json.dumps, self.events)).encode()

    @property
    def array(self) -> bytes:
        return json.dumps([{k.upper(): v for k, v in each.items()} for each in self.events]).encode()


def group_call(*, with_moments: bool = True) -> Session:
    """+79000000001 rings 101 and 102, 102 answers, they talk 30 seconds."""
    session = Session(with_moments=with_moments)
    session.channel("1.1", CALLER["channel"], CALLER["number"], exten="500100")
    session.at(1).channel("1.2", ANNA, linked="1.1").channel("1.3", BORIS, linked="1.1")
    session.dials("1.1", CALLER["channel"], "1.2", ANNA).dials("1.1", CALLER["channel"], "1.3", BORIS)
    session.at(5).up("1.3").up("1.1").hangs_up("1.2", "26").bridges("b", "1.3", "1.1")
    session.at(35).parts("b", "1.1", "1.3").hangs_up("1.3").hangs_up("1.1")
    return session


@pytest.fixture
def replay(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    logs_as_before: None,
) -> Callable[..., Ran]:
    """Exit code, output and errors of ``callcore replay`` on a file with these bytes, in English."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def run(data: bytes, *arguments: str) -> Ran:
        file = tmp_path / "recording"
        file.write_bytes(data)
        code = main(["replay", str(file), *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def steps(replay: Callable[..., Ran]) -> Callable[[bytes], Steps]:
    def of(data: bytes) -> Steps:
        code, out, err = replay(data)
        assert (code, err) == (0, "")
        return [json.loads(line) for line in out.splitlines()]

    return of


def shape(found: Steps) -> list[tuple[str, list[str], str | None]]:
    """Event, channels of the targets, reason."""
    return [
        (step["event"], sorted(target["channel"] for target in step.get("targets", [])), step.get("reason"))
        for step in found
    ]


def test_the_steps_of_a_call(steps: Callable[[bytes], Steps]) -> None:
    found = steps(group_call().raw)
    assert sorted(shape(found), key=str) == [
        ("answered", [BORIS], None),
        ("dial_ended", [ANNA], "answered_elsewhere"),
        ("dial_ended", [BORIS], "completed"),
        ("dialing", [ANNA, BORIS], None),
        ("ended", [], "completed"),
    ]
    assert {step["call"] for step in found} == {"1.1"}
    assert found[0]["event"] == "dialing"
    assert found[0]["caller"] == CALLER
    assert found[0]["at"].startswith("2026-11-18T11:06:4")
    assert found[-1] == {
        "event": "ended",
        "call": "1.1",
        "at": "2026-11-18T11:07:15+00:00",
        "caller": CALLER,
        "reason": "completed",
    }


def test_every_form_tells_the_same(steps: Callable[[bytes], Steps]) -> None:
    session = group_call()
    expected = steps(session.raw)
    forms = (session.raw, session.raw.replace(b"\r\n", b"\n"), session.lines, session.array)
    for form in (*forms, gzip.compress(session.raw), gzip.compress(session.raw + b"Event: x\r\n\r\n")[:-9]):
        assert steps(form) == expected


def test_without_moments_at_is_null(steps: Callable[[bytes], Steps]) -> None:
    found = steps(group_call(with_moments=False).raw)
    assert [step["at"] for step in found] == [None] * len(found)
    timed = steps(group_call().raw)
    assert sorted(shape(found), key=str) == sorted(shape(timed), key=str)


def test_a_call_that_goes_on_at_the_end_of_the_file(steps: Callable[[bytes], Steps]) -> None:
    """Phones that had just begun to ring are told; nothing is made up beyond."""
    session = group_call()
    session.events = session.events[:5]
    for form in (session.raw, session.lines):
        assert shape(steps(form)) == [("dialing", [ANNA, BORIS], None)]


def test_cut_at_every_event_it_never_fails_and_keeps_the_id(steps: Callable[[bytes], Steps]) -> None:
    session = group_call()
    everything = session.events
    for begin in range(len(everything)):
        session.events = everything[begin:]
        steps(session.raw)
    session.events = everything[1:]
    assert {step["call"] for step in steps(session.raw)} <= {"1.1"}


def test_the_call_before_it_does_not_change_an_id(steps: Callable[[bytes], Steps]) -> None:
    one, two = group_call(), group_call()
    for event in two.events:
        for name in ("Uniqueid", "Linkedid", "DestUniqueid", "BridgeUniqueid"):
            if name in event:
                event[name] = event[name].replace("1.", "2.").replace("b", "c")
    one.events += two.events
    assert [step["call"] for step in steps(one.raw) if step["event"] == "ended"] == ["1.1", "2.1"]
    assert {step["call"] for step in steps(two.raw)} == {"2.1"}


def test_a_file_without_events(replay: Callable[..., Ran]) -> None:
    code, out, err = replay(b"Response: Success\r\n\r\n")
    assert (code, out) == (1, "")
    assert "holds not one AMI event. Give a recording of an AMI session" in err


def test_broken_json_names_the_place(replay: Callable[..., Ran]) -> None:
    code, out, err = replay(b'[{"Event": "Hangup"},\n {"Event": Hangup}]')
    assert (code, out) == (2, "")
    assert "recording: line 2, column 12: this is no JSON. What is needed" in err


@pytest.mark.parametrize("name", ["nowhere/there.ami", ".", "a\0b"])
def test_what_is_no_file(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, logs_as_before: None
) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert main(["replay", name]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_standard_input() -> None:
    code = "import sys; from callcore.cli import main; "
    code += "sys.exit(main(['replay', '-', '--json']))"
    done = subprocess.run(
        [sys.executable, "-c", code], input=group_call().raw, capture_output=True, env=os.environ, check=True
    )
    assert json.loads(done.stdout.splitlines()[-1])["event"] == "ended"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            [
                "Call 1.1: +79000000001",
                "2026-11-18 11:06:4",
                "rings at: ",
                "talks with: ",
                "(picked up)",
                "(completed)",
            ],
        ),
        (
            "ru",
            [
                "Звонок 1.1: +79000000001",
                "2026-11-18 11:06:4",
                "звонят: ",
                "говорит с: ",
                "(трубку сняли)",
                "(поговорили)",
            ],
        ),
    ],
)
def test_a_person_reads_it(tmp_path: Path, language: str, words: list[str]) -> None:
    file = tmp_path / "recording"
    session = group_call()
    session.events[0]["CallerIDName"] = "\\a\033[31m<b>"
    file.write_bytes(session.raw)
    out = Terminal()
    options = argparse.Namespace(file=str(file), json=False)
    assert REPLAY.run(options, Output(out, out, language)) == 0  # type: ignore[arg-type]
    for word in words:
        assert word in out.getvalue()
    assert "\033" not in out.getvalue()
