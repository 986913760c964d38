"""What a file is, told by its bytes."""

from __future__ import annotations

import pytest

from callcore.store.media import SHOWN_INLINE, TEXT, UNKNOWN, sniff


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0....", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wav"),
        (b"JUNK\x00\x00\x00\x00WEBPVP8 ", UNKNOWN),
        (b"%PDF-1.4", "application/pdf"),
        (
            b"PK\x03\x04....word/document.xml",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (b"PK\x03\x04....", "application/zip"),
        (b"<html><script>alert(1)</script>", TEXT),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>", TEXT),
        ("Привет".encode() + b"\xd0", TEXT),
        (b"\x00\x01\x02", UNKNOWN),
        (b"\xff\xfe\xfd\xfc\xfb\xfa", UNKNOWN),
    ],
)
def test_the_bytes_decide(body: bytes, media_type: str) -> None:
    assert sniff(body, "image/png") == media_type


def test_the_sender_chooses_among_texts_only() -> None:
    assert sniff(b"a;b", "text/csv; charset=utf-8") == "text/csv"
    assert sniff(b"a;b", "text/html") == TEXT


def test_nothing_that_runs_is_shown_inline() -> None:
    assert not any("html" in kind or "svg" in kind or "xml" in kind for kind in SHOWN_INLINE)
