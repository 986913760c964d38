"""From the people at the affected addresses to a campaign's targets: whom, under which number, how. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

from callcore.calls.attempt import Medium
from callcore.calls.campaign import AffectedPerson, NewTarget, TargetResult
from callcore.domain import CustomerId, Language
from callcore.numbers import normalise
from callcore.outbound.numbering import zone_of

NO_NUMBER = "no_number"
"""He has none that can be dialled from outside."""
SAME_NUMBER = "same_number"
"""Somebody before him in the list has the same main number: it is rung once."""
FIXED_LINE = "fixed_line"
"""Nobody calls, and his numbers take no SMS."""
NO_ROUTE = "no_route"
"""Neither a trunk nor SMS is set up."""

_NO_TEXTS = frozenset(
    (
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
    )
)


@dataclass(frozen=True, slots=True)
class House:
    """What holds for a person of whom nothing else is known, and by which ways people are told at all."""

    country: str
    language: Language
    zone: str
    has_voice: bool
    has_sms: bool


@lru_cache(maxsize=8192)
def takes_texts(number: str) -> bool:
    """Whether an SMS to this canonical number may arrive: not to fixed lines and service numbers.

    A number of a kind that the numbering plan does not tell may: the gateway knows better.
    """
    try:
        return phonenumbers.number_type(phonenumbers.parse(number, None)) not in _NO_TEXTS
    except NumberParseException:
        return False


def resolve(
    people: Sequence[AffectedPerson], house: House, told: Collection[CustomerId] | None = None
) -> tuple[NewTarget, ...]:
    """One target for each person, each number in one target only; who cannot be reached is skipped, visibly.

    A main number belongs to the first person who has it, a further number to nobody whose neighbour's main
    number it is. ``told``: who alone is concerned (the end of an outage); others are left out, None for all.
    """
    concerned = [person for person in people if told is None or person.customer in told]
    known = [(person, tuple(_numbers(person.numbers, house.country))) for person in concerned]
    mains = {numbers[0] for _, numbers in known if numbers}
    used: set[str] = set()
    targets = []
    for person, numbers in known:
        if numbers and numbers[0] in used:
            targets.append(_target(person, numbers[:1], house, SAME_NUMBER))
            continue
        own = numbers[:1] + tuple(
            number for number in numbers[1:] if number not in mains and number not in used
        )
        used.update(own)
        targets.append(_target(person, own, house))
    return tuple(targets)


def _numbers(raw: Sequence[str], country: str) -> Iterator[str]:
    """Canonical numbers that a trunk can reach, each once, in their order."""
    seen = set()
    for text in raw:
        number = normalise(text, country)
        if number is not None and not number.is_short and number.canonical not in seen:
            seen.add(number.canonical)
            yield number.canonical


def _target(person: AffectedPerson, numbers: tuple[str, ...], house: House, skip: str = "") -> NewTarget:
    medium = Medium.voice
    if not house.has_voice and house.has_sms:
        medium = Medium.sms
        mobiles = tuple(number for number in numbers if takes_texts(number))
        skip = skip or (FIXED_LINE if numbers and not mobiles else "")
        numbers = mobiles or numbers
    elif not house.has_voice:
        skip = skip or NO_ROUTE
    if not numbers:
        skip = NO_NUMBER
    zone = person.zone or (zone_of(numbers[0]) if numbers else None) or house.zone
    return NewTarget(
        customer=person.customer,
        name=person.name,
        number=numbers[0] if numbers else "",
        others=numbers[1:],
        language=person.language or house.language,
        zone=zone,
        address=person.address,
        next_medium=medium,
        result=TargetResult.skipped if skip else None,
        reason=skip,
    )
