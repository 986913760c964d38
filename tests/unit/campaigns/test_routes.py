"""Which PBX is chosen, and when a route counts as gone."""

from __future__ import annotations

from datetime import datetime, timedelta

from callcore.calls.attempt import Medium
from callcore.campaigns.routes import GONE_AFTER, Routes, RouteWatch
from callcore.domain import Text

from .campaign_people import NOW

AWAY = Text("нет связи", "no link")
VOICE = Medium.voice


class Links:
    """The part of the room that is asked."""

    def __init__(self) -> None:
        self.away: dict[str, Text] = {}

    def trouble(self, medium: Medium, route: str) -> Text | None:
        return self.away.get(route)


def test_the_first_that_works_and_then_the_same_as_long_as_it_does():
    links = Links()
    routes = Routes(("main", "spare"), links)
    links.away["main"] = AWAY
    assert routes.chosen() == "spare"
    links.away.clear()
    assert routes.chosen() == "spare"
    links.away["spare"] = AWAY
    assert (routes.chosen(), routes.trouble()) == ("main", None)


def test_with_none_that_works_the_last_one_is_waited_for():
    links = Links()
    routes = Routes(("main",), links)
    links.away["main"] = AWAY
    assert (routes.chosen(), routes.trouble()) == ("main", AWAY)
    assert Routes((), links).chosen() is None
    assert Routes((), links).trouble() is None


def test_a_lost_trunk_is_avoided_until_it_comes_back_or_a_person_says_so():
    routes = Routes(("main", "spare"), Links())
    assert routes.lose("main")
    assert routes.chosen() == "spare"
    assert not routes.lose("spare")
    routes.forgive("main")
    assert routes.chosen() == "main"
    assert not routes.lose("main")
    routes.forgive_all()
    assert routes.lose("main")


class Watched:
    def __init__(self, *routes: str) -> None:
        self.links = Links()
        self.now = NOW
        self.changes = 0
        self.gone: list[str] = []
        self.routes = Routes(routes, self.links)
        self.watch = RouteWatch((), self.routes, self.links, self.clock, self.changed, self.lost)

    def clock(self) -> datetime:
        return self.now

    def changed(self) -> None:
        self.changes += 1

    async def lost(self, medium: Medium, route: str, why: Text) -> None:
        self.gone.append(route)

    async def look(
        self, route: str = "main", medium: Medium = VOICE, later: timedelta = timedelta(0)
    ) -> None:
        self.now += later
        await self.watch.look(medium, route)


async def test_what_worked_and_stays_away_is_gone():
    watched = Watched("main")
    await watched.look()
    await watched.look()
    watched.links.away["main"] = AWAY
    await watched.look()
    assert watched.changes == 2
    await watched.look(later=GONE_AFTER / 2)
    assert watched.gone == []
    await watched.look(later=GONE_AFTER)
    assert watched.gone == ["main"]


async def test_what_comes_back_in_time_is_used_on():
    watched = Watched("main")
    await watched.look()
    watched.links.away["main"] = AWAY
    await watched.look()
    watched.links.away.clear()
    await watched.look(later=GONE_AFTER * 2)
    assert (watched.gone, watched.changes) == ([], 3)


async def test_a_person_who_says_try_again_gives_it_as_long_as_before():
    watched = Watched("main")
    await watched.look()
    watched.links.away["main"] = AWAY
    await watched.look()
    await watched.look(later=GONE_AFTER * 2)
    watched.watch.wait_again()
    await watched.look(later=GONE_AFTER / 2)
    assert watched.gone == ["main"]
    await watched.look(later=GONE_AFTER / 2)
    assert watched.gone == ["main", "main"]


async def test_try_again_changes_nothing_for_what_works():
    watched = Watched("main")
    await watched.look()
    watched.watch.wait_again()
    await watched.look(later=GONE_AFTER * 2)
    assert (watched.gone, watched.changes) == ([], 1)


async def test_what_never_worked_is_waited_for():
    watched = Watched("main")
    watched.links.away["main"] = AWAY
    await watched.look()
    await watched.look(later=GONE_AFTER * 10)
    assert watched.gone == []


async def test_nobody_misses_a_spare_trunk_but_a_gateway():
    watched = Watched("main", "spare")
    for route, medium in (("spare", VOICE), ("dry", Medium.sms)):
        await watched.look(route, medium)
        watched.links.away[route] = AWAY
        await watched.look(route, medium)
        await watched.look(route, medium, GONE_AFTER)
    assert watched.gone == ["dry"]
