"""What operators order at their desks for a living call, on the real Asterisk: hold, asking somebody, giving
away, three-way, park and take, mute. It stays one call with one contact, its talk is what was talked, each
card comes once, and nobody is left on the line."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from callcore.ami.line_actions import for_order
from callcore.ami.protocol import AmiAction
from callcore.calls.handset import Order, SetVar
from callcore.floor import handset
from callcore.testing.lab import Answer, Reject, SoftCall
from callcore.testing.operator import Refused

from .office import Office, Person, Visit
from .transferring import talking

pytestmark = pytest.mark.asyncio(loop_scope="module")

WAYS = ("101", "line")
"""Anna's phone is dialled, or a queue rings it."""


PERSON, QUEUE = "person:boris", "department:finance"


class Bar:
    """A person's call bar, for the one call that he has."""

    def __init__(self, person: Person) -> None:
        self._api = person.api

    @property
    def call(self) -> str:
        return str(self._api.heard("card")[-1]["data"]["call"]["call"])

    async def order(self, do: str) -> None:
        await self._api.order(do, call=self.call)

    async def asks(self, to: str) -> None:
        await self._api.hand_on(self.call, to)

    async def gives(self, to: str) -> None:
        await self._api.hand_on(self.call, to, "blind")

    async def shows(self, state: str) -> dict[str, object]:
        """Wait until the newest word on the call is this state; ``talks``: an ordinary talk."""
        await self._api.hears("call.line", lambda _event: self._newest() == state)
        line: dict[str, object] = self._api.heard("call.line")[-1]["data"]["line"]
        return line

    def _newest(self) -> str:
        return str(self._api.heard("call.line")[-1]["data"]["line"]["state"])


async def held(office: Office, dialled: str = "101") -> tuple[Person, SoftCall, Visit, Bar]:
    anna, call, visit = await talking(office, dialled)
    bar = Bar(anna)
    await bar.order("hold")
    await bar.shows("held")
    return anna, call, visit, bar


async def asks(
    office: Office, dialled: str = "101", to: str = PERSON
) -> tuple[Person, Person, SoftCall, Visit, Bar]:
    """Anna asks Boris, whose phone rings."""
    anna, call, visit = await talking(office, dialled)
    boris = await office.sits("boris")
    bar = Bar(anna)
    await bar.asks(to)
    await bar.shows("calling")
    await boris.rings()
    return anna, boris, call, visit, bar


async def consults(
    office: Office, dialled: str = "101", to: str = PERSON
) -> tuple[Person, Person, SoftCall, Visit, Bar]:
    anna, boris, call, visit, bar = await asks(office, dialled, to)
    await boris.answers()
    await bar.shows("consulting")
    await boris.api.is_("talking")
    return anna, boris, call, visit, bar


def of_queue(dialled: str) -> str | None:
    return None if dialled == "101" else dialled


# --- hold


@pytest.mark.parametrize("dialled", WAYS)
async def test_hold_and_resume_twice(office: Office, dialled: str) -> None:
    anna, _call, visit, bar = await held(office, dialled)
    for again in (True, False):
        await office.heard("MusicOnHoldStart", 2 - again)
        await bar.order("resume")
        await bar.shows("talks")
        await office.talk(visit, anna)
        if again:
            await bar.order("hold")
            await bar.shows("held")
    await anna.api.is_("talking")
    await visit.hang_up()
    await office.told(visit, anna, by=anna, queue=of_queue(dialled))
    await office.nothing_else()


@pytest.mark.parametrize("dialled", WAYS)
async def test_the_customer_hangs_up_on_hold(office: Office, dialled: str) -> None:
    """Anna's phone is hung up with him: nobody would tell her."""
    anna, call, visit, _bar = await held(office, dialled)
    await visit.hang_up()
    await call.ended()
    await anna.api.is_("wrap_up")
    await office.told(visit, anna, by=anna, queue=of_queue(dialled))
    await office.nothing_else()


async def test_end_hangs_the_customer_up(office: Office) -> None:
    anna, call, visit, bar = await held(office)
    await bar.order("end")
    await call.ended()
    await office.told(visit, anna, by=anna)
    await office.nothing_else()


async def test_hang_up(office: Office) -> None:
    anna, call, visit = await talking(office, "line")
    await Bar(anna).order("hang_up")
    await call.ended()
    await office.told(visit, anna, by=anna, queue="line")
    await office.nothing_else()


async def test_a_call_that_anna_made_herself(office: Office) -> None:
    anna = await office.sits("anna")
    visit = await office.customer(Answer())
    await office.dials(anna, visit)
    await office.talk(visit, anna)
    bar = Bar(anna)
    await bar.order("hold")
    await bar.shows("held")
    await bar.order("resume")
    await bar.shows("talks")
    await office.talk(visit, anna)
    await bar.order("hang_up")
    await office.told(visit, anna, by=anna, direction="outbound")
    await office.nothing_else()


async def test_mute(office: Office) -> None:
    anna, _call, visit = await talking(office)
    bar = Bar(anna)
    await bar.order("mute")
    line = await bar.shows("talks")
    assert (line["is_muted"], "unmute" in str(line["may"])) == (True, True)
    await bar.order("hold")
    await bar.shows("held")
    await bar.order("resume")
    await bar.order("unmute")
    await visit.hang_up()
    await office.told(visit, anna, by=anna)
    await office.nothing_else()


# --- asking


@pytest.mark.parametrize("dialled", WAYS)
@pytest.mark.parametrize("to", [PERSON, QUEUE])
async def test_asked_and_given(office: Office, dialled: str, to: str) -> None:
    anna, boris, call, visit, bar = await consults(office, dialled, to)
    await bar.order("complete")
    await office.talk(visit, boris)
    await call.ended()
    await anna.api.is_("wrap_up")
    await boris.api.is_("talking")
    await visit.hang_up()
    contact = await office.told(visit, anna, boris, by=anna, queue=of_queue(dialled), early=[boris])
    assert [ring.login for ring in contact.operators] == ["anna", "boris"]
    await office.nothing_else()


@pytest.mark.parametrize("dialled", WAYS)
@pytest.mark.parametrize("to", [PERSON, QUEUE])
async def test_asked_and_back(office: Office, dialled: str, to: str) -> None:
    anna, boris, _call, visit, bar = await consults(office, dialled, to)
    await bar.order("back")
    await office.talk(visit, anna)
    await boris.api.is_("wrap_up")
    await bar.shows("talks")
    await visit.hang_up()
    await office.told(visit, anna, boris, by=anna, queue=of_queue(dialled), early=[boris])
    await office.nothing_else()


@pytest.mark.parametrize("to", [PERSON, QUEUE])
async def test_back_while_it_rings(office: Office, to: str) -> None:
    anna, boris, _call, visit, bar = await asks(office, "line", to)
    await bar.order("back")
    await office.talk(visit, anna)
    await boris.api.is_("ready")
    await visit.hang_up()
    await office.told(visit, anna, boris, by=anna, queue="line", early=[boris])
    await office.nothing_else()


@pytest.mark.parametrize("to", [PERSON, QUEUE])
async def test_the_one_asked_rejects(office: Office, to: str) -> None:
    anna, call, visit = await talking(office)
    boris = await office.sits("boris", Reject())
    bar = Bar(anna)
    await bar.asks(to)
    if to == PERSON:
        line = await bar.shows("failed")
        assert line["failed"] in ("BUSY", "NOANSWER", "CHANUNAVAIL", "CONGESTION")
        assert not call.is_over
    else:
        await bar.shows("calling")
        await boris.rings()
    await bar.order("back")
    await office.talk(visit, anna)
    await visit.hang_up()
    contact = await office.told(visit, anna, boris, by=anna, early=[boris])
    office.rang_anew(boris, contact.call)
    await office.nothing_else()


async def test_anna_hangs_up_after_the_answer(office: Office) -> None:
    """The dialplan gives him to Boris, callcore need not."""
    anna, boris, call, visit, _bar = await consults(office, "line")
    await call.hang_up()
    await office.talk(visit, boris)
    await anna.api.is_("wrap_up")
    await visit.hang_up()
    await office.told(visit, anna, boris, by=anna, queue="line", early=[boris])
    await office.nothing_else()


async def test_anna_hangs_up_while_it_rings(office: Office) -> None:
    """The customer rings Boris himself, at once."""
    anna, boris, call, visit, _bar = await asks(office)
    await call.hang_up()
    await office.heard("DialBegin", DestChannel="PJSIP/102-*", Channel=office.name_of(visit))
    answered = False
    while not answered:  # the first ring is cancelled
        ring = await boris.phone.incoming()
        await ring.tried()
        answered = not ring.is_over
        if answered:
            await ring.answer()
    await office.talk(visit, boris)
    await visit.hang_up()
    contact = await office.told(visit, anna, boris, by=anna, early=[boris])
    a_card_for_each_ring(office, boris, contact.call)
    await office.nothing_else()


async def test_the_customer_goes_while_they_talk_about_him(office: Office) -> None:
    anna, boris, call, visit, bar = await consults(office, "line")
    await visit.hang_up()
    await office.told(visit, anna, boris, by=anna, queue="line", early=[boris])
    [asked] = boris.phone.calls
    assert not asked.is_over
    assert not call.is_over
    with pytest.raises(Refused, match="call-gone"):
        await bar.order("back")
    await asked.hang_up()
    await call.ended()
    await office.nothing_else()


async def test_let_go_of(office: Office) -> None:
    """Blind while it rings: she need not wait."""
    anna, boris, call, visit, bar = await asks(office)
    await bar.order("blind")
    await call.ended()
    ring = await boris.phone.incoming()
    while True:
        await ring.tried()
        if not ring.is_over:
            break
        ring = await boris.phone.incoming()
    await ring.answer()
    await office.talk(visit, boris)
    await visit.hang_up()
    contact = await office.told(visit, anna, boris, by=anna, early=[boris])
    a_card_for_each_ring(office, boris, contact.call)
    await office.nothing_else()


def a_card_for_each_ring(office: Office, asked: Person, call: str) -> None:
    """His first ring may be over before the next one begins, or go on as the same: as Asterisk has it."""
    rings = [event for event in asked.api.events if event["type"] == "call.ringing"]
    office._cards[asked.login] = [call] * len(rings)


# --- giving away


@pytest.mark.parametrize("dialled", WAYS)
@pytest.mark.parametrize("to", [PERSON, QUEUE])
async def test_blind(office: Office, dialled: str, to: str) -> None:
    anna, call, visit = await talking(office, dialled)
    boris = await office.sits("boris")
    await Bar(anna).gives(to)
    await boris.answers()
    await office.talk(visit, boris)
    await call.ended()
    await anna.api.is_("wrap_up")
    await visit.hang_up()
    queue = "finance" if to == QUEUE else of_queue(dialled)
    await office.told(visit, anna, boris, by=anna, queue=queue, early=[boris])
    await office.nothing_else()


async def test_blind_to_somebody_who_rejects_comes_back(office: Office) -> None:
    anna, call, visit = await talking(office)
    boris = await office.sits("boris", Reject())
    await Bar(anna).gives(PERSON)
    await call.ended()
    again = await anna.phone.incoming()
    ring = await anna.api.hears("call.ringing", lambda event: event["data"]["call"]["returned"] is not None)
    assert ring["data"]["call"]["returned"] in ("BUSY", "NOANSWER", "CHANUNAVAIL", "CONGESTION")
    await again.answer()
    await office.talk(visit, anna)
    await anna.api.is_("talking")
    await visit.hang_up()
    contact = await office.told(visit, boris, by=anna, early=[boris])
    office._cards["anna"] = [contact.call] * 2  # once more as it rings, with who did not take him
    await office.nothing_else()


# --- all three


async def test_three_way_and_the_first_one_leaves(office: Office) -> None:
    anna, boris, _call, visit, bar = await consults(office, "line")
    await bar.order("three_way")
    await bar.shows("room")
    await office.talk(visit, anna, boris)
    await bar.order("hang_up")
    await anna.api.is_("wrap_up")
    await office.talk(visit, boris)
    await visit.hang_up()
    await boris.api.is_("wrap_up")
    await office.told(visit, anna, boris, by=anna, queue="line", early=[boris])
    await office.nothing_else()


async def test_nobody_stays_alone_in_the_room(office: Office) -> None:
    anna, boris, call, visit, bar = await consults(office)
    await bar.order("three_way")
    await bar.shows("room")
    await office.talk(visit, anna, boris)
    await visit.hang_up()
    await office.told(visit, anna, boris, by=anna, early=[boris])
    [asked] = boris.phone.calls
    assert not asked.is_over
    await asked.hang_up()
    await call.ended()
    await office.nothing_else()


# --- park


async def test_parked_and_taken(office: Office) -> None:
    anna, call, visit = await talking(office, "line")
    boris = await office.sits("boris")
    bar = Bar(anna)
    await bar.order("park")
    await call.ended()
    await anna.api.is_("wrap_up")
    await boris.api.order("take", call=bar.call)
    await boris.answers()
    await office.talk(visit, boris)
    await visit.hang_up()
    await office.told(visit, anna, boris, by=anna, queue="line")
    await office.nothing_else()


async def test_two_take_him_at_the_same_moment(office: Office) -> None:
    """One of them has him; the other's phone does not ring, and he is told."""
    anna, call, visit = await talking(office, "line")
    boris, vera = await office.sits("boris"), await office.sits("vera")
    bar = Bar(anna)
    await bar.order("park")
    await call.ended()
    await anna.api.is_("wrap_up")
    orders = [taker.api.order("take", call=bar.call) for taker in (boris, vera)]
    first, second = await asyncio.gather(*orders, return_exceptions=True)
    assert [isinstance(each, Refused) for each in (first, second)].count(True) == 1
    taker, other = (vera, boris) if isinstance(first, Refused) else (boris, vera)
    await taker.answers()
    await office.talk(visit, taker)
    assert other.phone.calls == ()
    await visit.hang_up()
    await office.told(visit, anna, taker, by=anna, queue="line")
    await office.nothing_else()


async def test_held_and_hung_up_is_parked(office: Office) -> None:
    anna, call, visit, bar = await held(office)
    await call.hang_up()
    await anna.api.is_("wrap_up")
    boris = await office.sits("boris")
    await boris.api.order("take", call=bar.call)
    await boris.answers()
    await office.talk(visit, boris)
    await visit.hang_up()
    await office.told(visit, anna, boris, by=anna)
    await office.nothing_else()


# --- what is refused


async def test_only_ones_own_call_and_only_known_targets(office: Office) -> None:
    anna, _call, visit = await talking(office)
    boris = await office.sits("boris")
    call = Bar(anna).call
    for do in ("hang_up", "end", "hold", "park", "take"):
        with pytest.raises(Refused, match="409"):
            await boris.api.order(do, call=call)
    for to in ("number:102", "number:89161234567", "person:vera", "person:anna", "queue:nowhere"):
        for mode in ("consult", "blind"):
            with pytest.raises(Refused, match="not-handed"):
                await anna.api.hand_on(call, to, mode)
    with pytest.raises(Refused, match="404"):
        await anna.api.order("consult", call=call, colleague="boris")
    with pytest.raises(Refused, match="no-target"):
        await anna.api.order("blind", call=call, colleague="boris")
    for do in ("resume", "complete", "back", "three_way"):
        with pytest.raises(Refused, match="call-changed"):
            await anna.api.order(do, call=call)
    await office.talk(visit, anna)
    await visit.hang_up()
    await office.told(visit, anna, by=anna)
    await office.nothing_else()


# --- the ways people are reached


async def test_an_operator_behind_a_local_channel(office: Office) -> None:
    """The halves of his Local channel are hung up by the first hold: that is not his end."""
    galya = await office.sits("galya")
    visit = await office.call("behind")
    call = await galya.answers()
    await office.talk(visit, galya)
    boris = await office.sits("boris")
    bar = Bar(galya)
    await bar.order("hold")
    await bar.shows("held")
    await bar.order("resume")
    await bar.shows("talks")
    await office.talk(visit, galya)
    await galya.api.is_("talking")
    await bar.asks(PERSON)
    await boris.answers()
    await bar.shows("consulting")
    await bar.order("complete")
    await office.talk(visit, boris)
    await call.ended()
    await galya.api.is_("wrap_up")
    await visit.hang_up()
    await office.told(visit, galya, boris, by=galya, queue="behind", early=[boris])
    await office.nothing_else()


async def test_asking_somebody_behind_a_local_channel(office: Office) -> None:
    anna, call, visit = await talking(office, "line")
    galya = await office.sits("galya")
    bar = Bar(anna)
    await bar.asks("person:galya")
    await galya.answers()
    await bar.shows("consulting")
    await bar.order("back")
    await office.talk(visit, anna)
    await galya.api.is_("wrap_up")
    await bar.asks("person:galya")
    second = await galya.phone.incoming()
    await second.answer()
    await bar.shows("consulting")
    await bar.order("complete")
    await office.talk(visit, galya)
    await call.ended()
    await visit.hang_up()
    await office.told(visit, anna, by=anna, queue="line")
    await office.wire.quiet()


async def test_the_phones_own_hold_besides(office: Office) -> None:
    """Her phone's key holds, then the desk: after both are undone they hear each other."""
    anna, call, visit = await talking(office)
    bar = Bar(anna)
    await call.hold()
    await office.heard("Hold")
    await bar.order("hold")
    await bar.shows("held")
    await bar.order("resume")
    await bar.shows("talks")
    await call.resume()
    await office.heard("Unhold")
    await office.talk(visit, anna)
    await visit.hang_up()
    await office.told(visit, anna, by=anna)
    await office.nothing_else()


async def test_who_got_the_customer_works_on_the_call_too(office: Office) -> None:
    """Held, and given on to a third one: still one call."""
    anna, boris, call, visit, bar = await consults(office, "line")
    await bar.order("complete")
    await call.ended()
    await office.talk(visit, boris)
    vera = await office.sits("vera")
    his = Bar(boris)
    await his.order("hold")
    await his.shows("held")
    await his.order("resume")
    await his.shows("talks")
    await office.talk(visit, boris)
    await his.asks("person:vera")
    await vera.answers()
    await his.shows("consulting")
    await his.order("complete")
    await office.talk(visit, vera)
    await boris.api.is_("wrap_up")
    await visit.hang_up()
    everybody = [anna, boris, vera]
    contact = await office.told(visit, *everybody, by=anna, queue="line", early=everybody[1:])
    assert [ring.login for ring in contact.operators] == ["anna", "boris", "vera"]
    await office.nothing_else()


async def test_held_too_long(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """First her silent side ends, so that her phone is free; then he rings it."""
    soon = {"CALLCORE_HOLD": "3", "CALLCORE_ALONE": "1"}

    def hurried(order: Order) -> AmiAction:
        if isinstance(order, SetVar) and order.name in soon:
            order = replace(order, value=soon[order.name])
        return for_order(order)

    monkeypatch.setattr(handset, "for_order", hurried)
    anna, call, visit, _bar = await held(office)
    await call.ended()
    await anna.api.is_("wrap_up")
    again = await anna.phone.incoming()
    ring = await anna.api.hears("call.ringing", lambda event: event["data"]["call"]["returned"] is not None)
    assert ring["data"]["call"]["returned"] == ""
    await again.answer()
    await anna.api.is_("talking")
    await office.talk(visit, anna)
    await visit.hang_up()
    contact = await office.told(visit, by=anna)
    office._cards["anna"] = [contact.call, contact.call]
    await office.nothing_else()


# --- without callcore


async def test_a_customer_on_hold_comes_back_by_the_dialplan_alone(office: Office) -> None:
    """What callcore leaves on his channel is enough, whatever becomes of callcore."""
    anna, call, visit = await talking(office)
    name = office.name_of(visit)
    for variable, value in (("CALLCORE_SENDER", "PJSIP/101"), ("CALLCORE_HOLD", "1")):
        await office.act("Setvar", Channel=name, Variable=variable, Value=value)
    await office.act("Redirect", Channel=name, Context="callcore-hold", Exten="s", Priority="1")
    await call.ended()
    again = await anna.phone.incoming()
    await again.answer()
    await office.talk(visit, anna)
    await visit.hang_up()
    await again.ended()
    await office.wire.quiet()


async def test_the_one_who_is_not_there_any_more_gives_the_customer_back(office: Office) -> None:
    """He was to join a channel that has gone meanwhile."""
    anna, call, visit = await talking(office)
    name = office.name_of(visit)
    for variable, value in (("CALLCORE_SENDER", "PJSIP/101"), ("CALLCORE_PEER", "PJSIP/102-deadbeef")):
        await office.act("Setvar", Channel=name, Variable=variable, Value=value)
    await office.act("Redirect", Channel=name, Context="callcore-join", Exten="s", Priority="1")
    await call.ended()
    again = await anna.phone.incoming()
    await again.answer()
    await office.talk(visit, anna)
    await visit.hang_up()
    await again.ended()
    await office.wire.quiet()
