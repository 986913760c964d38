"""Whatever the house, the hour and the caller: nobody is offered a way that a department does not take."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callcore.crm.departments import Department, Departments, Way
from callcore.crm.handing import Code, Colleague, House, Kind, Now, Offer, Place, find, offers
from callcore.domain import AgentState, Login, QueueName, Text
from callcore.routing.legs import ToNumber, ToPersonal, ToQueue
from callcore.routing.situation import Situation
from callcore.routing.tables import TopicTables
from callcore.routing.timetable import Hours

from .tables import HOURS, QUEUES, situations, tables
from .test_decide_property import holds

unhurried = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
THIRD = QueueName("third")
NUMBERS = ("301", "302")
NAMES = ("анна", "борис", "вера")


@st.composite
def departments(draw: st.DrawFn) -> Departments:
    made = []
    places = draw(st.permutations([*QUEUES, THIRD, *NUMBERS, None]))
    for code, place in zip(("one", "two", "three", "four"), places, strict=False):
        ways = draw(st.frozensets(st.sampled_from(Way), min_size=1))
        number, queue = (place, None) if place in NUMBERS else (None, place)
        made.append(
            Department(
                code,
                Text(f"отдел {code}", f"{code} office"),
                Text("делает", "works"),
                ways,
                draw(st.none() | st.sampled_from(HOURS)),
                number,
                None if queue is None else QueueName(queue),
            )
        )
    return Departments(tuple(made))


colleagues = st.lists(
    st.builds(
        lambda name, state: Colleague(Login(name), name, state),
        st.sampled_from(NAMES),
        st.sampled_from(AgentState),
    ),
    unique_by=lambda each: each.login,
).map(tuple)
queries = st.sampled_from(("", "отдел", "office two", "да", "борис", "works", "zzz", "отдел three"))


def is_open(hours: Hours | None, at: Situation) -> bool:
    """The oracle: by the minutes of wall time, yesterday's evening among them."""
    if hours is None:
        return True
    local = at.at.astimezone(ZoneInfo(hours.zone.key))
    minute, day = local.hour * 60 + local.minute, local.weekday()
    today = any(span.opens <= minute < span.closes for span in hours.weekly[day])
    late = any(span.opens <= minute + 1440 < span.closes for span in hours.weekly[day - 1])
    return today or late


def allowed(offer: Offer, house: House, at: Situation, now: Now) -> bool:
    """The oracle: whether anybody may be put through to this place."""
    place = offer.place
    assert place is not None
    if place.login is not None:
        one = next(each for each in now.colleagues if each.login == place.login)
        return one.state not in (AgentState.talking, AgentState.ringing)
    owners = [
        each
        for each in house.departments
        if (place.queue and each.queue == place.queue) or (place.number and each.number == place.number)
    ]
    return all(Way.transfer in each.ways and is_open(each.hours, at) for each in owners)


def leads(house: House, at: Situation, now: Now) -> set[Place]:
    """The oracle: where the tables lead, of the first row that holds, row by row."""
    topic, seen = at.topic, set[str]()
    while topic not in seen:
        seen.add(topic)
        table = next(each for each in house.tables if any(one.code == topic for one in each.walk()))
        own = next(one for one in table.walk() if one.code == topic)
        rows = [row for row in table.all_rows if not row.when.topics or topic in row.when.topics]
        caller = replace(at, topic=topic)
        folded = replace(
            caller,
            caller=replace(
                caller.caller,
                segment=caller.caller.segment.lower(),
                legal_form=caller.caller.legal_form.lower(),
                region=caller.caller.region.lower(),
            ),
        )
        row = next(row for row in rows if holds(row.when, folded))
        (leg, *_) = row.legs
        if not hasattr(leg, "topic"):
            break
        topic = leg.topic
    else:
        row = rows[-1]
    places = set[Place]()
    for leg in row.legs:
        match leg:
            case ToQueue():
                places.add(Place(queue=leg.queue or own.queue))
            case ToNumber():
                places.add(Place(number=leg.number))
            case ToPersonal():
                places |= {Place(login=login) for login in now.personal}
    return places


@st.composite
def moments(draw: st.DrawFn) -> tuple[House, Situation, Now]:
    made: TopicTables = draw(tables())
    house = House(made, draw(departments()), {})
    at = draw(situations())
    return house, at, Now(at.at, at.queues, draw(colleagues), tuple(map(Login, NAMES[:2])))


@unhurried
@given(moments(), queries)
def test_nobody_is_offered_what_may_not_be(moment: tuple[House, Situation, Now], query: str) -> None:
    house, at, now = moment
    found = offers(query, at, house, now)
    assert len({each.ref for each in found}) == len(found), "each place once"
    for each in found:
        assert (each.place is None) == (each.refused is not None)
        if each.place is not None:
            assert allowed(each, house, at, now)
        if each.refused is not None:
            assert each.refused.message.ru
            assert each.refused.remedy.en
        if each.refused is not None and each.refused.code is Code.way_closed and each.kind is Kind.department:
            assert each.ways == tuple(way for way in Way if way in house.departments.find(each.name).ways)
        assert Way.transfer not in each.ways


@unhurried
@given(moments())
def test_a_topic_offers_where_the_tables_lead_and_nowhere_else(moment: tuple[House, Situation, Now]) -> None:
    house, at, now = moment
    led = leads(house, at, now)
    there = {each.login for each in now.colleagues}
    offered = {each.place for each in offers("", at, house, now) if each.topic == at.topic and each.place}
    may = set[Place]()
    for place in led:
        known = place.login is None or place.login in there
        if known and allowed(Offer(Kind.topic, "", Text("", ""), place), house, at, now):
            may.add(place)
    assert offered == may


@unhurried
@given(moments(), queries)
def test_what_was_offered_is_found_again_and_is_the_same(
    moment: tuple[House, Situation, Now], query: str
) -> None:
    house, at, now = moment
    for each in offers(query, at, house, now):
        again = find(each.ref, at, house, now)
        assert again is not None
        assert (again.place, again.refused) == (each.place, each.refused)


@unhurried
@given(moments())
def test_every_department_that_takes_calls_is_in_sight(moment: tuple[House, Situation, Now]) -> None:
    house, at, now = moment
    refs = {each.ref for each in offers("", at, house, now)}
    assert {f"department:{each.code}" for each in house.departments if Way.transfer in each.ways} <= refs
