"""What a file is, by its first bytes: what a browser or a sender says of it is never believed. Pure."""

from __future__ import annotations

UNKNOWN = "application/octet-stream"
TEXT = "text/plain"
SHOWN_INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"})
"""What a page may show within itself (sandboxed); all else is only handed out for saving."""

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (8, b"WAVE", "audio/wav"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (4, b"ftyp", "video/mp4"),
)
_ZIPPED = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    (b"mimetypeapplication/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"),
    (
        b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.spreadsheet",
    ),
)
_LOOKED_AT = 8192


def sniff(body: bytes, said: str) -> str:
    """The media type of a body. ``said`` only chooses among harmless texts: ``text/csv``, else plain text.

    Markup is never called by its name: HTML, SVG and scripts are plain text here.
    """
    for offset, signature, media_type in _SIGNATURES:
        if body[offset : offset + len(signature)] == signature:
            return media_type if offset != 8 or body[:4] == b"RIFF" else UNKNOWN
    if body[:4] == b"PK\x03\x04":
        head = body[:_LOOKED_AT] + body[-_LOOKED_AT:]
        return next((kind for mark, kind in _ZIPPED if mark in head), "application/zip")
    if _is_text(body[:_LOOKED_AT]):
        return "text/csv" if said.partition(";")[0].strip().lower() == "text/csv" else TEXT
    return UNKNOWN


def _is_text(head: bytes) -> bool:
    if b"\x00" in head or any(byte < 9 or (13 < byte < 32 and byte != 27) for byte in head):
        return False
    for cut in range(4):  # the end of the head may cut a character in two
        try:
            head[: len(head) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return True
    return False
