"""README.md: the files that its install copies are all that the settings name."""

from __future__ import annotations

import re
from pathlib import Path
from shutil import copy, copytree

from callcore.config import load

ROOT = Path(__file__).parents[3]


def test_what_is_copied_can_be_read(tmp_path: Path) -> None:
    (copied,) = re.findall(
        r"^    cp -r (config/.*) /etc/callcore/$", (ROOT / "README.md").read_text("utf-8"), re.M
    )
    for each in copied.split():
        source = ROOT / each
        if source.is_dir():
            copytree(source, tmp_path / source.name)
        else:
            copy(source, tmp_path)
    settings = load(tmp_path / "callcore.yaml", need_secrets=False)
    assert len(settings.tables.tables) == 8
