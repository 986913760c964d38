"""The house that samples of pages show: its queues, topics, customers and outages. Invented people."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from callcore.domain import (
    Customer,
    CustomerId,
    NodeCode,
    Outage,
    OutageId,
    OutageKind,
    OutageState,
    QueueName,
    Text,
    TopicCode,
)
from callcore.routing.tables import Macro
from callcore.web.pages import TopicChoice

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
_CALL_BACK = Macro(
    Text("Перезвонить клиенту", "Call back"),
    Text(
        "Перезвонить: {name}, договор {contract}, {number}.",
        "Call back: {name}, contract {contract}, {number}.",
    ),
)
_PERIOD = Macro(
    Text("Период перерасчёта", "Period of the recalculation"),
    Text("Просит перерасчёт за период с … по ….", "Asks for a recalculation from … to …."),
)
_TOPICS: tuple[TopicChoice, ...] = (
    TopicChoice(
        TopicCode("finance.recalculation"),
        Text("Перерасчёт", "Recalculation"),
        _FINANCE,
        script=Text(
            "Назовите сумму счёта, уточните, с какого числа не было связи, обещайте ответ за три дня.",
            "Tell the sum of the invoice, ask since when it was down, promise an answer in three days.",
        ),
        article="recalculation",
        macros=(_PERIOD,),
    ),
    TopicChoice(
        TopicCode("finance.recalculation.outage"),
        Text("За время аварии", "For an outage"),
        _FINANCE,
        trail=(Text("Перерасчёт", "Recalculation"),),
        macros=(_PERIOD,),
    ),
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
TOPICS = tuple(replace(topic, macros=(*topic.macros, _CALL_BACK)) for topic in _TOPICS)

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
