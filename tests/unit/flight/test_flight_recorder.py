"""What the recorder keeps, for how long, and how it reaches the store."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.domain import CallId, ChannelId, ChannelRef, Direction, Interface, PbxName
from callcore.flight import kept, outbox, recorder
from callcore.flight.book import Book
from callcore.flight.entries import (
    MOST_ENTRIES,
    Entry,
    Story,
    Unreadable,
    Way,
    What,
    bounded,
    joined,
    pack,
    unpack,
)
from callcore.flight.kept import CHANNEL_FRAMES, HALF_OF_ITEMS
from callcore.flight.outbox import stored
from callcore.flight.recorder import FORGOTTEN
from callcore.flight.words import Lane, line
from callcore.testing.patience import PATIENCE_SECONDS

from .story_stage import ANNA, BORIS, MAIN, NUMBER, START, Stage, make_mask, pop


def whats(stage: Stage, call: str = "c1") -> list[str]:
    return [step.what for step in stage.told(call).steps]


async def test_a_whole_call_is_told_in_order_and_written_once_it_is_over() -> None:
    stage = Stage()
    ref = stage.comes_in()
    leg = stage.rings(ref, ANNA, "PJSIP/101")
    stage.answers(ref, leg, ANNA, pop(stage))
    stage.recorder.published(ANNA, 3, "card", CallId("c1"))
    stage.recorder.published(ANNA, 4, "agent.state", CallId("c1"))
    stage.recorder.painted(ANNA, CallId("c1"), 0.05)
    stage.recorder.asked(MAIN, "QueuePause", (("Interface", "PJSIP/101"), ("Paused", "1")))
    stage.recorder.asked(MAIN, "QueuePause", (("Interface", "PJSIP/109"), ("Paused", "1")))
    stage.ends(ref)
    assert whats(stage) == [
        "begun", "lookup", "found", "queued", "rang", "policy", "ring_shown", "connected", "ring_hidden",
        "answered", "popped", "published", "painted", "ended", "logged",
    ]  # fmt: skip
    told = stage.told()
    ways = [frame.way for frame in told.frames]
    assert ways == [Way.ami_in, Way.agi_out, Way.agi_in, Way.ami_in, Way.ami_out]
    assert "PJSIP/109" not in told.frames[-1].text
    assert [frame.at for frame in told.frames] == sorted(frame.at for frame in told.frames)
    assert told.frames[0].at == START
    assert not stage.shelf.rows
    await stage.forget()
    assert stage.recorder.story(CallId("c1")) is None
    row = stage.shelf.rows["c1"]
    assert row.logins == (ANNA,)
    assert row.verdict["code"] == "painted"
    assert (row.began_at, row.ended_at) == (START, told.ended_at)
    book = Book(stage.shelf, make_mask(), stage.recorder)
    assert await book.told("c1") == told
    assert not stage.recorder._lives
    assert not stage.recorder._rings[MAIN].lives
    assert not stage.recorder._rings[MAIN].channels


async def test_the_last_word_of_a_screen_may_come_after_the_end() -> None:
    stage = Stage()
    ref = stage.comes_in()
    stage.answers(ref, stage.rings(ref, ANNA, "PJSIP/101"), ANNA, pop(stage))
    stage.ends(ref)
    stage.later(3)
    stage.recorder.unpainted(ANNA, CallId("c1"), "no_page")
    await stage.forget()
    assert stage.shelf.rows["c1"].verdict["code"] == "no_page"


async def test_a_story_waits_for_the_database_and_the_oldest_gives_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "MOST_WAITING", 2)
    stage = Stage()
    stage.shelf.is_down = True
    for at in range(3):
        ref = stage.comes_in(f"c{at}", f"1700000000.{at}")
        stage.ends(ref, f"c{at}")
    await stage.forget()
    assert stage.recorder.outbox.left_out == 1
    assert stage.recorder.story(CallId("c2")) is not None
    stage.shelf.is_down = False
    assert await stage.recorder.outbox.write()
    assert sorted(stage.shelf.rows) == ["c1", "c2"]
    assert stage.recorder.outbox.written == 2


async def test_a_restart_makes_two_parts_which_become_one_story() -> None:
    before = Stage()
    ref = before.comes_in()
    leg = before.rings(ref, ANNA, "PJSIP/101")
    before.answers(ref, leg, ANNA, pop(before))
    before.recorder.painted(ANNA, CallId("c1"), 0.05)
    await before.recorder.finish()
    assert before.shelf.rows["c1"].ended_at is None

    after = Stage()
    after.shelf = before.shelf
    after.recorder.outbox._stories = before.shelf
    after.at = before.at + timedelta(seconds=30)
    row = f.LiveChannel(
        ref, "PJSIP/trunk-0000000a", "Up", NUMBER, None, None, None, 40, CallId("c1"), None, None, ref.id
    )
    other = replace(row, channel=leg, call=None, name="PJSIP/101-0000000b")
    after.take(f.Snapshot(MAIN, 1, (row, other), (), ()))
    assert whats(after) == ["adopted"]
    after.hear("Hangup", uniqueid=leg.id)
    after.ends(ref)
    told = after.told()
    assert "adopted" in [step.what for step in told.steps]
    assert [frame.text.splitlines()[0] for frame in told.frames] == ["event: Hangup"]
    whole = await Book(after.shelf, make_mask(), after.recorder).told("c1")
    assert whole is not None
    await after.forget()
    kept = unpack(after.shelf.rows["c1"].body)
    assert [e.what for e in kept.entries][:2] == [What.begun, What.lookup]
    assert [step.what for step in whole.steps] == [entry.what for entry in kept.entries]
    assert kept.began_at == START
    assert after.shelf.rows["c1"].verdict["code"] == "painted"


async def test_the_list_is_of_calls_that_live_and_of_stored_ones() -> None:
    stage = Stage()
    first = stage.comes_in("c1", "1700000000.1")
    stage.ends(first)
    await stage.forget()
    second = stage.comes_in("c2", "1700000000.2", number="+79000000555")
    stage.rings(second, BORIS, "PJSIP/102", "c2")
    book = Book(stage.shelf, make_mask(), stage.recorder)
    assert [head.call for head in await book.latest()] == ["c2", "c1"]
    assert [head.call for head in await book.latest(1)] == ["c2"]
    assert [head.call for head in await book.latest(login="boris")] == ["c2"]
    assert {head.call for head in await book.latest(number="8 900 000-01-23")} == {"c1", "c2"}
    assert {h.call for h in await book.latest(number=make_mask().number(NUMBER))} == {"c1", "c2"}
    assert await book.latest(number="+79000000999") == ()
    down = Book(stage.shelf, make_mask())
    assert [head.call for head in await down.latest()] == ["c1"]
    assert await down.told("c2") is None


def test_a_story_holds_the_legs_that_joined_it() -> None:
    stage = Stage()
    ref = stage.comes_in()
    legs = [ChannelRef(MAIN, ChannelId(f"1700000000.{n}")) for n in range(20, 26)]
    created, dialled, transferred, second, picked, stranger = legs
    stage.take(f.ChannelCreated(created, "PJSIP/101-00000001", ref.id, None, None, None, "in"))
    stage.take(f.DialBegan(ref, dialled, "PJSIP/102-00000002"))
    stage.take(f.AttendedTransferred(created, second, ref, transferred))
    stage.take(f.BridgeEntered(ref, "b1"))
    stage.take(f.BridgeEntered(picked, "b1"))
    stage.take(f.BridgeEntered(stranger, "b2"))
    for leg in legs:
        stage.hear("Newstate", uniqueid=leg.id)
    texts = "\n".join(frame.text for frame in stage.told().frames)
    for leg in legs:
        assert (leg.id in texts) == (leg is not stranger)


def test_two_pbxs_may_use_one_uniqueid() -> None:
    stage = Stage()
    stage.comes_in(channel="1.1")
    stage.recorder.heard(PbxName("other"), {"event": "Newstate", "uniqueid": "1.1", "channel": "SIP/x-1"})
    assert "SIP/x-1" not in "\n".join(frame.text for frame in stage.told().frames)


def test_everything_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "RING_FRAMES", 1000)
    stage = Stage()
    ref = stage.comes_in()
    for n in range(CHANNEL_FRAMES * 2):
        stage.hear("Newstate", uniqueid=ref.id, n=str(n))
        stage.take(f.QueueLeft(ref, stage.view().queue or ""))  # type: ignore[arg-type]
    ring = stage.recorder._rings[MAIN]
    assert len(ring.channels[ref.id]) == CHANNEL_FRAMES
    for n in range(5000):
        stage.hear("Newstate", uniqueid=f"2.{n}")
    assert sum(map(len, ring.channels.values())) == ring._count <= 1000
    for _ in range(HALF_OF_ITEMS * 3):
        stage.take(f.QueueLeft(ref, stage.view().queue or ""))  # type: ignore[arg-type]
    story = stage.recorder.story(CallId("c1"))
    assert story is not None
    assert len(story.entries) <= MOST_ENTRIES
    assert story.left_out > HALF_OF_ITEMS
    assert story.entries[0].what is What.begun


async def test_a_call_that_everybody_forgot_is_over() -> None:
    stage = Stage()
    stage.comes_in("c1", "1700000000.1")
    stage.comes_in("c2", "1700000000.2")
    stage.directions[CallId("c2")] = Direction.inbound
    stage.later(FORGOTTEN.total_seconds() + 1)
    stage.recorder._give_up_forgotten(stage.at)
    await stage.forget()
    assert list(stage.shelf.rows) == ["c1"]
    assert stage.recorder.story(CallId("c2")) is not None


def test_a_call_is_followed_from_its_first_step_even_if_it_is_not_remembered() -> None:
    stage = Stage()
    ref = ChannelRef(MAIN, ChannelId("1.9"))
    ring = do.TellStep("k", CallId("c9"), stage.at, do.StepEvent.dialing, targets=(do.Party(None, "102"),))
    stage.take(f.DialBegan(None, ref, "PJSIP/102-00000001"), ring)
    assert whats(stage, "c9") == ["begun", "dialing"]
    end = do.TellStep("k", CallId("c8"), stage.at, do.StepEvent.ended)
    stage.take(f.ChannelHungUp(ref, 16), end)
    assert stage.recorder.story(CallId("c8")) is None


def test_frames_may_be_parsed_ones() -> None:
    stage = Stage()
    ref = stage.comes_in()
    headers: dict[str, str | list[str]] = {
        "event": "X",
        "uniqueid": ref.id,
        "variable": ["A=1", "B_SECRET=x"],
    }
    stage.recorder.heard(MAIN, headers)
    stage.recorder.heard(MAIN, {"event": "QueueMemberStatus", "interface": "PJSIP/101"})
    assert stage.told().frames[-1].text.splitlines()[-2:] == ["variable: A=1", "variable: B_SECRET=[dropped]"]


async def test_the_recorder_writes_by_itself_until_it_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "BEAT_SECONDS", 0.0)
    stage = Stage()
    stage.ends(stage.comes_in())
    stage.later(60)
    task = asyncio.create_task(stage.recorder.run())
    async with asyncio.timeout(PATIENCE_SECONDS):
        await stage.shelf.has_saved.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


# --- bytes


def test_a_story_survives_its_bytes() -> None:
    stage = Stage()
    stage.ends(stage.comes_in())
    story = stage.recorder.story(CallId("c1"))
    assert story is not None
    assert unpack(pack(story)) == story
    assert len(pack(story)) < 4000


@pytest.mark.parametrize("body", [b"", b"nonsense", b"x\x9c", pack(Story("c", "m", START))[:-3]])
def test_damaged_bytes_are_unreadable_and_nothing_else(body: bytes) -> None:
    with pytest.raises(Unreadable):
        unpack(body)


async def test_a_newer_version_is_nobodys_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callcore.flight.entries.VERSION", 2)
    body = pack(Story("c1", "main", START))
    monkeypatch.undo()
    with pytest.raises(Unreadable, match="version 2"):
        unpack(body)
    stage = Stage()
    stage.shelf.rows["c1"] = replace(stored(Story("c1", "main", START)), body=body)
    assert await Book(stage.shelf, make_mask()).told("c1") is None


def test_parts_that_overlap_are_joined_without_repeats() -> None:
    one = Entry(START, What.begun, data={"number": ""})
    two = Entry(START + timedelta(seconds=1), What.held)
    first, second = Story("c", "m", START, entries=(one, two)), Story("c", "m", START, entries=(two,))
    assert joined(first, second).entries == (one, two)
    many = bounded(Story("c", "m", START, entries=(one,) * (MOST_ENTRIES + 10)))
    assert (len(many.entries), many.left_out) == (MOST_ENTRIES, 10)


# --- words


@pytest.mark.parametrize("what", list(What))
def test_every_entry_is_a_sentence_in_both_languages(what: What) -> None:
    said = line(Entry(START, what, "anna"))
    assert said.text.ru
    assert said.text.en
    assert said.lane in Lane
    assert "{" not in said.text.ru + said.text.en


def test_a_transfer_says_how_it_was_understood() -> None:
    data = {"kind": "blonde", "by": "PJSIP/101", "targets": "PJSIP/102"}
    said = line(Entry(START, What.transferred, data=data)).text
    assert said.en == "Understood as a blonde transfer (let go before the answer): PJSIP/101 → PJSIP/102"
    assert said.ru == "Понято как перевод без ожидания ответа: PJSIP/101 → PJSIP/102"


def test_the_customer_base_is_told_of_in_words() -> None:
    def said(**data: int | str) -> str:
        return line(Entry(START, What.found, data=data)).text.en

    assert said(failed=1) == "The customer base did not answer"
    assert said(count=0) == "No customer has this number"
    assert said(count=2, names="A, B") == "Several customers (2) have this number: A, B"
    assert said(count=1, names="A", outages=1) == "One customer found: A; an outage at the address"


def test_a_device_of_a_ring_is_of_the_story() -> None:
    stage = Stage()
    ref = stage.comes_in()
    stage.rings(ref, ANNA, "PJSIP/101")
    assert Interface("PJSIP/101") in {step.who for step in stage.told().steps}
