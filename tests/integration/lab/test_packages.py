"""Fetching: nothing twice, nothing by halves, and an error that says what to do."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import threading
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest

from callcore.testing.lab import bundles, packages
from callcore.testing.lab.apt import PrivateApt, explain
from callcore.testing.lab.bundles import BUNDLES, STAMP, Bundle, program
from callcore.testing.lab.errors import FetchFailed, KeyringTooOld, NotFetched
from callcore.testing.lab.mirrors import MIRROR_SETTING, this_machine

SMALL = Bundle("small", ("hostname",), {"hostname": "bin/hostname"})
DEAD_MIRROR = "http://127.0.0.1:9/debian"


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has no program of the laboratory; one small bundle to fetch."""
    monkeypatch.setenv(bundles.SYSTEM_SETTING, "no")
    monkeypatch.setitem(BUNDLES, "small", SMALL)
    monkeypatch.setitem(bundles.PROGRAMS, "hostname", "small")


@pytest.mark.usefixtures("bare")
def test_fetch_start_and_fetch_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NotFetched, match="fetch small"):
        program("hostname", tmp_path)
    packages.fetch(["small"], tmp_path)
    assert "small: ready" in capsys.readouterr().err
    shown = subprocess.run(
        [program("hostname", tmp_path), "--help"], capture_output=True, env={}, check=False
    )
    assert b"hostname" in shown.stdout + shown.stderr
    packages.fetch(["small"], tmp_path)
    assert capsys.readouterr().err == ""
    moved = (tmp_path / "small").rename(tmp_path / "moved on")
    assert (
        subprocess.run([moved / "bin/hostname", "-V"], capture_output=True, env={}, check=False).returncode
        == 0
    )
    moved.rename(tmp_path / "small")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["apt", "lock", "small"]


@pytest.mark.usefixtures("bare")
def test_a_changed_recipe_or_damaged_stamp_fetches_anew(tmp_path: Path) -> None:
    stamp = tmp_path / "small" / STAMP
    stamp.parent.mkdir()
    for text in ("", "[]", json.dumps({"recipe": 0}), "\x00"):
        stamp.write_text(text)
        assert packages.is_needed(SMALL, tmp_path)
    stamp.write_text(
        json.dumps({"recipe": packages.RECIPE, "packages": ["hostname"], "suite": "", "more": 1})
    )
    assert not packages.is_needed(SMALL, tmp_path)


@pytest.mark.usefixtures("bare")
def test_a_mirror_that_cannot_be_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MIRROR_SETTING, DEAD_MIRROR)
    with pytest.raises(FetchFailed, match=f"cannot be reached.*{MIRROR_SETTING}"):
        packages.fetch(["small"], tmp_path)
    assert not (tmp_path / "small").exists()


@pytest.mark.usefixtures("bare")
def test_one_release_may_come_from_a_mirror_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(apt: PrivateApt) -> None:
        raise FetchFailed(apt.debian.mirror)

    monkeypatch.setattr(PrivateApt, "update", refuse)
    monkeypatch.setenv(f"{MIRROR_SETTING}_{this_machine().codename.upper()}", DEAD_MIRROR)
    with pytest.raises(FetchFailed, match=DEAD_MIRROR):
        packages.fetch(["small"], tmp_path)


@pytest.mark.usefixtures("bare")
def test_a_full_disk_is_told_before_the_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(9, 8, 1_000_000))
    monkeypatch.setattr(PrivateApt, "update", lambda _self: None)
    with pytest.raises(FetchFailed, match="1 MB free"):
        packages.fetch(["small"], tmp_path)


@pytest.mark.usefixtures("bare")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FetchFailed, match="CALLCORE_LAB"):
        packages.fetch(["small"], tmp_path / "file")


@pytest.mark.usefixtures("bare")
def test_two_fetches_at_once_fetch_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (tmp_path / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        other = threading.Thread(target=packages.fetch, args=(["small"], tmp_path))
        other.start()
        (tmp_path / "small").mkdir()
        stamp = {"recipe": packages.RECIPE, "packages": ["hostname"], "suite": ""}
        (tmp_path / "small" / STAMP).write_text(json.dumps(stamp))
    other.join(timeout=30)
    assert not other.is_alive()
    assert "downloading" not in capsys.readouterr().err


@pytest.mark.usefixtures("bare")
def test_packages_that_do_not_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BUNDLES, "small", replace(SMALL, packages=("no-such-package-at-all",)))
    with pytest.raises(FetchFailed, match="does not offer"):
        packages.fetch(["small"], tmp_path)


@pytest.mark.usefixtures("bare")
def test_an_unsigned_or_foreign_archive_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty.gpg"
    empty.touch()
    debian = replace(this_machine(), keyring=empty)
    with pytest.raises(KeyringTooOld, match="debian-archive-keyring"):
        PrivateApt(tmp_path / "apt", debian.codename, debian).update()


def test_every_complaint_of_apt_has_its_remedy() -> None:
    assert "keyring" in explain("W: GPG error: ... NO_PUBKEY 0123456789ABCDEF")
    assert "disk" in explain("E: You don't have enough free space in /x.")
    assert "disk" in explain("tar: write error: No space left on device")
    assert "offer" in explain("E: Unable to locate package x")
    assert "reached" in explain("Err:1 http://x.test Temporary failure resolving 'x.test'")
    assert "_BULLSEYE" in explain(
        "E: The repository 'http://x.test bullseye Release' no longer has a Release file."
    )
    assert explain("something else") == ""


def lab(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "callcore.testing.lab", *arguments]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def test_commands(tmp_path: Path) -> None:
    assert lab("status").returncode == 0
    assert lab("fetch", "nonsense").returncode == 2
    assert lab().returncode == 2
    nothing = {"CALLCORE_LAB": str(tmp_path), "CALLCORE_LAB_SYSTEM": "no"}
    missing = lab("which", "sipp", **nothing)
    assert (missing.returncode, "fetch sipp" in missing.stderr) == (1, True)
    (tmp_path / "file").touch()
    failed = lab("fetch", "sipp", CALLCORE_LAB=str(tmp_path / "file"), CALLCORE_LAB_SYSTEM="no")
    assert (failed.returncode, "Traceback" in failed.stderr) == (1, False)
