"""Why a link is not up, in words, and what its administrator can do about it.

Asterisk answers "Authentication failed" alike to an unknown user, a wrong secret and an address outside the
``permit`` lines, so these share one explanation that names all three places. What Asterisk or the system said
itself stays as it was said, also in a Russian sentence.
"""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from typing import Literal

from callcore.ami.protocol import BadAction, BrokenPeer
from callcore.ami.session import ActionRefused, ActionTimeout, LinkDown
from callcore.ami.settings import AmiSettings
from callcore.domain import Text

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
    why: Text
    remedy: Text
    """Settings of callcore are named by their path, e.g. ``pbx.main.tls.ca_file``."""

    @property
    def needs_a_hand(self) -> bool:
        """True if trying again is of no use until somebody has changed a setting."""
        return self.kind in _NEEDS_A_HAND


def explain(fault: Exception, stage: Stage, settings: AmiSettings, own_address: str = "") -> Trouble:
    """What ``fault``, met at ``stage``, means. The secret never appears in the words."""
    place = f"{settings.host}:{settings.port}"
    match fault:
        case BadAction():
            return _cannot_be_sent(fault, settings)
        case BrokenPeer():
            return _not_asterisk(fault, place, settings)
        case ActionRefused():
            return _refused(fault, stage, settings, own_address)
        case ActionTimeout():
            return _no_answer(fault, stage, place)
        case ssl.SSLError() | ssl.CertificateError():
            return _tls(fault, place, settings)
        case _ if stage == "greeting":
            return _no_greeting(fault, place, settings)
        case LinkDown():
            cause = fault.__cause__ or fault
            return Trouble(
                "lost",
                Text(f"{place}: связь потеряна ({cause})", f"{place}: the link is gone ({cause})"),
                Text(
                    "делать ничего не нужно: callcore подключится снова", "none needed: callcore reconnects"
                ),
            )
        case OSError() | UnicodeError():
            return _unreachable(fault, place, settings)
        case _:
            what = type(fault).__name__
            return Trouble(
                "internal",
                Text(
                    f"{place}: сбой в самом callcore ({what})", f"{place}: callcore itself failed with {what}"
                ),
                Text(
                    "сообщите о нём, приложив запись журнала ami_session_failed",
                    "report it with the log record ami_session_failed",
                ),
            )


def _cannot_be_sent(fault: BadAction, settings: AmiSettings) -> Trouble:
    return Trouble(
        "settings",
        Text(f"имя или секрет нельзя передать: {fault}", f"the user name or secret cannot be sent: {fault}"),
        Text(
            f"исправьте pbx.{settings.name}.username или секрет",
            f"change pbx.{settings.name}.username or the secret",
        ),
    )


def _not_asterisk(fault: BrokenPeer, place: str, settings: AmiSettings) -> Trouble:
    where = f"pbx.{settings.name}.host, pbx.{settings.name}.port"
    return Trouble(
        "not_asterisk",
        Text(f"{place} — не порт AMI ({fault})", f"{place} is not an Asterisk manager port: it {fault}"),
        Text(
            f"исправьте {where}; порт — в manager.conf, [general], port (5038, если не меняли)",
            f"correct {where}; the port stands in manager.conf, [general], port (5038 unless changed)",
        ),
    )


def _refused(fault: ActionRefused, stage: Stage, settings: AmiSettings, own_address: str) -> Trouble:
    user, said = settings.username, repr(fault.text)
    if stage != "login":
        rights = "read = system,call,agent,user,cdr; write = call,agent,originate,reporting,user"
        return Trouble(
            "permission",
            Text(
                f"пользователю {user} нельзя {fault.action}: Asterisk отвечает {said}",
                f"user {user} may not use {fault.action}: Asterisk says {said}",
            ),
            Text(
                f"manager.conf, [{user}]: {rights}; затем manager reload",
                f"manager.conf, [{user}]: {rights}; then: manager reload",
            ),
        )
    if "in use" in fault.text.lower():
        return Trouble(
            "login_in_use",
            Text(
                f"пользователь {user} уже подключён: Asterisk отвечает {said}",
                f"user {user} is logged in already: Asterisk says {said}",
            ),
            Text(
                f"заведите для callcore отдельного пользователя или allowmultiplelogin = yes в [{user}]",
                f"give callcore a user of its own, or set allowmultiplelogin = yes in manager.conf, [{user}]",
            ),
        )
    permit = f"permit = {own_address or 'ADDRESS'}/255.255.255.255"
    return Trouble(
        "login",
        Text(
            f"Asterisk не принимает пользователя {user} с адреса {own_address or 'этой машины'}: {said}",
            f"Asterisk refuses user {user} from {own_address or 'the address of this host'}: {said}",
        ),
        Text(
            f"manager.conf: есть ли раздел [{user}], тот ли в нём secret, что в настройках callcore, "
            f"пускает ли этот адрес строка {permit} (или acl)? затем manager reload",
            f"manager.conf: is there a section [{user}], is its secret the one in callcore's settings, does "
            f"a line {permit} (or acl) let this address in? then: manager reload",
        ),
    )


def _no_answer(fault: ActionTimeout, stage: Stage, place: str) -> Trouble:
    if stage == "up":
        return Trouble(
            "half_open",
            Text(f"{place} замолчал", f"{place} has gone silent"),
            Text("посмотрите на сеть и на Asterisk", "look at the network and at Asterisk"),
        )
    return Trouble(
        "no_answer",
        Text(f"{place} не отвечает ({fault})", f"{place}: {fault}"),
        Text(
            "посмотрите, не перегружен ли Asterisk и не завис ли",
            "see whether Asterisk is overloaded or hung",
        ),
    )


def _tls(fault: ssl.SSLError | ssl.CertificateError, place: str, settings: AmiSettings) -> Trouble:
    tls = f"pbx.{settings.name}.tls"
    if isinstance(fault, ssl.SSLCertVerificationError):
        return Trouble(
            "tls_certificate",
            Text(
                f"сертификату {place} нельзя доверять: {fault.verify_message}",
                f"{place} shows a certificate that cannot be trusted: {fault.verify_message}",
            ),
            Text(
                f"{tls}.ca_file — сертификат (или его центр) из manager.conf, tlscertfile; "
                f"{tls}.server_name — имя в нём; {tls}.verify: false — только в сети, которой вы доверяете",
                f"set {tls}.ca_file to the certificate (authority) named in manager.conf, tlscertfile, and "
                f"{tls}.server_name to the name in it; {tls}.verify: false only on a network that you trust",
            ),
        )
    reason = getattr(fault, "reason", None) or str(fault)
    if reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL", "HTTP_REQUEST"}:
        return Trouble(
            "tls_peer_plain",
            Text(f"{place} не говорит по TLS", f"{place} does not speak TLS"),
            Text(
                f"возьмите порт TLS (manager.conf: tlsenable, tlsbindaddr, tlscertfile) или уберите {tls}",
                f"use the TLS port (manager.conf: tlsenable = yes, tlsbindaddr, tlscertfile) or remove {tls}",
            ),
        )
    file = settings.ca_file
    return Trouble(
        "tls",
        Text(f"TLS с {place} не получается: {reason}", f"no TLS connection to {place}: {reason}"),
        Text(
            f"проверьте {tls}.ca_file ({file or 'не задан'}), tlscertfile и tlsprivatekey в manager.conf",
            f"check {tls}.ca_file ({file or 'not set'}), tlscertfile and tlsprivatekey in manager.conf",
        ),
    )


def _no_greeting(fault: Exception, place: str, settings: AmiSettings) -> Trouble:
    is_silent = isinstance(fault, TimeoutError)
    hint = Text("", "")
    if not settings.tls:
        section = f"pbx.{settings.name}.tls: {{}}"
        hint = Text(
            f"если это порт TLS (tlsbindaddr), добавьте {section}; ",
            f"if it is the TLS port (tlsbindaddr), add {section}; ",
        )
    return Trouble(
        "silent_peer",
        Text(f"{place} соединяется, но молчит", f"{place}: connected, but it says nothing")
        if is_silent
        else Text(f"{place} не здоровается: {fault}", f"{place}: {fault}"),
        Text(
            f"{hint.ru}посмотрите, работает ли Asterisk и не исчерпан ли authlimit (manager.conf, [general])",
            f"{hint.en}see whether Asterisk runs and is not at its authlimit (manager.conf, [general])",
        ),
    )


def _unreachable(fault: Exception, place: str, settings: AmiSettings) -> Trouble:
    pbx = f"pbx.{settings.name}"
    if isinstance(fault, socket.gaierror | UnicodeError):
        host = settings.host
        return Trouble(
            "name",
            Text(f"у машины {host} нет адреса: {fault}", f"no address for host {host}: {fault}"),
            Text(f"исправьте {pbx}.host или DNS", f"correct {pbx}.host, or the DNS"),
        )
    if isinstance(fault, FileNotFoundError | PermissionError) and settings.ca_file:
        file = settings.ca_file
        return Trouble(
            "settings",
            Text(f"файл {file} не читается: {fault}", f"the file {file} cannot be read: {fault}"),
            Text(f"исправьте {pbx}.tls.ca_file", f"correct {pbx}.tls.ca_file"),
        )
    match fault:
        case TimeoutError():
            what = Text("нет ответа", "no answer in time")
        case ConnectionRefusedError():
            what = Text("там никто не слушает", "nothing listens there (connection refused)")
        case _:
            what = Text(f"не соединиться ({fault})", str(fault))
    return Trouble(
        "unreachable",
        Text(f"{place}: {what.ru}", f"{place}: {what.en}"),
        Text(
            "запустите Asterisk; manager.conf, [general]: enabled = yes, port, bindaddr; посмотрите на "
            "межсетевые экраны по пути",
            "start Asterisk; manager.conf, [general]: enabled = yes, port, bindaddr; look at the firewalls "
            "between",
        ),
    )
