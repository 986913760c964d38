"""What the desk's templates ask about one render: words, names, numbers, times. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from callcore.calls.effects import CallView
from callcore.domain import (
    UNCLASSIFIED,
    AgentState,
    Customer,
    Direction,
    PauseReason,
    QueueName,
    Text,
    TopicCode,
)
from callcore.screenpop.card import Desk, MissedCard, Stage, Tab, TodayContact
from callcore.web.i18n import Texts, catalogue
from callcore.web.pages import PAUSES, TopicChoice, Viewer
from callcore.web.wording import Wording

REPEAT_WINDOW = timedelta(days=2)
LATE_SECONDS = 120
"""A caller who waited longer is shown in amber."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the topic list."""

    code: TopicCode
    label: str
    group: str
    words: str
    """What typing finds it by: titles in both languages, group, code."""


class View(Wording):
    """What the templates ask about one render."""

    pauses = PAUSES
    late_seconds = LATE_SECONDS

    def __init__(
        self,
        viewer: Viewer,
        topics: tuple[TopicChoice, ...],
        queues: Mapping[QueueName, Text],
        texts: Texts,
        now: datetime,
    ) -> None:
        super().__init__(viewer, texts, now)
        self._topics = topics
        self._queues = queues

    # --- words

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        """The topics; two with one title are told apart by their group."""
        titles = [topic.title.in_(self.t.spoken) for topic in self._topics]
        pairs = zip(self._topics, titles, strict=True)
        return tuple(self._choice(topic, titles.count(title) > 1) for topic, title in pairs)

    def _choice(self, topic: TopicChoice, needs_group: bool) -> Choice:
        title, group = topic.title.in_(self.t.spoken), topic.group.in_(self.t.spoken)
        label = f"{title} · {group}" if needs_group else title
        words = " ".join((topic.title.ru, topic.title.en, group, topic.code)).lower()
        return Choice(topic.code, label, group, words)

    @cached_property
    def _labels(self) -> Mapping[str, str]:
        return {choice.code: choice.label for choice in self.choices}

    def topic(self, code: TopicCode) -> str:
        """Title of a topic; its code if the tables no longer hold it."""
        return self.t("topic.unclassified") if code == UNCLASSIFIED else self._labels.get(code, code)

    def draft_topic(self, tab: Tab) -> str:
        """What stands in the topic field: the draft as typed, or what the caller chose in the IVR."""
        typed = tab.draft.topic
        suggested = self._labels.get(tab.view.topic or "", "")
        return self._labels.get(typed, typed) if typed else suggested

    def queue(self, name: QueueName) -> str:
        title = self._queues.get(name)
        return title.in_(self.t.spoken) if title else name

    def error(self, code: str) -> str:
        key = f"error.{code}"
        return self.t(key) if key in catalogue(self.t.spoken) else self.t("error.other", code=code)

    # --- names

    def is_named(self, call: CallView) -> bool:
        return len(call.customers) == 1

    def known(self, tab: Tab) -> CallView:
        """The call with the chosen customer alone, if one is chosen."""
        return replace(tab.view, customers=(tab.matched,)) if tab.matched else tab.view

    def who(self, call: CallView) -> str:
        if call.direction is Direction.internal and call.caller_name:
            return call.caller_name
        return call.customers[0].name if self.is_named(call) else self.phone(call.caller_number)

    def contact_name(self, contact: TodayContact | MissedCard) -> str:
        name = contact.customer_name if isinstance(contact, MissedCard) else contact.customer
        return name or self.phone(contact.number)

    def ring_title(self, call: CallView) -> str:
        return self.t("ring.title", who=self.isolate(self.who(call)))

    def ring_note(self, call: CallView) -> str:
        known = (self.queue(call.queue) if call.queue else "", self.topic(call.topic) if call.topic else "")
        return " · ".join(part for part in known if part)

    def card_said(self, tab: Tab) -> str:
        return self.t("card.said", who=self.isolate(self.who(self.known(tab))))

    def shared(self, matches: tuple[Customer, ...]) -> Mapping[str, str]:
        """The fields that do not tell the matches apart."""
        fields = ("address", "tariff", "segment")
        values = {field: {getattr(match, field) for match in matches} for field in fields}
        return {field: same.pop() for field, same in values.items() if len(same) == 1 and same != {""}}

    # --- the desk

    def is_busy(self, desk: Desk) -> bool:
        return desk.state in (AgentState.ringing, AgentState.talking)

    def has_call(self, desk: Desk) -> bool:
        return desk.untaken is not None or any(
            tab.stage in (Stage.talking, Stage.wrap_up) for tab in desk.tabs
        )

    def unseen(self, desk: Desk) -> int:
        """Missed cards that he does not know of."""
        return sum(card.seen_at is None for card in desk.missed)

    def can_open(self, desk: Desk, card: MissedCard) -> bool:
        """A card that was dropped belongs to somebody else's contact by now."""
        return desk.tab(card.call) is not None or any(row.call == card.call for row in desk.today)

    def idle_key(self, desk: Desk) -> str:
        if not desk.is_pbx_linked:
            return "no_pbx"
        match desk.state:
            case AgentState.ready:
                return "ready"
            case AgentState.paused if desk.pause_reason in (PauseReason.no_desk, PauseReason.no_answer):
                return str(desk.pause_reason)
            case AgentState.paused | AgentState.offline:
                return "paused"
            case _:
                return "busy"

    def state_title(self, desk: Desk | None) -> str:
        return f"{self.t('state.' + (desk.state if desk else AgentState.offline))} · callcore"

    def recent(self, tab: Tab) -> int:
        """Earlier contacts within the window that makes a caller a repeat caller."""
        called = (past for past in tab.history if past.direction is Direction.inbound)
        # A contact that two operators had has two lines.
        return len({past.at for past in called if self.now - past.at <= REPEAT_WINDOW})

    def is_same_topic(self, tab: Tab) -> bool:
        recent = {contact.topic for contact in tab.history if self.now - contact.at <= REPEAT_WINDOW}
        return recent - {UNCLASSIFIED} == {tab.view.topic}
