"""Words for the status of a contract or a number. Each base has its own; the usual ones are known here,
whatever language they are in, and shown in the reader's. Pure.
"""

from __future__ import annotations

from callcore.domain import Text

_USUAL = (
    (Text("активен", "active"), ("активный", "активна", "действует", "включен", "on", "enabled")),
    (Text("подключается", "being connected"), ("новый", "new", "pending")),
    (Text("приостановлен", "suspended"), ("приостановлена", "пауза", "paused", "on hold")),
    (Text("заблокирован", "blocked"), ("блокирован", "заблокирована", "блок", "barred")),
    (Text("отключён", "disconnected"), ("отключена", "выключен", "inactive", "off", "disabled")),
    (Text("расторгнут", "terminated"), ("закрыт", "closed", "cancelled")),
)
_TITLES = {
    word.replace("ё", "е"): title for title, others in _USUAL for word in (title.ru, title.en, *others)
}


_SHUT = frozenset(("suspended", "blocked", "disconnected"))
_OVER = frozenset(("terminated",))


def is_shut(word: str) -> bool:
    """The contract is there, its services are not: suspended, blocked or disconnected."""
    return status_title(word).en in _SHUT


def is_over(word: str) -> bool:
    """The contract has ended."""
    return status_title(word).en in _OVER


def is_usual(word: str) -> bool:
    return _plain(word) in _TITLES


def status_title(word: str) -> Text:
    """A word that is not known here stays as the base has it."""
    return _TITLES.get(_plain(word), Text(word, word))


def usual() -> Text:
    return Text(", ".join(title.ru for title, _ in _USUAL), ", ".join(title.en for title, _ in _USUAL))


def _plain(word: str) -> str:
    return " ".join(word.casefold().replace("ё", "е").split())
