"""Penalties by skills: set as his phone comes into a queue, changed with what he can do or the queues ask
for, put right after a reconnect."""

from __future__ import annotations

from dataclasses import replace

from stories import ANNA, BORIS, EXPERT, FINANCE, PHONES, Story, member, sign_in

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.domain import Login, QueueName


def known(**by_login: dict[QueueName, int]) -> f.PenaltiesKnown:
    return f.PenaltiesKnown({Login(login): row for login, row in by_login.items()})


def set_now(effects: list[do.Effect]) -> list[tuple[str, str, int]]:
    assert all(isinstance(effect, do.SetPenalty) for effect in effects)
    return [(e.queue, e.interface, e.penalty) for e in effects if isinstance(e, do.SetPenalty)]


def test_a_phone_comes_into_its_queues_with_its_penalty() -> None:
    story = Story()
    added = story.tell(replace(sign_in(ANNA), penalties={EXPERT: 10}))
    assert [(e.queue, e.penalty) for e in added if isinstance(e, do.AddMember)] == [
        (FINANCE, 0),
        (EXPERT, 10),
    ]


def test_what_he_can_do_changes_during_his_shift() -> None:
    """Only his own queues are told, and each once."""
    story = Story().on_shift(ANNA).on_shift(BORIS, queues=(FINANCE,))
    first = story.tell(known(anna={EXPERT: 10, FINANCE: 10}, boris={EXPERT: 10, FINANCE: 0}))
    assert set_now(first) == [(FINANCE, PHONES[ANNA], 10), (EXPERT, PHONES[ANNA], 10)]
    assert story.tell(known(anna={EXPERT: 10, FINANCE: 10}, boris={EXPERT: 10, FINANCE: 0})) == []
    assert set_now(story.tell(known(anna={EXPERT: 0, FINANCE: 10}))) == [(EXPERT, PHONES[ANNA], 0)]


def test_a_queue_that_no_longer_asks_for_skills() -> None:
    story = Story()
    story.tell(replace(sign_in(ANNA), penalties={EXPERT: 10}))
    assert set_now(story.tell(known())) == [(EXPERT, PHONES[ANNA], 0)]


def test_the_same_change_back_and_forth_has_no_key_twice() -> None:
    story = Story().on_shift(ANNA)
    for _ in range(3):
        story.tell(known(anna={EXPERT: 10}), known(anna={EXPERT: 0}))
    keys = [effect.key for effect in story.all(do.SetPenalty)]
    assert len(keys) == len(set(keys)) == 6


def test_a_penalty_lost_with_the_link_is_set_again() -> None:
    """The PBX lists the one of before; where nobody asks for skills, an administrator's own is left alone."""
    story = Story().on_shift(ANNA)
    story.tell(known(anna={EXPERT: 10}))
    there = (replace(member(ANNA), penalty=3), member(ANNA, EXPERT))
    assert set_now(story.at(5).reconnects(members=there)) == [(EXPERT, PHONES[ANNA], 10)]
    there = (there[0], replace(there[1], penalty=10))
    assert story.at(9).reconnects(epoch=3, members=there) == []


def test_a_member_lost_with_the_pbx_comes_back_with_his_penalty() -> None:
    story = Story().on_shift(ANNA)
    story.tell(known(anna={EXPERT: 10}))
    added = story.at(5).reconnects()
    assert [(e.queue, e.penalty) for e in added if isinstance(e, do.AddMember)] == [
        (FINANCE, 0),
        (EXPERT, 10),
    ]
