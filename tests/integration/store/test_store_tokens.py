"""Tokens of programs in a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.rights import TABLE, Permission, Role
from callcore.store.database import Database
from callcore.store.errors import NotStored, TextRefused
from callcore.store.schema.core import tokens
from callcore.store.tokens import Token

from .store_samples import ANNA, T0


@pytest.fixture
async def token(db: Database) -> Token:
    for login in ("anna", "boris"):
        await db.users.add(login, "Имя", Role.supervisor, "hash", at=T0)
    return await db.tokens.add("h1", "anna", " диспетчерская ", T0, [Permission.outages_see])


async def test_it_is_found_by_its_hash(db: Database, token: Token) -> None:
    assert token == Token("h1", ANNA, "диспетчерская", T0, None, frozenset({Permission.outages_see}))
    assert await db.tokens.find("h1") == token
    assert await db.tokens.find("h2") is None
    assert "h1" not in repr(token)


async def test_unknown_users_and_used_names_are_refused(db: Database, token: Token) -> None:
    with pytest.raises(NotStored, match="no user ivan"):
        await db.tokens.add("h2", "ivan", "feed", T0)
    with pytest.raises(NotStored, match="already"):
        await db.tokens.add("h2", "anna", token.name, T0)
    with pytest.raises(TextRefused):
        await db.tokens.add("h2", "anna", " ", T0)
    assert await db.tokens.find("h2") is None
    await db.tokens.add("h2", "boris", token.name, T0)


async def test_use_is_noted(db: Database, token: Token) -> None:
    later = T0 + timedelta(hours=1)
    await db.tokens.touch("h1", later)
    await db.tokens.touch("h2", later)
    assert await db.tokens.find("h1") == replace(token, last_used_at=later)


async def test_of_a_user(db: Database, token: Token) -> None:
    other = await db.tokens.add("h2", "anna", "feed", T0)
    await db.tokens.add("h3", "boris", "feed", T0)
    assert await db.tokens.of("anna") == (other, token)
    assert await db.tokens.remove("anna", "feed")
    assert not await db.tokens.remove("anna", "feed")
    assert await db.tokens.of("anna") == (token,)
    assert await db.tokens.find("h3") is not None


async def test_a_disabled_user_has_none(db: Database, token: Token) -> None:
    await db.users.disable(ANNA, T0)
    assert await db.tokens.find("h1") is None


async def test_without_scopes_it_may_what_the_role_may_today(db: Database, token: Token) -> None:
    whole = await db.tokens.add("h9", "anna", "все", T0)
    assert whole.scopes == TABLE[Role.supervisor]
    assert await db.tokens.find("h9") == whole


async def test_a_scope_that_nobody_knows_opens_nothing(db: Database, token: Token) -> None:
    async def op(connection: AsyncConnection) -> None:
        await connection.execute(update(tokens).values(scopes=["outages.see", "world.rule"]))

    await db.writer.submit(op)
    found = await db.tokens.find("h1")
    assert found is not None
    assert found.scopes == {Permission.outages_see}
