"""What is told in a call that callcore placed, and its keys: real Asterisk, real subscribers of a carrier.

Who is rung, and what becomes of it, is told elsewhere: here any attempt is known, and nobody's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from callcore.calls.attempt import Attempt, AttemptId, AttemptResult, CampaignId, Medium, TargetId
from callcore.calls.attempt import Outcome as Result
from callcore.calls.number_history import NumberHistory
from callcore.domain import Direction, Outcome, PbxName
from callcore.ivr.campaign import Notice
from callcore.outbound.gate import Ask, Destinations, Permit, Profile, Purpose, decide
from callcore.outbound.ports import CallOrder

from .conftest import Open, Street

MAIN = PbxName("main")
TEXT = "The power is out in your street until half past eight."
LONG = f"{TEXT} " + "We are sorry for the trouble. " * 6
PROFILE = Profile("test", None, None, 100, 100, timedelta(days=1), Destinations(("+7",)))


@dataclass
class Notices:
    """The campaigns' side."""

    text: str = TEXT
    tells: list[tuple[float, str | None, bool]] = field(default_factory=list)
    opted_out: list[str] = field(default_factory=list)

    async def notice(self, attempt: str) -> Notice | None:
        return Notice(self.text, "en", f"+{attempt.removeprefix('to')}", "2026-117")

    def told(self, attempt: str, seconds: float, key: str | None, enough: bool) -> None:
        self.tells.append((seconds, key, enough))

    async def opt_out(self, attempt: str, number: str) -> None:
        self.opted_out.append(number)


@dataclass
class Ringing:
    street: Street
    notices: Notices

    async def ring(self, number: str) -> None:
        """Somebody is called; returns when he has answered and hears the notice."""
        ask = Ask(AttemptId(f"to{number}"), Medium.voice, Purpose.notice, f"+{number}", "UTC", MAIN, PROFILE)
        permit = decide(ask, NumberHistory(), self.street.daemon.clock.now())
        assert isinstance(permit, Permit)
        await self.street.daemon.links[MAIN].settled()
        # a path that Asterisk cannot open: whatever is heard was said by the script
        await self.street.daemon.outgoing.dialers[MAIN].dial(permit, CallOrder("none", "en", 20, ""))
        await self.street.house.until(self.street.ear.hears("The power is out"))

    async def over(self, number: str) -> None:
        assert self.street.carrier is not None
        await self.street.carrier.gone(number)

    async def row(self, number: str) -> str:
        """The dialplan's journal of the end."""

        async def is_there() -> bool:
            return "|" in await self._told(number)

        await self.street.house.until(is_there)
        return await self._told(number)

    async def _told(self, number: str) -> str:
        shown = await self.street.house.stage.lab.console(f"database get callcore-dial/to{number} told")
        value = shown.partition("Value: ")[2].strip()
        return "" if value.startswith("answered") else value


@pytest.fixture
async def ringing(open_street: Open, monkeypatch: pytest.MonkeyPatch) -> Ringing:
    street = await open_street(carrier=True)
    notices = Notices()
    for name in ("notice", "told", "opt_out"):
        monkeypatch.setattr(street.daemon.outgoing.notices, name, getattr(notices, name))
    return Ringing(street, notices)


async def test_confirmed(ringing: Ringing) -> None:
    """1 after two seconds, in the middle of the text."""
    ringing.notices.text = LONG
    await ringing.ring("79160000101")
    await ringing.over("79160000101")
    begun = ringing.street.ear.begun
    assert begun == [LONG, "Thank you.", "Goodbye!"]
    [(seconds, key, enough)] = ringing.notices.tells
    assert (key, enough) == ("1", True)
    assert seconds == ringing.street.ear.played[0][1].heard_seconds > 0
    assert (await ringing.row("79160000101")).startswith(f"told|{seconds:.1f}|1|1|")


async def test_again_and_then_confirmed(ringing: Ringing) -> None:
    ringing.notices.text = LONG
    await ringing.ring("79160000102")
    await ringing.over("79160000102")
    assert ringing.street.ear.begun == [LONG, LONG, "Thank you.", "Goodbye!"]
    assert [key for _seconds, key, _enough in ringing.notices.tells] == ["2", "1"]


async def test_never_again(ringing: Ringing) -> None:
    await ringing.ring("79160000109")
    await ringing.over("79160000109")
    assert ringing.notices.opted_out == ["+79160000109"]
    assert "We will not call you with such messages again." in ringing.street.ear.begun
    assert ringing.notices.tells[-1][1:] == ("9", True)


async def test_silence_to_the_end(ringing: Ringing) -> None:
    """The notice, its keys twice, goodbye; then callcore hangs up. An old attempt's rows are deleted."""
    lab = ringing.street.house.stage.lab
    await lab.console("database put callcore-dial/0old dial x")
    await lab.console("database put callcore-dial/0older dial x")
    now = datetime.now(UTC)
    old = Attempt(
        AttemptId("0old"), TargetId(0), CampaignId(0), Medium.voice, "+79160000120", MAIN, "test", now
    )
    await ringing.street.daemon.outgoing.runner.settled(old, Result(AttemptResult.busy, now))
    await ringing.ring("79160000100")
    await ringing.street.house.until(ringing.street.ear.heard("Goodbye!"), 60)
    await ringing.over("79160000100")
    assert ringing.street.ear.begun == [TEXT, "Your word.", "Your word.", "Goodbye!"]
    assert [(key, enough) for _seconds, key, enough in ringing.notices.tells] == [(None, True)]
    assert (await ringing.row("79160000100")).startswith("told|")
    shown = await lab.console("database show callcore-dial")
    assert "/callcore-dial/0old/" not in shown
    assert "/callcore-dial/0older/" in shown


async def test_hung_up_in_the_middle(ringing: Ringing) -> None:
    """The campaigns hear the very seconds that Asterisk counted."""
    ringing.notices.text = LONG
    await ringing.ring("79160000110")
    await ringing.over("79160000110")
    await ringing.street.house.until(ringing.street.ear.heard("The power is out"))
    [(seconds, key, enough)] = ringing.notices.tells
    assert (key, enough) == (None, False)
    assert 0 < seconds < 10
    assert seconds == ringing.street.ear.played[0][1].heard_seconds
    assert await ringing.street.house.database.contacts.count() == 0


async def test_an_operator(ringing: Ringing) -> None:
    """0: Anna's card pops with the number that we rang, and the contact says that it was we who called."""
    ringing.notices.text = LONG
    anna = await ringing.street.house.on_shift("anna", "101")
    await ringing.ring("79160000103")
    card = await anna.hears("card")
    assert card["data"]["call"]["caller_number"] == "+79160000103"
    assert card["data"]["call"]["queue"] == "expert"
    await ringing.street.house.talk()
    assert ringing.notices.tells[-1][1:] == ("0", True)
    await ringing.street.daemon.outgoing.dialers[MAIN].hang_up(AttemptId("to79160000103"))
    await anna.hears("call.ended")
    [contact] = await ringing.street.house.contacts()
    assert (contact.direction, contact.outcome) == (Direction.outbound, Outcome.answered)
    assert (contact.caller_number, contact.language) == ("+79160000103", "en")
    assert contact.topic == "expert.diagnosis"
    assert (await ringing.row("79160000103")).split("|")[2:4] == ["0", "1"]
