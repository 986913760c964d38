"""Queues, rules and the static fallback as ``callcore dialplan`` prints them, on real Asterisks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callcore.ami import actions
from callcore.ami.client import AmiLink, AmiSettings
from callcore.ami.feed import Inbox
from callcore.ami.live_check import check_live
from callcore.ami.live_fallback import WantedFallback
from callcore.ami.live_queues import PenaltyRule, WantedQueue
from callcore.ami.protocol import AmiAction
from callcore.calls import facts as f
from callcore.calls.queue_book import QueueBook
from callcore.domain import Interface, Language, PbxName, QueueName, Text, TopicCode
from callcore.ivr.dialplan import own_contexts
from callcore.ivr.fallback import HOURS_CONTEXT, UNTIL, StaticWays, render_fallback, static_ways
from callcore.ivr.queue_file import ANYBODY, QueueDefinition, render_queues, render_rules, rule_name
from callcore.routing.hours import is_open
from callcore.routing.legs import ToQueue
from callcore.routing.skills import OTHERS, penalties, queue_variables
from callcore.routing.tables import Topic, TopicTable, TopicTables
from callcore.routing.timetable import ALL_DAY, Hours, Span, SpecialDay
from callcore.testing.lab import AsteriskLab
from callcore.testing.patience import PATIENCE_SECONDS

from .conftest import Ear, the_include

MAIN = PbxName("main")
EXPERT, FINANCE = QueueName("expert"), QueueName("finance")
WANTED = {EXPERT: frozenset({"fmc"})}
FIRST_SECONDS = 3
QUEUES = (
    QueueDefinition(
        EXPERT,
        strategy="ringall",
        timeout_seconds=1,
        retry_seconds=1,
        announce="both",
        exit_by_key=True,
        skills_first_seconds=FIRST_SECONDS,
    ),
    QueueDefinition(FINANCE, weight=3, announce="position", announce_seconds=5),
)
SKILLED, UNSKILLED = Interface("Local/201@desks"), Interface("Local/202@desks")
TODAY = date(2026, 11, 22)
MOSCOW = ZoneInfo("Europe/Moscow")
NIGHT = (Span(20 * 60, 26 * 60),)
TABLES = TopicTables(
    tuple(
        TopicTable(
            code,
            Text(code, code),
            hours,
            Text("Мы закрыты.", "We are closed."),
            (Topic(TopicCode(f"{code}.balance"), Text("Баланс", "Balance"), queue),),
        )
        for code, queue, hours in (
            (
                "finance",
                FINANCE,
                Hours(
                    MOSCOW,
                    ((Span(9 * 60, 18 * 60),),) * 5 + (NIGHT, ()),  # type: ignore[arg-type]
                    "RU",
                    special=(SpecialDay(date(2026, 11, 25), (Span(600, 660),), Text("", "")),),
                ),
            ),
            ("expert", EXPERT, Hours(ZoneInfo("Asia/Kamchatka"), (ALL_DAY,) * 7)),
            ("gone", QueueName("no-such-queue"), Hours(MOSCOW, (ALL_DAY,) * 7)),
        )
    ),
    TopicCode("finance.balance"),
)
MOMENTS = [
    datetime(2026, 11, 23, 8, 59, 59, tzinfo=MOSCOW),
    datetime(2026, 11, 23, 9, 0, tzinfo=MOSCOW),
    datetime(2026, 11, 23, 17, 59, 59, tzinfo=MOSCOW),
    datetime(2026, 11, 23, 18, 0, tzinfo=MOSCOW),
    datetime(2026, 11, 25, 9, 30, tzinfo=MOSCOW),
    datetime(2026, 11, 25, 10, 30, tzinfo=MOSCOW),
    datetime(2026, 11, 28, 20, 0, tzinfo=MOSCOW),
    datetime(2026, 11, 29, 1, 59, tzinfo=MOSCOW),
    datetime(2026, 11, 29, 2, 0, tzinfo=MOSCOW),
    datetime(2026, 12, 31, 12, 0, tzinfo=MOSCOW),
    datetime(2027, 1, 4, 12, 0, tzinfo=MOSCOW),
    datetime(2027, 1, 12, 12, 0, tzinfo=MOSCOW),
]
"""Both ends of a day, an exception, the tail of a night, a day off that was moved, holidays, after them."""
DIALPLAN = """[desks]
exten => _X.,1,Ringing()
 same => n,Wait(60)
[enter]
exten => _X.,1,Answer()
 same => n,Queue(${TO},i,,,40)
[wait]
exten => _X.,1,Answer()
 same => n,Goto(callcore-queue,${TO},1)
[line]
exten => _X.,1,Answer()
 same => n,Wait(60)
[fall]
exten => _X.,1,Answer()
 same => n,Goto(callcore-fallback,s,1)
"""


class Pbx:
    """An Asterisk with these files, what it tells, and a link that asks it for things."""

    def __init__(self, lab: AsteriskLab, ear: Ear, link: AmiLink, told: list[f.Fact]) -> None:
        self.lab = lab
        self.ear = ear
        self.link = link
        self.told = told

    async def call(self, context: str, number: int = 1, **variables: str) -> None:
        headers = (
            ("Channel", "Local/100@line"),
            ("Context", context),
            ("Exten", "100"),
            ("Priority", "1"),
            ("CallerID", f"<{number}>"),
            ("Async", "true"),
        )
        await self.link.call(AmiAction("Originate", headers, tuple(variables.items())))

    async def called(self, interface: Interface) -> dict[str, str]:
        return await self.ear.hears("AgentCalled", Interface=interface)

    async def says(self, call: int, sound: str, *, times: int = 1) -> list[str]:
        """Sounds that this caller in a queue has been told by now, once this one is among them, so often."""
        joined = await self.ear.hears("QueueCallerJoin", CallerIDNum=str(call))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (told := self._sounds(joined["Channel"])).count(sound) < times:  # noqa: ASYNC110 - a log
                await asyncio.sleep(0.1)
        return told

    def _sounds(self, channel: str) -> list[str]:
        log = self.lab.log.read_text("utf-8", "replace")
        found = re.findall(rf"<{re.escape(channel)}> Playing '([^'.]+)[^']*' \(language '(\w+)'\)", log)
        return [f"{language}/{sound}" for sound, language in found]

    def who_was_called(self) -> set[str]:
        return {event["Interface"] for event in self.ear.events if event.get("Event") == "AgentCalled"}

    async def seat(self, queue: QueueName, interface: Interface, skills: tuple[str, ...]) -> None:
        behind = penalties(skills, WANTED).get(queue, 0)
        add = actions.queue_add(queue, interface, "Anna", paused=False, reason="", penalty=behind)
        await self.link.call(add)


Open = Callable[..., Any]


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    """``async with opened(22) as pbx``."""

    @asynccontextmanager
    async def make(version: int, ways: StaticWays | None = None, **files: str) -> AsyncIterator[Pbx]:
        fallback = tmp_path / "callcore-topics.conf"
        fallback.write_text("" if ways is None else render_fallback(ways), "utf-8")
        lab = AsteriskLab(
            tmp_path / "pbx",
            includes=[the_include(tmp_path), fallback],
            dialplan=DIALPLAN,
            variables={
                "CALLCORE_AGI": "127.0.0.1:1",
                "CALLCORE_PBX": "main",
                "CALLCORE_FALLBACK_QUEUE": EXPERT,
            },
            extra_files={
                "queues.conf": "[general]\npersistentmembers=no\n" + render_queues(QUEUES),
                "queuerules.conf": "[general]\n" + render_rules(QUEUES),
                **files,
            },
            version=version,
        )
        async with lab:
            ear = await Ear.open(lab)
            told: list[f.Fact] = []
            inbox: Inbox = asyncio.Queue(10_000)
            settings = AmiSettings(MAIN, "127.0.0.1", lab.username, lab.secret, lab.ami_port)
            link = AmiLink(settings, inbox)
            running = [asyncio.create_task(link.run()), asyncio.create_task(_listen(inbox, told))]
            assert await link.settled() == "up"
            try:
                yield Pbx(lab, ear, link, told)
            finally:
                await link.stop()
                for task in running:
                    task.cancel()
                await ear.close()

    return make


async def _listen(inbox: Inbox, told: list[f.Fact]) -> None:
    while True:
        told.append((await inbox.get())[1])


both = pytest.mark.parametrize("version", [22, 16])


@both
async def test_asterisk_understands_every_line(opened: Open, version: int) -> None:
    async with opened(version, static_ways(TABLES, TODAY, _silent)) as pbx:
        log = pbx.lab.log.read_text("utf-8", "replace")
        strange = [
            line
            for line in log.splitlines()
            if re.search("WARNING|ERROR", line) and re.search(r"queue|pbx_config|callcore", line, re.I)
        ]
        assert strange == []
        assert rule_name(FIRST_SECONDS) in await pbx.lab.console("queue show rules")


# --- skills


@both
async def test_a_call_that_asks_for_a_skill(opened: Open, version: int) -> None:
    """It is kept for those who have it; after a while others may take it, and not before."""
    wants = queue_variables(ToQueue(EXPERT, skills=("fmc",)), WANTED)
    async with opened(version) as pbx:
        await pbx.seat(EXPERT, UNSKILLED, ())
        await pbx.call("enter", TO=EXPERT, **wants)
        joined = await pbx.ear.hears("QueueCallerJoin", Queue=EXPERT)
        called = await pbx.called(UNSKILLED)
        waited = float(called["Timestamp"]) - float(joined["Timestamp"])
        assert FIRST_SECONDS - 1.1 < waited < FIRST_SECONDS + 10, "Asterisk counts whole seconds"


@both
async def test_who_has_the_skill_is_rung_first(opened: Open, version: int) -> None:
    wants = queue_variables(ToQueue(EXPERT, skills=("fmc",)), WANTED)
    async with opened(version) as pbx:
        await pbx.seat(EXPERT, UNSKILLED, ())
        await pbx.seat(EXPERT, SKILLED, ("fmc", "english"))
        await pbx.call("enter", TO=EXPERT, **wants)
        await pbx.called(SKILLED)
        await pbx.ear.hears("AgentRingNoAnswer", Interface=SKILLED)
        assert pbx.who_was_called() == {SKILLED}


@both
async def test_a_call_that_asks_for_nothing_rings_all_alike(opened: Open, version: int) -> None:
    wants = queue_variables(ToQueue(EXPERT), WANTED)
    async with opened(version) as pbx:
        await pbx.seat(EXPERT, UNSKILLED, ())
        await pbx.seat(EXPERT, SKILLED, ("fmc",))
        await pbx.call("enter", TO=EXPERT, **wants)
        await pbx.ear.hears("AgentRingNoAnswer", Queue=EXPERT)
        assert pbx.who_was_called() == {SKILLED, UNSKILLED}


@both
async def test_a_skill_that_is_learned_during_the_shift(opened: Open, version: int) -> None:
    async with opened(version) as pbx:
        await pbx.seat(EXPERT, UNSKILLED, ())
        assert await _penalty(pbx, UNSKILLED) == OTHERS
        await pbx.link.call(actions.queue_penalty(EXPERT, UNSKILLED, 0))
        assert await _penalty(pbx, UNSKILLED) == 0


async def _penalty(pbx: Pbx, interface: Interface) -> int:
    rows = (await pbx.link.call(actions.queue_status())).rows
    return next(int(str(row["penalty"])) for row in rows if row.get("location") == interface)


# --- what a waiting caller is told


@both
async def test_a_position_in_his_language(opened: Open, version: int) -> None:
    """Again and again, but not to the first, nor a word of thanks: no phone rings while he listens."""
    async with opened(version) as pbx:
        for number, language in enumerate(("ru", "ru", "en"), 1):
            await pbx.call("wait", number, TO=FINANCE, CALLCORE_LANGUAGE=language)
            await pbx.ear.hears("QueueCallerJoin", Position=str(number))
        second = await pbx.says(2, "ru/queue-callswaiting", times=2)
        third = await pbx.says(3, "en/queue-callswaiting", times=2)
        once = ["queue-thereare", "digits/3", "queue-callswaiting"]
        assert third[:6] == [f"en/{sound}" for sound in once] * 2
        assert second[0] == "ru/queue-thereare"
        assert second[1].startswith("ru/digits/2")
        assert {each for each in (*second, *third) if "thank" in each} == set()
        await pbx.call("wait", 4, TO=FINANCE)
        fourth = await pbx.says(4, "en/queue-callswaiting")
        assert fourth[0] == "en/queue-thereare", "the PBX's own language"
        first = await pbx.ear.hears("QueueCallerJoin", CallerIDNum="1")
        assert pbx._sounds(first["Channel"]) == []


# --- how busy the queues are


async def test_queue_states_are_kept_over_a_new_login(opened: Open) -> None:
    """The second link has seen nothing but the lists; it must say what the first one has from events."""
    async with opened(22) as pbx:
        paused = actions.queue_add(FINANCE, SKILLED, "Anna", paused=True, reason="lunch")
        await pbx.link.call(paused)
        for number in (1, 2):
            await pbx.call("enter", number, TO=FINANCE)
            await pbx.ear.hears(
                "QueueCallerJoin", Queue=FINANCE, CallerIDNum=str(number), Position=str(number)
            )
        live = await _book(pbx.told, lambda line: len(line.waiting) == 2 and len(line.members) == 1)
        inbox: Inbox = asyncio.Queue(1000)
        link, told = AmiLink(pbx.link.settings, inbox), list[f.Fact]()
        running = [asyncio.create_task(link.run()), asyncio.create_task(_listen(inbox, told))]
        listed = await _book(told, lambda line: bool(line.waiting))
        await link.stop()
        for task in running:
            task.cancel()
        assert (listed.members, listed.paused) == (live.members, live.paused) == ({SKILLED}, {SKILLED})
        assert list(listed.waiting) == list(live.waiting)
        for channel, since in live.waiting.items():
            assert abs(listed.waiting[channel] - since) < timedelta(seconds=3)


async def _book(told: list[f.Fact], fits: Callable[[Any], bool]) -> Any:
    """The line of FINANCE, by a book that reads what was told."""
    book, read = QueueBook(()), 0
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            for fact in told[read:]:
                book.take(fact, datetime.now(UTC))
                read += 1
            line = dict(book.lines(MAIN)).get(FINANCE)
            if line is not None and fits(line):
                return line
            await asyncio.sleep(0.01)


# --- the fallback


@both
async def test_the_fallback_keeps_the_hours_of_the_table(opened: Open, tmp_path: Path, version: int) -> None:
    """Queue or announcement at every moment, as the table says."""
    folder = tmp_path / "prompts"
    folder.mkdir()

    def told(_text: str, language: Language) -> str:
        return str(folder / f"closed-{language}")

    async with opened(version, static_ways(TABLES, TODAY, told)) as pbx:
        for number, at in enumerate(MOMENTS, 1):
            language = "en" if number % 2 else "ru"
            when = f"{at.timestamp():.0f}.000000"
            await pbx.call(
                "fall", number, CALLCORE_TOPIC="finance.balance", CALLCORE_LANGUAGE=language, TESTTIME=when
            )
        hours = TABLES.find("finance.balance")[0].hours
        for number, at in enumerate(MOMENTS, 1):
            if is_open(hours, at):
                await pbx.ear.hears("QueueCallerJoin", Queue=FINANCE, CallerIDNum=str(number))
            else:
                await pbx.ear.hears("Hangup", CallerIDNum=str(number), Context="callcore-end")
        joined = {e["CallerIDNum"] for e in pbx.ear.events if e.get("Event") == "QueueCallerJoin"}
        served = [number for number, at in enumerate(MOMENTS, 1) if is_open(hours, at)]
        assert joined == {str(number) for number in served}
        assert 4 <= len(served) <= len(MOMENTS) - 4
        log = pbx.lab.log.read_text("utf-8", "replace")
        assert f'"{folder}/closed-en"' in log
        assert f'"{folder}/closed-ru"' in log


@both
async def test_other_ways_of_the_fallback(opened: Open, version: int) -> None:
    """A queue that is gone, a topic that no table has, none at all, a queue where he waited already."""
    async with opened(version, static_ways(TABLES, TODAY, _silent)) as pbx:
        for number, topic in enumerate(("gone.balance", "nobody.knows", "", "../etc"), 1):
            await pbx.call("fall", number, CALLCORE_TOPIC=topic)
        await pbx.call("fall", 5, CALLCORE_TOPIC="finance.balance", CALLCORE_QUEUE=FINANCE)
        for number in range(1, 6):
            await pbx.ear.hears("QueueCallerJoin", Queue=EXPERT, CallerIDNum=str(number))


async def test_without_the_file_all_calls_go_to_one_queue(opened: Open) -> None:
    async with opened(22) as pbx:
        await pbx.call("fall", CALLCORE_TOPIC="finance.balance")
        await pbx.ear.hears("UserEvent", UserEvent="CallcoreFallback", Queue=EXPERT)
        await pbx.ear.hears("QueueCallerJoin", Queue=EXPERT)


def _silent(_text: str, _language: Language) -> None:
    return None


# --- check --live

RULE = PenaltyRule(rule_name(FIRST_SECONDS), FIRST_SECONDS, ANYBODY)
RIGHT = (WantedQueue(EXPERT, "ringall", 0, RULE), WantedQueue(FINANCE, "rrmemory", 3))


@both
async def test_check_live_is_content_with_what_was_printed(opened: Open, version: int) -> None:
    ways = static_ways(TABLES, TODAY, _silent)
    contexts = [name for name in own_contexts() if name not in actions.DIALLING_CONTEXTS]
    async with opened(version, ways) as pbx:
        wanted = WantedFallback(ways, TODAY, (HOURS_CONTEXT, UNTIL))
        report = await check_live(pbx.link, contexts, RIGHT, fallback=wanted)
        assert [each for each in report.findings if each.level != "ok"] == []
        assert report.level == 3


@both
async def test_check_live_names_each_difference(opened: Open, version: int) -> None:
    before = static_ways(TABLES, date(2025, 11, 1), _silent)
    other = PenaltyRule(rule_name(FIRST_SECONDS), 60, ANYBODY)
    missing = PenaltyRule(rule_name(60), 60, ANYBODY)
    queues = (
        WantedQueue(EXPERT, "linear", 0, other),
        WantedQueue(FINANCE, "rrmemory", 5, missing),
        WantedQueue(QueueName("nowhere")),
    )
    async with opened(version, before) as pbx:
        wanted = WantedFallback(static_ways(TABLES, TODAY, _silent), TODAY, (HOURS_CONTEXT, UNTIL))
        report = await check_live(pbx.link, [], queues, fallback=wanted)
        told = {each.place: (each.level, each.message.en) for each in report.findings if each.level != "ok"}
        hours = "extensions.conf [callcore-topics, callcore-hours]"
        assert told.pop(hours)[0] == "warning"
        assert told.pop("queues.conf [expert]") == (
            "warning",
            "strategy = ringall, but linear in the settings",
        )
        assert told.pop("queues.conf [finance]") == ("warning", "weight = 3, but 5 in the settings")
        assert told.pop("queues.conf [nowhere]") == ("fault", "there is no queue nowhere")
        assert {place: level for place, (level, _message) in told.items()} == {
            f"queuerules.conf [{RULE.name}]": "fault",
            f"queuerules.conf [{missing.name}]": "fault",
        }
