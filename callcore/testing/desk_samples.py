"""Desks in every state a page can be in, for tests of the pages and for screenshots. Invented people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from callcore.calls.effects import CallView
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
    NodeCode,
    Outage,
    OutageId,
    OutageKind,
    OutageState,
    Outcome,
    PauseReason,
    QueueName,
    Text,
    TopicCode,
)
from callcore.screenpop.card import (
    Desk,
    Draft,
    Figures,
    MissedCard,
    PastContact,
    Stage,
    Tab,
    TodayContact,
    Unpainted,
)
from callcore.web.pages import TopicChoice, Viewer

NOW = datetime(2026, 5, 14, 9, 42, 10, tzinfo=UTC)
HOSTILE = """Ёлкин "O'Neil" <script>alert('x')</script> & Ко Очень-Длинная-Фамилия-Через-Дефис"""

QUEUES = {
    QueueName("finance"): Text("Финансовая группа", "Finance group"),
    QueueName("expert"): Text("Экспертная группа", "Expert group"),
    QueueName("retention"): Text("Группа сохранения клиентов", "Retention group"),
}
_FINANCE = Text("Деньги", "Money")
_EXPERT = Text("Техника", "Technical")
_RETENTION = Text("Сохранение", "Retention")
TOPICS = (
    TopicChoice(TopicCode("finance.recalculation"), Text("Перерасчёт", "Recalculation"), _FINANCE),
    TopicChoice(TopicCode("finance.payment"), Text("Ошибочный платёж", "Mistaken payment"), _FINANCE),
    TopicChoice(TopicCode("finance.promotion"), Text("Акции и скидки", "Promotions and discounts"), _FINANCE),
    TopicChoice(TopicCode("finance.claim"), Text("Претензия", "Claim"), _FINANCE),
    TopicChoice(TopicCode("expert.no_signal"), Text("Нет сигнала", "No signal"), _EXPERT),
    TopicChoice(TopicCode("expert.speed"), Text("Низкая скорость", "Slow connection"), _EXPERT),
    TopicChoice(TopicCode("expert.router"), Text("Настройка роутера", "Router set-up"), _EXPERT),
    TopicChoice(TopicCode("expert.other"), Text("Другое", "Other"), _EXPERT),
    TopicChoice(TopicCode("retention.end"), Text("Расторжение договора", "Ending the contract"), _RETENTION),
    TopicChoice(TopicCode("retention.other"), Text("Другое", "Other"), _RETENTION),
)

IVANOVA = Customer(
    id=CustomerId(101),
    name="Иванова Мария Сергеевна",
    contract="40-118-2207",
    address="Тверь, ул. Коминтерна, д. 47, кв. 12",
    tariff="Домашний 300 + ТВ",
    balance_minor=-42050,
    segment="Частное лицо",
    language="ru",
    numbers=("+74822412207", "+79201558812"),
)
IVANOV = Customer(
    id=CustomerId(102),
    name="Иванов Пётр Алексеевич",
    contract="40-118-9913",
    address="Тверь, ул. Коминтерна, д. 47, кв. 12",
    tariff="Мобильный 15 ГБ",
    balance_minor=125000,
    segment="Частное лицо",
    numbers=("+74822412207",),
)
VEKTOR = Customer(
    id=CustomerId(103),
    name="ООО «Вектор-Строй»",
    contract="77-К-00315",
    address="Тверь, пр-т Победы, д. 3, оф. 401",
    tariff="Бизнес 500",
    balance_minor=4815162,
    segment="VIP-0",
    legal_form="ООО",
    numbers=("+74822412207", "+74822777315"),
)
MALLORY = Customer(
    id=CustomerId(104),
    name=HOSTILE,
    contract="00-000-<b>1</b>",
    address="д. " + "Длинная" * 16,
    tariff="‮Тариф наоборот‬",
    balance_minor=0,
    numbers=("+74822000001",),
)

BLACKOUT = Outage(
    id=OutageId(7),
    number="2026-117",
    revision=2,
    source="control-room",
    kind=OutageKind.emergency,
    state=OutageState.estimated,
    cause=Text("обрыв кабеля на фидере 12", "cable torn on feeder 12"),
    starts_at=NOW - timedelta(hours=2, minutes=12),
    estimated_restoration_at=NOW + timedelta(hours=3, minutes=18),
    ended_at=None,
    nodes=(NodeCode("F-12"),),
    published_at=NOW - timedelta(hours=2),
    changed_at=NOW - timedelta(hours=1),
)
WORKS = replace(
    BLACKOUT,
    id=OutageId(8),
    number="P/2026-5",
    kind=OutageKind.planned,
    state=OutageState.confirmed,
    cause=Text("<b>замена</b> счётчиков " + "и труб " * 20, "<b>new</b> meters " + "and pipes " * 18),
    starts_at=NOW + timedelta(days=1),
    estimated_restoration_at=None,
)


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
    _today(10471, 48, "ООО «Вектор-Строй»", "finance.claim", 702),
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
    typed = replace(ended, draft=Draft("finance.recalculation", "Не работало с 3 по 6 апреля,"))
    unfinished = replace(typed, stage=Stage.unfinished, wrap_up_until=None)
    several = _talking("b1", IVANOVA, IVANOV, VEKTOR)
    stranger = replace(
        _talking("c1"), view=replace(view("c1", answered=12), caller_name="TVER OBL"), history=()
    )
    hidden = replace(view("d1", answered=12), caller_number=None, topic=None, language="en")
    pending = replace(view("e1", answered=2), customers_known=False)
    failed = replace(view("f1", answered=9), lookup_failed=True)
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
        "pause_after": Sample(replace(_with(talking), pause_next=PauseReason.lunch)),
        "typing": Sample(_with(replace(talking, draft=typed.draft))),
        "several": Sample(_with(several)),
        "chosen": Sample(_with(replace(several, customer=VEKTOR.id))),
        "unknown": Sample(_with(stranger)),
        "anonymous": Sample(_with(Tab(view=hidden, stage=Stage.talking, history_known=True))),
        "lookup_pending": Sample(_with(Tab(view=pending, stage=Stage.talking))),
        "lookup_failed": Sample(_with(Tab(view=failed, stage=Stage.talking))),
        "hostile": Sample(_with(odd)),
        "wrap_up": Sample(_with(typed, state=AgentState.wrap_up)),
        "saved": Sample(_with(replace(typed, record=10493), state=AgentState.wrap_up)),
        "unfinished": Sample(_with(unfinished, several, state=AgentState.talking, active=1)),
        "crowded": Sample(_with(*crowd, talking, active=8)),
        "refused": Sample(_with(typed, state=AgentState.wrap_up), error="store_down"),
        "no_pbx": Sample(replace(BASE, is_pbx_linked=False)),
    }
