"""docs/record.md tells each setting of the record, with its default."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from callcore.config.access import Audit, SignIn
from callcore.config.database import Database
from callcore.config.directory import HttpDirectorySettings, SqlDirectorySettings
from callcore.config.shape import Editions, Recordings
from callcore.config.webhooks import Pull, Push, Webhooks

GUIDE = (Path(__file__).parents[3] / "docs" / "record.md").read_text(encoding="utf-8")
SETTINGS = GUIDE.partition("## Settings")[2].partition("## Other programs")[0].splitlines()
FILLED = {"secret", "password", "key"}
"""By ``load``, from elsewhere."""
TOLD_ELSEWHERE = {"url"}


@pytest.mark.parametrize(
    "section",
    [
        SignIn,
        Audit,
        Editions,
        Recordings,
        Webhooks,
        Pull,
        Push,
        Database,
        SqlDirectorySettings,
        HttpDirectorySettings,
    ],
    ids=lambda section: section.__name__,
)
def test_every_setting_is_told(section: type[BaseModel]) -> None:
    for name, setting in section.model_fields.items():
        if name in FILLED | TOLD_ELSEWHERE:
            continue
        lines = [line for line in SETTINGS if f"{name}`" in line]
        assert lines, name
        if isinstance(setting.default, bool):
            assert any(f"`{setting.default}`".lower() in line for line in lines), name
        elif isinstance(setting.default, int | float):
            assert any(f"{setting.default:g}" in line for line in lines), name
