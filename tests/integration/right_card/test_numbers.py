"""Numbers as networks write them: card and contact show the one spelling, and the customer is found."""

import pytest

from callcore.testing.lab import Answer

from .office import Office

VERSIONS = (22,)
pytestmark = pytest.mark.asyncio(loop_scope="module")

HIS = "+79000005399"
WRITTEN = {
    "with a plus": {"number": "+79000005399"},
    "with an 8": {"number": "89000005399"},
    "spaced": {"from_header": "<sip:+7%20900%20000-53-99@127.0.0.1>"},
}


@pytest.mark.parametrize("how", WRITTEN)
async def test_customer(office: Office, how: str) -> None:
    anna = await office.sits("anna", Answer(0.2))
    visit = await office.call_as("101", HIS, **WRITTEN[how])
    await office.talk(visit, anna, seconds=0)
    await visit.hang_up()
    await office.told(visit, anna, by=anna)
    await office.nothing_else()


@pytest.mark.parametrize(("written", "shown"), [("74950000000/12", None), ("12", "12"), ("0512", "0512")])
async def test_nobodys_number(office: Office, written: str, shown: str | None) -> None:
    """A slash, a short number: the call is shown and kept all the same."""
    anna = await office.sits("anna", Answer(0.2))
    visit = await office.call_as("101", shown, number=written)
    await office.talk(visit, anna, seconds=0)
    await visit.hang_up()
    contact = await office.told(visit, anna, by=anna)
    assert contact.caller_number_raw == written
    await office.nothing_else()


async def test_withheld(office: Office) -> None:
    anna = await office.sits("anna", Answer(0.2))
    visit = await office.call_as("101", None)
    await office.talk(visit, anna, seconds=0)
    await visit.hang_up()
    await office.told(visit, anna, by=anna)
    await office.nothing_else()
