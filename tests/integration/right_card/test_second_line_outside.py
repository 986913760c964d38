"""Anna hands her caller on to a number outside, or asks there first: by the gate's word, and each number
that is rung has its row in the ledger, which ends as it did."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count

import pytest
import pytest_asyncio

from callcore.calls.attempt import Attempt, Medium, Plan, Purpose
from callcore.domain import CallId
from callcore.store.contacts import Contact
from callcore.store.handovers import Handover, HandoverState
from callcore.testing.carrier import Carrier
from callcore.testing.lab import SoftCall
from callcore.testing.operator import Refused
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.testing.wire import Wire

from .building import OfficeStage
from .office import Office, Person, Visit
from .transferring import talking

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOPIC = "finance.recalculation"
TRUNK = {"calls_per_second": 20, "lines": 10, "ring_seconds": 5, "caller_number": "+74951112233"}
REDIRECT = b"Action: Redirect"
_numbers = count(100)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def carrier(needs: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Carrier]:
    async with Carrier(tmp_path_factory.mktemp("carrier")) as carrier:
        yield carrier


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def building(
    version: int, carrier: Carrier, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[OfficeStage]:
    """Without a callcore."""
    async with OfficeStage(tmp_path_factory.mktemp(f"outside{version}"), version, carrier.sip_port) as stage:
        yield stage


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cable(building: OfficeStage) -> AsyncIterator[Wire]:
    """callcore's AMI link to the PBX."""
    async with Wire(building.lab.ami_port) as wire:
        yield wire


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(building: OfficeStage, cable: Wire) -> AsyncIterator[OfficeStage]:
    lab = building.lab
    main = {"host": "127.0.0.1", "port": cable.port, "username": lab.username}
    more = {"secret_file": "ami.secret", "fallback_queue": "expert"}
    settings = {
        "desk": {"wrap_up_seconds": 120},
        "outbound": {"trunks": {"main": TRUNK}},
        "pbx": {"main": {**main, **more}},
    }
    building.write_config(settings, is_terse=True)
    await building.add_everybody()
    await building.start()
    yield building
    await building.stop()


def number(ending: str) -> str:
    """Of somebody whom nobody has called yet; the ending says who lives there."""
    return f"749520{next(_numbers):03}{ending}"


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await condition():  # noqa: ASYNC110 - neither database nor PBX sets an Event of ours
            await asyncio.sleep(0.05)


async def ready(office: Office) -> tuple[Person, SoftCall, Visit, str]:
    """They talk, and she has chosen a topic."""
    anna, phone, visit = await talking(office)
    call = str(anna.api.heard("card")[-1]["data"]["call"]["call"])
    await anna.api.order("draft", call=call, topic=TOPIC, comment="К вам.")
    return anna, phone, visit, call


async def gives(anna: Person, call: str, to: str, mode: str) -> None:
    await anna.api.order("transfer", call=call, to=f"outside:+{to}", mode=mode)


async def line_is(anna: Person, state: str) -> None:
    await anna.api.hears("call.line", lambda event: (event["data"]["line"] or {}).get("state") == state)


async def row(office: Office, to: str) -> Attempt | None:
    """The newest of this number."""
    found = await office.database.attempts.placed(limit=50)
    return next((one for one in found if one.number == f"+{to}"), None)


async def over(office: Office, to: str) -> str:
    async def is_over() -> bool:
        found = await row(office, to)
        return found is not None and found.outcome is not None

    await until(is_over)
    found = await row(office, to)
    assert found is not None
    assert found.outcome is not None
    return found.outcome.result.value


async def handover(office: Office, call: str, state: HandoverState) -> Handover:
    async def is_so() -> bool:
        found = await office.database.handovers.newest(CallId(call))
        return found is not None and found.state is state

    await until(is_so)
    found = await office.database.handovers.newest(CallId(call))
    assert found is not None
    return found


async def joined(office: Office, visit: Visit) -> None:
    """He is in one bridge with the carrier's side, and nobody else is."""

    async def are_together() -> bool:
        shown = await office.stage.lab.console("core show channels concise")
        rows = [line.split("!") for line in shown.splitlines() if line.count("!") > 10]
        bridges = {row[0]: row[-2] for row in rows}
        his = next((at for name, at in bridges.items() if name == office.name_of(visit)), "")
        there = [name for name, at in bridges.items() if at == his]
        return bool(his) and len(there) == 2 and any("carrier" in name for name in there)

    await until(are_together)


async def _nothing_open(office: Office) -> bool:
    return not await office.database.attempts.open(None, Medium.voice)


async def _is_linked(office: Office, cable: Wire, before: int) -> bool:
    """callcore has reached the PBX once more since it had so many connections."""
    daemon = office.stage.daemon
    assert daemon is not None
    return cable.connections > before and all(link.state == "up" for link in daemon.links.values())


async def goes_home(office: Office, visit: Visit) -> Contact:
    """He hangs up; it was one contact, Anna's, and nothing is left."""
    await visit.hang_up()
    contact = await office._contact(visit)
    assert (contact.outcome, contact.answered_by) == ("answered", "anna")
    daemon = office.stage.daemon
    assert daemon is not None
    tracker = daemon.floor.tracker

    async def is_all_over() -> bool:
        return not (tracker.calls or tracker.mirror.channels or tracker.legs)

    await until(is_all_over)
    await until(lambda: _nothing_open(office))
    assert len(await office._contacts()) == 1
    return contact


# --- at once


async def test_given_away(office: Office, carrier: Carrier) -> None:
    anna, phone, visit, call = await ready(office)
    there = number("00")
    await gives(anna, call, there, "blind")
    await phone.ended()
    await carrier.answered(there)
    await joined(office, visit)
    kept = await row(office, there)
    assert kept is not None
    assert (kept.purpose, kept.plan, kept.login) == (Purpose.transfer, Plan.carried, "anna")
    assert (kept.call, kept.outcome) == (call, None)
    [invite] = [one for one in await carrier.invites() if one.number == there]
    assert invite.caller.endswith(TRUNK["caller_number"][1:])  # type: ignore[index]
    taken = await handover(office, call, HandoverState.taken)
    assert (taken.taken_by, taken.what.to_kind, taken.what.to_name) == (None, "outside", f"+{there}")
    await anna.api.is_("wrap_up")
    await goes_home(office, visit)
    assert await over(office, there) == "answered"


@pytest.mark.parametrize(
    ("ending", "result", "why"), [("20", "busy", "busy"), ("21", "no_answer", "no_answer")]
)
async def test_nobody_takes_him_there(
    office: Office, carrier: Carrier, ending: str, result: str, why: str
) -> None:
    """He comes back to her, under his own number and not the one that the trunk was shown."""
    anna, phone, visit, call = await ready(office)
    there = number(ending)
    await gives(anna, call, there, "blind")
    await phone.ended()
    again = await anna.answers()
    assert again.number == str(visit.number).removeprefix("+")
    await office.talk(visit, anna)
    assert await over(office, there) == result
    assert (await handover(office, call, HandoverState.returned)).why == why
    assert await carrier.invites_of(there) == 1
    await goes_home(office, visit)


@pytest.mark.parametrize(
    ("cut", "code", "result", "rung"),
    [
        ("before the variables", "pbx-down", "not_sent", 0),
        ("before the Redirect", "line-unsure", "not_sent", 0),
        ("before its answer", "line-unsure", "answered", 1),
    ],
)
async def test_the_link_is_cut_while_he_is_given_away(
    office: Office, carrier: Carrier, cable: Wire, cut: str, code: str, result: str, rung: int
) -> None:
    """He is given away once or not at all, and the ledger knows which."""
    anna, phone, visit, call = await ready(office)
    there, links = number("00"), cable.connections
    if cut == "before its answer":
        cable.cut_at(REDIRECT)
    else:
        cable.cut_before(b"CALLCORE_TO" if cut == "before the variables" else REDIRECT)
    with pytest.raises(Refused) as refused:
        await gives(anna, call, there, "blind")
    assert refused.value.problem["type"].rpartition(":")[2] == code
    await until(lambda: _is_linked(office, cable, links))
    if rung:
        await phone.ended()
        await carrier.answered(there)
        await joined(office, visit)
    else:
        assert await over(office, there) == result
        assert not phone.is_over
        await office.talk(visit, anna)
    await goes_home(office, visit)
    assert await over(office, there) == result
    assert await carrier.invites_of(there) == rung


# --- asked first


async def test_asked_and_given(office: Office, carrier: Carrier) -> None:
    anna, phone, visit, call = await ready(office)
    there = number("00")
    await gives(anna, call, there, "consult")
    await carrier.answered(there)
    await line_is(anna, "consulting")
    await anna.api.order("complete", call=call)
    await phone.ended()
    await joined(office, visit)
    await handover(office, call, HandoverState.taken)
    await goes_home(office, visit)
    assert await over(office, there) == "answered"
    await carrier.gone(there)


async def test_she_hangs_up_after_the_answer(office: Office, carrier: Carrier) -> None:
    """The customer is theirs, by the dialplan."""
    anna, phone, visit, call = await ready(office)
    there = number("00")
    await gives(anna, call, there, "consult")
    await carrier.answered(there)
    await line_is(anna, "consulting")
    await phone.hang_up()
    await joined(office, visit)
    await handover(office, call, HandoverState.taken)
    await goes_home(office, visit)
    assert await over(office, there) == "answered"


@pytest.mark.parametrize("is_answered", [True, False], ids=["answered", "ringing"])
async def test_asked_and_taken_back(office: Office, carrier: Carrier, is_answered: bool) -> None:
    """The number is free at once: she may ask there again in the same call."""
    anna, _phone, visit, call = await ready(office)
    there = number("00" if is_answered else "21")
    for times in (1, 2):
        await gives(anna, call, there, "consult")
        await (carrier.answered if is_answered else carrier.rung)(there, times)
        await line_is(anna, "consulting" if is_answered else "calling")
        await anna.api.order("back", call=call)
        await carrier.gone(there, times)
        await office.talk(visit, anna)
        assert await over(office, there) == ("answered" if is_answered else "no_answer")
        anna.api.events.clear()
    await goes_home(office, visit)
    assert await carrier.invites_of(there) == 2


async def test_busy_there(office: Office, carrier: Carrier) -> None:
    """She is told, and takes him back."""
    anna, _phone, visit, call = await ready(office)
    there = number("20")
    await gives(anna, call, there, "consult")
    await line_is(anna, "failed")
    assert await over(office, there) == "busy"
    assert (await handover(office, call, HandoverState.returned)).why == "busy"
    await anna.api.order("back", call=call)
    await office.talk(visit, anna)
    await goes_home(office, visit)
    assert await carrier.invites_of(there) == 1


async def test_she_hangs_up_while_it_rings(office: Office, carrier: Carrier) -> None:
    """Nobody dials the number anew without a word of the gate: he comes back to her."""
    anna, phone, visit, call = await ready(office)
    there = number("21")
    await gives(anna, call, there, "consult")
    await carrier.rung(there)
    with pytest.raises(Refused) as refused:
        await anna.api.order("blind", call=call)
    assert refused.value.status == 409
    await phone.hang_up()
    await anna.answers()
    await office.talk(visit, anna)
    assert await over(office, there) == "no_answer"
    await goes_home(office, visit)
    assert await carrier.invites_of(there) == 1


async def test_three_talk(office: Office, carrier: Carrier) -> None:
    anna, phone, visit, call = await ready(office)
    there = number("00")
    await gives(anna, call, there, "consult")
    await carrier.answered(there)
    await line_is(anna, "consulting")
    await anna.api.order("three_way", call=call)
    await line_is(anna, "room")
    await phone.hang_up()
    await visit.hang_up()
    await carrier.gone(there)
    assert await over(office, there) == "answered"
    assert (await office._contact(visit)).answered_by == "anna"


# --- refused


@pytest.mark.parametrize("mode", ["blind", "consult"])
@pytest.mark.parametrize("forbidden", ["78095550100", "12025550100"])
async def test_the_gate_says_no(office: Office, carrier: Carrier, mode: str, forbidden: str) -> None:
    """Premium and abroad: in words; they talk on, and nobody was rung."""
    anna, phone, visit, call = await ready(office)
    with pytest.raises(Refused) as refused:
        await gives(anna, call, forbidden, mode)
    problem = refused.value.problem
    assert (refused.value.status, problem["type"].rpartition(":")[2]) == (403, "refused-by-gate")
    assert problem["detail"]
    assert not phone.is_over
    await office.talk(visit, anna)
    assert (await handover(office, call, HandoverState.withdrawn)).why == "failed"
    assert await row(office, forbidden) is None
    assert await carrier.invites_of(forbidden) == 0
    await goes_home(office, visit)
