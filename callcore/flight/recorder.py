"""The flight recorder: keeps what happened to each call, and writes it down when the call is over.

The taps (``heard``, ``asked``, ``agi``, ``took``, ``gave``, ``published``, ``painted``, ``unpainted``) stand
in the way of every event. They keep references, and nothing else; masking and words are for whoever reads, or
for the end of the call. Everything is bounded, and what does not fit is counted in ``left_out``.
A little over 400 lines: one small tap for each kind of event, and two tables of them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import structlog

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.domain import CallId, ChannelRef, Direction, Login, PbxName
from callcore.flight.entries import MOST_FRAMES, Story, Way, What
from callcore.flight.kept import Kept, Life, Ring, other_channel
from callcore.flight.mask import Mask
from callcore.flight.notes import Begun, Headers, Item, Material, Moment, RawFrame, Shown, story_of
from callcore.flight.outbox import Outbox, Store

log = structlog.get_logger("callcore.flight")

LINGER = timedelta(seconds=20)
"""How long an ended call waits for the last word of its operators' screens."""
FORGOTTEN = timedelta(hours=1)
"""A call that nobody has heard of for so long, and that the floor does not know, is over."""
BEAT_SECONDS = 1.0
RETRY_SECONDS = 2.0
CARD = "card"


class Recorder:
    """One for the daemon."""

    def __init__(
        self,
        stories: Store,
        mask: Mask,
        *,
        moment: Moment,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        direction: Callable[[CallId], Direction | None] = lambda _call: None,
    ) -> None:
        """``moment``: the policy of the pop. ``direction``: of a call that the floor knows, else None."""
        self.outbox = Outbox(stories)
        self.mask = mask
        self._moment = moment
        self._now = now
        self._monotonic = monotonic
        self._direction = direction
        self._rings: dict[PbxName, Ring] = {}
        self._lives: dict[CallId, Life] = {}
        self._closing: deque[tuple[datetime, Life]] = deque()
        self._fact: f.Fact | None = None

    # --- taps: the wire

    def heard(self, pbx: PbxName, headers: Headers, raw: bytes | None = None) -> None:
        """An AMI event that becomes a fact; ``raw`` is worth less memory than what was parsed of it."""
        channel = headers.get("uniqueid") or other_channel(headers)
        if type(channel) is str and channel:
            ring = self._rings.get(pbx) or self._ring(pbx)
            ring.keep(channel, (self._monotonic(), Way.ami_in, raw or headers))

    def asked(self, pbx: PbxName, action: str, headers: Sequence[tuple[str, str]]) -> None:
        """An action that was sent. A Login is none of a story's business."""
        if action != "Login":
            self._ring(pbx).actions.append((self._monotonic(), action, headers))

    def agi(self, channel: ChannelRef, line: str, *, is_ours: bool) -> None:
        """One line of AGI: ours, or Asterisk's."""
        way = Way.agi_out if is_ours else Way.agi_in
        self._ring(channel.pbx).keep(channel.id, (self._monotonic(), way, line))

    # --- taps: the floor

    def took(self, fact: f.Fact, now: datetime) -> None:
        """Before the tracker handles the fact."""
        self._fact = fact
        tap = _TAPS.get(type(fact))
        if tap is not None:
            tap(self, fact, now)

    def gave(self, effect: do.Effect, now: datetime) -> None:
        """Each effect that came of it."""
        tap = _EFFECT_TAPS.get(type(effect))
        if tap is not None:
            tap(self, effect, now)

    # --- taps: the screens

    def published(self, login: Login, _seq: int, type_: str, call: CallId | None) -> None:
        if type_ == CARD:
            self._show(Shown(What.published, login), call)

    def painted(self, login: Login, call: CallId | None, seconds: float) -> None:
        self._show(Shown(What.painted, login, round(seconds * 1000)), call)

    def unpainted(self, login: Login, call: CallId | None, why: str) -> None:
        self._show(Shown(What.unpainted, login, why=str(why)), call)

    def _show(self, shown: Shown, call: CallId | None) -> None:
        life = self._lives.get(call) if call is not None else None
        if life is not None:
            life.add(self._now(), shown)

    # --- facts

    def _ring(self, pbx: PbxName) -> Ring:
        ring = self._rings.get(pbx)
        if ring is None:
            ring = self._rings[pbx] = Ring()
        return ring

    def _life_on(self, channel: ChannelRef | None) -> Life | None:
        if channel is None:
            return None
        ring = self._rings.get(channel.pbx)
        return ring.lives.get(channel.id) if ring is not None else None

    def _join(self, life: Life, channel: ChannelRef | None) -> None:
        """The channel is of this call, unless it is of another."""
        if channel is None:
            return
        lives = self._ring(channel.pbx).lives
        if channel.id not in lives and len(life.channels) < MOST_FRAMES:
            lives[channel.id] = life
            life.channels.append(channel.id)

    def _on_channel(self, fact: f.QueueJoined | f.Consulted | f.Returned, now: datetime) -> None:
        life = self._life_on(fact.channel)
        if life is not None:
            life.add(now, fact)

    def _on_member(self, fact: f.AgentCalled | f.AgentConnected, now: datetime) -> None:
        life = self._life_on(fact.channel)
        if life is not None:
            self._join(life, fact.member_channel)
            life.add(now, fact)

    def _created(self, fact: f.ChannelCreated, _now: datetime) -> None:
        ring = self._rings.get(fact.channel.pbx)
        life = ring.lives.get(fact.linked) if ring is not None else None
        if life is not None:
            self._join(life, fact.channel)

    def _dialled(self, fact: f.DialBegan, _now: datetime) -> None:
        life = self._life_on(fact.channel)
        if life is not None:
            self._join(life, fact.target)

    def _entered(self, fact: f.BridgeEntered, _now: datetime) -> None:
        """Whoever joins one of the call's bridges is of the call, whatever brought him there."""
        ring = self._ring(fact.channel.pbx)
        life = ring.lives.get(fact.channel.id)
        if life is None:
            life = ring.bridges.get(fact.bridge)
            if life is not None:
                self._join(life, fact.channel)
        elif fact.bridge not in ring.bridges and not fact.is_holding:
            ring.bridges[fact.bridge] = life
            life.bridges.append(fact.bridge)

    def _blind(self, fact: f.BlindTransferred, now: datetime) -> None:
        life = self._life_on(fact.transferee) or self._life_on(fact.by)
        if life is not None:
            life.add(now, fact)

    def _attended(self, fact: f.AttendedTransferred, now: datetime) -> None:
        life = self._life_on(fact.transferee) or self._life_on(fact.by)
        if life is not None:
            for channel in (fact.by, fact.by_second, fact.target):
                self._join(life, channel)
            life.add(now, fact)

    def _on_call(
        self,
        fact: f.CustomersFound | f.CardTaken | f.WrapUpDone | f.LineOrdered | f.LineRefused,
        now: datetime,
    ) -> None:
        life = self._lives.get(fact.call)
        if life is not None:
            life.add(now, fact)

    def _link_lost(self, fact: f.LinkLost, now: datetime) -> None:
        for life in self._lives.values():
            if life.pbx == fact.pbx and life.ended_at is None:
                life.is_cut_off = True
                life.add(now, fact)

    def _snapshot(self, fact: f.Snapshot, now: datetime) -> None:
        for life in self._lives.values():
            if life.pbx == fact.pbx and life.is_cut_off:
                life.is_cut_off = False
                # Without the rows: they are of all calls, and would be kept as long as this one.
                life.add(now, f.Snapshot(fact.pbx, fact.epoch, (), (), ()))
        for row in fact.channels:
            if row.call is not None:
                self._join(self._adopted(row.call, fact.pbx, now), row.channel)
        lives = self._ring(fact.pbx).lives
        for row in fact.channels:
            linked = lives.get(row.linked)
            if linked is not None:
                self._join(linked, row.channel)

    def _adopted(self, call: CallId, pbx: PbxName, now: datetime) -> Life:
        life = self._lives.get(call)
        if life is None:
            life = self._begin(call, pbx, now, Begun(f.Snapshot(pbx, 0, (), (), ()), is_known=True))
            life.is_adopted = True
        return life

    # --- effects

    def _begin(self, call: CallId, pbx: PbxName, now: datetime, begun: Begun) -> Life:
        life = self._lives[call] = Life(call, pbx, now, now)
        life.add(now, begun)
        return life

    def _remember(self, effect: do.RememberCall, _now: datetime) -> None:
        life = self._lives.get(effect.call)
        if life is None:
            fact = self._fact
            if isinstance(fact, f.Snapshot):
                fact = f.Snapshot(fact.pbx, fact.epoch, (), (), ())
            life = self._begin(effect.call, effect.channel.pbx, effect.at, Begun(fact))
        life.direction = self._direction(effect.call) or life.direction
        self._join(life, effect.channel)

    def _about_view(self, effect: do.ShowRinging | do.PopCard | do.UpdateCard, now: datetime) -> None:
        life = self._lives.get(effect.view.call)
        if life is not None:
            life.add(now, effect)

    def _about_call(self, effect: do.LookUpCustomers | do.HideRinging | do.EndCard, now: datetime) -> None:
        life = self._lives.get(effect.call)
        if life is not None:
            life.add(now, effect)

    def _stepped(self, effect: do.TellStep, now: datetime) -> None:
        life = self._lives.get(effect.call)
        is_over = effect.event is do.StepEvent.ended
        if life is None:
            pbx = _pbx_of(self._fact)
            if is_over or pbx is None:
                return
            life = self._begin(effect.call, pbx, effect.at, Begun(self._fact))
            for side in ("channel", "target"):
                self._join(life, getattr(self._fact, side, None))
        life.add(effect.at, effect)
        life.direction = self._direction(effect.call) or life.direction
        if is_over:
            self._close(life, effect.at, now)

    def _logged(self, effect: do.LogContact, now: datetime) -> None:
        contact = effect.contact
        life = self._lives.get(contact.call)
        if life is None:  # known by the journal, or by a Snapshot, alone
            life = Life(contact.call, contact.pbx, contact.started_at, now)
            self._lives[contact.call] = life
        life.add(now, effect)
        self._close(life, contact.ended_at, now)

    def _close(self, life: Life, ended_at: datetime, now: datetime) -> None:
        if life.ended_at is None:
            life.ended_at = ended_at
            self._closing.append((now + LINGER, life))

    # --- reading

    def story(self, call: CallId) -> Story | None:
        """The story of a call that lives or has just ended; None if it is (also) in the store, or nowhere."""
        life = self._lives.get(call)
        if life is not None:
            return self._story(life)
        return self.outbox.get(call)

    def recent(self, limit: int | None) -> list[Story]:
        """What the store does not have yet, without traffic, the newest call first; None: all."""
        lives = sorted(self._lives.values(), key=lambda life: life.began_at, reverse=True)[:limit]
        return [*(self._story(life, with_frames=False) for life in lives), *self.outbox.recent(limit)]

    def _story(self, life: Life, *, with_frames: bool = True) -> Story:
        material = self._material(life, self._frames_of(life) if with_frames else ())
        return story_of(material, self.mask, self._moment)

    def _material(self, life: Life, frames: tuple[RawFrame, ...]) -> Material:
        return Material(
            life.call,
            life.pbx,
            life.began_at,
            life.ended_at,
            self._direction(life.call) or life.direction,
            (*life.head, *life.tail),
            frames,
            life.left_out,
        )

    def _frames_of(self, life: Life) -> tuple[RawFrame, ...]:
        ring = self._rings.get(life.pbx)
        if ring is None:
            return ()
        wall, mono = self._now(), self._monotonic()
        found = [kept for channel in life.channels for kept in ring.channels.get(channel, ())]
        found += self._actions_of(life, ring, wall, mono)
        found.sort(key=lambda kept: kept[0])
        return tuple(
            (wall - timedelta(seconds=mono - at), way, payload) for at, way, payload in found[-MOST_FRAMES:]
        )

    def _actions_of(self, life: Life, ring: Ring, wall: datetime, mono: float) -> Iterator[Kept]:
        """Actions of its time that name one of its channels or phones."""
        since = mono - (wall - life.began_at).total_seconds()
        until = mono if life.ended_at is None else mono - (wall - life.ended_at).total_seconds() + 1
        names = {*life.channels, *_phones(item for _, item in (*life.head, *life.tail))}
        for at, action, headers in ring.actions:
            if since <= at <= until and any(value in names for _, value in headers):
                yield at, Way.ami_out, "\n".join([f"Action: {action}", *(f"{n}: {v}" for n, v in headers)])

    # --- writing

    async def run(self) -> None:
        """Writes the stories of ended calls, for ever."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            now = self._now()
            self._give_up_forgotten(now)
            due: list[Life] = []
            while self._closing and self._closing[0][0] <= now:
                due.append(self._closing.popleft()[1])
            await self._seal(due)
            if not await self.outbox.write():
                await asyncio.sleep(RETRY_SECONDS)

    async def finish(self) -> None:
        """For the end of the daemon: all that is known, of living calls too, is tried once to be written."""
        self._closing.clear()
        await self._seal(list(self._lives.values()))
        await self.outbox.write()

    async def _seal(self, lives: Sequence[Life]) -> None:
        materials = [self._material(life, self._frames_of(life)) for life in lives]
        # In a thread: masking some hundred frames takes milliseconds, which a pop must not wait for.
        stories = await asyncio.to_thread(self._stories_of, materials) if materials else ()
        for life, story in zip(lives, stories, strict=True):
            if self._lives.get(life.call) is life:
                del self._lives[life.call]
            ring = self._rings.get(life.pbx)
            if ring is not None:
                ring.forget(life)
            self.outbox.put(life.call, story)

    def _stories_of(self, materials: Sequence[Material]) -> list[Story]:
        return [story_of(material, self.mask, self._moment) for material in materials]

    def _give_up_forgotten(self, now: datetime) -> None:
        for life in self._lives.values():
            is_old = life.ended_at is None and now - life.heard_at > FORGOTTEN
            if is_old and self._direction(life.call) is None:
                self._close(life, life.heard_at, now)


def _pbx_of(fact: f.Fact | None) -> PbxName | None:
    channel: ChannelRef | None = getattr(fact, "channel", None) or getattr(fact, "target", None)
    return channel.pbx if channel is not None else None


def _phones(items: Iterable[Item]) -> set[str]:
    """Devices that rang for the call."""
    found: set[str] = set()
    for item in items:
        if isinstance(item, (f.AgentCalled, f.AgentConnected)):
            found.add(item.interface)
        elif isinstance(item, do.LogContact):
            found.update(ring.interface for ring in item.contact.operators)
    return found


_TAPS: dict[type, Callable[..., None]] = {
    f.ChannelCreated: Recorder._created,
    f.DialBegan: Recorder._dialled,
    f.BridgeEntered: Recorder._entered,
    f.QueueJoined: Recorder._on_channel,
    f.QueueLeft: Recorder._on_channel,
    f.QueueAbandoned: Recorder._on_channel,
    f.LanguageChosen: Recorder._on_channel,
    f.RouteChosen: Recorder._on_channel,
    f.MessageBegun: Recorder._on_channel,
    f.IvrLeft: Recorder._on_channel,
    f.AgentDidNotAnswer: Recorder._on_channel,
    f.Parked: Recorder._on_channel,
    f.Consulted: Recorder._on_channel,
    f.Returned: Recorder._on_channel,
    f.LineOrdered: Recorder._on_call,
    f.LineRefused: Recorder._on_call,
    f.AgentCalled: Recorder._on_member,
    f.AgentConnected: Recorder._on_member,
    f.BlindTransferred: Recorder._blind,
    f.AttendedTransferred: Recorder._attended,
    f.CustomersFound: Recorder._on_call,
    f.CardTaken: Recorder._on_call,
    f.WrapUpDone: Recorder._on_call,
    f.LinkLost: Recorder._link_lost,
    f.Snapshot: Recorder._snapshot,
}

_EFFECT_TAPS: dict[type, Callable[..., None]] = {
    do.RememberCall: Recorder._remember,
    do.TellStep: Recorder._stepped,
    do.LookUpCustomers: Recorder._about_call,
    do.ShowRinging: Recorder._about_view,
    do.HideRinging: Recorder._about_call,
    do.PopCard: Recorder._about_view,
    do.UpdateCard: Recorder._about_view,
    do.EndCard: Recorder._about_call,
    do.CloseCard: Recorder._about_call,
    do.DropCard: Recorder._about_call,
    do.SendOn: Recorder._about_call,
    do.LogContact: Recorder._logged,
}
