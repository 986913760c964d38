"""Anna hands her caller on to the second line: topic and comment go along by themselves (D-22), the card is
there while the telephone still rings, the department's way is respected (D-14), and whom nobody takes comes
back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from callcore.domain import CallId
from callcore.store.handovers import HandoverState
from callcore.testing.lab import NeverAnswer, Reject
from callcore.testing.operator import Refused

from .building import OfficeStage
from .handing_on import (
    COMMENT,
    TOPIC,
    call_of,
    card_while_ringing,
    handover,
    interactions,
    ready,
    returned,
    second_line,
)
from .office import Office
from .transferring import talking

pytestmark = pytest.mark.asyncio(loop_scope="module")

MODES = pytest.mark.parametrize("mode", ["blind", "consult"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(
    version: int, needs: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[OfficeStage]:
    async with second_line(tmp_path_factory.mktemp(f"second{version}"), version) as stage:
        yield stage


# --- somebody takes it


@pytest.mark.parametrize("to", ["department:finance", "person:boris"])
async def test_given_away_and_taken(office: Office, to: str) -> None:
    boris = await office.sits("boris", ready=to.startswith("department"))
    anna, phone, visit, call = await ready(office, "101")
    await anna.api.order("transfer", call=call, to=to, mode="blind")
    await phone.ended()
    words = await card_while_ringing(boris, call)
    assert words["number"] == visit.number
    await boris.answers()
    await office.talk(visit, boris)
    kept = await handover(office, call, HandoverState.taken)
    assert (kept.taken_by, kept.what.mode, kept.what.comment) == ("boris", "blind", COMMENT)
    assert await interactions(office, call) == [("anna", TOPIC, COMMENT)]
    await anna.api.is_("wrap_up")
    await visit.hang_up()
    queue = "finance" if to.startswith("department") else None
    await office.told(visit, anna, boris, by=anna, queue=queue, early=(boris,))
    await office.nothing_else()


async def test_asked_first_and_then_given(office: Office) -> None:
    boris = await office.sits("boris")
    anna, phone, visit, call = await ready(office, "101")
    await anna.api.order("transfer", call=call, to="department:finance", mode="consult")
    await card_while_ringing(boris, call)
    await boris.answers()
    await anna.api.hears("call.line", lambda event: event["data"]["line"]["state"] == "consulting")
    assert (await handover(office, call, HandoverState.asked)).what.mode == "consult", (
        "he only talks with Anna"
    )
    await anna.api.order("complete", call=call)
    await phone.ended()
    await office.talk(visit, boris)
    assert (await handover(office, call, HandoverState.taken)).taken_by == "boris"
    await visit.hang_up()
    await office.told(visit, anna, boris, by=anna, early=(boris,))
    await office.nothing_else()


async def test_asked_and_taken_back(office: Office) -> None:
    boris = await office.sits("boris")
    anna, _phone, visit, call = await ready(office, "101")
    await anna.api.order("transfer", call=call, to="person:boris", mode="consult")
    await card_while_ringing(boris, call)
    theirs = await boris.answers()
    await anna.api.hears("call.line", lambda event: event["data"]["line"]["state"] == "consulting")
    await anna.api.order("back", call=call)
    await theirs.ended()
    await office.talk(visit, anna)
    assert (await handover(office, call, HandoverState.withdrawn)).why == "back"
    await visit.hang_up()
    await office.told(visit, anna, boris, by=anna, early=(boris,))
    await office.nothing_else()


async def test_anna_hangs_up_after_the_answer(office: Office) -> None:
    boris = await office.sits("boris")
    anna, phone, visit, call = await ready(office, "101")
    await anna.api.order("transfer", call=call, to="department:finance", mode="consult")
    await card_while_ringing(boris, call)
    await boris.answers()
    await anna.api.hears("call.line", lambda event: event["data"]["line"]["state"] == "consulting")
    await phone.hang_up()
    await office.talk(visit, boris)
    assert (await handover(office, call, HandoverState.taken)).taken_by == "boris"
    await visit.hang_up()
    await office.told(visit, anna, boris, by=anna, early=(boris,))
    await office.nothing_else()


async def test_anna_hangs_up_while_it_rings(office: Office) -> None:
    """The caller goes on to whom she wanted to ask, and rings there himself."""
    boris = await office.sits("boris")
    anna, phone, visit, call = await ready(office, "101")
    await anna.api.order("transfer", call=call, to="person:boris", mode="consult")
    await card_while_ringing(boris, call)
    asked = await boris.phone.incoming()
    await phone.hang_up()
    await asked.ended()
    await boris.answers()
    await office.talk(visit, boris)
    assert (await handover(office, call, HandoverState.taken)).taken_by == "boris"
    await visit.hang_up()
    contact = await office._contact(visit)
    assert contact.answered_by == "anna"


# --- nobody takes it


@pytest.mark.parametrize(
    ("to", "behaviour", "why"),
    [
        ("department:finance", NeverAnswer(), "no_answer"),
        ("person:boris", NeverAnswer(), "no_answer"),
        ("person:boris", Reject(486), "busy"),
        ("person:boris", Reject(603), "rejected"),
    ],
)
async def test_whom_nobody_takes_comes_back(office: Office, to: str, behaviour: Any, why: str) -> None:
    await office.sits("boris", behaviour)
    anna, phone, visit, call = await ready(office, "101")
    await anna.api.order("transfer", call=call, to=to, mode="blind")
    await phone.ended()
    await anna.answers()
    await returned(office, anna, call, why)
    await office.talk(visit, anna)
    await visit.hang_up()
    contact = await office._contact(visit)
    assert (contact.answered_by, contact.outcome) == ("anna", "answered")
    assert len(await interactions(office, call)) == 1


async def test_nobody_is_there(office: Office) -> None:
    """He waits in the queue of the department, and comes back."""
    anna, phone, visit, call = await ready(office, "101")
    await anna.api.order("pause", reason="paperwork")
    await anna.api.order("transfer", call=call, to="department:finance", mode="blind")
    await phone.ended()
    await anna.answers()
    await returned(office, anna, call, "no_answer")
    await visit.hang_up()
    await office._contact(visit)


@pytest.mark.parametrize(("status", "why"), [(486, "busy"), (603, "rejected")])
async def test_asked_in_vain(office: Office, status: int, why: str) -> None:
    """He waits on hold, and Anna takes him again."""
    await office.sits("boris", Reject(status))
    anna, _phone, visit, call = await ready(office, "101")
    await anna.api.order("transfer", call=call, to="person:boris", mode="consult")
    await anna.api.hears("call.line", lambda event: event["data"]["line"]["state"] == "failed")
    assert (await handover(office, call, HandoverState.returned)).why == why
    await anna.api.order("back", call=call)
    await office.talk(visit, anna)
    await visit.hang_up()
    await office._contact(visit)


# --- it may not be


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("department:retention", "closed"),
        ("department:building_approval", "way_closed"),
        ("department:service_centre", "way_closed"),
    ],
)
@MODES
async def test_closed_or_the_wrong_way(office: Office, to: str, code: str, mode: str) -> None:
    anna, _phone, visit, call = await ready(office, "101")
    query = to.partition(":")[2].split("_")[0]
    offers = (await anna.api.call("GET", f"/api/v1/desk/transfer/offers?call={call}&query={query}"))["offers"]
    offer = next(each for each in offers if each["ref"] == to)
    assert (offer["mode"], offer["code"]) == ("none", code)
    assert offer["remedy"]
    with pytest.raises(Refused) as refused:
        await anna.api.order("transfer", call=call, to=to, mode=mode)
    assert refused.value.status == 409
    await office.talk(visit, anna)
    assert await office.database.handovers.of_call(CallId(call)) == ()
    await visit.hang_up()
    await office.told(visit, anna, by=anna)
    await office.nothing_else()


async def test_without_a_topic(office: Office) -> None:
    anna, _phone, visit = await talking(office)
    call = call_of(anna)
    with pytest.raises(Refused):
        await anna.api.order("transfer", call=call, to="person:boris", mode="blind")
    await office.sits("boris")
    with pytest.raises(Refused) as refused:
        await anna.api.order("transfer", call=call, to="person:boris", mode="blind")
    assert refused.value.status in (409, 422)
    assert await office.database.handovers.of_call(CallId(call)) == ()
    await visit.hang_up()
    await office._contact(visit)
