"""What people do with a call, done by softphones on a real Asterisk, and what it says of it over AMI."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from callcore.testing.lab import (
    AsteriskLab,
    Caller,
    CallRefused,
    OutgoingTrunk,
    PhoneHabits,
    SoftCall,
    Softphone,
    Until,
)
from callcore.testing.lab.process import free_port
from callcore.testing.patience import PATIENCE_SECONDS

NUMBERS = ("101", "102", "103")
CALLER = "79000000001"
DIALPLAN = """
[from-trunk]
exten => _10X,1,Dial(PJSIP/${EXTEN},30,tk)
 same => n,Hangup()
"""


class Events:
    """All that Asterisk tells an observer, as dictionaries."""

    def __init__(self) -> None:
        self.seen: list[dict[str, str]] = []
        self._changed = asyncio.Event()

    async def read(self, lab: AsteriskLab) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", lab.ami_port)
        try:
            writer.write(f"Action: Login\r\nUsername: observer\r\nSecret: {lab.secret}\r\n\r\n".encode())
            await reader.readline()
            while True:
                block = (await reader.readuntil(b"\r\n\r\n")).decode("utf-8", "replace")
                pairs = (line.partition(": ") for line in block.splitlines() if line)
                self.seen.append({name: value for name, _, value in pairs})
                self._changed.set()
                self._changed = asyncio.Event()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def event(
        self, name: str, limit_seconds: float = PATIENCE_SECONDS, **fields: str
    ) -> dict[str, str]:
        """Wait for an event of this name; a field matches if its value starts as given."""
        try:
            async with asyncio.timeout(limit_seconds):
                while True:
                    for event in self.seen:
                        if event.get("Event") == name and all(
                            event.get(field, "").startswith(value) for field, value in fields.items()
                        ):
                            return event
                    await self._changed.wait()
        except TimeoutError:
            known = [event.get("Event", event.get("Response", "")) for event in self.seen]
            raise TimeoutError(f"no {name} with {fields}; but: {known}") from None


class Office:
    """A PBX, an observer, three phones, and the carrier, who is a softphone too."""

    def __init__(self, pbx: AsteriskLab, folder: Path, phones: dict[str, Softphone], events: Events) -> None:
        self.pbx = pbx
        self.phones = phones
        self.events = events
        self.event = events.event
        self._folder = folder

    def caller(self, dialled: str = "101") -> Caller:
        return Caller(self.pbx.sip_port, self._folder, number=CALLER, dialled=dialled, steps=[Until()])

    async def talk(self) -> SoftCall:
        """101 answers what rings there; both are in one bridge."""
        call = await self.phones["101"].incoming()
        await call.answer()
        await self.event("BridgeEnter", Channel="PJSIP/101-")
        return call


async def hang_up(caller: Caller) -> None:
    """He must have taken note of the answer before he can put the receiver down."""
    await caller.answered()
    await caller.hang_up()


on_both = pytest.mark.parametrize("office", [16, 22], indirect=True, ids=["16", "22"])


@pytest.fixture
async def office(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Office]:
    carrier = free_port()
    pbx = AsteriskLab(
        tmp_path / "pbx",
        phones=NUMBERS,
        dialplan=DIALPLAN,
        observer=True,
        habits=PhoneHabits(dialplan="exten => 900,1,Dial(PJSIP/101&PJSIP/102,30)"),
        carrier=OutgoingTrunk("127.0.0.1", carrier),
        version=getattr(request, "param", 22),
    )
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(pbx)
        ports = {"carrier": carrier, **{number: pbx.phone_port(number) for number in NUMBERS}}
        phones = {
            number: await stack.enter_async_context(Softphone(number, port, pbx.sip_port))
            for number, port in ports.items()
        }
        events = Events()
        reading = asyncio.create_task(events.read(pbx))
        await events.event("FullyBooted")
        yield Office(pbx, tmp_path / "sip", phones, events)
    await reading


@on_both
async def test_a_caller_is_held_taken_back_and_hears_the_goodbye(office: Office) -> None:
    async with office.caller() as caller:
        call = await office.talk()
        assert (call.number, call.state) == (CALLER, "talking")
        await caller.answered()  # before that a SIPp takes no BYE
        await call.hold()
        await office.event("Hold", Channel="PJSIP/101-")
        await call.resume()
        await office.event("Unhold", Channel="PJSIP/101-")
        office.events.seen.clear()
        await call.hold(is_inactive=True)
        await office.event("Hold", Channel="PJSIP/101-")
        await call.hang_up()
        result = await caller.wait()
    assert (result.ended_by, call.state, office.phones["101"].calls) == ("pbx", "ended", ())


async def test_a_caller_who_hangs_up_ends_the_call(office: Office) -> None:
    async with office.caller() as caller:
        call = await office.talk()
        await hang_up(caller)
        await call.ended()


async def test_a_phone_dials_another_and_both_talk(office: Office) -> None:
    call = await office.phones["101"].dial("102")
    await call.ringing()
    other = await office.phones["102"].incoming()
    assert (other.number, other.name) == ("101", "Operator 101")
    await other.answer()
    await call.answered()
    await other.hang_up()
    await call.ended()


async def test_a_phone_calls_a_customer_through_the_carrier(office: Office) -> None:
    call = await office.phones["101"].dial("89000000001")
    customer = await office.phones["carrier"].incoming()
    assert customer.dialled == "89000000001"
    await call.ringing()
    await customer.answer()
    await call.answered()
    await office.event("BridgeEnter", Channel="PJSIP/carrier-")
    await customer.hang_up()
    await call.ended()


async def test_a_group_rings_and_the_quickest_talks(office: Office) -> None:
    call = await office.phones["103"].dial("900")
    first = await office.phones["101"].incoming()
    second = await office.phones["102"].incoming()
    await second.answer()
    await first.ended()
    await call.answered()
    assert (first.status, second.state, office.phones["101"].calls) == (0, "talking", ())
    await office.event("Hangup", Channel="PJSIP/101-", Cause="26")


async def test_a_dialler_gives_up_and_one_is_refused(office: Office) -> None:
    call = await office.phones["101"].dial("102")
    other = await office.phones["102"].incoming()
    await call.hang_up()
    await other.ended()
    office.phones["103"].refuse(486)
    with pytest.raises(CallRefused, match="486"):
        await (await office.phones["101"].dial("103")).answered()
    with pytest.raises(CallRefused, match="404"):
        await (await office.phones["101"].dial("199")).answered()


async def test_a_ringing_call_is_declined(office: Office) -> None:
    call = await office.phones["101"].dial("102")
    await (await office.phones["102"].incoming()).reject(603)
    with pytest.raises(CallRefused):
        await call.answered()
    await office.event("Hangup", Channel="PJSIP/102-", Cause="21")


@on_both
async def test_a_blind_transfer(office: Office) -> None:
    async with office.caller():
        call = await office.talk()
        assert await call.refer("103") == 200
        third = await office.phones["103"].incoming()
        await third.answer()
        await call.ended()
        transfer = await office.event("BlindTransfer", Result="Success")
        assert (transfer["Extension"], transfer["TransfererChannel"][:10]) == ("103", "PJSIP/101-")
        await office.event("BridgeEnter", Channel="PJSIP/103-")
        assert third.number == CALLER


@on_both
async def test_an_attended_transfer_after_the_consulted_answered(office: Office) -> None:
    async with office.caller() as caller:
        call = await office.talk()
        await call.hold()
        consultation = await office.phones["101"].dial("102")
        second = await office.phones["102"].incoming()
        await second.answer()
        await consultation.answered()
        assert len(office.phones["101"].calls) == 2
        await office.event("BridgeEnter", Channel="PJSIP/102-")
        assert await call.refer_attended(consultation) == 200
        transfer = await office.event("AttendedTransfer", Result="Success")
        assert transfer["SecondTransfererChannel"].startswith("PJSIP/101-")
        await call.ended()
        await consultation.ended()
        await hang_up(caller)
        await second.ended()


@on_both
async def test_a_transfer_while_the_consulted_still_rings(office: Office) -> None:
    async with office.caller() as caller:
        call = await office.talk()
        await call.hold()
        consultation = await office.phones["101"].dial("102")
        await consultation.ringing()
        second = await office.phones["102"].incoming()
        assert await call.refer_attended(consultation) == 200
        await office.event("AttendedTransfer", Result="Success")
        await call.ended()
        await consultation.ended()
        await second.answer()
        await office.event("BridgeEnter", Channel="PJSIP/102-")
        await hang_up(caller)
        await second.ended()


@on_both
async def test_a_forward_by_302(office: Office) -> None:
    office.phones["101"].forward_to("103")
    async with office.caller():
        third = await office.phones["103"].incoming()
        await third.answer()
        await office.event("BridgeEnter", Channel="PJSIP/103-")
        assert third.number == CALLER


@on_both
async def test_feature_codes_transfer(office: Office) -> None:
    async with office.caller():
        call = await office.talk()
        await call.key("*2102")
        second = await office.phones["102"].incoming()
        await second.answer()
        await office.event("BridgeEnter", Channel="PJSIP/102-")
        await call.hang_up()
        await office.event("AttendedTransfer", Result="Success")
        await second.key("#1103")
        await office.phones["103"].incoming()
        await office.event("BlindTransfer", Result="Success", Extension="103")
        await second.ended()


@on_both
async def test_a_call_is_picked_up_by_number_and_by_group(office: Office) -> None:
    for code in ("*8101", "*8"):
        office.events.seen.clear()
        async with office.caller():
            ringing = await office.phones["101"].incoming()
            taken = await office.phones["102"].dial(code)
            await taken.answered()
            await ringing.ended()
            pickup = await office.event("Pickup", Channel="PJSIP/102-")
            assert pickup["TargetChannel"].startswith("PJSIP/101-")
            await taken.hang_up()


@on_both
async def test_a_caller_is_parked_and_taken_back(office: Office) -> None:
    async with office.caller():
        call = await office.talk()
        # he is told the slot's number before the transfer is over
        assert await call.refer("700") == 200
        parked = await office.event("ParkedCall")
        assert parked["ParkeeCallerIDNum"] == CALLER
        taken = await office.phones["102"].dial(parked["ParkingSpace"])
        await taken.answered()
        await office.event("UnParkedCall", RetrieverChannel="PJSIP/102-")


@on_both
async def test_a_caller_parked_by_a_code_comes_back(office: Office) -> None:
    office.pbx.habits = PhoneHabits(parking_seconds=1)
    await office.pbx.reload("res_parking.so")
    async with office.caller():
        call = await office.talk()
        await call.key("#72")
        await office.event("ParkedCall")
        await call.ended()
        back = await office.phones["101"].incoming()
        await office.event("ParkedCallTimeOut")
        assert back.number == CALLER


async def test_two_calls_at_once_on_one_phone(office: Office) -> None:
    async with office.caller() as caller:
        first = await office.talk()
        async with office.caller():
            second = await office.phones["101"].incoming()
            await first.hold()
            await second.answer()
            assert [call.state for call in office.phones["101"].calls] == ["held", "talking"]
            await second.hang_up()
        await first.resume()
        await hang_up(caller)
        await first.ended()


async def test_a_meeting_of_phones(office: Office) -> None:
    calls = [await office.phones[number].dial("800") for number in NUMBERS]
    for number, call in zip(NUMBERS, calls, strict=True):
        await call.answered()
        await office.event("ConfbridgeJoin", Channel=f"PJSIP/{number}-")
    await calls[0].hang_up()
    await office.event("ConfbridgeLeave", Channel="PJSIP/101-")


async def test_a_wait_that_fails_shows_what_was_sent(office: Office) -> None:
    call = await office.phones["101"].dial("102")
    with pytest.raises(TimeoutError, match=r"not answered: .*> INVITE, < 100"):
        await call.answered(limit_seconds=0.2)
    with pytest.raises(TimeoutError, match="nobody called 103"):
        await office.phones["103"].incoming(limit_seconds=0.05)
