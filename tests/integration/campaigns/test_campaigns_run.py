"""Whole campaigns in one process: whatever happens, everybody ends once, and nobody is told twice."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from contextlib import closing

from callcore.calls.campaign import CampaignState, TargetResult
from callcore.domain import CustomerId, OutageState

from .campaign_stage import Stage, mobile, now, until

R = TargetResult


async def test_a_told_recipient(stage: Stage):
    await stage.people([[mobile(1)]])
    await stage.start()
    campaign = await stage.publish()
    await until(lambda: stage.is_over(campaign.id))
    [target] = (await stage.targets(campaign.id)).values()
    assert (target.result, target.reason, target.rings) == (R.told, "told", 1)
    assert list(stage.carrier.notices.values()) == ["/prompts/main/ru/ru outage 2026-1/1"]
    assert not stage.carrier.texts
    stored = await stage.db.campaigns.get(campaign.id)
    assert stored is not None
    assert stored.state is CampaignState.done


async def test_three_hundred_with_every_fate(stage: Stage):
    """Each number behaves by its own dice; no run is like another, and all of them end."""
    dice = random.Random(7)
    fates = ["told", "told:1", "told:9", "early", "busy", "no_answer", "rejected", "unreachable", "network"]
    fates += ["failed", "not_sent", "unsure"]
    fate = {mobile(n): dice.choices(fates, k=20) for n in range(300)}
    receipt = {
        mobile(n): dice.choice(["delivered", "failed", "silent", "not_sent", "unsure"]) for n in range(300)
    }
    stage.carrier.behaves = lambda number, nth: fate[number][nth % 20]
    stage.carrier.receives = lambda number: receipt[number]
    await stage.people([[mobile(n)] for n in range(300)])
    await stage.start()
    campaign = await stage.publish()
    await until(lambda: stage.is_over(campaign.id))
    await stage.check_the_ledger(campaign.id)
    targets = await stage.targets(campaign.id)
    assert len(targets) == 300
    texted = [number for number, _ in stage.carrier.texts]
    assert len(set(texted)) == len(texted)
    for target in targets.values():
        rung = stage.carrier.times(target.number)
        assert rung <= 6
        assert target.rings <= 2
        if target.result in (R.told, R.opted_out):
            assert target.number not in texted
    listed = {entry.number for entry in await stage.db.attempts.dnc()}
    assert listed == {target.number for target in targets.values() if target.result is R.opted_out}


async def test_pause_keeps_and_resume_goes_on(stage: Stage):
    stage.lines = 5
    stage.carrier.behaves = lambda number, nth: "held"
    await stage.people([[mobile(n)] for n in range(30)])
    await stage.start()
    campaign = await stage.publish()
    await until(lambda: len(stage.carrier.alive) == 5)
    assert (await stage.desk.pause(campaign.id, "olga")).state is CampaignState.paused
    stage.carrier.behaves = lambda number, nth: "told"
    for number in list(stage.carrier.alive.values()):
        stage.dialers["main"].let_go(number)
    await until(lambda: told_is(stage, campaign.id, 5))
    assert len(stage.carrier.calls) == 5
    await stage.desk.resume(campaign.id, "olga")
    await until(lambda: stage.is_over(campaign.id))
    await stage.check_the_ledger(campaign.id)
    assert len(stage.carrier.calls) == 30


async def test_while_the_ledger_is_locked_nothing_leaves_and_the_report_says_why(stage: Stage, tmp_path):
    stage.lines = 3
    stage.carrier.behaves = lambda number, nth: "held"
    await stage.people([[mobile(n)] for n in range(10)])
    await stage.start()
    campaign = await stage.publish()
    await until(lambda: len(stage.carrier.alive) == 3)
    other = sqlite3.connect(tmp_path / "callcore.db", isolation_level=None, check_same_thread=False)
    with closing(other):
        await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
        stage.carrier.behaves = lambda number, nth: "told"
        for number in list(stage.carrier.alive.values()):
            stage.dialers["main"].let_go(number)
        await until(lambda: says(stage, campaign.id, "waits: the database takes no writes"))
        assert len(stage.carrier.calls) == 3
        other.execute("ROLLBACK")
    await until(lambda: stage.is_over(campaign.id))
    await stage.check_the_ledger(campaign.id)
    assert len(stage.carrier.calls) == 10


async def says(stage: Stage, campaign, words: str) -> bool:
    report = await stage.desk.report(campaign)
    return report is not None and words in report.now.en


async def told_is(stage: Stage, campaign, count: int) -> bool:
    progress = await stage.db.campaigns.progress(campaign)
    return progress.by_result.get(R.told, 0) == count


async def test_stop_ends_all_that_was_not_told_yet(stage: Stage):
    stage.lines = 3
    stage.carrier.behaves = lambda number, nth: "held"
    await stage.people([[mobile(n)] for n in range(20)])
    await stage.start()
    campaign = await stage.publish()
    await until(lambda: len(stage.carrier.alive) == 3)
    await stage.desk.stop(campaign.id, "olga")
    for number in list(stage.carrier.alive.values()):
        stage.dialers["main"].let_go(number)
    await until(lambda: told_is(stage, campaign.id, 3))
    await stage.check_the_ledger(campaign.id)
    results = [(target.result, target.reason) for target in (await stage.targets(campaign.id)).values()]
    assert results.count((R.stopped, "by:olga")) == 17
    assert len(stage.carrier.calls) == 3


async def test_a_change_takes_the_place_of_what_was_not_told_and_its_end_reaches_those_told(stage: Stage):
    stage.lines = 4
    stage.carrier.behaves = lambda number, nth: "held"
    await stage.people([[mobile(n)] for n in range(12)])
    await stage.start()
    first = await stage.publish()
    await until(lambda: len(stage.carrier.alive) == 4)
    second = await stage.publish()
    early = list(stage.carrier.alive.values())
    stage.carrier.behaves = lambda number, nth: "told" if number in early else "held"
    for number in early:
        stage.dialers["main"].let_go(number)
    await until(lambda: told_is(stage, first.id, 4))
    # lines are taken by those who have not been told anything yet
    await until(lambda: len(stage.carrier.alive) == 4 and not set(early) & set(stage.carrier.alive.values()))
    last = await stage.publish(state=OutageState.restored, ended_at=now())
    living = list(stage.carrier.alive.values())
    stage.carrier.behaves = lambda number, nth: "told"
    for number in living:
        stage.dialers["main"].let_go(number)
    await until(lambda: stage.is_over(last.id))
    for campaign in (first, second, last):
        await stage.check_the_ledger(campaign.id)
    told = {t.customer for t in (await stage.targets(last.id)).values()}
    assert told == {CustomerId(n + 1) for n in range(12) if mobile(n) in {*early, *living}}
    assert all(t.result is R.told for t in (await stage.targets(last.id)).values())
    results = {t.result for t in (await stage.targets(first.id)).values()}
    assert results == {R.told, R.replaced}
    assert R.withdrawn in {t.result for t in (await stage.targets(second.id)).values()}


async def test_a_restart_in_the_middle_loses_and_doubles_nobody(stage: Stage):
    stage.lines = 10
    stage.carrier.call_seconds = 0.05
    await stage.people([[mobile(n)] for n in range(100)])
    await stage.start()
    campaign = await stage.publish()
    await until(lambda: len(stage.carrier.calls) >= 30)
    await stage.stop()
    await stage.start()
    await until(lambda: stage.is_over(campaign.id))
    await stage.check_the_ledger(campaign.id)
    assert len({number for number, _ in stage.carrier.calls}) == 100
    assert len(stage.carrier.calls) == 100
    assert {t.result for t in (await stage.targets(campaign.id)).values()} == {R.told}
