"""kill -9 of callcore at each step of a hand-over: the customer is never lost, nor are the words of the first
line, and the next life knows what became of it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from callcore import config
from callcore.domain import CallId, Login, Outcome
from callcore.store.database import Database
from callcore.store.handovers import Handover, HandoverState
from callcore.testing.house import PEOPLE, TO_FINANCE, House
from callcore.testing.lab import Caller, SoftCall, Softphone
from callcore.testing.operator import ApiOperator, Refused
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.testing.stage import Stage

from .conftest import VERSIONS

pytestmark = pytest.mark.asyncio(loop_scope="module")

MORTAL = Path(__file__).with_name("mortal.py")
TOPIC = "finance.recalculation"
COMMENT = "Двойное списание за октябрь."
LONG, SHORT = 90, 5
"""Seconds that it rings: until callcore is back, or not."""


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=VERSIONS, ids=lambda version: f"asterisk{version}"
)
async def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    async with Stage(tmp_path_factory.mktemp("stage"), version=request.param) as stage:
        stage.write_config(is_terse=True)
        await stage.add_people(PEOPLE)
        yield stage


class Lives:
    """Anna talks with a customer, gives him to Boris, and callcore dies; ``begin`` it again."""

    caller: Caller
    her: SoftCall
    call: CallId

    def __init__(self, house: House, database: Database, phones: dict[str, Softphone]) -> None:
        self._house = house
        self.stage = house.stage
        self.database = database
        self.phones = phones
        self.operators: list[ApiOperator] = []

    @property
    def anna(self) -> ApiOperator:
        return self.operators[0]

    @property
    def boris(self) -> ApiOperator:
        return self.operators[1]

    # --- lives of callcore

    async def begin(self, place: str | None = None, *, rings: int = LONG) -> None:
        """``place``: it dies there. The people of an earlier life are at their desks still."""
        times = {"return_after_seconds": rings, "consult_ring_seconds": rings}
        self.stage.write_config({"desk": {"wrap_up_seconds": 600}, "second_line": times}, is_terse=True)
        await self.stage.start_process(script=(str(MORTAL), place) if place else ())
        await self._house.until(self._is_ready)
        self.operators = [await self._house.operator(login) for login in PEOPLE]

    async def killed(self) -> None:
        """Waits until it has died by its own hand."""
        process = self.stage.process
        assert process is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await process.wait() == -signal.SIGKILL, self._log()
        for operator in self.operators:
            await operator.deafen()

    async def kill(self) -> None:
        self.stage.signal(signal.SIGKILL)
        await self.killed()

    async def _is_ready(self) -> bool:
        process = self.stage.process
        assert process is not None
        assert process.returncode is None, self._log()
        try:
            async with aiohttp.ClientSession() as http, http.get(f"{self.stage.url}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    def _log(self) -> str:
        return (self.stage.folder / "callcore.log").read_text("utf-8")[-3000:]

    # --- the story

    async def talks(self) -> None:
        """Anna is ready, Boris only at his desk; she talks with a customer, and has typed."""
        for operator, phone in ((self.anna, "101"), (self.boris, "102")):
            if await operator.desk():
                await operator.order("leave")
            await operator.open(f"PJSIP/{phone}")
        await self.anna.ready()
        await self._house.member("101", "Not in use")
        self.caller = await self._house.call(*TO_FINANCE)
        self.her = await self.phones["101"].incoming()
        await self.her.answer()
        card = await self.anna.hears("card")
        self.call = CallId(card["data"]["call"]["call"])
        await self.is_with("101")
        await self.anna.order("draft", call=self.call, topic=TOPIC, comment=COMMENT)
        await self._house.until(self._is_typed)

    async def _is_typed(self) -> bool:
        """Her page holds it for the moment until then."""
        return any(each.call == self.call for each in await self.database.drafts.of_login(Login("anna")))

    async def gives(self, mode: str = "blind", to: str = "person:boris") -> None:
        """The order; whoever dies over it gives no answer."""
        with suppress(aiohttp.ClientError, Refused):
            await self.anna.order("transfer", call=self.call, to=to, mode=mode)

    async def given(
        self,
        place: str | None = None,
        *,
        rings: int = LONG,
        mode: str = "blind",
        to: str = "person:boris",
    ) -> SoftCall:
        """Boris's telephone rings; of a department, because he is ready for its queue."""
        await self.begin(place, rings=rings)
        await self.talks()
        if to.startswith("department"):
            await self.boris.ready()
            await self._house.member("102", "Not in use")
        await self.gives(mode, to)
        return await self.phones["102"].incoming()

    # --- what must hold

    async def is_with(self, phone: str) -> None:
        """Wait until the customer is in one bridge with this phone."""

        async def together() -> bool:
            rows = [
                row.split("!") for row in (await self.stage.lab.console(CONCISE)).splitlines() if "!" in row
            ]
            his = {row[-2] for row in rows if not row[0].startswith(("PJSIP/101", "PJSIP/102")) and row[-2]}
            return any(row[0].startswith(f"PJSIP/{phone}-") and row[-2] in his for row in rows)

        await self._house.until(together)

    async def is_settled(self, state: HandoverState) -> Handover:
        """Wait until the hand-over has this outcome; it is the only one."""

        async def done() -> bool:
            return all(each.state is not HandoverState.asked for each in await self._all())

        await self._house.until(done)
        (kept,) = await self._all()
        assert (kept.state, kept.what.comment, kept.what.topic) == (state, COMMENT, TOPIC)
        return kept

    async def _all(self) -> tuple[Handover, ...]:
        return await self.database.handovers.of_call(self.call)

    async def has_words(self, operator: ApiOperator, state: str) -> dict[str, Any]:
        """Wait until his card shows what Anna wrote, and how it stands."""
        words: list[dict[str, Any]] = []

        async def there() -> bool:
            desk = await operator.desk()
            found = [tab["view"]["handed"] for tab in (desk or {}).get("tabs", ())]
            words[:] = [each for each in found if each]
            return any(each["state"] == state for each in words)

        await self._house.until(there)
        assert words[0]["comment"] == COMMENT
        return words[0]

    async def is_over(self, *operators: str) -> None:
        """The customer hangs up: one contact, with her words, once."""
        await self.caller.hang_up()

        async def logged() -> bool:
            return await self.database.contacts.get(self.call) is not None

        await self._house.until(logged)
        contact = await self.database.contacts.get(self.call)
        assert contact is not None
        assert contact.outcome is Outcome.answered
        saved = await self.database.interactions.of_call(self.call)
        assert [(each.login, each.topic, each.comment) for each in saved if each.saved_at is not None] == [
            ("anna", TOPIC, COMMENT)
        ]
        assert await self.database.handovers.asked() == ()


CONCISE = "core show channels concise"


@pytest_asyncio.fixture(loop_scope="module")
async def lives(stage: Stage, tmp_path: Path) -> AsyncIterator[Lives]:
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(
            await Database.open(config.load(stage.config_file).database.url)
        )
        lab = stage.lab
        phones = {
            number: await stack.enter_async_context(Softphone(number, lab.phone_port(number), lab.sip_port))
            for number in ("101", "102")
        }
        lives = Lives(House(stage, tmp_path, stack), database, phones)
        yield lives
        for operator in lives.operators:
            with suppress(aiohttp.ClientError, Refused):
                await operator.order("leave")
        await lab.console("channel request hangup all")
        await stage.stop()


# --- before the PBX is asked


@pytest.mark.parametrize("place", ["ordered, nothing kept", "the card kept, before the hand-over's commit"])
async def test_nothing_was_handed_on(lives: Lives, place: str) -> None:
    """She talks on, and what she wrote is where she wrote it: she orders it again."""
    await lives.begin(place)
    await lives.talks()
    await lives.gives()
    await lives.killed()
    await lives.is_with("101")
    assert await lives.database.handovers.of_call(lives.call) == ()
    await lives.begin()
    await lives.gives()
    ring = await lives.phones["102"].incoming()
    await lives.has_words(lives.boris, "asked")
    await ring.answer()
    await lives.is_with("102")
    assert (await lives.is_settled(HandoverState.taken)).taken_by == "boris"
    await lives.is_over()


async def test_kept_and_never_asked_for(lives: Lives) -> None:
    """The row says that it was not done, and she is free to order it again."""
    await lives.begin("the hand-over kept, before the PBX is asked")
    await lives.talks()
    await lives.gives()
    await lives.killed()
    await lives.is_with("101")
    await lives.begin()
    assert (await lives.is_settled(HandoverState.withdrawn)).why == "failed"
    await lives.is_with("101")
    await lives.is_over()


# --- it rings


async def test_the_pbx_was_asked_and_he_rings_until_callcore_is_back(lives: Lives) -> None:
    """His card is there again, with her words, before he answers."""
    ring = await lives.given("the PBX asked, before its answer")
    await lives.killed()
    await lives.begin()
    await lives.has_words(lives.boris, "asked")
    await ring.answer()
    await lives.is_with("102")
    assert (await lives.is_settled(HandoverState.taken)).taken_by == "boris"
    await lives.has_words(lives.boris, "taken")
    await lives.is_over()


async def test_he_answers_while_callcore_is_away(lives: Lives) -> None:
    ring = await lives.given()
    await lives.has_words(lives.boris, "asked")
    await lives.kill()
    await ring.answer()
    await lives.is_with("102")
    await lives.begin()
    assert (await lives.is_settled(HandoverState.taken)).taken_by == "boris"
    await lives.has_words(lives.boris, "taken")
    await lives.is_over()


async def test_he_answers_out_of_the_queue_while_callcore_is_away(lives: Lives) -> None:
    """The queue knows nothing of callcore's death."""
    ring = await lives.given("the PBX asked, before its answer", to="department:finance")
    await lives.killed()
    await ring.answer()
    await lives.is_with("102")
    await lives.begin()
    kept = await lives.is_settled(HandoverState.taken)
    assert (kept.taken_by, kept.what.to_kind, kept.what.queue) == ("boris", "department", "finance")
    await lives.has_words(lives.boris, "taken")
    await lives.is_over()


async def test_nobody_of_the_queue_answers_while_callcore_is_away(lives: Lives) -> None:
    await lives.given(rings=SHORT, to="department:finance")
    await lives.kill()
    back = await lives.phones["101"].incoming()
    await lives.begin()
    assert (await lives.is_settled(HandoverState.returned)).why == "no_answer"
    await back.answer()
    await lives.is_with("101")
    await lives.has_words(lives.anna, "returned")
    await lives.is_over()


@pytest.mark.parametrize("answers_at_once", [True, False])
async def test_nobody_answers_while_callcore_is_away(lives: Lives, answers_at_once: bool) -> None:
    """The dialplan brings him back to her."""
    await lives.given(rings=SHORT)
    await lives.kill()
    back = await lives.phones["101"].incoming()
    if answers_at_once:
        await back.answer()
        await lives.is_with("101")
    await lives.begin()
    assert (await lives.is_settled(HandoverState.returned)).why == "no_answer"
    if not answers_at_once:
        await back.answer()
    await lives.is_with("101")
    await lives.has_words(lives.anna, "returned")
    await lives.is_over()


async def test_the_customer_gives_up_while_callcore_is_away(lives: Lives) -> None:
    """How, nobody saw: the row says so."""
    ring = await lives.given()
    await lives.kill()
    await lives.caller.hang_up()
    await ring.ended()
    await lives.begin()
    assert (await lives.is_settled(HandoverState.withdrawn)).why == "lost"
    assert await lives.database.handovers.asked() == ()


# --- it has been decided


@pytest.mark.parametrize("place", ["taken, before that is kept", "taken, and that is kept"])
async def test_taken(lives: Lives, place: str) -> None:
    ring = await lives.given(place)
    await ring.answer()
    await lives.killed()
    await lives.is_with("102")
    await lives.begin()
    assert (await lives.is_settled(HandoverState.taken)).taken_by == "boris"
    await lives.has_words(lives.boris, "taken")
    await lives.is_over()


@pytest.mark.parametrize("place", ["returned, before that is kept", "returned, and that is kept"])
async def test_returned(lives: Lives, place: str) -> None:
    await lives.given(place, rings=SHORT)
    back = await lives.phones["101"].incoming()
    await lives.killed()
    await back.answer()
    await lives.begin()
    assert (await lives.is_settled(HandoverState.returned)).why == "no_answer"
    await lives.is_with("101")
    await lives.has_words(lives.anna, "returned")
    await lives.is_over()


# --- asking first


async def test_she_is_asking_and_hangs_up_while_callcore_is_away(lives: Lives) -> None:
    """The customer waits on hold for nobody: the next life brings him back to her."""
    ring = await lives.given(mode="consult")
    await lives.kill()
    await lives.her.hang_up()
    await ring.ended()
    await lives.begin()
    back = await lives.phones["101"].incoming()
    await back.answer()
    await lives.is_with("101")
    await lives.is_settled(HandoverState.returned)
    await lives.is_over()


async def test_they_talk_about_him_and_she_hangs_up_while_callcore_is_away(lives: Lives) -> None:
    """The dialplan gives him to the one who was asked."""
    ring = await lives.given(mode="consult")
    await ring.answer()
    await lives.anna.hears("call.line", lambda event: event["data"]["line"]["state"] == "consulting")
    await lives.kill()
    await lives.her.hang_up()
    await lives.is_with("102")
    await lives.begin()
    assert (await lives.is_settled(HandoverState.taken)).taken_by == "boris"
    await lives.has_words(lives.boris, "taken")
    await lives.is_over()
