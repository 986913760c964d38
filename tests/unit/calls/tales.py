"""Whole stories, each a valid course of events: told in unit tests, replayed by the property tests."""

from __future__ import annotations

from collections.abc import Callable

from stories import (
    ANNA,
    BLACKOUT,
    BORIS,
    EXPERT,
    FINANCE,
    IVAN,
    PBX,
    PHONES,
    VERA,
    Story,
    call_id,
    member,
    placed,
    ref,
    routed,
    row,
    snapshot,
    wants_operator,
)

from callcore.calls import facts as f


def happy(story: Story) -> None:
    """A customer chooses his topic, waits, Anna answers, they talk a minute, he hangs up, she saves."""
    story.at(0).on_shift(ANNA)
    story.at(10).arrives("c")
    story.at(10.1).found(1, IVAN)
    story.at(20).chooses("c")
    story.at(20.1).waits("c")
    story.at(22).rings("c", ANNA, "a")
    story.at(27).answers("c", ANNA, "a")
    story.at(87).talk_ends("c", "a")
    story.at(90).tell(f.WrapUpDone(ANNA, call_id(1)))


def second_operator(story: Story) -> None:
    """Anna lets it ring, the queue takes it back, Boris answers."""
    story.at(0).on_shift(ANNA, BORIS)
    story.at(10).comes_to_queue("c")
    story.at(10.1).found(1, IVAN)
    story.at(12).rings("c", ANNA, "a")
    story.at(27).hangs_up("a", 0)
    story.misses("c", ANNA)
    story.at(32).rings("c", BORIS, "b")
    story.at(35).answers("c", BORIS, "b")
    story.at(60).leaves_bridge("b", "c")
    story.leaves_bridge("c", "c")
    story.hangs_up("b")
    story.hangs_up("c")


def ringall(story: Story) -> None:
    """Both phones ring, Boris is quicker."""
    story.at(0).on_shift(ANNA, BORIS)
    story.at(10).comes_to_queue("c")
    story.at(12).rings("c", ANNA, "a")
    story.rings("c", BORIS, "b")
    story.at(12.5).found(1, IVAN)
    story.at(15).answers("c", BORIS, "b")
    story.hangs_up("a", 26)
    story.at(40).talk_ends("c", "b")


def abandoned(story: Story) -> None:
    """The caller hangs up while Anna's phone rings."""
    story.at(0).on_shift(ANNA)
    story.at(10).comes_to_queue("c")
    story.at(12).rings("c", ANNA, "a")
    story.at(15).hangs_up("a", 0)
    story.abandons("c")
    story.hangs_up("c", 0)


def two_calls(story: Story) -> None:
    """Two calls at once from one number, one for Anna, one for Boris, interleaved."""
    story.at(0).on_shift(ANNA, BORIS)
    story.at(10).arrives("c")
    story.at(10.1).arrives("d")
    story.at(11).found(2, IVAN)
    story.found(1, IVAN)
    story.at(15).chooses("d", EXPERT)
    story.chooses("c")
    story.waits("d", EXPERT)
    story.waits("c")
    story.at(16).rings("c", BORIS, "b")
    story.rings("d", ANNA, "a", EXPERT)
    story.at(20).answers("d", ANNA, "a", EXPERT)
    story.at(20.001).answers("c", BORIS, "b")
    story.at(50).talk_ends("c", "b")
    story.at(70).talk_ends("d", "a")


def one_after_another(story: Story) -> None:
    """Anna has two calls in a row; the second comes right after her early save."""
    story.at(0).on_shift(ANNA)
    story.at(10).comes_to_queue("c")
    story.at(11).comes_to_queue("d")
    story.at(12).rings("c", ANNA, "a1")
    story.at(14).answers("c", ANNA, "a1")
    story.found(1)
    story.found(2, IVAN)
    story.at(30).talk_ends("c", "a1")
    story.at(33).tell(f.AgentBecameReady(ANNA))
    story.at(34).rings("d", ANNA, "a2")
    story.at(37).answers("d", ANNA, "a2")
    story.at(60).talk_ends("d", "a2")


def closed(story: Story) -> None:
    """Nobody is there at this hour: the caller hears so, and is hung up."""
    story.at(0).on_shift(ANNA)
    story.at(10).arrives("c")
    story.found(1, IVAN)
    story.at(20).tell(f.LanguageChosen(ref("c"), "en"), routed("c", None))
    story.at(32).tell(f.IvrLeft(ref("c"), hung_up=False, closed=True))
    story.at(32.1).hangs_up("c")


def through_local(story: Story) -> None:
    """Vera's member is a Local channel: its first half is the leg that the queue knows."""
    story.at(0).on_shift(VERA)
    story.at(10).comes_to_queue("c")
    story.at(12).tell(
        f.ChannelCreated(ref("l1"), "Local/103@agents-0001;1", "c", None, None, None, "agents"),
        f.ChannelCreated(ref("l2"), "Local/103@agents-0001;2", "c", None, None, None, "agents"),
        f.AgentCalled(ref("c"), FINANCE, PHONES[VERA], ref("l1")),
        f.ChannelCreated(ref("p"), "PJSIP/901-0002", "c", None, None, None, "agents"),
        f.DialBegan(ref("l2"), ref("p"), "PJSIP/901-0002"),
    )
    story.at(15).tell(
        f.ChannelAnswered(ref("p")),
        f.BridgeEntered(ref("p"), "b-local"),
        f.ChannelAnswered(ref("l1")),
        f.BridgeEntered(ref("l2"), "b-local"),
        f.QueueLeft(ref("c"), FINANCE),
        f.AgentConnected(ref("c"), FINANCE, PHONES[VERA], ref("l1"), 5, 3),
        f.BridgeEntered(ref("l1"), "b-main"),
        f.BridgeEntered(ref("c"), "b-main"),
    )
    story.at(45).tell(
        f.BridgeLeft(ref("c"), "b-main"),
        f.BridgeLeft(ref("l1"), "b-main"),
        f.ChannelHungUp(ref("l1"), 16),
        f.ChannelHungUp(ref("l2"), 16),
        f.ChannelHungUp(ref("c"), 16),
        f.ChannelHungUp(ref("p"), 16),
    )


def through_a_flap(story: Story) -> None:
    """The link to the PBX breaks while Anna talks, and is back before the end."""
    story.at(0).on_shift(ANNA)
    story.tell(f.LinkUp(PBX, 1))
    story.at(10).comes_to_queue("c")
    story.at(12).rings("c", ANNA, "a")
    story.at(15).answers("c", ANNA, "a")
    story.found(1, IVAN)
    story.at(30).tell(f.LinkLost(PBX))
    story.at(31).tell(f.LinkUp(PBX, 2))
    story.tell(
        snapshot(
            2,
            (row("c", "PJSIP/trunk-c", bridge="bridge-c"), row("a", "PJSIP/101-a", bridge="bridge-c")),
            members=(member(ANNA, paused=True), member(ANNA, EXPERT, paused=True)),
        )
    )
    story.at(60).talk_ends("c", "a")


def told_and_gone(story: Story) -> None:
    """His address is affected: he hears so before any menu, and hangs up."""
    story.at(10).arrives("c")
    story.found(1, IVAN, outages=(BLACKOUT,))
    story.at(25).tell(f.IvrLeft(ref("c"), hung_up=True, outage_heard=True))
    story.at(25.1).hangs_up("c")


def placed_to_operator(story: Story) -> None:
    """callcore rings somebody with a notice, he presses 0, Anna answers."""
    story.at(0).on_shift(ANNA)
    placed(story.at(10), "p")
    story.at(12).tell(f.ChannelAnswered(ref("p2")), f.ChannelAnswered(ref("p")))
    story.tell(f.BridgeEntered(ref("p3"), "b-out"), f.BridgeEntered(ref("p2"), "b-out"))
    story.at(20).tell(wants_operator("p"), f.LanguageChosen(ref("p"), "ru"), routed("p"))
    story.found(1, IVAN)
    story.at(22).tell(f.IvrLeft(ref("p"), hung_up=False))
    story.waits("p", number=None)
    story.rings("p", ANNA, "a")
    story.at(25).answers("p", ANNA, "a")
    story.at(50).talk_ends("p", "a")
    story.tell(f.BridgeLeft(ref("p2"), "b-out"), f.BridgeLeft(ref("p3"), "b-out"))
    story.hangs_up("p2")
    story.hangs_up("p3")


TALES: dict[str, Callable[[Story], None]] = {
    tale.__name__: tale
    for tale in (
        happy,
        second_operator,
        ringall,
        abandoned,
        two_calls,
        one_after_another,
        closed,
        through_local,
        through_a_flap,
        told_and_gone,
        placed_to_operator,
    )
}


def told(name: str) -> Story:
    story = Story()
    TALES[name](story)
    return story
