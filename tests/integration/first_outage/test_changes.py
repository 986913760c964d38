"""The outage changes, or is over, while people are being told; people steer the campaign."""

from callcore.calls.campaign import CampaignState, News, TargetResult
from callcore.campaigns.desk import CampaignDesk
from callcore.testing.blackout import QUICK, Blackout, person

SLOW = {**QUICK["outbound"], "trunks": {"main": {"calls_per_second": 1, "lines": 1, "ring_seconds": 6}}}
"""One line: while it rings for ever somewhere, nobody else is rung."""


def queue_of(n: int) -> list[str]:
    """Somebody who never answers first, then people who would."""
    return [person("21"), *(person("01", i) for i in range(1, n))]


async def slow(blackout: Blackout, *numbers: str) -> None:
    blackout.stage.write_config({**QUICK, "outbound": SLOW})
    await blackout.people(*numbers)
    await blackout.stage.start()


async def test_changed_in_the_middle(blackout: Blackout) -> None:
    first, *others = queue_of(4)
    await slow(blackout, first, *others)
    await blackout.publish()
    await blackout.carrier.rung(first)
    changed = await blackout.publish(
        revision=2, cause={"ru": "сгорела подстанция", "en": "a substation burnt"}
    )
    assert changed.state == "changed"
    assert await blackout.results(revision=2) == {
        first: TargetResult.texted,
        **dict.fromkeys(others, TargetResult.told),
    }
    assert await blackout.results(revision=1) == {
        first: TargetResult.replaced,  # its one call had gone out; the SMS had not
        **dict.fromkeys(others, TargetResult.replaced),
    }
    assert [await blackout.carrier.invites_of(number) for number in others] == [1, 1, 1]
    new, old = await blackout.campaigns()
    assert (new.news, old.state) == (News.changed, CampaignState.superseded)
    assert "подстанция" in new.voice.ru


async def test_restored_in_the_middle(blackout: Blackout) -> None:
    told, *others = [person("01", i) for i in range(1, 4)]
    await slow(blackout, told, *others)
    await blackout.publish()
    await blackout.carrier.answered(told)
    assert blackout.stage.daemon is not None
    await blackout.stage.daemon.outgoing.board.close("A-1", "restored", "test")
    assert await blackout.results(revision=1) == {
        told: TargetResult.told,
        **dict.fromkeys(others, TargetResult.withdrawn),
    }
    assert await blackout.results(revision=2) == {told: TargetResult.told}
    assert [await blackout.carrier.invites_of(number) for number in (told, *others)] == [2, 0, 0]
    assert blackout.texted() == []


async def test_paused_resumed_stopped(blackout: Blackout) -> None:
    first, *others = queue_of(3)
    await slow(blackout, first, *others)
    assert blackout.stage.daemon is not None
    desk = CampaignDesk(blackout.stage.daemon.outgoing.runner)
    await blackout.publish()
    await blackout.carrier.rung(first)
    (campaign,) = await blackout.campaigns()
    assert (await desk.pause(campaign.id, "olga")).state is CampaignState.paused
    await blackout.carrier.gone(first)
    report = await desk.report(campaign.id)
    assert report is not None
    assert "olga" in report.now.ru

    await desk.resume(campaign.id, "olga")
    await blackout.carrier.answered(others[0])
    await desk.stop(campaign.id, "olga")
    results = await blackout.results()
    assert results[others[1]] is TargetResult.stopped
    assert await blackout.carrier.invites_of(others[1]) == 0
    assert results[others[0]] is TargetResult.told
