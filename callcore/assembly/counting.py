"""What is counted of calls that callcore places, and of talks that it has recorded."""

from __future__ import annotations

from callcore.assembly.outgoing import Outgoing
from callcore.floor.talks import Talks
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
