"""The shape of the settings of the card: when it opens; and which devices are phones of the house."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import BeforeValidator, Field

from callcore.calls.policy import PopMoment, PopPolicy
from callcore.domain import Interface, QueueName, Text
from callcore.routing.fields import QueueField
from callcore.strictyaml.faults import Document
from callcore.strictyaml.fields import Model, Whole, shown, wrong


class InboundMoment(StrEnum):
    """``PopMoment`` of calls that others begin."""

    never = "never"
    ringing = "ringing"
    answer = "answer"
    button = "button"


class Pop(Model):
    """When a card opens; internal calls have none."""

    inbound: InboundMoment = InboundMoment.answer
    outbound: PopMoment = PopMoment.dialling
    queues: dict[QueueField, InboundMoment] = Field(default_factory=dict)
    """In place of ``inbound`` for calls that come through these queues."""
    confirm_seconds: Annotated[Whole, Field(ge=1, le=60)] = 3
    """A card that no page has confirmed as painted within this counts as missed."""


def pop_policy(pop: Pop) -> PopPolicy:
    queues = {QueueName(name): PopMoment(moment) for name, moment in pop.queues.items()}
    return PopPolicy(PopMoment(pop.inbound), pop.outbound, queues)


def check_pop(pop: Pop, queues: Collection[str], settings: Document) -> None:
    """Blame queues that are not among ``queues``: all that topics, fallbacks and the list of queues name."""
    known = ", ".join(sorted(queues))
    for name in pop.queues:
        if name not in queues:
            settings.blame(
                ("pop", "queues", name),
                Text(f"Очереди «{name}» нет.", f'There is no queue "{name}".'),
                Text(
                    f"Есть: {known}. Добавьте её в queues или назовите другую.",
                    f"Queues: {known}. List it in queues, or name another.",
                ),
            )


_PATTERN = re.compile(r"[A-Za-z*?][A-Za-z0-9*?_-]*/(?:[^/\s\[\]]|\[!?[^/\s\[\]]+\])+", re.ASCII)


def _device_pattern(value: object) -> object:
    if isinstance(value, str) and _PATTERN.fullmatch(value):
        return value
    raise wrong(
        Text(f"{shown(value, 'ru')} — не образец устройства.", f"{shown(value)} is no pattern of a device."),
        Text(
            "Напишите имя канала без последнего дефиса и номера, например PJSIP/[1-9][0-9][0-9] или SIP/2*.",
            "Write a channel's name without its last dash and number, e.g. PJSIP/[1-9][0-9][0-9] or SIP/2*.",
        ),
    )


DevicePattern = Annotated[str, BeforeValidator(_device_pattern)]
"""A glob: ``*`` anything, ``?`` one character, ``[1-9]`` one of these, ``[!0]`` one of the others."""


def is_device_among(patterns: Iterable[str], device: Interface) -> bool:
    """Does one of the patterns name this device (``PJSIP/101``)? Upper and lower case differ."""
    return any(fnmatchcase(device, pattern) for pattern in patterns)
