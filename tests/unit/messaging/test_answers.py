"""What gateways answer and report, in all the ways they do."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore.messaging.answers import (
    IdForm,
    RecentIds,
    Reported,
    Unreadable,
    Verdict,
    answered_id,
    message_id,
    read_delivery,
    reported_id,
    verdict,
)
from callcore.outbound.ports import ReceiptState

NUMBER, OTHER = "+79160000001", "+79160000002"
TEXT = (
    b"id:%b sub:001 dlvrd:001 submit date:2601011200 done date:260101120005 stat:%b err:%b text:id:9 stat:X"
)


def delivery(
    text: bytes = b"", *, kind: int = 4, source: bytes = b"79160000001", coding: int = 0, tlvs: bytes = b""
) -> bytes:
    return (
        b"\0"  # service_type
        + b"\1\1"
        + source
        + b"\0\5\0Energosbyt\0"
        + bytes((kind, 0, 0))
        + b"\0\0"  # schedule_delivery_time, validity_period
        + bytes((0, 0, coding, 0, len(text)))
        + text
        + tlvs
    )


def tlv(tag: int, value: bytes) -> bytes:
    return struct.pack("!HH", tag, len(value)) + value


@pytest.mark.parametrize(
    ("stat", "err", "state", "code"),
    [
        (b"DELIVRD", b"000", ReceiptState.delivered, "DELIVRD 000"),
        (b"delivrd", b"0", ReceiptState.delivered, "DELIVRD 0"),
        (b"UNDELIV", b"0A1", ReceiptState.failed, "UNDELIV 0A1"),
        (b"EXPIRED", b"", ReceiptState.failed, "EXPIRED"),
        (b"REJECTD", b"001", ReceiptState.failed, "REJECTD 001"),
        (b"DELETED", b"001", ReceiptState.failed, "DELETED 001"),
        (b"ACCEPTD", b"000", ReceiptState.underway, "ACCEPTD 000"),
        (b"UNKNOWN", b"000", ReceiptState.underway, "UNKNOWN 000"),
        (b"WHATEVER", b"000", ReceiptState.underway, "WHATEVER 000"),
    ],
)
def test_a_receipt_in_its_text(stat: bytes, err: bytes, state: ReceiptState, code: str) -> None:
    reported = read_delivery(delivery(TEXT % (b"A-1.x_9", stat, err)))
    assert reported == Reported("A-1.x_9", NUMBER, state, code)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (2, ReceiptState.delivered),
        (5, ReceiptState.failed),
        (8, ReceiptState.failed),
        (1, ReceiptState.underway),
    ],
)
def test_a_receipt_in_tlvs_alone(state: int, expected: ReceiptState) -> None:
    body = delivery(tlvs=tlv(0x001E, b"77\0") + tlv(0x0427, bytes((state,))) + tlv(0x1400, b"vendor"), kind=0)
    reported = read_delivery(body)
    assert reported is not None
    assert (reported.message_id, reported.state) == ("77", expected)


def test_the_tlvs_id_goes_before_the_texts() -> None:
    body = delivery(TEXT % (b"12", b"DELIVRD", b"000"), tlvs=tlv(0x001E, b"C\0"))
    assert read_delivery(body) == Reported("C", NUMBER, ReceiptState.delivered, "DELIVRD 000")


def test_a_receipt_in_message_payload_and_in_ucs2() -> None:
    text = (TEXT % (b"12", b"DELIVRD", b"000")).decode().encode("utf-16-be")
    reported = read_delivery(delivery(coding=8, tlvs=tlv(0x0424, text)))
    assert reported == Reported("12", NUMBER, ReceiptState.delivered, "DELIVRD 000")


@pytest.mark.parametrize(
    ("source", "number"),
    [(b"+79160000001", NUMBER), (b"101", "101"), (b"Bank", ""), (b"", ""), (b"7" * 20, "")],
)
def test_the_number_as_far_as_it_is_one(source: bytes, number: str) -> None:
    reported = read_delivery(delivery(TEXT % (b"12", b"DELIVRD", b"000"), source=source))
    assert reported is not None
    assert reported.number == number


def test_a_subscribers_message_is_no_receipt_whatever_it_says() -> None:
    assert read_delivery(delivery(TEXT % (b"12", b"DELIVRD", b"000"), kind=0)) is None


def test_a_receipt_that_names_no_message() -> None:
    with pytest.raises(Unreadable, match="names no message"):
        read_delivery(delivery(b"stat:DELIVRD"))


@given(st.binary(max_size=200))
def test_garbage_is_read_or_unreadable(body: bytes) -> None:
    with contextlib.suppress(Unreadable):
        read_delivery(body)


def test_a_delivery_that_breaks_off_anywhere() -> None:
    whole = delivery(TEXT % (b"12", b"DELIVRD", b"000"))
    with_tlv = whole + tlv(0x001E, b"12\0")
    for length in (*range(len(whole)), *range(len(whole) + 1, len(with_tlv))):
        with pytest.raises(Unreadable):
            read_delivery(with_tlv[:length])


@pytest.mark.parametrize(
    ("body", "id"), [(b"abc\0", "abc"), (b"abc\0\x04\x24", "abc"), (b"", ""), (b"a\x07b", "ab")]
)
def test_message_id(body: bytes, id: str) -> None:
    assert message_id(body) == id


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0, Verdict.accepted),
        (0x58, Verdict.throttled),
        (0x14, Verdict.throttled),
        (0x08, Verdict.busy),
        (0x0A, Verdict.route),
        (0x0B, Verdict.refused),
        (0x45, Verdict.refused),
        (0x0400, Verdict.refused),
    ],
)
def test_verdict(status: int, expected: Verdict) -> None:
    assert verdict(status) is expected


@given(st.integers(1, 2**64))
def test_an_id_is_the_same_in_both_bases(value: int) -> None:
    assert answered_id(f"{value:08X}", IdForm.hex_answers) == reported_id(f"{value:012d}", IdForm.hex_answers)
    assert answered_id(str(value), IdForm.hex_receipts) == reported_id(f"{value:x}", IdForm.hex_receipts)
    assert answered_id(f"{value:x}", IdForm.same) == f"{value:x}"


def test_an_id_that_is_no_number_stays() -> None:
    assert answered_id("d3-b0", IdForm.hex_answers) == "d3-b0"
    assert reported_id("٣", IdForm.hex_answers) == "٣"


class TestRecentIds:
    def test_knows_what_it_gave_in_the_other_base(self) -> None:
        recent = RecentIds()
        recent.given("00FF", NUMBER)
        recent.given("300", OTHER)
        assert recent.same_as("255", NUMBER) == ("00FF", IdForm.hex_answers)
        assert recent.same_as("12c", OTHER) == ("300", IdForm.hex_receipts)

    def test_is_not_deceived(self) -> None:
        recent = RecentIds()
        recent.given("00FF", NUMBER)
        recent.given("255", NUMBER)
        assert recent.same_as("255", NUMBER) is None  # it was given exactly so
        assert recent.same_as("255", OTHER) is None
        assert recent.same_as("unheard-of", NUMBER) is None
        recent.given("FE", NUMBER)
        assert recent.same_as("254", OTHER) is None

    def test_forgets_the_oldest(self) -> None:
        recent = RecentIds(most=2)
        for id in ("0A", "0B", "0C"):
            recent.given(id, NUMBER)
        assert recent.same_as("10", NUMBER) is None
        assert recent.same_as("12", NUMBER) == ("0C", IdForm.hex_answers)
