"""The order to hand a call on: what is kept before the PBX is asked, what is refused, what becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from callcore.assembly.handing_world import World
from callcore.assembly.second_line import LOOKS, SecondLine
from callcore.calls.agent import Agent
from callcore.calls.call import Call, Phase
from callcore.calls.effects import CallView, HandingState, SettleHandover
from callcore.calls.facts import Found, Handed, HandingFailed, LiveChannel, Snapshot
from callcore.calls.line import Do, Line
from callcore.config import load
from callcore.crm.handing import House
from callcore.domain import (
    AgentState,
    CallId,
    ChannelId,
    ChannelRef,
    Interface,
    Login,
    PbxName,
    QueueName,
    Source,
    TopicCode,
)
from callcore.floor.handset import LineTo
from callcore.ivr.handover import ByPhone, Onward
from callcore.ivr.ports import Profile
from callcore.routing.situation import CallerFacts, QueueState, Standing
from callcore.screenpop.card import Desk, Draft, Entry, Stage, Tab
from callcore.screenpop.ports import DeskRefused
from callcore.store.errors import StoreUnavailable
from callcore.store.handovers import Handover, HandoverState, NewHandover, Why
from callcore.testing.patience import PATIENCE_SECONDS

NOON = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MAIN = PbxName("main")
ANNA, BORIS, VERA = Login("anna"), Login("boris"), Login("vera")
CALL = CallId("c1")
DIAGNOSIS = "expert.diagnosis"
COMMENT = "Нет связи с утра."


@cache
def house() -> House:
    settings = load(Path(__file__).parents[3] / "config" / "callcore.yaml", need_secrets=False)
    titles = {QueueName(name): queue.title for name, queue in settings.queues.items()}
    return House(settings.tables, settings.departments, titles)


def agent(login: Login, state: AgentState, pbx: PbxName = MAIN) -> Agent:
    return Agent(login, login.capitalize(), pbx, Interface(f"PJSIP/{login}"), (), state, NOON)


def view(topic: str | None = None) -> CallView:
    return CallView(
        call=CALL,
        caller_number="+79161234567",
        caller_name=None,
        dialed_number=None,
        language="ru",
        queue=QueueName("service"),
        topic=TopicCode(topic) if topic else None,
        customers=(),
        customers_known=True,
        lookup_failed=False,
        waiting_since=None,
        answered_at=NOON,
    )


@dataclass
class Room:
    """A house of one operator in a talk; ``done`` lists what was done, in order."""

    topic: str = DIAGNOSIS
    stage: Stage = Stage.talking
    done: list[Any] = field(default_factory=list)
    kept: dict[int, Handover] = field(default_factory=dict)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    looks: int = 0
    """How often it was asked what is still open."""
    away: bool = False
    refuses: str = ""
    forbids: str = ""
    """Refused before anything is done."""
    asked_pbx: int = 0
    answers: asyncio.Event = field(default_factory=asyncio.Event)
    ivr: str | None = None
    at_phone: Login = ANNA
    slept: int = 0
    base_answers: bool = True
    calls: dict[CallId, Call] = field(default_factory=dict)
    agents: dict[Login, Agent] = field(
        default_factory=lambda: {
            ANNA: agent(ANNA, AgentState.talking),
            BORIS: agent(BORIS, AgentState.ready),
            VERA: agent(VERA, AgentState.ready, PbxName("branch")),
        }
    )

    def __post_init__(self) -> None:
        self.answers.set()
        world = World(
            house=house,
            agents=lambda: self.agents,
            call=self.calls.get,
            calls=lambda pbx: tuple(each for each in self.calls.values() if each.channel.pbx == pbx),
            pbxs=lambda: frozenset((MAIN, PbxName("branch"))),
            call_on=lambda _channel: self.calls.get(CALL) if self.slept > 2 else None,
            sleep=self._sleep,
            login_at=lambda _pbx, _phone: self.at_phone,
            rings=lambda: 30,
            queues=lambda _pbx: {QueueName("expert"): QueueState(2, 1)},
            profile=self._profile,
            personal=self._personal,
            names=self._names,
            now=lambda: NOON,
        )
        self.line = SecondLine(self, self, self, self.done.append, world)  # type: ignore[arg-type]

    async def _sleep(self, _seconds: float) -> None:
        self.slept += 1

    async def _profile(self, _number: object, _customer: object) -> Profile:
        if not self.base_answers:
            await asyncio.Event().wait()
        return Profile(CallerFacts(Standing.existing))

    async def _personal(self, _customer: object) -> tuple[Login, ...]:
        return ()

    async def _names(self) -> Mapping[Login, str]:
        return {ANNA: "Анна Орлова"}

    # --- the desks

    def view(self, login: Login) -> Desk | None:
        if login != ANNA:
            return None
        entry = Entry(1, Draft(self.topic, COMMENT))
        tab = Tab(view(self.ivr), self.stage, entries=(entry,))
        return Desk(ANNA, "Анна", Interface("PJSIP/anna"), (), AgentState.talking, NOON, tabs=(tab,))

    async def save(
        self, login: Login, call: CallId, topic: TopicCode, comment: str, *, close: bool, n: int = 1
    ) -> int:
        self.done.append(("saved", login, call, topic, comment, close, n))
        return 1

    # --- the store

    async def ask(self, new: NewHandover, at: datetime) -> Handover:
        if self.away:
            raise StoreUnavailable("away", "нет")
        made = Handover(len(self.kept) + 1, at, new, HandoverState.asked, None, None, "")
        self.kept[made.id] = made
        self.done.append(new)
        return made

    async def settle(
        self, id: int, state: HandoverState, at: datetime, *, taken_by: Login | None = None, why: Why = ""
    ) -> Handover:
        if self.away:
            self.away = False
            raise StoreUnavailable("away", "нет")
        async with self.news:
            self.kept[id] = replace(self.kept[id], state=state, settled_at=at, taken_by=taken_by, why=why)
            self.news.notify_all()
        return self.kept[id]

    async def asked(self) -> tuple[Handover, ...]:
        async with self.news:
            self.looks += 1
            self.news.notify_all()
        return tuple(each for each in self.kept.values() if each.state is HandoverState.asked)

    async def newest_of(self, calls: Sequence[CallId]) -> dict[CallId, Handover]:
        async with self.news:
            self.looks += 1
            self.news.notify_all()
        return {each.what.call: each for each in self.kept.values() if each.what.call in calls}

    # --- the telephone

    async def check(self, login: Login, call: CallId, do: Do) -> None:
        if self.forbids:
            raise DeskRefused(self.forbids)

    async def do(self, login: Login, call: CallId, do: Do, to: LineTo | None = None) -> None:
        self.done.append((login, call, do, to))
        async with self.news:
            self.asked_pbx += 1
            self.news.notify_all()
        await self.answers.wait()
        if self.refuses:
            raise DeskRefused(self.refuses)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.line.ends.run())
        try:
            yield
        finally:
            task.cancel()

    async def until(self, holds: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS), self.news:
            await self.news.wait_for(holds)

    async def until_settled(self, id: int = 1) -> Handover:
        await self.until(lambda: self.kept[id].state is not HandoverState.asked)
        return self.kept[id]


@pytest.fixture
def room() -> Room:
    return Room()


async def test_words_and_hand_over_are_kept_before_the_pbx_is_asked(room: Room) -> None:
    offer = await room.line.transfer(ANNA, CALL, "department:expert", "consult")
    saved, kept, handed, ordered = room.done
    assert saved == ("saved", ANNA, CALL, DIAGNOSIS, COMMENT, False, 1)
    assert kept == NewHandover(
        CALL,
        ANNA,
        TopicCode(DIAGNOSIS),
        "+79161234567",
        COMMENT,
        "consult",
        "department",
        "expert",
        QueueName("expert"),
    )
    assert isinstance(handed, Handed)
    words = handed.words
    assert (words.name, words.to, words.comment, words.state) == (
        "Анна Орлова",
        offer.title,
        COMMENT,
        HandingState.asked,
    )
    assert ordered == (ANNA, CALL, Do.consult, LineTo("queue", "expert"))


@pytest.mark.parametrize(
    ("to", "target"),
    [
        ("person:boris", LineTo("colleague", "boris")),
        ("department:sales", LineTo("number", "301")),
        ("department:retention", LineTo("queue", "retention")),
    ],
)
async def test_the_caller_goes_where_the_offer_says(room: Room, to: str, target: LineTo) -> None:
    await room.line.transfer(ANNA, CALL, to, "blind")
    assert room.done[-1] == (ANNA, CALL, Do.blind, target)


async def test_what_is_typed_in_the_panel_takes_the_place_of_the_cards_comment(room: Room) -> None:
    await room.line.transfer(ANNA, CALL, "person:boris", "blind", "Просит Бориса.")
    assert room.done[0][4] == "Просит Бориса."
    assert room.kept[1].what.comment == "Просит Бориса."


async def test_without_a_topic_nothing_is_done(room: Room) -> None:
    room.topic = ""
    with pytest.raises(DeskRefused) as refused:
        await room.line.transfer(ANNA, CALL, "department:expert", "consult")
    assert refused.value.code == "topic_missing"
    assert room.done == []


async def test_the_ivrs_topic_and_the_one_that_found_the_offer_stand_in_for_it(room: Room) -> None:
    room.topic, room.ivr = "", "finance.recalculation"
    await room.line.transfer(ANNA, CALL, "department:expert", "blind")
    assert room.kept[1].what.topic == "finance.recalculation"
    assert room.kept[1].what.from_topic == "finance.recalculation"


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("department:building_approval", "does not take a transferred call. It takes: an appeal."),
        ("department:service_centre", "does not take a transferred call. It takes: customers in person."),
        ("person:vera", "is not there now"),
        ("person:anna", "is not there now"),
        ("queue:nowhere", "is not there now"),
        ("", "is not there now"),
    ],
)
async def test_the_server_refuses_what_the_page_would_not_offer(room: Room, to: str, why: str) -> None:
    with pytest.raises(DeskRefused) as refused:
        await room.line.transfer(ANNA, CALL, to, "blind")
    assert refused.value.code == "not_handed"
    assert refused.value.why is not None
    assert why in refused.value.why.en
    assert room.done == []


async def test_a_colleague_who_began_to_talk_meanwhile_is_refused(room: Room) -> None:
    room.agents[BORIS] = agent(BORIS, AgentState.talking)
    with pytest.raises(DeskRefused) as refused:
        await room.line.transfer(ANNA, CALL, "person:boris", "blind")
    assert refused.value.code == "not_handed"


@pytest.mark.parametrize("stage", [Stage.ringing, Stage.wrap_up, Stage.unfinished])
async def test_only_a_call_that_he_talks_on_can_be_handed_on(room: Room, stage: Stage) -> None:
    room.stage = stage
    for login, code in ((ANNA, "call_gone"), (BORIS, "not_signed_in")):
        with pytest.raises(DeskRefused) as refused:
            await room.line.transfer(login, CALL, "department:expert", "blind")
        assert refused.value.code == code
    assert room.done == []


async def test_while_it_cannot_be_kept_the_pbx_is_not_asked(room: Room) -> None:
    room.away = True
    with pytest.raises(DeskRefused) as refused:
        await room.line.transfer(ANNA, CALL, "department:expert", "blind")
    assert refused.value.code == "store_down"
    assert [each[0] for each in room.done] == ["saved"]


async def test_what_the_pbx_refuses_is_taken_back(room: Room) -> None:
    room.refuses = "pbx_refused"
    with pytest.raises(DeskRefused) as refused:
        await room.line.transfer(ANNA, CALL, "department:expert", "consult")
    assert refused.value.code == "pbx_refused"
    assert room.done[-1] == HandingFailed(CALL, 1)


async def test_what_the_pbx_left_unsure_may_have_been_done(room: Room) -> None:
    room.refuses = "line_unsure"
    with pytest.raises(DeskRefused):
        await room.line.transfer(ANNA, CALL, "department:expert", "consult")
    assert not any(isinstance(each, HandingFailed) for each in room.done)


async def test_a_base_that_hangs_keeps_nobody_waiting(room: Room) -> None:
    room.base_answers = False
    await room.line.transfer(ANNA, CALL, "department:expert", "blind")
    assert room.kept[1].state is HandoverState.asked


async def test_the_panel_shows_what_goes_along_and_to_whom(room: Room) -> None:
    along = room.line.goes_along(ANNA, CALL)
    assert (along.topic, along.comment, along.number) == (DIAGNOSIS, COMMENT, "+79161234567")
    found = await room.line.offers(ANNA, CALL, "")
    assert found[0].ref == "department:expert"
    assert (found[0].ready, found[0].topic) == (1, DIAGNOSIS)
    assert [each.ref for each in await room.line.offers(ANNA, CALL, "бор")] == []
    assert [each.ref for each in await room.line.offers(ANNA, CALL, "boris")] == ["person:boris"]


# --- what became of it


def over(state: HandingState, login: Login | None = None, why: str = "") -> SettleHandover:
    return SettleHandover("key", 1, state, login, why)


async def test_what_the_model_tells_is_kept(room: Room) -> None:
    await room.line.transfer(ANNA, CALL, "department:expert", "blind")
    async with room.at_work():
        room.line.ends.carry(over(HandingState.taken, BORIS))
        settled = await room.until_settled()
    assert (settled.state, settled.taken_by) == (HandoverState.taken, BORIS)


async def test_it_is_kept_once_the_database_is_back(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    await room.line.transfer(ANNA, CALL, "department:expert", "blind")
    monkeypatch.setattr("callcore.assembly.handover_ends.AGAIN_SECONDS", 0.0)
    room.away = True
    async with room.at_work():
        room.line.ends.carry(over(HandingState.returned, why="busy"))
        settled = await room.until_settled()
    assert (settled.state, settled.why) == (HandoverState.returned, "busy")


def living(pbx: PbxName = MAIN) -> Call:
    return Call(CALL, ChannelRef(pbx, ChannelId("1")), Source.live, NOON, None, "", None, None)


def snapshot(pbx: PbxName = MAIN, context: str = "", word: str = "") -> Snapshot:
    channel = ChannelRef(pbx, ChannelId("1"))
    row = LiveChannel(
        channel, "PJSIP/x", "Up", None, None, None, None, 5, None, None, None, context=context, word=word
    )
    return Snapshot(pbx, 1, (row,), (), ())


BRANCH = Snapshot(PbxName("branch"), 1, (), (), ())


async def test_after_a_gap_a_call_that_lives_is_told_of_with_where_it_was_found(room: Room) -> None:
    await room.line.transfer(ANNA, CALL, "department:expert", "blind")
    first = room.done[2]
    room.calls[CALL] = living()
    room.done.clear()
    async with room.at_work():
        room.line.ends.take_fact(snapshot(context="callcore-return", word="BUSY"))
        room.line.ends.take_fact(BRANCH)
        await room.until(lambda: room.looks == 4)
    assert room.done == [replace(first, found=Found("callcore-return", "BUSY"))]
    assert room.kept[1].state is HandoverState.asked, "the model tells what came of it"


async def test_the_words_are_on_the_card_of_who_had_taken_it_before_the_gap(room: Room) -> None:
    await room.line.transfer(ANNA, CALL, "department:expert", "blind")
    await room.settle(1, HandoverState.taken, NOON, taken_by=BORIS)
    room.calls[CALL] = living()
    async with room.at_work():
        room.line.ends.take_fact(snapshot())
        room.line.ends.take_fact(BRANCH)
        await room.until(lambda: room.looks == 4)
    words = room.done[-1].words
    assert (words.comment, words.state) == (COMMENT, HandingState.taken)


async def test_a_call_that_was_followed_all_the_time_is_looked_at_only_while_it_is_asked(room: Room) -> None:
    """The link was lost: somebody may have taken it meanwhile."""
    await room.line.transfer(ANNA, CALL, "department:expert", "blind")
    words = room.done[2].words
    for state, facts in ((HandingState.asked, 1), (HandingState.returned, 0)):
        room.done.clear()
        room.calls[CALL] = replace(living(), handed=replace(words, state=state))
        async with room.at_work():
            room.looks = 0
            room.line.ends.take_fact(snapshot())
            room.line.ends.take_fact(BRANCH)
            await room.until(lambda: room.looks == 4)
        assert len(room.done) == facts


@pytest.mark.parametrize("ended", [True, False])
async def test_after_a_gap_of_a_call_that_is_gone_nobody_saw_the_end(room: Room, ended: bool) -> None:
    """Also if it went while it was asked about."""
    await room.line.transfer(ANNA, CALL, "department:expert", "blind")
    if ended:
        room.calls[CALL] = replace(living(), phase=Phase.ended)
    async with room.at_work():
        room.line.ends.take_fact(Snapshot(MAIN, 1, (), (), ()))
        await room.until(lambda: room.looks)
        assert room.kept[1].state is HandoverState.asked, "it may be on the other PBX"
        room.line.ends.take_fact(BRANCH)
        settled = await room.until_settled()
    assert (settled.state, settled.why) == (HandoverState.withdrawn, "lost")


async def test_what_the_model_has_told_is_not_called_lost(room: Room) -> None:
    """It waits to be written, behind the Snapshot."""
    await room.line.transfer(ANNA, CALL, "department:expert", "blind")
    words = replace(room.done[2].words, state=HandingState.withdrawn, why="caller_gone")
    room.calls[CALL] = replace(living(), phase=Phase.ended, handed=words)
    async with room.at_work():
        room.line.ends.take_fact(BRANCH)
        room.line.ends.take_fact(Snapshot(MAIN, 1, (), (), ()))
        room.line.ends.carry(over(HandingState.withdrawn, why="caller_gone"))
        settled = await room.until_settled()
    assert settled.why == "caller_gone"


# --- one after the other


async def test_a_second_order_waits_and_then_finds_the_call_as_the_first_left_it(room: Room) -> None:
    room.answers.clear()
    first = asyncio.create_task(room.line.transfer(ANNA, CALL, "department:expert", "consult"))
    await room.until(lambda: room.asked_pbx)
    second = asyncio.create_task(room.line.transfer(ANNA, CALL, "person:boris", "blind"))
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(room.kept) == 1
    room.forbids = "call_changed"
    room.answers.set()
    await first
    with pytest.raises(DeskRefused):
        await second
    assert list(room.kept) == [1]


async def test_while_the_first_is_being_asked_a_second_is_refused_before_anything_is_kept(room: Room) -> None:
    """The first goes on being the one whose outcome is told."""
    room.forbids = "call_changed"
    with pytest.raises(DeskRefused) as refused:
        await room.line.transfer(ANNA, CALL, "department:expert", "consult")
    assert refused.value.code == "call_changed"
    assert room.done == []


@pytest.mark.parametrize(
    ("line", "since", "is_refused"),
    [
        (Do.blind, 1, True),
        (Do.consult, 1, True),
        (Do.blind, 60, False),
        (Do.hold, 1, False),
    ],
)
async def test_an_order_of_which_no_news_came_yet(room: Room, line: Do, since: int, is_refused: bool) -> None:
    """The PBX has it; a moment later the call will be elsewhere. What never comes about keeps nobody."""
    await room.line.transfer(ANNA, CALL, "department:expert", "blind")
    words = room.done[2].words
    at = NOON - timedelta(seconds=since)
    mine = ChannelRef(MAIN, ChannelId("2"))
    room.calls[CALL] = replace(living(), handed=words, line=Line(ANNA, mine, line, at))
    if is_refused:
        with pytest.raises(DeskRefused, match="call_changed"):
            await room.line.transfer(ANNA, CALL, "person:boris", "blind")
    else:
        await room.line.transfer(ANNA, CALL, "person:boris", "blind")
    assert len(room.kept) == (1 if is_refused else 2)


# --- by the telephone

SALES = "301"


@pytest.fixture
def living_room() -> Room:
    room = Room()
    room.calls[CALL] = living()
    return room


def dialled(number: str, *, is_blind: bool = True) -> ByPhone:
    channel = ChannelRef(MAIN, ChannelId("half"))
    return ByPhone(channel, CALL, number, "PJSIP/anna-0000001", is_blind=is_blind)


@pytest.mark.parametrize(("is_blind", "mode"), [(True, "blind"), (False, "consult")])
async def test_the_words_of_her_card_go_along(living_room: Room, is_blind: bool, mode: str) -> None:
    onward = await living_room.line.by_phone(dialled(SALES, is_blind=is_blind))
    assert onward == Onward(living_room.agents[ANNA].interface, 30, number=SALES)
    [new] = [each for each in living_room.done if isinstance(each, NewHandover)]
    assert (new.call, new.by, new.mode, new.means) == (CALL, ANNA, mode, "phone")
    assert (new.to_kind, new.to_name, new.topic, new.comment) == ("department", "sales", DIAGNOSIS, COMMENT)
    assert [each.call for each in living_room.done if isinstance(each, Handed)] == [CALL]


async def test_the_pbx_may_ask_before_its_events_tell_of_the_channel(living_room: Room) -> None:
    asked_by = replace(dialled(SALES, is_blind=False), call=None)
    assert await living_room.line.by_phone(asked_by) is not None
    assert [each.call for each in living_room.done if isinstance(each, Handed)] == [CALL]
    assert living_room.slept == 3


async def test_of_a_call_that_callcore_does_not_know_nothing_goes_along() -> None:
    """It leads to the department all the same: the dialplan knows the number."""
    room = Room()
    assert await room.line.by_phone(dialled(SALES)) is None
    assert room.done == []
    assert room.slept == LOOKS


async def test_a_number_of_no_department_takes_no_words_along(living_room: Room) -> None:
    assert await living_room.line.by_phone(dialled("999")) is None
    assert living_room.done == []


async def test_a_telephone_of_somebody_without_that_card_takes_no_words_along(living_room: Room) -> None:
    living_room.at_phone = BORIS
    assert await living_room.line.by_phone(dialled(SALES)) is None
    assert living_room.done == []
