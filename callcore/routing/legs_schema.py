"""What may be done with a call, as files say it: the shape of a leg, and how it becomes a ``Leg``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from callcore.domain import QueueName, Text, TopicCode
from callcore.routing.fields import Code, ExternalNumber, InternalNumber, Length, queue_name
from callcore.routing.legs import (
    KINDS,
    Announce,
    HangUp,
    Leg,
    OfferCallBack,
    OpenCase,
    ToDepartment,
    ToExternal,
    ToNumber,
    ToPersonal,
    ToQueue,
    ToTopic,
    Voicemail,
)
from callcore.strictyaml.fields import Bilingual, Flag, Line, Model, Whole, shown, wrong

RINGS = timedelta(seconds=20)
"""How long a number rings where nothing is said."""
OWN = "own"
"""In the place of a queue's name: the topic's own."""
_HOUSE = Text("", "")
"""In the place of a text: the house's own words."""
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "priority": ("queue",),
    "skills": ("queue",),
    "max_wait": ("queue",),
    "rings": ("department", "number", "external"),
    "ask": ("case",),
    "say": ("case",),
}
"""What may stand beside which kind of leg."""


def _queue_or_own(value: object) -> object:
    return OWN if value == OWN else queue_name(value)


def _queue_or_true(value: object) -> object:
    return OWN if value == "true" else queue_name(value)


def _text_or_true(value: object) -> object:
    return _HOUSE if value == "true" else value


def _skills(value: object) -> object:
    if value != []:
        return value
    raise wrong(
        Text("Список пуст.", "The list is empty."),
        Text("Назовите умение или уберите skills.", "Name a skill, or leave skills out."),
    )


_Time = Annotated[Length, Field(ge=timedelta(seconds=1), le=timedelta(days=1))]
_Rings = Annotated[Length, Field(ge=timedelta(seconds=1), le=timedelta(minutes=5))]


class LegModel(Model):
    """One of the first ten is set: what is done; the others say how (``OPTIONS``)."""

    queue: Annotated[str, BeforeValidator(_queue_or_own)] | None = None
    department: Code | None = None
    personal_operator: _Rings | None = None
    number: InternalNumber | None = None
    external: ExternalNumber | None = None
    topic: Line | None = None
    announce: Bilingual | None = None
    voicemail: Annotated[Bilingual, BeforeValidator(_text_or_true)] | None = None
    case: Code | None = None
    call_back: Annotated[str, BeforeValidator(_queue_or_true)] | None = None
    hang_up: Flag | None = None
    priority: Annotated[Whole, Field(ge=0, le=1000)] | None = None
    skills: Annotated[tuple[Code, ...], BeforeValidator(_skills)] | None = None
    max_wait: _Time | None = None
    rings: _Rings | None = None
    ask: Bilingual | None = None
    say: Bilingual | None = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        kinds = self._kinds
        if not kinds:
            raise wrong(
                Text("Не сказано, что делать со звонком.", "It does not say what is done with the call."),
                _ONE_OF,
            )
        if len(kinds) > 1:
            names = ", ".join(kinds)
            raise wrong(
                Text(f"Слишком много сразу: {names}.", f"Too much at once: {names}."),
                Text("Сделайте из каждого свой шаг.", "Make each a step of its own."),
            )
        for option, fits in OPTIONS.items():
            if getattr(self, option) is not None and kinds[0] not in fits:
                raise wrong(
                    Text(f"У шага {kinds[0]} нет {option}.", f"{option} does not go with {kinds[0]}."),
                    Text(f"Оно бывает у: {', '.join(fits)}.", f"It goes with {', '.join(fits)}."),
                )
        return self

    @property
    def _kinds(self) -> tuple[str, ...]:
        return tuple(kind for kind in KINDS.values() if getattr(self, kind) not in (None, False))

    def to_leg(self) -> Leg:
        (kind,) = self._kinds
        return _MAKE[kind](self)


def _to_queue(leg: LegModel) -> Leg:
    queue = None if leg.queue == OWN else QueueName(leg.queue or "")
    return ToQueue(queue, leg.priority or 0, leg.skills or (), leg.max_wait)


def _offer(leg: LegModel) -> Leg:
    return OfferCallBack(None if leg.call_back == OWN else QueueName(leg.call_back or ""))


_MAKE: Mapping[str, Callable[[LegModel], Leg]] = {
    "queue": _to_queue,
    "department": lambda leg: ToDepartment(leg.department or "", leg.rings),
    "personal_operator": lambda leg: ToPersonal(leg.personal_operator or RINGS),
    "number": lambda leg: ToNumber(leg.number or "", leg.rings or RINGS),
    "external": lambda leg: ToExternal(leg.external or "", leg.rings or RINGS),
    "topic": lambda leg: ToTopic(TopicCode(leg.topic or "")),
    "announce": lambda leg: Announce(leg.announce or _HOUSE),
    "voicemail": lambda leg: Voicemail(leg.voicemail if leg.voicemail != _HOUSE else None),
    "case": lambda leg: OpenCase(leg.case or "", leg.ask, leg.say),
    "call_back": _offer,
    "hang_up": lambda _leg: HangUp(),
}
_ONE_OF = Text(
    f"Назовите одно: {', '.join(KINDS.values())}.",
    f"Name one of {', '.join(KINDS.values())}.",
)


def _leg(value: object) -> object:
    """``hang_up`` needs no braces."""
    if value == "hang_up":
        return {"hang_up": "true"}
    if isinstance(value, dict | LegModel):
        return value
    example = f"{{{value}: true}}" if value in ("voicemail", "call_back") else "{queue: own}"
    raise wrong(
        Text(f"{shown(value, 'ru')} — не шаг.", f"{shown(value)} is no leg."),
        Text(f"Напишите, например, {example}. {_ONE_OF.ru}", f"Write for example {example}. {_ONE_OF.en}"),
    )


def _legs(value: object) -> object:
    if isinstance(value, list) and value:
        return value
    raise wrong(
        Text("Не сказано, куда идёт звонок.", "It does not say where the call goes."),
        Text("Перечислите шаги: [{queue: own}].", "List the legs: [{queue: own}]."),
    )


LegsField = Annotated[tuple[Annotated[LegModel, BeforeValidator(_leg)], ...], BeforeValidator(_legs)]
"""One after another until somebody has taken the call."""


def to_legs(legs: tuple[LegModel, ...]) -> tuple[Leg, ...]:
    return tuple(leg.to_leg() for leg in legs)
