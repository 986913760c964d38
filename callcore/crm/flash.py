"""Who may write which flash note, and what a note must be. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from callcore.domain import Login, Text
from callcore.rights import Permission
from callcore.store.flashes import TEXT_LIMIT, Flash, FlashScope

WIDE = frozenset({FlashScope.topic, FlashScope.district, FlashScope.outage, FlashScope.house})
"""They pop for everybody concerned."""
LONGEST = timedelta(days=366)


def may_write(scope: FlashScope, rights: Collection[Permission]) -> bool:
    return (Permission.flash_wide if scope in WIDE else Permission.flash_write) in rights


def may_withdraw(flash: Flash, login: Login, rights: Collection[Permission]) -> bool:
    """One's own, or anybody's with the right to wide ones."""
    if Permission.flash_wide in rights:
        return True
    return flash.author == login and may_write(flash.scope, rights)


def may_switch(flash: Flash, now: datetime, rights: Collection[Permission]) -> bool:
    """It has words for callers, and they may be switched on or off."""
    is_over = flash.withdrawn_at is not None or flash.ends_at <= now
    return Permission.flash_wide in rights and flash.spoken is not None and not is_over


def spoken_fault(scope: FlashScope | None, spoken: Text) -> Text | None:
    """What is wrong with the words for callers."""
    if scope is not FlashScope.house:
        return Text(
            "Звонящим говорят только заметки для всех: выберите «для всех» или сотрите эти слова.",
            "Only a note for everybody is told to callers: choose that, or leave these words out.",
        )
    if not spoken.ru.strip() or not spoken.en.strip():
        return Text("Звонящим нужны слова на обоих языках.", "Callers need the words in both languages.")
    longest = max(len(spoken.ru.strip()), len(spoken.en.strip()))
    if longest > TEXT_LIMIT:
        return Text(f"{longest} знаков: помещается {TEXT_LIMIT}.", f"{longest} characters: {TEXT_LIMIT} fit.")
    return None


def text_fault(text: str) -> Text | None:
    length = len(text.strip())
    if length == 0:
        return Text("Напишите, что важно.", "Write what matters.")
    if length > TEXT_LIMIT:
        return Text(f"{length} знаков: помещается {TEXT_LIMIT}.", f"{length} characters: {TEXT_LIMIT} fit.")
    return None


def span_fault(begins_at: datetime, ends_at: datetime, now: datetime) -> Text | None:
    """What is wrong with the time in which it is to be shown."""
    if ends_at <= now:
        return Text("Этот срок уже прошёл.", "This end is past already.")
    if ends_at <= begins_at:
        return Text("Конец раньше начала.", "The end lies before the beginning.")
    if ends_at - begins_at > LONGEST:
        return Text("Дольше года заметка не висит.", "A note hangs for a year at most.")
    return None
