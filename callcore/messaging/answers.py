"""What a gateway answers and reports, read into our own words. Pure.

Sources: SMPP 3.4, 4.4.2 (submit_sm_resp), 4.6.1 (deliver_sm), 5.1.3 (status), 5.2.28 (message_state),
appendix B (the receipt's text).
"""

from __future__ import annotations

import re
import struct
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from callcore.numbers import SHORT_LIMIT
from callcore.outbound.ports import ReceiptState

_RECEIPTED_MESSAGE_ID, _MESSAGE_STATE, _MESSAGE_PAYLOAD = 0x001E, 0x0427, 0x0424
_STATES = {
    "DELIVRD": ReceiptState.delivered,
    "EXPIRED": ReceiptState.failed,
    "DELETED": ReceiptState.failed,
    "UNDELIV": ReceiptState.failed,
    "REJECTD": ReceiptState.failed,
}
_STATE_NAMES = {2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 6: "ACCEPTD", 8: "REJECTD"}
_TEXT_BEGINS = re.compile(r"\btext:", re.I)
_CODE_LIMIT = 40


class Verdict(StrEnum):
    """What a status says of a message."""

    accepted = "accepted"
    throttled = "throttled"
    """Too fast, or its queue is full: the same again soon."""
    busy = "busy"
    """A trouble of the gateway's own: the same again later."""
    route = "route"
    """It refuses our sender or our session: every message would fare the same."""
    refused = "refused"


_VERDICTS = {
    0x00: Verdict.accepted,
    0x14: Verdict.throttled,  # ESME_RMSGQFUL
    0x58: Verdict.throttled,  # ESME_RTHROTTLED
    0x08: Verdict.busy,  # ESME_RSYSERR
    0x64: Verdict.busy,  # ESME_RX_T_APPN
    0x04: Verdict.route,  # ESME_RINVBNDSTS
    0x0A: Verdict.route,  # ESME_RINVSRCADR
    0x48: Verdict.route,  # ESME_RINVSRCTON
    0x49: Verdict.route,  # ESME_RINVSRCNPI
    0x53: Verdict.route,  # ESME_RINVSYSTYP
}


def verdict(status: int) -> Verdict:
    """Whatever is not known to pass is final, also what vendors invented (0x400 and up)."""
    return _VERDICTS.get(status, Verdict.refused)


class IdForm(StrEnum):
    """How the same message's id is written in answers and in receipts."""

    same = "same"
    hex_answers = "hex_answers"
    """Hexadecimal in answers, decimal in receipts."""
    hex_receipts = "hex_receipts"


def answered_id(raw: str, form: IdForm) -> str:
    """The id to keep of an answer: decimal where the two are written differently."""
    return _decimal(raw, 16 if form is IdForm.hex_answers else 10) if form is not IdForm.same else raw


def reported_id(raw: str, form: IdForm) -> str:
    """The id to look for, of a receipt."""
    return _decimal(raw, 16 if form is IdForm.hex_receipts else 10) if form is not IdForm.same else raw


def _decimal(raw: str, base: int) -> str:
    value = _value(raw, base)
    return raw if value is None else str(value)


def _value(raw: str, base: int) -> int | None:
    digits = r"[0-9a-fA-F]{1,64}" if base == 16 else r"[0-9]{1,64}"
    return int(raw, base) if re.fullmatch(digits, raw, re.ASCII) else None


class RecentIds:
    """The ids given last, to know a message again whose receipt writes its id in the other base."""

    def __init__(self, most: int = 20_000) -> None:
        self._most = most
        self._given: OrderedDict[str, str] = OrderedDict()
        self._by_value: dict[tuple[int, int], str] = {}

    def given(self, id: str, number: str) -> None:
        self._given[id] = number
        for base in (10, 16):
            if (value := _value(id, base)) is not None:
                self._by_value[base, value] = id
        while len(self._given) > self._most:
            old, _ = self._given.popitem(last=False)
            for base in (10, 16):
                if (value := _value(old, base)) is not None and self._by_value.get((base, value)) == old:
                    del self._by_value[base, value]

    def same_as(self, id: str, number: str) -> tuple[str, IdForm] | None:
        """The id given to this number that ``id`` is in the other base, and the form that would say so."""
        if id in self._given:
            return None
        for base, ours, form in ((10, 16, IdForm.hex_answers), (16, 10, IdForm.hex_receipts)):
            value = _value(id, base)
            found = None if value is None else self._by_value.get((ours, value))
            if found is not None and self._given.get(found) == number:
                return found, form
        return None


@dataclass(frozen=True, slots=True)
class Reported:
    """A receipt as the gateway wrote it."""

    message_id: str
    number: str
    """Canonical, as far as it can be told; else ""."""
    state: ReceiptState
    code: str


class Unreadable(Exception):
    """A deliver_sm that breaks off, or a receipt that names no message."""


def read_delivery(body: bytes) -> Reported | None:
    """The receipt in a deliver_sm's body (without its header); None: a message from a subscriber.

    Takes states in the text, in the TLV or in both, and the id likewise; the TLV's id goes before.
    """
    try:
        kind, number, text, tlvs = _fields(body)
    except (IndexError, ValueError, struct.error) as fault:
        raise Unreadable("a deliver_sm breaks off") from fault
    if not kind & 0x24 and _RECEIPTED_MESSAGE_ID not in tlvs:
        return None
    head = _TEXT_BEGINS.split(text, maxsplit=1)[0]
    id = _plain(tlvs.get(_RECEIPTED_MESSAGE_ID, b"")) or _word("id", head)
    if not id:
        raise Unreadable("a receipt names no message")
    state = _word("stat", head).upper() or _STATE_NAMES.get(int.from_bytes(tlvs.get(_MESSAGE_STATE, b"")), "")
    code = f"{state or 'UNKNOWN'} {_word('err', head)}".strip()[:_CODE_LIMIT]
    return Reported(id, number, _STATES.get(state, ReceiptState.underway), code)


def message_id(body: bytes) -> str:
    """Of a submit_sm_resp's body; "" if it names none."""
    return _plain(body)


def _fields(body: bytes) -> tuple[int, str, str, Mapping[int, bytes]]:
    """(esm_class, the sender's number, text, TLVs)."""
    place = body.index(0) + 1  # service_type
    source_end = body.index(0, place + 2)
    number = _canonical(_plain(body[place + 2 : source_end]))
    place = body.index(0, source_end + 3) + 1  # destination
    kind = body[place]
    place = body.index(0, place + 3) + 1  # schedule_delivery_time
    place = body.index(0, place) + 1  # validity_period
    coding, length = body[place + 2], body[place + 4]
    place += 5
    if place + length > len(body):
        raise ValueError(length)
    words, place = body[place : place + length], place + length
    tlvs: dict[int, bytes] = {}
    while place < len(body):
        tag, size = struct.unpack_from("!HH", body, place)
        place += 4 + size
        if place > len(body):
            raise ValueError(size)
        tlvs[tag] = body[place - size : place]
    words = words or tlvs.get(_MESSAGE_PAYLOAD, b"")
    return kind, number, words.decode("utf-16-be" if coding == 8 else "latin-1", "replace"), tlvs


def _plain(octets: bytes) -> str:
    """A C-octet string, printable ASCII of it, at most 64 characters."""
    text = octets.split(b"\0", 1)[0].decode("ascii", "replace").strip()
    return "".join(letter for letter in text if letter.isascii() and letter.isprintable())[:64]


def _word(name: str, text: str) -> str:
    found = re.search(rf"\b{name}:\s*([!-~]{{1,64}})", text, re.I | re.ASCII)
    return found[1] if found else ""


def _canonical(digits: str) -> str:
    digits = digits.removeprefix("+")
    if not re.fullmatch(r"[0-9]{1,15}", digits, re.ASCII):
        return ""
    return digits if len(digits) <= SHORT_LIMIT else f"+{digits}"
