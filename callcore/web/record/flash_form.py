"""The form of a new flash note: what was filled in, what is wrong with it, and the note that it makes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from callcore.crm.flash import span_fault, spoken_fault, text_fault
from callcore.domain import Text
from callcore.store.flashes import FlashScope, NewFlash
from callcore.web import kit

_NO_TARGET = {
    FlashScope.contract: Text("Такого договора нет.", "There is no such contract."),
    FlashScope.number: Text("Это не номер телефона.", "This is no phone number."),
    FlashScope.topic: Text("Такой темы нет.", "There is no such topic."),
    FlashScope.district: Text("Такого узла сети нет.", "There is no such node of the network."),
    FlashScope.outage: Text("Такого отключения нет.", "There is no such outage."),
    FlashScope.house: Text("Для всех — оставьте поле пустым.", "For everybody leave this empty."),
}
_NO_MOMENT = Text("Нет такого дня или часа.", "There is no such day or hour.")


@dataclass(frozen=True, slots=True)
class Draft:
    """The form as it was filled in; ``scope`` None until it is chosen."""

    scope: FlashScope | None = None
    target: str = ""
    text: str = ""
    begins_on: str = ""
    begins_time: str = ""
    ends_on: str = ""
    ends_time: str = ""
    must_read: bool = False
    spoken_ru: str = ""
    spoken_en: str = ""
    is_spoken: bool = False
    errors: dict[str, Text] = field(default_factory=dict)

    @property
    def spoken(self) -> Text | None:
        """What callers are to hear; None: nothing."""
        ru, en = self.spoken_ru.strip(), self.spoken_en.strip()
        return Text(ru, en) if ru or en else None


def draft_of(sent: kit.Form) -> Draft:
    return Draft(
        scope=next((each for each in FlashScope if each == sent.get("scope")), None),
        target=sent.get("target"),
        text=sent.get("text"),
        begins_on=sent.get("begins_on"),
        begins_time=sent.get("begins_time"),
        ends_on=sent.get("ends_on"),
        ends_time=sent.get("ends_time"),
        must_read=sent.get("must_read") == "1",
        spoken_ru=sent.get("spoken_ru"),
        spoken_en=sent.get("spoken_en"),
        is_spoken=sent.get("is_spoken") == "1",
    )


def checked(
    draft: Draft, target: tuple[str, str] | None, zone: ZoneInfo, now: datetime
) -> tuple[NewFlash | None, dict[str, Text]]:
    """``target`` and its label, as what was typed was found; the note, or what is wrong, by field."""
    errors: dict[str, Text] = {}
    if draft.scope is None:
        errors["scope"] = Text("Выберите, на чём висит заметка.", "Choose what the note hangs on.")
    elif target is None:
        errors["target"] = _NO_TARGET[draft.scope]
    if fault := text_fault(draft.text):
        errors["text"] = fault
    if draft.spoken is not None and (fault := spoken_fault(draft.scope, draft.spoken)):
        errors["spoken_ru"] = fault
    begins = _moment(draft.begins_on, draft.begins_time, zone, time.min) if draft.begins_on else now
    ends = _moment(draft.ends_on, draft.ends_time, zone, None)
    if begins is None:
        errors["begins_on"] = _NO_MOMENT
    if ends is None:
        errors["ends_on"] = _NO_MOMENT
    if begins is not None and ends is not None and (fault := span_fault(begins, ends, now)):
        errors["ends_on"] = fault
    if errors or draft.scope is None or target is None or begins is None or ends is None:
        return None, errors
    says = draft.spoken
    is_on = draft.is_spoken and says is not None
    return NewFlash(draft.scope, *target, draft.text, begins, ends, draft.must_read, says, is_on), {}


def _moment(day: str, clock: str, zone: ZoneInfo, default: time | None) -> datetime | None:
    """``2026-03-02`` and ``14:30`` or nothing; without a clock ``default``, None: the end of the day."""
    try:
        date = datetime.strptime(day, "%Y-%m-%d").date()  # noqa: DTZ007 - a wall clock; the zone comes below
        if clock:
            at = datetime.combine(date, time.fromisoformat(clock), zone)
        elif default is not None:
            at = datetime.combine(date, default, zone)
        else:
            at = datetime.combine(date + timedelta(days=1), time.min, zone)
    except (ValueError, OverflowError):
        return None
    return at if 2000 <= at.year <= 2200 else None
