"""Calls to customers: dialled by an operator, or placed by a program that rings the operator first."""

import pytest

from callcore.testing.lab import Answer, NeverAnswer, Reject

from .office import Office

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOON = Answer(after_seconds=0.4)


async def test_answered(office: Office) -> None:
    """The customer's card comes when he is there."""
    anna = await office.sits("anna")
    visit = await office.customer(SOON)
    call = await office.dials(anna, visit)
    await office.talk(visit, anna)
    await call.hang_up()
    await office.told(visit, anna, by=anna, direction="outbound")
    await office.nothing_else()


async def test_busy(office: Office) -> None:
    anna = await office.sits("anna")
    visit = await office.customer(Reject(486))
    call = await office.dials(anna, visit)
    await call.ended()
    await office.told(visit, direction="outbound", outcome="failed", end_reason="busy")
    await office.nothing_else()


async def test_no_answer(office: Office) -> None:
    """The customer's provider gives up (480): nobody lifted the receiver."""
    anna = await office.sits("anna")
    visit = await office.customer(Reject(480))
    call = await office.dials(anna, visit)
    await call.ended()
    await office.told(visit, direction="outbound", outcome="failed", end_reason="no_answer")
    await office.nothing_else()


async def test_given_up(office: Office) -> None:
    """Anna hangs up before the customer answers."""
    anna = await office.sits("anna")
    visit = await office.customer(NeverAnswer())
    call = await office.dials(anna, visit)
    await call.ringing()
    await call.hang_up()
    await office.told(visit, direction="outbound", outcome="failed", end_reason="cancelled")
    await office.nothing_else()


async def test_placed_by_a_program(office: Office) -> None:
    """Anna's phone is rung first, then the customer's."""
    anna = await office.sits("anna")
    visit = await office.customer(SOON)
    await office.places(anna, visit)
    call = await anna.answers()
    await office.finds(visit, anna)
    await office.talk(visit, anna)
    await call.hang_up()
    await office.told(visit, anna, by=anna, direction="outbound")
    await office.nothing_else()


async def test_handed_on(office: Office) -> None:
    """Anna calls the customer and sends him on to Boris by her phone."""
    anna, boris = await office.sits("anna"), await office.sits("boris", SOON)
    visit = await office.customer(SOON)
    call = await office.dials(anna, visit)
    await office.talk(visit, anna)
    await call.refer("102")
    await office.talk(visit, boris)
    await office.customer_hangs_up(visit)
    contact = await office.told(visit, anna, boris, by=anna, direction="outbound")
    assert contact.talk_ms >= 3000
    await office.nothing_else()
