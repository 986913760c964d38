"""Settings ``database``: where the records are kept, and where they wait while that is away."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator
from sqlalchemy import URL

from callcore.config.fields import NO_SECRET, Secret, Variable
from callcore.domain import Text
from callcore.store.engine import READERS, is_sqlite, parse_url
from callcore.store.errors import StoreError
from callcore.strictyaml.fields import FilePath, Model, Whole, shown, wrong


def _url(value: object, info: ValidationInfo) -> object:
    """A relative SQLite path is put below the file's folder; a password does not belong here."""
    text = str(value)
    if text.startswith("sqlite:///") and len(text) > len("sqlite:///"):
        folder: Path = (info.context or {}).get("folder", Path())
        return f"sqlite:///{(folder / text.removeprefix('sqlite:///')).resolve()}"
    url = _parsed(text)
    if url is None:
        hidden = re.sub(r"//.*@", "//…@", text)  # there may be a password in it
        raise wrong(
            Text(f"{shown(hidden, 'ru')} — не адрес базы.", f"{shown(hidden)} is no address of a database."),
            Text(
                "Напишите, например, sqlite:////var/lib/callcore/callcore.db "
                "или postgresql://callcore@127.0.0.1/callcore.",
                "Write for example sqlite:////var/lib/callcore/callcore.db "
                "or postgresql://callcore@127.0.0.1/callcore.",
            ),
        )
    if url.password is not None or "password" in url.query:
        raise wrong(
            Text("Пароль записан прямо в файле настроек.", "A password is written in the settings file."),
            Text(
                "Уберите его из адреса, положите в файл (chmod o-rwx) и назовите файл в password_file, "
                "или переменную в password_env.",
                "Take it out of the address, put it into a file (chmod o-rwx) named in password_file, "
                "or into a variable named in password_env.",
            ),
        )
    return text


def _parsed(text: str) -> URL | None:
    """The address of a PostgreSQL database; None for anything else."""
    try:
        url = parse_url(text)
    except (StoreError, ValueError):
        return None
    return url if not is_sqlite(url) and url.database else None


class Database(Model):
    url: Annotated[str, BeforeValidator(_url)]
    password_file: FilePath | None = None
    password_env: Variable | None = None
    """Of PostgreSQL's account, if it needs one."""
    password: Secret = NO_SECRET
    """Filled by ``load``."""
    spool: FilePath | None = None
    """None: beside the SQLite file."""
    connections: Annotated[Whole, Field(ge=1, le=100)] = READERS
    """Kept open for reading; a rush may open as many more."""

    @property
    def address(self) -> URL:
        """What ``store.Database.open`` opens; it shows no password where it is printed."""
        url = parse_url(self.url)
        password = self.password.get_secret_value()
        return url.set(password=password) if password else url

    @property
    def has_password(self) -> bool:
        return self.password_file is not None or self.password_env is not None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if is_sqlite(parse_url(self.url)):
            if self.has_password:
                raise wrong(
                    Text("У базы SQLite нет пароля.", "An SQLite database has no password."),
                    Text("Уберите password_file и password_env.", "Remove password_file and password_env."),
                )
        elif self.spool is None:
            raise wrong(
                Text(
                    "Не сказано, где записям ждать, пока база недоступна.",
                    "Nothing says where records wait while the database is away.",
                ),
                Text(
                    "Задайте spool: /var/lib/callcore/callcore.spool (файл на этой машине).",
                    "Set spool: /var/lib/callcore/callcore.spool (a file on this machine).",
                ),
            )
        if self.password_file is None or self.password_env is None:
            return self
        raise wrong(
            Text("Пароль базы задан дважды.", "The database's password is given twice."),
            Text("Оставьте password_file или password_env.", "Keep one of password_file and password_env."),
        )
