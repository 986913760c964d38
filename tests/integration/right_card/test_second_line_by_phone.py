"""Anna hands her caller on to the second line by her telephone alone: by its transfer key (REFER), by the
codes #1 and *2, to a department's code or internal number. What she typed goes along all the same, and whom
nobody takes comes back to her with the reason."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from callcore.domain import CallId
from callcore.store.handovers import HandoverState
from callcore.testing.lab import NeverAnswer, Reject, SoftCall

from .building import BY_NUMBER, OfficeStage
from .handing_on import (
    COMMENT,
    TOPIC,
    card_while_ringing,
    handover,
    interactions,
    ready,
    returned,
    second_line,
)
from .office import Office

pytestmark = pytest.mark.asyncio(loop_scope="module")

CODE, CLOSED = "*55", "*66"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(
    version: int, needs: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[OfficeStage]:
    async with second_line(tmp_path_factory.mktemp(f"phoned{version}"), version) as stage:
        yield stage


async def transfers(phone: SoftCall, way: str, to: str) -> None:
    """``way``: her telephone's own transfer key, or a code of the PBX."""
    if way == "refer":
        assert await phone.refer(to) < 300
    else:
        await phone.key(way + to)


@pytest.mark.parametrize(
    ("way", "to"), [("refer", CODE), ("#1", CODE), ("refer", BY_NUMBER), ("#1", BY_NUMBER)]
)
async def test_the_words_go_along(office: Office, way: str, to: str) -> None:
    boris = await office.sits("boris" if to == CODE else "vera", ready=to == CODE)
    _anna, phone, visit, call = await ready(office, "coded")
    await transfers(phone, way, to)
    words = await card_while_ringing(boris, call)
    assert words["number"] == visit.number
    await boris.answers()
    await office.talk(visit, boris)
    kept = await handover(office, call, HandoverState.taken)
    assert (kept.what.means, kept.what.comment, kept.taken_by) == ("phone", COMMENT, boris.login)
    assert (kept.what.to_kind, kept.what.mode) == ("department", "blind")
    assert await interactions(office, call) == [("anna", TOPIC, COMMENT)]
    await visit.hang_up()
    assert (await office._contact(visit)).answered_by == "anna"


@pytest.mark.parametrize(
    ("to", "behaviour", "why"),
    [
        (CODE, NeverAnswer(), "no_answer"),
        (CODE, Reject(486), "no_answer"),
        (BY_NUMBER, NeverAnswer(), "no_answer"),
        (BY_NUMBER, Reject(486), "busy"),
        (BY_NUMBER, Reject(603), "rejected"),
    ],
)
async def test_whom_nobody_takes_comes_back(office: Office, to: str, behaviour: Any, why: str) -> None:
    await office.sits("boris" if to == CODE else "vera", behaviour, ready=to == CODE)
    anna, phone, visit, call = await ready(office, "coded")
    await phone.refer(to)
    await anna.answers()
    await returned(office, anna, call, why)
    await office.talk(visit, anna)
    await visit.hang_up()
    contact = await office._contact(visit)
    assert (contact.answered_by, contact.outcome) == ("anna", "answered")


# --- asked first, by *2


async def test_asked_first_and_then_given(office: Office) -> None:
    boris = await office.sits("boris")
    anna, phone, visit, call = await ready(office, "coded")
    await phone.key("*2" + CODE)
    await card_while_ringing(boris, call)
    await boris.answers()
    await office.consulted(boris)
    assert (await handover(office, call, HandoverState.asked)).what.mode == "consult"
    await phone.hang_up()
    await office.talk(visit, boris)
    assert (await handover(office, call, HandoverState.taken)).taken_by == "boris"
    await anna.api.is_("wrap_up")
    await visit.hang_up()
    await office.told(visit, anna, boris, by=anna, early=(boris,))
    await office.nothing_else()


@pytest.mark.parametrize(
    ("to", "behaviour", "why"),
    [
        (CODE, NeverAnswer(), "no_answer"),
        (BY_NUMBER, NeverAnswer(), "no_answer"),
        (BY_NUMBER, Reject(486), "busy"),
        (BY_NUMBER, Reject(603), "rejected"),
        (CLOSED, NeverAnswer(), "closed"),
    ],
)
async def test_asked_in_vain(office: Office, to: str, behaviour: Any, why: str) -> None:
    """Asterisk gives the caller back to her, and her page says why."""
    await office.sits("boris" if to == CODE else "vera", behaviour, ready=to == CODE)
    anna, phone, visit, call = await ready(office, "coded")
    await phone.key("*2" + to)
    assert (await handover(office, call, HandoverState.returned)).why == why
    await office.talk(visit, anna)
    assert not phone.is_over
    await visit.hang_up()
    await office._contact(visit)


# --- it may not be


async def test_a_code_of_a_closed_department_brings_the_caller_back(office: Office) -> None:
    anna, phone, visit, call = await ready(office, "coded")
    await phone.refer(CLOSED)
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
