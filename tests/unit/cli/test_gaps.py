"""``callcore gaps``, with the daemon down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from structlog.testing import capture_logs

from callcore.domain import PbxName
from callcore.store.database import Database
from callcore.store.gaps import Gap

Command = Callable[..., tuple[int, str, str]]
T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def filled(config: Path, *gaps: Gap) -> None:
    async def fill() -> None:
        async with await Database.open(f"sqlite:///{config.parent}/c.db", create=True) as database:
            for gap in gaps:
                await database.gaps.add(gap)

    with capture_logs():  # of the test's own work, which would stand before the command's output
        asyncio.run(fill())


def test_none(command: Command, own_config: Path) -> None:
    filled(own_config)
    assert command("gaps") == (0, "There were no gaps.\n", "")
    assert command("gaps", "--json") == (0, "[]\n", "")


def test_newest_first_in_the_organisations_zone(command: Command, own_config: Path) -> None:
    main = PbxName("main")
    short = Gap(main, T0 + timedelta(hours=5), T0 + timedelta(hours=5, seconds=7))
    filled(own_config, Gap(main, T0, T0 + timedelta(hours=1, minutes=2, seconds=3)), short)
    code, out, _err = command("gaps")
    assert code == 0
    assert out.splitlines() == [
        "main  2026-03-02 17:00:00 — 2026-03-02 17:00:07  (0:00:07)",
        "    from the PBX's journal: 0, from CDR: 0, lost: 0",
        "main  2026-03-02 12:00:00 — 2026-03-02 13:02:03  (1:02:03)",
        "    from the PBX's journal: 0, from CDR: 0, lost: 0",
    ]
    _code, out, _err = command("gaps", "--json", "--limit", "1", "--pbx", "main")
    assert json.loads(out) == [
        {
            "pbx": "main",
            "began_at": short.began_at.isoformat(),
            "ended_at": short.ended_at.isoformat(),
            "seconds": 7.0,
            "from_journal": 0,
            "from_cdr": 0,
            "lost": 0,
        }
    ]


def test_in_russian(command: Command, own_config: Path) -> None:
    filled(own_config, Gap(PbxName("main"), T0, T0))
    assert "из журнала АТС: 0, из CDR: 0, потеряно: 0" in command("--lang", "ru", "gaps")[1]


def test_what_goes_wrong(command: Command, own_config: Path) -> None:
    code, _out, err = command("gaps", "--pbx", "branch")
    assert (code, err) == (1, 'callcore: There is no PBX "branch".\n')
    code, _out, err = command("gaps")
    assert code == 1
    assert "c.db" in err
