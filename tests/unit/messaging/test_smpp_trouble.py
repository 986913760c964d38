"""Why there is no session, in words; and settings that cannot make one."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace

import pytest
from aiosmpplib.state import SmppCommand, SmppCommandStatus, SmppError

from callcore.messaging.session import BrokenPeer, Lost
from callcore.messaging.settings import SmppSettings, fault
from callcore.messaging.trouble import explain

SETTINGS = SmppSettings("sms", "sms.example.org", "callcore", "topsecr")


def refusal(status: SmppCommandStatus) -> SmppError:
    return SmppError(SmppCommand.BIND_TRANSCEIVER_RESP, status)


@pytest.mark.parametrize(
    ("seen", "kind", "needs_a_hand", "word"),
    [
        (refusal(SmppCommandStatus.ESME_RINVPASWD), "refused", True, "password"),
        (refusal(SmppCommandStatus.ESME_RINVSYSID), "refused", True, "system_id"),
        (refusal(SmppCommandStatus.ESME_RALYBND), "refused", False, "already"),
        (refusal(SmppCommandStatus.ESME_RSYSERR), "refused", False, "ESME_RSYSERR"),
        (refusal(SmppCommandStatus.ESME_RINVCMDID), "refused", True, "owner"),
        (BrokenPeer("a message of 1 bytes"), "not_smpp", True, "port"),
        (socket.gaierror(-2, "no"), "name", False, "DNS"),
        (ConnectionRefusedError(), "unreachable", False, "nothing listens"),
        (TimeoutError(), "unreachable", False, "no answer"),
        (OSError(113, "No route to host"), "unreachable", False, "No route"),
        (ConnectionResetError(), "unreachable", False, "reset"),
        (Lost("the gateway has gone silent"), "lost", False, "silent"),
        (asyncio.IncompleteReadError(b"", 16), "lost", False, "closed"),
        (KeyError("x"), "internal", False, "KeyError"),
    ],
)
def test_explained(seen: Exception, kind: str, needs_a_hand: bool, word: str) -> None:
    trouble = explain(seen, SETTINGS)
    assert (trouble.kind, trouble.needs_a_hand) == (kind, needs_a_hand)
    assert word in trouble.why.en
    assert trouble.why.ru != trouble.why.en
    assert "topsecr" not in trouble.why.ru + trouble.why.en


@pytest.mark.parametrize("sender", ["", "Energosbyt", "+74951234567", "74951234567", "0101"])
def test_settings_that_will_do(sender: str) -> None:
    assert fault(replace(SETTINGS, sender=sender)) is None


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"password": "topsecret"}, "password"),
        ({"password": "тайна"}, "password"),
        ({"system_id": "callcore-at-carrier"}, "system_id"),
        ({"sender": "Энергосбыт"}, "sender"),
        ({"sender": "Energosbyt-Moscow"}, "sender"),
        ({"sender": "+7495\n"}, "sender"),
    ],
)
def test_settings_that_will_not(wrong: dict[str, str], word: str) -> None:
    why = fault(replace(SETTINGS, **wrong))
    assert why is not None
    assert word in why.ru
    assert word in why.en
    assert next(iter(wrong.values())) not in why.ru + why.en
