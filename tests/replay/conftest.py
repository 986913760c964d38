"""Makes ``player`` and ``expected`` importable; every test that asks for ``recording`` gets each of them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from player import FOLDER, Heard, frames, heard


@dataclass(frozen=True)
class Recording:
    story: str
    version: int
    raw: bytes
    facts: list[Heard]


_READ: dict[str, Recording] = {}


def _recording(file: Path) -> Recording:
    if file.name not in _READ:
        story, version, _ = file.name.split(".")
        raw = file.read_bytes()
        _READ[file.name] = Recording(story, int(version), raw, heard(frames(raw)))
    return _READ[file.name]


@pytest.fixture(params=sorted(FOLDER.glob("*.ami")), ids=lambda file: file.stem)
def recording(request: pytest.FixtureRequest) -> Recording:
    return _recording(request.param)
