"""The Dialer: what it makes of the facts of its PBX, and of the failures of its link."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from callcore.ami import dialer as module
from callcore.ami.client import AmiSettings
from callcore.ami.dialer import AmiDialer
from callcore.calls.attempt import AttemptId, Medium
from callcore.calls.facts import (
    ChannelAnswered,
    ChannelCreated,
    ChannelHungUp,
    DialledOut,
    Fact,
    LinkLost,
    OriginateFailed,
    Snapshot,
)
from callcore.calls.number_history import NumberHistory
from callcore.domain import ChannelId, ChannelRef, Interface, PbxName
from callcore.outbound.gate import Ask, Destinations, Permit, Profile, Purpose, decide
from callcore.outbound.ports import (
    CallAnswered,
    CallDialled,
    CallHungUp,
    CallNews,
    CallNotMade,
    CallOrder,
    NotSent,
    PhoneOrder,
    Refused,
    RouteBack,
    RouteGone,
    RouteLost,
    Trace,
    Unsure,
)
from callcore.testing.ami import SILENT, ScriptedAmi, listing, refusal
from callcore.testing.patience import PATIENCE_SECONDS

from .conftest import Running, Start

MAIN = PbxName("main")
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ORDER = CallOrder("/prompts/notice", "ru", 30, "")
BY_PHONE = PhoneOrder(Interface("PJSIP/101"), 20, 30, "")
ID = AttemptId("a1")


def permit(attempt: str = ID, *, route: str = MAIN, medium: Medium = Medium.voice) -> Permit:
    profile = Profile("test", None, None, 9, 9, timedelta(days=1), Destinations(("+7",)))
    ask = Ask(AttemptId(attempt), medium, Purpose.notice, "+79160000001", "Europe/Moscow", route, profile)
    answer = decide(ask, NumberHistory(), NOW)
    assert isinstance(answer, Permit)
    return answer


def channel(name: str) -> ChannelRef:
    return ChannelRef(MAIN, ChannelId(name))


def created(name: str) -> Fact:
    return ChannelCreated(channel(name), f"Local/7@callcore-dial-{name};1", name, None, None, None, "")


class Placing:
    """A Dialer with its news, on a link that runs against a scripted PBX."""

    def __init__(self, running: Running) -> None:
        self.link = running.link
        self.running = running
        self.news: list[CallNews] = []
        self.now = NOW
        self.dialer = AmiDialer(running.link, self.news.append, lambda: self.now)

    def take(self, *facts: Fact) -> None:
        for fact in facts:
            self.dialer.take_fact(fact)


@pytest.fixture
async def placing(pbx: ScriptedAmi, start: Start) -> Placing:
    return Placing(await start(pbx.settings()))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_what_is_sent(pbx: ScriptedAmi, placing: Placing) -> None:
    await placing.dialer.dial(permit(), ORDER)
    (sent,) = pbx.actions("Originate")
    assert sent["channel"] == "Local/79160000001@callcore-dial/n"
    assert (sent["channelid"], sent["otherchannelid"]) == ("a1", "a1-b")
    assert (sent["context"], sent["exten"], sent["priority"]) == ("callcore-campaign", "s", "1")
    assert (sent["async"], sent["timeout"]) == ("true", "35000")
    assert sent["variable"].split("\n") == [
        "__CALLCORE_ATTEMPT=a1",
        "__CALLCORE_NOTICE=/prompts/notice",
        "__CALLCORE_LANGUAGE=ru",
        "__CALLCORE_RING=30",
    ]
    assert "application" not in sent
    assert "callerid" not in sent


async def test_the_life_of_a_call(placing: Placing) -> None:
    placing.take(
        created("a1"),
        created("a1-b"),
        created("1795.17"),
        ChannelAnswered(channel("a1-b")),
        ChannelAnswered(channel("a1")),
        ChannelHungUp(channel("1795.17"), 16),
        DialledOut(channel("a1"), "ANSWER", 16),
        ChannelHungUp(channel("a1-b"), 16),
        ChannelHungUp(channel("a1"), 16),
    )
    assert placing.news == [CallAnswered(ID), CallDialled(ID, "ANSWER", 16), CallHungUp(ID, 16)]


async def test_the_link_is_news(placing: Placing) -> None:
    placing.take(LinkLost(MAIN), Snapshot(MAIN, 2, (), (), ()))
    assert placing.news == [RouteLost("main"), RouteBack("main")]


async def test_no_channel_at_all(placing: Placing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DOUBT_SECONDS", 0.001)
    await placing.dialer.dial(permit(), ORDER)
    placing.take(OriginateFailed(channel("a1"), 0), OriginateFailed(channel("a1"), 0))
    assert placing.news == []
    await until(lambda: placing.news != [])
    assert placing.news == [CallNotMade(ID)]


@pytest.mark.parametrize(
    "facts",
    [
        [created("a1"), OriginateFailed(channel("a1"), 0), ChannelHungUp(channel("a1"), 17)],
        [OriginateFailed(channel("a1"), 0), created("a1"), ChannelHungUp(channel("a1"), 17)],
        [created("a1"), ChannelHungUp(channel("a1"), 17), OriginateFailed(channel("a1"), 0)],
        [OriginateFailed(channel("a1"), 0), ChannelHungUp(channel("a1"), 17)],
    ],
)
async def test_a_failure_means_nothing_where_there_was_a_channel(
    placing: Placing, monkeypatch: pytest.MonkeyPatch, facts: list[Fact]
) -> None:
    monkeypatch.setattr(module, "DOUBT_SECONDS", 0.001)
    await placing.dialer.dial(permit(), ORDER)
    await placing.dialer.dial(permit("other"), ORDER)
    placing.take(*facts, OriginateFailed(channel("other"), 0))
    await until(lambda: CallNotMade(AttemptId("other")) in placing.news)
    assert placing.news == [CallHungUp(ID, 17), CallNotMade(AttemptId("other"))]


async def test_a_failure_means_nothing_for_an_id_that_lives_or_after_a_loss(
    placing: Placing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DOUBT_SECONDS", 0.001)
    await placing.dialer.dial(permit(), ORDER)
    placing.take(created("a1"))
    await placing.dialer.dial(permit(), ORDER)
    placing.take(OriginateFailed(channel("a1"), 0), OriginateFailed(channel("stranger"), 0))
    await placing.dialer.dial(permit("lost"), ORDER)
    placing.take(OriginateFailed(channel("lost"), 0), LinkLost(MAIN))
    await placing.dialer.dial(permit("other"), ORDER)
    placing.take(OriginateFailed(channel("other"), 0))
    await until(lambda: CallNotMade(AttemptId("other")) in placing.news)
    assert placing.news == [RouteLost("main"), CallNotMade(AttemptId("other"))]


async def test_without_a_link(pbx: ScriptedAmi, start: Start) -> None:
    placing = Placing(await start(AmiSettings(MAIN, "127.0.0.1", "x", "x", port=pbx.port), up=False))
    assert placing.dialer.trouble is not None
    with pytest.raises(RouteGone):
        await placing.dialer.dial(permit(), ORDER)
    with pytest.raises(RouteGone):
        await placing.dialer.trace([ID])
    await placing.dialer.hang_up(ID)
    await placing.link.tried()
    assert placing.link.trouble is not None
    assert placing.dialer.trouble == placing.link.trouble.why
    assert pbx.actions("Originate") == []


async def test_unsure_once_it_was_written(pbx: ScriptedAmi, placing: Placing) -> None:
    pbx.answers["Originate"] = SILENT
    dialling = asyncio.create_task(placing.dialer.dial(permit(), ORDER))
    await pbx.until(lambda: bool(pbx.actions("Originate")))
    pbx.cut()
    with pytest.raises(Unsure):
        await dialling


async def test_unsure_without_an_answer(
    pbx: ScriptedAmi, placing: Placing, monkeypatch: pytest.MonkeyPatch
) -> None:
    pbx.answers["Originate"] = SILENT
    monkeypatch.setattr(module, "DIAL_LIMIT_SECONDS", 0.01)
    with pytest.raises(Unsure):
        await placing.dialer.dial(permit(), ORDER)


@pytest.mark.parametrize(
    ("text", "kind", "word"),
    [
        ("Extension does not exist.", RouteGone, "callcore.conf"),
        ("Permission denied", RouteGone, "originate"),
        ("Channel not specified", Refused, "Channel"),
    ],
)
async def test_what_asterisk_refuses(
    pbx: ScriptedAmi, placing: Placing, text: str, kind: type[NotSent], word: str
) -> None:
    pbx.answers["Originate"] = refusal(text)
    with pytest.raises(kind, match=word):
        await placing.dialer.dial(permit(), ORDER)


@pytest.mark.parametrize(
    ("text", "kind", "word"),
    [
        ("Extension does not exist.", NotSent, "callcore-placed"),
        ("Permission denied", RouteGone, "originate"),
        ("Channel not specified", NotSent, "Channel"),
    ],
)
async def test_what_asterisk_refuses_of_a_phone(
    pbx: ScriptedAmi, placing: Placing, text: str, kind: type[NotSent], word: str
) -> None:
    """A phone, or an include of an older callcore, is no trouble of the trunk's."""
    pbx.answers["Originate"] = refusal(text)
    with pytest.raises(NotSent, match=word) as caught:
        await placing.dialer.dial(permit(), BY_PHONE)
    assert type(caught.value) is kind


async def test_a_phone_that_is_none_is_never_rung(pbx: ScriptedAmi, placing: Placing) -> None:
    with pytest.raises(NotSent) as caught:
        await placing.dialer.dial(permit(), PhoneOrder(Interface("101"), 20, 30, ""))
    assert type(caught.value) is NotSent


async def test_what_is_never_sent(pbx: ScriptedAmi, placing: Placing) -> None:
    with pytest.raises(Refused):
        await placing.dialer.dial(permit(route="other"), ORDER)
    with pytest.raises(Refused):
        await placing.dialer.dial(permit(medium=Medium.sms), ORDER)
    with pytest.raises(Refused):
        await placing.dialer.dial(permit(), CallOrder("a,b", "ru", 30, ""))
    placing.now = NOW + timedelta(days=1)
    with pytest.raises(NotSent, match="too old"):
        await placing.dialer.dial(permit(), ORDER)
    assert pbx.actions("Originate") == []


async def test_trace(pbx: ScriptedAmi, placing: Placing) -> None:
    key = "/callcore-dial/{}/dial"
    pbx.channels = [(("Event", "Status"), ("Uniqueid", "alive"), ("Channel", "Local/1@x-1;1"))]
    rows = [
        (("Event", "DBGetTreeResponse"), ("Key", key.format("alive")), ("Val", "dialling|1795000000")),
        (("Event", "DBGetTreeResponse"), ("Key", key.format("a1")), ("Val", "BUSY|17|1795000001|1795000000")),
    ]
    pbx.answers["DBGetTree"] = listing(rows, "DBGetTreeComplete")
    asked = [AttemptId("alive"), ID, AttemptId("unknown")]
    traces = await placing.dialer.trace(asked)
    began = datetime.fromtimestamp(1795000000, UTC)
    assert traces.by_attempt == {
        "alive": Trace(is_alive=True, dialling_at=began),
        "a1": Trace(dialling_at=began, status="BUSY", cause=17, ended_at=began + timedelta(seconds=1)),
        "unknown": Trace(),
    }
    assert pbx.actions("DBGetTree")[-1]["family"] == "callcore-dial"
    # this PBX does not say how long it has been running
    assert traces.pbx_started_at == NOW


async def test_trace_knows_when_the_pbx_began(pbx: ScriptedAmi, start: Start) -> None:
    pbx.uptime = 3600
    pbx.answers["DBGetTree"] = listing([], "DBGetTreeComplete")
    placing = Placing(await start(pbx.settings()))
    started_at = (await placing.dialer.trace([])).pbx_started_at
    assert NOW - timedelta(seconds=3660) < started_at <= NOW - timedelta(seconds=3600)


async def test_trace_of_an_empty_journal_and_of_a_pbx_that_refuses(
    pbx: ScriptedAmi, placing: Placing
) -> None:
    pbx.answers["DBGetTree"] = refusal("Database entry not found")
    assert (await placing.dialer.trace([ID])).by_attempt == {ID: Trace()}
    pbx.answers["DBGetTree"] = refusal("Permission denied")
    with pytest.raises(RouteGone, match="Permission"):
        await placing.dialer.trace([ID])


async def test_trace_over_a_link_that_is_lost(pbx: ScriptedAmi, placing: Placing) -> None:
    pbx.answers["DBGetTree"] = SILENT
    tracing = asyncio.create_task(placing.dialer.trace([ID]))
    await pbx.until(lambda: len(pbx.actions("DBGetTree")) == 2)  # the link itself has asked, too
    pbx.cut()
    with pytest.raises(RouteGone):
        await tracing


async def test_hang_up(pbx: ScriptedAmi, placing: Placing) -> None:
    pbx.answers["Hangup"] = refusal("No such channel")
    await placing.dialer.hang_up(ID)
    assert [(sent["channel"], sent["cause"]) for sent in pbx.actions("Hangup")] == [("a1", "16")]


# --- a living channel rings a number


async def test_a_living_channel_that_bears_the_mark_is_found(pbx: ScriptedAmi, placing: Placing) -> None:
    pbx.channels = [
        (("Event", "Status"), ("Uniqueid", "1795.1"), ("Variable", "CALLCORE_ATTEMPT=a1")),
        (("Event", "Status"), ("Uniqueid", "a2"), ("Variable", "CALLCORE_ATTEMPT=(null)")),
        (
            ("Event", "Status"),
            ("Uniqueid", "1795.3"),
            ("Context", "callcore-carry"),
            ("Variable", "CALLCORE_ATTEMPT=a3"),
        ),
    ]
    pbx.answers["DBGetTree"] = listing([], "DBGetTreeComplete")
    found = (await placing.dialer.trace([AttemptId(id) for id in ("a1", "a2", "a3")])).by_attempt
    assert (found[AttemptId("a1")].is_marked, found[AttemptId("a1")].is_alive) == (True, False)
    assert (found[AttemptId("a2")].is_marked, found[AttemptId("a2")].is_alive) == (False, True)
    assert [trace.is_carrying for trace in found.values()] == [False, False, True]
