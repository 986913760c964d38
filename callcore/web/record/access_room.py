"""What the pages of people, accounts, audit and privacy stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from callcore.domain import QueueName, Text
from callcore.store.database import Database
from callcore.web.record.dossier_page import House
from callcore.web.second_factor import SecondFactor


@dataclass(frozen=True, slots=True)
class AccessRoom:
    database: Database
    factor: SecondFactor
    house: Callable[[], House]
    """For what is given to the customer himself."""
    queues: Callable[[], Mapping[QueueName, Text]]
    departments: Callable[[], Mapping[str, Text]]
    recordings: Path | None = None
    """Folder of what callers said; None: nothing is recorded."""
    pbxs: tuple[str, ...] = ()
    skills: Callable[[], Iterable[str]] = tuple
    """Those that the topic tables ask for."""
    links: tuple[tuple[str, str], ...] = ()
    """Further pages of the administrator, as address and key of a text."""


ACCESS = web.AppKey("access", AccessRoom)
