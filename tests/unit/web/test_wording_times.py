"""When something is, as pages say it: the clock alone only where it is today, by the place's wall clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callcore.domain import Login
from callcore.web.pages import Viewer
from callcore.web.render import texts_of
from callcore.web.wording import Wording

LATE = datetime(2026, 3, 2, 20, 50, tzinfo=UTC)
"""Ten minutes to midnight in Moscow."""


@pytest.mark.parametrize(("minutes", "said"), [(5, "23:55"), (15, "3 мар., 00:05"), (-1430, "00:00")])
def test_another_day_is_named(minutes: int, said: str) -> None:
    viewer = Viewer(Login("anna"), "Анна", "ru", "Europe/Moscow", "RU", "", ())
    wording = Wording(viewer, texts_of("ru"), LATE)
    assert wording.moment(LATE + timedelta(minutes=minutes)) == said
