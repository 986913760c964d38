"""Files that lie beside the database unless the settings say otherwise."""

from __future__ import annotations

from pathlib import Path

from callcore.config import Settings
from callcore.store.engine import is_sqlite, parse_url
from callcore.store.sqlite import database_file


def control_socket(settings: Settings) -> Path | None:
    """``control.socket``, else ``callcore.sock`` beside the SQLite file; None for other databases.

    The daemon binds it, the commands look there. Raises ``StoreError`` for a database URL that cannot be.
    """
    return settings.control.socket or _beside(settings, "callcore.sock")


def dry_messages(settings: Settings) -> Path:
    """``sms.file``, else ``sms.jsonl`` beside the SQLite file, else in the working folder."""
    return settings.sms.file or _beside(settings, "sms.jsonl") or Path("sms.jsonl")


def _beside(settings: Settings, name: str) -> Path | None:
    url = parse_url(settings.database.url)
    return database_file(url).with_name(name) if is_sqlite(url) else None
