"""Queue members over real AMI links to scripted PBXs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from callcore.ami.client import AmiLink
from callcore.calls import effects as do
from callcore.domain import CallId, Interface, Login, PbxName, QueueName
from callcore.floor import members as members_module
from callcore.floor.members import Members
from callcore.testing.ami import SILENT, ScriptedAmi, refusal
from callcore.testing.patience import PATIENCE_SECONDS

MAIN, SECOND = PbxName("main"), PbxName("second")
PHONE = Interface("PJSIP/101")
FINANCE, EXPERT = QueueName("finance"), QueueName("expert")


def add(queue: QueueName = FINANCE, pbx: PbxName = MAIN, phone: str = PHONE) -> do.AddMember:
    return do.AddMember(f"add:{queue}", pbx, queue, Interface(phone), "Anna", True, "not_ready")


def remove(queue: QueueName = FINANCE, pbx: PbxName = MAIN) -> do.RemoveMember:
    return do.RemoveMember(f"remove:{queue}", pbx, queue, PHONE)


def pause(*queues: QueueName, paused: bool = True, pbx: PbxName = MAIN) -> do.PauseMember:
    return do.PauseMember("pause", pbx, queues, PHONE, paused, "lunch" if paused else "")


@asynccontextmanager
async def members_of(*pbxs: ScriptedAmi, up: bool = True) -> AsyncIterator[Members]:
    """Members over links to ``pbxs``: the first is main, the next second."""
    links = {}
    for name, pbx in zip((MAIN, SECOND), pbxs, strict=False):
        settings: Any = pbx.settings(name=name)
        links[name] = AmiLink(settings, asyncio.Queue(1000))
    running = [asyncio.create_task(link.run()) for link in links.values()] if up else []
    if up:
        for link in links.values():
            await link.settled()
    members = Members(links)
    worker = asyncio.create_task(members.run())
    try:
        yield members
    finally:
        worker.cancel()
        for link in links.values():
            await link.stop()
        await asyncio.gather(worker, *running, return_exceptions=True)


@pytest.fixture
async def pbx() -> AsyncIterator[ScriptedAmi]:
    async with ScriptedAmi() as pbx:
        yield pbx


def told(pbx: ScriptedAmi) -> list[tuple[str, str, str]]:
    """Action, queue and pause of each member action, in the order in which they came."""
    return [
        (action["action"], action["queue"], action.get("paused", ""))
        for action in pbx.received
        if action["action"].startswith("Queue") and action["action"] != "QueueStatus"
    ]


async def drained(members: Members) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        await members.drain()


async def test_in_the_order_in_which_they_were_asked_for(pbx: ScriptedAmi) -> None:
    async with members_of(pbx) as members:
        for effect in (add(), add(EXPERT), pause(FINANCE, EXPERT, paused=False), pause(FINANCE), remove()):
            members.carry(effect)
        await drained(members)
    assert told(pbx) == [
        ("QueueAdd", FINANCE, "true"),
        ("QueueAdd", EXPERT, "true"),
        ("QueuePause", FINANCE, "false"),
        ("QueuePause", EXPERT, "false"),
        ("QueuePause", FINANCE, "true"),
        ("QueueRemove", FINANCE, ""),
    ]
    assert pbx.actions("QueueAdd")[0]["membername"] == "Anna"


async def test_a_silent_pbx_does_not_hold_up_the_other(pbx: ScriptedAmi) -> None:
    async with ScriptedAmi() as second, members_of(pbx, second) as members:
        pbx.answers["QueueAdd"] = SILENT
        members.carry(add())
        await pbx.until(lambda: bool(pbx.actions("QueueAdd")))
        members.carry(add(EXPERT))
        members.carry(add(pbx=SECOND))
        await second.until(lambda: bool(second.actions("QueueAdd")))
        assert told(pbx) == [("QueueAdd", FINANCE, "true")], "one after the other"


async def test_what_was_asked_of_nobody(pbx: ScriptedAmi) -> None:
    """Other rooms' effects, and a PBX that is not in the settings."""
    async with members_of(pbx) as members:
        members.carry(do.CloseCard("k", Login("anna"), CallId("c")))
        members.carry(add(pbx=SECOND))
        await drained(members)
    assert told(pbx) == []


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Unable to add interface: Already there", "debug"),
        ("Unable to remove interface from queue: Not there", "debug"),
        ("Interface not found", "debug"),
        ("Unable to add interface to queue: No such queue", "error"),
        ("Permission denied", "error"),
    ],
)
async def test_a_refusal(pbx: ScriptedAmi, text: str, level: str) -> None:
    pbx.answers["QueueAdd"] = refusal(text)
    async with members_of(pbx) as members:
        with capture_logs() as logs:
            members.carry(add())
            members.carry(pause(FINANCE))
            await drained(members)
    assert [(e["event"], e["log_level"], e["key"]) for e in logs if "key" in e] == [
        ("member_action_refused", level, "add:finance")
    ]
    assert told(pbx)[-1][0] == "QueuePause", "the next one is tried all the same"


async def test_one_queue_refuses_a_pause(pbx: ScriptedAmi) -> None:
    """The others have to hear of it: he would be rung there."""

    def answer(action: Mapping[str, str]) -> bytes | None:
        one = refusal("Interface not found") if action["queue"] == FINANCE else pbx._default
        return one(action)

    pbx.answers["QueuePause"] = answer
    async with members_of(pbx) as members:
        members.carry(pause(FINANCE, EXPERT))
        await drained(members)
    assert [queue for _, queue, _ in told(pbx)] == [FINANCE, EXPERT]


async def test_without_a_link_it_is_given_up(pbx: ScriptedAmi) -> None:
    async with members_of(pbx, up=False) as members:
        with capture_logs() as logs:
            members.carry(add())
            members.carry(pause(FINANCE, EXPERT))
            await drained(members)
    assert [e["event"] for e in logs] == ["member_action_skipped"] * 3
    assert pbx.received == []


async def test_the_link_breaks_in_the_middle(pbx: ScriptedAmi) -> None:
    """What waits for an answer is given up, what comes after the reconnect is carried out."""
    pbx.answers["QueueAdd"] = SILENT
    async with members_of(pbx) as members:
        members.carry(add())
        await pbx.until(lambda: bool(pbx.actions("QueueAdd")))
        del pbx.answers["QueueAdd"]
        pbx.cut()
        await drained(members)
        await members._links[MAIN].settled()  # type: ignore[attr-defined]
        members.carry(add(EXPERT))
        await drained(members)
    assert told(pbx) == [("QueueAdd", FINANCE, "true"), ("QueueAdd", EXPERT, "true")]


@pytest.mark.parametrize("phone", ["", "101", "PJSIP/1\r\nAction: Originate", "third:PJSIP/101"])
async def test_what_is_no_device_is_never_sent(pbx: ScriptedAmi, phone: str) -> None:
    async with members_of(pbx) as members:
        with capture_logs() as logs:
            members.carry(add(phone=phone))
            members.carry(add(EXPERT))
            await drained(members)
    assert [e["log_level"] for e in logs if e["event"] == "member_action_refused"] == ["error"]
    assert told(pbx) == [("QueueAdd", EXPERT, "true")]


async def test_a_link_that_fails_in_an_unknown_way() -> None:
    """The worker lives on."""

    class Broken:
        calls = 0

        async def call(self, action: object, timeout: float = 5.0) -> Any:  # noqa: ASYNC109
            self.calls += 1
            raise RuntimeError("a bug")

    link = Broken()
    members = Members({MAIN: link})
    worker = asyncio.create_task(members.run())
    with capture_logs() as logs:
        members.carry(add())
        members.carry(remove())
        await drained(members)
    assert (link.calls, [e["event"] for e in logs]) == (2, ["member_effect_failed"] * 2)
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker


async def test_an_answer_that_never_comes(pbx: ScriptedAmi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether Asterisk acted nobody knows; the next Snapshot will tell."""
    pbx.answers["QueueAdd"] = SILENT
    ask = AmiLink.call

    async def impatient(self: AmiLink, action: Any, timeout: float = 5.0) -> Any:  # noqa: ASYNC109
        return await ask(self, action, 0.01)

    async with members_of(pbx) as members:
        monkeypatch.setattr(AmiLink, "call", impatient)
        with capture_logs() as logs:
            members.carry(add())
            await drained(members)
    assert [e["event"] for e in logs if "key" in e] == ["member_action_lost"]


async def test_a_pbx_that_answers_nothing_costs_so_much_memory_and_no_more(
    pbx: ScriptedAmi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is dropped is counted; the next Snapshot puts it right."""
    monkeypatch.setattr(members_module, "SIZE", 3)
    pbx.answers["QueueAdd"] = SILENT
    async with members_of(pbx) as members:
        members.carry(add())
        await pbx.until(lambda: bool(pbx.actions("QueueAdd")))
        with capture_logs() as logs:
            for _ in range(3):
                members.carry(pause(FINANCE))
            assert not members.dropped
            for _ in range(1001):
                members.carry(remove())
    assert (members.waiting, members.dropped) == ({MAIN: 3}, {MAIN: 1001})
    assert [e["dropped"] for e in logs if e["event"] == "member_actions_dropped"] == [1, 1001]
