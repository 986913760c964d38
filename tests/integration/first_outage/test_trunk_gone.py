"""Trunk or link gone: the campaign stops with that reason, nobody is burnt, and it goes on when told to."""

from callcore.calls.campaign import CampaignState, TargetResult
from callcore.campaigns.desk import CampaignDesk
from callcore.testing.blackout import Blackout, person


async def test_the_carrier_is_gone_and_comes_back(blackout: Blackout) -> None:
    numbers = [person("01", n) for n in range(1, 13)]
    await blackout.people(*numbers)
    await blackout.stage.start()
    assert blackout.stage.daemon is not None
    desk = CampaignDesk(blackout.stage.daemon.outgoing.runner)
    await blackout.carrier.stop()
    await blackout.publish()

    async def halted() -> bool:
        return (await blackout.campaigns())[0].state is CampaignState.halted

    await blackout.until(halted)
    (campaign,) = await blackout.campaigns()
    assert campaign.reason == "trunk_gone"
    report = await desk.report(campaign.id)
    assert report is not None
    assert "5 attempts in a row" in report.now.en
    assert not any(line.target.result for line in (await blackout.lines()).values())

    await blackout.carrier.start()
    await desk.resume(campaign.id, "olga")
    results = await blackout.results()
    assert set(results.values()) == {TargetResult.told}
    # Not the INVITEs: the PBX repeats one that nobody answered for 32 s, and cancels it once somebody does.
    assert [await blackout.carrier.answers_of(number) for number in numbers] == [1] * 12
