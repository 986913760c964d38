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

from callcore.commands import user_tokens
from callcore.commands import user_words as words
from callcore.commands.frame import DONE, CommandFailed, Output, Work, add_config, add_json
from callcore.config import Settings, load
from callcore.domain import LANGUAGES, Text
from callcore.rights import Permission, Role
from callcore.store.database import Database
from callcore.store.errors import StoreError
from callcore.store.users import By, User
from callcore.web.control import CLI
from callcore.web.passwords import hash_password, weakness

Action = Callable[[Database, argparse.Namespace, Settings, Output], Awaitable[int]]


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    say = output.words
    actions = parser.add_subparsers(dest="action", required=True, metavar=say(Text("ДЕЙСТВИЕ", "ACTION")))
    for name, (what, _run_it) in _ACTIONS.items():
        below = actions.add_parser(name, help=say(what), description=say(what), allow_abbrev=False)
        add_config(below, output)
        if name in ("list", "tokens"):
            add_json(below, output)
        if name == "list":
            continue
        below.add_argument("login", help=say(Text("логин", "login")))
        if name in ("token", "token-remove"):
            what = Text("как назвать, например, диспетчерская", "what to call it, e.g. control-room")
            below.add_argument("name", help=say(what))
        if name == "token":
            below.add_argument(
                "--scope",
                action="append",
                default=[],
                choices=[permission.value for permission in Permission],
                metavar="customers.see",
                help=say(
                    Text(
                        "что ему можно; можно несколько; без неё — всё, что можно роли",
                        "what it may; may be given again; without it all that the role may",
                    )
                ),
            )
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
        parser.add_argument("--language", choices=LANGUAGES, default="ru")
    role = Role.operator.value if is_new else None
    parser.add_argument("--role", choices=[role.value for role in Role], default=role)
    parser.add_argument(
        "--department",
        metavar="CODE",
        default="" if is_new else None,
        help=say(Text("код подразделения", "the code of a department")),
    )
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
    skills = parser if is_new else parser.add_mutually_exclusive_group()
    skills.add_argument(
        "--skill",
        action="append",
        default=[],
        metavar="NAME",
        help=say(
            Text(
                "навык, словом из таблиц тем; можно несколько",
                "a skill, in the topic tables' word; may be given again",
            )
        ),
    )
    if not is_new:
        skills.add_argument(
            "--no-skills", action="store_true", help=say(Text("никаких навыков", "no skills"))
        )


def _run(options: argparse.Namespace, output: Output) -> int:
    settings = load(Path(options.config), need_secrets=False)
    _check(options, settings)
    if "login" in options:
        options.login = words.login(options.login)
    try:
        return asyncio.run(_with_database(options, settings, output))
    except StoreError as error:
        raise CommandFailed(error.text) from None


def _check(options: argparse.Namespace, settings: Settings) -> None:
    """All that is wrong with the words of the command, told at once."""
    wrong: list[Text] = []
    for name, check in (
        ("login", lambda: words.login(options.login)),
        ("name", lambda: words.name(options.name) if options.action == "add" else None),
        ("phone", lambda: words.phones(options, settings)),
        ("queue", lambda: words.queues(options, settings)),
        ("skill", lambda: words.skills(options, settings)),
        ("department", lambda: words.department(options, settings)),
    ):
        try:
            if name in options:
                check()
        except CommandFailed as failed:
            wrong.append(failed.message)
    if wrong:
        raise CommandFailed(Text("\n".join(each.ru for each in wrong), "\n".join(each.en for each in wrong)))


async def _with_database(options: argparse.Namespace, settings: Settings, output: Output) -> int:
    async with await Database.open(settings.database.address, create=True) as database:
        if "login" in options and options.action != "add":
            await _existing(database, options.login)
        return await _ACTIONS[options.action][1](database, options, settings, output)


async def _add(database: Database, options: argparse.Namespace, settings: Settings, output: Output) -> int:
    password, is_ours = _new_password(options)
    await database.users.add(
        options.login,
        words.name(options.name),
        Role(options.role),
        hash_password(password),
        at=datetime.now(UTC),
        language=options.language,
        interfaces=words.phones(options, settings),
        queues=words.queues(options, settings),
        department=words.department(options, settings) or "",
        must_change_password=is_ours,
        skills=words.skills(options, settings),
        by=_by(),
    )
    output.say(Text(f"Добавлен: {options.login}", f"Added: {options.login}"))
    if is_ours:
        output.say(Text(f"Пароль: {password}", f"Password: {password}"))
    return DONE


async def _change(database: Database, options: argparse.Namespace, settings: Settings, output: Output) -> int:
    phones, queues = words.phones(options, settings), words.queues(options, settings)
    if phones:
        await database.users.set_interfaces(options.login, phones)
    if queues:
        await database.users.set_queues(options.login, queues)
    if options.skill or options.no_skills:
        await database.users.set_skills(options.login, words.skills(options, settings), _by())
    department = words.department(options, settings)
    if options.role is not None:
        await database.users.set_role(options.login, Role(options.role), _by())
    if department is not None:
        await database.users.set_department(options.login, department, _by())
    return _print_user(await _existing(database, options.login), output)


async def _reset(database: Database, options: argparse.Namespace, settings: Settings, output: Output) -> int:
    password, is_ours = _new_password(options)
    await database.users.set_password_hash(options.login, hash_password(password), must_change=True, by=_by())
    output.say(
        Text(
            f"Новый пароль задан, прежние сеансы {options.login} закончены, токены отозваны.",
            f"The password is set, earlier sessions of {options.login} are over, his tokens are revoked.",
        )
    )
    if is_ours:
        output.say(Text(f"Пароль: {password}", f"Password: {password}"))
    return DONE


async def _disable(database: Database, options: argparse.Namespace, _s: Settings, output: Output) -> int:
    await database.users.disable(options.login, datetime.now(UTC), _by())
    output.say(
        Text(
            f"{options.login} больше не войдёт, токены отозваны.",
            f"{options.login} can no longer sign in, his tokens are revoked.",
        )
    )
    return DONE


async def _enable(database: Database, options: argparse.Namespace, _s: Settings, output: Output) -> int:
    await database.users.enable(options.login, _by())
    output.say(Text(f"{options.login} снова может войти.", f"{options.login} may sign in again."))
    return DONE


async def _reset_factor(database: Database, options: argparse.Namespace, _s: Settings, output: Output) -> int:
    user = await _existing(database, options.login)
    if not await database.second_factors.remove(user.login, CLI, datetime.now(UTC)):
        raise CommandFailed(
            Text(f"У {user.login} нет второго фактора.", f"{user.login} has no second factor.")
        )
    output.say(Text(f"{user.login} войдёт по паролю.", f"{user.login} signs in by the password alone."))
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
    "change": (
        Text("сменить роль, телефоны, очереди и навыки", "change role, phones, queues and skills"),
        _change,
    ),
    "list": (Text("кто есть", "who is there"), _list),
    "reset": (Text("задать новый пароль", "set a new password"), _reset),
    "reset-factor": (
        Text("забыть второй фактор: телефон потерян", "forget the second factor: the telephone is lost"),
        _reset_factor,
    ),
    "disable": (Text("запретить вход", "forbid to sign in"), _disable),
    "enable": (Text("разрешить вход", "allow to sign in again"), _enable),
    "token": (Text("создать токен для программы", "make a token for a program"), user_tokens.add),
    "tokens": (Text("какие токены есть", "which tokens there are"), user_tokens.show),
    "token-remove": (Text("отозвать токен", "take a token back"), user_tokens.remove),
}


def _by() -> By:
    return By(CLI, datetime.now(UTC))


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
        raise CommandFailed(
            Text(
                f"Нет пользователя {login}; кто есть: callcore user list.",
                f"There is no user {login}; who there is: callcore user list.",
            )
        )
    return user


def _print_user(user: User, output: Output) -> int:
    state = output.words(Text("закрыт", "disabled")) if user.disabled_at else user.role.value
    phones = ", ".join(user.interfaces) or "-"
    queues = ", ".join(user.queues) or "-"
    skills = f" · {', '.join(user.skills)}" if user.skills else ""
    output.say(f"{user.login:16} {state:14} {user.name} · {phones} · {queues}{skills}")
    return DONE


def _user_json(user: User) -> dict[str, object]:
    return {
        "login": user.login,
        "name": user.name,
        "role": user.role.value,
        "language": user.language,
        "phones": list(user.interfaces),
        "queues": list(user.queues),
        "skills": list(user.skills),
        "department": user.department,
        "disabled": user.disabled_at is not None,
    }


USER = Work(_configure, _run)
