"""Logins that the settings or a command name, held against those that the database has."""

from __future__ import annotations

from typing import Literal

from callcore.config import Fault, Settings
from callcore.domain import Text
from callcore.store.database import Database
from callcore.store.errors import StoreError

_SHOWN = 20


def no_login(login: str, known: tuple[str, ...]) -> Text:
    """What to say of a login that is none of those ``known``."""
    shown = login[:40]
    there = ", ".join(known[:_SHOWN]) + (" …" if len(known) > _SHOWN else "")
    if not known:
        return Text(
            f"Логина «{shown}» нет: в базе ещё никого нет.",
            f'There is no login "{shown}": nobody is in the database yet.',
        )
    return Text(f"Логина «{shown}» нет. Есть: {there}.", f'There is no login "{shown}". There are: {there}.')


async def known_logins(database: Database) -> tuple[str, ...]:
    """Of everybody who may sign in, in order."""
    return tuple(sorted(user.login for user in await database.users.list() if user.disabled_at is None))


async def default_login_fault(settings: Settings) -> Fault | None:
    """What is wrong with ``work.default.login``; None: nothing is, or it is not set. A warning where no
    database can say."""
    login = settings.work.default.login
    if login is None:
        return None
    try:
        async with await Database.open(settings.database.address) as database:
            known = await known_logins(database)
    except StoreError:
        unasked = Text(
            f"Есть ли логин «{login[:40]}», не проверено: база не отвечает или её ещё нет.",
            f'Whether there is a login "{login[:40]}" is not checked: no database answers.',
        )
        return _fault(settings, unasked, "warning")
    if login in known:
        return None
    return _fault(settings, no_login(login, known), "fault" if known else "warning")


def _fault(settings: Settings, message: Text, severity: Literal["fault", "warning"]) -> Fault:
    remedy = Text(
        "callcore user list покажет логины; можно назвать и роль: default: {role: senior}.",
        "callcore user list shows the logins; a role will do, too: default: {role: senior}.",
    )
    return Fault(str(settings.file), 0, "work.default.login", message, remedy, severity)
