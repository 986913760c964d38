"""Each test is one story of a caller, told by real SIP on the real Asterisk."""

from callcore.domain import EndReason, Outcome, Source
from callcore.testing.house import TO_FINANCE, House
from callcore.testing.lab import Answer, HangUp, Hear, NeverAnswer


async def test_happy_path(house: House) -> None:
    """He chooses finance, Anna answers: her card pops with his name; he hangs up, the contact is there."""
    anna = await house.on_shift("anna", "101")
    caller = await house.call(*TO_FINANCE)
    ringing = await anna.hears("call.ringing")
    assert ringing["data"]["call"]["queue"] == "finance"
    assert ringing["data"]["call"]["topic"] == "finance.recalculation"
    card = await anna.hears("card")
    assert [c["name"] for c in card["data"]["call"]["customers"]] == ["Лебедев Михаил Андреевич"]
    await anna.is_("talking")
    await house.talk()
    result = await caller.hang_up()
    assert result.ended_by == "caller"
    await anna.hears("call.ended")
    [contact] = await house.contacts()
    assert contact.outcome is Outcome.answered
    assert contact.end_reason is EndReason.completed
    assert contact.source is Source.live
    assert contact.answered_by == "anna"
    assert contact.caller_number == "+79000000110"
    assert contact.customer == card["data"]["call"]["customers"][0]["id"]
    assert contact.topic == "finance.recalculation"
    assert contact.queue == "finance"
    assert contact.route_reason
    assert contact.wait_ms >= contact.ring_ms > 0
    assert contact.talk_ms > 0
    assert [ring.result for ring in contact.operators] == [EndReason.completed]
    await anna.is_("ready")
    assert len(anna.heard("card")) == 1


async def test_abandoned_in_the_ivr(house: House) -> None:
    caller = await house.call(Hear(), HangUp())
    await caller.wait()
    [contact] = await house.contacts()
    assert (contact.outcome, contact.queue, contact.wait_ms) == (Outcome.abandoned_ivr, None, 0)


async def test_abandoned_in_the_queue(house: House) -> None:
    """Nobody is signed in."""
    caller = await house.call(*TO_FINANCE)

    async def waits() -> bool:
        return "1. PJSIP" in await house.stage.lab.console("queue show finance")

    await house.until(waits)
    await caller.hang_up()
    [contact] = await house.contacts()
    assert (contact.outcome, contact.queue) == (Outcome.abandoned_queue, "finance")
    assert contact.end_reason is EndReason.cancelled
    assert contact.operators == ()


async def test_abandoned_while_ringing(house: House) -> None:
    anna = await house.on_shift("anna", "101", NeverAnswer())
    caller = await house.call(*TO_FINANCE)
    await anna.hears("call.ringing")
    await caller.hang_up()
    ended = await anna.hears("call.ringing_ended")
    assert ended["data"]["reason"] == "cancelled"
    [contact] = await house.contacts()
    assert contact.outcome is Outcome.abandoned_ringing
    assert [(r.login, r.result) for r in contact.operators] == [("anna", EndReason.cancelled)]
    await anna.is_("ready")


async def test_first_does_not_answer_second_does(house: House) -> None:
    anna = await house.on_shift("anna", "101", NeverAnswer())
    caller = await house.call(*TO_FINANCE)
    await anna.hears("call.ringing")
    boris = await house.on_shift("boris", "102", Answer(after_seconds=0.2))
    await boris.hears("card")
    await caller.hang_up()
    [contact] = await house.contacts()
    assert contact.answered_by == "boris"
    assert contact.operators[0].login == "anna"
    assert contact.operators[0].result is EndReason.no_answer
    assert contact.operators[-1].login == "boris"
    assert anna.heard("card") == []


async def test_two_calls_of_one_number_at_once(house: House) -> None:
    anna = await house.on_shift("anna", "101")
    boris = await house.on_shift("boris", "102")
    first = await house.call(*TO_FINANCE)
    second = await house.call(*TO_FINANCE)
    cards = [await anna.hears("card"), await boris.hears("card")]
    assert len({card["data"]["call"]["call"] for card in cards}) == 2
    await first.hang_up()
    await second.hang_up()
    contacts = await house.contacts(2)
    assert {contact.answered_by for contact in contacts} == {"anna", "boris"}
    assert {contact.caller_number for contact in contacts} == {"+79000000110"}


async def test_operator_hangs_up_first(house: House) -> None:
    anna = await house.on_shift("anna", "101", Answer(after_seconds=0.2, talk_seconds=1))
    caller = await house.call(*TO_FINANCE[:-2])
    await anna.hears("card")
    result = await caller.wait()
    assert result.ended_by == "pbx"
    [contact] = await house.contacts()
    assert contact.outcome is Outcome.answered
    assert 500 <= contact.talk_ms <= 10_000
