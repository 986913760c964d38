"""Permits that are out count as if they had left: else two questions at once would get the last place twice.

A permit is out from the gate's word until its intent is stored, it is given back, or it is over. One that was
stored while the history for another question was being read may not stand in that history yet: a ``Watch``
remembers it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from callcore.calls.attempt import Medium
from callcore.calls.number_history import NumberHistory, Past, Usage
from callcore.outbound.gate import Ask, Permit

Watch = list[Permit]
"""Permits that were used since it began."""


class Grants:
    def __init__(self) -> None:
        self._out: dict[int, Permit] = {}
        self._storing: dict[int, Permit] = {}
        """Their intents are on the way into the store, however long that takes."""
        self._watches: list[Watch] = []

    @contextmanager
    def watch(self) -> Iterator[Watch]:
        """From before the history is read until the gate has spoken."""
        mine: Watch = []
        self._watches.append(mine)
        try:
            yield mine
        finally:
            self._watches[:] = [each for each in self._watches if each is not mine]

    def add(self, permit: Permit) -> None:
        self._out[id(permit)] = permit

    def storing(self, permit: Permit) -> None:
        self._out.pop(id(permit), None)
        self._storing[id(permit)] = permit

    def used(self, permit: Permit) -> None:
        """Its intent is stored, or may be."""
        del self._storing[id(permit)]
        for watch in self._watches:
            watch.append(permit)

    def back(self, permit: Permit) -> None:
        """It is not going to be used."""
        self._out.pop(id(permit), None)
        self._storing.pop(id(permit), None)

    def forget_expired(self, now: datetime) -> None:
        for permit in [each for each in self._out.values() if each.expires_at <= now]:
            self.back(permit)

    def counted(self, history: NumberHistory, number: str, watch: Watch, now: datetime) -> NumberHistory:
        """With what is out as if it had left now."""
        asks = [permit.ask for permit in (*self._out.values(), *self._storing.values(), *watch)]
        if not asks:
            return history
        return replace(
            history,
            past=(*history.past, *_as_past((ask for ask in asks if ask.number == number), now)),
            to_person=(
                *history.to_person,
                *_as_past((ask for ask in asks if ask.number in history.other_numbers), now),
            ),
            usage=(*history.usage, *(_as_usage(ask, now) for ask in asks)),
        )


def _as_past(asks: Iterable[Ask], now: datetime) -> tuple[Past, ...]:
    return tuple(Past(now, ask.medium, ask.purpose, ask.profile.code) for ask in asks)


def _as_usage(ask: Ask, now: datetime) -> Usage:
    rate = ask.profile.limits.tariff.rate(ask.medium, ask.number)
    minutes = 1 if ask.medium is Medium.voice else 0
    return Usage(now, ask.medium, ask.purpose, ask.route, ask.login, 1, minutes, rate)
