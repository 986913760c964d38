"""Why a link is not up, in words, and what its administrator can do about it.

Asterisk answers "Authentication failed" alike to an unknown user, a wrong secret and an address outside the
``permit`` lines, so these share one explanation that names all three places.
"""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from typing import Literal

from callcore.ami.protocol import BadAction, BrokenPeer
from callcore.ami.session import ActionRefused, ActionTimeout, LinkDown
from callcore.ami.settings import AmiSettings

Stage = Literal["connect", "greeting", "login", "snapshot", "up"]
Kind = Literal[
    "unreachable",
    "name",
    "tls_peer_plain",
    "tls_certificate",
    "tls",
    "silent_peer",
    "not_asterisk",
    "login",
    "login_in_use",
    "permission",
    "settings",
    "no_answer",
    "half_open",
    "lost",
    "internal",
]
_NEEDS_A_HAND: frozenset[Kind] = frozenset(
    {
        "tls_peer_plain",
        "tls_certificate",
        "tls",
        "not_asterisk",
        "login",
        "login_in_use",
        "permission",
        "settings",
    }
)


@dataclass(frozen=True, slots=True)
class Trouble:
    kind: Kind
    why: str
    remedy: str

    @property
    def needs_a_hand(self) -> bool:
        """True if trying again is of no use until somebody has changed a setting."""
        return self.kind in _NEEDS_A_HAND


def explain(fault: Exception, stage: Stage, settings: AmiSettings, own_address: str = "") -> Trouble:
    """What ``fault``, met at ``stage``, means. The secret never appears in the words."""
    place = f"{settings.host}:{settings.port}"
    match fault:
        case BadAction():
            return Trouble("settings", f"the user name or secret cannot be sent: {fault}", "change it")
        case BrokenPeer():
            return _not_asterisk(fault, place)
        case ActionRefused():
            return _refused(fault, stage, settings, own_address)
        case ActionTimeout() if stage == "up":
            return Trouble("half_open", f"{place} has gone silent", "look at the network and at Asterisk")
        case ActionTimeout():
            return Trouble("no_answer", f"{place}: {fault}", "see whether Asterisk is overloaded or hung")
        case ssl.SSLError() | ssl.CertificateError():
            return _tls(fault, place, settings)
        case _ if stage == "greeting":
            return _no_greeting(fault, place, settings)
        case LinkDown():
            return Trouble("lost", f"{place}: {fault.__cause__ or fault}", "none needed: callcore reconnects")
        case OSError() | UnicodeError():
            return _unreachable(fault, place, settings)
        case _:
            what = f"{place}: callcore itself failed with {type(fault).__name__}"
            return Trouble("internal", what, "report it with the log record ami_session_failed")


def _not_asterisk(fault: BrokenPeer, place: str) -> Trouble:
    return Trouble(
        "not_asterisk",
        f"{place} is not an Asterisk manager port: it {fault}",
        "correct host and port: manager.conf, [general], port (5038 unless changed)",
    )


def _refused(fault: ActionRefused, stage: Stage, settings: AmiSettings, own_address: str) -> Trouble:
    user = settings.username
    if stage != "login":
        return Trouble(
            "permission",
            f"user {user} may not use {fault.action}: Asterisk says {fault.text!r}",
            f"manager.conf, [{user}]: read = system,call,agent,user,cdr and "
            "write = call,agent,originate,reporting,user; then: manager reload",
        )
    if "in use" in fault.text.lower():
        return Trouble(
            "login_in_use",
            f"user {user} is logged in already: Asterisk says {fault.text!r}",
            f"give callcore a user of its own, or set allowmultiplelogin = yes in manager.conf, [{user}]",
        )
    address = own_address or "this host's address"
    return Trouble(
        "login",
        f"Asterisk refuses user {user} from {address}: {fault.text!r}",
        f"manager.conf: is there a section [{user}], is its secret the one in callcore's settings, does a "
        f"line permit = {address}/255.255.255.255 (or acl) let this address in? then: manager reload",
    )


def _tls(fault: ssl.SSLError | ssl.CertificateError, place: str, settings: AmiSettings) -> Trouble:
    if isinstance(fault, ssl.SSLCertVerificationError):
        return Trouble(
            "tls_certificate",
            f"{place} shows a certificate that cannot be trusted: {fault.verify_message}",
            "set ca_file to the certificate (authority) named in manager.conf, tlscertfile, and server_name "
            "to the name in it; verify: false only on a network that you trust",
        )
    reason = getattr(fault, "reason", None) or str(fault)
    if reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL", "HTTP_REQUEST"}:
        return Trouble(
            "tls_peer_plain",
            f"{place} does not speak TLS",
            "use the TLS port (manager.conf: tlsenable = yes, tlsbindaddr, tlscertfile) or set tls: false",
        )
    return Trouble(
        "tls",
        f"no TLS connection to {place}: {reason}",
        f"check ca_file ({settings.ca_file or 'not set'}), tlscertfile and tlsprivatekey in manager.conf",
    )


def _no_greeting(fault: Exception, place: str, settings: AmiSettings) -> Trouble:
    heard = "says nothing" if isinstance(fault, TimeoutError) else f"{fault}"
    hint = "" if settings.tls else "if it is the TLS port (tlsbindaddr), set tls: true; "
    return Trouble(
        "silent_peer",
        f"{place}: connected, but it {heard}" if isinstance(fault, TimeoutError) else f"{place}: {heard}",
        f"{hint}see whether Asterisk runs and is not at its authlimit (manager.conf, [general])",
    )


def _unreachable(fault: Exception, place: str, settings: AmiSettings) -> Trouble:
    if isinstance(fault, socket.gaierror | UnicodeError):
        return Trouble("name", f"no address for host {settings.host}: {fault}", "correct host, or the DNS")
    if isinstance(fault, FileNotFoundError | PermissionError) and settings.ca_file:
        return Trouble("settings", f"ca_file {settings.ca_file} cannot be read: {fault}", "correct ca_file")
    match fault:
        case TimeoutError():
            what = "no answer in time"
        case ConnectionRefusedError():
            what = "nothing listens there (connection refused)"
        case _:
            what = str(fault)
    return Trouble(
        "unreachable",
        f"{place}: {what}",
        "start Asterisk; manager.conf, [general]: enabled = yes, port, bindaddr; look at firewalls between",
    )
