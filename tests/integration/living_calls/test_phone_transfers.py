"""Transfers by the telephone for callers of callcore's own IVR, as the settings have them (phone_transfers)
and as ``callcore dialplan`` prints them: with callcore, and while it is away."""

from __future__ import annotations

import signal
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import yaml

from callcore import config
from callcore.commands.pbx_files import transfers
from callcore.domain import Outcome
from callcore.ivr.dialplan import render_transfers
from callcore.testing.house import PASSWORD, PEOPLE, TO_FINANCE, House
from callcore.testing.lab import SoftCall, Softphone
from callcore.testing.operator import ApiOperator
from callcore.testing.stage import Stage

from .conftest import VERSIONS

CODE = "*55"
THEN_EXPERTS = {
    "all": {"when": {"hours": "any"}, "to": [{"queue": "finance", "max_wait": "60 s"}, {"queue": "expert"}]}
}
COMMENT = "Двойное списание за октябрь."


@pytest.fixture(params=VERSIONS, ids=lambda version: f"asterisk{version}")
async def house(request: pytest.FixtureRequest, stack: AsyncExitStack, tmp_path: Path) -> House:
    """Anna and Boris serve finance, Vera the experts, who are next for whom finance does not take."""
    stage = await stack.enter_async_context(Stage(tmp_path, queue_timeout=3, version=request.param))
    stage.write_config(is_terse=True, tables={"finance": {"rows": THEN_EXPERTS}})
    file = stage.config_file.with_name("departments.yaml")
    top = yaml.safe_load(file.read_text(encoding="utf-8"))
    always = {"hours": "always", "holidays": {"country": "none"}}
    top["departments"]["finance"] |= {"transfer_code": CODE, **always}
    file.write_text(yaml.safe_dump(top, allow_unicode=True), encoding="utf-8")
    top = yaml.safe_load(stage.config_file.read_text(encoding="utf-8"))
    top["pbx"]["main"]["phone_transfers"] = True
    top |= {"desk": {"wrap_up_seconds": 60}, "second_line": {"return_after_seconds": 5}}
    stage.config_file.write_text(yaml.safe_dump(top, allow_unicode=True), encoding="utf-8")
    await stage.add_people(PEOPLE, queues=("finance",))
    await stage.add_people({"vera": ("Вера Орлова", PASSWORD)}, queues=("expert",))
    printed = render_transfers(transfers(config.load(stage.config_file)))
    with (tmp_path / "dialplan" / "callcore.conf").open("a", encoding="utf-8") as include:
        include.write(printed.replace(";include => internal", "include => phones"))
        include.write("\n[globals](+)\nCALLCORE_KEYS=t\n")
    await stage.lab.console("dialplan reload")
    return House(stage, tmp_path, stack)


class Desk:
    """Somebody with a telephone in his hand."""

    def __init__(self, house: House, stack: AsyncExitStack, login: str, number: str, queue: str) -> None:
        self._house, self._stack = house, stack
        self.login, self.number, self.queue = login, number, queue
        self.phone = Softphone(number, house.stage.lab.phone_port(number), house.stage.lab.sip_port)

    async def sits(self) -> ApiOperator:
        await self._stack.enter_async_context(self.phone)
        api = await self._house.operator(self.login)
        await api.open(f"PJSIP/{self.number}")
        await api.ready()
        await self._house.member(self.number, "Not in use", self.queue)
        return api


async def hear_each_other(house: House, number: str) -> None:
    """The customer and this phone share a bridge."""

    async def do() -> bool:
        shown = await house.stage.lab.console("core show channels concise")
        rooms = {row.split("!")[0].rpartition("-")[0]: row.split("!")[-2] for row in shown.splitlines()}
        return bool(rooms.get("PJSIP/trunk")) and rooms.get("PJSIP/trunk") == rooms.get(f"PJSIP/{number}")

    await house.until(do)


async def talks(anna: Desk) -> SoftCall:
    call = await anna.phone.incoming()
    await call.answer()
    await hear_each_other(anna._house, anna.number)
    return call


async def test_neither_the_second_line_nor_the_sender_takes_him(house: House, stack: AsyncExitStack) -> None:
    """He goes on as his topic's table has it, with the words of the first line on the card."""
    await house.stage.start()
    anna, boris = Desk(house, stack, "anna", "101", "finance"), Desk(house, stack, "boris", "102", "finance")
    vera = Desk(house, stack, "vera", "103", "expert")
    anna_api = await anna.sits()
    caller = await house.call(*TO_FINANCE)
    call = await talks(anna)
    card = await anna_api.hears("card")
    id = card["data"]["call"]["call"]
    await anna_api.order("draft", call=id, topic="finance.recalculation", comment=COMMENT)
    boris.phone.refuse(486)
    await boris.sits()
    vera_api = await vera.sits()
    anna.phone.refuse(486)
    assert await call.refer(CODE) < 300
    taken = await vera.phone.incoming()
    await taken.answer()
    await hear_each_other(house, "103")
    hers = await vera_api.hears("card")
    assert hers["data"]["call"]["call"] == id
    kept = await house.database.handovers.newest(id)
    assert kept is not None
    assert (kept.state.value, kept.why, kept.what.comment) == ("returned", "no_answer", COMMENT)
    await caller.hang_up()
    [contact] = await house.contacts()
    assert (contact.call, contact.outcome, contact.answered_by) == (id, Outcome.answered, "anna")
    assert [ring.login for ring in contact.operators][-1] == "vera"


async def test_let_go_of_while_it_rings_and_nobody_answers(house: House, stack: AsyncExitStack) -> None:
    """She asked by *2 and hung up too early: Asterisk rings her again."""
    await house.stage.start()
    anna, boris = Desk(house, stack, "anna", "101", "finance"), Desk(house, stack, "boris", "102", "finance")
    anna_api = await anna.sits()
    caller = await house.call(*TO_FINANCE)
    call = await talks(anna)
    card = await anna_api.hears("card")
    id = card["data"]["call"]["call"]
    boris_api = await boris.sits()
    await call.key("*2" + CODE)
    await boris.phone.incoming()
    await boris_api.hears("card")
    await call.hang_up()
    again = await anna.phone.incoming()
    await again.answer()
    await hear_each_other(house, "101")
    await caller.hang_up()
    [contact] = await house.contacts()
    assert (contact.call, contact.outcome, contact.answered_by) == (id, Outcome.answered, "anna")
    kept = await house.database.handovers.newest(id)
    assert kept is not None
    assert (kept.state.value, kept.why) == ("returned", "no_answer")


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP])
async def test_the_code_leads_there_while_callcore_is_away(
    house: House, stack: AsyncExitStack, blow: signal.Signals
) -> None:
    """Killed, or alive and silent: the plain dialplan knows the department."""
    await house.stage.start_process()

    async def is_up() -> bool:
        try:
            await house.operator("vera")
        except OSError:
            return False
        return True

    await house.until(is_up)
    anna, boris = Desk(house, stack, "anna", "101", "finance"), Desk(house, stack, "boris", "102", "finance")
    apis = [await anna.sits()]
    caller = await house.call(*TO_FINANCE)
    call = await talks(anna)
    apis.append(await boris.sits())
    house.stage.signal(blow)
    assert await call.refer(CODE) < 300
    taken = await boris.phone.incoming()
    await taken.answer()
    await hear_each_other(house, "102")
    await caller.hang_up()
    await taken.ended()
    house.stage.signal(signal.SIGKILL)
    for api in apis:
        await api.deafen()
