"""Cards that nobody saw, as the database keeps them: over a restart, until the day ends."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from callcore.domain import CallId, Login
from callcore.screenpop.card import MissedCard, Unpainted
from callcore.screenpop.newest import RETRY_SECONDS, Newest
from callcore.store.missed_pops import MissedPop


class MissedPops(Protocol):
    """Every method may raise ``StoreError``."""

    async def keep(self, missed: MissedPop) -> None: ...

    async def since(self, login: Login, since: datetime) -> tuple[MissedPop, ...]: ...


class MissedBook:
    """Writes beside the desks; what the database has not taken yet is known all the same."""

    def __init__(self, pops: MissedPops, retry_seconds: float = RETRY_SECONDS) -> None:
        self._pops = pops
        self._rows: Newest[tuple[Login, CallId], MissedCard] = Newest(
            "missed_pop", self._write, retry_seconds
        )

    def keep(self, login: Login, cards: tuple[MissedCard, ...]) -> None:
        for card in cards:
            self._rows.put((login, card.call), card)

    async def of_login(self, login: Login, since: datetime) -> tuple[MissedCard, ...]:
        """His cards since then, newest first. Raises ``StoreError``."""
        cards = {row.call: _card(row) for row in await self._pops.since(login, since)}
        cards |= {call: card for (owner, call), card in self._rows.unwritten.items() if owner == login}
        return newest_first(cards)

    @property
    def is_writing(self) -> bool:
        return bool(self._rows.unwritten)

    async def close(self) -> None:
        """See ``Newest.close``."""
        await self._rows.close()

    async def _write(self, key: tuple[Login, CallId], card: MissedCard) -> None:
        await self._pops.keep(
            MissedPop(
                login=key[0],
                call=card.call,
                at=card.at,
                why=card.why.value,
                number=card.number,
                customer=card.customer,
                customer_name=card.customer_name,
                queue=card.queue,
                seen_at=card.seen_at,
            )
        )


def newest_first(cards: dict[CallId, MissedCard]) -> tuple[MissedCard, ...]:
    return tuple(sorted(cards.values(), key=lambda card: card.at, reverse=True))


def _card(row: MissedPop) -> MissedCard:
    return MissedCard(
        call=row.call,
        at=row.at,
        why=Unpainted(row.why),
        number=row.number,
        customer=row.customer,
        customer_name=row.customer_name,
        queue=row.queue,
        seen_at=row.seen_at,
    )
