"""Plays the stories and writes the recordings: python -m callcore.testing.recording --help."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from callcore.testing.lab import LabError
from callcore.testing.recording.capture import NeverCame, Refused
from callcore.testing.recording.registry import VERSIONS, Story, file_name
from callcore.testing.recording.stories import STORIES
from callcore.testing.recording.studio import record

FOLDER = Path(__file__).resolve().parents[3] / "tests/fixtures/ami"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m callcore.testing.recording", description=__doc__)
    parser.add_argument("--version", type=int, choices=VERSIONS, help="of Asterisk; both if not given")
    parser.add_argument("--story", action="append", help="only this one (may be repeated)")
    parser.add_argument("--into", type=Path, default=FOLDER, help="folder (tests/fixtures/ami)")
    parser.add_argument("--list", action="store_true", help="say what stories there are, and record nothing")
    wanted = parser.parse_args()
    known = {story.name: story for story in STORIES}
    unknown = [name for name in wanted.story or () if name not in known]
    if unknown:
        parser.error(f"no such story: {', '.join(unknown)}. There are: {', '.join(known)}")
    chosen = [known[name] for name in wanted.story or known]
    if wanted.list:
        for story in chosen:
            print(f"{story.name}\n    " + story.says.replace("\n", "\n    "))
        return 0
    wanted.into.mkdir(parents=True, exist_ok=True)
    versions = (wanted.version,) if wanted.version else VERSIONS
    return asyncio.run(_record(chosen, versions, wanted.into))


async def _record(stories: list[Story], versions: tuple[int, ...], folder: Path) -> int:
    failed = 0
    for version in versions:
        for story in stories:
            file = folder / file_name(story.name, version)
            try:
                raw = await record(story.stage, story.play, version)
            except (LabError, NeverCame, Refused, TimeoutError) as error:
                failed += 1
                print(f"{file.name}: {type(error).__name__}: {error}", file=sys.stderr)
            else:
                file.write_bytes(raw)
                print(f"{file.name}: {len(raw)} bytes")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
