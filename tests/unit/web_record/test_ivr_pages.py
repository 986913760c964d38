"""The IVR's page: the graph, who is where now, who left where, and the emergency switch."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from callcore.calls.effects import Contact
from callcore.domain import CallId, Direction, EndReason, Outcome, PbxName, Source, Text, TopicCode
from callcore.ivr.script import Branch, NodeName, Script, Transfer
from callcore.rights import Role
from callcore.store.flash_rows import EVERYBODY, FlashScope, NewFlash

WORDS = Text("Авария на магистрали, чиним.", "The trunk line is damaged, we are on it.")


def contact(house: Any, call: str, node: str | None, outcome: Outcome, days_ago: int = 0) -> Contact:
    at = house.clock.now() - timedelta(days=days_ago, minutes=5)
    return Contact(
        call=CallId(call),
        pbx=PbxName("main"),
        channel=f"1700000000.{call}",
        direction=Direction.inbound,
        source=Source.live,
        caller_number=None,
        caller_number_raw="",
        caller_name=None,
        dialed_number=None,
        language="ru",
        customer=None,
        topic=None,
        route=None,
        route_reason=None,
        queue=None,
        started_at=at,
        queued_at=None,
        answered_at=None,
        ended_at=at + timedelta(minutes=1),
        wait_ms=0,
        ring_ms=0,
        talk_ms=0,
        operators=(),
        answered_by=None,
        end_reason=EndReason.completed,
        hangup_cause=16,
        outcome=outcome,
        node=node,
    )


async def note(house: Any, spoken: Text | None = WORDS, *, is_spoken: bool = False, days: int = 1) -> int:
    at = house.clock.now()
    flash = await house.database.flashes.add(
        NewFlash(
            FlashScope.house,
            EVERYBODY,
            "",
            "Авария",
            at,
            at + timedelta(days=days),
            spoken=spoken,
            is_spoken=is_spoken,
        ),
        "boss",
        at,
    )
    return int(flash.id)


def row(page: Any, node: str) -> list[str]:
    """What the table says of a node: its numbers."""
    start = page.words.index(f" {node} ", page.words.index("Положили трубку"))
    return [word for word in page.words[start:].split()[:12] if word.isdigit()][:4]


async def test_the_menu_in_force_is_drawn_and_counted(house: Any) -> None:
    script = house.daemon.editions.newest.flow.script
    first = next(iter(script.nodes))
    for call, node, outcome, days_ago in (
        ("c1", first, Outcome.abandoned_ivr, 0),
        ("c2", first, Outcome.abandoned_ivr, 0),
        ("c3", first, Outcome.voicemail, 0),
        ("c4", first, Outcome.answered, 0),
        ("c5", first, Outcome.answered, 3),
        ("c6", "old_node", Outcome.answered, 3),
        ("c7", None, Outcome.abandoned_ivr, 0),
    ):
        await house.database.contacts.save(contact(house, call, node, outcome, days_ago))
    await house.sign_in(Role.senior)
    page = await house.get("/routing/ivr")
    assert page.status == 200
    assert "<svg" in page.text
    for name in script.nodes:
        assert f"<code>{name}</code>" in page.text
    assert row(page, first) == ["0", "2", "1", "1"]
    assert "old_node" not in page.words
    week = await house.get("/routing/ivr", days="7")
    assert row(week, first) == ["0", "2", "1", "2"]
    assert row(week, "old_node") == ["0", "0", "0", "1"]
    assert "в действующем меню его нет" in week.words


async def test_a_menu_of_a_thousand_nodes_is_not_drawn(house: Any) -> None:
    """It would take minutes, in which no call is answered."""
    editions = house.daemon.editions
    wide = {NodeName(f"n{at}"): Branch("language", {"ru": f"n{at + 1}"}, "end") for at in range(1000)}
    script = Script(
        NodeName("n0"), {**wide, "n1000": Transfer(TopicCode("x")), "end": Transfer(TopicCode("x"))}
    )
    flow = replace(editions.newest.flow, script=script)
    editions.newest = replace(editions.newest, flow=flow)
    await house.sign_in(Role.senior)
    page = await house.get("/routing/ivr")
    assert page.status == 200
    assert "<svg" not in page.text.split('id="ivr-now"')[1]
    assert "слишком много узлов" in page.words
    assert "<code>n999</code>" in page.text


async def test_who_is_where_now(house: Any) -> None:
    script = house.daemon.editions.newest.flow.script
    first = NodeName(next(iter(script.nodes)))
    await house.sign_in(Role.senior)
    assert row(await house.get("/routing/ivr/counts"), first)[0] == "0"
    house.daemon.answering.reception.places.update({CallId("c1"): first, CallId("c2"): first})
    part = await house.get("/routing/ivr/counts")
    assert "<html" not in part.text
    assert "Сейчас в меню 2 звонящих." in part.words
    assert row(part, first)[0] == "2"


# --- the emergency switch


async def test_an_announcement_is_switched_on_and_off(house: Any) -> None:
    id = await note(house)
    await note(house, None)
    await house.sign_in(Role.senior)
    page = await house.get("/routing/ivr")
    assert WORDS.ru in page.words
    assert page.text.count("/routing/ivr/emergency/") == 1
    for do, heard in (("on", 1), ("on", 1), ("off", 0)):
        answer = await house.post_form(f"/routing/ivr/emergency/{id}/{do}")
        assert (answer.status, answer.headers["Location"]) == (303, "/routing/ivr")
        assert len(await house.database.announcements.spoken(house.clock.now())) == heard
    lines = await house.database.audit.lines(login="senior")
    acts = [line.act for line in lines if line.subject == f"flash:{id}"]
    assert sorted(acts) == ["flash_switched_off", "flash_switched_on"]


@pytest.mark.parametrize("case", ["gone", "silent", "over"])
async def test_what_cannot_be_switched(house: Any, case: str) -> None:
    id = {"gone": 999}.get(case) or await note(house, None if case == "silent" else WORDS)
    house.clock.pass_(days=2 if case == "over" else 0)
    await house.sign_in(Role.senior)
    assert (await house.post_form(f"/routing/ivr/emergency/{id}/on")).status == 404
    assert "Ни одного нет" in (await house.get("/routing/ivr")).words


async def test_who_may_switch(house: Any) -> None:
    id = await note(house)
    await house.sign_in(Role.operator)
    assert (await house.post_form(f"/routing/ivr/emergency/{id}/on")).status == 403
    await house.sign_in(Role.senior)
    stranger = await house.ask(
        "POST", f"/routing/ivr/emergency/{id}/on", data={}, headers={"Origin": house.origin}
    )
    assert stranger.status == 403
    assert await house.database.announcements.spoken(house.clock.now()) == ()


async def test_hostile_words_stay_words(house: Any) -> None:
    await note(house, Text("<script>alert(1)</script>", "x"))
    await house.sign_in(Role.senior)
    page = await house.get("/routing/ivr")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text
