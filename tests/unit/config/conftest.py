"""A settings file to spoil."""

from collections.abc import Callable
from pathlib import Path

import pytest

from callcore.config import ConfigFaults, Settings, load

SETTINGS = """\
organisation:
  name: {ru: Свет, en: Light}
  zone: Europe/Moscow
database:
  url: sqlite:///var/callcore.db
pbx:
  main:
    host: 127.0.0.1
    secret_env: SECRET
topics: topics
ivr:
  greeting: {ru: Здравствуйте, en: Hello}
  default_topic: finance.charges
speech:
  folder: prompts
sign_in: {second_factor: off}
"""

TABLE = """\
title: {ru: Деньги, en: Money}
key: 1
zone: Europe/Moscow
hours:
  mon-fri: 09:00-18:00
  sat-sun: closed
closed: {ru: Закрыто, en: Closed}
queue: finance
topics:
  charges:
    title: {ru: Начисления, en: Charges}
"""


class Files:
    """The settings and one table in a folder; ``load`` as a program would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "topics").mkdir()
        self.settings(SETTINGS)
        self.table(TABLE)

    def settings(self, text: str | bytes) -> None:
        self._write("callcore.yaml", text)

    def table(self, text: str | bytes, name: str = "finance.yaml") -> None:
        self._write(f"topics/{name}", text)

    def _write(self, name: str, text: str | bytes) -> None:
        (self.folder / name).write_bytes(text.encode() if isinstance(text, str) else text)

    def load(self, **environ: str) -> Settings:
        return load(self.folder / "callcore.yaml", {"SECRET": "secret", **environ})

    def faults(self, **environ: str) -> list[str]:
        """``file:line: path: message remedy`` of each fault, without the folder."""
        with pytest.raises(ConfigFaults) as raised:
            self.load(**environ)
        return [str(fault).removeprefix(f"{self.folder}/") for fault in raised.value.faults]

    def changed(self, old: str, new: str) -> Callable[[], list[str]]:
        """The faults with one piece of the settings replaced."""
        assert old in SETTINGS
        self.settings(SETTINGS.replace(old, new))
        return self.faults

    def changed_table(self, old: str, new: str) -> Callable[[], list[str]]:
        """The faults with one piece of the table replaced."""
        assert old in TABLE
        self.table(TABLE.replace(old, new))
        return self.faults


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)
