"""Settings ``directory``: customers that live in other systems, asked beside the own base."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from callcore.bus.outward import Refused, checked_url
from callcore.config.fields import NO_SECRET, Secret, Variable, is_sendable
from callcore.crm.directory import FieldName
from callcore.domain import Text
from callcore.routing.fields import Code
from callcore.strictyaml.fields import FilePath, Model, Whole, shown, wrong

LONGEST = 4000
_PLACE = re.compile(r"[^\s{}]{1,200}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)


def _sql_url(value: object, info: ValidationInfo) -> object:
    """A relative SQLite path is relative to the settings file."""
    try:
        url = make_url(str(value))
    except (ArgumentError, ValueError):
        url = None
    if url is None:
        raise wrong(
            Text("Это не адрес базы для SQLAlchemy.", "This is no address of a database for SQLAlchemy."),
            Text(
                "Напишите, например, postgresql+asyncpg://reader@host/crm.",
                "Write for example postgresql+asyncpg://reader@host/crm.",
            ),
        )
    if url.password is not None:
        raise wrong(
            Text("Пароль записан прямо в файле настроек.", "A password is written in the settings file."),
            Text(
                "Положите весь адрес в отдельный файл (chmod o-rwx) и назовите его в url_file.",
                "Put the whole address into a file (chmod o-rwx) and name that in url_file.",
            ),
        )
    folder: Path = (info.context or {}).get("folder", Path())
    if url.get_backend_name() == "sqlite" and url.database:
        url = url.set(database=str((folder / url.database).resolve()))
    return url.render_as_string(hide_password=False)


def _query(value: object) -> object:
    text = value if isinstance(value, str) else ""
    words = " ".join(text.split())
    if len(text) <= LONGEST and words.isprintable() and words.lower().startswith(("select ", "with ")):
        return value
    raise wrong(
        Text("Запрос должен начинаться с SELECT.", "The query has to begin with SELECT."),
        Text(
            "Напишите, например: select id as key, name from clients where phone = :number",
            "Write for example: select id as key, name from clients where phone = :number",
        ),
    )


def _template(value: object) -> object:
    try:
        if isinstance(value, str):
            checked_url(re.sub(r"\{(number|digits|text)\}", "0", value))
            host = value.partition("://")[2].partition("/")[0]
            if "{" not in host:
                return value
    except Refused:
        pass
    raise wrong(
        Text(f"{shown(value, 'ru')} — не шаблон адреса.", f"{shown(value)} is no template of an address."),
        Text(
            "Напишите, например, https://crm.example/find?phone={number}; подставляются {number}, {digits} "
            "и {text}, но не в имени сервера.",
            "Write for example https://crm.example/find?phone={number}; {number}, {digits} and {text} "
            "are put in, but not into the server's name.",
        ),
    )


def _place(value: object) -> object:
    if isinstance(value, str) and _PLACE.fullmatch(value):
        return value
    raise wrong(
        Text(f"{shown(value, 'ru')} — не имя поля.", f"{shown(value)} is no name of a field."),
        Text("Напишите, например, person.name.", "Write for example person.name."),
    )


def _header(value: object) -> object:
    if isinstance(value, str) and 0 < len(value) <= 1000 and is_sendable(value):
        return value
    raise wrong(
        Text(
            "Заголовок пуст или содержит управляющие знаки.", "A header is empty or holds control characters."
        ),
        Text('Напишите, например, "Bearer {secret}".', 'Write for example "Bearer {secret}".'),
    )


SqlUrl = Annotated[str, BeforeValidator(_sql_url)]
Query = Annotated[str, BeforeValidator(_query)]
Template = Annotated[str, BeforeValidator(_template)]
Place = Annotated[str, BeforeValidator(_place)]
Header = Annotated[str, BeforeValidator(_header)]


class _Source(Model):
    seconds: Annotated[float, BeforeValidator(lambda v: _seconds(v))] = 1.5
    """How long it may take."""
    failures: Annotated[Whole, Field(ge=1, le=100)] = 5
    """After so many one after the other it is left alone …"""
    pause_seconds: Annotated[Whole, Field(ge=1, le=3600)] = 30
    """… for so long."""
    cache_seconds: Annotated[Whole, Field(ge=0, le=3600)] = 30


def _seconds(value: object) -> object:
    try:
        seconds = float(str(value))
    except ValueError:
        seconds = 0.0
    if 0.05 <= seconds <= 10:
        return seconds
    raise wrong(
        Text(f"{shown(value, 'ru')} — не 0.05…10 секунд.", f"{shown(value)} is not 0.05 to 10 seconds."),
        Text("Напишите, например, 1.5.", "Write for example 1.5."),
    )


class SqlDirectorySettings(_Source):
    kind: Literal["sql"]
    url: SqlUrl | None = None
    url_file: FilePath | None = None
    """A file with nothing but the address, where that holds a password."""
    by_number: Query
    search: Query | None = None
    columns: dict[FieldName, Place] | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.url is None) != (self.url_file is None):
            return self
        raise wrong(
            Text("Адрес базы должен быть задан один раз.", "The database's address has to be given once."),
            Text("Задайте url или url_file.", "Set one of url and url_file."),
        )

    def address(self) -> str:
        """Raises OSError if ``url_file`` cannot be read."""
        if self.url_file is None:
            return self.url or ""
        return self.url_file.read_text(encoding="utf-8", errors="replace").strip()


class HttpDirectorySettings(_Source):
    kind: Literal["http"]
    by_number: Template
    search: Template | None = None
    headers: dict[str, Header] = Field(default_factory=dict)
    """``{secret}`` stands for the secret."""
    rows: Place | None = None
    fields: dict[FieldName, Place] | None = None
    secret_file: FilePath | None = None
    secret_env: Variable | None = None
    secret: Secret = NO_SECRET
    """Filled by ``load``."""

    @model_validator(mode="after")
    def _names(self) -> Self:
        if all(_HEADER.fullmatch(name) for name in self.headers):
            return self
        raise wrong(
            Text("В имени заголовка лишние знаки.", "A header's name holds odd characters."),
            Text("Напишите, например, Authorization.", "Write for example Authorization."),
        )

    def filled_headers(self) -> dict[str, str]:
        secret = self.secret.get_secret_value()
        return {name: value.replace("{secret}", secret) for name, value in self.headers.items()}


Source = Annotated[SqlDirectorySettings | HttpDirectorySettings, Field(discriminator="kind")]


class Directory(Model):
    sources: Annotated[dict[Code, Source], Field(max_length=8)] = Field(default_factory=dict)
