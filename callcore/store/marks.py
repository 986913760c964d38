"""What a form was made of, so that of two people who change one thing the second is told."""

from __future__ import annotations

import hashlib

from callcore.store.errors import NotStored


def mark_of(*texts: str | None) -> str:
    """The same for the same contents."""
    whole = "\0".join("-" if text is None else f"+{text}" for text in texts)
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def overtaken() -> NotStored:
    return NotStored(
        "this was changed by somebody else meanwhile: compare, then save yours once more",
        "Пока вы правили, запись изменил кто-то другой. Сверьте и сохраните своё ещё раз.",
    )
