"""Shifts reach a database that is away for a while."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from callcore.domain import Interface, Login
from callcore.screenpop import newest
from callcore.screenpop.shiftbook import ShiftBook
from callcore.store.errors import StoreUnavailable
from callcore.store.shifts import Shift
from callcore.testing.patience import PATIENCE_SECONDS

ANNA, BORIS = Login("anna"), Login("boris")


def shift(login: Login, *, is_ready: bool = True) -> Shift:
    return Shift(login, Interface("PJSIP/101"), is_ready)


@dataclass
class Table:
    """Fails as often as told, then keeps what it is given."""

    failures: int = 0
    rows: dict[Login, Shift] = field(default_factory=dict)
    writes: int = 0

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("locked")
        self.writes += 1

    async def keep_shift(self, shift: Shift) -> None:
        self._fail()
        self.rows[shift.login] = shift

    async def end_shift(self, login: Login) -> None:
        self._fail()
        self.rows.pop(login, None)


async def written(table: Table, times: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while table.writes < times:  # noqa: ASYNC110 - the table has no bell
            await asyncio.sleep(0)


async def test_whoever_went_home_during_an_outage_is_not_brought_back() -> None:
    table = Table(failures=3, rows={ANNA: shift(ANNA)})
    book = ShiftBook(table, retry_seconds=0)
    book.end(ANNA)
    await written(table, 1)
    assert table.rows == {}


async def test_the_newest_word_wins() -> None:
    table = Table(failures=1)
    book = ShiftBook(table, retry_seconds=0)
    book.keep(shift(ANNA))
    book.keep(shift(BORIS))
    book.keep(shift(ANNA, is_ready=False))
    await written(table, 2)
    assert table.rows == {ANNA: shift(ANNA, is_ready=False), BORIS: shift(BORIS)}


async def test_what_is_stored_is_not_written_again() -> None:
    table = Table()
    book = ShiftBook(table)
    for _ in range(3):
        book.keep(shift(ANNA))
        await written(table, 1)
    book.end(ANNA)
    await written(table, 2)
    book.keep(shift(ANNA))
    await written(table, 3)
    assert table.rows == {ANNA: shift(ANNA)}


async def test_closed_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest, "STOP_SECONDS", 0.0)
    table = Table(failures=1_000_000)
    book = ShiftBook(table, retry_seconds=60)
    book.keep(shift(ANNA))
    await asyncio.sleep(0)
    await book.close()
    assert table.rows == {}


async def test_what_is_on_its_way_at_the_end_is_written() -> None:
    table = Table(rows={ANNA: shift(ANNA)})
    book = ShiftBook(table)
    book.end(ANNA)
    await book.close()
    assert table.rows == {}
