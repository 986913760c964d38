"""Anna hands her caller on to the second line: topic and comment go along by themselves (D-22), the card is
there while the telephone still rings, the department's way is respected (D-14), and whom nobody takes comes
back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
import yaml

from callcore.domain import CallId
from callcore.store.handovers import Handover, HandoverState
from callcore.testing.lab import NeverAnswer, Reject, SoftCall
from callcore.testing.operator import Refused
from callcore.testing.patience import PATIENCE_SECONDS

from .building import OfficeStage
from .office import Office, Person, Visit
from .transferring import talking

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOPIC = "finance.recalculation"
COMMENT = "Двойное списание за октябрь."
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MODES = pytest.mark.parametrize("mode", ["blind", "consult"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(
    version: int, needs: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[OfficeStage]:
    """Finance is always there, retention is not today; whom nobody takes comes back soon."""
    async with OfficeStage(tmp_path_factory.mktemp(f"second{version}"), version) as stage:
        quick = {"return_after_seconds": 5, "consult_ring_seconds": 5}
        stage.write_config({"desk": {"wrap_up_seconds": 120}, "second_line": quick}, is_terse=True)
        stage.keep_open("finance")
        file = stage.config_file.with_name("departments.yaml")
        house = yaml.safe_load(file.read_text(encoding="utf-8"))
        open_day = DAYS[(datetime.now(UTC) + timedelta(days=3)).weekday()]
        house["departments"]["finance"]["transfer_code"] = "*55"
        house["departments"]["retention"]["transfer_code"] = "*66"
        house["departments"]["retention"]["hours"] = {
            day: "09:00-18:00" if day == open_day else "closed" for day in DAYS
        }
        file.write_text(yaml.safe_dump(house, allow_unicode=True), encoding="utf-8")
        await stage.add_everybody()
        await stage.start()
        yield stage


def call_of(person: Person) -> str:
    return str(person.api.heard("card")[-1]["data"]["call"]["call"])


async def writes(anna: Person, topic: str = TOPIC) -> str:
    """She has typed, and saved nothing."""
    call = call_of(anna)
    await anna.api.order("draft", call=call, topic=topic, comment=COMMENT)
    return call


async def ready(office: Office, dialled: str = "line") -> tuple[Person, SoftCall, Visit, str]:
    anna, phone, visit = await talking(office, dialled)
    return anna, phone, visit, await writes(anna)


async def handover(office: Office, call: str, state: HandoverState) -> Handover:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = await office.database.handovers.newest(CallId(call))
            if found is not None and found.state is state:
                return found
            await asyncio.sleep(0.05)  # the database does not call us


async def card_while_ringing(person: Person, call: str) -> dict[str, Any]:
    """His card, before he answers; gives what stands on it."""
    await person.rings()
    card = await person.api.hears("card", lambda event: event["data"]["call"]["call"] == call)
    assert (await person.api.desk())["state"] == "ringing"
    words: dict[str, Any] = card["data"]["call"]["handed"]
    assert (words["by"], words["name"], words["topic"]) == ("anna", "Анна Кузнецова", TOPIC)
    assert (words["comment"], words["state"]) == (COMMENT, "asked")
    return words


async def interactions(office: Office, call: str) -> list[tuple[str | None, str, str]]:
    found = await office.database.interactions.of_call(CallId(call))
    return [(each.login, each.topic, each.comment) for each in found if each.saved_at is not None]


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


async def returned(office: Office, anna: Person, call: str, why: str) -> None:
    """The row says so, and her page: the card is back, with who did not take it."""
    kept = await handover(office, call, HandoverState.returned)
    assert kept.why == why

    def is_back(event: dict[str, Any]) -> bool:
        view = event["data"]["call"]
        words = view.get("handed") if isinstance(view, dict) else None
        return bool(words) and words["state"] == "returned" and words["why"] == why

    await anna.api.hears("card", is_back)


@pytest.mark.parametrize(
    ("to", "behaviour", "why"),
    [
        ("department:finance", NeverAnswer(), "no_answer"),
        ("person:boris", NeverAnswer(), "no_answer"),
        ("person:boris", Reject(486), "busy"),
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


async def test_asked_in_vain(office: Office) -> None:
    """He waits on hold, and Anna takes him again."""
    await office.sits("boris", Reject(486))
    anna, _phone, visit, call = await ready(office, "101")
    await anna.api.order("transfer", call=call, to="person:boris", mode="consult")
    await anna.api.hears("call.line", lambda event: event["data"]["line"]["state"] == "failed")
    assert (await handover(office, call, HandoverState.returned)).why == "busy"
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


# --- by the telephone


def by_refer(phone: SoftCall) -> Awaitable[object]:
    return phone.refer("*55")


def by_key(phone: SoftCall) -> Awaitable[object]:
    return phone.key("#1*55")


@pytest.mark.parametrize("way", [by_refer, by_key])
async def test_a_code_of_the_telephone_takes_the_words_along(
    office: Office, way: Callable[[SoftCall], Awaitable[object]]
) -> None:
    boris = await office.sits("boris")
    _anna, phone, visit, call = await ready(office, "coded")
    await way(phone)
    await card_while_ringing(boris, call)
    await boris.answers()
    await office.talk(visit, boris)
    kept = await handover(office, call, HandoverState.taken)
    assert (kept.what.means, kept.what.comment, kept.taken_by) == ("phone", COMMENT, "boris")
    assert await interactions(office, call) == [("anna", TOPIC, COMMENT)]
    await visit.hang_up()
    assert (await office._contact(visit)).answered_by == "anna"


async def test_a_code_of_a_closed_department_brings_the_caller_back(office: Office) -> None:
    anna, phone, visit, call = await ready(office, "coded")
    await phone.refer("*66")
    await anna.answers()
    await returned(office, anna, call, "closed")
    await office.talk(visit, anna)
    await visit.hang_up()
    await office._contact(visit)


async def test_a_code_that_nobody_has_changes_nothing(office: Office) -> None:
    anna, phone, visit, call = await ready(office, "coded")
    assert await phone.refer("*99") == 404
    await office.talk(visit, anna)
    assert await office.database.handovers.of_call(CallId(call)) == ()
    await visit.hang_up()
    await office._contact(visit)
