"""A desk service for tests: real desks, a real hub, no telephone system and no database behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self

from callcore.calls.effects import (
    CallView,
    CloseCard,
    DialStage,
    EndCard,
    HideRinging,
    PopCard,
    ShowAgent,
    ShowDialling,
    ShowRinging,
)
from callcore.calls.line import Do
from callcore.domain import (
    UNCLASSIFIED,
    AgentState,
    CallId,
    Customer,
    CustomerId,
    EndReason,
    Interface,
    Login,
    PauseReason,
    QueueName,
    TopicCode,
)
from callcore.screenpop import entries
from callcore.screenpop.card import Desk, Draft, Stage, Tab, TalkState, TodayContact
from callcore.screenpop.changes import DeskEffect, apply, see
from callcore.screenpop.entries import Registration
from callcore.screenpop.facts import read
from callcore.screenpop.hub import Hub
from callcore.screenpop.ports import DeskRefused, RecordDo


def some_view(call: str = "c1", number: str = "+79161234567", *customers: Customer) -> CallView:
    """A call as a desk may show it."""
    return CallView(
        call=CallId(call),
        caller_number=number,
        caller_name=None,
        dialed_number=None,
        language=None,
        queue=QueueName("finance"),
        topic=TopicCode("finance.recalculation"),
        customers=customers,
        customers_known=True,
        lookup_failed=False,
        waiting_since=None,
        answered_at=None,
    )


def _beyond_first(n: int) -> tuple[int, ...]:
    return () if n == 1 else (n,)


def _utc_now() -> datetime:
    return datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class FakeDesks:
    """``DeskService`` in memory. ``refuse``: the code every order fails with; ``orders``: what came."""

    hub: Hub
    names: Mapping[str, str] = field(default_factory=dict)
    topics: frozenset[str] = frozenset({"finance.recalculation", UNCLASSIFIED})
    phones: frozenset[str] = frozenset({"PJSIP/101", "PJSIP/102"})
    now: Callable[[], datetime] = _utc_now
    refuse: str = ""
    orders: list[tuple[object, ...]] = field(default_factory=list)
    online: set[Login] = field(default_factory=set)
    saved: dict[CallId, tuple[TopicCode, str]] = field(default_factory=dict)
    customers: dict[CustomerId, Customer] = field(default_factory=dict)
    """Whom ``attach`` finds."""
    _desks: dict[Login, Desk] = field(default_factory=dict)
    _records: dict[tuple[CallId, int], int] = field(default_factory=dict)

    # What a call does to a desk.

    def ring(self, login: Login, view: CallView, *, can_take: bool = False) -> None:
        self._apply(login, ShowRinging(f"{view.call}:ring", login, view, can_take))
        self._publish(login, "call.ringing", {"call": view})

    def dials(self, login: Login, view: CallView, stage: DialStage, **more: Any) -> None:
        """A call that he has had placed; ``more``: fields of ``ShowDialling``."""
        self._apply(login, ShowDialling(f"{view.call}:dial:{stage}", login, view, stage, **more))
        self._publish(login, "call.dialling", {"call": view, "stage": stage})

    def stop_ringing(self, login: Login, call: CallId) -> None:
        self._apply(login, HideRinging(f"{call}:hide", login, call, EndReason.no_answer))
        self._publish(login, "call.ringing_ended", {"call": call, "reason": EndReason.no_answer})

    def pop(self, login: Login, view: CallView) -> int:
        """The card; gives its sequence number."""
        self._apply(login, PopCard(key=f"{view.call}:pop", login=login, view=view))
        return self._publish(login, "card", {"call": view})

    def end(self, login: Login, call: CallId, talk_ms: int = 60_000) -> None:
        effect = EndCard(f"{call}:end", login, call, talk_ms)
        desk = self._of(login)
        self._desks[login] = apply(desk, effect, self.now(), wrap_up_until=self.now())
        self._publish(login, "call.ended", {"call": call, "talk_ms": talk_ms})

    def close(self, login: Login, call: CallId) -> None:
        self._apply(login, CloseCard(f"{call}:close", login, call))
        self._publish(login, "card.updated", {"call": call})

    # DeskService.

    def view(self, login: Login) -> Desk | None:
        return self._desks.get(login)

    async def open(self, login: Login, interface: Interface) -> None:
        self._note("open", login, interface)
        if interface not in self.phones:
            raise DeskRefused("phone_not_allowed")
        if any(d.interface == interface and d.login != login for d in self._desks.values()):
            raise DeskRefused("phone_taken")
        self._desks[login] = Desk(
            login=login,
            name=self.names.get(login, login),
            interface=interface,
            queues=(QueueName("finance"),),
            state=AgentState.paused,
            since=self.now(),
        )
        self._state(login, AgentState.paused, None)

    async def leave(self, login: Login) -> None:
        self._note("leave", login)
        if any(tab.stage is Stage.talking for tab in self._of(login).tabs):
            raise DeskRefused("busy_with_call")
        del self._desks[login]
        self._publish(login, "agent.state", {"state": AgentState.offline})

    def ready(self, login: Login) -> None:
        self._note("ready", login)
        self._of(login)
        self._state(login, AgentState.ready, None)

    def pause(self, login: Login, reason: PauseReason) -> None:
        self._note("pause", login, reason)
        self._of(login)
        self._state(login, AgentState.paused, reason)

    def draft(self, login: Login, call: CallId, draft: Draft, n: int = 1) -> None:
        self._note("draft", login, call, draft, *_beyond_first(n))
        self._replace(login, entries.typed(self._tab(login, call), n, draft))

    def add_topic(self, login: Login, call: CallId) -> None:
        self._note("add_topic", login, call)
        self._replace(login, entries.added(self._tab(login, call)))

    def drop_topic(self, login: Login, call: CallId, n: int) -> None:
        self._note("drop_topic", login, call, n)
        self._replace(login, entries.removed(self._tab(login, call), n))

    async def another(self, login: Login, call: CallId, customer: CustomerId) -> None:
        self._note("another", login, call, customer)
        found = self.customers.get(customer)
        if found is None:
            raise DeskRefused("unknown_customer")
        tab = self._tab(login, call)
        for entry in entries.unsaved(tab, frozenset(map(TopicCode, self.topics))):
            await self.save(
                login, call, TopicCode(entry.draft.topic), entry.draft.comment, close=False, n=entry.n
            )
        self._replace(login, entries.on_another(self._tab(login, call), found))

    def clear(self, login: Login, call: CallId) -> None:
        self._note("clear", login, call)
        self._replace(login, replace(self._tab(login, call), customer=None, picked=None, is_cleared=True))

    async def favourite(self, login: Login, topic: TopicCode, *, is_on: bool) -> None:
        self._note("favourite", login, topic, is_on)
        others = tuple(t for t in self._of(login).favourites if t != topic)
        self._desks[login] = replace(self._of(login), favourites=(*others, topic) if is_on else others)
        self._publish(login, "desk.favourites", {"topic": topic})

    def choose(self, login: Login, call: CallId, customer: CustomerId | None) -> None:
        self._note("choose", login, call, customer)
        tab = self._tab(login, call)
        if customer is not None and all(c.id != customer for c in tab.view.customers):
            raise DeskRefused("unknown_customer")
        self._replace(login, replace(tab, customer=customer, picked=None, is_cleared=False))

    async def attach(self, login: Login, call: CallId, customer: CustomerId) -> None:
        self._note("attach", login, call, customer)
        found = self.customers.get(customer)
        if found is None:
            raise DeskRefused("unknown_customer")
        self._replace(login, replace(self._tab(login, call), picked=found))

    @property
    def call_orders(self) -> Self:
        """The same: it takes down these orders too."""
        return self

    async def record(self, login: Login, call: CallId, do: RecordDo, *, is_announced: bool = False) -> None:
        self._note("record", login, call, do, is_announced)
        state: TalkState = "paused" if do == "record_pause" else "on"
        self._replace(login, replace(self._tab(login, call), recording=state))

    async def dial(
        self,
        login: Login,
        number: str,
        customer: CustomerId | None = None,
        follow_up: int | None = None,
        case: int | None = None,
    ) -> None:
        self._note("dial", login, number, customer, follow_up, case)

    async def cancel_dial(self, login: Login) -> None:
        self._note("cancel_dial", login)
        self._desks[login] = replace(self._of(login), dialling=None)
        self._publish(login, "call.dialling_read", {})

    async def machine(self, login: Login, call: CallId) -> None:
        self._note("machine", login, call)

    def open_number(self, login: Login, call: CallId, number: str) -> None:
        self._note("open_number", login, call, number)
        self._replace(login, entries.on_number(self._tab(login, call), number))

    async def read_flash(self, login: Login, call: CallId, flash: int) -> None:
        self._note("read_flash", login, call, flash)
        tab = self._tab(login, call)
        self._replace(login, replace(tab, facts=read(tab.facts, flash)))

    async def work_line(self, login: Login, call: CallId, do: Do) -> None:
        self._note("line", login, call, do)

    async def transfer(self, login: Login, call: CallId, to: str, mode: str, comment: str | None) -> None:
        self._tab(login, call)
        self._note("transfer", login, call, to, mode, comment)

    async def front(self, login: Login, call: CallId) -> None:
        self._note("front", login, call)
        self._tab(login, call)
        self._desks[login] = replace(self._of(login), active=call)
        self._publish(login, "card.updated", {"call": call})

    def take_card(self, login: Login, call: CallId) -> None:
        self._note("take_card", login, call)
        desk = self._of(login)
        if not desk.takes(call):
            raise DeskRefused("call_gone")
        view = desk.ringing or desk.untaken
        assert view is not None
        self.pop(login, view)

    def dismiss(self, login: Login, call: CallId | None) -> None:
        self._note("dismiss", login, call)
        self._desks[login] = see(self._of(login), call, self.now())
        self._publish(login, "card.seen", {"call": call})

    async def save(
        self, login: Login, call: CallId, topic: TopicCode, comment: str, *, close: bool, n: int = 1
    ) -> int | None:
        self._note("save", login, call, topic, comment, close, *_beyond_first(n))
        tab = self._tab(login, call)
        if topic not in self.topics:
            raise DeskRefused("unknown_topic")
        record = self._records.setdefault((call, n), len(self._records) + 1)
        self.saved[call] = (topic, comment)
        desk = self._of(login)
        line = TodayContact(
            call=call,
            record=record,
            at=self.now(),
            number=tab.view.caller_number,
            customer=tab.matched.name if tab.matched else "",
            topic=topic,
            talk_ms=tab.talk_ms,
            comment=comment,
        )
        today = (line, *(other for other in desk.today if other.call != call))
        words = Draft(topic, comment)
        desk = replace(
            desk.with_tab(entries.saved(tab, n, tab.draft, words, record, Registration(None))), today=today
        )
        self._desks[login] = desk.without_tab(call) if close else desk
        self._publish(login, "interaction.saved", {"call": call, "record": record, "topic": topic})
        return record

    def desk_opened(self, login: Login) -> None:
        self.online.add(login)

    def desk_closed(self, login: Login) -> None:
        self.online.discard(login)

    # What both use.

    def _note(self, *order: object) -> None:
        self.orders.append(order)
        if self.refuse:
            raise DeskRefused(self.refuse)

    def _of(self, login: Login) -> Desk:
        desk = self._desks.get(login)
        if desk is None:
            raise DeskRefused("not_signed_in")
        return desk

    def _tab(self, login: Login, call: CallId) -> Tab:
        tab = self._of(login).tab(call)
        if tab is None:
            raise DeskRefused("no_such_contact")
        return tab

    def _replace(self, login: Login, tab: Tab) -> None:
        self._desks[login] = self._of(login).with_tab(tab)
        self._publish(login, "card.updated", {"call": tab.view.call})

    def _apply(self, login: Login, effect: DeskEffect) -> None:
        self._desks[login] = apply(self._of(login), effect, self.now())

    def _state(self, login: Login, state: AgentState, reason: PauseReason | None) -> None:
        self._apply(login, ShowAgent(f"{login}:{state}", login, state, reason, self.now()))
        self._publish(login, "agent.state", {"state": state, "pause_reason": reason})

    def _publish(self, login: Login, type_: str, data: Mapping[str, object]) -> int:
        return self.hub.publish(login, type_, data, self.now())
