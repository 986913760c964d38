"""A call as it is told afterwards: who was rung, who answered, who held, transferred and hung up.

``Teller`` keeps what is needed to tell one step after another, and nothing that decides anything. Phones that
begin to ring within ``TOGETHER`` are told as one ``dialing``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from callcore.calls.deadlines import Deadlines
from callcore.calls.effects import Party, StepEvent, TellStep, TransferKind
from callcore.calls.mirror import Channel, Mirror
from callcore.domain import CallId, ChannelRef, EndReason

TOGETHER = timedelta(milliseconds=200)
"""A ring group's phones begin to ring within milliseconds of each other."""


@dataclass(slots=True)
class _Line:
    """One call so far."""

    caller: Party | None
    ringing: dict[ChannelRef, Party] = field(default_factory=dict)
    pending: list[Party] = field(default_factory=list)
    """They ring, and that is not told yet."""
    pending_since: datetime | None = None
    joined: set[ChannelRef] = field(default_factory=set)
    """Who has talked with the caller."""
    held: set[ChannelRef] = field(default_factory=set)
    senders: set[ChannelRef] = field(default_factory=set)
    """Who has transferred him; nobody does so twice on one channel."""
    last_result: EndReason | None = None
    """How the last ring without an answer ended."""
    answered: bool = False
    is_moved: bool = False
    """Taken out of his talk by nobody we saw: whoever gets him next got him by a redirect."""
    redirect: tuple[datetime, tuple[Party, ...]] | None = None
    """To whom; not told yet, since the word of a transfer may come after the move."""
    is_transferred: bool = False
    """Somebody transferred him, and nobody has him yet."""
    steps: int = 0


class Teller:
    """Knows every call from ``begin`` to ``ended``, and is asked of no other."""

    def __init__(self, mirror: Mirror, due: Deadlines) -> None:
        self._mirror = mirror
        self._due = due
        self._lines: dict[CallId, _Line] = {}

    def party(self, ref: ChannelRef | None) -> Party | None:
        """Who is on this channel."""
        channel = self._mirror.channels.get(ref) if ref is not None else None
        return None if channel is None else _party(channel)

    # --- steps

    def begin(self, call: CallId, caller: ChannelRef | None, *, adopted: bool = False) -> None:
        line = self._lines[call] = _Line(self.party(caller))
        if adopted and caller is not None:  # with whom he talks already is no news
            line.joined = set(self._mirror.company(caller))
            line.answered = len(line.joined) > 1

    def rang(self, call: CallId, target: ChannelRef, now: datetime) -> Iterator[TellStep]:
        line = self._lines.get(call)
        channel = self._mirror.channels.get(target)
        if line is None or channel is None or target in line.ringing or target in line.joined:
            return
        if line.pending_since is not None and now - line.pending_since > TOGETHER:
            yield from self._flush(call, line)
        party = Party(channel.name or None, channel.caller_number, channel.caller_name)
        if line.caller is not None and party.channel == line.caller.channel:
            party = line.caller  # he is called first, to be put through
        self._redirected(call, line, party, now)
        line.ringing[target] = party
        line.pending.append(party)
        if line.pending_since is None:
            line.pending_since = now
            self._due.set(("dial", call), now + TOGETHER)

    def flush(self, call: CallId) -> Iterator[TellStep]:
        return self._flush(call, self._lines[call])

    def ring_ended(
        self, call: CallId, target: ChannelRef, reason: EndReason, now: datetime
    ) -> Iterator[TellStep]:
        """``completed``: he answered."""
        line = self._lines.get(call)
        if line is None or target not in line.ringing:
            return
        yield from self._flush(call, line)
        party = line.ringing.pop(target)
        if reason is not EndReason.completed:
            line.last_result = reason
        yield self._step(call, line, StepEvent.dial_ended, now, targets=(party,), reason=reason)

    def joined(self, call: CallId, person: ChannelRef, now: datetime) -> Iterator[TellStep]:
        """This person hears the caller now."""
        line = self._lines[call]
        if person in line.joined:
            line.is_moved = False
            return
        yield from self.ring_ended(call, person, EndReason.completed, now)
        party = _party(self._mirror.channels[person])
        self._redirected(call, line, party, now)
        line.joined.add(person)
        line.answered = True
        yield self._step(call, line, StepEvent.answered, now, targets=(party,))

    def held(self, call: CallId, by: ChannelRef, now: datetime, *, on: bool) -> Iterator[TellStep]:
        line = self._lines.get(call)
        if line is None or (by in line.held) is on:
            return
        line.held.symmetric_difference_update({by})
        yield self._step(call, line, StepEvent.held if on else StepEvent.resumed, now, by=self.party(by))

    def transferred(
        self,
        call: CallId,
        kind: TransferKind,
        by: ChannelRef,
        targets: tuple[Party, ...],
        now: datetime,
    ) -> Iterator[TellStep]:
        line = self._lines.get(call)
        if line is None or by in line.senders:
            return
        line.senders.add(by)
        line.is_moved, line.is_transferred, line.redirect = False, True, None
        line.held.discard(by)
        yield self._step(
            call, line, StepEvent.transferred, now, kind=kind, by=self.party(by), targets=targets
        )

    def moved(self, call: CallId) -> None:
        """The caller left his talk before the others did."""
        line = self._lines[call]
        line.is_moved = line.answered and not line.is_transferred

    def parked(self, call: CallId) -> None:
        """That is why he left his talk."""
        line = self._lines[call]
        line.is_moved, line.is_transferred = False, True

    def requeued(self, call: CallId, queue: str, now: datetime) -> None:
        self._redirected(call, self._lines[call], Party(None, queue), now)

    def ended(self, call: CallId, reason: EndReason | None, now: datetime) -> Iterator[TellStep]:
        """``reason`` None: as the last ring ended."""
        line = self._lines.pop(call)
        self._due.set(("dial", call), None)
        yield from self._flush(call, line)
        given_up = EndReason.lost if reason is EndReason.lost else EndReason.cancelled
        for target in list(line.ringing):
            party = line.ringing.pop(target)
            line.last_result = given_up
            yield self._step(call, line, StepEvent.dial_ended, now, targets=(party,), reason=given_up)
        why = reason or line.last_result or EndReason.completed
        if line.answered and why is not EndReason.lost:
            why = EndReason.completed
        yield self._step(call, line, StepEvent.ended, now, reason=why)

    def last_result(self, call: CallId) -> EndReason | None:
        """How the last ring without an answer ended; ``cancelled`` while somebody still rings."""
        line = self._lines[call]
        return EndReason.cancelled if line.ringing else line.last_result

    # --- inside

    def _redirected(self, call: CallId, line: _Line, target: Party, now: datetime) -> None:
        if line.is_moved:
            line.redirect = (now, (target,))
            self._due.set(("dial", call), now + TOGETHER)
        line.is_moved = line.is_transferred = False

    def _flush(self, call: CallId, line: _Line) -> Iterator[TellStep]:
        since, line.pending_since = line.pending_since, None
        redirect, line.redirect = line.redirect, None
        if redirect is not None:
            at, targets = redirect
            yield self._step(
                call, line, StepEvent.transferred, at, kind=TransferKind.redirect, targets=targets
            )
        if since is not None:
            targets, line.pending = tuple(line.pending), []
            yield self._step(call, line, StepEvent.dialing, since, targets=targets)
        if since is not None or redirect is not None:
            self._due.set(("dial", call), None)

    def _step(
        self,
        call: CallId,
        line: _Line,
        event: StepEvent,
        at: datetime,
        *,
        targets: tuple[Party, ...] = (),
        kind: TransferKind | None = None,
        by: Party | None = None,
        reason: EndReason | None = None,
    ) -> TellStep:
        line.steps += 1
        key = f"{call}:step:{line.steps}"
        caller = None if targets == (line.caller,) else line.caller
        return TellStep(key, call, at, event, caller, targets, kind, by, reason)


def _party(channel: Channel) -> Party:
    return Party(channel.name or None, channel.own_number or channel.caller_number, channel.caller_name)
