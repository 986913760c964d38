"""An outage in words: to a caller, in a notice by phone, in an SMS. In both languages, from templates. Pure.

``{start}`` becomes ``с 10:00 23.11`` or ``from 10:00 on 23 Nov``, ``{until}`` becomes ``до 14:00`` or
``until 14:00``; spoken they are words (``spoken.py``). ``{until}`` carries its date only if ``{start}`` has
not said it; while there is no estimate, or it has passed, it is ``UNKNOWN_SPOKEN`` or ``UNKNOWN_WRITTEN``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from callcore.calls.campaign import News
from callcore.domain import LANGUAGES, Language, Outage, OutageKind, Text
from callcore.outages.spoken import moment

__all__ = ["DEFAULTS", "Templates", "caller_words", "moment", "notice", "template_faults", "templates"]

SPOKEN_CHARACTERS = 1900
"""A synthesiser takes 2000."""
SMS_CHARACTERS: Mapping[Language, int] = {"ru": 134, "en": 306}
"""Two parts of UCS-2, or of GSM-7. A longer cause is cut."""
SHORTEST_CAUSE = 40
"""It is not cut shorter than this, whatever the template takes."""
LONGEST_SMS = 330
"""Ten parts of UCS-2, should every character need two units."""
TEMPLATE_CHARACTERS = {"voice": 1000, "caller": 1000, "sms": 200}

UNKNOWN_SPOKEN = Text(
    "до окончания работ, точное время пока неизвестно",
    "until the work is done, the exact time is not known yet",
)
UNKNOWN_WRITTEN = Text("до окончания работ", "until the work is done")

Use = Literal["voice", "sms", "caller"]


@dataclass(frozen=True, slots=True)
class Templates:
    """Texts with ``{organisation}`` (not to a caller), ``{cause}``, ``{start}``, ``{until}``.

    ``template_faults`` checks an organisation's own when the settings are loaded.
    """

    voice: Mapping[str, Text]
    """By ``NEWS`` or ``NEWS.KIND`` (``outage.planned`` wins over ``outage``)."""
    sms: Mapping[str, Text]
    caller: Mapping[str, Text]
    """By kind: what a caller hears."""


DEFAULTS = Templates(
    voice={
        "outage.emergency": Text(
            "Здравствуйте! Это {organisation}. По вашему адресу отключение: {cause}. Оно продлится {until}.",
            "Hello! This is {organisation}. There is an outage at your address: {cause}. "
            "It will last {until}.",
        ),
        "outage.planned": Text(
            "Здравствуйте! Это {organisation}. По вашему адресу будет плановое отключение, {start} {until}. "
            "Причина: {cause}.",
            "Hello! This is {organisation}. There will be a planned outage at your address, {start} {until}. "
            "The reason: {cause}.",
        ),
        "changed.emergency": Text(
            "Здравствуйте! Это {organisation}. Новые сведения об отключении по вашему адресу: {cause}. "
            "Оно продлится {until}.",
            "Hello! This is {organisation}. There is news of the outage at your address: {cause}. "
            "It will last {until}.",
        ),
        "changed.planned": Text(
            "Здравствуйте! Это {organisation}. Плановое отключение по вашему адресу изменилось, теперь оно "
            "{start} {until}. Причина: {cause}.",
            "Hello! This is {organisation}. The planned outage at your address has changed, it is now "
            "{start} {until}. The reason: {cause}.",
        ),
        "restored": Text(
            "Здравствуйте! Это {organisation}. Отключение по вашему адресу закончилось. "
            "Если что-то не работает, позвоните нам.",
            "Hello! This is {organisation}. The outage at your address is over. "
            "If something does not work, please call us.",
        ),
        "cancelled.emergency": Text(
            "Здравствуйте! Это {organisation}. Сообщение об отключении по вашему адресу отменяется. "
            "Приносим извинения.",
            "Hello! This is {organisation}. The notice of an outage at your address is withdrawn. "
            "We are sorry to have troubled you.",
        ),
        "cancelled.planned": Text(
            "Здравствуйте! Это {organisation}. Отменено плановое отключение по вашему адресу, "
            "которое ожидалось {start} {until}.",
            "Hello! This is {organisation}. There will be no outage at your address, the one planned "
            "{start} {until} is cancelled.",
        ),
    },
    sms={
        "outage.emergency": Text(
            "{organisation}: отключение {until}. Причина: {cause}.",
            "{organisation}: outage {until}. Reason: {cause}.",
        ),
        "outage.planned": Text(
            "{organisation}: плановое отключение {start} {until}. Причина: {cause}.",
            "{organisation}: planned outage {start} {until}. Reason: {cause}.",
        ),
        "changed": Text(
            "{organisation}: изменение, отключение {start} {until}. Причина: {cause}.",
            "{organisation}: changed, outage {start} {until}. Reason: {cause}.",
        ),
        "restored": Text(
            "{organisation}: отключение по вашему адресу закончилось.",
            "{organisation}: the outage at your address is over.",
        ),
        "cancelled": Text(
            "{organisation}: отключение {start} {until} отменено.",
            "{organisation}: the outage {start} {until} is cancelled.",
        ),
    },
    caller={
        "emergency": Text(
            "По вашему адресу отключение: {cause}. Оно продлится {until}.",
            "There is an outage at your address: {cause}. It will last {until}.",
        ),
        "planned": Text(
            "По вашему адресу плановое отключение, {start} {until}. Причина: {cause}.",
            "There is a planned outage at your address, {start} {until}. The reason: {cause}.",
        ),
    },
)


def templates(voice: Mapping[str, Text], sms: Mapping[str, Text], caller: Mapping[str, Text]) -> Templates:
    """The defaults with an organisation's own words over them; an own ``outage`` holds for both kinds."""
    return Templates(_over(DEFAULTS.voice, voice), _over(DEFAULTS.sms, sms), _over(DEFAULTS.caller, caller))


def _over(defaults: Mapping[str, Text], own: Mapping[str, Text]) -> dict[str, Text]:
    kept = {key: text for key, text in defaults.items() if key.partition(".")[0] not in own}
    return {**kept, **own}


def caller_words(
    outage: Outage, language: Language, templates: Templates, zone: ZoneInfo, now: datetime
) -> str:
    """What a caller at an affected address hears before any menu."""
    template = templates.caller[outage.kind].in_(language)
    words = _Words(outage, language, zone, now, spoken=True, now=now)
    return words.fill(template, "", SPOKEN_CHARACTERS, SPOKEN_CHARACTERS)


def notice(
    outage: Outage, news: News, templates: Templates, organisation: Text, zone: ZoneInfo
) -> tuple[Text, Text]:
    """What is spoken and what is written of this revision.

    Spoken moments of the day of this revision come without a date; written ones stay in the phone, with it.
    """
    spoken, written = {}, {}
    for language in LANGUAGES:
        name = organisation.in_(language)
        words = _Words(outage, language, zone, outage.changed_at, spoken=True)
        template = _find(templates.voice, news, outage.kind).in_(language)
        spoken[language] = words.fill(template, name, SPOKEN_CHARACTERS, SPOKEN_CHARACTERS)
        words = _Words(outage, language, zone, None, spoken=False)
        template = _find(templates.sms, news, outage.kind).in_(language)
        written[language] = words.fill(template, name, SMS_CHARACTERS[language], LONGEST_SMS)
    return Text(**spoken), Text(**written)


def _find(texts: Mapping[str, Text], news: News, kind: OutageKind) -> Text:
    return texts.get(f"{news}.{kind}") or texts[news]


_PLACEHOLDER = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True, slots=True)
class _Words:
    outage: Outage
    language: Language
    zone: ZoneInfo
    reference: datetime | None
    """The day that needs no date; None: every day needs one."""
    spoken: bool
    now: datetime | None = None
    """None: the words are for the moment of the revision, at which no estimate had passed."""

    def fill(self, template: str, organisation: str, aim: int, limit: int) -> str:
        """The text; the cause is cut so that it has ``aim`` characters, in any case ``limit``."""
        values = {
            "organisation": organisation,
            "start": self._start(),
            "until": self._until("{start}" in template),
            "cause": "",
        }
        cause = self.outage.cause.in_(self.language).rstrip(" .!?…")
        room = aim - len(_filled(template, values))
        values["cause"] = self._cut(cause, max(room, SHORTEST_CAUSE))
        return self._cut(_filled(template, values), limit)

    def _start(self) -> str:
        return ("с " if self.language == "ru" else "from ") + self._moment(
            self.outage.starts_at, self.reference
        )

    def _until(self, start_is_said: bool) -> str:
        at = self.outage.estimated_restoration_at
        if at is None or (self.now is not None and at <= self.now):
            return (UNKNOWN_SPOKEN if self.spoken else UNKNOWN_WRITTEN).in_(self.language)
        reference = self.outage.starts_at if start_is_said else self.reference
        return ("до " if self.language == "ru" else "until ") + self._moment(at, reference)

    def _moment(self, at: datetime, reference: datetime | None) -> str:
        return moment(at, self.language, self.zone, reference, spoken=self.spoken)

    def _cut(self, text: str, most: int) -> str:
        """At a space, with dots that GSM-7 has where the language does."""
        if len(text) <= most:
            return text
        dots = "…" if self.language == "ru" else "..."
        head = text[: most - len(dots) + 1]
        shorter = head.rsplit(" ", 1)[0] if " " in head else head[:-1]
        return shorter.rstrip(" ,;:-") + dots


def _filled(template: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], ""), template)


# --- checking an organisation's own words


@dataclass(frozen=True, slots=True)
class TemplateFault:
    key: str
    language: Language | None
    """None: the key itself."""
    message: Text
    remedy: Text


def template_faults(use: Use, texts: Mapping[str, Text]) -> tuple[TemplateFault, ...]:
    """What is wrong with an organisation's own templates for one use."""
    keys = template_keys(use)
    faults = []
    for key, text in texts.items():
        if key not in keys:
            faults.append(
                TemplateFault(
                    key,
                    None,
                    Text(f"Такого сообщения нет: {key}.", f"There is no such message: {key}."),
                    Text(f"Возможны: {', '.join(keys)}.", f"Possible: {', '.join(keys)}."),
                )
            )
        for language in LANGUAGES:
            found = _template_fault(use, text.in_(language))
            if found is not None:
                faults.append(TemplateFault(key, language, *found))
    return tuple(faults)


def template_keys(use: Use) -> tuple[str, ...]:
    kinds = tuple(kind.value for kind in OutageKind)
    if use == "caller":
        return kinds
    return tuple(key for news in News for key in (news.value, *(f"{news.value}.{kind}" for kind in kinds)))


def placeholders(use: Use) -> tuple[str, ...]:
    return ("cause", "start", "until") if use == "caller" else ("organisation", "cause", "start", "until")


def _template_fault(use: Use, template: str) -> tuple[Text, Text] | None:
    names = ", ".join(f"{{{name}}}" for name in placeholders(use))
    remedy = Text(f"Здесь подставляются: {names}.", f"What is filled in here: {names}.")
    unknown = next((name for name in _PLACEHOLDER.findall(template) if name not in placeholders(use)), None)
    if unknown is not None:
        return Text(
            f"Подставить {{{unknown}}} нечем.", f"There is nothing to fill {{{unknown}}} with."
        ), remedy
    if re.search(r"[{}]", _PLACEHOLDER.sub("", template)):
        return Text("Фигурная скобка без пары.", "A brace without its partner."), remedy
    limit = TEMPLATE_CHARACTERS[use]
    if len(template) > limit:
        return Text(
            f"Слишком длинно: {len(template)} знаков.", f"Too long: {len(template)} characters."
        ), Text(f"Уместите в {limit}.", f"Make it {limit} at most.")
    return None
