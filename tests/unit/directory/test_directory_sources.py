"""Real sources: a SQLite file by both kinds of driver, an HTTP server that is slow, broken and hostile."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from callcore.bus.outward import Bounds, Outward
from callcore.crm.customers import CustomerBase
from callcore.crm.directory import Directories, DirectoryFailed, Shield, Shielded
from callcore.crm.directory_http import HttpDirectory, HttpSource
from callcore.crm.directory_sql import SqlDirectory, SqlSource
from callcore.domain import Customer
from callcore.store.customers import NewCustomer
from callcore.store.database import Database

NUMBER = "+79161234567"
COLUMNS = {"key": "ban", "name": "fio", "numbers": "phone"}


@pytest.fixture
def crm(tmp_path: Path) -> Path:
    file = tmp_path / "crm.db"
    with sqlite3.connect(file) as connection:
        connection.execute("create table clients (ban text, fio text, phone text)")
        connection.executemany(
            "insert into clients values (?, ?, ?)",
            [("B-1", "Анна; drop table clients", "79161234567"), ("B-2", "Борис", "79160000000")],
        )
    connection.close()
    return file


def source(
    file: Path, driver: str, query: str = "select * from clients where phone = :digits"
) -> SqlDirectory:
    return SqlDirectory(
        SqlSource(
            "crm",
            f"sqlite+{driver}:///{file}",
            query,
            "select * from clients where fio like '%' || :text || '%'",
            COLUMNS,
        )
    )


@pytest.mark.parametrize("driver", ["aiosqlite", "pysqlite"])
async def test_queries_with_bound_values(crm: Path, driver: str) -> None:
    directory = source(crm, driver)
    assert [row["key"] for row in await directory.find_by_number(NUMBER)] == ["B-1"]
    assert await directory.find_by_number("' or 1=1 --") == []
    assert await directory.search("'; drop table clients; --") == []
    assert len(await directory.search("Анна")) == 1
    await directory.close()


@pytest.mark.parametrize("driver", ["aiosqlite", "pysqlite"])
async def test_a_wrong_query_fails_without_its_values(crm: Path, driver: str) -> None:
    directory = source(crm, driver, "select * from nothing where phone = :number")
    with pytest.raises(DirectoryFailed) as failed:
        await directory.find_by_number(NUMBER)
    assert NUMBER not in str(failed.value)
    await directory.close()


async def test_a_column_that_is_not_there_is_named(crm: Path) -> None:
    directory = source(crm, "aiosqlite", "select ban, fio from clients")
    with pytest.raises(DirectoryFailed, match="phone"):
        await directory.find_by_number(NUMBER)
    await directory.close()


@pytest.mark.parametrize("url", ["", "nonsense", "oracle+nothing://x/y"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(DirectoryFailed):
        SqlDirectory(SqlSource("crm", url, "select 1"))


HELD = web.AppKey("held", asyncio.Event)


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    async def people(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Bearer s3cret":
            return web.Response(status=401)
        phone = request.query["phone"]
        rows = [{"id": 9, "person": {"name": "Вера"}, "phone": phone}] if phone == NUMBER else []
        return web.json_response({"data": {"items": rows}})

    async def slow(request: web.Request) -> web.Response:
        await request.app[HELD].wait()
        return web.Response()

    async def huge(_: web.Request) -> web.Response:
        return web.Response(body=b"[" + b" " * (2 << 20) + b"]")

    async def elsewhere(_: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": "/people"})

    app = web.Application()
    app[HELD] = asyncio.Event()
    for path, handler in (("/people", people), ("/slow", slow), ("/huge", huge), ("/elsewhere", elsewhere)):
        app.router.add_get(path, handler)
    async with TestServer(app) as running:
        yield running
        app[HELD].set()


def http(outward: Outward, server: TestServer, path: str, secret: str = "s3cret") -> HttpDirectory:
    chosen = HttpSource(
        "crm",
        f"{server.make_url(path)}?phone={{number}}",
        headers={"Authorization": f"Bearer {secret}"},
        rows="data.items",
        fields={"key": "id", "name": "person.name", "numbers": "phone"},
    )
    return HttpDirectory(chosen, outward.ask, 2.0)


async def test_people_by_http(server: TestServer) -> None:
    async with Outward(Bounds(None)) as outward:
        directory = http(outward, server, "/people")
        (row,) = await directory.find_by_number(NUMBER)
        assert dict(row) == {"key": 9, "name": "Вера", "numbers": NUMBER}
        assert await directory.find_by_number("+70000000000") == []
        assert await directory.search("x") == (), "no template, nobody"


@pytest.mark.parametrize(
    ("path", "why"),
    [("/nothing", ""), ("/huge", "longer"), ("/elsewhere", "HTTP 307"), ("/slow", "no answer within")],
)
async def test_servers_that_do_not_do_as_they_should(server: TestServer, path: str, why: str) -> None:
    async with Outward(Bounds(None)) as outward:
        shield = Shielded(http(outward, server, path), Shield(seconds=0.3), "RU", lambda: 0.0)
        if not why:
            assert await shield.find_by_number(NUMBER) == (), "404 is nobody"
            return
        with pytest.raises(DirectoryFailed, match=why):
            await shield.find_by_number(NUMBER)
        await shield.close()


async def test_a_wrong_secret_is_not_told(server: TestServer) -> None:
    async with Outward(Bounds(None)) as outward:
        with pytest.raises(DirectoryFailed) as failed:
            await http(outward, server, "/people", "wr0ng").find_by_number(NUMBER)
    assert "HTTP 401" in str(failed.value)
    assert "wr0ng" not in str(failed.value)


async def test_whoever_was_found_gets_a_row_of_ours(tmp_path: Path, crm: Path) -> None:
    async with await Database.open(f"sqlite:///{tmp_path}/c.db", create=True) as db:
        shield = Shielded(source(crm, "aiosqlite"), Shield(cache_seconds=0), "RU", lambda: 0.0)
        base = CustomerBase(db.customers, Directories([shield], db.shadows.keep))
        assert await base.lookup(NUMBER) == ()
        told: list[tuple[Customer, ...]] = []
        (found,), failed = await base.others(NUMBER, told.append)
        assert (found.name, found.contract, failed) == ("Анна; drop table clients", "B-1", ())
        assert told == [(found,)]
        assert await base.lookup(NUMBER) == (found,), "the next call knows him at once"
        (again,), _ = await base.others(NUMBER, told.append)
        assert again == found
        assert await db.customers.count() == 1
        record = await db.records.get(found.id)
        assert record is not None
        assert (record.source, record.external_key) == ("crm", "B-1")
        await shield.close()


async def test_shadows_and_the_own_base(tmp_path: Path) -> None:
    async with await Database.open(f"sqlite:///{tmp_path}/c.db", create=True) as db:
        await db.customers.add_many([NewCustomer("B-1", "Own")])
        own = await db.shadows.keep("crm", "1", NewCustomer("B-1", "Foreign"))
        assert own.name == "Own", "the same contract is the same customer, whose row is ours"
        one = await db.shadows.keep("crm", "2", NewCustomer("B-2", "Two"))
        renamed = await db.shadows.keep("crm", "2", NewCustomer("B-2", "Two, renamed", numbers=(NUMBER,)))
        assert (renamed.id, renamed.name, renamed.numbers) == (one.id, "Two, renamed", (NUMBER,))
        other = await db.shadows.keep("erp", "77", NewCustomer("B-2", "Of another system"))
        assert (other.id == one.id, other.contract) == (False, "erp:77")
        assert (await db.shadows.keep("erp", "77", NewCustomer("B-2", "Again"))).id == other.id
