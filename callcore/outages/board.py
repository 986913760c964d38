"""The outage register at work: publishing, who is affected, who wants to know."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

import structlog

from callcore.calls.campaign import AffectedPerson
from callcore.domain import CustomerId, NodeCode, Outage, OutageId, OutageKind, Text
from callcore.outages.publication import Draft, Publication, blame_moments, read_draft
from callcore.outages.register import Accepted, Refused, Repeated, accept
from callcore.store.errors import StoreError
from callcore.store.outages import RevisionTaken
from callcore.strictyaml.faults import ConfigFaults, Fault
from callcore.strictyaml.fields import raise_faults

log = structlog.get_logger("callcore.outages")

RETRY_SECONDS = 5.0
"""After the campaigns could not take an outage."""


class KeptOutages(Protocol):
    """What of ``store.outages.Outages`` the board needs. Every method may raise ``StoreError``."""

    async def publish_all(
        self, published: Sequence[tuple[Outage, Mapping[str, Any]]]
    ) -> tuple[Outage, ...]: ...

    async def get(self, number: str) -> Outage | None: ...

    async def content(self, number: str, revision: int) -> dict[str, Any] | None: ...

    async def open(self) -> tuple[Outage, ...]: ...

    async def affecting(self, customers: Collection[CustomerId]) -> tuple[Outage, ...]: ...

    async def without_campaign(self) -> tuple[Outage, ...]: ...


class KnownNetwork(Protocol):
    """What of ``store.network.Network`` the board needs."""

    async def known(self, codes: Collection[NodeCode]) -> frozenset[NodeCode]: ...

    async def people(self, nodes: Collection[NodeCode]) -> tuple[AffectedPerson, ...]: ...


@dataclass(frozen=True, slots=True)
class Published:
    outage: Outage
    became: Literal["new", "changed", "same"]


class UnknownOutage(Exception):
    """There is no outage with this number."""


@dataclass(frozen=True, slots=True)
class _Checked:
    draft: Draft
    verdicts: dict[int, Accepted | Repeated]
    """By place in the file, for all of it."""


class Board:
    """One for the daemon."""

    def __init__(
        self,
        outages: KeptOutages,
        network: KnownNetwork,
        now: Callable[[], datetime],
        published: Callable[[Outage], Awaitable[None]],
        announce: timedelta = timedelta(hours=24),
    ) -> None:
        """``published`` hears of each outage that is new or changed, after it is stored (the campaigns); a
        repeat does nothing there. ``announce``: callers hear of planned works that begin within this."""
        self._outages = outages
        self._network = network
        self._now = now
        self._published = published
        self._announce = announce
        self._publishing = asyncio.Lock()
        self._open: set[OutageId] = set()
        self._not_taken: dict[OutageId, Outage] = {}
        """Stored, but ``published`` has not returned for them."""
        self._is_left = asyncio.Event()
        """The store was in the way of one of them."""

    async def start(self) -> None:
        """Load what is open; tell ``published`` of what was stored but not taken over before the last end.

        Raises ``StoreError``.
        """
        self._open = {outage.id for outage in await self._outages.open()}
        self._not_taken = {outage.id: outage for outage in await self._outages.without_campaign()}
        await self._hand_over()

    async def run(self) -> None:
        """For ever: what was stored while the campaigns could not be is offered to them again, whether or not
        the sender comes back."""
        while True:
            await self._is_left.wait()
            await asyncio.sleep(RETRY_SECONDS)
            with suppress(Exception):  # it is in the log
                async with self._publishing:
                    await self._hand_over()

    async def check(self, raw: bytes, name: str) -> tuple[Publication, ...]:
        """Read, and ask everything that can be asked without storing: raises ConfigFaults with all faults,
        unknown nodes and refused revisions among them."""
        draft = await _read(raw, name)
        return tuple((await self._check(draft, "")).draft.publications.values())

    async def publish(self, raw: bytes, name: str, source: str) -> tuple[Published, ...]:
        """All of it or nothing: ``check``, then store all in one transaction. Raises ConfigFaults and
        StoreError.

        After a StoreError the same may be published again: what was stored is ``same`` then, and
        ``published`` hears of it if it had not.
        """
        draft = await _read(raw, name)
        async with self._publishing:
            checked = await self._check(draft, source)
            done = await self._store(checked)
            await self._hand_over()
        return done

    async def close(self, number: str, state: Literal["restored", "cancelled"], source: str) -> Published:
        """End an outage now: publish its next revision with this state. One that has ended so is ``same``.

        Raises UnknownOutage, ConfigFaults (it has ended otherwise, or has not begun), StoreError.
        """
        known = await self._outages.get(number)
        if known is None:
            raise UnknownOutage(number)
        if known.state == state:
            return Published(known, "same")
        entry = {
            "number": number,
            "revision": str(known.revision + 1),
            "kind": known.kind.value,
            "state": state,
            "cause": {"ru": known.cause.ru, "en": known.cause.en},
            "starts_at": known.starts_at.isoformat(),
            "nodes": list(known.nodes),
        }
        if known.estimated_restoration_at is not None:
            entry["estimated_restoration_at"] = known.estimated_restoration_at.isoformat()
        raw = json.dumps({"outages": [entry]}, ensure_ascii=False).encode()
        (done,) = await self.publish(raw, number, source)
        return done

    async def affected(self, publication: Publication) -> tuple[AffectedPerson, ...]:
        """Everybody on or below its nodes. Raises StoreError."""
        return await self._network.people(publication.nodes)

    async def at(self, customers: Sequence[CustomerId]) -> tuple[Outage, ...]:
        """Open outages at these customers' addresses that a caller should hear of now: emergencies, and
        planned ones that begin within the announcement time. Costs nothing while no outage is open.

        Raises StoreError.
        """
        if not self._open or not customers:
            return ()
        until = self._now() + self._announce
        return tuple(
            outage
            for outage in await self._outages.affecting(customers)
            if outage.kind is OutageKind.emergency or outage.starts_at <= until
        )

    # --- the steps of publishing

    async def _check(self, draft: Draft, source: str) -> _Checked:
        now = self._now()
        verdicts: dict[int, Accepted | Repeated] = {}
        for index, publication in draft.publications.items():
            verdict = await self._verdict(publication, source, now)
            if isinstance(verdict, Refused):
                draft.blame(index, verdict.field, verdict.message, verdict.remedy)
                continue
            verdicts[index] = verdict
            if isinstance(verdict, Accepted):
                blame_moments(draft, index, now)
        await self._blame_unknown_nodes(draft, verdicts)
        raise_faults(draft.document)
        return _Checked(draft, verdicts)

    async def _verdict(
        self, publication: Publication, source: str, now: datetime
    ) -> Accepted | Repeated | Refused:
        known = await self._outages.get(publication.number)
        before = (
            await self._outages.content(publication.number, publication.revision)
            if known is not None and publication.revision <= known.revision
            else None
        )
        return accept(known, before, publication, source, now)

    async def _blame_unknown_nodes(self, draft: Draft, verdicts: Mapping[int, Accepted | Repeated]) -> None:
        """Of what is news: a repeat may name nodes that the network has lost since."""
        fresh = {
            index: publication
            for index, publication in draft.publications.items()
            if not isinstance(verdicts.get(index), Repeated) and publication.state == "open"
        }
        wanted = {code for publication in fresh.values() for code in publication.nodes}
        known = await self._network.known(wanted) if wanted else frozenset()
        for index, publication in fresh.items():
            for code in publication.nodes:
                if code not in known:
                    draft.blame_node(
                        index,
                        code,
                        Text(f"Узла {code} в сети нет.", f"The network has no node {code}."),
                        Text(
                            "Проверьте код; все узлы: callcore network show.",
                            "Check the code; all nodes: callcore network show.",
                        ),
                    )

    async def _store(self, checked: _Checked) -> tuple[Published, ...]:
        fresh = [index for index, verdict in checked.verdicts.items() if isinstance(verdict, Accepted)]
        publications = checked.draft.publications
        try:
            stored = await self._outages.publish_all(
                [(checked.verdicts[index].outage, publications[index].content()) for index in fresh]
            )
        except RevisionTaken as taken:  # by another process: within this one there is the lock
            fault = Fault(
                checked.draft.document.file,
                0,
                "",
                Text(f"Кто-то опубликовал раньше: {taken}.", f"Somebody published first: {taken}."),
                Text("Ничего не сохранено; повторите.", "Nothing was stored; try again."),
            )
            raise ConfigFaults((fault,)) from taken
        by_index = dict(zip(fresh, stored, strict=True))
        for outage in stored:
            self._not_taken[outage.id] = outage
            (self._open.add if outage.is_open else self._open.discard)(outage.id)
            log.info(
                "outage_published", outage=outage.number, revision=outage.revision, state=outage.state.value
            )
        return tuple(
            Published(by_index[index], "new" if by_index[index].revision == 1 else "changed")
            if index in by_index
            else Published(verdict.outage, "same")
            for index, verdict in checked.verdicts.items()
        )

    async def _hand_over(self) -> None:
        """One that is not taken keeps no other waiting; it stays for the next time."""
        failed: Exception | None = None
        self._is_left.clear()
        for id, outage in list(self._not_taken.items()):
            try:
                await self._published(outage)
                del self._not_taken[id]
            except StoreError as error:
                log.warning("outage_not_taken", outage=outage.number, error=str(error))
                self._is_left.set()
                failed = error
            except Exception as error:
                log.exception("outage_not_taken", outage=outage.number)
                failed = error
        if failed is not None:
            raise failed


async def _read(raw: bytes, name: str) -> Draft:
    """Seconds for the largest file: the calls of the day go on meanwhile, and so does whoever publishes."""
    return await asyncio.to_thread(read_draft, raw, name)
