"""Desks in every state a page can be in, for tests of the pages and for screenshots. Invented people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from callcore.calls.attempt import AttemptResult
from callcore.calls.effects import CallView
from callcore.calls.line import LineState, LineView
from callcore.domain import (
    UNCLASSIFIED,
    AgentState,
    CallId,
    Customer,
    CustomerId,
    Direction,
    EndReason,
    Interface,
    Language,
    Login,
    Outcome,
    PauseReason,
    QueueName,
    Text,
    TopicCode,
)
from callcore.rights import Permission
from callcore.screenpop.card import (
    Desk,
    Dialling,
    Draft,
    Entry,
    Figures,
    MissedCard,
    PastContact,
    Stage,
    Tab,
    TodayContact,
    Unpainted,
)
from callcore.screenpop.facts import CardFacts, FlashNote, OpenCase, OpenWish, Part, Progress, Subject, Why
from callcore.store.record import CustomerRecord, Loyalty, NumberRecord
from callcore.testing.desk_house import BLACKOUT, HOSTILE, IVANOV, IVANOVA, MALLORY, NOW, VEKTOR, WORKS
from callcore.web.pages import Viewer


@dataclass(frozen=True, slots=True)
class Sample:
    """One page: the desk, and what the renderer is asked beside it."""

    desk: Desk | None
    error: str = ""
    interfaces: tuple[Interface, ...] = (Interface("PJSIP/101"), Interface("PJSIP/102"))


def viewer(language: Language, interfaces: tuple[Interface, ...] = ()) -> Viewer:
    return Viewer(
        login=Login("olga"),
        name="Ольга Кузнецова",
        language=language,
        zone="Europe/Moscow",
        country="RU",
        csrf="sample-csrf-token",
        interfaces=interfaces,
        may=frozenset({Permission.recordings_control}),
    )


def view(call: str, *customers: Customer, waited: int = 47, answered: int | None = None) -> CallView:
    """A call that waited for ``waited`` seconds and was answered ``answered`` seconds ago (or not yet)."""
    answered_at = None if answered is None else NOW - timedelta(seconds=answered)
    return CallView(
        call=CallId(call),
        caller_number="+74822412207",
        caller_name=None,
        dialed_number="+74822300300",
        language="ru",
        queue=QueueName("finance"),
        topic=TopicCode("finance.recalculation"),
        customers=customers,
        customers_known=True,
        lookup_failed=False,
        waiting_since=(answered_at or NOW) - timedelta(seconds=waited),
        answered_at=answered_at,
    )


def _past(days: float, topic: str, comment: str, *, missed: bool = False) -> PastContact:
    return PastContact(
        at=NOW - timedelta(days=days),
        topic=TopicCode(topic),
        outcome=Outcome.abandoned_queue if missed else Outcome.answered,
        operator="" if missed else "Сергей Белов",
        comment=comment,
    )


HISTORY = (
    _past(0.05, "unclassified", "", missed=True),
    _past(0.9, "finance.recalculation", "Просит пересчитать апрель: не работало с 3 по 6. Заявка в ЦАО."),
    _past(12, "expert.no_signal", "Нет сигнала на всех каналах, перезагрузили приставку, заработало."),
    _past(83, "finance.payment", "Оплатила на чужой договор, перенесли 600 руб."),
    _past(210, "expert.router", "Новый роутер, настроили PPPoE по телефону."),
)


def _today(
    number: int, minutes: int, customer: str, topic: str, talk: int, comment: str = ""
) -> TodayContact:
    return TodayContact(
        call=CallId(f"today{number}"),
        record=number,
        at=NOW - timedelta(minutes=minutes),
        number="+7920155881" + str(number % 10),
        customer=customer,
        topic=TopicCode(topic),
        talk_ms=talk * 1000,
        comment=comment,
    )


TODAY = (
    _today(10482, 9, "Соколов Дмитрий Игоревич", UNCLASSIFIED, 134),
    _today(10479, 21, "", "expert.speed", 311, "По кабелю скорость полная, советовал 5 ГГц."),
    replace(
        _today(10471, 48, "ООО «Вектор-Строй»", "finance.claim", 702), more=(TopicCode("expert.router"),)
    ),
    _today(10466, 65, "", UNCLASSIFIED, 12),
    _today(10460, 83, "Петренко Анна Львовна", "retention.end", 489),
    _today(10455, 96, "Гаврилов Олег Петрович", "finance.promotion", 95),
)


def _missed(number: int, minutes: int, name: str, why: Unpainted, *, seen: bool = False) -> MissedCard:
    """Card of the contact ``number`` of today."""
    return MissedCard(
        call=CallId(f"today{number}"),
        at=NOW - timedelta(minutes=minutes),
        why=why,
        number="+7920155881" + str(number % 10),
        customer=CustomerId(number) if name else None,
        customer_name=name,
        queue=QueueName("finance"),
        seen_at=NOW if seen else None,
    )


MISSED = (
    _missed(10482, 11, "Соколов Дмитрий Игоревич", Unpainted.hidden),
    _missed(10479, 26, "", Unpainted.no_page),
    _missed(7, 40, HOSTILE, Unpainted.unconfirmed),
    _missed(10466, 66, "", Unpainted.unconfirmed, seen=True),
)

BASE = Desk(
    login=Login("olga"),
    name="Ольга Кузнецова",
    interface=Interface("PJSIP/101"),
    queues=(QueueName("finance"), QueueName("expert")),
    state=AgentState.ready,
    since=NOW - timedelta(seconds=252),
    today=TODAY,
    figures=Figures(answered=6, talk_ms=1743000, unclassified=2),
)


def _with(*tabs: Tab, state: AgentState = AgentState.talking, active: int = 0) -> Desk:
    since = tabs[active].view.answered_at or NOW
    return replace(BASE, state=state, since=since, tabs=tabs, active=tabs[active].view.call)


def _talking(call: str, *customers: Customer) -> Tab:
    return Tab(
        view=view(call, *customers, answered=73), stage=Stage.talking, history=HISTORY, history_known=True
    )


_IVANOVA_IN_FULL = CustomerRecord(
    id=IVANOVA.id,
    contract=IVANOVA.contract,
    name=IVANOVA.name,
    status="активен",
    urgent="Не звонить до 10 утра",
    loyalty=Loyalty("Серебро", "7700 12", 340),
    numbers=(
        NumberRecord("+74822412207", status="активен", tariff="Домашний 300 + ТВ"),
        NumberRecord("+79201558812", status="заблокирован", tariff="Мобильный 15 ГБ", urgent="SIM утеряна"),
    ),
)
_NOTES = (
    FlashNote(31, "Обещан перерасчёт до 16 мая", "Сергей Белов", NOW + timedelta(days=2), True, False),
    FlashNote(32, "Аварийные работы в доме 47 " * 3, "Смена", NOW + timedelta(hours=3), False, False),
)
_CASES = (
    OpenCase(
        "C-2026-000214",
        Text("Претензия по счёту", "Claim about an invoice"),
        Text("у финансистов", "with finance"),
        NOW - timedelta(hours=5),
    ),
    OpenCase(
        "C-2026-000231",
        Text("Выезд мастера", "Visit of a technician"),
        Text("назначен", "appointed"),
        NOW + timedelta(days=1),
        is_rejected=True,
    ),
)
_WISHES: Part[tuple[OpenWish, ...]] = Part(
    Progress.known,
    (
        OpenWish(
            3,
            "+74822412207",
            NOW - timedelta(hours=2),
            2,
            "key",
            "",
            Text("номер был занят; попытка 2 из 3 в 14:30", "the number was busy; try 2 of 3 at 14:30"),
        ),
        OpenWish(4, "+79201558812", NOW - timedelta(minutes=5), 1, "operator", "Борис Котов", None),
    ),
)
FACTS = CardFacts(
    Subject(IVANOVA.id, "+74822412207"),
    Part(Progress.known, _IVANOVA_IN_FULL),
    Part(Progress.known, _NOTES),
    Part(Progress.known, _CASES),
)


def _dialling(talking: Tab) -> dict[str, Sample]:
    """Calls that she has had placed, by how far they are."""
    ours = replace(view("a1", IVANOVA), direction=Direction.outbound, queue=None, topic=None)
    since = NOW - timedelta(seconds=4)
    rings = replace(BASE, state=AgentState.ringing, since=since)
    open_card = _with(replace(talking, view=ours))
    ended = _with(
        replace(
            talking,
            view=ours,
            stage=Stage.wrap_up,
            ended_at=NOW,
            wrap_up_until=NOW + timedelta(seconds=24),
            talk_ms=0,
        )
    )
    found = {
        "dialling_phone": replace(rings, dialling=Dialling(ours, "phone", since)),
        "dialling_number": replace(open_card, dialling=Dialling(ours, "number", since)),
        "dialling_button": replace(rings, dialling=Dialling(ours, "number", since, can_take=True)),
    }
    for result in (
        AttemptResult.busy,
        AttemptResult.no_answer,
        AttemptResult.rejected,
        AttemptResult.unreachable,
        AttemptResult.network,
        AttemptResult.failed,
        AttemptResult.unknown,
    ):
        found[f"dialled_{result}"] = replace(ended, dialling=Dialling(ours, "over", since, result))
    for name, why in (("phone", "operator: no_answer"), ("gate", "gate: quiet_hours")):
        over = Dialling(ours, "over", since, AttemptResult.not_sent, why)
        found[f"dialled_not_{name}"] = replace(BASE, dialling=over)
    return {name: Sample(desk) for name, desk in found.items()}


def _lines(talking: Tab) -> dict[str, Sample]:
    """A call that is worked on, in each state."""
    desk, since = _with(talking), NOW - timedelta(seconds=18)
    return {
        f"line_{state}": Sample(
            replace(
                desk, lines={talking.view.call: LineView(state, since, "finance", state is LineState.held)}
            )
        )
        for state in LineState
        if state is not LineState.talks
    }


def samples() -> dict[str, Sample]:
    """Every sample by name; names are stable, tests and screenshots use them."""
    talking = _talking("a1", IVANOVA)
    ended = replace(
        talking,
        stage=Stage.wrap_up,
        ended_at=NOW - timedelta(seconds=6),
        wrap_up_until=NOW + timedelta(seconds=24),
        talk_ms=214000,
    )
    typed = replace(
        ended, entries=(Entry(1, Draft("finance.recalculation", "Не работало с 3 по 6 апреля,")),)
    )
    unfinished = replace(typed, stage=Stage.unfinished, wrap_up_until=None)
    several = _talking("b1", IVANOVA, IVANOV, VEKTOR)
    stranger = replace(
        _talking("c1"), view=replace(view("c1", answered=12), caller_name="TVER OBL"), history=()
    )
    hidden = replace(view("d1", answered=12), caller_number=None, topic=None, language="en")
    pending = replace(view("e1", answered=2), customers_known=False)
    failed = replace(view("f1", answered=9), lookup_failed=True)
    silent = replace(stranger, view=replace(stranger.view, silent=("billing", "crm")))
    some_silent = replace(talking, view=replace(talking.view, silent=("crm",)))
    odd = _talking("g1", MALLORY)
    dark = replace(talking, view=replace(talking.view, outages=(BLACKOUT,)))
    odd = replace(odd, view=replace(odd.view, outages=(BLACKOUT, WORKS)))
    rings = replace(BASE, state=AgentState.ringing, since=NOW - timedelta(seconds=4))
    paused = replace(BASE, state=AgentState.paused)
    inside = replace(view("i1"), direction=Direction.internal, queue=None, topic=None)
    ours = replace(view("o1", IVANOVA, answered=31), direction=Direction.outbound, queue=None, topic=None)
    fresh = replace(BASE, today=(), figures=Figures(), queues=())
    crowd = tuple(
        replace(_talking(f"h{n}", who), stage=Stage.unfinished)
        for n, who in enumerate((IVANOVA, IVANOV, VEKTOR, MALLORY) * 2)
    )
    return {
        "offline": Sample(None),
        "offline_no_phone": Sample(None, interfaces=()),
        "offline_refused": Sample(None, error="phone_taken"),
        "first_day": Sample(replace(fresh, state=AgentState.paused, pause_reason=PauseReason.no_desk)),
        "ready": Sample(BASE),
        "paused": Sample(replace(paused, pause_reason=PauseReason.lunch)),
        "paused_no_answer": Sample(replace(paused, pause_reason=PauseReason.no_answer)),
        "ringing": Sample(replace(rings, ringing=view("a1", IVANOVA))),
        "ringing_several": Sample(replace(rings, ringing=view("b1", IVANOVA, IVANOV, VEKTOR, waited=194))),
        "ringing_unknown": Sample(replace(rings, ringing=view("c1"))),
        "ringing_hostile": Sample(replace(rings, ringing=view("g1", MALLORY))),
        "ringing_outage": Sample(replace(rings, ringing=replace(view("a1", IVANOVA), outages=(BLACKOUT,)))),
        "ringing_button": Sample(replace(rings, ringing=view("a1", IVANOVA), can_take=True)),
        "ringing_internal": Sample(
            replace(rings, ringing=replace(inside, caller_number="102", caller_name="Сергей Белов"))
        ),
        "ringing_card": Sample(
            replace(
                _with(replace(talking, view=view("a1", IVANOVA), stage=Stage.ringing)),
                state=AgentState.ringing,
                ringing=view("a1", IVANOVA),
            )
        ),
        "talking_button": Sample(replace(BASE, state=AgentState.talking, untaken=ours)),
        "dropped": Sample(_with(replace(unfinished, dropped=EndReason.answered_elsewhere))),
        "missed": Sample(replace(BASE, missed=MISSED)),
        "missed_seen": Sample(replace(_with(talking), missed=MISSED[3:])),
        "outage": Sample(_with(dark)),
        "outages": Sample(_with(replace(several, view=replace(several.view, outages=(WORKS, BLACKOUT))))),
        "talking": Sample(_with(talking)),
        **_dialling(talking),
        **_lines(talking),
        "recorded": Sample(_with(replace(talking, recording="on"))),
        "recorded_paused": Sample(_with(replace(talking, recording="paused"))),
        "recorded_not_yet": Sample(_with(replace(talking, recording="ready"))),
        "pause_after": Sample(replace(_with(talking), pause_next=PauseReason.lunch)),
        "typing": Sample(_with(replace(talking, entries=typed.entries))),
        "two_topics": Sample(
            replace(
                _with(
                    replace(
                        talking,
                        entries=(
                            Entry(1, typed.draft, typed.draft, 10493, IVANOVA.id),
                            Entry(2, Draft("", "Ещё спросила про скорость")),
                        ),
                        usual=(TopicCode("finance.claim"), TopicCode("expert.speed")),
                    )
                ),
                favourites=(TopicCode("finance.recalculation"), TopicCode("expert.router")),
            )
        ),
        "facts": Sample(_with(replace(talking, facts=FACTS, picked_number="+79201558812"))),
        "waits_for_call": Sample(_with(replace(talking, facts=replace(FACTS, wishes=_WISHES)))),
        "facts_pending": Sample(_with(replace(talking, facts=CardFacts(FACTS.subject)))),
        "facts_failed": Sample(
            _with(replace(talking, facts=replace(FACTS, cases=Part(Progress.failed, None, Why.slow))))
        ),
        "cleared": Sample(_with(replace(several, is_cleared=True))),
        "several": Sample(_with(several)),
        "chosen": Sample(_with(replace(several, customer=VEKTOR.id))),
        "unknown": Sample(_with(stranger)),
        "anonymous": Sample(_with(Tab(view=hidden, stage=Stage.talking, history_known=True))),
        "lookup_pending": Sample(_with(Tab(view=pending, stage=Stage.talking))),
        "lookup_failed": Sample(_with(Tab(view=failed, stage=Stage.talking))),
        "silent": Sample(_with(silent)),
        "some_silent": Sample(_with(some_silent)),
        "hostile": Sample(_with(odd)),
        "wrap_up": Sample(_with(typed, state=AgentState.wrap_up)),
        "saved": Sample(
            _with(
                replace(typed, entries=(Entry(1, typed.draft, typed.draft, 10493),)), state=AgentState.wrap_up
            )
        ),
        "unfinished": Sample(_with(unfinished, several, state=AgentState.talking, active=1)),
        "crowded": Sample(_with(*crowd, talking, active=8)),
        "refused": Sample(_with(typed, state=AgentState.wrap_up), error="store_down"),
        "no_pbx": Sample(replace(BASE, is_pbx_linked=False)),
    }
