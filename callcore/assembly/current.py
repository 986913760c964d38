"""The settings that hold now. Whoever must follow a reload asks here each time, and keeps nothing it gave."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from callcore.config import Settings

T = TypeVar("T")


class Current:
    """One for the daemon. ``settings`` is replaced as a whole: see ``editions``."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def of(self, make: Callable[[Settings], T]) -> Callable[[], T]:
        """Gives ``make`` of the settings that hold when it is called; made once for each edition."""
        held: tuple[Settings, T] | None = None

        def ask() -> T:
            nonlocal held
            settings = self.settings
            if held is None or held[0] is not settings:
                held = (settings, make(settings))
            return held[1]

        return ask
