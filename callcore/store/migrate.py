"""The schema's versions: what a database has, what this callcore needs, and the way from one to the other."""

from __future__ import annotations

import asyncio
from enum import Enum, auto
from functools import cache
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from callcore.store import postgresql, sqlite
from callcore.store.engine import is_sqlite, parse_url, writer_engine
from callcore.store.errors import ForeignDatabase, SchemaOutdated, SchemaTooNew, StoreError

log = structlog.get_logger("callcore.store")

_FOLDER = Path(__file__).parent / "migrations"
BUSY_SECONDS = 60.0
"""How long an upgrade waits for another one: all steps together are one transaction."""


class SchemaState(Enum):
    empty = auto()
    current = auto()
    outdated = auto()
    too_new = auto()
    foreign = auto()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@cache
def _revisions() -> tuple[str, ...]:
    """All that this callcore knows, newest first. The scripts are read once a process."""
    return tuple(step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions())


def head() -> str:
    """The revision that this callcore needs."""
    return _revisions()[0]


def revision_of(connection: Connection) -> str | None:
    """The revision that the database has; None if it has none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def state_of(connection: Connection) -> SchemaState:
    revision = revision_of(connection)
    if revision is None:
        tables = set(inspect(connection).get_table_names()) - {"alembic_version"}
        return SchemaState.foreign if tables else SchemaState.empty
    if revision == head():
        return SchemaState.current
    return SchemaState.outdated if revision in _revisions() else SchemaState.too_new


async def check(engine: AsyncEngine) -> SchemaState:
    """``current`` or ``empty``; raises the error that tells an administrator what to do otherwise."""
    try:
        async with engine.connect() as connection:
            if not is_sqlite(engine.url):
                await connection.run_sync(postgresql.require_utf8)
            state = await connection.run_sync(state_of)
            revision = await connection.run_sync(revision_of)
    except (DBAPIError, OSError) as error:
        why = getattr(error, "orig", error)
        raise StoreError(f"the database {_place(engine.url)} cannot be read: {why}") from error
    refuse(state, revision)
    return state


def refuse(state: SchemaState, revision: str | None) -> None:
    """Raise for a database that this callcore cannot work on."""
    if state is SchemaState.outdated:
        raise SchemaOutdated(
            f"the database has schema {revision}, this callcore needs {head()}:"
            " stop callcore, make a backup (callcore db backup), then run: callcore db upgrade -c FILE"
        )
    if state is SchemaState.too_new:
        raise SchemaTooNew(
            f"the database has schema {revision}, which this callcore does not know:"
            " it was written by a newer callcore; install that one, or restore a backup"
        )
    if state is SchemaState.foreign:
        raise ForeignDatabase("the database holds tables that are not callcore's; give it one of its own")


def _place(url: URL) -> str:
    return url.render_as_string(hide_password=True)


async def upgrade(url: str | URL) -> tuple[str | None, str]:
    """Bring a database to the current schema, creating it if it is not there: (revision before, after).

    One transaction: a failed upgrade changes nothing. Raises ``StoreError`` for a newer or a foreign one.
    """
    parsed = parse_url(url)
    if is_sqlite(parsed):
        await asyncio.to_thread(sqlite.prepare_file, sqlite.database_file(parsed), create=True)
    engine = writer_engine(parsed, foreign_keys=False, busy_seconds=BUSY_SECONDS)
    try:
        async with engine.begin() as connection:
            before = await connection.run_sync(_upgrade)
    except (DBAPIError, OSError) as error:
        why = getattr(error, "orig", error)
        raise StoreError(f"the database {_place(parsed)} was not upgraded: {why}") from error
    finally:
        await engine.dispose()
    log.info("schema_upgraded", before=before, after=head())
    return before, head()


def _upgrade(connection: Connection) -> str | None:
    if connection.dialect.name == "postgresql":
        postgresql.require_utf8(connection)
        postgresql.lock_for_upgrade(connection)
    before = revision_of(connection)
    state = state_of(connection)
    if state in (SchemaState.too_new, SchemaState.foreign):
        refuse(state, before)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return before
