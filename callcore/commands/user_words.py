"""What is typed after ``callcore user``: checked, each fault with what would be right."""

from __future__ import annotations

import argparse

from callcore.ami.actions import is_device
from callcore.commands.frame import CommandFailed
from callcore.config import Settings
from callcore.domain import Interface, Login, QueueName, Text
from callcore.routing.skills import words_of
from callcore.store.errors import TextRefused
from callcore.store.texts import NAME_LIMIT, WORD_LIMIT, canonical_login, typed_text
from callcore.strictyaml.fields import shown


def login(text: str) -> Login:
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


def name(text: str) -> str:
    try:
        return typed_text(text, NAME_LIMIT, "name", empty=False)
    except TextRefused:
        raise CommandFailed(
            Text(
                f'--name: имя от 1 до {NAME_LIMIT} знаков, например --name "Анна К."',
                f'--name: a name has 1 to {NAME_LIMIT} characters, for example --name "Anna K."',
            )
        ) from None


def phones(options: argparse.Namespace, settings: Settings) -> list[Interface]:
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


def queues(options: argparse.Namespace, settings: Settings) -> list[QueueName]:
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


def skills(options: argparse.Namespace, settings: Settings) -> list[str]:
    """What some row of the tables asks for: any other skill would never matter."""
    known = words_of(settings.tables.skills)
    wrong = [skill for skill in options.skill if skill not in known]
    if wrong:
        words = ", ".join(known)
        raise CommandFailed(
            Text(
                f"Навыка {shown(wrong[0], 'ru')} не требует ни одна таблица тем; есть: {words or 'никаких'}.",
                f"No topic table asks for the skill {shown(wrong[0])}; there are: {words or 'none'}.",
            )
        )
    return list(options.skill)


def department(options: argparse.Namespace, settings: Settings) -> str | None:
    """A code of ours; None: it was not given."""
    code: str | None = options.department
    known = {each.code for each in settings.departments}
    if code and known and code not in known:
        raise CommandFailed(
            Text(
                f"Нет подразделения {shown(code, 'ru')}; есть: {', '.join(sorted(known))}.",
                f"There is no department {shown(code)}; there are: {', '.join(sorted(known))}.",
            )
        )
    return code
