"""``callcore user token`` and its like: tokens by which programs sign in."""

from __future__ import annotations

import argparse
import secrets
from datetime import UTC, datetime

from callcore.commands.frame import DONE, CommandFailed, Output
from callcore.config import Settings
from callcore.domain import Text
from callcore.store.database import Database
from callcore.store.errors import NotStored
from callcore.store.tokens import Token
from callcore.store.users import Role
from callcore.web.signin import TOKEN_BYTES, digest
from callcore.web.tokens import PREFIX


async def add(database: Database, options: argparse.Namespace, _s: Settings, output: Output) -> int:
    """Print a new token, this once: only its hash is kept."""
    user = await database.users.get(options.login)
    if user is not None and user.role is Role.operator:
        raise CommandFailed(
            Text(
                f"{user.login} — оператор: по токену ему ничего не открыто. "
                "Возьмите супервизора или администратора.",
                f"{user.login} is an operator: a token would open nothing for him. "
                "Take a supervisor or an administrator.",
            )
        )
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    try:
        await database.tokens.add(digest(token), options.login, options.name, datetime.now(UTC))
    except NotStored:
        raise CommandFailed(
            Text(
                f"Токен не создан: нет человека {options.login}, или токен с таким именем у него уже есть.",
                f"No token was made: nobody has the login {options.login}, or he has one of this name.",
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
        output.say(f"{token.name:24} {token.created_at:%Y-%m-%d}  {last}")
    if not tokens:
        output.say(
            Text(
                f"Токенов нет: callcore user token {options.login} ИМЯ",
                f"No tokens: callcore user token {options.login} NAME",
            )
        )
    return DONE


async def remove(database: Database, options: argparse.Namespace, _s: Settings, output: Output) -> int:
    if not await database.tokens.remove(options.login, options.name):
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
    }
