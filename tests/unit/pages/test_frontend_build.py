"""The build hook: bundles when a source changed, costs nothing when none did; the lock names no registry."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def bundle(work: Path, dist: Path) -> None:
        assert not (work / "node_modules").exists()
        dist.mkdir(parents=True, exist_ok=True)
        for name in module.ENTRIES:
            (dist / name).write_text("bundled")

    monkeypatch.setattr(module, "_bundle", bundle)
    return module


def test_bundles_only_what_changed(hook: ModuleType, tmp_path: Path) -> None:
    source = tmp_path / "frontend" / "live.js"
    (source.parent / "node_modules").mkdir(parents=True)
    source.write_text("one")
    assert hook.build(tmp_path)
    assert not hook.build(tmp_path)
    (source.parent / "node_modules" / "noise.js").write_text("ignored")
    assert not hook.build(tmp_path)
    source.write_text("two")
    assert hook.build(tmp_path)
    (tmp_path / "callcore/web/static/dist/desk.css").unlink()
    assert hook.build(tmp_path)


def test_without_sources_it_says_so(hook: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no sources"):
        hook.build(tmp_path)


def test_the_lock_names_versions_and_hashes_but_no_address() -> None:
    text = (ROOT / "frontend/package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    assert "://" not in text
    assert all(package["integrity"].startswith("sha512-") for name, package in packages.items() if name)
