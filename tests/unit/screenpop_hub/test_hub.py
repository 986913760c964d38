"""The hub: numbers, replay, slow readers, acknowledgements, presence."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from structlog.testing import capture_logs

from callcore.domain import Login
from callcore.screenpop.card import Draft
from callcore.screenpop.hub import CARD, REFRESH, Event, Hub, HubCallbacks, HubLimits, Subscription, encode
from callcore.testing.patience import PATIENCE_SECONDS

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANNA, BORIS = Login("anna"), Login("boris")


class Watch:
    """A monotonic clock and everything the hub calls back."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.told: list[tuple[object, ...]] = []

    def callbacks(self) -> HubCallbacks:
        tell = self.told.append
        return HubCallbacks(
            opened=lambda login: tell(("opened", login)),
            closed=lambda login: tell(("closed", login)),
            painted=lambda login, call, seconds: tell(("painted", login, call, seconds)),
            unpainted=lambda login, call, why: tell(("unpainted", login, call, why.value)),
            sent=lambda: tell(("sent",)),
            acked=lambda seconds: tell(("acked", seconds)),
            slow=lambda: tell(("slow",)),
        )


@pytest.fixture
def watch() -> Watch:
    return Watch()


def make(watch: Watch, ring: int = 500, queue: int = 256) -> Hub:
    return Hub("e1", lambda: watch.seconds, HubLimits(ring, queue), watch.callbacks())


def publish(hub: Hub, count: int = 1, type: str = "agent.state", login: Login = ANNA) -> int:
    seq = 0
    for _ in range(count):
        seq = hub.publish(login, type, {}, AT)
    return seq


def seen(events: Subscription) -> list[tuple[str, int]]:
    return [(event.type, event.seq) for event in events.drain()]


def reason(events: Subscription) -> Any:
    [event] = events.drain()
    assert event.type == REFRESH
    return event.data["reason"]


def test_numbers_count_per_person_without_gaps(watch: Watch) -> None:
    hub = make(watch)
    assert [publish(hub), publish(hub), publish(hub, login=BORIS)] == [1, 2, 1]
    assert (hub.seq(ANNA), hub.seq(BORIS), hub.seq(Login("nobody"))) == (2, 1, 0)


async def test_events_arrive_in_order_as_they_come(watch: Watch) -> None:
    hub = make(watch)
    events = hub.connect(ANNA, "e1", 0, AT)
    waiting = asyncio.create_task(events.get())
    await asyncio.sleep(0)
    assert not waiting.done()
    publish(hub, 3)
    assert (await waiting).seq == 1
    assert [event.seq for event in events.drain()] == [2, 3]


def test_two_tabs_get_the_same_event_serialised_once(watch: Watch) -> None:
    hub = make(watch)
    one, two = hub.connect(ANNA, "e1", 0, AT), hub.connect(ANNA, "e1", 0, AT)
    publish(hub)
    [a], [b] = one.drain(), two.drain()
    assert a is b
    assert a.wire is b.wire
    assert json.loads(a.wire) == {
        "epoch": "e1",
        "seq": 1,
        "type": "agent.state",
        "at": "2026-03-02T09:00:00.000Z",
        "data": {},
    }


def test_reconnect_replays_exactly_what_was_missed(watch: Watch) -> None:
    hub = make(watch)
    publish(hub, 5)
    assert seen(hub.connect(ANNA, "e1", 3, AT)) == [("agent.state", 4), ("agent.state", 5)]
    assert seen(hub.connect(ANNA, "e1", 5, AT)) == []
    assert seen(hub.connect(ANNA, "e1", 0, AT))[0] == ("agent.state", 1)


def test_a_place_unknown_means_refresh(watch: Watch) -> None:
    hub = make(watch, ring=3)
    assert reason(hub.connect(ANNA, None, None, AT)) == "new"
    assert reason(hub.connect(ANNA, "e0", 0, AT)) == "epoch"
    publish(hub, 10)
    assert reason(hub.connect(ANNA, "e1", 6, AT)) == "gap"
    assert reason(hub.connect(ANNA, "e1", 11, AT)) == "gap"
    assert seen(hub.connect(ANNA, "e1", 7, AT)) == [("agent.state", n) for n in (8, 9, 10)]
    [event] = hub.connect(ANNA, None, None, AT).drain()
    assert event.seq == 10


def test_of_what_the_screen_has_acknowledged_only_the_newest_stay(watch: Watch) -> None:
    hub = make(watch)
    publish(hub, 30)
    assert len(seen(hub.connect(ANNA, "e1", 0, AT))) == 30
    hub.ack(ANNA, 25)
    assert [seq for _, seq in seen(hub.connect(ANNA, "e1", 25, AT))] == [26, 27, 28, 29, 30]
    assert [seq for _, seq in seen(hub.connect(ANNA, "e1", 22, AT))] == list(range(23, 31))
    assert reason(hub.connect(ANNA, "e1", 21, AT)) == "gap"
    hub.ack(ANNA, 999)  # never sent
    assert [seq for _, seq in seen(hub.connect(ANNA, "e1", 22, AT))] == list(range(23, 31))


def test_a_slow_reader_loses_its_backlog_and_nobody_elses(watch: Watch) -> None:
    hub = make(watch, ring=100, queue=4)
    slow, quick = hub.connect(ANNA, "e1", 0, AT), hub.connect(ANNA, "e1", 0, AT)
    got = []
    for _ in range(50):
        publish(hub)
        got += seen(quick)
        assert len(slow) <= 4
    assert [seq for _, seq in got] == list(range(1, 51))
    rest = slow.drain()
    assert rest[0].type == REFRESH
    assert rest[0].data["reason"] == "slow"
    assert [event.seq for event in rest] == list(range(rest[0].seq, 51))
    assert ("slow",) in watch.told


def test_a_long_replay_is_no_slowness(watch: Watch) -> None:
    hub = make(watch, ring=100, queue=4)
    publish(hub, 50)
    events = hub.connect(ANNA, "e1", 0, AT)
    publish(hub)
    assert [seq for _, seq in seen(events)] == list(range(1, 52))


def test_memory_has_an_end_without_any_reader(watch: Watch) -> None:
    hub = make(watch, ring=10)
    publish(hub, 1000, CARD)
    assert hub.unacked(ANNA) == 10
    assert len(hub.connect(ANNA, "e1", 990, AT).drain()) == 10


def test_cards_are_measured_from_publishing_to_acknowledgement(watch: Watch) -> None:
    hub = make(watch)
    publish(hub, 1, CARD)
    watch.seconds = 1.5
    publish(hub)
    publish(hub, 1, CARD)
    watch.seconds = 2.0
    hub.ack(ANNA, 2)
    assert watch.told == [("sent",), ("sent",), ("painted", ANNA, None, 2.0), ("acked", 2.0)]
    assert dict(hub.unacked_by_login()) == {ANNA: 1}
    hub.ack(ANNA, 3)
    hub.ack(ANNA, 3)
    assert watch.told[4:] == [("painted", ANNA, None, 0.5), ("acked", 0.5)]
    assert dict(hub.unacked_by_login()) == {}


def test_acknowledgements_of_nothing_count_for_nothing(watch: Watch) -> None:
    hub = make(watch)
    publish(hub, 1, CARD)
    for seq in (2, 10**15, 0, -5):
        hub.ack(ANNA, seq)
    hub.ack(BORIS, 1)
    assert hub.unacked(ANNA) == 1


def test_presence_is_the_first_and_the_last_connection(watch: Watch) -> None:
    hub = make(watch)
    one, two = hub.connect(ANNA, None, None, AT), hub.connect(ANNA, None, None, AT)
    assert (hub.connections(ANNA), hub.connections()) == (2, 2)
    one.close()
    one.close()
    assert watch.told == [("opened", ANNA)]
    two.close()
    with hub.connect(ANNA, None, None, AT):
        pass
    assert watch.told == [("opened", ANNA), ("closed", ANNA)] * 2
    assert (hub.connections(ANNA), hub.connections(BORIS), hub.connections()) == (0, 0, 0)


async def test_a_closed_subscription_ends_its_reader(watch: Watch) -> None:
    hub = make(watch)
    events = hub.connect(ANNA, "e1", 0, AT)

    async def read() -> list[int]:
        return [event.seq async for event in events]

    reader = asyncio.create_task(read())
    publish(hub, 2)
    await asyncio.sleep(0)
    events.close()
    publish(hub)
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await reader == [1, 2]


def test_a_callback_may_publish(watch: Watch) -> None:
    hub = make(watch)
    hub.callbacks = HubCallbacks(opened=lambda login: hub.publish(login, "x", {}, AT))
    assert seen(hub.connect(ANNA, "e1", 0, AT)) == [("x", 1)]


def test_a_callback_that_fails_harms_no_connection(watch: Watch) -> None:
    def fail(login: Login) -> None:
        raise RuntimeError(login)

    hub = make(watch)
    hub.callbacks = HubCallbacks(opened=fail, closed=fail)
    with capture_logs() as records, hub.connect(ANNA, "e1", 0, AT) as events:
        publish(hub)
        assert seen(events) == [("agent.state", 1)]
    assert hub.connections() == 0
    assert [record["event"] for record in records] == ["hub_listener_failed"] * 2


def test_json_of_what_events_carry() -> None:
    moscow = datetime(2026, 3, 2, 12, 0, tzinfo=timezone(timedelta(hours=3)))
    body = {"draft": Draft("t", "ё"), "at": moscow, "all": frozenset({"b", "a"}), "day": moscow.date()}
    assert json.loads(encode(body)) == {
        "draft": {"topic": "t", "comment": "ё"},
        "at": "2026-03-02T09:00:00.000Z",
        "all": ["a", "b"],
        "day": "2026-03-02",
    }
    assert encode({"name": "a\ud800"}) == '{"name":"a?"}'


@pytest.mark.parametrize("data", [{"x": object()}, {"x": float("nan")}])
def test_what_json_cannot_say_is_left_out_and_logged(data: Any, capsys: pytest.CaptureFixture[str]) -> None:
    event = Event("e1", 1, "card", AT, data)
    assert json.loads(event.wire)["data"] == {}
    assert "event_not_encodable" in capsys.readouterr().out
