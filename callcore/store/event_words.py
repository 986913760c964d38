"""What the data of an event hold, in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from callcore.domain import Text
from callcore.store.events import Event


def shape(event: Event) -> Text:
    """Its data in a line: ``case: text, owner: text or null``."""
    parts = [(name, _KINDS[kind]) for name, kind in event.data.items()]
    return Text(
        ", ".join(f"{name}: {kind.ru}" for name, kind in parts),
        ", ".join(f"{name}: {kind.en}" for name, kind in parts),
    )


_KINDS: Mapping[Any, Text] = {
    int: Text("число", "number"),
    str: Text("текст", "text"),
    bool: Text("да или нет", "yes or no"),
    datetime: Text("время", "moment"),
    int | None: Text("число или null", "number or null"),
    str | None: Text("текст или null", "text or null"),
    datetime | None: Text("время или null", "moment or null"),
    list[int]: Text("числа", "numbers"),
    list[str]: Text("тексты", "texts"),
}
