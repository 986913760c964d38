"""Sources of customers: their rows, the shield around them by a driven clock, and all of them together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from callcore.crm.directory import (
    Breaker,
    Directories,
    DirectoryFailed,
    DirectoryOpen,
    Row,
    Shield,
    Shielded,
    mapped,
    merged,
)
from callcore.crm.directory_http import at, filled, rows_of
from callcore.domain import Customer, CustomerId
from callcore.store.customers import NewCustomer

NUMBER = "+79161234567"


@dataclass
class Source:
    name: str = "crm"
    rows: list[dict[str, Any]] = field(default_factory=lambda: [{"key": 7, "name": "Анна"}])
    fault: Exception | None = None
    gate: asyncio.Event | None = None
    asked: int = 0

    async def find_by_number(self, number: str) -> Sequence[Row]:
        self.asked += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        return self.rows

    async def search(self, text: str) -> Sequence[Row]:
        return self.rows

    async def close(self) -> None:
        return


@dataclass
class Clock:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


SHIELD = Shield(seconds=5.0, failures=3, pause_seconds=30.0, cache_seconds=10.0)


def shielded(source: Source, clock: Clock, shield: Shield = SHIELD) -> Shielded:
    return Shielded(source, shield, "RU", clock)


async def test_rows_become_customers() -> None:
    found = mapped(
        "crm",
        {
            "key": 42,
            "contract": " 100-7 ",
            "name": "<b>Анна</b>\x00\ud800",
            "balance": "-1 234,5",
            "language": "RU-ru",
            "numbers": "8 (916) 123-45-67; 8 916 123 45 67, nonsense",
            "address": {"odd": 1},
        },
        "RU",
    )
    assert (found.source, found.key) == ("crm", "42")
    assert found.customer == NewCustomer(
        contract="100-7",
        name="<b>Анна</b>\N{REPLACEMENT CHARACTER}",
        balance_minor=-123450,
        language="ru",
        numbers=(NUMBER,),
    )


@pytest.mark.parametrize("balance", ["NaN", "Infinity", "1e400", "many", "", None, True, "9" * 40, [], {}])
def test_odd_balances_are_none(balance: Any) -> None:
    assert mapped("crm", {"key": "1", "balance": balance}, "RU").customer.balance_minor is None


@pytest.mark.parametrize("key", [None, "", " ", [], {}, b"x"])
def test_a_row_needs_a_key(key: Any) -> None:
    with pytest.raises(DirectoryFailed):
        mapped("crm", {"key": key}, "RU")


async def test_the_breaker_opens_and_one_question_tries_again() -> None:
    clock, source = Clock(), Source(fault=OSError("down"))
    shield = shielded(source, clock)
    for _ in range(3):
        assert shield.state is Breaker.closed
        with pytest.raises(DirectoryFailed):
            await shield.find_by_number(NUMBER)
    assert shield.state is Breaker.open
    with pytest.raises(DirectoryOpen, match="OSError"):
        await shield.find_by_number(NUMBER)
    assert source.asked == 3, "it is left alone"
    clock.seconds = 30.0
    assert shield.state is Breaker.half_open
    source.gate = asyncio.Event()
    probe = asyncio.create_task(shield.find_by_number(NUMBER))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    with pytest.raises(DirectoryOpen):
        await shield.find_by_number("+79160000000")
    source.gate.set()
    with pytest.raises(DirectoryFailed):
        await probe
    assert source.asked == 4, "one at a time tries"
    assert shield.state is Breaker.open
    clock.seconds = 60.0
    source.fault = None
    assert [each.key for each in await shield.find_by_number(NUMBER)] == ["7"]
    assert shield.state is Breaker.closed
    assert shield.why == ""


async def test_answers_are_kept_for_a_while_and_failures_are_not() -> None:
    clock, source = Clock(), Source()
    shield = shielded(source, clock)
    await shield.find_by_number(NUMBER)
    clock.seconds = 9.9
    await shield.find_by_number(NUMBER)
    assert source.asked == 1
    clock.seconds = 10.0
    source.fault = OSError()
    for _ in range(2):
        with pytest.raises(DirectoryFailed):
            await shield.find_by_number(NUMBER)
    assert source.asked == 3


async def test_one_question_at_a_time_and_a_caller_who_leaves_spoils_nothing() -> None:
    source = Source(gate=asyncio.Event())
    shield = shielded(source, Clock())
    first = asyncio.create_task(shield.find_by_number(NUMBER))
    second = asyncio.create_task(shield.find_by_number(NUMBER))
    await asyncio.sleep(0)
    first.cancel()
    assert source.gate is not None
    source.gate.set()
    assert len(await second) == 1
    assert source.asked == 1
    assert first.cancelled()


async def test_no_answer_in_time() -> None:
    source = Source(gate=asyncio.Event())
    shield = shielded(source, Clock(), Shield(seconds=0.05, failures=1))
    with pytest.raises(DirectoryFailed, match=r"no answer within 0\.05 s"):
        await shield.find_by_number(NUMBER)
    assert shield.state is Breaker.open


async def shadow(source: str, key: str, new: NewCustomer) -> Customer:
    return customer(int(key), new.name, new.numbers)


def customer(id: int, name: str = "", numbers: tuple[str, ...] = ()) -> Customer:
    return Customer(
        id=CustomerId(id),
        name=name,
        contract=str(id),
        address="",
        tariff="",
        balance_minor=None,
        currency="RUB",
        segment="",
        legal_form="",
        language=None,
        numbers=numbers,
    )


async def test_each_source_is_told_as_it_answers_and_failures_are_named() -> None:
    slow = Source("slow", [{"key": 2, "name": "Борис"}], gate=asyncio.Event())
    broken = Source("broken", fault=ValueError("secret words"))
    clock = Clock()
    all_of_them = Directories([shielded(each, clock) for each in (Source(), slow, broken)], shadow)
    told: list[list[int]] = []
    first = asyncio.Event()

    def tell(some: tuple[Customer, ...]) -> None:
        told.append([each.id for each in some])
        first.set()

    asking = asyncio.create_task(all_of_them.by_number(NUMBER, tell))
    await first.wait()
    assert told == [[7]]
    assert slow.gate is not None
    slow.gate.set()
    found, failed = await asking
    assert told == [[7], [7, 2]]
    assert found[0].numbers == (NUMBER,)
    assert failed == ("broken",)
    assert all_of_them.sources[2].why == "ValueError", "a driver's words stay out of it"


def test_the_newer_word_wins() -> None:
    own, newer, other = customer(1, "old"), customer(1, "new"), customer(2)
    assert merged((own,), (newer, other)) == (newer, other)


# --- HTTP, its pure part


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("+7916", "https://crm/p/%2B7916?q=%2B7916"),
        ("../x", "https://crm/p/..%2Fx?q=..%2Fx"),
        ("..", "https://crm/p/%2E%2E?q=%2E%2E"),
        ("a&b=c#d", "https://crm/p/a%26b%3Dc%23d?q=a%26b%3Dc%23d"),
        ("{key}", "https://crm/p/%7Bkey%7D?q=%7Bkey%7D"),
        ("ё\r\nHost: x", "https://crm/p/%D1%91%0D%0AHost%3A%20x?q=%D1%91%0D%0AHost%3A%20x"),
    ],
)
def test_a_value_never_is_more_than_a_value(value: str, address: str) -> None:
    assert filled("https://crm/p/{text}?q={text}", {"text": value}) == address


def test_paths_into_an_answer() -> None:
    answer = {"data": {"items": [{"id": 1, "phones": [{"n": "1"}, {"n": "2"}]}]}}
    assert at(answer, "data.items.0.id") == 1
    assert at(answer, "data.items.0.phones.*.n") == ["1", "2"]
    for path in ("data.items.5", "data.nothing.at.all", "data.items.id", "data.items.-1"):
        assert at(answer, path) is None
    assert rows_of(b'{"d": []}', "d", None) == []
    assert rows_of(b'{"d": {"id": 3}}', "d", {"key": "id", "name": "x.y"}) == [{"key": 3, "name": None}]
    assert rows_of(b"{}", "d", None) == ()


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"[1]", b'"x"', b"[" * 100_000])
def test_answers_that_are_nonsense(body: bytes) -> None:
    with pytest.raises(DirectoryFailed):
        rows_of(body, "", None)
