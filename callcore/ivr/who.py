"""Who calls: what the house, the PBX's own dialplan and the hour say of him, for tables and script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from callcore.domain import LANGUAGES, CustomerId, Language, Text, TopicCode
from callcore.ivr.actions import Known
from callcore.ivr.ports import Profile
from callcore.ivr.visit import Visit
from callcore.routing.hours import is_open
from callcore.routing.situation import CallerFacts, Situation

HINT = "CALLCORE_HINT_"


class Who:
    """Of one visit. The house is asked once, and once more when it turns out who he is."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._profile: Profile | None = None
        self._asked_about: CustomerId | None = None
        self._hints: Mapping[str, str] | None = None

    async def profile(self) -> Profile:
        """What the house knows of him; nothing if it does not answer."""
        visit = self._visit
        customer = visit.customer.id if visit.customer else None
        if self._profile is None or customer not in (None, self._asked_about):
            answer = visit.reception.backoffice.profile(visit.number, customer)
            self._profile = await visit.ask_house("profile", answer) or self._profile or Profile()
            self._asked_about = customer
        return self._profile

    async def hints(self) -> Mapping[str, str]:
        """What the PBX's own dialplan knows of him, by names in lower case; empty ones are left out."""
        if self._hints is None:
            names = self._visit.reception.hints()
            read = {name: await self._visit.session.get_variable(f"{HINT}{name}") for name in names}
            self._hints = {name.lower(): value for name, value in read.items() if value}
        return self._hints

    async def situation(self, topic: TopicCode) -> Situation:
        """For the tables, now."""
        visit, profile = self._visit, await self.profile()
        return Situation(
            topic,
            visit.reception.now(),
            visit.language,
            with_hints(profile.facts, await self.hints()),
            profile.last_contact_at,
            visit.reception.queues(visit.pbx),
        )

    async def known(
        self, language: Language | None, outages: tuple[Text, ...], emergencies: tuple[Text, ...]
    ) -> Known:
        """For the script, when it begins; ``language``: his own, as far as others know it."""
        visit, hints = self._visit, await self.hints()
        facts = with_hints((await self.profile()).facts, hints)
        own = language or hinted_language(hints)
        tables, now = visit.book.tables, visit.reception.now()
        values = {
            "caller.number": visit.number or "",
            "caller.standing": facts.standing.value,
            "caller.segment": facts.segment,
            "caller.language": own or "",
            "dialled": visit.session.environment.dialed_number or "",
            **{f"hours.{table.code}": "open" if is_open(table.hours, now) else "closed" for table in tables},
            **{f"hint.{name}": value for name, value in hints.items()},
        }
        return Known(values, own, outages, emergencies)


def with_hints(facts: CallerFacts, hints: Mapping[str, str]) -> CallerFacts:
    """The base knows better: a hint counts where it says nothing."""
    return replace(
        facts,
        segment=facts.segment or hints.get("segment", ""),
        legal_form=facts.legal_form or hints.get("legal_form", ""),
        region=facts.region or hints.get("region", ""),
    )


def hinted_language(hints: Mapping[str, str]) -> Language | None:
    word = hints.get("language", "").casefold()
    return next((language for language in LANGUAGES if word == language), None)
