"""Each fault in words: what is wrong, where to look, and whether waiting helps."""

import errno
import re
import socket
import ssl

import pytest

from callcore.ami.protocol import BadAction, BrokenPeer
from callcore.ami.session import ActionRefused, ActionTimeout, LinkDown
from callcore.ami.settings import AmiSettings
from callcore.ami.trouble import Stage, explain
from callcore.domain import PbxName

SETTINGS = AmiSettings(PbxName("main"), "pbx.example", "callcore", "hunter2", ca_file="/etc/ca.pem")


def tls_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, reason)
    error.reason = reason
    return error


CASES: list[tuple[Exception, Stage, str, bool, str]] = [
    (ConnectionRefusedError(), "connect", "unreachable", False, "nothing listens"),
    (TimeoutError(), "connect", "unreachable", False, "no answer in time"),
    (OSError(errno.EHOSTUNREACH, "No route to host"), "connect", "unreachable", False, "No route to host"),
    (socket.gaierror(-2, "Name or service not known"), "connect", "name", False, "pbx.example"),
    (FileNotFoundError(2, "No such file"), "connect", "settings", True, "/etc/ca.pem"),
    (tls_error("WRONG_VERSION_NUMBER"), "connect", "tls_peer_plain", True, "does not speak TLS"),
    (tls_error("NO_SHARED_CIPHER"), "connect", "tls", True, "NO_SHARED_CIPHER"),
    (BrokenPeer("greets with b'SSH'"), "greeting", "not_asterisk", True, "SSH"),
    (TimeoutError(), "greeting", "silent_peer", False, "says nothing"),
    (LinkDown("closed before it greeted"), "greeting", "silent_peer", False, "closed before"),
    (ActionRefused("Login", "Authentication failed"), "login", "login", True, "refuses user callcore"),
    (ActionRefused("Login", "Login Already In Use"), "login", "login_in_use", True, "logged in already"),
    (ActionTimeout("Login: no answer"), "login", "no_answer", False, "Login: no answer"),
    (BadAction("Secret: control character"), "login", "settings", True, "cannot be sent"),
    (ActionRefused("Status", "Permission denied"), "snapshot", "permission", True, "may not use Status"),
    (ActionTimeout("Ping: no answer"), "up", "half_open", False, "gone silent"),
    (LinkDown("the link was lost"), "up", "lost", False, "the link was lost"),
    (RuntimeError("hunter2"), "up", "internal", False, "RuntimeError"),
]


@pytest.mark.parametrize(("fault", "stage", "kind", "needs_a_hand", "said"), CASES)
def test_every_fault_has_words_and_a_remedy(
    fault: Exception, stage: Stage, kind: str, needs_a_hand: bool, said: str
) -> None:
    trouble = explain(fault, stage, SETTINGS, "192.0.2.7")
    assert (trouble.kind, trouble.needs_a_hand) == (kind, needs_a_hand)
    assert said in trouble.why.en
    for words in (trouble.why, trouble.remedy):
        assert words.en
        assert re.search("[а-я]", words.ru), words.ru
        assert not re.search("[а-я]", words.en), words.en
    assert "hunter2" not in f"{trouble} {SETTINGS}"


def test_the_permit_line_is_ready_to_be_copied() -> None:
    trouble = explain(ActionRefused("Login", "Authentication failed"), "login", SETTINGS, "192.0.2.7")
    assert "permit = 192.0.2.7/255.255.255.255" in trouble.remedy.en
    assert "permit = 192.0.2.7/255.255.255.255" in trouble.remedy.ru


@pytest.mark.parametrize(
    ("fault", "stage", "settings"),
    [
        (ssl.SSLCertVerificationError(1, "x"), "connect", ["tls.ca_file", "tls.server_name", "tls.verify"]),
        (tls_error("WRONG_VERSION_NUMBER"), "connect", ["tls"]),
        (tls_error("NO_SHARED_CIPHER"), "connect", ["tls.ca_file"]),
        (TimeoutError(), "greeting", ["tls: {}"]),
        (BrokenPeer("greets with b'SSH'"), "greeting", ["host", "port"]),
        (socket.gaierror(-2, "?"), "connect", ["host"]),
        (FileNotFoundError(2, "No such file"), "connect", ["tls.ca_file"]),
    ],
)
def test_a_remedy_names_real_settings(fault: Exception, stage: Stage, settings: list[str]) -> None:
    if isinstance(fault, ssl.SSLCertVerificationError):
        fault.verify_message = "self-signed certificate"
    trouble = explain(fault, stage, SETTINGS)
    for setting in settings:
        assert f"pbx.main.{setting}" in trouble.remedy.en
        assert f"pbx.main.{setting}" in trouble.remedy.ru
