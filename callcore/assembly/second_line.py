"""Calls that one operator hands on: from the order on his desk to whoever takes it (D-14, D-21, D-22).

transfer ──card saved──offer asked anew──hand-over committed──► ``Handed`` ──► Handset ──► the PBX
                                                                  └─ card of the second line, while it rings
What becomes of it: ``handover_ends``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol
from weakref import WeakValueDictionary

import structlog

from callcore.assembly.handing_world import World, words_of
from callcore.assembly.handover_ends import HandoverEnds
from callcore.calls.call import Call
from callcore.calls.facts import Fact, Handed, HandingFailed
from callcore.calls.handed import is_under_way
from callcore.calls.line import Do
from callcore.calls.mirror import device_of
from callcore.crm.handing import Colleague, House, Kind, Now, Offer, Place, find, offers
from callcore.domain import (
    UNCLASSIFIED,
    CallId,
    CustomerId,
    Login,
    Text,
    TopicCode,
)
from callcore.floor.handset import LineTo
from callcore.ivr.handover import ByPhone, Onward
from callcore.ivr.ports import Profile
from callcore.routing.situation import Situation
from callcore.screenpop.card import Desk, Draft, Entry, Stage, Tab
from callcore.screenpop.ports import DeskRefused
from callcore.store.errors import StoreError, TextRefused
from callcore.store.handovers import Handover, Handovers, Means, Mode, NewHandover, ToKind
from callcore.web.handing import GoesAlong

log = structlog.get_logger("callcore.second_line")

ASK_SECONDS = 1.0
"""How long the customer base may take to say who calls; then the tables decide without it."""
LOOKS, LOOK_SECONDS = 20, 0.05
"""How often, and how soon again, a call that a telephone transfers is looked for."""
UNSURE = "line_unsure"
"""Refused so, an order may have been carried out."""
_DO: Mapping[Mode, Do] = {"consult": Do.consult, "blind": Do.blind}


class Telephone(Protocol):
    """``floor.handset.Handset``."""

    async def check(self, login: Login, call: CallId, do: Do) -> None:
        """Raises ``DeskRefused`` where ``do`` would, as the call stands now."""

    async def do(self, login: Login, call: CallId, do: Do, to: LineTo | None = None) -> None:
        """Raises ``DeskRefused``."""


class Writing(Protocol):
    """The desks, as far as words are concerned."""

    def view(self, login: Login) -> Desk | None: ...

    async def save(
        self, login: Login, call: CallId, topic: TopicCode, comment: str, *, close: bool, n: int = 1
    ) -> int | None: ...


class SecondLine:
    """Implements ``screenpop.ports.SecondLine`` and ``web.handing.Handing``; ``ends``: what becomes of it."""

    def __init__(
        self,
        handovers: Handovers,
        desks: Writing,
        telephone: Telephone,
        take: Callable[[Fact], None],
        world: World,
    ) -> None:
        self._handovers = handovers
        self._desks = desks
        self._telephone = telephone
        self._take = take
        self._world = world
        self.ends = HandoverEnds(handovers, take, world)
        self._turns: WeakValueDictionary[CallId, asyncio.Lock] = WeakValueDictionary()

    # --- what the panel shows

    def goes_along(self, login: Login, call: CallId) -> GoesAlong:
        tab = self._tab(login, call)
        entry, customer = tab.words, tab.matched
        return GoesAlong(
            call=call,
            topic=self._topic(tab, entry, None),
            comment=entry.draft.comment,
            number=tab.number or tab.view.caller_number,
            customer=customer.id if customer else None,
            name=customer.name if customer else "",
        )

    async def offers(self, login: Login, call: CallId, query: str) -> tuple[Offer, ...]:
        tab = self._tab(login, call)
        house, now, at = await self._about(login, tab)
        return offers(query, at, house, now)

    # --- the order

    async def transfer(
        self,
        login: Login,
        call: CallId,
        to: str,
        mode: Mode,
        comment: str | None = None,
        means: Means = "desk",
    ) -> Offer:
        """See ``web.handing.Handing``. Words and hand-over are durable before the PBX is asked; one at a time
        for each call, so that a second order does not take the place of one that is being carried out."""
        turn = self._turns.setdefault(call, asyncio.Lock())
        async with turn:
            return await self._transfer(login, call, to, mode, comment, means)

    async def _check(self, login: Login, call: CallId, mode: Mode, means: Means) -> None:
        """Before anything is kept: what cannot be done would stand there as asked."""
        if means == "phone":
            return
        known = self._world.call(call)
        if known is not None and is_under_way(known, self._world.now()):
            raise DeskRefused("call_changed")
        await self._telephone.check(login, call, _DO[mode])

    async def _transfer(
        self, login: Login, call: CallId, to: str, mode: Mode, comment: str | None, means: Means
    ) -> Offer:
        tab = self._tab(login, call)
        house, now, at = await self._about(login, tab)
        offer = find(to, at, house, now)
        if offer is None:
            raise DeskRefused("not_handed", _GONE)
        if offer.place is None:
            assert offer.refused is not None
            message, remedy = offer.refused.message, offer.refused.remedy
            raise DeskRefused("not_handed", Text(f"{message.ru} {remedy.ru}", f"{message.en} {remedy.en}"))
        tab = self._tab(login, call)  # anew: it may have changed while the record was asked
        topic = self._topic(tab, tab.words, offer.topic)
        if topic is None:
            raise DeskRefused("topic_missing")
        await self._check(login, call, mode, means)
        handover = await self._keep(login, tab, topic, comment, offer, mode, means)
        self._take(Handed(call, await words_of(self._world, handover, offer.title)))
        if means == "desk":
            await self._order(login, call, handover, _DO[mode], _line_to(offer.place, handover.what.customer))
        return offer

    async def by_phone(self, what: ByPhone) -> Onward | None:
        """The sender's telephone has transferred the caller: his card's words go along as far as there are
        any. What the department does not take now comes back to him."""
        world, pbx = self._world, what.channel.pbx
        login = world.login_at(pbx, device_of(what.by))
        call = await self._transferred(what) if login else None
        tab = self._any_tab(login, call.id) if login and call else None
        if login is None or tab is None:
            return None
        house, now, at = await self._about(login, tab)
        offer = next(
            (each for each in offers("", at, house, now) if _is_dialled(each, what.dialled, house)), None
        )
        if offer is None:
            return None
        topic = self._topic(tab, tab.words, offer.topic) or UNCLASSIFIED
        mode: Mode = "blind" if what.is_blind else "consult"
        handover = await self._keep(login, tab, topic, None, offer, mode, "phone")
        self._take(Handed(tab.view.call, await words_of(world, handover, offer.title)))
        sender, rings = world.agents()[login].interface, world.rings()
        if offer.place is None:
            return Onward(sender, rings, refused="CLOSED")
        return Onward(sender, rings, offer.place.queue or "", offer.place.number or "")

    async def _transferred(self, what: ByPhone) -> Call | None:
        """FastAGI may be quicker than the events that tell of the channel."""
        world = self._world
        for _ in range(LOOKS):
            call = (world.call(what.call) if what.call else None) or world.call_on(what.channel)
            if call is not None:
                return call
            await world.sleep(LOOK_SECONDS)
        return None

    def _any_tab(self, login: Login, call: CallId) -> Tab | None:
        """His telephone is quicker than his desk: he may have let go of the caller already."""
        desk = self._desks.view(login)
        return desk.tab(call) if desk else None

    async def _keep(
        self,
        login: Login,
        tab: Tab,
        topic: TopicCode,
        comment: str | None,
        offer: Offer,
        mode: Mode,
        means: Means,
    ) -> Handover:
        """The card first, then the hand-over."""
        call, entry, customer = tab.view.call, tab.words, tab.matched
        said = entry.draft.comment if comment is None else comment
        if Draft(topic, said) != entry.saved and topic != UNCLASSIFIED:
            await self._desks.save(login, call, topic, said, close=False, n=entry.n)
        place = offer.place
        new = NewHandover(
            call=call,
            by=login,
            topic=topic,
            number=tab.number or tab.view.caller_number or "",
            comment=said,
            mode=mode,
            to_kind=_kind(offer),
            to_name=offer.name,
            queue=place.queue if place else None,
            customer=customer.id if customer else None,
            from_topic=tab.view.topic or "",
            means=means,
        )
        try:
            return await self._handovers.ask(new, self._world.now())
        except TextRefused:
            raise DeskRefused("too_long") from None
        except StoreError:
            raise DeskRefused("store_down") from None

    async def _order(self, login: Login, call: CallId, handover: Handover, do: Do, to: LineTo) -> None:
        """What the PBX left unsure may have been done: the facts decide, as they do for the rest."""
        try:
            await self._telephone.do(login, call, do, to)
        except DeskRefused as refused:
            if refused.code != UNSURE:
                self._take(HandingFailed(call, handover.id))
            raise

    # --- pieces

    def _tab(self, login: Login, call: CallId) -> Tab:
        """Of a call that he talks on."""
        desk = self._desks.view(login)
        if desk is None:
            raise DeskRefused("not_signed_in")
        tab = desk.tab(call)
        if tab is None or tab.stage is not Stage.talking:
            raise DeskRefused("call_gone")
        return tab

    def _topic(self, tab: Tab, entry: Entry, found: TopicCode | None) -> TopicCode | None:
        """What is chosen on the card; else the one by which the offer was found; else the IVR's."""
        known = {each.code for each in self._world.house().tables.topics}
        asked = (TopicCode(entry.draft.topic), found, tab.view.topic)
        return next((topic for topic in asked if topic is not None and topic in known), None)

    async def _about(self, login: Login, tab: Tab) -> tuple[House, Now, Situation]:
        """Who calls, and how it stands in the house at this moment."""
        world, customer = self._world, tab.matched
        agents = world.agents()
        own = agents.get(login)
        if own is None:
            raise DeskRefused("not_signed_in")
        house, queues = world.house(), world.queues(own.pbx)
        colleagues = tuple(
            Colleague(each.login, each.name, each.state)
            for each in sorted(agents.values(), key=lambda each: each.name)
            if each.login != login and each.pbx == own.pbx
        )
        profile, personal = Profile(), tuple[Login, ...]()
        try:
            async with asyncio.timeout(ASK_SECONDS):
                profile = await world.profile(tab.view.caller_number, customer.id if customer else None)
                personal = await world.personal(customer.id) if customer else ()
        except (StoreError, TimeoutError) as fault:
            log.warning("caller_not_known", call=tab.view.call, why=str(fault) or type(fault).__name__)
        topic = self._topic(tab, tab.words, None) or TopicCode("")
        language = tab.view.language or "ru"
        at = Situation(topic, world.now(), language, profile.facts, profile.last_contact_at, queues)
        return house, Now(world.now(), queues, colleagues, personal), at


_GONE = Text(
    "Этого отдела или коллеги сейчас нет. Выберите ещё раз.",
    "That department or colleague is not there now. Choose again.",
)
_KINDS: tuple[ToKind, ...] = ("department", "person", "queue", "number", "outside")


def _line_to(place: Place, customer: CustomerId | None) -> LineTo:
    if place.outside is not None:
        return LineTo("outside", place.outside, customer)
    if place.queue is not None:
        return LineTo("queue", place.queue)
    if place.number is not None:
        return LineTo("number", place.number)
    assert place.login is not None
    return LineTo("colleague", place.login)


def _is_dialled(offer: Offer, dialled: str, house: House) -> bool:
    owner = next((each for each in house.departments if each.code == offer.name), None)
    return (
        offer.kind is Kind.department and owner is not None and dialled in (owner.number, owner.transfer_code)
    )


def _kind(offer: Offer) -> ToKind:
    return next(kind for kind in _KINDS if kind == offer.kind)
