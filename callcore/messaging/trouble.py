"""Why there is no session with an SMS gateway, in words, and what its administrator can do about it."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass

from aiosmpplib.state import SmppCommandStatus, SmppError

from callcore.domain import Text
from callcore.messaging.session import BrokenPeer, Lost
from callcore.messaging.settings import SmppSettings

NOT_YET = Text("SMS-шлюз ещё не подключён.", "The SMS gateway is not connected yet.")
_CREDENTIALS = {
    SmppCommandStatus.ESME_RINVPASWD,
    SmppCommandStatus.ESME_RINVSYSID,
    SmppCommandStatus.ESME_RBINDFAIL,
    SmppCommandStatus.ESME_RINVSYSTYP,
}
_PASSES = {
    SmppCommandStatus.ESME_RALYBND,
    SmppCommandStatus.ESME_RSYSERR,
    SmppCommandStatus.ESME_RTHROTTLED,
    SmppCommandStatus.ESME_RX_T_APPN,
}


@dataclass(frozen=True, slots=True)
class Trouble:
    why: Text
    """With the remedy."""
    kind: str
    """For the log."""
    needs_a_hand: bool = False
    """True if trying again is of no use until somebody has changed a setting."""


def explain(fault: Exception, settings: SmppSettings) -> Trouble:
    """What ended a session, or kept it from being. The password never appears in the words."""
    place = f"{settings.host}:{settings.port}"
    match fault:
        case SmppError():
            return _refused(fault.command_status, place, settings.system_id)
        case BrokenPeer():
            return Trouble(
                Text(
                    f"{place} — не порт SMPP. Исправьте sms.smpp.host и port.",
                    f"{place} does not speak SMPP. Correct sms.smpp.host and port.",
                ),
                "not_smpp",
                needs_a_hand=True,
            )
        case socket.gaierror() | UnicodeError():
            return Trouble(
                Text(
                    f"У машины {settings.host} нет адреса. Исправьте sms.smpp.host или DNS.",
                    f"There is no address for {settings.host}. Correct sms.smpp.host, or the DNS.",
                ),
                "name",
            )
        case Lost() | asyncio.IncompleteReadError():
            why = str(fault) if isinstance(fault, Lost) else "the gateway closed the connection"
            return Trouble(
                Text(
                    f"Связь с SMS-шлюзом {place} потеряна; callcore подключится снова.",
                    f"The link to the SMS gateway {place} is gone ({why}); callcore reconnects.",
                ),
                "lost",
            )
        case OSError():
            return Trouble(
                Text(
                    f"SMS-шлюз {place} недоступен ({_reason(fault).ru}). "
                    "Проверьте sms.smpp.host, port и сеть.",
                    f"The SMS gateway {place} cannot be reached ({_reason(fault).en}). "
                    "Check sms.smpp.host, port and the network.",
                ),
                "unreachable",
            )
        case _:
            what = type(fault).__name__
            return Trouble(
                Text(
                    f"Сбой в самом callcore при связи с SMS-шлюзом ({what}); "
                    "см. sms_session_failed в журнале.",
                    f"callcore itself failed with {what}; see sms_session_failed in the log.",
                ),
                "internal",
            )


def unusable(why: Text) -> Trouble:
    """The settings themselves are wrong."""
    return Trouble(why, "settings", needs_a_hand=True)


def _refused(status: SmppCommandStatus, place: str, system_id: str) -> Trouble:
    name = status.name
    if status in _CREDENTIALS:
        why = Text(
            f"SMS-шлюз {place} не принимает {system_id} ({name}). Проверьте sms.smpp.system_id и пароль.",
            f"The SMS gateway {place} refuses {system_id} ({name}). "
            "Check sms.smpp.system_id and the password.",
        )
    elif status == SmppCommandStatus.ESME_RALYBND:
        why = Text(
            f"SMS-шлюз {place}: {system_id} уже подключён ({name}). Второй callcore? Иначе пройдёт само.",
            f"The SMS gateway {place} has {system_id} bound already ({name}). "
            "A second callcore? If not, it passes by itself.",
        )
    else:
        why = Text(
            f"SMS-шлюз {place} отвечает на вход {name}. Если не пройдёт само, спросите его владельца.",
            f"The SMS gateway {place} answers the bind with {name}. If it does not pass, ask its owner.",
        )
    return Trouble(why, "refused", needs_a_hand=status not in _PASSES)


def _reason(fault: OSError) -> Text:
    match fault:
        case TimeoutError():
            return Text("нет ответа", "no answer in time")
        case ConnectionRefusedError():
            return Text("там никто не слушает", "nothing listens there")
        case ConnectionResetError():
            return Text("соединение сброшено", "the connection was reset")
        case _:
            return Text(str(fault), str(fault))
