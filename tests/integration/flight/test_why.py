"""``callcore why`` with the daemon down (from the database) and running (over its socket)."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
from aiohttp import web

from callcore import numbers
from callcore.cli import main
from callcore.flight.book import Head
from callcore.flight.entries import Entry, Frame, Story, Way, What
from callcore.flight.mask import Mask
from callcore.flight.outbox import stored
from callcore.flight.story import Told, head_of, tell
from callcore.screenpop.hub import Hub
from callcore.store.database import Database
from callcore.store.stories import Stories
from callcore.testing.desks import FakeDesks
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.web import story as pages
from callcore.web.app import build
from callcore.web.control import serve_control
from callcore.web.metrics import Metrics
from callcore.web.ports import WebDeps, WebSettings
from callcore.web.render import ASSETS

T = TypeVar("T")
T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NUMBER = "+79000000123"
SAMPLE = Path(__file__).parents[3] / "config" / "callcore.yaml"
Why = Callable[..., tuple[int, str, str]]


def canonical(raw: str | None) -> str | None:
    number = numbers.normalise(raw, "RU")
    return number.canonical if number else None


def stories() -> list[Story]:
    mask = Mask(b"k" * 32, canonical)
    number = mask.number(NUMBER)

    def one(call: str, minutes: int, *entries: Entry, number: str = number) -> Story:
        at = T0 + timedelta(minutes=minutes)
        frame = Frame(at, Way.ami_in, f"Event: Newchannel\nCallerIDNum: {number}")
        end = at + timedelta(seconds=61)
        return Story(call, "main", at, end, "inbound", number, entries, (frame,))

    popped = Entry(T0, What.popped, "anna")
    missed = Entry(T0 + timedelta(seconds=3), What.unpainted, "anna", {"why": "no_page"})
    painted = Entry(T0 + timedelta(seconds=1), What.painted, "anna", {"ms": 90})
    return [
        one("0abc1", 0, popped, missed),
        one("0abc2", 5, popped, painted),
        one("0xyz3", 9, number=mask.number("+79000000999")),
    ]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    text = SAMPLE.read_text(encoding="utf-8")
    text = text.replace("sqlite:///../var/callcore.db", f"sqlite:///{tmp_path}/c.db")
    text = text.replace("topics: topics ", f"topics: {SAMPLE.parent / 'topics'} ")
    text = re.sub(r"(?m)^(departments_file|cases_file|  file): (?=\w+\.yaml)", rf"\1: {SAMPLE.parent}/", text)
    file = tmp_path / "callcore.yaml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def why(
    config: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    logs_as_before: None,
) -> Why:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("CALLCORE_CONFIG", str(config))

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(("why", *arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def down(tmp_path: Path) -> None:
    """The daemon is down; the database has three stories."""

    async def fill() -> None:
        async with await Database.open(f"sqlite:///{tmp_path}/c.db", create=True) as database:
            kept = Stories(database)
            await kept.pseudonym_key(b"k" * 32)
            for story in stories():
                await kept.save(stored(story))

    asyncio.run(fill())


class Room:
    async def told(self, call: str) -> Told | None:
        return next((tell(story) for story in stories() if story.call == call), None)

    async def latest(self, limit: int = 50, *, number: str = "", **_: object) -> tuple[Head, ...]:
        wanted = Mask(b"k" * 32, canonical).number(number)
        found = [story for story in reversed(stories()) if not number or story.number == wanted]
        return tuple(
            Head(s.call, s.pbx, s.direction, s.number, s.began_at, s.ended_at, head_of(s)) for s in found
        )[:limit]


@pytest.fixture
def up(tmp_path: Path) -> Iterator[None]:
    """The daemon answers on its socket; no database is there."""
    (tmp_path / "static" / "dist").mkdir(parents=True)
    for name in {*ASSETS, "story.css"}:
        (tmp_path / "static" / "dist" / name).touch()

    async def serve() -> web.AppRunner:
        app = build(deps())
        pages.add_to(app, Room(), tmp_path / "static")
        runner = web.AppRunner(app, shutdown_timeout=0.2)
        await runner.setup()
        await serve_control(runner, tmp_path / "callcore.sock")
        return runner

    with thread() as do:
        runner = do(serve())
        yield
        do(runner.cleanup())


@contextmanager
def thread() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    loop = asyncio.new_event_loop()
    runs = threading.Thread(target=loop.run_forever)
    runs.start()
    try:
        yield lambda work: asyncio.run_coroutine_threadsafe(work, loop).result(PATIENCE_SECONDS)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        runs.join(PATIENCE_SECONDS)
        loop.close()


def deps() -> WebDeps:
    nobody = cast(Any, None)
    hub = Hub("epoch-1", lambda: 0.0)
    return WebDeps(
        settings=WebSettings(),
        users=nobody,
        sessions=nobody,
        contacts=nobody,
        hub=hub,
        desks=FakeDesks(hub, now=lambda: T0),
        renderer=nobody,
        topics=lambda: (),
        health=lambda: [],
        readiness=lambda: [],
        now=lambda: T0,
        monotonic=lambda: 0.0,
        metrics=Metrics(),
    )


@pytest.fixture(params=["down", "up"])
def anyhow(request: pytest.FixtureRequest) -> None:
    request.getfixturevalue(request.param)


def test_the_first_line_says_why_the_card_did_not_open(anyhow: None, why: Why) -> None:
    code, out, err = why("0abc1")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == (
        "✗ anna: the card was not shown: no callcore page was open. "
        "Open the desk in a browser and keep it open."
    )
    code, out, _ = why("0abc1", "--lang", "ru")
    assert out.startswith("✗ anna: карточка не показана: не открыта ни одна страница callcore.")
    assert "12:00:00.000  callcore  anna: открыть карточку" in out
    assert NUMBER not in out


def test_the_traffic_is_shown_when_asked_for(anyhow: None, why: Why) -> None:
    assert "AMI and AGI messages: 1, shown with --traffic" in why("0abc2")[1]
    out = why("0abc2", "--traffic")[1]
    assert "Event: Newchannel\nCallerIDNum: +7•••-" in out


def test_json_is_for_programs(anyhow: None, why: Why) -> None:
    told = json.loads(why("0abc2", "--json")[1])
    assert told["verdict"][0]["code"] == "painted"
    assert told["began_at"] == "2026-03-02T09:05:00.000Z"
    assert [head["call"] for head in json.loads(why("--last", "2", "--json")[1])] == ["0xyz3", "0abc2"]


def test_a_call_is_found_by_number_and_by_the_beginning_of_its_id(anyhow: None, why: Why) -> None:
    out = why("--number", "8 900 000-01-23")[1]
    assert out.startswith("✓ anna: the card opened")
    assert "Others with this number:\n  0abc1" in out
    assert why("0xy")[1].splitlines()[2].startswith("0xyz3 · inbound")


def test_without_a_call_the_latest_are_listed(anyhow: None, why: Why) -> None:
    code, out, _ = why()
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["0xyz3", "0abc2", "0abc1"]


def test_an_unknown_or_ambiguous_call_is_refused_with_the_latest_ones(anyhow: None, why: Why) -> None:
    code, out, err = why("nonsense")
    assert (code, out) == (1, "")
    assert "There is no call nonsense" in err
    assert "0xyz3  2026-03-02 12:09:00" in err
    code, _, err = why("0abc")
    assert code == 1
    assert 'Several begin with "0abc"' in err
    assert "0abc2" in err
    assert "0xyz3" not in err
    code, _, err = why("--number", "+79000000777")
    assert code == 1
    assert "There is no call with this number. The latest calls:" in err


@pytest.mark.parametrize("arguments", [("0abc1", "--number", "1"), ("--last", "0"), ("--last", "501")])
def test_a_wrong_question_is_wrong_use(why: Why, arguments: tuple[str, ...]) -> None:
    assert why(*arguments)[0] == 2


def test_no_database_yet(why: Why) -> None:
    code, _, err = why("c1")
    assert code == 1
    assert "callcore" in err


def test_no_stories_yet(why: Why, tmp_path: Path) -> None:
    async def make() -> None:
        async with await Database.open(f"sqlite:///{tmp_path}/c.db", create=True):
            pass

    asyncio.run(make())
    code, out, err = why()
    assert (code, err) == (0, "")
    assert out.endswith("There are no stories of calls yet.\n")
    assert "There are no stories of calls yet." in why("c1")[2]
    assert why("--number", NUMBER)[0] == 1
