"""Anna has a caller, a topic and words for the second line; the house that she hands him on in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from callcore.domain import CallId
from callcore.store.handovers import Handover, HandoverState
from callcore.testing.lab import SoftCall
from callcore.testing.patience import PATIENCE_SECONDS

from .building import BY_NUMBER, OfficeStage
from .office import Office, Person, Visit
from .transferring import talking

TOPIC = "finance.recalculation"
COMMENT = "Двойное списание за октябрь."
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@asynccontextmanager
async def second_line(folder: Path, version: int) -> AsyncIterator[OfficeStage]:
    """Finance and reactivation, which is Vera's telephone, are always there, retention is not today; whom
    nobody takes comes back soon."""
    async with OfficeStage(folder, version) as stage:
        quick = {"return_after_seconds": 5, "consult_ring_seconds": 5}
        stage.write_config({"desk": {"wrap_up_seconds": 120}, "second_line": quick}, is_terse=True)
        stage.keep_open("finance")
        file = stage.config_file.with_name("departments.yaml")
        house = yaml.safe_load(file.read_text(encoding="utf-8"))
        open_day = DAYS[(datetime.now(UTC) + timedelta(days=3)).weekday()]
        house["departments"]["finance"]["transfer_code"] = "*55"
        house["departments"]["reactivation"] |= {"number": BY_NUMBER, "hours": "always"}
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


async def returned(office: Office, anna: Person, call: str, why: str) -> None:
    """The row says so, and her page: the card is back, with who did not take it."""
    kept = await handover(office, call, HandoverState.returned)
    assert (kept.why, kept.what.by) == (why, anna.login)

    def is_back(event: dict[str, Any]) -> bool:
        view = event["data"]["call"]
        words = view.get("handed") if isinstance(view, dict) else None
        return bool(words) and words["state"] == "returned" and words["why"] == why

    await anna.api.hears("card", is_back)
