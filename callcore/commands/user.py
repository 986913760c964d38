"""``callcore user``: who may sign in, with which phones and queues; tokens for programs."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import secrets
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from callcore.ami.actions import is_device
from callcore.commands import user_tokens
from callcore.commands.frame import DONE, Command, CommandFailed, Output, add_config, add_json
from callcore.config import Settings, load
from callcore.domain import LANGUAGES, Interface, Login, QueueName, Text
from callcore.store.database import Database
from callcore.store.errors import StoreError, TextRefused
from callcore.store.texts import NAME_LIMIT, WORD_LIMIT, canonical_login, typed_text
from callcore.store.users import Role, User
from callcore.strictyaml.fields import shown
from callcore.web.passwords import hash_password, weakness

Action = Callable[[Database, argparse.Namespace, Settings, Output], Awaitable[int]]


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    say = output.words
    actions = parser.add_subparsers(dest="action", required=True, metavar=say(Text("ДЕЙСТВИЕ", "ACTION")))
    for name, (words, _run_it) in _ACTIONS.items():
        below = actions.add_parser(name, help=say(words), description=say(words), allow_abbrev=False)
        add_config(below, output)
        if name in ("list", "tokens"):
            add_json(below, output)
        if name == "list":
            continue
        below.add_argument("login", help=say(Text("логин", "login")))
        if name in ("token", "token-remove"):
            what = Text("как назвать, например, диспетчерская", "what to call it, e.g. control-room")
            below.add_argument("name", help=say(what))
        if name in ("add", "change"):
            _add_person(below, output, is_new=name == "add")
        if name in ("add", "reset"):
            below.add_argument(
                "--password-stdin",
                action="store_true",
                help=say(Text("пароль — первая строка ввода", "the password is the first line of the input")),
            )


def _add_person(parser: argparse.ArgumentParser, output: Output, *, is_new: bool) -> None:
    say = output.words
    if is_new:
        parser.add_argument("--name", required=True, help=say(Text("имя для людей", "name for people")))
        parser.add_argument("--role", choices=[role.value for role in Role], default=Role.operator.value)
        parser.add_argument("--language", choices=LANGUAGES, default="ru")
    parser.add_argument(
        "--phone",
        action="append",
        default=[],
        metavar="PJSIP/101",
        help=say(Text("телефон; можно несколько", "a phone; may be given again")),
    )
    parser.add_argument(
        "--queue",
        action="append",
        default=[],
        metavar="NAME",
        help=say(Text("очередь; можно несколько", "a queue; may be given again")),
    )


def _run(options: argparse.Namespace, output: Output) -> int:
    settings = load(Path(options.config), need_secrets=False)
    if "login" in options:
        options.login = _login(options.login)
    try:
        return asyncio.run(_with_database(options, settings, output))
    except StoreError as error:
        raise CommandFailed(Text(str(error), str(error))) from None


async def _with_database(options: argparse.Namespace, settings: Settings, output: Output) -> int:
    async with await Database.open(settings.database.url, create=True) as database:
        return await _ACTIONS[options.action][1](database, options, settings, output)


async def _add(database: Database, options: argparse.Namespace, settings: Settings, output: Output) -> int:
    name, phones, queues = _name(options.name), _phones(options, settings), _queues(options, settings)
    password, is_ours = _new_password(options)
    await database.users.add(
        options.login,
        name,
        Role(options.role),
        hash_password(password),
        at=datetime.now(UTC),
        language=options.language,
        interfaces=phones,
        queues=queues,
    )
    output.say(Text(f"Добавлен: {options.login}", f"Added: {options.login}"))
    if is_ours:
        output.say(Text(f"Пароль: {password}", f"Password: {password}"))
    return DONE


async def _change(database: Database, options: argparse.Namespace, settings: Settings, output: Output) -> int:
    phones, queues = _phones(options, settings), _queues(options, settings)
    if phones:
        await database.users.set_interfaces(options.login, phones)
    if queues:
        await database.users.set_queues(options.login, queues)
    return _print_user(await _existing(database, options.login), output)


async def _reset(database: Database, options: argparse.Namespace, settings: Settings, output: Output) -> int:
    password, is_ours = _new_password(options)
    await database.users.set_password_hash(options.login, hash_password(password))
    output.say(
        Text(
            f"Новый пароль задан, прежние сеансы {options.login} закончены.",
            f"The password is set, earlier sessions of {options.login} are over.",
        )
    )
    if is_ours:
        output.say(Text(f"Пароль: {password}", f"Password: {password}"))
    return DONE


async def _disable(database: Database, options: argparse.Namespace, _s: Settings, output: Output) -> int:
    await database.users.disable(options.login, datetime.now(UTC))
    output.say(Text(f"{options.login} больше не войдёт.", f"{options.login} can no longer sign in."))
    return DONE


async def _enable(database: Database, options: argparse.Namespace, _s: Settings, output: Output) -> int:
    await database.users.enable(options.login)
    output.say(Text(f"{options.login} снова может войти.", f"{options.login} may sign in again."))
    return DONE


async def _list(database: Database, options: argparse.Namespace, _s: Settings, output: Output) -> int:
    users = await database.users.list()
    if options.json:
        output.json([_user_json(user) for user in users])
        return DONE
    for user in users:
        _print_user(user, output)
    if not users:
        output.say(
            Text(
                "Пока никого: callcore user add ЛОГИН --name ИМЯ --phone PJSIP/101 --queue finance",
                "Nobody yet: callcore user add LOGIN --name NAME --phone PJSIP/101 --queue finance",
            )
        )
    return DONE


_ACTIONS: dict[str, tuple[Text, Action]] = {
    "add": (Text("добавить человека", "add a person"), _add),
    "change": (Text("сменить телефоны и очереди", "change phones and queues"), _change),
    "list": (Text("кто есть", "who is there"), _list),
    "reset": (Text("задать новый пароль", "set a new password"), _reset),
    "disable": (Text("запретить вход", "forbid to sign in"), _disable),
    "enable": (Text("разрешить вход", "allow to sign in again"), _enable),
    "token": (Text("создать токен для программы", "make a token for a program"), user_tokens.add),
    "tokens": (Text("какие токены есть", "which tokens there are"), user_tokens.show),
    "token-remove": (Text("отозвать токен", "take a token back"), user_tokens.remove),
}


def _login(text: str) -> Login:
    try:
        return Login(canonical_login(text))
    except TextRefused:
        raise CommandFailed(
            Text(
                f"{shown(text, 'ru')} не годится как логин: от 1 до 64 латинских букв, цифр и . _ @ -, "
                "сначала буква или цифра; например, anna.k",
                f"{shown(text)} cannot be a login: 1 to 64 Latin letters, digits and . _ @ -, a letter or "
                "digit first; for example anna.k",
            )
        ) from None


def _name(text: str) -> str:
    try:
        return typed_text(text, NAME_LIMIT, "name", empty=False)
    except TextRefused:
        raise CommandFailed(
            Text(
                f'--name: имя от 1 до {NAME_LIMIT} знаков, например --name "Анна К."',
                f'--name: a name has 1 to {NAME_LIMIT} characters, for example --name "Anna K."',
            )
        ) from None


def _phones(options: argparse.Namespace, settings: Settings) -> list[Interface]:
    """Devices as Asterisk spells them, each perhaps with the name of its PBX and a colon before it."""
    for phone in options.phone:
        name, colon, device = phone.partition(":")
        has_pbx = bool(colon) and "/" not in name
        if has_pbx and name not in settings.pbx:
            names = ", ".join(settings.pbx)
            raise CommandFailed(
                Text(
                    f"--phone {shown(phone, 'ru')}: нет такой АТС; есть: {names}.",
                    f"--phone {shown(phone)}: there is no such PBX; there are: {names}.",
                )
            )
        if not is_device(device if has_pbx else phone) or len(phone) > WORD_LIMIT:
            example = "PJSIP/101" if len(settings.pbx) == 1 else f"{next(iter(settings.pbx))}:PJSIP/101"
            raise CommandFailed(
                Text(
                    f"--phone {shown(phone, 'ru')}: это не телефон, как его пишет Asterisk. "
                    f"Напишите, например, {example}.",
                    f"--phone {shown(phone)} is no phone as Asterisk spells it. Write for example {example}.",
                )
            )
    return [Interface(phone) for phone in options.phone]


def _queues(options: argparse.Namespace, settings: Settings) -> list[QueueName]:
    known = set(settings.all_queues)
    wrong = [name for name in options.queue if name not in known]
    if wrong:
        names = ", ".join(sorted(known))
        raise CommandFailed(
            Text(
                f"Нет очереди {wrong[0]}; есть: {names}.",
                f"There is no queue {wrong[0]}; there are: {names}.",
            )
        )
    return [QueueName(name) for name in options.queue]


def _new_password(options: argparse.Namespace) -> tuple[str, bool]:
    """The password, and whether we made it up. Never from the command line: arguments are for all to see."""
    if options.password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    elif sys.stdin.isatty():
        password = getpass.getpass("Password (empty: make one up): ")
    else:
        password = ""
    if not password:
        return secrets.token_urlsafe(12), True
    fault = weakness(password, options.login)
    if fault is not None:
        raise CommandFailed(fault)
    return password, False


async def _existing(database: Database, login: str) -> User:
    user = await database.users.get(login)
    if user is None:
        raise CommandFailed(Text(f"Нет такого: {login}", f"Nobody has this login: {login}"))
    return user


def _print_user(user: User, output: Output) -> int:
    state = output.words(Text("закрыт", "disabled")) if user.disabled_at else user.role.value
    phones = ", ".join(user.interfaces) or "-"
    queues = ", ".join(user.queues) or "-"
    output.say(f"{user.login:16} {state:14} {user.name} · {phones} · {queues}")
    return DONE


def _user_json(user: User) -> dict[str, object]:
    return {
        "login": user.login,
        "name": user.name,
        "role": user.role.value,
        "language": user.language,
        "phones": list(user.interfaces),
        "queues": list(user.queues),
        "disabled": user.disabled_at is not None,
    }


USER = Command(
    "user", Text("люди: логины, телефоны, очереди", "people: logins, phones, queues"), _configure, _run
)
