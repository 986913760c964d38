"""kill -9 of callcore in every gap between an intent and its outcome: nobody is rung or texted twice, nobody
is lost. Where nothing can tell what became of it, ``unknown`` stands there for all to see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callcore.calls.attempt import AttemptResult, Medium
from callcore.calls.campaign import TargetResult
from callcore.commands.frame import CommandFailed
from callcore.testing.blackout import QUICK, person

from .apart import Apart
from .centre import Centre

PRESSES_1 = [person("01", n) for n in range(1, 4)]
LISTENS, SILENT, LATE, NO_SUCH = person("00"), person("21"), person("11"), person("23")
LONG = {"voice": {"outage": {"ru": "Нет света. " * 12, "en": "The light is out. " * 12}}}


# --- publishing


@pytest.mark.parametrize(
    "place",
    [
        "before the outage's commit",
        "after the outage's commit, before its campaign",
        "before the campaign's commit",
        "after the campaign's commit",
    ],
)
async def test_publishing(apart: Apart, place: str) -> None:
    """The sender got no answer, so he sends it again; it is one campaign, and everybody is rung once."""
    await apart.people(*PRESSES_1)
    await apart.begin(place)
    at = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="seconds")
    with pytest.raises(CommandFailed):
        await apart.publish(starts_at=at)
    await apart.stage.killed()
    is_stored = await apart.database.outages.get("A-1") is not None
    assert is_stored == (place != "before the outage's commit")
    await apart.begin()
    if is_stored:
        await apart.ended()  # also if nobody sends it again
    await apart.publish(starts_at=at)
    ended = await apart.ended()
    assert {number: line.target.result for number, line in ended.items()} == dict.fromkeys(
        PRESSES_1, TargetResult.told
    )
    await apart.is_done()
    assert len(await apart.campaigns()) == 1
    assert [await apart.carrier.invites_of(number) for number in PRESSES_1] == [1, 1, 1]


# --- calls


@pytest.mark.parametrize(
    "place",
    [
        "before the intent's commit",
        "after the intent's commit, before the Originate",
        "after the Originate, before its answer",
        "while the notice is spoken",
        "after the hangup, before the outcome's commit",
        "after the outcome's commit",
    ],
)
async def test_a_call(apart: Apart, place: str) -> None:
    """The others are wherever they happen to be at that moment."""
    await apart.people(*PRESSES_1)
    await apart.begin(place)
    await apart.publish()
    await apart.stage.killed()
    await apart.begin()
    ended = await apart.ended()
    assert {number: line.target.result for number, line in ended.items()} == dict.fromkeys(
        PRESSES_1, TargetResult.told
    )
    await apart.is_done()
    assert [await apart.carrier.invites_of(number) for number in PRESSES_1] == [1, 1, 1]
    assert apart.texted() == []


async def test_while_it_rings_and_nobody_answers_until_callcore_is_back(apart: Apart) -> None:
    """The channel lives still: callcore follows it to its end."""
    trunk = {**QUICK["outbound"]["trunks"]["main"], "ring_seconds": 25}
    apart.settings(outbound={**QUICK["outbound"], "trunks": {"main": trunk}})
    await apart.people(SILENT)
    await apart.begin()
    await apart.publish()
    await apart.carrier.rung(SILENT)
    await apart.stage.kill()
    await apart.begin()
    (line,) = (await apart.ended()).values()
    assert line.target.result is TargetResult.texted
    call, message = await apart.attempts(line)
    assert (call.outcome and call.outcome.result) is AttemptResult.no_answer
    assert "journal" not in (call.outcome.detail if call.outcome else "journal")
    assert message.medium is Medium.sms
    assert await apart.carrier.invites_of(SILENT) == len(apart.texted()) == 1


async def test_while_it_rings_and_nobody_answers_while_callcore_is_away(apart: Apart) -> None:
    await apart.people(SILENT)
    await apart.begin()
    await apart.publish()
    await apart.carrier.rung(SILENT)
    await apart.stage.kill()
    await apart.carrier.gone(SILENT)
    await apart.begin()
    (line,) = (await apart.ended()).values()
    assert line.target.result is TargetResult.texted
    call, _message = await apart.attempts(line)
    assert (call.outcome and call.outcome.result) is AttemptResult.no_answer
    assert "journal" in (call.outcome.detail if call.outcome else "")
    assert await apart.carrier.invites_of(SILENT) == len(apart.texted()) == 1


async def test_while_it_rings_and_he_answers_while_callcore_is_away(apart: Apart) -> None:
    """He hears the notice from the dialplan."""
    await apart.people(LATE)
    await apart.begin()
    await apart.publish()
    await apart.carrier.rung(LATE)
    await apart.stage.kill()
    await apart.carrier.gone(LATE)
    await apart.begin()
    (line,) = (await apart.ended()).values()
    assert line.target.result is TargetResult.told
    (call,) = await apart.attempts(line)
    assert call.outcome is not None
    assert call.outcome.detail == "journal"
    assert (call.outcome.seconds_heard or 0) > 0
    assert await apart.carrier.answers_of(LATE) == await apart.carrier.invites_of(LATE) == 1
    assert apart.texted() == []


async def test_while_the_notice_is_spoken_and_callcore_is_back_before_its_end(apart: Apart) -> None:
    """The dialplan says it again from the beginning; callcore comes back in the middle and waits for it."""
    apart.settings(outages={"texts": LONG})
    await apart.people(LISTENS)
    await apart.begin("while the notice is spoken")
    await apart.publish()
    await apart.stage.killed()
    await apart.begin()
    (line,) = (await apart.ended()).values()
    assert line.target.result is TargetResult.told
    (call,) = await apart.attempts(line)
    assert (call.outcome and call.outcome.result) is AttemptResult.told
    assert (line.seconds_heard or 0) > 5
    assert await apart.carrier.invites_of(LISTENS) == 1
    assert apart.texted() == []


# --- messages


@pytest.mark.parametrize(
    ("place", "result", "arrived"),
    [
        ("before the message's intent's commit", TargetResult.texted, 1),
        ("after the message's intent's commit, before submit_sm", TargetResult.unknown, 0),
        ("between submit_sm and its answer", TargetResult.unknown, 1),
        ("after the answer, before it is stored", TargetResult.unknown, 1),
        ("after the answer is stored", TargetResult.texted, 1),
        ("after the receipt was taken, before the outcome's commit", TargetResult.texted, 1),
        ("after the message's outcome's commit", TargetResult.texted, 1),
    ],
)
async def test_a_message(
    apart: Apart, centre: Centre, place: str, result: TargetResult, arrived: int
) -> None:
    """The gateway remembers nothing that could be asked for: what it may have taken is not sent again."""
    await apart.people(NO_SUCH)
    await apart.begin(place)
    await apart.publish()
    await apart.stage.killed()
    await apart.begin()
    (line,) = (await apart.ended()).values()
    assert line.target.result is result
    await apart.is_done()
    assert await centre.texted() == [NO_SUCH] * arrived
    assert await apart.carrier.invites_of(NO_SUCH) == 1
    _call, message = await apart.attempts(line)
    assert message.outcome is not None
    is_unknown = result is TargetResult.unknown
    assert (message.outcome.result is AttemptResult.unknown) == is_unknown
    assert await apart.unknown() == is_unknown


async def test_a_message_between_its_parts(apart: Apart, centre: Centre) -> None:
    """Half of it is at the gateway; sent whole again, he might read both."""
    long = {"ru": "Света нет. " * 10, "en": "The light is out. " * 11}
    centre.settings(apart, outages={"texts": {"sms": {"outage": long}}})
    await apart.people(NO_SUCH)
    await apart.begin("between the parts")
    await apart.publish()
    await apart.stage.killed()
    await apart.begin()
    (line,) = (await apart.ended()).values()
    assert line.target.result is TargetResult.unknown
    report = await centre.smsc.report()
    assert (report.halves, report.messages) == (1, ())
