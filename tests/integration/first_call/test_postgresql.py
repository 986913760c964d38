"""The whole house on PostgreSQL: a real call, with the server killed in the middle of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from callcore.domain import CallId
from callcore.store.engine import parse_url
from callcore.testing.house import PEOPLE, TO_FINANCE, House
from callcore.testing.lab import packages
from callcore.testing.lab.errors import NotDebian
from callcore.testing.lab.postgres import PostgresLab
from callcore.testing.stage import Stage


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[PostgresLab]:
    try:
        packages.fetch(["postgres"])
    except NotDebian as reason:
        pytest.skip(str(reason))
    async with PostgresLab(tmp_path / "postgres", is_durable=False) as server:
        yield server


@pytest.fixture
async def house(tmp_path: Path, server: PostgresLab) -> AsyncIterator[House]:
    url = parse_url(await server.fresh_database())
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(Stage(tmp_path, queue_timeout=3))
        password = stage.config_file.with_name("database.password")
        password.parent.mkdir(parents=True, exist_ok=True)
        password.write_text(str(url.password), encoding="ascii")
        password.chmod(0o600)
        bare = url._replace(drivername="postgresql", password=None).render_as_string(hide_password=False)
        database = {"url": bare, "password_file": password.name, "spool": "../callcore.spool"}
        stage.write_config({"database": database, "desk": {"wrap_up_seconds": 2, "reject_pause_after": 3}})
        await stage.add_people(PEOPLE)
        await stage.start()
        yield House(stage, tmp_path, stack)


async def test_a_call_while_the_database_goes_and_comes_back(house: House, server: PostgresLab) -> None:
    """The card of one call is there; what is saved while the server is away is kept, and then written."""
    anna = await house.on_shift("anna", "101")
    caller = await house.call(*TO_FINANCE)
    call = CallId((await anna.hears("card"))["data"]["call"]["call"])
    await server.kill()
    await caller.hang_up()
    await house.until(lambda: _spools(house))
    await server.start()
    await house.until(lambda: _is_back(house))
    contact = await house.database.contacts.get(call)
    assert contact is not None
    assert contact.answered_by == "anna"
    [interaction] = await house.database.interactions.of_call(call)
    assert interaction.login == "anna"


async def _spools(house: House) -> bool:
    return house.database.writer.spool_length > 0


async def _is_back(house: House) -> bool:
    writer = house.database.writer
    return writer.available and not writer.spool_length
