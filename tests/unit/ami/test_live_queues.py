"""Do queues and fallback of the PBX fit the settings: what ``check --live`` says of each difference."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from callcore.ami.finding import Finding
from callcore.ami.live_check import check_live
from callcore.ami.live_fallback import WantedFallback, check_fallback
from callcore.ami.live_queues import PenaltyRule, WantedQueue, check_queues
from callcore.domain import QueueName
from callcore.testing.ami import Answer, Row, ScriptedAmi, listing, message, refusal

if TYPE_CHECKING:
    from conftest import Running, Start

EXPERT = QueueName("expert")
RULE = PenaltyRule("callcore-skills-20", 20, 1000)
TODAY = date(2026, 11, 22)
UNTIL = ("callcore-hours", "until")
WAYS = {
    ("callcore-topics", "finance.balance"): (
        "Set(CALLCORE_STATIC=finance)",
        "Goto(callcore-hours,table.finance,1)",
    ),
    ("callcore-hours", "table.finance"): ("Goto(closed.finance,1)",),
    ("callcore-hours", "finance.20261231"): ("Goto(closed.finance,1)",),
    UNTIL: ("NoOp(20271127)",),
}


def queue(name: str = "expert", strategy: str = "rrmemory", weight: str = "0") -> Row:
    return (("Event", "QueueParams"), ("Queue", name), ("Strategy", strategy), ("Weight", weight))


def member(interface: str = "PJSIP/101") -> Row:
    return (("Event", "QueueMember"), ("Queue", "expert"), ("Location", interface))


def rule(*changes: str) -> Answer:
    rows = [("Rule", change) for change in changes]
    return lambda action: message(
        ("Response", "Success"), ("ActionID", action["actionid"]), ("RuleList", action["rule"]), *rows
    )


async def of_queues(one: Running, *queues: WantedQueue) -> list[Finding]:
    return [finding async for finding in check_queues(one.link, queues)]


async def test_a_queue_as_it_should_be(pbx: ScriptedAmi, start: Start) -> None:
    pbx.queues = [queue()]
    (found,) = await of_queues(await start(pbx.settings()), WantedQueue(EXPERT, "rrmemory", 0))
    assert (found.level, found.place) == ("ok", "queues.conf [expert]")


async def test_each_value_that_differs_is_named(pbx: ScriptedAmi, start: Start) -> None:
    """It works all the same, so it is no fault."""
    pbx.queues = [queue(strategy="ringall", weight="3")]
    (found,) = await of_queues(await start(pbx.settings()), WantedQueue(EXPERT, "rrmemory", 0))
    assert found.level == "warning"
    assert (
        found.message.en
        == "strategy = ringall, but rrmemory in the settings; weight = 3, but 0 in the settings"
    )
    assert "--part queues" in found.remedy.ru


async def test_what_is_not_asked_may_be_anything(pbx: ScriptedAmi, start: Start) -> None:
    pbx.queues = [queue(strategy="ringall", weight="3")]
    (found,) = await of_queues(await start(pbx.settings()), WantedQueue(EXPERT))
    assert found.level == "ok"


async def test_a_queue_that_is_missing(pbx: ScriptedAmi, start: Start) -> None:
    pbx.queues = [queue("sales")]
    (found,) = await of_queues(await start(pbx.settings()), WantedQueue(EXPERT, "rrmemory", 0))
    assert (found.level, found.message.ru) == ("fault", "нет очереди expert")


async def test_a_talking_operator_would_be_rung(pbx: ScriptedAmi, start: Start) -> None:
    pbx.queues = [queue(), member()]
    pbx.answers["Getvar"] = lambda action: message(
        ("Response", "Success"),
        ("ActionID", action["actionid"]),
        ("Variable", action["variable"]),
        ("Value", "1"),
    )
    _there, found = await of_queues(await start(pbx.settings()), WantedQueue(EXPERT))
    assert found.level == "warning"
    assert "PJSIP/101" in found.message.en


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        (rule("20,1000,0,0"), "ok"),
        (rule("20,1000,0"), "ok"),
        (rule("5,5,0", "20,1000,0"), "ok"),
        (rule("30,1000,0,0"), "fault"),
        (rule("20,9,0,0"), "fault"),
        (rule(), "fault"),
        (refusal("no such action"), "fault"),
    ],
)
async def test_the_rule_that_lets_the_others_in(
    pbx: ScriptedAmi, start: Start, answer: Answer, level: str
) -> None:
    pbx.queues = [queue(), queue("sales")]
    pbx.answers["QueueRule"] = answer
    wanted = (WantedQueue(EXPERT, rule=RULE), WantedQueue(QueueName("sales"), rule=RULE))
    *_queues, found = await of_queues(await start(pbx.settings()), *wanted)
    assert (found.level, found.place) == (level, "queuerules.conf [callcore-skills-20]")
    assert [action["rule"] for action in pbx.received if action["action"] == "QueueRule"] == [RULE.name]


# --- the fallback


def shown(ways: dict[tuple[str, str], tuple[str, ...]]) -> Answer:
    """As ShowDialPlan lists it; later priorities have no name of their extension's."""

    def answer(action: dict[str, str]) -> bytes | None:
        rows: list[Row] = []
        for (context, extension), lines in ways.items():
            for priority, line in enumerate(lines, 1):
                name, _, data = line.partition("(")
                rows.append(
                    (
                        ("Event", "ListDialplan"),
                        ("Context", context),
                        ("Extension", extension),
                        ("Priority", str(priority)),
                        ("Application", name),
                        ("AppData", data[:-1]),
                    )
                )
        rows = [row for row in rows if dict(row)["Context"] == action["context"]]
        if not rows:
            return refusal("Did not find context")(action)
        return listing(rows, "ShowDialPlanComplete")(action)

    return answer  # type: ignore[return-value]


async def of_fallback(
    pbx: ScriptedAmi, start: Start, there: dict[tuple[str, str], tuple[str, ...]], today: date = TODAY
) -> Finding:
    pbx.answers["ShowDialPlan"] = shown(there)
    return await check_fallback((await start(pbx.settings())).link, WantedFallback(WAYS, today, UNTIL))


async def test_a_fallback_of_these_tables(pbx: ScriptedAmi, start: Start) -> None:
    assert (await of_fallback(pbx, start, WAYS)).level == "ok"


async def test_no_fallback_by_topics(pbx: ScriptedAmi, start: Start) -> None:
    found = await of_fallback(pbx, start, {})
    assert (found.level, found.message.en) == (
        "warning",
        "there is no fallback by topics: without callcore all calls go to one queue",
    )


@pytest.mark.parametrize(
    "change",
    [
        {("callcore-topics", "finance.balance"): ("Set(CALLCORE_STATIC=sales)",)},
        {("callcore-topics", "finance.gone"): ("Goto(x,y,1)",)},
        {("callcore-hours", "finance.20270101"): ("Goto(closed.finance,1)",)},
    ],
)
async def test_a_fallback_of_other_tables(
    pbx: ScriptedAmi, start: Start, change: dict[tuple[str, str], tuple[str, ...]]
) -> None:
    found = await of_fallback(pbx, start, WAYS | change)
    assert found.level == "warning"
    assert next(iter(change))[1] in found.message.ru


async def test_a_day_that_is_over_does_not_count(pbx: ScriptedAmi, start: Start) -> None:
    over = {("callcore-hours", "finance.20261104"): ("Goto(closed.finance,1)",)}
    assert (await of_fallback(pbx, start, WAYS | over)).level == "ok"


@pytest.mark.parametrize(
    ("last", "level"), [("20261222", "ok"), ("20261221", "warning"), ("20261101", "warning")]
)
async def test_a_fallback_that_is_old(pbx: ScriptedAmi, start: Start, last: str, level: str) -> None:
    """It need not know dates after its last one; but there has to be some time left."""
    there = {place: lines for place, lines in WAYS.items() if place[1] != "finance.20261231"}
    found = await of_fallback(pbx, start, there | {UNTIL: (f"NoOp({last})",)})
    assert found.level == level
    assert level == "ok" or f"{last[:4]}-{last[4:6]}-{last[6:]}" in found.message.en


# --- internal numbers


@pytest.mark.parametrize(("context", "level"), [("", "fault"), ("nowhere", "fault"), ("internal", "ok")])
async def test_rows_lead_to_internal_numbers(
    pbx: ScriptedAmi, start: Start, context: str, level: str
) -> None:
    pbx.answers["Getvar"] = lambda action: message(
        ("Response", "Success"),
        ("ActionID", action["actionid"]),
        ("Variable", action["variable"]),
        ("Value", context),
    )
    pbx.answers["ShowDialPlan"] = shown({("internal", "101"): ("Dial(PJSIP/101)",)})
    report = await check_live((await start(pbx.settings())).link, [], [], inside=True)
    (found,) = [each for each in report.findings if each.place == "extensions.conf [globals]"]
    assert found.level == level
    assert level == "ok" or found.remedy.ru


async def test_nobody_is_asked_for_a_context_that_no_row_needs(pbx: ScriptedAmi, start: Start) -> None:
    report = await check_live((await start(pbx.settings())).link, [], [])
    assert not [each for each in report.findings if "globals" in each.place]
