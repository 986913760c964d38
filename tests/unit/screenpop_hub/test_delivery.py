"""What becomes of a card: painted, painted late, or never, and why."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from callcore.domain import CallId, Login
from callcore.screenpop.hub import CARD, Hub, HubCallbacks, HubLimits
from callcore.testing.patience import PATIENCE_SECONDS

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANNA, BORIS = Login("anna"), Login("boris")
ONE, TWO = CallId("c1"), CallId("c2")
WAIT = 3.0


@dataclass
class Board:
    """A hub whose clock a test moves; a listener writes down what becomes of the cards."""

    seconds: float = 100.0
    told: list[tuple[object, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hub = Hub("e1", lambda: self.seconds, HubLimits(ring=5, confirm_seconds=WAIT))
        self.hub.listen(
            HubCallbacks(
                painted=lambda login, call, seconds: self.told.append((login, call, seconds)),
                unpainted=lambda login, call, why: self.told.append((login, call, why.value)),
            )
        )

    def pop(self, call: CallId = ONE, login: Login = ANNA) -> int:
        return self.hub.publish(login, CARD, {"call": call}, AT)

    def later(self, seconds: float = WAIT) -> None:
        self.seconds += seconds
        self.hub.expire()


@pytest.fixture
def board() -> Board:
    return Board()


def test_painted_in_time_is_never_missed(board: Board) -> None:
    seq = board.pop()
    board.later(0.5)
    board.hub.ack(ANNA, seq)
    board.later(60)
    assert board.told == [(ANNA, ONE, 0.5)]
    assert board.hub.next_due() is None


def test_no_page_was_open(board: Board) -> None:
    board.pop()
    board.later(WAIT - 0.1)
    assert board.told == []
    board.later(0.1)
    board.later(60)
    assert board.told == [(ANNA, ONE, "no_page")]


def test_a_page_said_nothing(board: Board) -> None:
    with board.hub.connect(ANNA, None, None, AT):
        board.pop()
        board.later()
    assert board.told == [(ANNA, ONE, "unconfirmed")]


def test_a_page_that_nobody_sees_paints_nothing(board: Board) -> None:
    with board.hub.connect(ANNA, None, None, AT):
        seq = board.pop()
        board.hub.hide(ANNA, seq)
        assert board.told == []
        assert board.hub.unacked(ANNA) == 1
        board.later()
    assert board.told == [(ANNA, ONE, "hidden")]


def test_a_hidden_page_that_is_slow_says_why_all_the_same(board: Board) -> None:
    """The browser gives a page that nobody sees little time."""
    with board.hub.connect(ANNA, None, None, AT):
        seq = board.pop()
        board.later()
        board.hub.hide(ANNA, seq)
        board.hub.hide(ANNA, seq)
        board.later()
    assert board.told == [(ANNA, ONE, "unconfirmed"), (ANNA, ONE, "hidden")]


def test_of_two_pages_one_on_the_screen_is_enough(board: Board) -> None:
    seq = board.pop()
    board.hub.hide(ANNA, seq)
    board.hub.ack(ANNA, seq)
    board.later()
    assert board.told == [(ANNA, ONE, 0.0)]


def test_a_late_page_is_told_of_too(board: Board) -> None:
    """He came back to the hidden tab: the card was missed, and then seen."""
    seq = board.pop()
    board.hub.hide(ANNA, seq)
    board.later()
    board.later(40)
    board.hub.ack(ANNA, seq)
    assert board.told == [(ANNA, ONE, "hidden"), (ANNA, ONE, 43.0)]


def test_of_a_card_no_longer_on_the_desk_no_screen_tells(board: Board) -> None:
    """A page that comes back acknowledges everything, also what it never showed."""
    seq = board.pop()
    board.hub.withdraw(ANNA, ONE)
    board.hub.ack(ANNA, seq)
    board.later(60)
    assert board.told == [(ANNA, ONE, "no_page")]
    assert board.hub.unacked(ANNA) == 0


def test_at_the_end_of_the_shift_nothing_is_awaited(board: Board) -> None:
    board.pop()
    board.pop(TWO)
    board.pop(login=BORIS)
    board.hub.withdraw(ANNA)
    assert board.told == [(ANNA, ONE, "no_page"), (ANNA, TWO, "no_page")]
    assert dict(board.hub.unacked_by_login()) == {BORIS: 1}


def test_a_card_popped_again_is_asked_about_once(board: Board) -> None:
    board.pop()
    board.later()
    seq = board.pop()
    board.hub.ack(ANNA, seq)
    assert board.told == [(ANNA, ONE, "no_page"), (ANNA, ONE, 0.0)]


def test_nobody_waits_for_another(board: Board) -> None:
    board.pop()
    board.later(1)
    boris = board.pop(login=BORIS)
    board.hub.ack(BORIS, boris)
    board.later(2)
    assert board.told == [(BORIS, ONE, 0.0), (ANNA, ONE, "no_page")]


def test_cards_that_nobody_ever_sees_have_an_end(board: Board) -> None:
    for n in range(20):
        board.pop(CallId(f"c{n}"))
    assert board.hub.unacked(ANNA) == 5
    assert len(board.told) == 15


def test_every_event_is_told_of_with_its_call(board: Board) -> None:
    told: list[tuple[object, ...]] = []
    board.hub.listen(HubCallbacks(published=lambda *what: told.append(what)))
    board.pop()
    board.hub.publish(ANNA, "agent.state", {}, AT)
    board.hub.publish(BORIS, "card.closed", {"call": TWO}, AT)
    assert told == [
        (ANNA, 1, CARD, ONE),
        (ANNA, 2, "agent.state", None),
        (BORIS, 1, "card.closed", TWO),
    ]


def test_a_listener_that_fails_costs_no_pop(board: Board) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    board.hub.callbacks = HubCallbacks(published=fail, painted=fail, sent=fail)
    seq = board.pop()
    board.hub.ack(ANNA, seq)
    assert board.told == [(ANNA, ONE, 0.0)]


async def test_one_timer_strikes_for_everybody() -> None:
    """By the real clock: it sleeps until the oldest is due, and goes on with the next one."""
    loop = asyncio.get_running_loop()
    missed: list[Login] = []
    done = asyncio.Event()

    def note(login: Login, *_: object) -> None:
        missed.append(login)
        if len(missed) == 2:
            done.set()

    hub = Hub("e1", loop.time, HubLimits(confirm_seconds=0.01), HubCallbacks(unpainted=note))
    timer = hub.timer()
    for login in (ANNA, BORIS):
        hub.publish(login, CARD, {"call": ONE}, AT)
        timer.arm()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await done.wait()
    assert missed == [ANNA, BORIS]
    timer.close()
