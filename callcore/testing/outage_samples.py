"""Outages, their network and campaigns in every state a page can be in. Invented places and people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from callcore.calls.attempt import CampaignId, Medium, TargetId
from callcore.calls.campaign import Campaign, CampaignState, News, NewTarget, Target, TargetResult
from callcore.campaigns.views import Preview, Prospect, Report
from callcore.domain import (
    CustomerId,
    NodeCode,
    NodeKind,
    Outage,
    OutageId,
    OutageKind,
    OutageState,
    Text,
)
from callcore.store.campaigns import Progress, TargetLine
from callcore.store.network import NetworkNode, NodeSummary

NOW = datetime(2026, 5, 14, 15, 42, 10, tzinfo=UTC)
HOSTILE = "<script>alert('x')</script> \u202eтень\u202c " + "Длинное-слово-без-конца" * 6
STREETS = ("ул. Коминтерна", "пр-т Победы", "наб. Афанасия Никитина", "ул. Тракторная")


def nodes() -> tuple[NodeSummary, ...]:
    """Three feeders, their houses and points; the last one has a hostile name."""
    made: list[NodeSummary] = []
    for feeder, (name, houses) in enumerate(
        (("Фидер 12 «Северный»", 6), ("Фидер 14 «Заречье»", 3), (f"Фидер 90 {HOSTILE}", 1))
    ):
        code = NodeCode(f"F-{(12, 14, 90)[feeder]}")
        made.append(_node(code, None, NodeKind.feeder, name, houses, 84 * houses))
        for house in range(1, houses + 1):
            own = NodeCode(f"H-{feeder}{house:02}")
            address = f"Тверь, {STREETS[house % len(STREETS)]}, д. {2 * house + 1}"
            made.append(_node(own, code, NodeKind.house, address, 2, 84))
            for point in (1, 2):
                made.append(
                    _node(NodeCode(f"{own}-{point}"), own, NodeKind.point, f"{address}, кв. {point}", 0, 1)
                )
    return tuple(made)


def _node(
    code: NodeCode, parent: NodeCode | None, kind: NodeKind, name: str, children: int, customers: int
) -> NodeSummary:
    return NodeSummary(NetworkNode(code, parent, kind, name, None), children, customers)


def outage(
    number: str = "2026-117",
    *,
    id: int = 1,
    state: OutageState = OutageState.estimated,
    kind: OutageKind = OutageKind.emergency,
    cause: Text | None = None,
    began: float = 70,
    lasts: float | None = 150,
    revision: int = 1,
    nodes: tuple[str, ...] = ("F-12",),
) -> Outage:
    """``began`` minutes ago, estimated to end ``lasts`` minutes after that."""
    starts = NOW - timedelta(minutes=began)
    is_over = state in (OutageState.restored, OutageState.cancelled)
    return Outage(
        id=OutageId(id),
        number=number,
        revision=revision,
        source="olga",
        kind=kind,
        state=state,
        cause=cause or Text("авария на линии электропередачи", "a fault on the power line"),
        starts_at=starts,
        estimated_restoration_at=None if lasts is None else starts + timedelta(minutes=lasts),
        ended_at=NOW - timedelta(minutes=12) if is_over else None,
        nodes=tuple(NodeCode(code) for code in nodes),
        published_at=NOW - timedelta(minutes=min(began, 60)),
        changed_at=NOW - timedelta(minutes=min(began, 60) / 2),
    )


VOICE = Text(
    "Здравствуйте. Это Тверьсвязь. По вашему адресу авария на линии электропередачи. Связь вернётся "
    "до 20 часов 30 минут. Нажмите 1, если вы услышали, 2 — повторить, 0 — поговорить с оператором, "
    "9 — больше не звонить.",
    "Hello. This is Tversvyaz. There is a fault on the power line at your address. Service will be back "
    "by half past eight. Press 1 if you heard this, 2 to repeat it, 0 for an operator, 9 to never be "
    "called again.",
)
SMS = Text(
    "Тверьсвязь: по вашему адресу авария на линии электропередачи. Связь вернётся до 20:30.",
    "Tversvyaz: a fault on the power line at your address. Service will be back by 20:30.",
)
CALLER = Text(
    "По вашему адресу авария на линии электропередачи. Связь вернётся до 20 часов 30 минут.",
    "There is a fault on the power line at your address. Service will be back by half past eight.",
)


def report(
    of: Outage,
    *,
    id: int = 1,
    state: CampaignState = CampaignState.running,
    reason: str = "",
    news: News = News.outage,
    results: Mapping[TargetResult, int] | None = None,
    trying: int = 0,
    waiting: Mapping[str, int] | None = None,
    now: Text | None = None,
    pace: float = 0.0,
    lines_busy: int = 0,
    age: float = 22,
) -> Report:
    """A campaign of an outage, ``age`` minutes old."""
    found, waits = dict(results or {}), dict(waiting or {})
    told = found.get(TargetResult.told, 0)
    progress = Progress(
        targets=sum(found.values()) + trying + sum(waits.values()),
        by_result=found,
        trying=trying,
        waiting=waits,
        next_due_at=NOW + timedelta(minutes=4) if waits else None,
        answered=told + told // 6,
        heard_through=told - told // 9,
        keys={"1": told // 2, "2": told // 9, "0": told // 20, "9": found.get(TargetResult.opted_out, 0)},
    )
    campaign = Campaign(
        id=CampaignId(id),
        outage=of.id,
        number=of.number,
        revision=of.revision,
        news=news,
        profile="emergency",
        voice=VOICE,
        sms=SMS,
        state=state,
        reason=reason,
        created_at=NOW - timedelta(minutes=age),
        changed_at=NOW - timedelta(minutes=age / 2),
    )
    return Report(campaign, progress, now or Text("", ""), pace, 2, lines_busy, 10)


RUNNING = Text(
    "Звоним: занято 8 линий из 10. 54 ждут повторного звонка, ближайший в 18:46.",
    "Dialling: 8 of 10 lines are busy. 54 wait for another call, the next at 18:46.",
)
QUIET = Text(
    "Ждём 09:00 в часовом поясе Азия/Омск: 412 человек.", "Waits for 09:00 in Asia/Omsk for 412 people."
)
GONE = Text(
    "Не звоним: транк main не принял 5 звонков подряд. Восстановите его и нажмите «Продолжить».",
    "Not dialling: trunk main refused 5 calls in a row. Mend it and press Resume.",
)


def running(of: Outage, id: int = 1) -> Report:
    return report(
        of,
        id=id,
        results={
            TargetResult.told: 214,
            TargetResult.texted: 61,
            TargetResult.sent: 9,
            TargetResult.opted_out: 2,
            TargetResult.not_reached: 11,
            TargetResult.skipped: 17,
            TargetResult.unknown: 1,
        },
        trying=8,
        waiting={"": 127, "retry_busy": 31, "retry_no_answer": 23},
        now=RUNNING,
        pace=1.7,
        lines_busy=8,
    )


_FAMILIES = (
    "Иванов",
    "Соколова",
    "Петренко",
    "Гаврилов",
    "Белова",
    "Кузнецов",
    "ООО «Вектор-Строй»",
    HOSTILE,
)


def lines(report: Report) -> tuple[TargetLine, ...]:
    """As many rows as the report counts, each result and each wait among them."""
    progress, rows = report.progress, []
    for result, count in progress.by_result.items():
        rows += [_line(report, n, result, _REASONS.get(result, ""), "") for n in range(count)]
    rows += [_line(report, n, None, "", "", is_trying=True) for n in range(progress.trying)]
    for wait, count in progress.waiting.items():
        rows += [_line(report, n, None, "", wait) for n in range(count)]
    rows.sort(key=lambda row: row.target.rings * 7 % 5)
    return tuple(_numbered(row, number) for number, row in enumerate(rows))


_REASONS = {
    TargetResult.told: "told",
    TargetResult.texted: "delivered",
    TargetResult.sent: "sent",
    TargetResult.opted_out: "told",
    TargetResult.not_reached: "undelivered",
    TargetResult.skipped: "dnc",
    TargetResult.unknown: "unknown",
    TargetResult.replaced: "changed",
    TargetResult.withdrawn: "restored",
}


def _numbered(row: TargetLine, number: int) -> TargetLine:
    target = row.target
    name = _FAMILIES[number % len(_FAMILIES)] + (f" {number}" if number >= len(_FAMILIES) else "")
    made = Target(
        id=TargetId(number + 1),
        campaign=target.campaign,
        customer=CustomerId(number + 1),
        name=name,
        number=f"+7920155{1000 + number}",
        others=(),
        language="ru",
        zone="Europe/Moscow",
        address=f"Тверь, {STREETS[number % 4]}, д. {2 * (number % 6) + 3}, кв. {number % 84 + 1}",
        due_at=target.due_at,
        wait=target.wait,
        rings=target.rings,
        texts=target.texts,
        next_medium=target.next_medium,
        result=target.result,
        reason=target.reason,
        ended_at=target.ended_at,
    )
    return TargetLine(made, row.rings, row.seconds_heard, row.key, row.cause, row.last_at)


def _line(
    of: Report, n: int, result: TargetResult | None, reason: str, wait: str, *, is_trying: bool = False
) -> TargetLine:
    rang = result not in (TargetResult.skipped, None) or is_trying or bool(wait)
    is_told = result in (TargetResult.told, TargetResult.opted_out)
    target = Target(
        id=TargetId(0),
        campaign=of.campaign.id,
        customer=None,
        name="",
        number="",
        others=(),
        language="ru",
        zone="",
        address="",
        due_at=NOW + timedelta(minutes=4 + n % 9),
        wait=wait,
        rings=(1 + n % 2) if rang else 0,
        texts=int(result in (TargetResult.texted, TargetResult.sent)),
        next_medium=Medium.voice,
        result=result,
        reason="no_number" if result is TargetResult.skipped and n % 3 else reason,
        ended_at=NOW - timedelta(minutes=n % 20) if result else None,
    )
    return TargetLine(
        target,
        rings=target.rings,
        seconds_heard=12.0 + n % 9 if is_told else None,
        key="9" if result is TargetResult.opted_out else ("1" if is_told and n % 2 else None),
        cause=16 if is_told else 17 if wait == "retry_busy" else None,
        last_at=NOW - timedelta(minutes=n % 20) if rang else None,
    )


def preview() -> Preview:
    """Of an emergency on a feeder with 504 customers."""
    skipped = [("dnc", Text("в списке с 01.11.2025, клавиша 9", "listed since 2025-11-01, key 9"))] * 3
    people = [
        Prospect(_new(n, TargetResult.skipped), rule, evidence)
        for n, (rule, evidence) in enumerate(
            [*skipped, ("no_number", Text("", "")), ("no_number", Text("", ""))]
        )
    ]
    quiet = Text("в Омске сейчас 21:42", "it is 21:42 in Omsk")
    people += [
        Prospect(_new(n + 5, None), "quiet_hours", quiet, NOW + timedelta(hours=11, minutes=18))
        for n in range(4)
    ]
    people += [Prospect(_new(n + 9, None)) for n in range(40)]
    return Preview(
        voice=VOICE,
        sms=SMS,
        caller=CALLER,
        sms_parts={"ru": 2, "en": 1},
        sms_alphabet={"ru": "UCS-2", "en": "GSM-7"},
        customers=504,
        by_phone=463,
        by_sms=24,
        waiting={"quiet_hours": 12},
        skipped={"dnc": 3, "no_number": 14},
        prospects=tuple(people),
    )


def _new(n: int, result: TargetResult | None) -> NewTarget:
    return NewTarget(
        customer=CustomerId(n + 1),
        name=_FAMILIES[n % len(_FAMILIES)] + (f" {n}" if n >= len(_FAMILIES) else ""),
        number="" if result and n > 2 else f"+7920155{2000 + n}",
        others=(),
        language="ru",
        zone="Europe/Moscow",
        address=f"Тверь, {STREETS[n % 4]}, д. 7, кв. {n + 1}",
        next_medium=Medium.sms if n % 11 == 10 else Medium.voice,
        result=result,
    )


def board() -> tuple[tuple[Outage, ...], tuple[Report, ...]]:
    """Outages in each state, and their campaigns: running, halted, superseded, done, none."""
    emergency = outage()
    unknown = outage(
        "TP-5",
        id=2,
        state=OutageState.confirmed,
        lasts=None,
        began=6,
        cause=Text("остановка насосной станции", "a stop of the pumping station"),
        nodes=("H-101", "H-102"),
    )
    planned = outage(
        "2026-098",
        id=3,
        state=OutageState.changed,
        kind=OutageKind.planned,
        revision=3,
        began=300,
        lasts=240,
        cause=Text("плановые работы на магистрали", "planned works on the trunk line"),
        nodes=("F-14", "H-001", "H-002"),
    )
    restored = outage("2026-090", id=4, state=OutageState.restored, began=900, lasts=200)
    hostile = outage(
        "2026-091",
        id=5,
        state=OutageState.cancelled,
        began=600,
        lasts=None,
        cause=Text(HOSTILE, HOSTILE),
        nodes=("F-90",),
    )
    reports = (
        running(emergency),
        report(
            planned,
            id=2,
            state=CampaignState.superseded,
            reason="changed",
            results={TargetResult.told: 100, TargetResult.replaced: 150},
            now=Text("заменено более новым сообщением", "newer news is told instead"),
            age=200,
        ),
        report(
            planned,
            id=3,
            state=CampaignState.halted,
            reason="trunk_gone",
            news=News.changed,
            results={TargetResult.told: 12, TargetResult.skipped: 8},
            waiting={"quiet_hours": 412},
            now=GONE,
        ),
        report(
            restored,
            id=4,
            state=CampaignState.done,
            results={TargetResult.told: 480, TargetResult.texted: 20, TargetResult.not_reached: 4},
            now=Text("закончено; не оповещены 4 получателя", "finished; 4 recipients not told"),
        ),
        report(hostile, id=5, state=CampaignState.stopped, results={}, now=Text("остановил olga", "by olga")),
    )
    return (emergency, unknown, planned, restored, hostile), reports
