"""The laboratory's PostgreSQL: private, quick, and gone when it is not needed."""

from __future__ import annotations

import os
from pathlib import Path

import asyncpg
import pytest

from callcore.testing.lab import packages
from callcore.testing.lab.errors import NotDebian
from callcore.testing.lab.postgres import PostgresLab, database_of


@pytest.fixture(autouse=True)
def fetched() -> None:
    try:
        packages.fetch(["postgres"])
    except NotDebian as reason:
        pytest.skip(str(reason))


async def test_its_life(tmp_path: Path) -> None:
    async with PostgresLab(tmp_path / "pg", is_durable=False) as server:
        url = await server.fresh_database()
        name = database_of(url)
        await server.execute("CREATE TABLE cats AS SELECT 'Мурка' AS name", name)
        pid, port = server.pid, server.port
        await server.kill()
        assert not server.is_running
        await server.start()
        assert server.port == port
        assert await server.fetch("SELECT name, upper(name) FROM cats", name) == [("Мурка", "МУРКА")]
        [settings] = await server.fetch("SELECT current_setting('lc_collate'), current_setting('fsync')")
        assert settings == ("C", "off")
        pid = server.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_nobody_comes_in_without_the_password(tmp_path: Path) -> None:
    async with PostgresLab(tmp_path / "pg") as server:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(host="127.0.0.1", port=server.port, user="callcore", password="guess")
        [(addresses,)] = await server.fetch("SHOW listen_addresses")
        assert addresses == "127.0.0.1"
        await server.execute("CREATE EXTENSION pg_trgm")


async def test_databases_are_copies_of_a_template(tmp_path: Path) -> None:
    async with PostgresLab(tmp_path / "pg", is_durable=False) as server:
        first = await server.fresh_database()
        await server.execute("CREATE TABLE t (n int)", database_of(first))
        second = await server.fresh_database(database_of(first))
        assert await server.fetch("SELECT count(*) FROM t", database_of(second)) == [(0,)]
        await server.drop(first)
        with pytest.raises(asyncpg.InvalidCatalogNameError):
            await server.fetch("SELECT 1", database_of(first))
