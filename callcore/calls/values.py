"""``replace`` for the large values of this room, made on every move of every call.

``dataclasses.replace`` asks each field and runs the whole ``__init__``: for a ``Call`` that is many times the
price of copying its ``__dict__``, which is why such values have no ``__slots__``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import replace as replace  # for the types of the fields
else:

    def replace(value: Any, **changes: Any) -> Any:
        """A copy with these fields changed; of a frozen dataclass without ``__slots__``."""
        copy = object.__new__(type(value))
        copy.__dict__.update(value.__dict__, **changes)
        return copy
