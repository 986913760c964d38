"""Whole calls of other kinds than those of ``tales``: dialled, sent on, picked up, parked, conferences."""

from __future__ import annotations

from collections.abc import Callable

from stories import ANNA, BORIS, FINANCE, NUMBER, PHONES, VERA, ref
from traffic import Traffic

from callcore.calls import facts as f


def direct(story: Traffic) -> None:
    """A customer calls Anna's own number."""
    story.on_shift(ANNA, BORIS)
    story.at(1).calls_in("c")
    story.rings_phone("c", "a", "101")
    story.at(5).takes("a", "c")
    story.at(30).over("c", "a")


def group(story: Traffic) -> None:
    """Both phones ring, Boris is quicker."""
    story.on_shift(ANNA, BORIS)
    story.at(1).calls_in("c")
    story.rings_phone("c", "a", "101")
    story.rings_phone("c", "b", "102")
    story.at(4).takes("b", "c")
    story.gives_up("a", 26, "CANCEL")
    story.at(30).over("b", "c")


def colleagues(story: Traffic) -> None:
    story.on_shift(ANNA, BORIS)
    story.at(1).lifts("a", "101", dials="102")
    story.rings_phone("a", "b", "102")
    story.at(4).takes("b", "a")
    story.at(30).over("a", "b", bridge="bridge-a")


def outbound(story: Traffic) -> None:
    """Anna calls a customer."""
    story.on_shift(ANNA)
    story.at(1).lifts("a", "101", dials=NUMBER)
    story.rings_trunk("a", "t", NUMBER)
    story.at(8).takes("t", "a")
    story.at(30).over("t", "a", bridge="bridge-a")


def blind(story: Traffic) -> None:
    """Anna sends him to Boris."""
    _talk(story)
    story.at(15).tell(f.BlindTransferred(ref("a"), ref("c"), "102"))
    story.part("bridge-c", "c", "a")
    story.hangs_up("a")
    story.rings_phone("c", "b", "102")
    story.at(20).takes("b", "c", bridge="second")
    story.at(40).over("c", "b", bridge="second")


def attended(story: Traffic) -> None:
    """She asks Boris first, by feature code."""
    _talk(story)
    _consult(story)
    story.at(18)
    _agrees(story)
    story.at(25)
    _lets_go(story)
    story.hangs_up("a")
    story.at(55).over("c", "l1")
    story.over("l2", "b", bridge="inner")


def blonde(story: Traffic) -> None:
    """She lets go before Boris answers."""
    _talk(story)
    _consult(story)
    story.at(18)
    _lets_go(story)
    story.at(22)
    _agrees(story)
    story.hangs_up("a")
    story.at(52).over("c", "l1")
    story.over("l2", "b", bridge="inner")


def second_line(story: Traffic) -> None:
    """She asks him on her second line, and her phone joins the two calls."""
    _talk(story)
    story.at(15).tell(f.PutOnHold(ref("a")))
    story.lifts("a2", "101", dials="102")
    story.rings_phone("a2", "b", "102")
    story.at(18).takes("b", "a2", bridge="asking")
    story.at(25).tell(f.AttendedTransferred(ref("a"), ref("a2"), ref("c"), ref("b")))
    story.part("bridge-c", "c", "a")
    story.meet("asking", "c")
    story.part("asking", "a2")
    story.hangs_up("a")
    story.hangs_up("a2")
    story.at(55).over("c", "b", bridge="asking")


def pickup(story: Traffic) -> None:
    """It rings at Boris' phone, Anna takes it at hers."""
    story.on_shift(ANNA, BORIS)
    story.at(1).calls_in("c")
    story.rings_phone("c", "b", "102")
    story.at(4).lifts("a", "101", dials="*8")
    story.tell(f.ChannelAnswered(ref("a")), f.DialEnded(ref("a"), "ANSWER"))
    story.hangs_up("b", 26)
    story.tell(f.ChannelAnswered(ref("c")))
    story.meet("bridge-c", "a", "c")
    story.at(34).over("c", "a")


def parking(story: Traffic) -> None:
    """Anna parks him, and it is Anna to whom he comes back."""
    _talk(story)
    story.at(15).part("bridge-c", "c", "a")
    story.tell(f.BridgeEntered(ref("c"), "lot", is_holding=True), f.Parked(ref("c")))
    story.hangs_up("a")
    story.at(60).tell(f.BridgeLeft(ref("c"), "lot"))
    story.rings_phone("c", "a2", "101")
    story.at(63).takes("a2", "c", bridge="second")
    story.at(80).over("c", "a2", bridge="second")


def conference(story: Traffic) -> None:
    """Boris joins the two."""
    _talk(story)
    story.at(15).part("bridge-c", "c", "a")
    story.meet("room", "c", "a")
    story.lifts("b", "102", dials="900")
    story.at(20).meet("room", "b")
    story.at(30).over("a", bridge="room")
    story.at(45).over("c", "b", bridge="room")


def local_member(story: Traffic) -> None:
    """A queue rings Vera through a Local channel that stays."""
    story.on_shift(VERA)
    story.at(1).calls_in("c")
    story.waits("c")
    story.halves("l", "103@agents", by="c")
    story.tell(f.AgentCalled(ref("c"), FINANCE, PHONES[VERA], ref("l1")))
    story.dial("c", "l1", None)
    story.rings_phone("l2", "v", "901")
    story.at(5).takes("v", "l2", bridge="inner")
    story.tell(f.ChannelAnswered(ref("l1")), f.QueueLeft(ref("c"), FINANCE))
    story.tell(f.AgentConnected(ref("c"), FINANCE, PHONES[VERA], ref("l1"), 5, 3))
    story.meet("bridge-c", "l1", "c")
    story.at(20).over("c", "l1")
    story.over("l2", "v", bridge="inner")


def _talk(story: Traffic) -> None:
    story.on_shift(ANNA, BORIS)
    story.talks()


def _consult(story: Traffic) -> None:
    story.at(15).tell(f.PutOnHold(ref("a")))
    story.halves("l", "102@house", by="c")
    story.meet("asking", "l1")
    story.part("bridge-c", "a")
    story.meet("asking", "a")
    story.rings_phone("l2", "b", "102")


def _agrees(story: Traffic) -> None:
    story.tell(f.ChannelAnswered(ref("b")), f.DialEnded(ref("b"), "ANSWER"))
    story.tell(f.ChannelAnswered(ref("l2")), f.ChannelAnswered(ref("l1")), f.DialEnded(ref("l1"), "ANSWER"))
    story.meet("inner", "b", "l2")


def _lets_go(story: Traffic) -> None:
    story.part("asking", "a")
    story.part("asking", "l1")
    story.meet("bridge-c", "l1")
    story.tell(f.AttendedTransferred(ref("a"), ref("a"), ref("c"), None))


TRAFFIC_TALES: dict[str, Callable[[Traffic], None]] = {
    tale.__name__: tale
    for tale in (
        direct,
        group,
        colleagues,
        outbound,
        blind,
        attended,
        blonde,
        second_line,
        pickup,
        parking,
        conference,
        local_member,
    )
}


def told_traffic(name: str) -> Traffic:
    story = Traffic()
    TRAFFIC_TALES[name](story)
    return story
