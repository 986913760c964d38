"""Do the queues of a living PBX fit their definitions, as far as AMI shows them?

It shows strategy, weight and rules; music, announcements and the context of the exit key are seen nowhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from callcore.ami import actions
from callcore.ami.client import AmiLink
from callcore.ami.finding import Finding, ask
from callcore.ami.protocol import AmiAction
from callcore.domain import QueueName, Text

PRINT = Text(
    "возьмите её из callcore dialplan --part queues, затем queue reload all",
    "take it from callcore dialplan --part queues, then: queue reload all",
)


@dataclass(frozen=True, slots=True)
class PenaltyRule:
    """Of queuerules.conf: after so many seconds a call may go to members of this penalty."""

    name: str
    seconds: int
    penalty: int


@dataclass(frozen=True, slots=True)
class WantedQueue:
    """A queue as it should be; None: that is not asked."""

    name: QueueName
    strategy: str | None = None
    weight: int | None = None
    rule: PenaltyRule | None = None


async def check_queues(link: AmiLink, queues: Sequence[WantedQueue]) -> AsyncIterator[Finding]:
    """Raises AmiError."""
    reply = await ask(link, actions.queue_status())
    rows = reply.rows if reply else ()
    known = {str(row.get("queue")): row for row in rows if row.get("event") == "QueueParams"}
    members = {str(row.get("queue")): str(row.get("location")) for row in rows if row.get("location")}
    for queue in queues:
        place = f"queues.conf [{queue.name}]"
        if queue.name not in known:
            yield Finding(
                "fault",
                place,
                Text(f"нет очереди {queue.name}", f"there is no queue {queue.name}"),
                Text(
                    "добавьте её (callcore dialplan --part queues), затем queue reload all",
                    "add it (callcore dialplan --part queues), then: queue reload all",
                ),
            )
            continue
        yield (
            _compare(place, known[queue.name], queue)
            or Finding("ok", place, Text(f"очередь {queue.name} есть", f"queue {queue.name} is there"))
        )
        if queue.name in members and await _rings_in_use(link, queue.name, members[queue.name]):
            interface = members[queue.name]
            yield Finding(
                "warning",
                place,
                Text(
                    f"ringinuse включён: {interface} звонит и во время разговора",
                    f"ringinuse is on: {interface} is rung while its operator talks",
                ),
                Text("ringinuse = no, затем queue reload all", "ringinuse = no, then: queue reload all"),
            )
    for rule in dict.fromkeys(queue.rule for queue in queues if queue.rule is not None):
        yield await _rule(link, rule)


def _compare(place: str, row: Mapping[str, str | list[str]], wanted: WantedQueue) -> Finding | None:
    """What differs; None: nothing."""
    pairs = (("strategy", wanted.strategy), ("weight", wanted.weight))
    wrong = [
        (name, row.get(name), value)
        for name, value in pairs
        if value is not None and str(row.get(name)) != str(value)
    ]
    if not wrong:
        return None
    return Finding(
        "warning",
        place,
        Text(
            "; ".join(f"{name} = {found}, а в настройках {value}" for name, found, value in wrong),
            "; ".join(f"{name} = {found}, but {value} in the settings" for name, found, value in wrong),
        ),
        PRINT,
    )


async def _rings_in_use(link: AmiLink, queue: str, interface: str) -> bool:
    """Only visible where the queue has a member."""
    asked = AmiAction("Getvar", (("Variable", f"QUEUE_MEMBER({queue},ringinuse,{interface})"),))
    reply = await ask(link, asked)
    return reply is not None and reply.headers.get("value") == "1"


async def _rule(link: AmiLink, wanted: PenaltyRule) -> Finding:
    """Without it a call that asks for a skill waits for those who have it, to the end."""
    place = f"queuerules.conf [{wanted.name}]"
    reply = await ask(link, AmiAction("QueueRule", (("Rule", wanted.name),)))
    found = reply.headers.get("rule", ()) if reply else ()
    changes = [found] if isinstance(found, str) else found
    if any(change.split(",")[:2] == [str(wanted.seconds), str(wanted.penalty)] for change in changes):
        name = wanted.name
        return Finding("ok", place, Text(f"правило {name} есть", f"the rule {name} is there"))
    return Finding(
        "fault",
        place,
        Text(
            f"нет правила {wanted.name}: звонок, которому нужен навык, не дождался бы остальных",
            f"there is no rule {wanted.name}: a call that asks for a skill would never reach the others",
        ),
        Text(
            "добавьте его (callcore dialplan --part rules), затем queue reload all",
            "add it (callcore dialplan --part rules), then: queue reload all",
        ),
    )
