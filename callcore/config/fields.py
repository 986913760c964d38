"""Types of single settings: addresses, hosts, origins, names, secrets. Each says what would be right."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import phonenumbers
from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo

from callcore.domain import Text
from callcore.strictyaml.fields import Whole, shown, wrong


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen: an IP address or a host's name, and a port (0: any free one)."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", re.ASCII)


def _address(value: object) -> object:
    if isinstance(value, Address):
        return value
    match = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([^\[\]:]+)):([0-9]{1,5})", str(value), re.ASCII)
    host = (match[1] or match[2]) if match else ""
    if match and int(match[3]) < 65536 and (HOST.fullmatch(host) or is_ip(host)):
        return Address(host, int(match[3]))
    raise wrong(
        Text(f"{shown(value, 'ru')} — не адрес с портом.", f"{shown(value)} is no address with a port."),
        Text("Напишите, например, 127.0.0.1:8080.", "Write for example 127.0.0.1:8080."),
    )


def is_ip(text: str) -> bool:
    """Is it an IP address, version 4 or 6?"""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _host(value: object) -> object:
    if isinstance(value, str) and (HOST.fullmatch(value) or is_ip(value)):
        return value
    raise wrong(
        Text(
            f"{shown(value, 'ru')} — не адрес и не имя машины.",
            f"{shown(value)} is neither an address nor a host's name.",
        ),
        Text(
            "Напишите, например, 10.0.0.5 или pbx.example.org, без порта.",
            "Write for example 10.0.0.5 or pbx.example.org, without a port.",
        ),
    )


def _network(value: object) -> object:
    try:
        return str(ipaddress.ip_network(str(value), strict=False))
    except ValueError:
        raise wrong(
            Text(
                f"{shown(value, 'ru')} — не адрес и не сеть.",
                f"{shown(value)} is neither an address nor a network.",
            ),
            Text(
                "Напишите, например, 10.0.0.5 или 10.0.0.0/24.", "Write for example 10.0.0.5 or 10.0.0.0/24."
            ),
        ) from None


def _origin(value: object) -> object:
    text = str(value).rstrip("/").lower()
    try:
        parts = urlsplit(text)
        port_ok = parts.port is None or parts.port > 0
    except ValueError:
        port_ok, parts = False, urlsplit("")
    if (
        port_ok
        and parts.scheme in ("http", "https")
        and parts.hostname
        and text == f"{parts.scheme}://{parts.netloc}"
        and "@" not in text
    ):
        return text
    raise wrong(
        Text(f"{shown(value, 'ru')} — не адрес сайта.", f"{shown(value)} is no origin."),
        Text(
            "Напишите, например, https://callcore.example.org, без пути.",
            "Write for example https://callcore.example.org, without a path.",
        ),
    )


def _identifier(value: object) -> object:
    """What goes out unquoted: a user's name, a voice, a program."""
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_.-]{1,79}", value, re.ASCII):
        return value
    raise wrong(
        Text(f"{shown(value, 'ru')} — не имя.", f"{shown(value)} is no name."),
        Text(
            "Латинские буквы, цифры, _ . -, до 79 знаков.",
            "Latin letters, digits, _ . -, up to 79 characters.",
        ),
    )


def _variable(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", value, re.ASCII):
        return value
    raise wrong(
        Text(
            f"{shown(value, 'ru')} — не имя переменной окружения.",
            f"{shown(value)} is no name of an environment variable.",
        ),
        Text("Напишите, например, CALLCORE_AMI_SECRET.", "Write for example CALLCORE_AMI_SECRET."),
    )


def _no_literal(value: object) -> object:
    if isinstance(value, SecretStr):
        return value
    raise wrong(
        Text("Секрет записан прямо в файле настроек.", "A secret is written in the settings file."),
        Text(
            "Положите его в отдельный файл (chmod o-rwx) и назовите файл в …_file, или переменную в …_env.",
            "Put it into a file (chmod o-rwx) named in …_file, or into a variable named in …_env.",
        ),
    )


def _command(value: object, info: ValidationInfo) -> object:
    """A program: a bare name is looked for in PATH, a path is relative to the file."""
    if isinstance(value, str) and "/" in value:
        folder: Path = (info.context or {}).get("folder", Path())
        return str((folder / value).resolve())
    return _identifier(value)


def _region(value: object) -> object:
    if isinstance(value, str) and value in phonenumbers.SUPPORTED_REGIONS:
        return value
    raise wrong(
        Text(f"{shown(value, 'ru')} — не код страны.", f"{shown(value)} is no code of a country."),
        Text("Напишите две заглавные буквы, например RU.", "Write two capital letters such as RU."),
    )


def is_sendable(secret: str) -> bool:
    """May it stand in a line of AMI: printable, nothing that could end the line."""
    return secret.isprintable()


def clock_range(value: object) -> object:
    """The validator of ``ClockRangeField``."""
    if isinstance(value, ClockRange):
        return value
    found = _RANGE.fullmatch(value) if isinstance(value, str) else None
    if found:
        from_, until = time.fromisoformat(found[1]), time.fromisoformat(found[2])
        if from_ != until:
            return ClockRange(from_, until)
    raise wrong(
        Text(f"{shown(value, 'ru')} — не промежуток времени.", f"{shown(value)} is no span of hours."),
        Text(
            "Напишите, например, 21:00-09:00; null: без ограничения.", "Write e.g. 21:00-09:00; null: none."
        ),
    )


def _prefix(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"\+[1-9][0-9]{0,14}", value, re.ASCII):
        return value
    raise wrong(
        Text(f"{shown(value, 'ru')} — не начало номера.", f"{shown(value)} is no beginning of a number."),
        Text("Напишите + и цифры, например +7 или +7495.", "Write + and digits, e.g. +7 or +7495."),
    )


@dataclass(frozen=True, slots=True)
class ClockRange:
    """Hours of a day, by the wall clock; over midnight if ``until`` is earlier."""

    from_: time
    until: time


_RANGE = re.compile(r"((?:[01][0-9]|2[0-3]):[0-5][0-9])-((?:[01][0-9]|2[0-3]):[0-5][0-9])", re.ASCII)

AddressField = Annotated[Address, BeforeValidator(_address)]
Host = Annotated[str, BeforeValidator(_host)]
Origin = Annotated[str, BeforeValidator(_origin)]
Region = Annotated[str, BeforeValidator(_region)]
Identifier = Annotated[str, BeforeValidator(_identifier)]
Networks = tuple[Annotated[str, BeforeValidator(_network)], ...]
Variable = Annotated[str, BeforeValidator(_variable)]
Secret = Annotated[SecretStr, BeforeValidator(_no_literal)]
ClockRangeField = Annotated[ClockRange, BeforeValidator(clock_range)]
Prefix = Annotated[str, BeforeValidator(_prefix)]
Command = Annotated[str, BeforeValidator(_command)]
Port = Annotated[Whole, Field(ge=1, le=65535)]
Seconds = Annotated[Whole, Field(ge=1, le=3600)]
MenuKey = Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
NO_SECRET = SecretStr("")
