from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from callcore.cli import main

SAMPLE = Path(__file__).parents[3] / "config" / "callcore.yaml"
Ran = tuple[int, str, str]
Command = Callable[..., Ran]


def sample_text() -> str:
    """The sample's settings for a file of any folder: what they name stands by its whole path."""
    text = SAMPLE.read_text(encoding="utf-8")
    settings = (
        "topics: topics ",
        "cases_file: cases.yaml ",
        "departments_file: departments.yaml ",
        "file: ivr.yaml ",
    )
    for name in settings:
        assert name in text
        key, file = name.split()
        text = text.replace(name, f"{key} {SAMPLE.parent / file} ")
    return text


@pytest.fixture
def own_config(tmp_path: Path) -> Path:
    """The sample's settings with a database, and so a control socket, of their own."""
    text = sample_text().replace("sqlite:///../var/callcore.db", f"sqlite:///{tmp_path}/c.db")
    file = tmp_path / "callcore.yaml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def command(
    own_config: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    logs_as_before: None,
) -> Command:
    """Exit code, output and errors of one command on ``own_config``, in English."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("CALLCORE_CONFIG", str(own_config))
    monkeypatch.delenv("CALLCORE_TRACEBACK", raising=False)

    def run(*arguments: str) -> Ran:
        code = main(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
