"""What the desk's templates ask about one render: words, names, numbers, times. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from callcore.calls.effects import CallView
from callcore.calls.line import PLAIN, LineState, LineView
from callcore.crm.suggestions import suggest
from callcore.crm.topics import filled
from callcore.domain import (
    NULL_CUSTOMER,
    UNCLASSIFIED,
    AgentState,
    CallId,
    Customer,
    Direction,
    Login,
    PauseReason,
    QueueName,
    Text,
    TopicCode,
)
from callcore.screenpop.card import Desk, Dialling, Entry, MissedCard, Stage, Tab, TodayContact
from callcore.screenpop.ports import DeskRefused
from callcore.web.i18n import Texts, catalogue
from callcore.web.linebar import Button, bar
from callcore.web.pages import PAUSES, TopicChoice, Viewer
from callcore.web.topic_menu import TopicMenu
from callcore.web.wording import Wording

REPEAT_WINDOW = timedelta(days=2)
LATE_SECONDS = 120
"""A caller who waited longer is shown in amber."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A topic offered before anything is typed."""

    code: TopicCode
    label: str
    why: str


@dataclass(frozen=True, slots=True)
class ReadyText:
    """A macro of this contact, filled in."""

    title: str
    text: str


class View(Wording):
    """What the templates ask about one render."""

    pauses = PAUSES
    late_seconds = LATE_SECONDS

    def __init__(
        self,
        viewer: Viewer,
        menu: TopicMenu,
        queues: Mapping[QueueName, Text],
        texts: Texts,
        now: datetime,
        favourites: tuple[TopicCode, ...] = (),
        names: Mapping[Login, str] = MappingProxyType({}),
        is_bare: bool = False,
    ) -> None:
        """``is_bare``: the PBX of his phone has no dialplan of ours."""
        super().__init__(viewer, texts, now)
        self.menu = menu
        self.favourites = favourites
        self._queues = queues
        self._names = names
        self._is_bare = is_bare

    # --- words

    def topic(self, code: TopicCode) -> str:
        """Title of a topic; its code if the tables no longer hold it."""
        return self.t("topic.unclassified") if code == UNCLASSIFIED else self.menu.labels.get(code, code)

    def draft_topic(self, tab: Tab, entry: Entry | None = None) -> str:
        """What stands in the topic field: the draft as typed, or what the caller chose in the IVR."""
        entry = entry or tab.entries[0]
        typed = entry.draft.topic
        suggested = self.menu.labels.get(self.guess(tab, entry), "")
        return self.menu.labels.get(typed, typed) if typed else suggested

    def guess(self, tab: Tab, entry: Entry) -> str:
        """What the caller chose in the IVR, while nothing is chosen for the first topic; else empty."""
        is_first = entry.n == 1 and not entry.draft.topic
        return tab.view.topic or "" if is_first else ""

    def chosen(self, tab: Tab, entry: Entry) -> TopicChoice | None:
        """The topic that stands in the form now, chosen or guessed; None while there is none."""
        return self.menu.by_code.get(TopicCode(entry.draft.topic or self.guess(tab, entry)))

    def script(self, topic: TopicChoice) -> str:
        """What the operator is prompted to ask and say; empty if there is nothing."""
        return topic.script.in_(self.t.spoken) if topic.script else ""

    def is_favourite(self, topic: TopicChoice) -> bool:
        return topic.code in self.favourites

    def offers(self, tab: Tab, entry: Entry) -> tuple[Offer, ...]:
        """Topics that fit by what is known of the caller, the queue and the operator."""
        if entry.draft.topic:
            return ()
        found = suggest(
            known=self.menu.by_code.keys(),
            ivr=None if self.guess(tab, entry) else tab.view.topic,
            past=[(contact.topic, contact.at) for contact in tab.history],
            usual=tab.usual,
            favourites=self.favourites,
            without=[TopicCode(e.draft.topic) for e in tab.entries] + [TopicCode(self.guess(tab, entry))],
            now=self.now,
        )
        return tuple(
            Offer(s.topic, self.menu.labels[s.topic], ", ".join(self.t(f"offer.{why}") for why in s.reasons))
            for s in found
        )

    def ready_texts(self, tab: Tab, entry: Entry) -> tuple[ReadyText, ...]:
        """Macros of the topic and of all topics, with what is known put in."""
        topic = self.chosen(tab, entry)
        macros = topic.macros if topic else self.menu.general
        customer = tab.matched
        values = {
            "name": customer.name if customer else "",
            "contract": customer.contract if customer else "",
            "number": self.phone(tab.view.caller_number) if tab.view.caller_number else "",
            "record": str(entry.record or ""),
        }
        spoken = self.t.spoken
        return tuple(ReadyText(m.title.in_(spoken), filled(m.text.in_(spoken), values)) for m in macros)

    def queue(self, name: QueueName) -> str:
        title = self._queues.get(name)
        return title.in_(self.t.spoken) if title else name

    def error(self, refused: str | DeskRefused) -> str:
        """What happened, why, and what to do."""
        code = refused if isinstance(refused, str) else refused.code
        key = f"error.{code}"
        words = [self.t(key) if key in catalogue(self.t.spoken) else self.t("error.other", code=code)]
        if isinstance(refused, DeskRefused):
            if refused.by:
                words.append(self.t("error.by", who=self.isolate(refused.by)))
            if refused.why:
                why = self.t.told(refused.why).rstrip(".")
                words.append(f"{why[:1].upper()}{why[1:]}.")
            if refused.until:
                words.append(self.t("error.until", at=self.moment(refused.until)))
        return " ".join(words)

    def dial_result(self, dialling: Dialling) -> str:
        """What became of a call that nobody answered, in a few words."""
        return self.t(f"dialling.over_{dialling.result}") if dialling.result else ""

    def dial_why(self, dialling: Dialling) -> str:
        """Of a number that was not rung: what stopped it; else what to do now."""
        kind, _, code = dialling.why.replace(" ", "_").partition(":_")
        keys = (f"placed.{kind}_{code}", f"campaigns.why_{code}") if code else ()
        why = next((self.t(key) for key in keys if key in catalogue(self.t.spoken)), "")
        return f"{why[:1].upper()}{why[1:]}." if why else self.t(f"dialling.do_{dialling.result}")

    # --- names

    def is_named(self, call: CallView) -> bool:
        return len(call.customers) == 1

    def known(self, tab: Tab) -> CallView:
        """The call with the chosen customer alone, if one is chosen."""
        return replace(tab.view, customers=(tab.matched,)) if tab.matched else tab.view

    def who(self, call: CallView) -> str:
        if call.direction is Direction.internal and call.caller_name:
            return call.caller_name
        return self.name(call.customers[0]) if self.is_named(call) else self.phone(call.caller_number)

    def name(self, customer: Customer) -> str:
        return self.t("customer.null") if customer.id == NULL_CUSTOMER else customer.name

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

    # --- the call bar

    has_transfer = True
    """There is a panel that asks to whom."""

    def line(self, desk: Desk, call: CallId) -> LineView:
        line = desk.lines.get(call, PLAIN)
        is_bare = self._is_bare and line.state is LineState.talks
        return replace(line, state=LineState.bare) if is_bare else line

    def bar(self, line: LineView) -> tuple[Button, ...]:
        return bar(line)

    def line_title(self, line: LineView) -> str:
        """How the call stands; empty for an ordinary talk."""
        if line.state in (LineState.talks, LineState.bare):
            return ""
        key = f"line.state_{line.state.value}"
        if line.failed in ("BUSY", "REJECTED"):
            key = f"line.state_failed_{line.failed.lower()}"
        return self.t(key, who=self.isolate(self.whom(line.with_))) if line.with_ else self.t(key, who="")

    def whom(self, name: str) -> str:
        """Of a login, a queue or a number, what people call it."""
        if name.startswith("+"):
            return self.phone(name)
        return self._names.get(Login(name)) or self.queue(QueueName(name))

    # --- the desk

    def is_busy(self, desk: Desk) -> bool:
        return desk.state in (AgentState.ringing, AgentState.talking)

    def has_call(self, desk: Desk) -> bool:
        return (
            desk.dialling is not None
            or desk.untaken is not None
            or any(tab.stage in (Stage.talking, Stage.wrap_up) for tab in desk.tabs)
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

    def state(self, desk: Desk) -> str:
        """While he hears the number ring that was dialled for him, he talks to nobody yet."""
        return self.t("dialling.number" if self._rung(desk) else f"state.{desk.state.value}")

    def state_since(self, desk: Desk) -> datetime:
        rung = self._rung(desk)
        return rung.since if rung else desk.since

    def state_title(self, desk: Desk | None) -> str:
        return f"{self.state(desk) if desk else self.t('state.offline')} · callcore"

    def stage(self, desk: Desk, tab: Tab) -> str:
        rung = self._rung(desk)
        is_rung = rung is not None and rung.view.call == tab.view.call and tab.stage is Stage.talking
        return self.t("dialling.number" if is_rung else f"stage.{tab.stage.value}")

    @staticmethod
    def _rung(desk: Desk) -> Dialling | None:
        """The call whose number rings just now, while his own phone is in his hand."""
        dialling = desk.dialling
        is_rung = dialling is not None and dialling.stage == "number" and desk.state is AgentState.talking
        return dialling if is_rung else None

    def recent(self, tab: Tab) -> int:
        """Earlier contacts within the window that makes a caller a repeat caller."""
        called = (past for past in tab.history if past.direction is Direction.inbound)
        # A contact that two operators had has two lines.
        return len({past.at for past in called if self.now - past.at <= REPEAT_WINDOW})

    def is_same_topic(self, tab: Tab) -> bool:
        recent = {contact.topic for contact in tab.history if self.now - contact.at <= REPEAT_WINDOW}
        return recent - {UNCLASSIFIED} == {tab.view.topic}
