"""Calls with their stories, in the office of the pictures: cards that opened, and cards that did not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from callcore.app import Daemon
from callcore.crm import seeds
from callcore.domain import Language, TopicCode
from callcore.flight.entries import Detail, Entry, Frame, Story, Way, What
from callcore.flight.mask import Mask
from callcore.flight.outbox import stored
from callcore.routing.decide import decide
from callcore.routing.explain import explain, summary
from callcore.routing.situation import CallerFacts, Situation, Standing

SHOWN = "c7h3k9d2m5q8s1w4y6"
"""The call whose page is taken."""
_MASK = Mask(b"of the pictures: the same names each time")
_DIALLED = "+74950000000"
_Said = tuple[float, What, str, dict[str, Detail]]
"""Seconds after the beginning, what, who, and its data."""
_Routing = Callable[[str], dict[str, Detail]]
"""A topic to what the tables say of it."""


async def furnish_calls(daemon: Daemon, now: datetime) -> None:
    """After the customers; each call some minutes before ``now``."""
    tables, edition = daemon.editions.newest.tables, daemon.editions.newest.edition

    def route(topic: str) -> dict[str, Detail]:
        at = Situation(TopicCode(topic), now, caller=CallerFacts(Standing.existing))
        decided = decide(tables, at)
        why = summary(explain(tables, at, decided))
        said = {"topic": topic, "queue": decided.queue, "reason": why.en, "reason_ru": why.ru}
        return {**said, "edition": edition}

    for story in _stories(route, now):
        await daemon.database.stories.save(stored(story))


def _stories(route: _Routing, now: datetime) -> Iterable[Story]:
    calls: tuple[tuple[str, int, int, Sequence[_Said]], ...] = (
        (SHOWN, 0, 12, _answered(route, "finance.recalculation", "finance", "anna", 190)),
        ("c2", 5, 21, _unseen(route, "corporate.connect", "corporate", "boris", "hidden")),
        ("c3", 13, 34, _gave_up("expert", 74)),
        ("c4", 20, 47, _answered(route, "finance.charges", "finance", "boris", 305)),
        ("c5", 33, 63, _in_the_menu("en", "voicemail", "voicemail")),
        ("c6", 2, 80, _in_the_menu("ru", "self_served", "self_served")),
        ("c7", 8, 96, _unseen(route, "expert.speed", "expert", "anna", "no_page")),
        ("c8", 0, 131, _answered(route, "finance.claim", "finance", "anna", 92)),
    )
    for call, whose, minutes, said in calls:
        number = _MASK.number(seeds.customers()[whose].numbers[0])
        began = now - timedelta(minutes=minutes)
        data: dict[str, Detail] = {"number": number, "dialed": _MASK.number(_DIALLED), "fact": "CallEntered"}
        opened = (0.0, What.begun, "", data)
        known = _known(whose, number)
        entries = tuple(
            Entry(began + timedelta(seconds=seconds), what, who, data)
            for seconds, what, who, data in (opened, *known, *said)
        )
        frames = _frames(began, number) if call == SHOWN else ()
        yield Story(call, "main", began, entries[-1].at, "inbound", number, entries, frames)


def _known(whose: int, number: str) -> Iterable[_Said]:
    name = _MASK.name(seeds.customers()[whose].name)
    return (
        (0.01, What.lookup, "", {"number": number}),
        (0.04, What.found, "", {"count": 1, "names": f"{name} (№ {whose + 1})"}),
    )


def _queued(route: _Routing, topic: str, queue: str) -> Sequence[_Said]:
    return (
        (14.2, What.routed, "", route(topic)),
        (14.3, What.ivr_left, "", {}),
        (14.5, What.queued, "", {"queue": queue, "position": 1}),
    )


def _taken(queue: str, login: str) -> Sequence[_Said]:
    """His phone rings, he answers, the card is sent."""
    phone = {"anna": "PJSIP/101", "boris": "PJSIP/102"}[login]
    return (
        (15.1, What.rang, phone, {"queue": queue}),
        (15.1, What.policy, "", {"moment": "answer", "direction": "inbound", "queue": queue}),
        (15.1, What.ring_shown, login, {}),
        (18.6, What.connected, phone, {"queue": queue}),
        (18.6, What.answered, "", {"targets": phone}),
        (18.6, What.popped, login, {"queue": queue}),
        (18.6, What.ring_hidden, login, {"reason": "completed"}),
        (18.61, What.published, login, {}),
    )


def _over(login: str, talk: int) -> Sequence[_Said]:
    end = 18.6 + talk
    return (
        (end, What.ended, "", {"reason": "completed"}),
        (end, What.card_ended, login, {"talk_ms": talk * 1000}),
        (end + 0.1, What.logged, "", _contact("answered", talk, login)),
    )


def _contact(outcome: str, talk: int = 0, login: str | None = None) -> dict[str, Detail]:
    return {"outcome": outcome, "source": "live", "talk_ms": talk * 1000, "answered_by": login}


def _answered(route: _Routing, topic: str, queue: str, login: str, talk: int) -> Sequence[_Said]:
    shown: _Said = (18.68, What.painted, login, {"ms": 71})
    return (*_queued(route, topic, queue), *_taken(queue, login), shown, *_over(login, talk))


def _unseen(route: _Routing, topic: str, queue: str, login: str, why: str) -> Sequence[_Said]:
    missed: _Said = (21.6, What.unpainted, login, {"why": why})
    return (*_queued(route, topic, queue), *_taken(queue, login), missed, *_over(login, 140))


def _gave_up(queue: str, waited: int) -> Sequence[_Said]:
    return (
        (9.0, What.ivr_left, "", {}),
        (9.2, What.queued, "", {"queue": queue, "position": 3}),
        (9.2 + waited, What.abandoned, "", {"queue": queue}),
        (9.2 + waited, What.ended, "", {"reason": "cancelled"}),
        (9.3 + waited, What.logged, "", _contact("abandoned_queue")),
    )


def _in_the_menu(language: Language, word: str, outcome: str) -> Sequence[_Said]:
    return (
        (2.0, What.language, "", {"language": language}),
        (41.0, What.ivr_left, "", {"word": word}),
        (41.2, What.ended, "", {"reason": "completed"}),
        (41.3, What.logged, "", _contact(outcome)),
    )


def _frames(began: datetime, number: str) -> tuple[Frame, ...]:
    later = began + timedelta(seconds=18.6)
    return (
        Frame(began, Way.ami_in, f"Event: Newchannel\nChannel: PJSIP/trunk-0000000a\nCallerIDNum: {number}"),
        Frame(began, Way.agi_out, 'SET VARIABLE "CALLCORE_CALL" "' + SHOWN + '"'),
        Frame(began, Way.agi_in, "200 result=1"),
        Frame(later, Way.ami_in, "Event: AgentConnect\nQueue: finance\nInterface: PJSIP/101\nHoldTime: 4"),
    )
