"""Stories as the recorder makes them, for the pages; nobody's pseudonyms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from callcore.flight.book import Head
from callcore.flight.entries import Detail, Entry, Frame, Story, Way, What
from callcore.flight.story import Told, head_of, tell
from callcore.testing.outage_samples import NOW

BEGAN = NOW - timedelta(minutes=12)
NUMBER = "+7•••-3F2KQ"
LONG = "Xx" * 300


def entry(seconds: float, what: What, who: str = "", **data: Detail) -> Entry:
    return Entry(BEGAN + timedelta(seconds=seconds), what, who, data)


def _answered() -> tuple[Entry, ...]:
    return (
        entry(0, What.begun, number=NUMBER, dialed="+7•••-D1DDD", fact="CallEntered"),
        entry(0.01, What.lookup, number=NUMBER),
        entry(0.08, What.found, count=1, names="N•••-8KQ2M (№ 7)", outages=1),
        entry(
            6.2, What.routed, topic="finance.recalculation", queue="finance",
            reason="table finance\nopen until 20:00\nsegment ordinary",
        ),
        entry(6.3, What.ivr_left),
        entry(6.4, What.queued, queue="finance", position=1),
        entry(7.0, What.rang, "PJSIP/101", queue="finance"),
        entry(7.01, What.dialing, targets="PJSIP/101, PJSIP/102"),
        entry(7.02, What.policy, moment="answer", direction="inbound", queue="finance"),
        entry(7.02, What.ring_shown, "anna"),
        entry(7.03, What.ring_shown, "boris"),
        entry(11.0, What.connected, "PJSIP/101", queue="finance"),
        entry(11.001, What.popped, "anna", queue="finance"),
        entry(11.002, What.ring_hidden, "anna", reason="completed"),
        entry(11.002, What.ring_hidden, "boris", reason="answered_elsewhere"),
        entry(11.003, What.answered, targets="PJSIP/101"),
        entry(11.004, What.published, "anna"),
    )  # fmt: skip


def _end() -> tuple[Entry, ...]:
    return (
        entry(60, What.attended),
        entry(60, What.transferred, kind="blonde", by="PJSIP/101", targets="PJSIP/104"),
        entry(95, What.ended, reason="completed"),
        entry(95.1, What.card_ended, "anna", talk_ms=84_000),
        entry(95.1, What.logged, outcome="answered", source="live", talk_ms=84_000, answered_by="anna"),
    )


FRAMES = (
    Frame(BEGAN, Way.ami_in, f"Event: Newchannel\nChannel: PJSIP/trunk-0000000a\nCallerIDNum: {NUMBER}"),
    Frame(BEGAN, Way.agi_out, 'STREAM FILE "/prompts/greeting" "123"'),
    Frame(BEGAN, Way.agi_in, "200 result=50 endpos=9760"),
    Frame(BEGAN, Way.ami_out, f"Action: QueuePause\nInterface: PJSIP/101\nReason: {LONG}"),
)


def story(call: str, entries: Sequence[Entry], *, living: bool = False, direction: str = "inbound") -> Story:
    ended = None if living else BEGAN + timedelta(seconds=95)
    return Story(call, "main", BEGAN, ended, direction, NUMBER, tuple(entries), FRAMES, 3)


STORIES = {
    "painted": story("painted", (*_answered(), entry(11.09, What.painted, "anna", ms=87), *_end())),
    "hidden": story("hidden", (*_answered(), entry(14, What.unpainted, "anna", why="hidden"), *_end())),
    "nobody": story(
        "nobody",
        (
            entry(0, What.begun, number=NUMBER, fact="QueueJoined"),
            entry(1, What.link_lost),
            entry(4, What.link_back),
            entry(5, What.found, failed=1),
            entry(95, What.logged, outcome="answered", source="snapshot", nobodys="PJSIP/103",
                  answered_at_nobodys="PJSIP/103"),
        ),
    ),
    "living": story("living", (entry(0, What.adopted, known=1),), living=True),
    "internal": story("internal", (entry(0, What.begun, number="101", dialed="102"),), direction="internal"),
    "hostile": story(
        "hostile",
        (entry(0, What.begun, number="", dialed=LONG), entry(1, What.ring_shown, "‮<b>" + "x" * 60)),
    ),
}  # fmt: skip


@dataclass
class Room:
    """Stories in a dictionary, as ``flight.book.Book`` gives them."""

    stories: dict[str, Story] = field(default_factory=lambda: dict(STORIES))

    async def told(self, call: str) -> Told | None:
        found = self.stories.get(call)
        return tell(found) if found is not None else None

    async def latest(
        self,
        limit: int = 50,
        *,
        number: str = "",
        login: str | None = None,
        before: datetime | None = None,
    ) -> tuple[Head, ...]:
        return tuple(
            Head(one.call, one.pbx, one.direction, one.number, one.began_at, one.ended_at, head_of(one))
            for one in self.stories.values()
            if (not number or number == one.number) and (login is None or login in one.logins)
        )[:limit]
