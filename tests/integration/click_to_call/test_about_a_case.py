"""A customer is called to be told about his appeal (D-62): the case names the call and its contact."""

from __future__ import annotations

import asyncio

import pytest

from callcore.crm.cases.model import New
from callcore.crm.cases.received import HOUSE
from callcore.domain import CallId
from callcore.store.customers import NewCustomer
from callcore.testing.carrier import Carrier
from callcore.testing.operator import Refused
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.testing.stage import Stage

from .conftest import Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")

NUMBER = "79160007100"


async def test_told_about_his_case(anna: Desk, stage: Stage, carrier: Carrier) -> None:
    assert stage.daemon is not None
    database = stage.daemon.database
    await database.customers.add_many([NewCustomer("К-710", "ООО «Ромашка»", numbers=(f"+{NUMBER}",))])
    [customer] = await database.customers.find_by_number(f"+{NUMBER}")
    new = New("connect.company", customer.id, {"company": "ООО «Ромашка»"}, number=f"+{NUMBER}")
    case = await stage.daemon.office.cases.create(new, HOUSE, send=True, whole=False)
    with pytest.raises(Refused) as refused:
        await anna.api.order("dial", number=NUMBER, about=f"case:{case.id + 100}")
    assert (refused.value.status, refused.value.problem["type"]) == (404, "urn:callcore:problem:no-such-case")
    await anna.api.order("dial", number=NUMBER, about=f"case:{case.id}")
    call = await anna.phone.incoming()
    await call.answer()
    await carrier.answered(NUMBER)
    await call.hang_up()
    [*_, last] = await database.cases.history(case.id)
    assert (last.act, last.login) == ("called", "anna")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (contact := await database.contacts.get(CallId(last.became))) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # the database does not call us
    assert (contact.answered_by, contact.caller_number) == ("anna", f"+{NUMBER}")
    assert await carrier.invites_of(NUMBER) == 1
