"""Routing is total and deterministic, rows hold as they read, and what the check says of rows is true."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings

from callcore.routing.check_circles import check_circles
from callcore.routing.check_rows import check_rows
from callcore.routing.decide import decide
from callcore.routing.explain import explain, summary
from callcore.routing.hours import is_open
from callcore.routing.legs import ToQueue, is_last
from callcore.routing.match import fails
from callcore.routing.rows import When
from callcore.routing.situation import Situation, folded
from callcore.routing.space import Space
from callcore.routing.tables import TopicTables

from .tables import CODES, situations, tables, whens

unhurried = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Whole houses take a while to make up."""


def holds(when: When, at: Situation) -> bool:
    """The oracle: every condition of the row, as docs/topic-tables.md reads, none skipped."""
    caller, queue = at.caller, when.queue
    state = at.queues.get(queue.queue) if queue else None
    asked = {
        "topic": not when.topics or at.topic in when.topics,
        "segment": not when.segments or caller.segment.lower() in when.segments,
        "standing": not when.standings or caller.standing in when.standings,
        "legal_form": not when.legal_forms or caller.legal_form.lower() in when.legal_forms,
        "region": not when.regions or caller.region.lower() in when.regions,
        "language": not when.languages or at.language in when.languages,
        "has": all(mark in caller.marks for mark in when.marks),
        "has not": not any(mark in caller.marks for mark in when.without),
        "repeat": when.repeat_within is None
        or (
            at.last_contact_at is not None
            and (at.at - at.last_contact_at).total_seconds() <= when.repeat_within.total_seconds()
        ),
        "hours": when.hours is None or is_open(when.hours, at.at) == when.is_open,
        "queue known": queue is None or state is not None,
    }
    if queue is not None and state is not None:
        asked |= {
            "nobody": not queue.nobody or not state.signed_in,
            "paused": not queue.all_paused or (state.signed_in and not state.ready),
            "long": queue.waits_longer_than is None or state.longest_wait > queue.waits_longer_than,
            "many": queue.waiting_more_than is None or state.waiting > queue.waiting_more_than,
        }
    return all(asked.values())


@unhurried
@given(whens(CODES), situations())
def test_a_row_holds_if_all_it_asks_is_so(when: When, at: Situation) -> None:
    assert (fails(when, folded(at)) is None) == holds(when, at)


@unhurried
@given(tables(), situations())
def test_any_call_at_any_moment_gets_a_way_with_a_reason(house: TopicTables, at: Situation) -> None:
    route = decide(house, at)
    assert route == decide(house, at)
    assert route.legs
    assert all(leg.queue for leg in route.legs if isinstance(leg, ToQueue))
    assert is_last(route.legs[-1])
    steps = explain(house, at, route)
    assert steps == explain(house, at, route)
    reason = summary(steps)
    assert reason.ru
    assert reason.en
    for hop in route.hops:
        rows = house.about(hop.topic)[2]
        assert hop.failed[-1] is None
        held = [holds(row.when, replace(at, topic=hop.topic)) for row in rows]
        assert held.index(True) == len(hop.failed) - 1


@unhurried
@given(tables(), situations())
def test_a_row_of_which_check_says_that_no_call_reaches_it_never_decides(
    house: TopicTables, at: Situation
) -> None:
    unreached = {
        (fault.table, fault.path[1])
        for fault in check_rows(house)
        if fault.message.en.startswith("No call reaches")
    }
    for hop in decide(house, at).hops:
        table, _topic, rows = house.about(hop.topic)
        assert (table.code, rows[len(hop.failed) - 1].code) not in unreached


@unhurried
@given(tables(), situations())
def test_where_check_finds_no_circle_nobody_goes_round(house: TopicTables, at: Situation) -> None:
    if list(check_circles(Space(house), house)):
        return
    route = decide(house, at)
    table, _topic, rows = house.about(route.hops[-1].topic)
    assert (route.table, route.row) == (table.code, rows[len(route.hops[-1].failed) - 1].code)


@unhurried
@given(tables(), situations())
def test_a_row_that_check_lets_pass_sends_nobody_to_a_closed_queue(house: TopicTables, at: Situation) -> None:
    """Unless it says its hours itself."""
    blamed = {(fault.table, fault.path[1]) for fault in check_rows(house) if fault.path[0] == "rows"}
    route = decide(house, at)
    table = house.about(route.hops[-1].topic)[0]
    row = next(each for each in table.all_rows if each.code == route.row)
    if (table.code, row.code) in blamed or row.when.hours is not None:
        return
    if isinstance(row.legs[0], ToQueue):
        assert is_open(table.hours, at.at)
