"""The fallback that is made from the tables, as data and as text; carried out here as Asterisk would."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcore.domain import Language, QueueName, Text, TopicCode
from callcore.ivr.fallback import (
    DAYS_AHEAD,
    HOURS_CONTEXT,
    TOPICS_CONTEXT,
    UNTIL,
    StaticWays,
    render_fallback,
    static_ways,
)
from callcore.routing.hours import is_open
from callcore.routing.tables import Topic, TopicTable, TopicTables
from callcore.routing.timetable import ALL_DAY, Hours, Span, Spans, SpecialDay

TODAY = date(2026, 11, 22)
MOSCOW = ZoneInfo("Europe/Moscow")
OFFICE: Spans = (Span(9 * 60, 18 * 60),)
CLOSED = Text("Мы закрыты.", "We are closed.")
IF_TIME = re.compile(r"GotoIfTime\((\d\d):(\d\d)-(\d\d):(\d\d),([a-z*-]+),\*,\*,([^?]+)\?(.+)\)")
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def hours(*weekly: Spans, zone: str = "Europe/Moscow", **more: object) -> Hours:
    days = weekly if len(weekly) == 7 else (weekly[0],) * 5 + ((),) * 2
    return Hours(ZoneInfo(zone), days, **more)  # type: ignore[arg-type]


def tables(*hours_of: Hours, topics: tuple[str, ...] = ("balance",)) -> TopicTables:
    return TopicTables(
        tuple(
            TopicTable(
                code,
                Text(code, code),
                its,
                CLOSED,
                tuple(
                    Topic(TopicCode(f"{code}.{topic}"), Text(topic, topic), QueueName(f"{code}-queue"))
                    for topic in topics
                ),
            )
            for code, its in zip(("finance", "h", "sales"), hours_of, strict=False)
        ),
        TopicCode("finance.balance"),
    )


def told(_text: str, language: Language) -> str:
    return f"/srv/callcore/prompts/{language}/0a1b"


def silent(_text: str, _language: Language) -> None:
    return None


def is_served(ways: StaticWays, table: str, at: datetime) -> bool:
    """Whether the call gets into the queue; the lines are done one after another, as Asterisk does them."""
    extension = f"table.{table}"
    for _ in range(3):
        step = _next(ways, extension, at)
        if step in ("queue", "closed"):
            return step == "queue"
        extension = step
    raise AssertionError("it goes round and round")


def _next(ways: StaticWays, extension: str, at: datetime) -> str:
    day = ""
    for line in ways[HOURS_CONTEXT, extension]:
        if found := re.fullmatch(r"Set\(CALLCORE_DAY=(\w+)\.\$\{STRFTIME\(.+,([\w/+-]+),%Y%m%d\)\}\)", line):
            day = f"{found[1]}.{at.astimezone(ZoneInfo(found[2])):%Y%m%d}"
        elif "DIALPLAN_EXISTS" in line:
            assert line.endswith("?${CALLCORE_DAY},1)")
            if (HOURS_CONTEXT, day) in ways:
                return day
        elif found := IF_TIME.fullmatch(line):
            if _holds(found, at):
                assert found[7] == "callcore-fallback,queue,1"
                return "queue"
        elif line.startswith("Goto(closed."):
            return "closed"
        else:
            assert "CALLCORE_STATIC" in line
    raise AssertionError(f"{extension} leads nowhere")


def _holds(found: re.Match[str], at: datetime) -> bool:
    local = at.astimezone(ZoneInfo(found[6]))
    first, _, last = found[5].partition("-")
    days = WEEK if first == "*" else WEEK[WEEK.index(first) : WEEK.index(last or first) + 1]
    begins, ends = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    return WEEK[local.weekday()] in days and begins <= local.hour * 60 + local.minute <= ends


SPANS = st.lists(st.integers(0, 2880), min_size=0, max_size=4, unique=True).map(
    lambda ends: tuple(
        Span(opens, min(closes, opens + 1440))
        for opens, closes in zip(*[iter(sorted(ends))] * 2, strict=False)
        if opens < 1440
    )
)


@settings(deadline=None)  # the first use of a country loads its calendar
@given(
    weekly=st.lists(SPANS, min_size=7, max_size=7),
    zone=st.sampled_from(["Europe/Moscow", "Asia/Kamchatka", "America/New_York", "Europe/Berlin"]),
    country=st.sampled_from([None, "RU", "DE"]),
    on_holiday=SPANS | st.none(),
    special=st.lists(
        st.tuples(st.integers(0, DAYS_AHEAD), SPANS | st.none()), max_size=4, unique_by=lambda d: d[0]
    ),
    offsets=st.lists(st.integers(0, DAYS_AHEAD * 1440 - 1), min_size=20, max_size=20),
)
def test_it_is_open_when_the_table_is(
    weekly: list[Spans],
    zone: str,
    country: str | None,
    on_holiday: Spans | None,
    special: list[tuple[int, Spans | None]],
    offsets: list[int],
) -> None:
    """At any minute of the year that the file knows, in any zone."""
    days = tuple(SpecialDay(TODAY + timedelta(days=day), spans, Text("", "")) for day, spans in special)
    its = hours(*weekly, zone=zone, country=country, on_holiday=on_holiday, special=days)
    ways = static_ways(tables(its), TODAY, told)
    for offset in offsets:
        at = datetime(2026, 11, 22, tzinfo=UTC) + timedelta(minutes=offset)
        assert is_served(ways, "finance", at) == is_open(its, at), at


def test_yesterday_is_still_today_somewhere() -> None:
    """The file is made on the date of Greenwich."""
    yesterday = SpecialDay(TODAY - timedelta(days=1), (), Text("", ""))
    its = hours(*[ALL_DAY] * 7, zone="Pacific/Honolulu", special=(yesterday,))
    at = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
    assert is_open(its, at) is is_served(static_ways(tables(its), TODAY, told), "finance", at) is False


def test_a_topic_leads_to_its_queue_by_the_hours_of_its_table() -> None:
    ways = static_ways(tables(hours(OFFICE), hours(OFFICE)), TODAY, told)
    assert ways[TOPICS_CONTEXT, "h.balance"] == (
        "Set(CALLCORE_STATIC=h-queue)",
        "Goto(callcore-hours,table.h,1)",
    )


def test_every_place_that_is_named_is_there() -> None:
    ways = static_ways(tables(hours(OFFICE, country="RU"), hours(ALL_DAY)), TODAY, told)
    targets = [
        (context or HOURS_CONTEXT, extension)
        for lines in ways.values()
        for line in lines
        for context, extension in re.findall(r"(?:\(|\?)(?:(callcore-hours),)?([a-z]+\.[a-z0-9]+),1\)", line)
    ]
    assert len(targets) > 10
    assert set(targets) <= set(ways)


def test_no_extension_means_something_else_to_asterisk() -> None:
    """A hyphen would be overlooked; h, i, t, T and names that begin with _ are not what they look like."""
    for _context, extension in static_ways(tables(hours(OFFICE, country="RU"), hours(OFFICE)), TODAY, told):
        assert re.fullmatch(r"[a-z][a-z0-9_]*\.[a-z0-9_.]+|until", extension)


def test_a_code_that_is_too_long_for_an_extension_is_left_out() -> None:
    """Such a call goes to the queue of those without a topic."""
    fits, too_long = "x" * (79 - len("finance.")), "x" * (80 - len("finance."))
    ways = static_ways(tables(hours(OFFICE), topics=(fits, too_long)), TODAY, told)
    assert [extension for context, extension in ways if context == TOPICS_CONTEXT] == [f"finance.{fits}"]


def test_who_waited_there_already_goes_to_the_queue_of_all_others() -> None:
    first = static_ways(tables(hours(OFFICE)), TODAY, told)[HOURS_CONTEXT, "table.finance"][0]
    assert first == 'GotoIf($["${CALLCORE_QUEUE}" = "${CALLCORE_STATIC}"]?callcore-fallback,s,1)'


def test_the_announcement_in_the_callers_language() -> None:
    ways = static_ways(tables(hours(OFFICE)), TODAY, told)
    play, bye = ways[HOURS_CONTEXT, "closed.finance"]
    folder = "/srv/callcore/prompts"
    assert play == f'Playback(${{IF($["${{CALLCORE_LANGUAGE}}" = "en"]?{folder}/en/0a1b:{folder}/ru/0a1b)}})'
    assert bye == "Goto(callcore-end,bye,1)"


def test_without_prompts_there_is_a_word_of_goodbye() -> None:
    ways = static_ways(tables(hours(OFFICE)), TODAY, silent)
    assert ways[HOURS_CONTEXT, "closed.finance"] == ("Goto(callcore-end,bye,1)",)


@pytest.mark.parametrize(
    "path", ["/srv/a,b/x", "/srv/${A}/x", "/srv/a:b/x", "/srv/a&b", "/srv/a)b", "/srv/a\nb", "/" * 181]
)
def test_a_path_that_a_dialplan_would_read_as_something_else(path: str) -> None:
    with pytest.raises(ValueError, match="path of a prompt"):
        static_ways(tables(hours(OFFICE)), TODAY, lambda _text, _language: path)


def test_as_text() -> None:
    text = render_fallback(static_ways(tables(hours(OFFICE), hours(ALL_DAY, zone="UTC")), TODAY, told))
    assert text.count("[callcore-topics]\n") == text.count("[callcore-hours]\n") == 1
    assert (
        "exten => finance.balance,1,Set(CALLCORE_STATIC=finance-queue)\n same => n,Goto(callcore-hours"
        in text
    )
    assert " same => n,GotoIfTime(09:00-17:59,mon-fri,*,*,Europe/Moscow?callcore-fallback,queue,1)\n" in text
    assert " same => n,GotoIfTime(00:00-23:59,mon-fri,*,*,UTC?callcore-fallback,queue,1)\n" in text
    assert f"exten => {UNTIL},1,NoOp(20271127)\n" in text
    assert max(map(len, text.splitlines())) < 512


def test_every_day_alike_is_one_line() -> None:
    ways = static_ways(tables(hours(*[ALL_DAY] * 7)), TODAY, told)
    lines = ways[HOURS_CONTEXT, "table.finance"]
    assert [line for line in lines if line.startswith("GotoIfTime")] == [
        "GotoIfTime(00:00-23:59,mon-sun,*,*,Europe/Moscow?callcore-fallback,queue,1)"
    ]
    assert not any("CALLCORE_DAY" in line for line in lines)
