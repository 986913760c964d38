"""Calls' stories over HTTP: who may see which, what is found, and that both languages say everything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from callcore.domain import Login
from callcore.flight.book import Head
from callcore.flight.entries import Entry, Story, What
from callcore.flight.story import Told, head_of, tell
from callcore.store.errors import StoreUnavailable
from callcore.web import story
from callcore.web.app import build
from callcore.web.i18n import PSEUDO, Texts, catalogue
from callcore.web.metrics import Metrics
from callcore.web.pages import Viewer
from callcore.web.render import ASSETS
from callcore.web.story_render import StoryRenderer

from .web_house import ANNA, BORIS, OLGA, START, House, MakeHouse


@dataclass
class Room:
    """Two stories: Anna took part in one, nobody in the other. Notes what was asked for."""

    asked: list[dict[str, object]] = field(default_factory=list)
    stories: dict[str, Story] = field(default_factory=dict)
    is_down: bool = False

    def __post_init__(self) -> None:
        ring = Entry(START, What.ring_shown, ANNA)
        self.stories = {
            "c2": Story("c2", "main", START + timedelta(hours=1), None, "inbound", "+7•••-AAAAA"),
            "c1": Story("c1", "main", START, START, "inbound", "+7•••-BBBBB", (ring,)),
        }

    async def told(self, call: str) -> Told | None:
        found = self.stories.get(call)
        return tell(found) if found else None

    async def latest(
        self,
        limit: int = 50,
        *,
        number: str = "",
        login: str | None = None,
        before: datetime | None = None,
    ) -> tuple[Head, ...]:
        if self.is_down:
            raise StoreUnavailable("the database is away")
        self.asked.append({"limit": limit, "number": number, "login": login, "before": before})
        heads = [
            Head(s.call, s.pbx, s.direction, s.number, s.began_at, s.ended_at, head_of(s))
            for s in self.stories.values()
            if login is None or login in s.logins
        ]
        return tuple(heads[:limit])


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """Bundled files as a build leaves them."""
    (tmp_path / "dist").mkdir()
    for name in {*ASSETS, "story.css"}:
        (tmp_path / "dist" / name).write_text(name)
    return tmp_path


@pytest.fixture
async def house(make_house: MakeHouse, room: Room, dist: Path) -> AsyncIterator[House]:
    """A house whose application has the pages of calls, too."""
    made = await make_house()
    app = build(replace(made.shell.deps, metrics=Metrics()))
    story.add_to(app, room, dist)
    async with TestClient(TestServer(app)) as client:
        made.client = client
        yield made


async def test_a_supervisor_sees_every_call_and_its_story(house: House) -> None:
    await house.sign_in(OLGA)
    answer = await (await house.client.get("/api/v1/calls")).json()
    assert [call["call"] for call in answer["calls"]] == ["c2", "c1"]
    told = await (await house.client.get("/api/v1/calls/c1/story")).json()
    assert told["verdict"][0]["code"] == "not_answered"
    assert told["timeline"][0]["text"]["ru"].startswith("anna: телефон звонит")
    page = await (await house.client.get("/calls/c1")).text()
    assert "anna: телефон звонил" in page
    assert page.index('class="verdict"') < page.index('class="lanes"')


async def test_an_operator_sees_only_calls_that_he_took_part_in(house: House, room: Room) -> None:
    await house.sign_in(ANNA)
    assert (await house.client.get("/api/v1/calls/c1/story")).status == 200
    assert (await house.client.get("/calls/c1")).status == 200
    refused = await house.client.get("/api/v1/calls/c2/story")
    assert refused.status == 404
    assert (await refused.json())["type"] == "urn:callcore:problem:not-found"
    assert (await house.client.get("/calls/c2")).status == 404
    listed = await (await house.client.get("/api/v1/calls")).json()
    assert [call["call"] for call in listed["calls"]] == ["c1"]
    assert "/calls/c2" not in await (await house.client.get("/calls")).text()
    assert {asked["login"] for asked in room.asked} == {ANNA}
    await house.sign_in(BORIS)
    assert (await house.client.get("/api/v1/calls/c1/story")).status == 404


async def test_nobody_sees_anything_unknown(house: House) -> None:
    for path in ("/api/v1/calls", "/api/v1/calls/c1/story"):
        assert (await house.client.get(path)).status == 401
    for path in ("/calls", "/calls/c1"):
        answer = await house.client.get(path, allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (303, "/sign-in")


async def test_calls_are_found_by_number_and_day(house: House, room: Room) -> None:
    await house.sign_in(OLGA)
    await house.client.get("/calls", params={"number": " 8 900 000 00 01 ", "before": "2026-03-02"})
    last = room.asked[-1]
    assert last["number"] == "8 900 000 00 01"
    zone = house.shell.settings.zone
    assert zone == "Europe/Moscow"
    assert last["before"] == datetime(2026, 3, 2, 20, 59, 59, 999_999, tzinfo=UTC)
    await house.client.get("/api/v1/calls", params={"before": "2026-03-02T10:00:00Z", "limit": "1"})
    assert room.asked[-1]["before"] == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert room.asked[-1]["limit"] == 1


@pytest.mark.parametrize(
    "query",
    [{"before": "soon"}, {"before": "0001-01-01T00:00"}, {"limit": "0"}, {"limit": "501"}, {"limit": "-1"}],
)
async def test_a_bad_question_is_refused(house: House, query: dict[str, str]) -> None:
    await house.sign_in(OLGA)
    assert (await house.client.get("/api/v1/calls", params=query)).status == 400
    assert (await house.client.get("/calls", params=query)).status == 200


async def test_a_long_list_goes_on_at_its_last_call(house: House, room: Room) -> None:
    await house.sign_in(OLGA)
    first = room.stories["c1"]
    for n in range(story.ROWS + 5):
        room.stories[f"d{n}"] = Story(f"d{n}", "main", first.began_at - timedelta(minutes=n))
    page = await (await house.client.get("/calls")).text()
    assert page.count("<tr class=") == story.ROWS
    assert 'rel="next" href="/calls?before=2026-03-02T' in page


async def test_the_store_may_be_down(house: House, room: Room) -> None:
    await house.sign_in(OLGA)
    room.is_down = True
    assert (await house.client.get("/api/v1/calls")).status == 503


# --- texts


def test_both_languages_have_the_same_texts() -> None:
    assert set(catalogue("ru")) == set(catalogue("en"))


def test_no_text_on_the_pages_is_untranslated(dist: Path, room: Room) -> None:
    """In the pseudo-language every text stands between brackets: what is left over was never given to
    translators."""
    texts = Texts(PSEUDO)
    assert texts("story.calls").startswith("⟦")
    viewer = Viewer(
        Login("olga"),
        "Olga",
        PSEUDO,  # type: ignore[arg-type]
        "Europe/Moscow",
        "RU",
        "csrf",
        (),
    )
    told = tell(room.stories["c1"])
    html = StoryRenderer(dist).story(viewer, told, START)
    assert "⟦anna: телефон звонил" in html or "⟦anna: the phone rang" in html


def test_every_text_is_used() -> None:
    templates = Path(story.__file__).parent / "templates"
    source = "".join(path.read_text() for path in templates.glob("story*.html"))
    for key in (key for key in catalogue("ru") if key.startswith("story.")):
        name = key.removeprefix("story.")
        stem = name.partition("_")[0] + "_"
        assert f"'{key}'" in source or f"'{name}'" in source or f"'story.{stem}' ~" in source, key


def test_a_hostile_name_is_text(dist: Path) -> None:
    told = tell(Story("<script>", "main", START, entries=(Entry(START, What.ring_shown, "<b>x</b>"),)))
    viewer = Viewer(Login("olga"), "<i>", "en", "Europe/Moscow", "RU", "csrf", ())
    html = StoryRenderer(dist).story(viewer, told, START)
    assert "<script>" not in html
    assert "<b>x" not in html
