"""Customers that live elsewhere: a company's CRM or billing, asked beside the own base. A card never waits.

A ``Directory`` answers rows; ``mapped`` makes customers of them; ``Shielded`` puts a time limit, a circuit
breaker, a small cache and one request at a time for one question around it. Whoever was found gets a row of
ours (``Shadow``), so that contacts and cases can be his.
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import partial
from typing import Any, Literal, Protocol

import structlog
from babel.numbers import get_currency_precision

from callcore.domain import LANGUAGES, Customer, Language
from callcore.numbers import normalise
from callcore.store.customers import NewCustomer
from callcore.store.texts import ADDRESS_LIMIT, NAME_LIMIT, WORD_LIMIT, machine_text

log = structlog.get_logger("callcore.crm")

MOST_ROWS = 20
"""More are not worth choosing among."""
MOST_NUMBERS = 20
CACHE_ROOM = 2000
FieldName = Literal[
    "key",
    "contract",
    "name",
    "address",
    "tariff",
    "segment",
    "legal_form",
    "balance",
    "currency",
    "language",
    "numbers",
]
"""What a source may tell of a customer."""
Row = Mapping[str, Any]


class DirectoryFailed(Exception):
    """A source did not answer, or answered nonsense; the message says what, without secrets."""


class DirectoryOpen(DirectoryFailed):
    """It failed too often and is left alone for a while."""


@dataclass(frozen=True, slots=True)
class Found:
    """One customer as a source knows him. ``key`` tells him from the others of that source."""

    source: str
    key: str
    customer: NewCustomer


class Directory(Protocol):
    """A source. Every method raises ``DirectoryFailed`` or any other error; the shield around it has the
    time limit. Rows carry the names of ``FieldName``."""

    @property
    def name(self) -> str: ...

    async def find_by_number(self, number: str) -> Sequence[Row]: ...

    async def search(self, text: str) -> Sequence[Row]: ...

    async def close(self) -> None: ...


# --- rows to customers. Pure


def mapped(source: str, row: Row, country: str) -> Found:
    """Raises DirectoryFailed for a row without a key. Whatever else is odd in it is left out."""
    key = _text(row.get("key"), WORD_LIMIT)
    if not key:
        raise DirectoryFailed("a row has no key")
    currency = _text(row.get("currency"), 3).upper()
    currency = currency if len(currency) == 3 and currency.isascii() and currency.isalpha() else "RUB"
    return Found(
        source,
        key,
        NewCustomer(
            contract=_text(row.get("contract"), WORD_LIMIT) or key,
            name=_text(row.get("name"), NAME_LIMIT),
            address=_text(row.get("address"), ADDRESS_LIMIT),
            tariff=_text(row.get("tariff"), NAME_LIMIT),
            balance_minor=_minor(row.get("balance"), currency),
            currency=currency,
            segment=_text(row.get("segment"), WORD_LIMIT),
            legal_form=_text(row.get("legal_form"), WORD_LIMIT),
            language=_language(row.get("language")),
            numbers=_numbers(row.get("numbers"), country),
        ),
    )


def _text(value: Any, limit: int) -> str:
    if value is None or isinstance(value, dict | list | bytes):
        return ""
    return machine_text(str(value).strip(), limit)


def _minor(value: Any, currency: str) -> int | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        amount = Decimal(str(value).strip().replace(",", ".").replace("\u00a0", "").replace(" ", ""))
        minor = int(amount.scaleb(get_currency_precision(currency)).to_integral_value())
    except (InvalidOperation, ValueError, OverflowError):
        return None
    return minor if abs(minor) < 2**62 else None


def _language(value: Any) -> Language | None:
    return next((each for each in LANGUAGES if isinstance(value, str) and value.lower()[:2] == each), None)


def _numbers(value: Any, country: str) -> tuple[str, ...]:
    given = value.replace(";", ",").split(",") if isinstance(value, str) else value
    if isinstance(given, int) and not isinstance(given, bool):
        given = [given]
    if not isinstance(given, list | tuple):
        return ()
    found = [normalise(str(each)[:64], country) for each in given[:MOST_NUMBERS]]
    return tuple(dict.fromkeys(each.canonical for each in found if each is not None))


# --- the shield


class Breaker(StrEnum):
    closed = "closed"
    open = "open"
    half_open = "half_open"
    """One question is let through, to see."""


@dataclass(frozen=True, slots=True)
class Shield:
    seconds: float = 1.5
    failures: int = 5
    """So many one after the other, and the source is left alone …"""
    pause_seconds: float = 30.0
    """… for so long; then one question tries again."""
    cache_seconds: float = 30.0


class Shielded:
    """A source that never takes longer than its limit and is not asked while it is down."""

    def __init__(
        self, inner: Directory, shield: Shield, country: str, monotonic: Callable[[], float]
    ) -> None:
        self._inner = inner
        self._shield = shield
        self._country = country
        self._monotonic = monotonic
        self._failures = 0
        self._until = -math.inf
        self._is_probing = False
        self._cache: OrderedDict[tuple[str, str], tuple[float, tuple[Found, ...]]] = OrderedDict()
        self._flying: dict[tuple[str, str], asyncio.Task[tuple[Found, ...]]] = {}
        self.answered = 0
        self.failed = 0
        self.why = ""
        """Why the last question failed; empty after one that did not."""

    @property
    def name(self) -> str:
        return self._inner.name

    @property
    def state(self) -> Breaker:
        if self._failures < self._shield.failures:
            return Breaker.closed
        return Breaker.open if self._monotonic() < self._until else Breaker.half_open

    async def find_by_number(self, number: str) -> tuple[Found, ...]:
        """Everybody with this canonical number. This and ``search`` raise ``DirectoryFailed``, in time."""
        return await self._ask(("number", number), lambda: self._inner.find_by_number(number))

    async def search(self, text: str) -> tuple[Found, ...]:
        return await self._ask(("text", text), lambda: self._inner.search(text))

    async def close(self) -> None:
        for task in list(self._flying.values()):
            task.cancel()
        await asyncio.gather(*self._flying.values(), return_exceptions=True)
        await self._inner.close()

    async def _ask(
        self, question: tuple[str, str], ask: Callable[[], Awaitable[Sequence[Row]]]
    ) -> tuple[Found, ...]:
        kept = self._cache.get(question)
        if kept is not None and self._monotonic() - kept[0] < self._shield.cache_seconds:
            return kept[1]
        task = self._flying.get(question)
        if task is None:
            self._let_through()
            task = asyncio.create_task(self._fetch(question, ask))
            self._flying[question] = task
            task.add_done_callback(partial(self._landed, question))
        # Whoever asked and was cancelled leaves the question to the others who wait for it.
        return await asyncio.shield(task)

    def _landed(self, question: tuple[str, str], task: asyncio.Task[tuple[Found, ...]]) -> None:
        self._flying.pop(question, None)
        if not task.cancelled():
            task.exception()  # looked at, even if nobody waits for it any more

    def _let_through(self) -> None:
        match self.state:
            case Breaker.closed:
                return
            case Breaker.half_open if not self._is_probing:
                self._is_probing = True
            case _:
                raise DirectoryOpen(f"{self.name}: {self.why or 'it does not answer'}")

    async def _fetch(
        self, question: tuple[str, str], ask: Callable[[], Awaitable[Sequence[Row]]]
    ) -> tuple[Found, ...]:
        try:
            async with asyncio.timeout(self._shield.seconds):
                rows = await ask()
            found = tuple(mapped(self.name, row, self._country) for row in rows[:MOST_ROWS])
        except TimeoutError:
            raise self._note(f"no answer within {self._shield.seconds:g} s") from None
        except DirectoryFailed as fault:
            raise self._note(str(fault)) from None
        except Exception as fault:  # a driver's own errors are as many as drivers
            raise self._note(type(fault).__name__) from fault
        finally:
            self._is_probing = False
        self._failures, self.why = 0, ""
        self.answered += 1
        self._remember(question, found)
        return found

    def _note(self, why: str) -> DirectoryFailed:
        self.failed += 1
        self.why = why
        self._failures += 1
        log.warning("directory_silent", source=self.name, why=why)
        if self._failures >= self._shield.failures:
            self._until = self._monotonic() + self._shield.pause_seconds
            if self._failures == self._shield.failures:
                log.error("directory_left_alone", source=self.name, why=why)
        return DirectoryFailed(f"{self.name}: {why}")

    def _remember(self, question: tuple[str, str], found: tuple[Found, ...]) -> None:
        self._cache.pop(question, None)
        self._cache[question] = (self._monotonic(), found)
        while len(self._cache) > CACHE_ROOM:
            self._cache.popitem(last=False)


# --- all of them together


class Shadow(Protocol):
    async def __call__(self, source: str, key: str, new: NewCustomer) -> Customer:
        """The row of ours for this customer, brought up to date."""


class Directories:
    """Every source that is configured, asked at once."""

    def __init__(self, sources: Sequence[Shielded], shadow: Shadow) -> None:
        self.sources = tuple(sources)
        self._shadow = shadow

    def __bool__(self) -> bool:
        return bool(self.sources)

    async def by_number(
        self, number: str, told: Callable[[tuple[Customer, ...]], None]
    ) -> tuple[tuple[Customer, ...], tuple[str, ...]]:
        """Everybody whom any source knows, and the names of those that did not answer. ``told`` hears of all
        of so far whenever a source has answered with somebody."""
        found: list[Customer] = []
        silent: list[str] = []

        async def one(source: Shielded) -> None:
            try:
                for each in await source.find_by_number(number):
                    # He has the number that was asked for, whatever else his row says.
                    numbers = tuple(dict.fromkeys((number, *each.customer.numbers)))
                    new = replace(each.customer, numbers=numbers)
                    found.append(await self._shadow(each.source, each.key, new))
                if found:
                    told(tuple(found))
            except DirectoryFailed:
                silent.append(source.name)
            except Exception:
                log.exception("shadow_not_made", source=source.name)
                silent.append(source.name)

        await asyncio.gather(*(one(source) for source in self.sources))
        return tuple(found), tuple(sorted(silent))

    async def search(self, text: str) -> tuple[tuple[Customer, ...], tuple[str, ...]]:
        """Whoever any source finds, and the names of those that did not answer."""
        silent: list[str] = []

        async def one(source: Shielded) -> list[Customer]:
            try:
                found = await source.search(text)
                return [await self._shadow(each.source, each.key, each.customer) for each in found]
            except DirectoryFailed:
                silent.append(source.name)
            except Exception:
                log.exception("shadow_not_made", source=source.name)
                silent.append(source.name)
            return []

        found = [each for some in await asyncio.gather(*map(one, self.sources)) for each in some]
        return tuple({each.id: each for each in found}.values()), tuple(sorted(silent))

    async def close(self) -> None:
        for source in self.sources:
            await source.close()


def merged(own: Sequence[Customer], others: Sequence[Customer]) -> tuple[Customer, ...]:
    """Each once, the own ones first; the newer word on a shadow wins."""
    newest = {each.id: each for each in (*own, *others)}
    return tuple(newest.values())
