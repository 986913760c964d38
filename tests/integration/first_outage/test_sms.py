"""SMS through a real SMPP partner: every way it may answer or fall silent, seen from the campaign."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from sqlalchemy import update

from callcore.calls.attempt import AttemptResult, Medium
from callcore.calls.campaign import CampaignState, TargetResult
from callcore.store.schema.core import attempts
from callcore.testing.blackout import person
from callcore.testing.wire import Wire

from .apart import Apart
from .centre import Centre

NO_SUCH = [person("23", n) for n in range(1, 6)]
"""Nobody can be rung there, so an SMS follows at once."""
THROTTLED = 0x58


@pytest.fixture
async def wire(centre: Centre, apart: Apart, stack: AsyncExitStack) -> Wire:
    """callcore's way to the centre."""
    wire = await stack.enter_async_context(Wire(centre.smsc.port))
    centre.settings(apart, port=wire.port)
    return wire


@pytest.mark.parametrize("receipts", ["after", "before", "twice"])
async def test_delivered_failed_refused_throttled(apart: Apart, centre: Centre, receipts: str) -> None:
    """``receipts``: when they come, seen from the answer to the message."""
    arrives, also, fails, refused = NO_SUCH[:4]
    await centre.configure(
        receipts=receipts, failing=[fails], refused=[refused], statuses=[THROTTLED, THROTTLED]
    )
    await apart.people(*NO_SUCH[:4])
    await apart.begin()
    await apart.publish()
    ended = await apart.ended()
    assert {number: line.target.result for number, line in ended.items()} == {
        arrives: TargetResult.texted,
        also: TargetResult.texted,
        fails: TargetResult.not_reached,
        refused: TargetResult.not_reached,
    }
    results = {number: (await apart.attempts(line))[-1].outcome for number, line in ended.items()}
    assert {number: outcome and outcome.result for number, outcome in results.items()} == {
        arrives: AttemptResult.delivered,
        also: AttemptResult.delivered,
        fails: AttemptResult.undelivered,
        refused: AttemptResult.failed,
    }
    assert (results[fails] and results[fails].detail) == "UNDELIV 001"
    await apart.is_done()
    assert await centre.texted() == [arrives, also, fails]
    assert (await centre.smsc.report()).throttled == 2


async def test_link_cut_between_submit_and_answer(apart: Apart, centre: Centre) -> None:
    """One is ``unknown`` and stays so, whoever asks; the next ones come through."""
    centre.settings(apart, window=1)
    await centre.configure(drop_after=1)
    await apart.people(*NO_SUCH[:3])
    await apart.begin()
    await apart.publish()
    ended = await apart.ended()
    results = sorted(str(line.target.result) for line in ended.values())
    assert results == ["texted", "texted", "unknown"]
    await apart.is_done()
    await apart.stage.kill()
    await apart.begin()
    assert await apart.unknown() == 1
    assert await centre.texted() == sorted(NO_SUCH[:3])


async def test_a_receipt_that_comes_after_a_day_counts_still(
    apart: Apart, centre: Centre, wire: Wire
) -> None:
    await centre.configure(receipt_ms=500)
    await apart.people(NO_SUCH[0])
    await apart.begin("after the answer is stored")
    await apart.publish()
    await apart.stage.killed()
    await _a_day_passes(apart)
    wire.cut()
    await apart.begin()
    (line,) = (await apart.ended()).values()
    assert (line.target.result, line.target.reason) == (TargetResult.sent, AttemptResult.sent)
    wire.mend()

    async def upgraded() -> bool:
        (line,) = (await apart.lines()).values()
        return line.target.result is TargetResult.texted

    await apart.until(upgraded)
    assert await centre.texted() == [NO_SUCH[0]]


async def _a_day_passes(apart: Apart) -> None:
    """For the message that lies in the ledger."""
    (line,) = (await apart.lines()).values()
    message = (await apart.attempts(line))[-1]
    assert message.medium is Medium.sms
    assert message.submitted_at is not None
    earlier = message.submitted_at - timedelta(hours=25)
    await apart.database.writer.submit(
        lambda connection: connection.execute(
            update(attempts).where(attempts.c.id == message.id).values(submitted_at=earlier)
        )
    )


async def test_gateway_gone_and_back(apart: Apart, centre: Centre) -> None:
    """Those who can be rung are; the campaign halts for the others, and goes on when a person says so."""
    rung, *texted = person("01"), *NO_SUCH[:3]
    await apart.people(rung, *texted)
    await apart.begin()
    await centre.smsc.kill()
    await apart.publish()

    async def halted() -> bool:
        return (await apart.campaigns())[0].state is CampaignState.halted

    await apart.until(halted)
    (campaign,) = await apart.campaigns()
    assert campaign.reason == "gateway_gone"
    lines = await apart.lines()
    assert [lines[number].target.result for number in texted] == [None] * 3
    assert lines[rung].target.result is TargetResult.told
    assert [lines[number].target.texts for number in texted] == [0] * 3

    await centre.smsc.start()
    await apart.resume(campaign.id)
    ended = await apart.ended(seconds=120)
    assert {number: line.target.result for number, line in ended.items()} == {
        rung: TargetResult.told,
        **dict.fromkeys(texted, TargetResult.texted),
    }
    assert await centre.texted() == texted
    assert [await apart.carrier.invites_of(number) for number in (rung, *texted)] == [1] * 4
