"""SIP as the softphone reads and writes it."""

import pytest

from callcore.testing.lab.sipmessage import address, answering, parameter, parse, render, session


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('"Иван \\"X\\" Петров" <sip:79000000001@127.0.0.1>;tag=a', ('Иван "X" Петров', "79000000001")),
        ("Anonymous <sip:anonymous@anonymous.invalid>;tag=a", ("Anonymous", "anonymous")),
        ("<sip:101@127.0.0.1:5060>", ("", "101")),
        ("sip:101@127.0.0.1;tag=a", ("", "101")),
        ("<sip:127.0.0.1:5060>", ("", "")),
    ],
)
def test_an_address(header: str, expected: tuple[str, str]) -> None:
    assert address(header)[:2] == expected


def test_a_request_comes_back_as_it_was_written() -> None:
    headers = [("Via", "SIP/2.0/UDP a;rport;branch=z9hG4bK1"), ("Via", "b"), ("CSeq", "3 INFO")]
    message = parse(render("INFO sip:101@127.0.0.1 SIP/2.0", headers, "Signal=1\r\n", "text/plain"))
    assert (message.method, message.uri, message.status) == ("INFO", "sip:101@127.0.0.1", 0)
    assert (message.branch, message.all("via")[1], message.cseq) == ("z9hG4bK1", "b", (3, "INFO"))
    assert (message.body, message.one("content-length"), message.one("to")) == ("Signal=1\r\n", "10", "")


def test_a_response_has_a_status() -> None:
    message = parse(b"SIP/2.0 180 Ringing\r\nTo: <sip:a@b>;tag=x\r\n\r\n")
    assert (message.status, parameter(message.one("to"), "tag")) == (180, "x")


@pytest.mark.parametrize("data", [b"", b"\x00\xff", b"GET / HTTP/1.1\r\n\r\n", b"SIP/2.0 x y\r\n\r\n"])
def test_what_is_not_sip_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"not SIP|invalid literal"):
        parse(data)


def test_the_answer_to_an_offer_faces_it() -> None:
    assert answering(session(4000, 1, "sendonly"), "sendrecv") == "recvonly"
    assert answering(session(4000, 1, "inactive"), "sendrecv") == "inactive"
    assert answering(session(4000, 1, "sendrecv"), "sendonly") == "sendonly"
    assert answering("", "sendrecv") == "sendrecv"
