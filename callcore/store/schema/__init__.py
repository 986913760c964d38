"""The tables. Migrations in ``migrations/`` build the same; a test compares the two.

Each module holds the tables of one part; importing this package makes ``metadata`` complete.
"""

from callcore.store.schema import (
    access,
    base,
    bus,
    cases,
    contacts,
    core,
    gate,
    handing,
    ivr,
    knowledge,
    record,
    work,
)

metadata = base.metadata

__all__ = [
    "access",
    "bus",
    "cases",
    "contacts",
    "core",
    "gate",
    "handing",
    "ivr",
    "knowledge",
    "metadata",
    "record",
    "work",
]
