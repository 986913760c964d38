"""Users and their sessions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from callcore.domain import Interface, Login, QueueName
from callcore.rights import Role
from callcore.store.database import Database
from callcore.store.errors import NotStored, TextRefused
from callcore.store.sessions import hash_token
from callcore.store.users import User

from .store_samples import ANNA, T0


async def add_anna(db: Database) -> User:
    return await db.users.add(
        "Anna",
        " Анна Воробьёва ",
        Role.operator,
        "$argon2id$…",
        at=T0,
        interfaces=[Interface("PJSIP/101"), Interface("PJSIP/102"), Interface("PJSIP/101")],
        queues=[QueueName("finance")],
    )


async def test_add_get_list(db: Database) -> None:
    anna = await add_anna(db)
    assert (anna.login, anna.name) == ("anna", "Анна Воробьёва")
    assert anna.interfaces == ("PJSIP/101", "PJSIP/102")
    assert await db.users.get("ANNA") == anna
    assert "argon2" not in repr(anna)
    boris = await db.users.add("boris", "Борис", Role.administrator, "h", at=T0, language="en")
    assert await db.users.list() == (anna, boris)
    assert await db.users.get("nobody") is None
    assert await db.users.get("' OR 1=1 --") is None


async def test_a_login_is_taken_once(db: Database) -> None:
    await add_anna(db)
    with pytest.raises(NotStored, match="anna"):
        await add_anna(db)


@pytest.mark.parametrize(
    "change", [{"login": "анна"}, {"name": " "}, {"name": "x" * 201}, {"language": "de"}]
)
async def test_impossible_users(db: Database, change: dict[str, str]) -> None:
    values = {"login": "a", "name": "A", "language": "ru"} | change
    with pytest.raises(TextRefused):
        await db.users.add(
            values["login"],
            values["name"],
            Role.operator,
            "h",
            at=T0,
            language=values["language"],  # type: ignore[arg-type]
        )


async def test_setters(db: Database) -> None:
    await add_anna(db)
    await db.users.set_interfaces("anna", [Interface("SIP/7")])
    await db.users.set_queues("anna", [])
    await db.users.set_language("anna", "en")
    anna = await db.users.get("anna")
    assert anna is not None
    assert (anna.interfaces, anna.queues, anna.language) == (("SIP/7",), (), "en")
    with pytest.raises(NotStored):
        await db.users.set_password_hash("nobody", "h")


async def test_sessions_live_until_they_expire(db: Database) -> None:
    await add_anna(db)
    key = hash_token("secret")
    end = T0 + timedelta(hours=12)
    made = await db.sessions.create(
        key, ANNA, "csrf", at=T0, expires_at=end, ip="::1\n", user_agent="x" * 999 + "\ud800"
    )
    assert "secret" not in repr(made)
    assert (made.ip, len(made.user_agent)) == ("::1", 300)
    assert await db.sessions.find(key, T0) == made
    assert await db.sessions.find("secret", T0) is None
    assert await db.sessions.find(key, end) is None
    later = T0 + timedelta(hours=1)
    await db.sessions.touch(key, later, end + timedelta(hours=1))
    touched = await db.sessions.find(key, end)
    assert touched is not None
    assert touched.last_seen_at == later
    assert await db.sessions.purge_expired(end) == 0
    assert await db.sessions.purge_expired(end + timedelta(hours=1)) == 1


async def test_sessions_end_with_sign_out_password_and_disabling(db: Database) -> None:
    await add_anna(db)

    async def sign_in(token: str) -> None:
        key = hash_token(token)
        await db.sessions.create(key, ANNA, "c", at=T0, expires_at=T0 + timedelta(hours=1))

    async def alive(token: str) -> bool:
        return await db.sessions.find(hash_token(token), T0) is not None

    await sign_in("a")
    await sign_in("b")
    await db.sessions.delete(hash_token("a"))
    assert (await alive("a"), await alive("b")) == (False, True)
    await db.users.set_password_hash("anna", "new")
    assert not await alive("b")
    await sign_in("d")
    await db.users.disable("anna", T0)
    assert not await alive("d")
    await sign_in("e")
    assert not await alive("e")
    await db.users.enable("anna")
    assert await alive("e")


async def test_a_session_of_nobody_is_refused(db: Database) -> None:
    with pytest.raises(NotStored, match="nobody"):
        await db.sessions.create(hash_token("x"), Login("nobody"), "c", at=T0, expires_at=T0)
