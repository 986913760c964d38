"""What is counted beside the calls, read when somebody looks: links, floor, lanes, store, recovery, stories,
placed calls, call-backs, recordings, sessions of the IVR."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime

from callcore.ami.client import AmiLink
from callcore.assembly.outgoing import Outgoing
from callcore.callbacks.tally import Tally
from callcore.calls.tracker import Tracker
from callcore.domain import PbxName
from callcore.flight.recorder import Recorder
from callcore.floor.members import Members
from callcore.floor.records import Records
from callcore.floor.recovery import Recovery
from callcore.floor.talks import Talks
from callcore.store.writer import Writer
from callcore.web.metrics import Metrics


def watch_calls(metrics: Metrics, outgoing: Outgoing, talks: Talks) -> None:
    outgoing.count = metrics.placed_call
    metrics.watch(
        "attempts_open",
        "Placed calls whose outcome is open",
        lambda: {name: float(count) for name, count in outgoing.room.open_calls().items()},
        label="pbx",
    )
    metrics.watch(
        "recordings_not_begun",
        "Recordings of talks that Asterisk never began, since the start",
        lambda: {"": float(talks.missing)},
    )


def watch_call_backs(
    metrics: Metrics, asked_by: Counter[str], tally: Tally, now: Callable[[], datetime]
) -> None:
    """From the wish to its end."""
    metrics.watch(
        "call_backs_asked_total",
        "Wishes to be called back, by how people asked; who asks again counts again",
        lambda: {str(source): float(count) for source, count in asked_by.items()},
        label="source",
    )
    metrics.watch(
        "call_backs_made_total", "Attempts to call back that were begun", lambda: {"": float(tally.made)}
    )
    metrics.watch(
        "call_backs_over_total",
        "Attempts to call back that are over: reached, again, gave_up (people have to), withdrawn",
        lambda: {became: float(count) for became, count in tally.became.items()},
        label="became",
    )
    metrics.watch("call_backs_waiting", "People who wait to be called back", tally.waiting, label="queue")
    metrics.watch(
        "call_backs_oldest_seconds",
        "For how long the one waits who waits longest",
        lambda: tally.oldest(now()),
        label="queue",
    )


def watch_gaps(metrics: Metrics, recovery: Recovery) -> None:
    def read(counted: Counter[PbxName]) -> Callable[[], dict[str, float]]:
        return lambda: {str(pbx): float(value) for pbx, value in counted.items()}

    metrics.watch("gaps_total", "Times callcore was away from a PBX", read(recovery.gaps), label="pbx")
    metrics.watch("gap_seconds", "Seconds it was away", read(recovery.gap_seconds), label="pbx")


def watch_recorder(metrics: Metrics, recorder: Recorder) -> None:
    box = recorder.outbox
    metrics.watch("stories_written", "Calls whose story was stored", lambda: {"": float(box.written)})
    metrics.watch("stories_left_out", "Calls whose story was not stored", lambda: {"": float(box.left_out)})


def watch_links(metrics: Metrics, links: Mapping[PbxName, AmiLink]) -> None:
    """AMI counters, read when somebody looks."""

    def read(pick: Callable[[AmiLink], float]) -> Callable[[], dict[str, float]]:
        return lambda: {str(name): pick(link) for name, link in links.items()}

    for name, text, pick in (
        ("ami_up", "1 while the AMI link is up", lambda link: float(link.state == "up")),
        ("ami_facts", "Events taken over from AMI", lambda link: link.counters.events),
        ("ami_dropped", "Events dropped by name, unparsed", lambda link: link.counters.dropped),
        ("ami_odd", "Wanted events that made no sense", lambda link: link.counters.odd),
        ("ami_logins", "AMI sessions since the start", lambda link: link.counters.logins),
        ("ami_paused", "Times the reading waited for the floor", lambda link: link.counters.paused),
    ):
        metrics.watch(name, text, read(pick), label="pbx")


def watch_floor(metrics: Metrics, tracker: Tracker) -> None:
    metrics.watch("odd_facts", "Facts that made no sense", lambda: dict(tracker.odd), label="kind")
    metrics.watch("calls", "Calls on the floor", lambda: {"": float(len(tracker.calls))})
    metrics.watch("agents", "Operators on shift, by state", lambda: _by_state(tracker), label="state")


def _by_state(tracker: Tracker) -> dict[str, float]:
    states = [agent.state.value for agent in tracker.agents.values()]
    return {state: float(states.count(state)) for state in dict.fromkeys(states)}


def watch_lanes(metrics: Metrics, records: Records, members: Members) -> None:
    lanes = records.lanes
    metrics.watch(
        "lane_waiting",
        "Effects that wait, by lane",
        lambda: {lane.name: float(lane.waiting) for lane in lanes},
        label="lane",
    )
    metrics.watch(
        "lane_refused",
        "Effects that found their lane full",
        lambda: {lane.name: float(lane.refused) for lane in lanes},
        label="lane",
    )
    metrics.watch(
        "contacts_lost",
        "Contacts that neither database nor disk took",
        lambda: {"": float(records.contacts_lost)},
    )
    metrics.watch(
        "members_waiting",
        "Queue-member actions that wait",
        lambda: {str(pbx): float(count) for pbx, count in members.waiting.items()},
        label="pbx",
    )
    metrics.watch(
        "members_dropped",
        "Queue-member actions dropped: the next Snapshot puts them right",
        lambda: {str(pbx): float(count) for pbx, count in members.dropped.items()},
        label="pbx",
    )


def watch_store(metrics: Metrics, writer: Writer) -> None:
    def read(attribute: str) -> Callable[[], dict[str, float]]:
        return lambda: {"": float(getattr(writer, attribute))}

    for name, text, attribute in (
        ("store_available", "1 while the database can be written", "available"),
        ("store_queue", "Writes that wait", "queue_length"),
        ("store_written", "Writes committed since the start", "written"),
        ("store_failures", "Attempts that met an unusable database", "failures"),
        ("store_spool", "Records waiting in the spool", "spool_length"),
    ):
        metrics.watch(name, text, read(attribute))


class AgiCounters:
    """What the FastAGI server counts, as metrics."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def session_started(self) -> None:
        return

    def session_ended(self, result: str) -> None:
        self._metrics.agi_session("inbound", result)

    def refused(self, reason: str) -> None:
        self._metrics.agi_session("refused", reason)

    def timed_out(self, verb: str) -> None:
        self._metrics.agi_timed_out()
