"""Settings ``pbx.NAME.recovery``: an administrator's own records of calls, read after a gap."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, ValidationInfo, model_validator

from callcore.config.fields import is_sendable
from callcore.domain import Text
from callcore.store.engine import parse_url
from callcore.store.errors import StoreError
from callcore.strictyaml.fields import FilePath, Model, Zone, shown, wrong

URL_LIMIT_BYTES = 4096


def database_url(text: str, folder: Path) -> str:
    """A URL that the store can open, a relative SQLite path put below ``folder``. Raises StoreError."""
    parsed = parse_url(text)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        return f"sqlite:///{(folder / parsed.database).resolve()}"
    return text


def _url(value: object, info: ValidationInfo) -> object:
    folder: Path = (info.context or {}).get("folder", Path())
    text = str(value)
    try:
        if parse_url(text).password is None:
            return database_url(text, folder)
    except StoreError:
        text = re.sub(r"//.*@", "//…@", text)  # there may be a password in it
        raise wrong(
            Text(f"{shown(text, 'ru')} — не адрес базы.", f"{shown(text)} is no address of a database."),
            Text(
                "Напишите, например, sqlite:////var/log/asterisk/master.db.",
                "Write for example sqlite:////var/log/asterisk/master.db.",
            ),
        ) from None
    raise wrong(
        Text("Пароль записан прямо в файле настроек.", "A password is written in the settings file."),
        Text(
            "Положите весь адрес в отдельный файл (chmod o-rwx) и назовите его в cdr_url_file.",
            "Put the whole address into a file (chmod o-rwx) and name that in cdr_url_file.",
        ),
    )


def _table(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,62}", value, re.ASCII):
        return value
    raise wrong(
        Text(f"{shown(value, 'ru')} — не имя таблицы.", f"{shown(value)} is no name of a table."),
        Text("Напишите, например, cdr.", "Write for example cdr."),
    )


class Recovery(Model):
    cdr_url: Annotated[str, BeforeValidator(_url)] | None = None
    cdr_url_file: FilePath | None = None
    """A file with nothing but the URL, where that holds a password."""
    cdr_table: Annotated[str, BeforeValidator(_table)] = "cdr"
    cdr_zone: Zone | None = None
    """Of the PBX's clock, in which CDR tells its moments; None: the organisation's."""
    queue_log: FilePath | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.cdr_url is None or self.cdr_url_file is None:
            return self
        raise wrong(
            Text("База CDR задана дважды.", "The CDR database is given twice."),
            Text("Задайте cdr_url или cdr_url_file.", "Set one of cdr_url and cdr_url_file."),
        )

    @property
    def is_open(self) -> bool:
        """There is something to read."""
        return bool(self.cdr_url or self.cdr_url_file or self.queue_log)

    def cdr_database(self) -> str | None:
        """The URL to open, from wherever it is. Raises OSError, or StoreError for what is no such URL."""
        if self.cdr_url_file is None:
            return self.cdr_url
        with self.cdr_url_file.open("rb") as stream:
            text = stream.read(URL_LIMIT_BYTES).decode("utf-8", "replace").strip()
        if not is_sendable(text):
            raise StoreError(f"{self.cdr_url_file} is not one line with the address of a database")
        return database_url(text, self.cdr_url_file.parent)
