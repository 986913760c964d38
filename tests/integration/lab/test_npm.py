"""The bundle of npm packages: fetched once, anew when its lock file changes, and a failure that says why."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from callcore.testing.lab import npm, packages
from callcore.testing.lab.bundles import NPM_BUNDLES, STAMP, NpmBundle, smsc_command
from callcore.testing.lab.errors import FetchFailed, NotFetched

SMSC = NPM_BUNDLES["smsc"]


def test_fetch_and_fetch_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NotFetched, match="fetch smsc"):
        smsc_command(tmp_path)
    packages.fetch(["smsc"], tmp_path)
    assert "smsc: ready" in capsys.readouterr().err
    _command, environment = smsc_command(tmp_path)
    assert Path(environment["NODE_PATH"], "smpp/package.json").is_file()
    packages.fetch(["smsc"], tmp_path)
    assert capsys.readouterr().err == ""
    (tmp_path / "smsc" / STAMP).write_text(json.dumps({"lock": "another"}))
    assert packages.is_needed(SMSC, tmp_path)


def test_a_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "source"
    shutil.copytree(SMSC.source, source)
    lock = source / "package-lock.json"
    lock.write_text(lock.read_text().replace('"lockfileVersion": 3', '"lockfileVersion": 3 broken'))
    monkeypatch.setitem(NPM_BUNDLES, "smsc", NpmBundle("smsc", source))
    folder = tmp_path / "lab"
    with pytest.raises(FetchFailed, match="npm ci failed"):
        packages.fetch(["smsc"], folder)
    assert [path.name for path in folder.iterdir() if path.name.startswith("smsc")] == []


def test_without_node_the_remedy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npm, "_npm", lambda *_: (1, npm.NO_NODE))
    with pytest.raises(FetchFailed, match="make install"):
        packages.fetch(["smsc"], tmp_path)


def test_the_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (SMSC.source / "package-lock.json").read_text()
