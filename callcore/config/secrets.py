"""Secrets of the settings: read from files of their own or from the environment, never from the YAML."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from callcore.config.database import Database
from callcore.config.directory import Directory, HttpDirectorySettings
from callcore.config.fields import NO_SECRET, is_sendable
from callcore.config.shape import SettingsModel
from callcore.config.webhooks import Webhooks
from callcore.domain import Text
from callcore.strictyaml.faults import Document, Position

LIMIT_BYTES = 4096


def with_secrets(model: SettingsModel, document: Document, environ: Mapping[str, str]) -> SettingsModel:
    """All but the database's, where they are asked for."""
    find = _Secrets(document, environ)
    pbxs = {
        name: pbx.model_copy(
            update={"secret": find.secret(("pbx", name), "secret", pbx.secret_file, pbx.secret_env)}
        )
        for name, pbx in model.pbx.items()
    }
    changes: dict[str, object] = {"pbx": pbxs}
    if model.sign_in.key_file is not None or model.sign_in.key_env is not None:
        key = find.secret(("sign_in",), "key", model.sign_in.key_file, model.sign_in.key_env)
        changes["sign_in"] = model.sign_in.model_copy(update={"key": key})
    smpp = model.sms.smpp
    if smpp is not None and model.sms.gateway == "smpp":
        password = find.secret(("sms", "smpp"), "password", smpp.password_file, smpp.password_env)
        smpp = smpp.model_copy(update={"password": password})
        changes["sms"] = model.sms.model_copy(update={"smpp": smpp})
    if model.ivr.staff_pin_file is not None or model.ivr.staff_pin_env is not None:
        changes["ivr"] = model.ivr.model_copy(update={"staff_pin": _staff_pin(model, find)})
    changes["webhooks"] = _webhook_secrets(model, find)
    changes["directory"] = _directory_secrets(model, find)
    return model.model_copy(update=changes)


def _staff_pin(model: SettingsModel, find: _Secrets) -> SecretStr:
    """Anybody may call and try: a short one would be found."""
    variable = model.ivr.staff_pin_env
    if model.ivr.staff_pin_file is None and variable is not None and variable not in find.environ:
        find.document.blame(
            ("ivr", "staff_pin_env"),
            Text(
                f"Переменная {variable} не задана: по телефону объявления никто не включит.",
                f"The variable {variable} is not set: nobody can switch announcements by phone.",
            ),
            Text(
                "Задайте её там, откуда запускается callcore, или укажите файл: ivr.staff_pin_file.",
                "Set it where callcore is started from, or name a file: ivr.staff_pin_file.",
            ),
            severity="warning",
        )
        return NO_SECRET
    pin = find.secret(("ivr",), "staff_pin", model.ivr.staff_pin_file, model.ivr.staff_pin_env)
    if pin != NO_SECRET and not re.fullmatch(r"[0-9]{6,32}", pin.get_secret_value(), re.ASCII):
        find.document.blame(
            ("ivr", "staff_pin_file" if model.ivr.staff_pin_file else "staff_pin_env"),
            Text("PIN-код сотрудников не годится.", "The staff PIN is no use."),
            Text("Нужны от 6 до 32 цифр.", "It has 6 to 32 digits."),
        )
        return NO_SECRET
    return pin


def _webhook_secrets(model: SettingsModel, find: _Secrets) -> Webhooks:
    hooks = model.webhooks
    pull = hooks.pull
    if pull is not None and (pull.secret_file or pull.secret_env):
        secret = find.secret(("webhooks", "pull"), "secret", pull.secret_file, pull.secret_env)
        pull = pull.model_copy(update={"secret": secret})
    pushes = []
    for place, push in enumerate(hooks.push):
        if push.secret_file or push.secret_env:
            where = ("webhooks", "push", place)
            secret = find.secret(where, "secret", push.secret_file, push.secret_env)
            push = push.model_copy(update={"secret": secret})
        pushes.append(push)
    return hooks.model_copy(update={"pull": pull, "push": tuple(pushes)})


def _directory_secrets(model: SettingsModel, find: _Secrets) -> Directory:
    sources = dict(model.directory.sources)
    for name, source in sources.items():
        if isinstance(source, HttpDirectorySettings) and (source.secret_file or source.secret_env):
            where = ("directory", "sources", name)
            secret = find.secret(where, "secret", source.secret_file, source.secret_env)
            sources[name] = source.model_copy(update={"secret": secret})
    return model.directory.model_copy(update={"sources": sources})


def with_database_password(database: Database, document: Document, environ: Mapping[str, str]) -> Database:
    if not database.has_password:
        return database
    password = _Secrets(document, environ).secret(
        ("database",), "password", database.password_file, database.password_env
    )
    return database.model_copy(update={"password": password})


@dataclass(frozen=True, slots=True)
class _Secrets:
    """Each gives the secret, or an empty one with a fault in ``document``."""

    document: Document
    environ: Mapping[str, str]

    def secret(self, position: Position, what: str, file: Path | None, variable: str | None) -> SecretStr:
        """``what``: ``secret`` for the settings ``secret_file`` and ``secret_env``."""
        if variable is not None and file is None:
            return _from_environment(self.document, (*position, f"{what}_env"), variable, self.environ)
        if file is not None and variable is None:
            return _from_file(self.document, (*position, f"{what}_file"), file)
        self.document.blame(
            position,
            Text("Секрет задан дважды.", "The secret is given twice.")
            if file is not None
            else Text("Секрет не задан.", "There is no secret."),
            Text(
                f"Задайте одно из двух: {what}_file или {what}_env.",
                f"Set one of {what}_file and {what}_env.",
            ),
        )
        return NO_SECRET


def _from_environment(
    document: Document, position: Position, variable: str, environ: Mapping[str, str]
) -> SecretStr:
    value = environ.get(variable, "")
    if not value or not is_sendable(value):
        document.blame(
            position,
            Text(
                f"Переменная {variable} пуста, не задана или содержит управляющие знаки.",
                f"The variable {variable} is unset, empty, or holds control characters.",
            ),
            Text("Задайте её там, откуда запускается callcore.", "Set it where callcore is started from."),
        )
        return NO_SECRET
    return SecretStr(value)


def _from_file(document: Document, position: Position, file: Path) -> SecretStr:
    try:
        with file.open("rb") as stream:
            value = stream.read(LIMIT_BYTES + 1).decode("utf-8").strip()
            open_to_all = bool(os.fstat(stream.fileno()).st_mode & stat.S_IROTH)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        document.blame(
            position,
            Text(
                f"Секрет из {file} не читается: {reason}.", f"The secret in {file} cannot be read: {reason}."
            ),
            Text(
                "Положите туда секрет одной строкой; файл должен принадлежать тому, кто запускает callcore.",
                "Put the secret there, in one line; the file must belong to whoever runs callcore.",
            ),
        )
        return NO_SECRET
    if not value or len(value) > LIMIT_BYTES or not is_sendable(value):
        document.blame(
            position,
            Text(f"В {file} не одна строка с секретом.", f"{file} is not one line with a secret."),
            Text("Запишите туда только секрет.", "Write the secret there and nothing else."),
        )
        return NO_SECRET
    if open_to_all:
        document.blame(
            position,
            Text(f"Файл {file} может прочесть кто угодно.", f"The file {file} can be read by everybody."),
            Text(f"chmod o-rwx {file}", f"chmod o-rwx {file}"),
            severity="warning",
        )
    return SecretStr(value)
