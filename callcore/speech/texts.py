"""Which texts can be said. Pure."""

from __future__ import annotations

import re
from typing import Final

from callcore.domain import Text
from callcore.speech.errors import TextRefused

TEXT_CHARACTERS: Final = 2000
UNSAID: Final = frozenset(".,:;!?…-–—()[]«»„“”\"'")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def speakable(text: str) -> str:
    """The text as it is said. Raises TextRefused."""
    if not has_words(text):
        raise TextRefused(Text("нечего сказать", "nothing to say"), Text("дайте текст", "give a text"))
    if len(text) > TEXT_CHARACTERS:
        raise TextRefused(
            Text(f"знаков {len(text)}", f"{len(text)} characters"),
            Text(f"можно {TEXT_CHARACTERS}", f"a prompt may have {TEXT_CHARACTERS}"),
        )
    if _CONTROL.search(text):
        raise TextRefused(
            Text(
                "управляющий знак или конец строки в тексте",
                "a control character or newline in a text to be spoken",
            ),
            Text("напишите его в одну строку", "write it in one line"),
        )
    return text.strip()


def has_words(text: str) -> bool:
    """Is there anything in it to be said?"""
    return any(map(is_said, text))


def is_said(sign: str) -> bool:
    """A letter, a digit, or a sign with a name, such as №."""
    return not sign.isspace() and sign not in UNSAID
