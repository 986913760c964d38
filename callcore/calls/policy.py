"""When a card opens: data, by queue and direction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from callcore.domain import Direction, QueueName


class PopMoment(StrEnum):
    never = "never"
    ringing = "ringing"
    dialling = "dialling"
    """Of a call that callcore places: when the operator has picked up his phone, before the number answers.
    Of any other, as ``answer``."""
    answer = "answer"
    button = "button"
    """When the operator asks for it, from the first ring on."""


@dataclass(frozen=True, slots=True)
class PopPolicy:
    inbound: PopMoment = PopMoment.answer
    outbound: PopMoment = PopMoment.dialling
    queues: Mapping[QueueName, PopMoment] = field(default_factory=dict)
    """For a queue's calls, in place of ``inbound``."""

    def moment(self, direction: Direction, queue: QueueName | None) -> PopMoment:
        """Internal calls never pop."""
        if direction is Direction.internal:
            return PopMoment.never
        if direction is Direction.outbound:
            return self.outbound
        return self.queues.get(queue, self.inbound) if queue is not None else self.inbound
