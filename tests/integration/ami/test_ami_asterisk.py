"""The AMI link on a real Asterisk 22."""

import asyncio
import signal

import pytest
from structlog.testing import capture_logs

from callcore.ami import actions
from callcore.ami.client import ActionRefused, BadAction, LinkDown
from callcore.ami.live_check import check_live
from callcore.ami.live_queues import WantedQueue
from callcore.ami.protocol import AmiAction
from callcore.calls import facts
from callcore.calls.effects import AddMember, PauseMember, RemoveMember
from callcore.domain import CallId, Interface, PbxName, QueueName, TopicCode
from callcore.testing.lab import AsteriskLab

from .conftest import Running, Start, Wire

PBX = PbxName("main")
SALES, DEBT = QueueName("sales"), QueueName("debt")
AGENT = Interface("Local/200@agents")


async def carry_out(one: Running, effect: AddMember | RemoveMember | PauseMember) -> None:
    for action in actions.for_effect(effect):
        await one.link.call(action)


def add(queue: QueueName = SALES, name: str = "Мария", *, paused: bool = False) -> AddMember:
    return AddMember("k", PBX, queue, AGENT, name, paused, "no_desk" if paused else "")


# --- login


async def test_login_and_an_empty_snapshot(start: Start) -> None:
    one = await start()
    assert (await one.next(facts.LinkUp)).epoch == 1
    empty = await one.next(facts.Snapshot)
    assert empty == facts.Snapshot(PBX, 1, (), (), (), has_journal=True, queues=empty.queues)
    assert sorted(empty.queues) == [DEBT, SALES]
    assert one.link.booted
    reply = await one.link.call(actions.core_settings())
    assert str(reply.headers["asteriskversion"]).startswith("22.")


@pytest.mark.parametrize("account", [{"secret": "wrong"}, {"username": "outside", "secret": "s1"}])
async def test_wrong_secret_and_acl_are_said_once(start: Start, account: dict[str, str]) -> None:
    with capture_logs() as logs:
        one = await start(up=False, **account)
        assert await one.settled() == "refused"
        for _ in range(2):  # two more attempts
            one.link.state = "connecting"
            assert await one.settled() == "refused"
    told = [entry for entry in logs if entry["event"] == "ami_link_refused"]
    assert [entry["kind"] for entry in told] == ["login"]
    assert "permit = 127.0.0.1/255.255.255.255" in told[0]["remedy"]
    with pytest.raises(LinkDown):
        await one.link.call(actions.ping())


async def test_an_address_that_the_acl_lets_in(start: Start) -> None:
    await start(username="inside", secret="s2")


async def test_an_account_without_rights(start: Start) -> None:
    one = await start(up=False, username="poor", secret="s3", booted_seconds=0.1)
    assert await one.settled() == "refused"
    assert "may not use Status" in one.link.why


# --- queue members


async def test_members_are_added_paused_and_removed(start: Start) -> None:
    one = await start()
    await carry_out(one, add(paused=True))
    member = await one.next(facts.MemberStatus)
    assert (member.queue, member.interface, member.paused) == (SALES, AGENT, True)
    await carry_out(one, PauseMember("k", PBX, (SALES,), AGENT, False, ""))
    assert not (await one.next(facts.MemberStatus)).paused
    await carry_out(one, PauseMember("k", PBX, (SALES,), AGENT, True, "обед"))
    member = await one.next(facts.MemberStatus)
    assert (member.paused, member.paused_reason) == (True, "обед")
    await carry_out(one, RemoveMember("k", PBX, SALES, AGENT))
    assert await one.next(facts.MemberRemoved) == facts.MemberRemoved(PBX, SALES, AGENT)
    with pytest.raises(ActionRefused, match="Not there"):
        await carry_out(one, RemoveMember("k", PBX, SALES, AGENT))


async def test_a_pause_leaves_the_other_queues_alone(start: Start, lab: AsteriskLab) -> None:
    one = await start()
    await carry_out(one, add(SALES))
    await carry_out(one, add(DEBT))
    await carry_out(one, PauseMember("k", PBX, (DEBT,), AGENT, True, "lunch"))
    rows = (await one.link.call(actions.queue_status())).rows
    paused = {row["queue"]: row["paused"] for row in rows if row["event"] == "QueueMember"}
    assert paused == {"sales": "0", "debt": "1"}


# --- a call, and a snapshot of one that lives


async def test_a_queue_call_told_in_facts(start: Start) -> None:
    one = await start()
    await carry_out(one, add())
    await one.originate("Local/100@idle/n", "in", "Иван Петров")
    joined = await one.next(facts.QueueJoined)
    assert (joined.queue, joined.position, joined.caller_name) == (SALES, 1, "Иван Петров")
    called = await one.next(facts.AgentCalled)
    assert (called.channel, called.queue, called.interface) == (joined.channel, SALES, AGENT)
    connected = await one.next(facts.AgentConnected)
    assert (connected.channel, connected.interface) == (joined.channel, AGENT)
    assert connected.member_channel == called.member_channel
    await one.next(facts.BridgeEntered, lambda fact: fact.channel == joined.channel)

    second = await start()  # as after a restart of the daemon
    snapshot = await second.next(facts.Snapshot)
    caller = next(row for row in snapshot.channels if row.channel == joined.channel)
    assert (caller.state, caller.caller_name) == ("Up", "Иван Петров")
    assert (caller.call, caller.topic) == (CallId("01call"), TopicCode("finance.debt"))
    assert caller.bridge
    (member,) = snapshot.members
    assert (member.interface, member.in_call) == (AGENT, True)

    await one.link.call(actions.hangup(str(caller.channel.id)))
    gone = await one.next(facts.ChannelHungUp, lambda fact: fact.channel == joined.channel)
    assert gone.cause == 16
    assert one.link.counters.odd == one.link.counters.broken == 0


async def test_a_caller_who_waits_is_in_the_snapshot(start: Start) -> None:
    one = await start()
    await one.originate("Local/100@idle/n", "in")
    joined = await one.next(facts.QueueJoined)
    snapshot = await (await start()).next(facts.Snapshot)
    assert [(entry.queue, entry.channel) for entry in snapshot.entries] == [(SALES, joined.channel)]


async def test_a_variable_set_on_a_living_channel(start: Start) -> None:
    one = await start()
    await one.originate("Local/100@idle/n", "idle")
    channel = (await one.next(facts.ChannelAnswered)).channel
    await one.link.call(actions.setvar(str(channel.id), "CALLCORE_CALL", "01хвост"))
    snapshot = await (await start()).next(facts.Snapshot)
    assert [row.call for row in snapshot.channels if row.channel == channel] == ["01хвост"]


@pytest.mark.parametrize(
    "name", ["Иван Ёлкин", '"Тигр" O\'Neil', "<script>alert(1)</script>", "Щ" * 80, "a" * 80, "=;|&\\{}", "ъ"]
)
async def test_names_come_through(start: Start, name: str) -> None:
    """Set raw: a dialplan's Set would eat quotes and backslashes."""
    one = await start(username="observer")
    await one.originate("Local/100@idle/n", "idle")
    channel = str((await one.next(facts.ChannelAnswered)).channel.id)
    for variable, value in (("CALLERID(name)", name), ("CALLCORE_CALL", "01call")):
        headers = (("Channel", channel), ("Variable", variable), ("Value", value))
        await one.link.call(AmiAction("Setvar", headers))
    place = (("Channel", channel), ("Context", "join"), ("Exten", "100"), ("Priority", "1"))
    await one.link.call(AmiAction("Redirect", place))
    assert (await one.next(facts.QueueJoined)).caller_name == name
    snapshot = await (await start()).next(facts.Snapshot)
    assert [row.caller_name for row in snapshot.channels if row.channel.id == channel] == [name]


# --- loss


async def test_link_cut_in_the_middle_of_an_action(start: Start, wire: Wire) -> None:
    """Asterisk may have acted; nothing is sent again, and the next snapshot tells what is."""
    one = await start(port=wire.port)
    wire.cut_at(b"Action: QueueAdd")
    with pytest.raises(LinkDown):
        await carry_out(one, add())
    await one.next(facts.LinkLost)
    snapshot = await one.next(facts.Snapshot)
    assert (snapshot.epoch, len(snapshot.members)) == (2, 1)
    assert wire.sent.count(b"Action: QueueAdd") == 1


@pytest.mark.parametrize("count", [300, 2_000, 20_000])
async def test_link_cut_in_the_middle_of_a_listing(start: Start, wire: Wire, count: int) -> None:
    caller = await start()
    await caller.originate("Local/100@idle/n", "idle", count=20)
    for _ in range(40):
        await caller.next(facts.ChannelAnswered)
    wire.cut_after(count)
    one = await start(port=wire.port)
    snapshot = await one.next(facts.Snapshot)
    assert len(snapshot.channels) == 40
    assert not any(isinstance(fact, facts.Snapshot) for fact in one.seen[:-1])
    assert wire.connections == 2


async def test_restart_of_asterisk(start: Start, lab: AsteriskLab) -> None:
    one = await start()
    await carry_out(one, add())
    await lab.kill()
    await one.next(facts.LinkLost)
    await lab.start()
    assert (await one.next(facts.LinkUp)).epoch == 2
    snapshot = await one.next(facts.Snapshot)
    assert snapshot.epoch == 2
    assert one.link.state == "up"
    await one.link.call(actions.ping())


async def test_asterisk_that_hangs_is_given_up(start: Start, lab: AsteriskLab) -> None:
    one = await start(dead_after_seconds=0.5, greeting_seconds=0.5)
    lab.signal(signal.SIGSTOP)
    try:
        await one.next(facts.LinkLost)
        assert one.link.trouble is not None
    finally:
        lab.signal(signal.SIGCONT)
    await one.next(facts.Snapshot, lambda fact: fact.epoch > 1)


# --- injection

EVIL = (
    "x\r\nAction: UserEvent\r\nUserEvent: Pwned",
    "x\r\n\r\nAction: UserEvent\r\nUserEvent: Pwned\r\n\r\n",
    "x\nAction: UserEvent\nUserEvent: Pwned",
    "x\rUserEvent: Pwned",
    "/.*/",
    "${SHELL(touch pwned)}",
    "$[1+1],x",
    "a,__CALLCORE_TOPIC=evil",
    'q";|&$(reboot)',
    "я" * 2000,
)


def every_action(evil: str, channel: str) -> list[tuple[str, ...]]:
    """(builder, its arguments) with the evil value in each place in turn."""
    good = {
        "hangup": ["PJSIP/none-1"],
        "setvar": [channel, "CALLCORE_TOPIC", "x"],
        "show_dialplan": ["idle"],
        "queue_add": ["sales", "Local/300@agents", "Anna", "lunch"],
        "queue_remove": ["sales", "Local/300@agents"],
        "queue_pause": ["sales", "Local/300@agents", "lunch"],
    }
    return [
        (name, *(evil if at == place else value for at, value in enumerate(values)))
        for name, values in good.items()
        for place in range(len(values))
    ]


def build(name: str, *values: str) -> AmiAction:
    if name in {"queue_add", "queue_pause"}:
        *values_but_reason, reason = values
        built = getattr(actions, name)(*values_but_reason, paused=True, reason=reason)
    else:
        built = getattr(actions, name)(*values)
    assert isinstance(built, AmiAction)
    return built


async def test_injection_through_every_value_of_every_action(start: Start, lab: AsteriskLab) -> None:
    one = await start()
    await one.originate("Local/100@idle/n", "idle")
    channel = str((await one.next(facts.ChannelAnswered)).channel.id)
    reader, writer = await asyncio.open_connection("127.0.0.1", lab.ami_port)
    writer.write(f"Action: Login\r\nUsername: observer\r\nSecret: {lab.secret}\r\n\r\n".encode())
    await reader.readuntil(b"FullyBooted")
    outcomes = set()
    for evil in EVIL:
        for name, *values in every_action(evil, channel):
            try:
                await one.link.call(build(name, *values))
                outcomes.add("accepted")
            except BadAction:
                outcomes.add("not sent")
            except ActionRefused:
                outcomes.add("refused")
    assert outcomes == {"accepted", "not sent", "refused"}
    await one.link.call(AmiAction("UserEvent", (("UserEvent", "TheEnd"),)))
    heard = await reader.readuntil(b"UserEvent: TheEnd")
    writer.close()
    await writer.wait_closed()
    assert b"\r\nUserEvent: Pwned" not in heard
    assert b"Event: Hangup" not in heard
    assert b"Value: evil" not in heard
    assert not list(lab.folder.rglob("pwned"))
    assert len((await one.link.call(actions.status())).rows) == 2
    assert one.link.epoch == 1


async def test_evil_login_values_are_never_sent(start: Start) -> None:
    for evil in EVIL[:4]:
        one = await start(up=False, username=evil)
        assert await one.settled() == "refused"
        assert one.link.trouble is not None
        assert one.link.trouble.kind == "settings"
        await one.link.stop()


# --- check --live


async def test_check_live_reaches_level_three(start: Start) -> None:
    one = await start()
    report = await check_live(one.link, ["in", "agents"], [WantedQueue(SALES)])
    assert report.level == 3
    assert {finding.level for finding in report.findings} == {"ok"}


async def test_check_live_names_what_is_missing(start: Start) -> None:
    one = await start()
    await carry_out(one, add(DEBT))
    report = await check_live(
        one.link, ["in", "nowhere"], [WantedQueue(SALES), WantedQueue(QueueName("unknown"))]
    )
    assert report.level == 1
    faults = {finding.place: finding for finding in report.findings if finding.level == "fault"}
    assert set(faults) == {"extensions.conf [nowhere]", "queues.conf [unknown]"}
    assert all(finding.remedy.en for finding in faults.values())


async def test_check_live_without_a_usable_account(start: Start) -> None:
    one = await start(up=False, secret="wrong")
    await one.settled()
    report = await check_live(one.link, ["in"], [WantedQueue(SALES)])
    assert report.level == 0
    assert "secret" in report.findings[0].remedy.en
