"""The AMI link is cut, or the PBX dies, in the middle: nobody is rung twice, the campaign goes on."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import pytest

from callcore.calls.attempt import AttemptResult
from callcore.calls.campaign import CampaignState, TargetResult
from callcore.testing.blackout import QUICK, person
from callcore.testing.wire import Wire

from .apart import Apart

ORIGINATE = b"Action: Originate"
PRESSES_1 = [person("01", n) for n in range(1, 5)]
LISTENS, EARLY, SILENT = (person(kind) for kind in ("00", "10", "21"))
LONGER = {"voice": {"outage": {"ru": "Нет света. " * 5, "en": "The light is out. " * 5}}}


def settings(apart: Apart, ami_port: int | None = None, lines: int = 20, **changes: Any) -> None:
    """``ami_port``: of a wire to the PBX."""
    main = {
        "host": "127.0.0.1",
        "port": ami_port or apart.stage.lab.ami_port,
        "username": apart.stage.lab.username,
        "secret_file": "ami.secret",
        "fallback_queue": "expert",
    }
    trunk = {**QUICK["outbound"]["trunks"]["main"], "lines": lines}
    outbound = {**QUICK["outbound"], "trunks": {"main": trunk}}
    apart.settings(pbx={"main": main}, outbound=outbound, **changes)


@pytest.fixture
async def wire(apart: Apart, stack: AsyncExitStack) -> Wire:
    """callcore's AMI link to the PBX."""
    wire = await stack.enter_async_context(Wire(apart.stage.lab.ami_port))
    settings(apart, wire.port)
    return wire


@pytest.mark.parametrize("arrives", [True, False])
async def test_cut_right_after_an_originate_was_written(apart: Apart, wire: Wire, arrives: bool) -> None:
    """The answer never comes; ``arrives``: the PBX has the Originate nevertheless."""
    await apart.people(*PRESSES_1)
    await apart.begin()
    (wire.cut_at if arrives else wire.cut_before)(ORIGINATE)
    await apart.publish()
    ended = await apart.ended()
    assert wire.connections > 1
    assert {number: line.target.result for number, line in ended.items()} == dict.fromkeys(
        PRESSES_1, TargetResult.told
    )
    await apart.is_done()
    assert [await apart.carrier.invites_of(number) for number in PRESSES_1] == [1] * 4
    assert apart.texted() == []


async def test_link_lost_for_some_seconds_while_calls_are_up(apart: Apart, wire: Wire) -> None:
    """They end unseen. Those who were not rung yet are rung when the link is back."""
    settings(apart, wire.port, lines=3)
    up, waiting = (PRESSES_1[0], EARLY, SILENT), PRESSES_1[1:]
    await apart.people(*up, *waiting)
    await apart.begin()
    await apart.publish()
    await apart.carrier.answered(PRESSES_1[0])
    await apart.carrier.rung(EARLY)
    await apart.carrier.rung(SILENT)
    wire.cut()
    for number in up:
        await apart.carrier.gone(number)
    assert [await apart.carrier.invites_of(number) for number in waiting] == [0] * 3
    wire.mend()
    ended = await apart.ended()
    assert {number: line.target.result for number, line in ended.items()} == {
        **dict.fromkeys((PRESSES_1[0], EARLY, *waiting), TargetResult.told),
        SILENT: TargetResult.texted,
    }
    await apart.is_done()
    assert [await apart.carrier.invites_of(number) for number in (*up, *waiting)] == [1] * 6
    assert [message["number"] for message in apart.texted()] == [f"+{SILENT}"]
    (campaign,) = await apart.campaigns()
    assert (campaign.state, campaign.reason) == (CampaignState.done, "")


async def test_pbx_killed_in_the_middle(apart: Apart) -> None:
    """Whose phone rang, of him nobody knows anything: ``unknown``, and left in peace. Who had answered heard
    too little, as the script at our end knows: he gets an SMS."""
    settings(apart, lines=2, outages={"texts": LONGER})
    await apart.people(LISTENS, SILENT, *PRESSES_1)
    await apart.begin()
    await apart.publish()
    await apart.carrier.answered(LISTENS)
    await apart.carrier.rung(SILENT)
    await apart.stage.lab.kill()
    await apart.stage.lab.start()
    ended = await apart.ended(seconds=100)
    assert {number: line.target.result for number, line in ended.items()} == {
        LISTENS: TargetResult.texted,
        SILENT: TargetResult.unknown,
        **dict.fromkeys(PRESSES_1, TargetResult.told),
    }
    (call,) = await apart.attempts(ended[SILENT])
    assert (call.outcome and call.outcome.result) is AttemptResult.unknown
    await apart.is_done()
    assert await apart.unknown() == 1
    assert [await apart.carrier.invites_of(number) for number in (LISTENS, SILENT, *PRESSES_1)] == [1] * 6
    assert [message["number"] for message in apart.texted()] == [f"+{LISTENS}"]
