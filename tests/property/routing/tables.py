"""Generated topic tables and situations: few words and limits, so that rows often meet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from callcore.domain import LANGUAGES, QueueName, Text, TopicCode
from callcore.routing.legs import Announce, Leg, OfferCallBack, ToQueue, ToTopic, Voicemail
from callcore.routing.rows import QueueWhen, Row, When
from callcore.routing.situation import CallerFacts, Mark, QueueState, Situation, Standing
from callcore.routing.tables import Topic, TopicTable, TopicTables
from callcore.routing.timetable import ALL_DAY, Hours, Span

TEXT = Text("да", "yes")
WORDS = ("a", "b", "ж")
OTHER_WORDS = ("", "c")
"""Of callers, that no row names."""
QUEUES = (QueueName("first"), QueueName("second"))
TABLES = ("one", "two")
CODES = tuple(TopicCode(f"{table}.{name}") for table in TABLES for name in ("x", "x.y", "z"))
LIMITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5))

HOURS = (
    Hours(ZoneInfo("Europe/Moscow"), (ALL_DAY,) * 7),
    Hours(ZoneInfo("Europe/Moscow"), (*((Span(540, 1080),),) * 5, (), ())),
    Hours(ZoneInfo("Asia/Omsk"), ((Span(1200, 1560),),) * 7),
    Hours(ZoneInfo("UTC"), ((),) * 7),
)


def some(words: tuple[str, ...]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(words), min_size=1)


def or_none(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | values


queue_whens = st.builds(
    QueueWhen,
    st.sampled_from(QUEUES),
    st.booleans(),
    st.booleans(),
    or_none(st.sampled_from(LIMITS)),
    or_none(st.sampled_from((0, 3))),
)


def whens(codes: tuple[TopicCode, ...]) -> st.SearchStrategy[When]:
    """Of all conditions few at a time: so that many a row holds."""
    asked: dict[str, st.SearchStrategy[object]] = {
        "topics": some(codes),
        "segments": some(WORDS),
        "standings": some(tuple(Standing)),
        "legal_forms": some(WORDS),
        "regions": some(WORDS),
        "languages": some(LANGUAGES),
        "hours": st.sampled_from(HOURS),
        "is_open": st.booleans(),
        "marks": some(tuple(Mark)),
        "without": some(tuple(Mark)),
        "repeat_within": st.sampled_from(LIMITS),
        "queue": queue_whens,
    }
    names = st.sets(st.sampled_from(sorted(asked)), max_size=3)
    return names.flatmap(lambda few: st.builds(When, **{name: asked[name] for name in sorted(few)}))


legs: st.SearchStrategy[tuple[Leg, ...]] = st.one_of(
    st.sampled_from(CODES).map(lambda code: (ToTopic(code),)),
    st.just((ToQueue(),)),
    st.just((OfferCallBack(QUEUES[1]), Voicemail())),
    st.just((Announce(TEXT), Voicemail())),
)


def topics(code: str, queue: QueueName) -> tuple[Topic, ...]:
    below = Topic(TopicCode(f"{code}.x.y"), TEXT, queue)
    return (
        Topic(TopicCode(f"{code}.x"), TEXT, queue, children=(below,)),
        Topic(TopicCode(f"{code}.z"), TEXT, QUEUES[1]),
    )


@st.composite
def tables(draw: st.DrawFn) -> TopicTables:
    made = []
    for code in TABLES:
        own = tuple(each for each in CODES if each.startswith(f"{code}."))
        count = draw(st.integers(0, 4))
        rows = tuple(Row(f"r{place}", draw(whens(own)), draw(legs)) for place in range(count))
        made.append(
            TopicTable(
                code,
                TEXT,
                draw(st.sampled_from(HOURS)),
                TEXT,
                topics(code, draw(st.sampled_from(QUEUES))),
                rows=rows,
            )
        )
    return TopicTables(tuple(made), CODES[0])


states = st.builds(
    lambda signed_in, ready, waiting, wait: QueueState(signed_in, min(signed_in, ready), waiting, wait),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 5),
    st.sampled_from((timedelta(), timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=9))),
)
moments = st.integers(0, 100 * 366 * 24 * 60).map(
    lambda minutes: datetime(1971, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    at = draw(moments)
    ago = draw(st.none() | st.sampled_from((0, 60, 61, 300, 301)))
    said = st.sampled_from((*WORDS, *OTHER_WORDS, "A", "Ж"))
    return Situation(
        draw(st.sampled_from(CODES)),
        at,
        draw(st.sampled_from(LANGUAGES)),
        CallerFacts(
            draw(st.sampled_from(Standing)),
            draw(said),
            draw(said),
            draw(said),
            draw(st.frozensets(st.sampled_from(Mark))),
        ),
        None if ago is None else at - timedelta(seconds=ago),
        draw(st.dictionaries(st.sampled_from(QUEUES), states)),
    )
