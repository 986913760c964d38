"""A living channel rings a number outside: by a caller's own way, or because a person gives the call away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

import pytest

from callcore.assembly import placing as module
from callcore.assembly.placing import Placing
from callcore.assembly.placing_house import House as Rules
from callcore.calls.attempt import Attempt, AttemptId, Medium, Plan, Purpose
from callcore.domain import CallId, Login, PbxName
from callcore.outbound.gate import Cap, Destinations, Permit, Profile
from callcore.outbound.owners import Owners
from callcore.outbound.ports import CallDialled, RouteBack, RouteLost, Trace, Way
from callcore.outbound.wanted import Handed, PlaceRefused
from callcore.store.attempts import Attempts
from callcore.store.errors import StoreUnavailable

from .outbound_house import GONE, PBX, T0, House, MemoryAttempts, PlainOwner

MAIN, CALL = PbxName(PBX), CallId("c1")
ANNA = Login("anna")
OFFICE = "+74951234567"
TO_RUSSIA = Destinations(("+7",))
RULES = Profile("person", None, None, 9, 9, timedelta(hours=24), TO_RUSSIA)
WAYS: Mapping[PbxName, Way] = {MAIN: Way(30, "+74951112233")}


class Desk:
    def __init__(self, forward: Profile = RULES) -> None:
        self.campaigns = PlainOwner()
        self.attempts = MemoryAttempts()
        by_purpose = {Purpose.transfer: RULES, Purpose.forward: forward}
        self.placing = Placing(
            cast(Attempts, self.attempts),
            Rules("RU", "Europe/Moscow", WAYS, RULES, by_purpose),
            lambda: self.house.clock.now(),
        )
        self.house = House(owner=Owners(self.campaigns, dict.fromkeys(by_purpose, self.placing)), lines=2)
        self.house.attempts.rows = self.attempts.rows
        self.told: list[tuple[str, str, str | None]] = []
        self.placing.publish = lambda login, _type, data, _at: self.told.append(
            (login, data["state"], data["result"])
        )

    async def forward(self, number: str = OFFICE, pbx: PbxName = MAIN) -> Permit | None:
        self.placing.bind(self.house.room)
        return cast("Permit | None", await self.house.in_time(self.placing.forward(pbx, number)))

    async def leaves(self, number: str = OFFICE) -> AttemptId:
        """A caller is sent there."""
        permit = await self.forward(number)
        assert permit is not None
        assert await self.house.in_time(self.placing.leaves(permit, CALL))
        return permit.ask.attempt

    async def gives(self, number: str = OFFICE, pbx: PbxName = MAIN) -> AttemptId:
        """Anna gives her call to this number; it is about to be sent there."""
        self.placing.bind(self.house.room)
        told = await self.house.in_time(self.placing.lead_out(Handed(number, ANNA, pbx, CALL)))
        permit, way = cast("tuple[Permit, Way]", told)
        assert way == WAYS[MAIN]
        return permit.ask.attempt

    def outcome(self, attempt: AttemptId) -> tuple[str, str] | None:
        outcome = self.house.outcome(attempt)
        return None if outcome is None else (outcome.result.value, outcome.detail)


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_forward_is_noted_before_it_leaves(desk: Desk) -> None:
    """Nobody is rung by us: the caller's own channel does it, and the dialplan tells how it went."""
    async with desk.house.running() as room:
        attempt = await desk.leaves()
        row = desk.attempts.rows[attempt]
        assert (row.purpose, row.plan, row.login, row.call) == (Purpose.forward, Plan.carried, "", CALL)
        assert room.figures(Medium.voice, PBX).lines_busy == 1
        assert desk.house.dialer.orders == []
        room.take(CallDialled(attempt, "BUSY", 17))
        await desk.house.clock.settle()
        assert desk.outcome(attempt) == ("busy", "BUSY")
        assert room.figures(Medium.voice, PBX).lines_busy == 0
        assert desk.placing.take_settled(MAIN, 9) == [attempt]
    assert desk.campaigns.told == []
    assert desk.told == []


async def test_many_callers_go_to_one_office(desk: Desk) -> None:
    """At the same time, and whatever lines there are: they are on the line already."""
    async with desk.house.running():
        first, second = await desk.forward(), await desk.forward()
        assert first is not None
        assert second is not None
        for permit in (first, second):
            assert await desk.house.in_time(desk.placing.leaves(permit, CALL))
        await desk.leaves()
    assert len([row for row in desk.attempts.rows.values() if row.outcome is None]) == 3


async def test_a_notice_does_not_ring_who_is_on_the_line(desk: Desk) -> None:
    async with desk.house.running() as room:
        await desk.leaves()
        refused = await room.permit(desk.house.ask(number=OFFICE))
    assert not isinstance(refused, Permit)
    assert refused.rule == "open_call"


async def test_forwards_count_in_the_caps() -> None:
    """Where the settings bind them by one: what left before is asked, not guessed."""
    cap = Cap(2, timedelta(hours=1), purposes=frozenset((Purpose.forward,)))
    bound = Profile(
        "strict",
        None,
        None,
        9,
        9,
        timedelta(hours=1),
        TO_RUSSIA,
        caps=(cap,),
        skips=frozenset({pair for pair in RULES.skips if pair != (Purpose.forward, "attempt_cap")}),
    )
    desk = Desk(bound)
    async with desk.house.running() as room:
        for _ in range(2):
            attempt = await desk.leaves()
            room.take(CallDialled(attempt, "ANSWER", 16))
            await desk.house.clock.settle()
        assert await desk.forward() is None


@pytest.mark.parametrize("number", ["+78095550000", "+12025550100", "112", "sip:a@b", "+7495&+7496", ""])
async def test_where_nobody_is_sent(number: str) -> None:
    bound = Profile("x", None, None, 9, 9, timedelta(1), Destinations(("+7",), premium=False))
    desk = Desk(bound)
    async with desk.house.running():
        assert await desk.forward(number) is None
    assert desk.house.log == []


async def test_a_caller_does_not_wait_for_the_ledger(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the database stores after all was not sent."""
    monkeypatch.setattr(module, "CARRY_SECONDS", 0.05)
    desk.placing.bind(desk.house.room)
    async with desk.house.running():
        desk.attempts.read.clear()
        desk.house.attempts.read.clear()
        assert await desk.placing.forward(MAIN, OFFICE) is None
        desk.house.attempts.read.set()
        permit = await desk.forward()
        assert permit is not None
        slow = desk.house.attempts.intend

        async def stores_late(attempt: Attempt) -> None:
            await desk.house.clock.sleep(5)
            await slow(attempt)

        monkeypatch.setattr(desk.house.attempts, "intend", stores_late)
        assert not await desk.placing.leaves(permit, CALL)
        await desk.house.clock.advance(6)
        assert desk.outcome(permit.ask.attempt) == ("not_sent", "no time left")


async def test_without_a_store_nobody_is_sent(desk: Desk) -> None:
    async with desk.house.running():
        permit = await desk.forward()
        assert permit is not None
        desk.house.attempts.trouble = StoreUnavailable("gone")
        assert not await desk.house.in_time(desk.placing.leaves(permit, CALL))
        assert await desk.forward() is None
        desk.house.attempts.trouble = None


async def test_without_a_link_nobody_is_sent(desk: Desk) -> None:
    """What becomes of it could not be told."""
    async with desk.house.running():
        desk.house.dialer.trouble = GONE
        assert await desk.forward() is None
        assert await desk.forward(pbx=PbxName("other")) is None


# --- given away by a person


async def test_a_call_is_given_to_a_number_outside(desk: Desk) -> None:
    """Nobody is rung by us: his channel is sent there by the order."""
    async with desk.house.running() as room:
        attempt = await desk.gives()
        row = desk.attempts.rows[attempt]
        assert desk.house.log == [f"intend {attempt}"]
        assert (row.purpose, row.plan, row.login, row.call) == (Purpose.transfer, Plan.carried, ANNA, CALL)
        assert room.figures(Medium.voice, PBX).lines_busy == 1
        room.take(CallDialled(attempt, "ANSWER", 16))
        await desk.house.clock.settle()
        assert desk.outcome(attempt) == ("answered", "")
        assert room.figures(Medium.voice, PBX).lines_busy == 0
    assert desk.told == [(ANNA, "over", "answered")]


async def test_he_may_give_the_next_one_away_meanwhile(desk: Desk) -> None:
    async with desk.house.running():
        await desk.gives()
        await desk.gives("+74951234568")
        assert await desk.attempts.of_login(ANNA) == ()


async def test_a_channel_that_is_gone(desk: Desk) -> None:
    """Nothing was rung; the trunk is blamed for nothing."""
    async with desk.house.running() as room:
        for _ in range(4):
            attempt = await desk.gives()
            room.withdraw(attempt)
            await desk.house.clock.settle()
            assert desk.outcome(attempt) == ("not_sent", "no time left")
        assert room.figures(Medium.voice, PBX).lines_busy == 0
    assert desk.campaigns.gone == []


@pytest.mark.parametrize(
    ("number", "pbx", "code"),
    [
        ("+441632960000", MAIN, "refused_by_gate"),
        ("odd", MAIN, "not_a_number"),
        (OFFICE, PbxName("other"), "no_trunk"),
    ],
)
async def test_where_nobody_may_give_it(desk: Desk, number: str, pbx: PbxName, code: str) -> None:
    async with desk.house.running():
        with pytest.raises(PlaceRefused) as refused:
            await desk.gives(number, pbx)
    assert refused.value.code == code
    assert desk.house.log == []


async def test_without_a_link_nothing_is_given_away(desk: Desk) -> None:
    async with desk.house.running():
        desk.house.dialer.trouble = GONE
        with pytest.raises(PlaceRefused) as refused:
            await desk.gives()
    assert (refused.value.code, refused.value.why) == ("pbx_down", GONE)
    assert desk.house.log == []


# --- what nobody tells

DIALS: dict[str, Any] = {"dialling_at": T0, "is_marked": True, "is_carrying": True}


@pytest.mark.parametrize(
    ("trace", "comes_to"),
    [
        (Trace(**DIALS), None),
        (Trace(**DIALS, is_taken=True), None),
        (Trace(dialling_at=T0), ("unknown", "journal: no end")),
        (Trace(dialling_at=T0, is_taken=True), ("answered", "journal: no end")),
        (Trace(dialling_at=T0, is_marked=True, is_taken=True), ("answered", "journal: no end")),
        (Trace(dialling_at=T0, is_marked=True), ("no_answer", "journal: CANCEL")),
        (
            Trace(dialling_at=T0, status="BUSY", cause=17, ended_at=T0, is_marked=True),
            ("busy", "journal: BUSY"),
        ),
        (Trace(dialling_at=T0, status="ANSWER", cause=16, ended_at=T0), ("answered", "journal")),
        (Trace(is_marked=True), ("not_sent", "journal: never seen")),
        (Trace(), ("not_sent", "journal: never seen")),
    ],
    ids=[
        "dials",
        "talks",
        "the PBX forgot its end",
        "the PBX forgot the end of their talk",
        "it talked, and is elsewhere now",
        "it is elsewhere, and was not answered",
        "busy",
        "talked",
        "marked, never sent",
        "no trace",
    ],
)
async def test_its_redirect_was_lost(desk: Desk, trace: Trace, comes_to: tuple[str, str] | None) -> None:
    async with desk.house.running() as room:
        attempt = await desk.gives()
        desk.house.dialer.traces[attempt] = trace
        room.doubt(attempt)
        await desk.house.clock.advance(40)
        assert desk.outcome(attempt) == comes_to
        if comes_to is None:
            room.take(CallDialled(attempt, "ANSWER", 16))
            await desk.house.clock.settle()
            assert desk.outcome(attempt) == ("answered", "")


async def test_a_pbx_that_has_restarted_tells_nothing(desk: Desk) -> None:
    async with desk.house.running() as room:
        attempt = await desk.leaves()
        room.take(RouteLost(PBX))
        desk.house.dialer.started_at = desk.house.clock.now() + timedelta(seconds=1)
        room.take(RouteBack(PBX))
        await desk.house.clock.advance(10)
        assert desk.outcome(attempt) == ("unknown", "journal: PBX restarted since")


async def test_a_second_life_finds_it(desk: Desk) -> None:
    house = desk.house
    async with house.running():
        attempt = await desk.leaves()
    house.dialer.traces[attempt] = Trace(**DIALS)
    async with house.running() as room:
        await house.clock.advance(5)
        assert desk.outcome(attempt) is None
        room.take(CallDialled(attempt, "ANSWER", 16))
        await house.clock.settle()
        assert desk.outcome(attempt) == ("answered", "")


async def test_an_end_that_nobody_told_is_asked_for(desk: Desk) -> None:
    """The script could not send him on: it says that it does not know."""
    async with desk.house.running():
        permit = await desk.forward()
        assert permit is not None
        assert await desk.house.in_time(desk.placing.leaves(permit, CALL))
        desk.placing.unsure(permit)
        await desk.house.clock.advance(10)
        assert desk.outcome(permit.ask.attempt) == ("not_sent", "journal: never seen")
