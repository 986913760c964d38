"""Published once: everybody affected is rung, by what he does he ends in one result with a reason."""

from callcore.calls.attempt import AttemptResult
from callcore.calls.campaign import TargetResult
from callcore.testing.blackout import QUICK, Blackout, person

LISTENS, PRESSES_1, AGAIN, NEVER = person("00"), person("01"), person("02"), person("09")
EARLY, BUSY, SILENT, REJECTS = person("10"), person("20"), person("21"), person("22")
NO_SUCH, OVERLOADED = person("23"), person("24")


async def test_every_kind_of_subscriber(blackout: Blackout) -> None:
    everybody = (LISTENS, PRESSES_1, AGAIN, NEVER, EARLY, BUSY, SILENT, REJECTS, NO_SUCH, OVERLOADED)
    await blackout.people(*everybody)
    await blackout.stage.start()
    await blackout.publish()
    ended = await blackout.ended()
    assert {number: line.target.result for number, line in ended.items()} == {
        LISTENS: TargetResult.told,
        PRESSES_1: TargetResult.told,
        AGAIN: TargetResult.told,
        NEVER: TargetResult.opted_out,
        EARLY: TargetResult.told,  # two seconds are more than the two words last
        BUSY: TargetResult.texted,
        SILENT: TargetResult.texted,
        REJECTS: TargetResult.texted,
        NO_SUCH: TargetResult.texted,
        OVERLOADED: TargetResult.texted,
    }
    assert ended[PRESSES_1].key == "1"
    assert (ended[LISTENS].seconds_heard or 0) > 0.5
    rung = {number: await blackout.carrier.invites_of(number) for number in everybody}
    assert rung == {**dict.fromkeys(everybody, 1), BUSY: 2, OVERLOADED: 2}
    texted = [message["number"].lstrip("+") for message in blackout.texted()]
    assert sorted(texted) == sorted([BUSY, SILENT, REJECTS, NO_SUCH, OVERLOADED])
    (entry,) = await blackout.database.opt_outs.find()
    assert (entry.number, entry.medium, entry.message_class) == (f"+{NEVER}", None, "emergency")
    assert await blackout.database.attempts.dnc() == ()


async def test_who_hangs_up_early_gets_the_rest_in_writing(blackout: Blackout) -> None:
    blackout.stage.write_config({"outbound": QUICK["outbound"]})  # with the whole notice, some ten seconds
    await blackout.people(EARLY)
    await blackout.stage.start()
    await blackout.publish()
    line = (await blackout.ended())[EARLY]
    (call, message) = await blackout.database.attempts.of_target(line.target.id)
    assert call.outcome is not None
    assert message.outcome is not None
    assert call.outcome.result is AttemptResult.hung_up_early
    assert 0.5 < (call.outcome.seconds_heard or 0) < 6
    assert message.outcome.result is AttemptResult.delivered
    assert line.target.result is TargetResult.texted
    assert (await blackout.carrier.invites_of(EARLY), len(blackout.texted())) == (1, 1)
