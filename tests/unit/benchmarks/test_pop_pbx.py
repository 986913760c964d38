"""The benchmark's PBX answers for its queues as Asterisk does."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.pop_pbx import Pbx
from callcore.ami.protocol import Headers, parse


@pytest.fixture
def pbx() -> Pbx:
    return Pbx()


def _do(pbx: Pbx, action: str, **headers: str) -> list[Headers]:
    asked = {"action": action, "actionid": "1", "queue": "finance", "interface": "PJSIP/1000", **headers}
    answer: Any = pbx.answers[action](asked)
    return [parse(raw + b"\r\n\r\n") for raw in answer.split(b"\r\n\r\n") if raw]


def test_a_member_is_free_once_he_is_added_and_unpaused_everywhere(pbx: Pbx) -> None:
    response, event = _do(pbx, "QueueAdd", paused="true", reason="not_ready", membername="Анна")
    assert (response["response"], response["actionid"]) == ("Success", "1")
    assert (event["event"], event["paused"], event["pausedreason"]) == ("QueueMemberAdded", "1", "not_ready")
    _do(pbx, "QueueAdd", queue="expert", paused="true")
    _do(pbx, "QueuePause", paused="false")
    assert not pbx.members["PJSIP/1000"].is_free
    _do(pbx, "QueuePause", queue="expert", paused="false")
    assert pbx.members["PJSIP/1000"].is_free


def test_a_removed_member_is_in_no_queue(pbx: Pbx) -> None:
    _do(pbx, "QueueAdd", paused="false")
    _response, event = _do(pbx, "QueueRemove")
    assert event["event"] == "QueueMemberRemoved"
    assert not pbx.members["PJSIP/1000"].is_free


def test_what_cannot_be_is_refused(pbx: Pbx) -> None:
    for action in ("QueuePause", "QueueRemove"):
        assert _do(pbx, action, paused="true")[0]["response"] == "Error"
    _do(pbx, "QueueAdd", paused="false")
    assert _do(pbx, "QueueAdd", paused="false")[0]["response"] == "Error"
