"""Files that lie beside the database unless the settings say otherwise."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from pydantic import ConfigDict

from callcore.config import Settings
from callcore.config.database import Database
from callcore.config.outbound import Control
from callcore.config.secrets import with_database_password
from callcore.config.sections import only
from callcore.store.database import spool_path
from callcore.strictyaml.fields import Model, raise_faults, validate
from callcore.strictyaml.reader import parse, read


class Places(Protocol):
    """Where the daemon's own files are."""

    @property
    def database(self) -> Database: ...
    @property
    def control(self) -> Control: ...


class _Sections(Model):
    model_config = ConfigDict(extra="ignore")

    database: Database
    control: Control = Control()


def places(path: Path, environ: Mapping[str, str] = os.environ) -> Places:
    """Of the settings file, whatever else is wrong in it or beside it: enough to find the daemon and its
    database. Raises ConfigFaults."""
    whole = read(path)
    document = parse(only(whole.text, _Sections.model_fields).encode(), whole.file) if whole.faults else whole
    found = validate(document, _Sections, path.parent.resolve())
    database = with_database_password(found.database, document, environ) if found else None
    if document.faults:
        raise_faults(whole)  # its lines are those of the file
    raise_faults(document)
    assert found is not None, "a file without faults is a model"
    return found.model_copy(update={"database": database})


def control_socket(settings: Places) -> Path | None:
    """``control.socket``, else ``callcore.sock`` beside the SQLite file, or beside the spool.

    The daemon binds it, the commands look there. Raises ``StoreError`` for a database URL that cannot be.
    """
    return settings.control.socket or _beside(settings, "callcore.sock")


def dry_messages(settings: Settings) -> Path:
    """``sms.file``, else ``sms.jsonl`` beside the SQLite file or the spool."""
    return settings.sms.file or _beside(settings, "sms.jsonl") or Path("sms.jsonl")


def spool_file(settings: Settings) -> Path | None:
    """Where records wait while the database is away: ``database.spool``, else beside the SQLite file."""
    return settings.database.spool or spool_path(settings.database.url)


def _beside(settings: Places, name: str) -> Path | None:
    spool = spool_path(settings.database.url) or settings.database.spool
    return spool.with_name(name) if spool is not None else None
