"""The border that every text crosses on its way into the database. Pure.

One rule in three parts:

1. Characters that no database takes or no page can show (NUL and other control characters, lone surrogates,
   which are what is left of undecodable bytes) never get in: controls vanish, a surrogate becomes U+FFFD.
2. What a machine or the network sent is cut to its limit: a contact is never lost for a long name.
3. What a person typed is never cut silently: too long is refused with ``TextRefused``, and he can shorten it.
"""

from __future__ import annotations

import re

from callcore.store.errors import TextRefused

COMMENT_LIMIT = 10_000
NAME_LIMIT = 200
ADDRESS_LIMIT = 500
WORD_LIMIT = 128
"""Codes, queues, channels, interfaces, numbers."""
REASON_LIMIT = 4_000

_NAMES = {
    "address": "адрес",
    "amount": "сумма",
    "comment": "комментарий",
    "contact": "контактное лицо",
    "department": "отдел",
    "email": "почта",
    "form": "форма",
    "label": "название",
    "login": "логин",
    "name": "название",
    "note": "что изменилось",
    "number": "номер",
    "party": "отправитель или адресат",
    "handed": "кто передал или получил",
    "purpose": "назначение",
    "receipt": "номер чека",
    "ticket": "талон",
    "phone": "телефон",
    "position": "должность",
    "reason": "причина",
    "region": "регион",
    "spoken_en": "что услышат звонящие по-английски",
    "spoken_ru": "что услышат звонящие по-русски",
    "target": "на чём висит",
    "text": "текст",
    "title_en": "название по-английски",
    "title_ru": "название по-русски",
    "body_en": "текст по-английски",
    "body_ru": "текст по-русски",
    "topic": "тема",
}
"""What a person reads in place of a field's code."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_CONTROLS_BUT_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]+")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")


def purified(text: str, *, lines: bool = False) -> str:
    """``text`` without impossible characters; ``lines`` keeps newlines and tabs."""
    if lines:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = (_CONTROLS_BUT_LINES if lines else _CONTROLS).sub("", text)
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)


def machine_text(text: str, limit: int, *, lines: bool = False) -> str:
    """A text from the network: purified and cut to ``limit`` characters, an ellipsis being the last one."""
    text = purified(text, lines=lines)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def machine_text_or_none(text: str | None, limit: int) -> str | None:
    return None if text is None else machine_text(text, limit)


def typed_text(text: str, limit: int, what: str, *, lines: bool = False, empty: bool = True) -> str:
    """A text that a person typed: purified and stripped; raises ``TextRefused`` if over ``limit``."""
    text = purified(text, lines=lines).strip()
    named = _NAMES.get(what, what)
    if len(text) > limit:
        raise TextRefused(
            f"{what}: {len(text)} characters, at most {limit} fit",
            f"{named}: знаков {len(text)}, помещается {limit}",
        )
    if not text and not empty:
        raise TextRefused(f"{what}: must not be empty", f"{named}: нужно заполнить")
    return text


def folded(text: str) -> str:
    """As it is searched for and found: letter case and ё/е do not matter."""
    return text.casefold().replace("ё", "е")


def canonical_login(text: str) -> str:
    """A sign-in name in lower case; raises ``TextRefused`` for all but Latin letters, digits, ``._@-``."""
    login = text.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise TextRefused(
            "login: 1 to 64 Latin letters, digits, dots, dashes, underlines or @ are allowed",
            "логин: до 64 латинских букв, цифр, точек, дефисов, подчёркиваний и @",
        )
    return login
