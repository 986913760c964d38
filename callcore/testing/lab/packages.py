"""Fetching the laboratory: download, verify, unpack, and never twice.

Each bundle is unpacked into a temporary folder and renamed when it is whole, so that an interruption leaves
either nothing or everything. A lock keeps two fetches apart. When all is there, looking takes milliseconds.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from callcore.testing.lab.apt import PrivateApt, unpack
from callcore.testing.lab.bundles import (
    ASTERISKS,
    BUNDLES,
    NPM_BUNDLES,
    STAMP,
    Bundle,
    NpmBundle,
    architecture,
    asterisk_command,
    lab_folder,
    library_path,
    system_program,
)
from callcore.testing.lab.errors import FetchFailed, KeyringTooOld
from callcore.testing.lab.mirrors import MIRROR_SETTING, Debian, keyring, this_machine
from callcore.testing.lab.npm import fetch_npm, stamp_of

RECIPE = 1  # raise it when the way of unpacking changes: every bundle is then fetched anew
_UNREAD = ("doc", "man", "locale", "info", "lintian", "bug")
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir prefix="relative">usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{fs}/var/cache/fontconfig</cachedir>
  <match target="pattern"><edit name="family" mode="append"><string>DejaVu Sans</string></edit></match>
</fontconfig>
"""


def _say(text: str) -> None:
    print(f"lab: {text}", file=sys.stderr, flush=True)


def _stamp_of(bundle: Bundle | NpmBundle) -> dict[str, object]:
    if isinstance(bundle, NpmBundle):
        return stamp_of(bundle)
    return {"recipe": RECIPE, "packages": list(bundle.packages), "suite": bundle.suite}


def is_fetched(bundle: Bundle | NpmBundle, folder: Path) -> bool:
    """True if the folder holds this bundle as the present recipe makes it."""
    try:
        found = json.loads((folder / bundle.name / STAMP).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and all(
        found.get(key) == value for key, value in _stamp_of(bundle).items()
    )


def is_needed(bundle: Bundle | NpmBundle, folder: Path) -> bool:
    """True if the bundle is neither in the folder nor on the system."""
    programs = () if isinstance(bundle, NpmBundle) else bundle.programs
    on_system = bool(programs) and all(system_program(name) for name in programs)
    return not on_system and not is_fetched(bundle, folder)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("another fetch is at work here, waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def fetch(names: Iterable[str] = (), folder: Path | None = None) -> None:
    """Fetch bundles (all of them if none is named) that are not there yet.

    Raises KeyError for an unknown name, NotDebian on another system, FetchFailed with the remedy otherwise.
    """
    known = BUNDLES | NPM_BUNDLES
    folder = folder or lab_folder()
    wanted = [known[name] for name in (*names,) or known]
    missing = [bundle for bundle in wanted if is_needed(bundle, folder)]
    if not missing:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            # Those that run on any system come first.
            for npm_bundle in (bundle for bundle in missing if isinstance(bundle, NpmBundle)):
                if is_needed(npm_bundle, folder):
                    _fetch_npm(npm_bundle, folder)
            _fetch_missing([bundle for bundle in missing if isinstance(bundle, Bundle)], folder)
    except OSError as error:
        raise FetchFailed(
            f"cannot write to {folder}: {error.strerror or error}. "
            "Free some space or mend the rights, or set CALLCORE_LAB to another folder."
        ) from error


def _fetch_npm(bundle: NpmBundle, folder: Path) -> None:
    _say(f"{bundle.name}: fetching npm packages")
    fetch_npm(bundle, folder)
    _say(f"{bundle.name}: ready")


def _fetch_missing(bundles: list[Bundle], folder: Path) -> None:
    bundles = [bundle for bundle in bundles if is_needed(bundle, folder)]
    if not bundles:
        return
    architecture()
    debian = this_machine()
    for leftover in folder.glob("*.new-*"):
        _remove(leftover)
    apts: dict[str, PrivateApt] = {}
    for bundle in bundles:
        suite = bundle.suite or debian.codename
        if suite not in apts:
            apts[suite] = _apt_for(suite, folder, debian)
        _fetch_one(bundle, folder, apts[suite])


def _apt_for(suite: str, folder: Path, debian: Debian) -> PrivateApt:
    """An apt with its lists fetched; if need be, with a newer keyring that the machine's own vouches for.

    One release may come from another mirror than the rest, e.g. from an archive of old releases.
    """
    mirror = os.environ.get(f"{MIRROR_SETTING}_{suite.upper()}") or debian.mirror
    its = replace(debian, mirror=mirror)
    apt = PrivateApt(folder / "apt" / suite, suite, its)
    try:
        apt.update()
    except KeyringTooOld:
        if suite == debian.codename:
            raise
        _say(f"this machine's keyring is too old for Debian {suite}, fetching the present one")
        own = PrivateApt(folder / "apt" / debian.codename, debian.codename, debian)
        root = folder / "keyring"
        _remove(root)
        unpack(own.download(("debian-archive-keyring",)), root)
        apt = PrivateApt(folder / "apt" / suite, suite, replace(its, keyring=keyring(root)))
        apt.update()
    return apt


def _fetch_one(bundle: Bundle, folder: Path, apt: PrivateApt) -> None:
    started = time.monotonic()
    free = shutil.disk_usage(folder).free // 1_000_000
    if free < bundle.megabytes:
        raise FetchFailed(
            f"{bundle.name} needs about {bundle.megabytes} MB and {folder} has {free} MB free. "
            "Free some space, or set CALLCORE_LAB to a folder on another disk."
        )
    _say(f"{bundle.name}: downloading from Debian {apt.suite}")
    archives = apt.download(bundle.packages)
    if not bundle.suite:
        # The machine's own C library serves its own release's programs; two of them in one process would not.
        archives = [archive for archive in archives if not archive.name.startswith(("libc6_", "libc-bin_"))]
    _say(f"{bundle.name}: unpacking {len(archives)} packages")
    fresh = folder / f"{bundle.name}.new-{os.getpid()}"
    root = fresh / "fs"
    root.mkdir(parents=True)
    unpack(archives, root)
    for name in _UNREAD:
        _remove(root / "usr/share" / name)
    target = folder / bundle.name
    _write_starters(bundle, fresh, target)
    stamp = {**_stamp_of(bundle), "archives": [archive.name for archive in archives]}
    (fresh / STAMP).write_text(json.dumps(stamp, indent=1) + "\n", "utf-8")
    _remove(target)
    fresh.rename(target)
    _check_libraries(bundle, target)
    _check_asterisk(bundle, folder)
    _say(f"{bundle.name}: ready in {time.monotonic() - started:.0f} s")


def _write_starters(bundle: Bundle, fresh: Path, target: Path) -> None:
    """A start script for each program; it finds its files wherever the folder is moved."""
    environment = {"LD_LIBRARY_PATH": library_path("$fs", bundle.library_folders)}
    for variable, value in (bundle.environment or {}).items():
        environment[variable] = value.format(fs="$fs", triple=architecture()[1])
    exports = "".join(f'export {variable}="{value}"\n' for variable, value in environment.items())
    (fresh / "bin").mkdir()
    for name, place in bundle.programs.items():
        script = fresh / "bin" / name
        place = _found(fresh, place)
        find = 'fs=$(cd "${0%/*}/../fs" && pwd) || exit 1\n'
        script.write_text(f'#!/bin/sh\n{find}{exports}exec "$fs/{place}" "$@"\n', "utf-8")
        script.chmod(0o755)
    if "FONTCONFIG_FILE" in (bundle.environment or {}):
        (fresh / "fs/callcore-fonts.conf").write_text(_FONTS.format(fs=target / "fs"), "utf-8")


def _found(bundle: Path, place: str) -> str:
    """Where a program lies below the bundle's root, its version's folder filled in."""
    root = bundle / "fs"
    found = sorted(root.glob(place))
    return str(found[-1].relative_to(root)) if found else place


def _check_libraries(bundle: Bundle, target: Path) -> None:
    """Ask the loader whether each program finds every library; a gap is better known now than in a test."""
    search = library_path(target / "fs", bundle.library_folders)
    for name, place in bundle.programs.items():
        listing = subprocess.run(
            [str(target / "fs" / _found(target, place))],
            env={"LD_TRACE_LOADED_OBJECTS": "1", "LD_LIBRARY_PATH": search},
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        missing = [line.split()[0] for line in listing.splitlines() if "not found" in line]
        if missing:
            (target / STAMP).unlink()
            raise FetchFailed(f"{name} ({place}) lacks libraries: {', '.join(missing)}.")


def _check_asterisk(bundle: Bundle, folder: Path) -> None:
    """Debian's sid moves on: better an error here than a puzzle later."""
    for version in ASTERISKS.values():
        if version.bundle == bundle.name:
            command, _ = asterisk_command(version.major, folder)
            done = subprocess.run([*command, "-V"], capture_output=True, text=True, check=False)
            if not done.stdout.startswith(f"Asterisk {version.major}."):
                (folder / bundle.name / STAMP).unlink()
                said = (done.stdout or done.stderr).strip() or "nothing that starts"
                raise FetchFailed(
                    f"Debian {bundle.suite} gave {said}, and Asterisk {version.major} is needed. "
                    "Set CALLCORE_DEBIAN_MIRROR to a mirror that has it."
                )


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
