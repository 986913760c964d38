"""A call's story says where the tables sent it, by which edition, and why."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from callcore.flight.entries import Detail, Entry, What
from callcore.flight.words import line

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ASKED = {"topic": "finance.claim", "queue": "finance", "reason": "It is open.", "reason_ru": "Открыто."}


@pytest.mark.parametrize(
    ("change", "ru", "en"),
    [
        (
            {"edition": 3},
            "Тема finance.claim → очередь finance, по редакции 3. Почему: Открыто.",
            "Topic finance.claim → queue finance, by edition 3. Because: It is open.",
        ),
        (
            {"edition": 3, "queue": None},
            "Тема finance.claim: ни одной очереди на пути, по редакции 3. Почему: Открыто.",
            "Topic finance.claim: no queue on the way, by edition 3. Because: It is open.",
        ),
        (
            {"edition": None, "reason_ru": None},
            "Тема finance.claim → очередь finance. Почему: It is open.",
            "Topic finance.claim → queue finance. Because: It is open.",
        ),
    ],
)
def test_a_route_in_the_story(change: dict[str, Detail], ru: str, en: str) -> None:
    text = line(Entry(AT, What.routed, data={**ASKED, **change})).text
    assert (text.ru, text.en) == (ru, en)
