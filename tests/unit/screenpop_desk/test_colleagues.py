"""Who is at work: one list for all desks, told in turns."""

from datetime import UTC, datetime, timedelta

import pytest

from callcore.calls.effects import ShowAgent
from callcore.domain import AgentState, Login, PauseReason
from callcore.screenpop.colleagues import Colleague, Person, Presence, Roster

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ANNA, BORIS, VERA = (
    Person(Login("anna"), "Анна Кузнецова", "sales"),
    Person(Login("boris"), "Борис Смирнов"),
    Person(Login("vera"), "Вера Ильина"),
)


def shows(person: Person, state: AgentState, reason: PauseReason | None = None) -> ShowAgent:
    return ShowAgent(f"{person.login}:{state}", person.login, state, reason, NOW)


@pytest.fixture
def roster() -> Roster:
    roster = Roster()
    roster.people_are((VERA, ANNA, BORIS))
    roster.turn()
    return roster


def test_by_name_and_nobody_at_work_yet(roster: Roster) -> None:
    assert [each.person for each in roster.all()] == [ANNA, BORIS, VERA]
    assert {each.presence for each in roster.all()} == {Presence.away}
    assert roster.counts()[Presence.away] == 3


@pytest.mark.parametrize(
    ("state", "presence"),
    [
        (AgentState.ready, Presence.free),
        (AgentState.ringing, Presence.rings),
        (AgentState.talking, Presence.talks),
        (AgentState.wrap_up, Presence.writes),
        (AgentState.paused, Presence.paused),
    ],
)
def test_what_each_does(roster: Roster, state: AgentState, presence: Presence) -> None:
    roster.take(shows(ANNA, state, PauseReason.lunch if state is AgentState.paused else None))
    reason = PauseReason.lunch if presence is Presence.paused else None
    assert roster.all()[0] == Colleague(ANNA, presence, NOW, reason)
    roster.take(shows(ANNA, AgentState.offline))
    assert roster.all()[0] == Colleague(ANNA)


def test_a_turn_tells_only_what_changed(roster: Roster) -> None:
    seen = roster.version
    roster.take(shows(ANNA, AgentState.ready))
    roster.take(shows(ANNA, AgentState.talking))
    assert roster.version == seen, "not before its turn"
    roster.turn()
    assert roster.version == seen + 1, "both as one"
    assert [each.person for each in roster.since(seen)] == [ANNA]
    assert roster.since(roster.version) == ()
    roster.turn()
    assert roster.version == seen + 1, "nothing, no turn"
    assert roster.whole <= seen


def test_another_person_makes_the_list_anew(roster: Roster) -> None:
    seen = roster.version
    roster.people_are((ANNA, VERA))
    roster.turn()
    assert roster.whole == roster.version > seen
    roster.people_are((VERA, ANNA))
    roster.turn()
    assert roster.version == seen + 1, "the same people in another order are no news"


def test_who_takes_no_calls_here_is_not_on_it(roster: Roster) -> None:
    stranger = Person(Login("root"), "Администратор")
    seen = roster.version
    roster.take(shows(stranger, AgentState.ready))
    roster.turn()
    assert (roster.version, len(roster.all())) == (seen, 3)


def test_since_when_stays_with_him(roster: Roster) -> None:
    later = NOW + timedelta(minutes=3)
    roster.take(ShowAgent("k", ANNA.login, AgentState.ready, None, later))
    assert roster.all()[0].since == later
