"""``callcore user token`` and its like: tokens by which programs sign in."""

from __future__ import annotations

import argparse
import secrets
from datetime import UTC, datetime

from callcore.commands.frame import DONE, CommandFailed, Output
from callcore.config import Settings
from callcore.domain import Text
from callcore.rights import TABLE, Permission
from callcore.store.database import Database
from callcore.store.errors import NotStored
from callcore.store.tokens import Token
from callcore.store.users import By
from callcore.web.control import CLI
from callcore.web.signin import TOKEN_BYTES, digest
from callcore.web.tokens import PREFIX


async def add(database: Database, options: argparse.Namespace, _s: Settings, output: Output) -> int:
    """Print a new token, this once: only its hash is kept."""
    user = await database.users.get(options.login)
    scopes = frozenset(map(Permission, options.scope)) or None
    beyond = sorted(scopes - TABLE[user.role]) if user is not None and scopes is not None else []
    if user is not None and beyond:
        raise CommandFailed(
            Text(
                f"Роль {user.role.value} этого не может: {', '.join(beyond)}. "
                "Уберите лишнее или возьмите другого человека.",
                f"The role {user.role.value} may not: {', '.join(beyond)}. "
                "Leave that out, or take somebody else.",
            )
        )
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    try:
        await database.tokens.add(digest(token), options.login, options.name, datetime.now(UTC), scopes, CLI)
    except NotStored:
        raise CommandFailed(
            Text(
                f"Токен не создан: такой у {options.login} уже есть: callcore user tokens {options.login}",
                f"No token: {options.login} has one of this name: callcore user tokens {options.login}",
            )
        ) from None
    output.complain(
        Text(
            "Токен показан один раз. Программа передаёт его в заголовке Authorization: Bearer ТОКЕН.",
            "The token is shown this once. The program sends it as Authorization: Bearer TOKEN.",
        )
    )
    output.say(token)
    return DONE


async def show(database: Database, options: argparse.Namespace, _s: Settings, output: Output) -> int:
    tokens = await database.tokens.of(options.login)
    if options.json:
        output.json([_json(token) for token in tokens])
        return DONE
    for token in tokens:
        used = token.last_used_at
        last = f"{used:%Y-%m-%d %H:%M}" if used else output.words(Text("не использован", "never used"))
        output.say(f"{token.name:24} {token.created_at:%Y-%m-%d}  {last}  {' '.join(sorted(token.scopes))}")
    if not tokens:
        output.say(
            Text(
                f"Токенов нет: callcore user token {options.login} ИМЯ",
                f"No tokens: callcore user token {options.login} NAME",
            )
        )
    return DONE


async def remove(database: Database, options: argparse.Namespace, _s: Settings, output: Output) -> int:
    by = By(CLI, datetime.now(UTC))
    if not await database.tokens.remove(options.login, options.name, by):
        raise CommandFailed(
            Text(
                f"У {options.login} нет такого токена. Какие есть: callcore user tokens {options.login}",
                f"{options.login} has no such token. Those there are: callcore user tokens {options.login}",
            )
        )
    output.say(Text("Токен больше не действует.", "The token is no longer worth anything."))
    return DONE


def _json(token: Token) -> dict[str, object]:
    used = token.last_used_at
    return {
        "name": token.name,
        "created_at": token.created_at.isoformat(),
        "last_used_at": used.isoformat() if used else None,
        "scopes": sorted(token.scopes),
    }
