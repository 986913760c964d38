from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

SAMPLE = Path(__file__).parents[3] / "config"
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """The shipped sample with some sections changed, in a folder of its own; gives the settings file."""

    def changed(**sections: dict[str, Any]) -> Path:
        shutil.copytree(SAMPLE, tmp_path / "config", dirs_exist_ok=True)
        file = tmp_path / "config" / "callcore.yaml"
        top = yaml.safe_load(file.read_text(encoding="utf-8"))
        for name, values in sections.items():
            top[name] = {**top[name], **values}
        file.write_text(yaml.safe_dump(top, allow_unicode=True), encoding="utf-8")
        return file

    return changed
