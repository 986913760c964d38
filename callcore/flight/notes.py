"""From what the recorder kept (facts, effects, frames as they came) to a story without names. Pure.

This is the only way into a ``Story``: whatever passes here is masked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls.line import Target, ToInside, ToOutside, name_of
from callcore.calls.policy import PopMoment
from callcore.domain import CallId, Customer, Direction, Login, PbxName, QueueName
from callcore.flight.entries import Detail, Entry, Frame, Story, Way, What, bounded
from callcore.flight.mask import DEVICE, Mask, Scrub

Headers = Mapping[str, str | list[str]]
"""One AMI message: lower-case names; a repeated header is a list."""
Moment = Callable[[Direction, QueueName | None], PopMoment]

MOST_NAMES = 20
LONGEST_LINE = 1000
_NOISE = frozenset(("privilege", "actionid", "language", "accountcode", "systemname"))
_NAME_HEADER = re.compile(r"(?im)^(?:[a-z]*(?:callerid|connectedline|member)name): *(.+?)\r?$")
_VARIABLE = re.compile(r"(?s)\s*([^=\s]{1,80})=(.*)")
_SECRET_VARIABLE = re.compile(r"(?i)secret|passw|token|pin\Z")


@dataclass(frozen=True, slots=True)
class Shown:
    """What became of a card on a screen: ``published``, ``painted`` or ``unpainted``."""

    what: What
    login: Login
    ms: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """The call was first seen, by this fact; None: it is known by its contact alone."""

    fact: f.Fact | None
    is_known: bool = False
    """Adopted under an id that it had before."""


Item = f.Fact | do.Effect | Shown | Begun
RawFrame = tuple[datetime, Way, bytes | Headers | str]
"""A message in bytes or parsed; a line of AGI."""


@dataclass(frozen=True, slots=True)
class Material:
    """All that was kept of one call, as it came."""

    call: CallId
    pbx: PbxName
    began_at: datetime
    ended_at: datetime | None
    direction: Direction | None
    items: tuple[tuple[datetime, Item], ...]
    frames: tuple[RawFrame, ...]
    left_out: int = 0


def story_of(material: Material, mask: Mask, moment: Moment) -> Story:
    """The story, masked."""
    texts = [(at, way, _plain(payload)) for at, way, payload in material.frames]
    names = [*_names_in_items(material.items), *_names_in_frames(text for _, _, text in texts)]
    scrub = mask.knowing(names[:MOST_NAMES])
    number = _number(material.items)
    direction = _direction(material)
    note = _Notes(scrub, mask.number(number), material.pbx)
    masked = _Frames(scrub)
    entries: list[Entry] = []
    ruled: set[tuple[str, str]] = set()
    queue: QueueName | None = None
    for at, item in material.items:
        entry = note.entry(at, item)
        if entry is None:
            continue
        queue = _queue_of(item) or queue
        if entry.what in _RULED and direction is not None and (direction, queue or "") not in ruled:
            ruled.add((direction, queue or ""))
            data = {"moment": moment(direction, queue).value, "direction": direction.value, "queue": queue}
            entries.append(Entry(at, What.policy, data=data))
        entries.append(entry)
    return bounded(
        Story(
            call=material.call,
            pbx=material.pbx,
            began_at=material.began_at,
            ended_at=material.ended_at,
            direction=direction.value if direction else "",
            number=mask.number(number),
            entries=tuple(sorted(entries, key=lambda entry: entry.at)),
            frames=tuple(Frame(at, way, masked(way, text)) for at, way, text in texts),
            left_out=material.left_out,
        )
    )


_RULED = frozenset((What.ring_shown, What.popped, What.connected, What.answered))


class _Notes:
    """Facts and effects to entries."""

    def __init__(self, scrub: Scrub, number: str, pbx: PbxName) -> None:
        self._scrub = scrub
        self._mask = scrub.mask
        self._number = number
        self._pbx = pbx

    def entry(self, at: datetime, item: Item) -> Entry | None:
        made = self._of(item)
        if made is None:
            return None
        what, who, data = made
        return Entry(at, what, who, data)

    def _of(self, item: Item) -> tuple[What, str, dict[str, Detail]] | None:
        text = self._scrub.text
        match item:
            case Begun():
                return self._begun(item)
            case Shown():
                return item.what, item.login, {"ms": item.ms, "why": item.why}
            case f.LanguageChosen():
                return What.language, "", {"language": item.language}
            case f.RouteChosen():
                return (
                    What.routed,
                    "",
                    {
                        "topic": item.topic,
                        "queue": item.queue,
                        "route": text(item.route),
                        "reason": text(item.reason.en),
                        "reason_ru": text(item.reason.ru),
                        "edition": item.edition,
                    },
                )
            case f.MessageBegun():
                return What.message, "", {}
            case f.IvrLeft():
                return (
                    What.ivr_left,
                    "",
                    {
                        "hung_up": int(item.hung_up),
                        "closed": int(item.closed),
                        "word": item.word.value if item.word else None,
                        "node": item.node,
                    },
                )
            case f.CustomersFound():
                return What.found, "", self._found(item)
            case f.QueueJoined():
                return What.queued, "", {"queue": item.queue, "position": item.position}
            case f.QueueLeft():
                return What.left_queue, "", {"queue": item.queue}
            case f.QueueAbandoned():
                return What.abandoned, "", {"queue": item.queue}
            case f.AgentCalled():
                return What.rang, text(item.interface), {"queue": item.queue}
            case f.AgentDidNotAnswer():
                return What.missed, text(item.interface), {"queue": item.queue, "ms": item.ring_ms}
            case f.AgentConnected():
                return What.connected, text(item.interface), {"queue": item.queue}
            case f.BlindTransferred():
                return What.blind, "", {"to": self._mask.number(item.extension) or "?"}
            case f.AttendedTransferred():
                return What.attended, "", {}
            case f.Parked():
                return What.parked, "", {}
            case f.LineOrdered():
                return What.ordered, item.login, {"do": item.do.value, "to": self._target(item.target)}
            case f.LineRefused():
                return What.refused, item.login, {}
            case f.Consulted():
                return What.asked_in_vain, "", {"status": text(item.status)}
            case f.Returned():
                return What.returned, "", {"status": text(item.why)}
            case f.CardTaken():
                return What.asked, item.login, {}
            case f.WrapUpDone():
                return What.saved, item.login, {}
            case f.LinkLost():
                return What.link_lost, "", {}
            case f.Snapshot():
                return What.link_back, "", {}
            case _:
                return self._of_effect(item)

    def _of_effect(self, item: Item) -> tuple[What, str, dict[str, Detail]] | None:
        match item:
            case do.TellStep():
                return self._step(item)
            case do.LookUpCustomers():
                return What.lookup, "", {"number": self._mask.number(item.number)}
            case do.ShowRinging():
                return What.ring_shown, item.login, {"can_take": int(item.can_take)}
            case do.HideRinging():
                return What.ring_hidden, item.login, {"reason": item.reason.value}
            case do.PopCard():
                return What.popped, item.login, {"queue": item.view.queue}
            case do.UpdateCard():
                return What.card_updated, item.login, {}
            case do.EndCard():
                return What.card_ended, item.login, {"talk_ms": item.talk_ms}
            case do.CloseCard():
                return What.card_closed, item.login, {}
            case do.DropCard():
                return What.card_dropped, item.login, {"reason": item.reason.value}
            case do.SendOn():
                return What.sent_on, "", {"to": self._target(item.target)}
            case do.LogContact():
                return What.logged, "", self._logged(item.contact)
            case _:
                return None

    def _target(self, target: Target | None) -> str:
        if isinstance(target, ToInside | ToOutside):
            return self._mask.number(name_of(target)) or "?"
        return name_of(target)

    def _begun(self, item: Begun) -> tuple[What, str, dict[str, Detail]]:
        if isinstance(item.fact, f.Snapshot):
            return What.adopted, "", {"known": int(item.is_known)}
        dialed = getattr(item.fact, "dialed_number", None)
        return (
            What.begun,
            "",
            {
                "fact": type(item.fact).__name__ if item.fact is not None else "",
                "number": self._number,
                "dialed": self._mask.number(dialed) or None,
            },
        )

    def _found(self, fact: f.CustomersFound) -> dict[str, Detail]:
        names = ", ".join(f"{self._mask.name(one.name) or '?'} (№ {one.id})" for one in fact.customers[:5])
        return {
            "count": len(fact.customers),
            "names": names,
            "failed": int(fact.failed),
            "silent": ", ".join(fact.silent),
            "outages": len(fact.outages),
        }

    def _step(self, step: do.TellStep) -> tuple[What, str, dict[str, Detail]]:
        targets = ", ".join(self._party(party) for party in step.targets)
        return (
            What(step.event.value),
            "",
            {
                "targets": targets or None,
                "kind": step.kind.value if step.kind else None,
                "by": self._party(step.by) if step.by else None,
                "reason": step.reason.value if step.reason else None,
            },
        )

    def _party(self, party: do.Party) -> str:
        if party.channel:
            return self._scrub.text(party.channel).rpartition("-")[0] or self._scrub.text(party.channel)
        return self._mask.number(party.number) or "?"

    def _logged(self, contact: do.Contact) -> dict[str, Detail]:
        nobodys = [ring for ring in contact.operators if ring.login is None]
        answered = next((r.interface for r in nobodys if r.result == "completed"), None)
        return {
            "outcome": contact.outcome.value,
            "source": contact.source.value,
            "end_reason": contact.end_reason.value,
            "cause": contact.hangup_cause,
            "answered_by": contact.answered_by,
            "wait_ms": contact.wait_ms,
            "talk_ms": contact.talk_ms,
            "nobodys": " ".join(dict.fromkeys(self._scrub.text(ring.interface) for ring in nobodys)),
            "answered_at_nobodys": self._scrub.text(answered) if answered else None,
        }


# --- who, which number, which way


def _direction(material: Material) -> Direction | None:
    for _, item in reversed(material.items):
        if isinstance(item, do.LogContact):
            return item.contact.direction
        if isinstance(item, (do.ShowRinging, do.PopCard)):
            return item.view.direction
    return material.direction


def _number(items: Iterable[tuple[datetime, Item]]) -> str | None:
    """The other side's, the surest one."""
    found: str | None = None
    for _, item in items:
        match item:
            case do.LogContact() if item.contact.caller_number or item.contact.caller_number_raw:
                return item.contact.caller_number or item.contact.caller_number_raw
            case do.LookUpCustomers():
                found = item.number
            case do.ShowRinging() | do.PopCard() if item.view.caller_number:
                found = item.view.caller_number
            case Begun(fact=f.CallEntered() | f.QueueJoined() | f.ChannelCreated() as fact) if not found:
                found = fact.caller_number
            case _:
                pass
    return found


def _queue_of(item: Item) -> QueueName | None:
    match item:
        case do.ShowRinging() | do.PopCard():
            return item.view.queue
        case f.QueueJoined() | f.AgentConnected():
            return item.queue
        case _:
            return None


def _names_in_items(items: Iterable[tuple[datetime, Item]]) -> list[str]:
    names: list[str | None] = []
    for _, item in items:
        match item:
            case Begun():
                names.append(getattr(item.fact, "caller_name", None))
            case f.QueueJoined():
                names.append(item.caller_name)
            case f.CustomersFound():
                names += _customer_names(item.customers)
            case do.ShowRinging() | do.PopCard() | do.UpdateCard():
                names += [item.view.caller_name, *_customer_names(item.view.customers)]
            case do.LogContact():
                names.append(item.contact.caller_name)
            case do.TellStep():
                names += [party.name for party in (item.caller, item.by, *item.targets) if party]
            case _:
                pass
    return [name for name in dict.fromkeys(names) if name and not DEVICE.fullmatch(name)]


def _customer_names(customers: Iterable[Customer]) -> list[str | None]:
    return [customer.name for customer in customers]


def _names_in_frames(texts: Iterable[str]) -> list[str]:
    found = dict.fromkeys(name for text in texts for name in _NAME_HEADER.findall(text))
    return [name for name in found if not DEVICE.fullmatch(name)]


# --- frames


def _plain(payload: bytes | Headers | str) -> str:
    if isinstance(payload, str):
        return payload
    if isinstance(payload, bytes):
        return payload.decode("utf-8", "replace")
    lines = []
    for name, value in payload.items():
        lines += [f"{name}: {each}" for each in ([value] if isinstance(value, str) else value)]
    return "\n".join(lines)


class _Frames:
    """Masks the frames of one story, whose lines are mostly the same ones again."""

    def __init__(self, scrub: Scrub) -> None:
        self._scrub = scrub
        self._seen: dict[str, str] = {}

    def __call__(self, way: Way, text: str) -> str:
        if way in (Way.agi_in, Way.agi_out):
            return self._scrub.text(text[:LONGEST_LINE])
        return "\n".join(filter(None, map(self._line, text.splitlines())))

    def _line(self, line: str) -> str:
        masked = self._seen.get(line)
        if masked is None:
            masked = self._seen[line] = _masked_line(line, self._scrub)
        return masked


def _masked_line(line: str, scrub: Scrub) -> str:
    """ "" for one that tells nothing."""
    name, colon, value = line.partition(":")
    value = value.strip()
    if not colon or not value or name.lower() in _NOISE:
        return ""
    return f"{name}: {_value(name.lower(), value[:LONGEST_LINE], scrub)}"


def _value(name: str, value: str, scrub: Scrub) -> str:
    if name not in ("variable", "chanvariable"):
        return scrub.header(name, value)
    variable = _VARIABLE.fullmatch(value)
    if variable is None:
        return scrub.text(value)
    if _SECRET_VARIABLE.search(variable[1]):
        return f"{variable[1]}=[dropped]"
    return f"{variable[1]}={scrub.text(variable[2])}"
