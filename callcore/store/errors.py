"""What can go wrong in the store.

StoreError
├── DatabaseMissing      no such database, and it was not asked to be created
├── ForeignDatabase      the database holds tables that are not callcore's
├── SchemaOutdated       written by an older callcore: ``callcore db upgrade -c FILE``
├── SchemaTooNew         written by a newer callcore
├── StoreUnavailable     the database is locked, full or gone, for longer than the patience of a write
│   └── StoreBusy        too many writes wait already
├── NotStored            a row with this key exists, or does not exist
└── TextRefused          a text that a person typed is too long or not allowed
"""

from __future__ import annotations

from callcore.domain import LANGUAGES, Text


class StoreError(Exception):
    """Anything the store refuses; the message is for people and names what to do.

    ``ru``: the same in Russian, where a page may show it.
    """

    def __init__(self, message: str = "", ru: str = "") -> None:
        super().__init__(message)
        self.text = Text(ru or message, message)


class DatabaseMissing(StoreError):
    """There is no database at this place."""


class ForeignDatabase(StoreError):
    """The database belongs to another program."""


class SchemaOutdated(StoreError):
    """The schema is older than this callcore; the message names the command that upgrades it."""


class SchemaTooNew(StoreError):
    """The schema was written by a newer callcore."""


class StoreUnavailable(StoreError):
    """The write was given up; nothing of it was stored."""


class StoreBusy(StoreUnavailable):
    """The queue of waiting writes is full."""


class NotStored(StoreError):
    """The key is taken, or there is nothing under it; the message says which."""


class TextRefused(StoreError):
    """The text cannot be stored as it is; the message says why."""


def no_customer(id: int) -> NotStored:
    return NotStored(f"there is no customer {id}", f"клиента {id} нет")


def no_user(login: str) -> NotStored:
    return NotStored(f"there is no user {login}", f"пользователя {login} нет")


def no_language() -> TextRefused:
    known = ", ".join(LANGUAGES)
    return TextRefused(f"language: one of {known}", f"язык: один из {known}")
