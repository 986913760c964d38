"""The supervised link against a scripted peer; each fault of stock panoramisk 1.4 has a test here."""

import asyncio
import ssl
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from callcore.ami import actions
from callcore.ami.client import ActionRefused, ActionTimeout, AmiLink, BadAction, LinkDown
from callcore.ami.protocol import MAX_FRAME_BYTES, AmiAction
from callcore.calls.facts import ChannelHungUp, ChannelRenamed, LinkLost, LinkUp, LiveEntry, Snapshot
from callcore.domain import ChannelId, ChannelRef, PbxName
from callcore.testing.ami import SILENT, ScriptedAmi, listing, message, refusal, success
from callcore.testing.patience import PATIENCE_SECONDS

from .conftest import Start

PBX = PbxName("main")
PING = actions.ping()
CERTIFICATE = Path(__file__).with_name("loopback.pem")


def hung_up(ident: str) -> ChannelHungUp:
    return ChannelHungUp(ChannelRef(PBX, ChannelId(ident)), 16, "")


# --- the good case


async def test_login_snapshot_events_in_wire_order(pbx: ScriptedAmi, start: Start) -> None:
    pbx.queues = [[("Event", "QueueEntry"), ("Queue", "sales"), ("Uniqueid", "1.1"), ("Wait", "3")]]
    one = await start(pbx.settings())
    pbx.event(Event="Hangup", Uniqueid="1.1", Cause="16")
    up, snapshot, hangup = await one.facts(3)
    assert up == LinkUp(PBX, 1)
    assert isinstance(snapshot, Snapshot)
    assert snapshot.entries == (LiveEntry("sales", ChannelRef(PBX, ChannelId("1.1")), 3),)  # type: ignore[arg-type]
    assert hangup == hung_up("1.1")
    assert (one.link.state, one.link.why, one.link.trouble) == ("up", "", None)
    assert one.link.greeting == "Asterisk Call Manager/9.0.0"


async def test_actions_are_answered(pbx: ScriptedAmi, start: Start) -> None:
    one = await start(pbx.settings())
    reply = await one.link.call(PING)
    assert reply.headers["message"] == "Done"
    pbx.answers["ShowDialPlan"] = listing(
        [[("Event", "ListDialplan"), ("Context", "c")]], "ShowDialPlanComplete"
    )
    reply = await one.link.call(actions.show_dialplan("c"))
    assert [row["context"] for row in reply.rows] == ["c"]
    pbx.answers["Hangup"] = refusal("No such channel")
    with pytest.raises(ActionRefused, match="Hangup: No such channel"):
        await one.link.call(actions.hangup("x"))


async def test_answers_that_come_in_another_order_are_not_mixed_up(pbx: ScriptedAmi, start: Start) -> None:
    one = await start(pbx.settings())
    pbx.answers["Ping"] = SILENT
    calls = [asyncio.create_task(one.link.call(PING)) for _ in range(3)]
    await pbx.until(lambda: len(pbx.actions("Ping")) == 3)
    idents = [action["actionid"] for action in pbx.actions("Ping")]
    assert len(set(idents)) == 3
    for number in (2, 0, 1):
        pbx.event(Response="Success", ActionID=idents[number], Number=str(number))
    assert [(await call).headers["number"] for call in calls] == ["0", "1", "2"]


async def test_two_pbxs_feed_one_inbox(pbx: ScriptedAmi, start: Start) -> None:
    one = await start(pbx.settings())
    async with ScriptedAmi() as other:
        second = AmiLink(other.settings(name=PbxName("branch")), one.inbox)
        task = asyncio.create_task(second.run())
        await second.settled()
        pbx.event(Event="Hangup", Uniqueid="1.1", Cause="16")
        other.event(Event="Hangup", Uniqueid="1.1", Cause="16")
        seen = [await one.inbox.get() for _ in range(6)]
        assert {fact.pbx for _, fact in seen if isinstance(fact, LinkUp)} == {"main", "branch"}
        refs = {fact.channel for _, fact in seen if isinstance(fact, ChannelHungUp)}
        assert refs == {ChannelRef(PBX, ChannelId("1.1")), ChannelRef(PbxName("branch"), ChannelId("1.1"))}
        await second.stop()
        await task


# --- loss: pending actions fail, nothing is sent again


async def test_link_cut_in_the_middle_of_an_action(pbx: ScriptedAmi, start: Start) -> None:
    one = await start(pbx.settings())
    pbx.answers["QueueAdd"] = SILENT
    action = actions.queue_add("sales", "PJSIP/101", "x", paused=False, reason="")  # type: ignore[arg-type]
    call = asyncio.create_task(one.link.call(action))
    await pbx.until(lambda: len(pbx.actions("QueueAdd")) == 1)
    pbx.cut()
    with pytest.raises(LinkDown, match="QueueAdd"):
        await call
    assert await one.settled() == "up"
    await one.link.call(PING)
    assert len(pbx.actions("QueueAdd")) == 1
    assert pbx.connections == 2
    kinds = [type(fact) for fact in await one.facts(5)]
    assert kinds == [LinkUp, Snapshot, LinkLost, LinkUp, Snapshot]
    assert one.link.epoch == 2
    assert one.link.counters.reconnects == 1


async def test_nothing_is_queued_while_down(pbx: ScriptedAmi, start: Start) -> None:
    one = await start(pbx.settings())
    await pbx.stop()
    await one.until(lambda: one.link.state == "down")
    with pytest.raises(LinkDown, match="main is not connected"):
        await one.link.call(actions.hangup("x"))
    await pbx.start()
    await one.settled()
    await one.link.call(PING)
    assert pbx.actions("Hangup") == []


async def test_link_cut_in_the_middle_of_a_listing(pbx: ScriptedAmi, start: Start) -> None:
    whole = listing([[("Event", "Status"), ("Uniqueid", "1.1"), ("Channel", "x")]] * 5, "StatusComplete")
    cuts = 0

    def cut_short(action: dict[str, str]) -> bytes | None:
        nonlocal cuts
        cuts += 1
        if cuts > 1:
            return whole(action)
        pbx.raw((whole(action) or b"")[:200])
        asyncio.get_running_loop().call_soon(pbx.cut)
        return None

    pbx.answers["Status"] = cut_short  # type: ignore[assignment]
    one = await start(pbx.settings())
    facts = await one.facts(4)
    assert [type(fact) for fact in facts] == [LinkUp, LinkLost, LinkUp, Snapshot]
    assert facts[-1].epoch == 2  # type: ignore[union-attr]
    assert len(facts[-1].channels) == 5  # type: ignore[union-attr]


async def test_a_cancelled_list_is_no_snapshot(pbx: ScriptedAmi, start: Start) -> None:
    pbx.answers["Status"] = listing([], "StatusComplete", end="cancelled")
    one = await start(pbx.settings(), up=False)
    assert type(await one.fact()) is LinkUp
    assert type(await one.fact()) is LinkLost
    await one.until(lambda: one.link.trouble is not None)
    assert one.link.trouble is not None
    assert one.link.trouble.kind == "no_answer", "it will be asked again soon: nobody has to change a setting"


async def test_cancelled_queues_are_not_queues_that_nobody_waits_in(pbx: ScriptedAmi, start: Start) -> None:
    pbx.answers["QueueStatus"] = listing([], "QueueStatusComplete", end="cancelled")
    one = await start(pbx.settings(), up=False)
    assert type(await one.fact()) is LinkUp
    assert type(await one.fact()) is LinkLost


async def test_what_stood_before_an_endless_message_still_counts(pbx: ScriptedAmi, start: Start) -> None:
    one = await start(pbx.settings(longest_retry_seconds=60.0, first_retry_seconds=60.0))
    await one.facts(2)
    event = message(("Event", "Hangup"), ("Uniqueid", "1.1"), ("Cause", "16"))
    pbx.raw(event + b"x" * (MAX_FRAME_BYTES + 1))
    assert await one.fact() == hung_up("1.1")
    assert type(await one.fact()) is LinkLost


async def test_an_answer_is_found_by_its_action_id_alone(pbx: ScriptedAmi, start: Start) -> None:
    one = await start(pbx.settings())
    other = ("CommandID", "1"), ("CommandID", "2")
    pbx.answers["Ping"] = lambda action: message(
        ("Response", "Success"), *other, ("ActionID", action["actionid"]), ("Ping", "Pong")
    )
    assert (await one.link.call(PING)).headers["ping"] == "Pong"
    assert one.link.counters.broken == 0


async def test_events_between_the_rows_keep_their_place(pbx: ScriptedAmi, start: Start) -> None:
    """The Snapshot stands where its last list ends on the wire, even if more follows in the same chunk."""
    event = message(("Event", "Hangup"), ("Uniqueid", "1.1"), ("Cause", "16"))
    after = message(("Event", "Hangup"), ("Uniqueid", "1.2"), ("Cause", "16"))
    status, journal = listing([], "StatusComplete"), listing([], "DBGetTreeComplete")
    pbx.answers["Status"] = lambda action: event + (status(action) or b"")
    pbx.answers["DBGetTree"] = lambda action: (journal(action) or b"") + after
    one = await start(pbx.settings())
    up, first, snapshot, second = await one.facts(4)
    assert (type(up), first, type(snapshot), second) == (LinkUp, hung_up("1.1"), Snapshot, hung_up("1.2"))


# --- waiting, completion


async def test_an_action_that_is_not_answered_times_out_and_leaves_nothing(
    pbx: ScriptedAmi, start: Start
) -> None:
    one = await start(pbx.settings())
    pbx.answers["Ping"] = SILENT
    with pytest.raises(ActionTimeout, match=r"Ping: no answer within 0.01 s"):
        await one.link.call(PING, timeout=0.01)
    session = one.link._session
    assert session is not None
    assert session.protocol.responses == {}
    pbx.event(Response="Success", ActionID=pbx.actions("Ping")[0]["actionid"])  # late
    pbx.answers["Ping"] = success()
    assert await one.link.call(PING)
    assert one.link.counters.broken == 0


async def test_a_caller_who_gives_up_leaves_nothing(pbx: ScriptedAmi, start: Start) -> None:
    one = await start(pbx.settings())
    pbx.answers["Ping"] = SILENT
    call = asyncio.create_task(one.link.call(PING))
    await pbx.until(lambda: len(pbx.actions("Ping")) == 1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert one.link._session is not None
    assert one.link._session.protocol.responses == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("QueueAdd", "Added interface to queue"),
        ("Originate", "Originate successfully queued"),
        ("PlayDTMF", "DTMF successfully queued"),
        ("X", "list will follow"),
    ],
)
async def test_texts_do_not_decide_when_an_action_is_complete(
    pbx: ScriptedAmi, start: Start, name: str, text: str
) -> None:
    one = await start(pbx.settings())
    pbx.answers[name] = success(text)
    reply = await one.link.call(AmiAction(name))
    assert (reply.headers["message"], reply.rows) == (text, ())


async def test_an_event_with_our_action_id_is_no_answer(pbx: ScriptedAmi, start: Start) -> None:
    """OriginateResponse bears Response and our ActionID, and may come first."""
    one = await start(pbx.settings())

    def answer(action: dict[str, str]) -> bytes:
        ident = ("ActionID", action["actionid"])
        event = message(("Event", "OriginateResponse"), ident, ("Response", "Failure"))
        return event + message(("Response", "Success"), ident, ("Message", "queued")) + event

    pbx.answers["Originate"] = answer  # type: ignore[assignment]
    reply = await one.link.call(AmiAction("Originate"))
    assert reply.headers["message"] == "queued"


async def test_login_does_not_wait_for_fully_booted_for_ever(pbx: ScriptedAmi, start: Start) -> None:
    pbx.fully_booted = False
    one = await start(pbx.settings(booted_seconds=0.01))
    assert not one.link.booted


async def test_booting_after_the_login_makes_a_new_snapshot(pbx: ScriptedAmi, start: Start) -> None:
    pbx.fully_booted = False
    one = await start(pbx.settings(booted_seconds=0.01))
    pbx.event(Event="FullyBooted", Status="Fully Booted")
    facts = await one.facts(4)
    assert [type(fact) for fact in facts] == [LinkUp, Snapshot, LinkUp, Snapshot]
    assert [getattr(fact, "epoch", 0) for fact in facts] == [1, 1, 2, 2]


async def test_an_asterisk_without_queues(pbx: ScriptedAmi, start: Start) -> None:
    pbx.answers["QueueStatus"] = refusal("Invalid/unknown command: QueueStatus")
    one = await start(pbx.settings())
    assert [type(fact) for fact in await one.facts(2)] == [LinkUp, Snapshot]


# --- half-open, hung, flooding


async def test_half_open_link_is_noticed(pbx: ScriptedAmi, start: Start) -> None:
    one = await start(pbx.settings(dead_after_seconds=0.1))
    await pbx.until(lambda: bool(pbx.actions("Ping")))
    with capture_logs() as logs:
        pbx.answers["Ping"] = SILENT
        await pbx.until(lambda: pbx.connections == 2)
    assert [(entry["event"], entry["kind"]) for entry in logs if entry["log_level"] == "warning"] == [
        ("ami_link_down", "half_open")
    ]
    pbx.answers["Ping"] = success()
    assert await one.settled() == "up"


async def test_a_login_that_is_not_answered(pbx: ScriptedAmi, start: Start) -> None:
    pbx.answers["Login"] = SILENT
    one = await start(pbx.settings(answer_seconds=0.01), up=False)
    await pbx.until(lambda: pbx.connections == 3)
    assert one.link.trouble is not None
    assert one.link.trouble.kind == "no_answer"


async def test_a_slow_consumer_stops_the_reading_and_loses_nothing(pbx: ScriptedAmi, start: Start) -> None:
    one = await start(pbx.settings(), size=10)
    await one.facts(2)
    pbx.raw(
        b"".join(message(("Event", "Hangup"), ("Uniqueid", str(n)), ("Cause", "16")) for n in range(3000))
    )
    await one.until(lambda: one.link.counters.paused > 0)
    assert one.inbox.qsize() == 10
    assert [await one.fact() for _ in range(3000)] == [hung_up(str(n)) for n in range(3000)]
    pbx.event(Event="Hangup", Uniqueid="x", Cause="16")
    assert await one.fact() == hung_up("x")


async def test_a_full_inbox_is_not_taken_for_a_dead_peer(pbx: ScriptedAmi, start: Start) -> None:
    one = await start(pbx.settings(dead_after_seconds=0.05), size=2)
    pbx.event(Event="Hangup", Uniqueid="x", Cause="16")
    await one.until(lambda: one.link.counters.paused > 0)
    asked = len(pbx.actions("Ping"))
    await asyncio.wait([one.task], timeout=0.2)
    assert len(pbx.actions("Ping")) <= asked + 1
    assert pbx.connections == 1
    await one.facts(3)
    await pbx.until(lambda: len(pbx.actions("Ping")) > asked + 1)


async def test_a_message_without_an_end_is_cut_off(pbx: ScriptedAmi, start: Start) -> None:
    one = await start(pbx.settings())
    with capture_logs() as logs:
        pbx.raw(b"Event: Hangup\r\nX: " + b"x" * (MAX_FRAME_BYTES + 300_000))
        await pbx.until(lambda: pbx.connections == 2)
    assert any("does not end" in str(entry.get("why")) for entry in logs)
    assert await one.settled() == "up"


async def test_no_new_session_while_nobody_takes_the_facts_of_the_last(
    pbx: ScriptedAmi, start: Start
) -> None:
    one = await start(pbx.settings(), size=2)
    pbx.event(Event="Hangup", Uniqueid="x", Cause="16")
    await one.until(lambda: one.link.counters.paused > 0)
    pbx.cut()
    await pbx.until(lambda: not pbx.is_connected)
    await one.fact()  # room for the Hangup; the reading goes on and meets the end of the connection
    await one.until(lambda: one.link.state == "down")
    await asyncio.wait([one.task], timeout=0.1)  # longer than the longest retry
    assert (one.inbox.qsize(), pbx.connections) == (2, 1)
    kinds = [type(fact) for fact in await one.facts(5)]
    assert kinds == [Snapshot, ChannelHungUp, LinkLost, LinkUp, Snapshot]


async def test_a_fault_of_ours_does_not_end_the_link(
    pbx: ScriptedAmi, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> AmiAction:
        raise RuntimeError("a fault of ours")

    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr(actions, "status", broken)
        one = await start(pbx.settings(), up=False)
        assert await one.link.tried() == "down"
    assert "callcore itself failed with RuntimeError" in str(logs)
    assert await one.settled() == "up"


async def test_one_message_that_fails_costs_only_itself(
    pbx: ScriptedAmi, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await start(pbx.settings())
    await one.facts(2)
    translate = one.link._translator.translate

    def fail_once(headers: dict[str, str]) -> object:
        if headers.get("uniqueid") == "bad":
            raise RuntimeError("a fault of ours")
        return translate(headers)

    monkeypatch.setattr(one.link._translator, "translate", fail_once)
    with capture_logs() as logs:
        pbx.raw(
            b"".join(
                message(("Event", "Hangup"), ("Uniqueid", n), ("Cause", "16"), ("CallerIDNum", "79161234567"))
                for n in ("1", "bad", "bad", "2")
            )
        )
        assert await one.facts(2) == [hung_up("1"), hung_up("2")]
    assert one.link.counters.broken == 2
    assert [entry["event"] for entry in logs] == ["ami_message_failed"]
    assert "79161234567" not in str(logs)


async def test_odd_and_unwanted_events_are_counted(pbx: ScriptedAmi, start: Start) -> None:
    one = await start(pbx.settings())
    pbx.event(Event="Hangup", Cause="16")
    pbx.event(Event="VarSet", Variable="X", Value="1")
    pbx.event(Event="Newstate", ChannelState="4", Uniqueid="1")
    pbx.event(Event="Rename", Uniqueid="1", Newname="б")
    *_, last = await one.facts(3)
    assert last == ChannelRenamed(ChannelRef(PBX, ChannelId("1")), "б")
    counters = one.link.counters
    assert (counters.events, counters.dropped, counters.odd) == (1, 1, 1)
    assert one.link.odd == {"Hangup: no uniqueid": 1}


async def test_cp1251_beside_utf8_and_letters_cut_by_chunks(pbx: ScriptedAmi, start: Start) -> None:
    one = await start(pbx.settings())
    await one.facts(2)
    pbx.raw(b"Event: Rename\r\nUniqueid: 1\r\nNewname: " + "Иван".encode("cp1251") + b"\r\n\r\n")
    assert await one.fact() == ChannelRenamed(ChannelRef(PBX, ChannelId("1")), "Иван")
    whole = message(("Event", "Rename"), ("Uniqueid", "1"), ("Newname", "Щука"))
    at = whole.index("Щ".encode()) + 1
    heard = one.link._session.last_heard  # type: ignore[union-attr]
    pbx.raw(whole[:at])
    await one.until(lambda: one.link._session.last_heard > heard)  # type: ignore[union-attr]
    pbx.raw(whole[at:])
    assert await one.fact() == ChannelRenamed(ChannelRef(PBX, ChannelId("1")), "Щука")


@pytest.mark.parametrize("evil", ["x\r\nAction: Hangup\r\nChannel: /.*/", "x\r\n\r\nAction: Hangup", "a\nb"])
async def test_injection_is_refused_before_anything_is_sent(
    pbx: ScriptedAmi, start: Start, evil: str
) -> None:
    one = await start(pbx.settings())
    sent = len(pbx.received)
    with pytest.raises(BadAction):
        await one.link.call(actions.setvar("PJSIP/1-1", "CALLCORE_TOPIC", evil))
    await one.link.call(PING)
    assert [action["action"] for action in pbx.received[sent:]] == ["Ping"]


# --- troubles: said once, retried slowly, and once again when all is well


async def troubles(
    pbx: ScriptedAmi, start: Start, mend: str = "", **settings: object
) -> list[dict[str, object]]:
    """The log of three failed attempts and, if ``mend`` is given, of the good one after them."""
    with capture_logs() as logs:
        one = await start(pbx.settings(**settings), up=False)
        await pbx.until(lambda: pbx.connections >= 3)
        await one.until(lambda: one.link.trouble is not None)
        if mend:
            pbx.secret = mend
            async with asyncio.timeout(PATIENCE_SECONDS):
                while one.link.state != "up":
                    one.link._changed.clear()
                    await one.link._changed.wait()
    return [entry for entry in logs if str(entry["event"]).startswith("ami_link")]  # type: ignore[misc]


async def test_wrong_secret(pbx: ScriptedAmi, start: Start) -> None:
    first, good = await troubles(pbx, start, secret="wrong-hunter2", mend="wrong-hunter2")
    assert (first["event"], first["kind"], first["log_level"]) == ("ami_link_refused", "login", "warning")
    assert "user callcore from 127.0.0.1" in str(first["why"])
    assert "permit = 127.0.0.1/255.255.255.255" in str(first["remedy"])
    assert (good["event"], good["after"]) == ("ami_link_up", ["login"])
    assert "hunter2" not in str((first, good))


async def test_login_in_use(pbx: ScriptedAmi, start: Start) -> None:
    pbx.answers["Login"] = refusal("Login Already In Use")
    (first,) = await troubles(pbx, start)
    assert (first["kind"], "allowmultiplelogin" in str(first["remedy"])) == ("login_in_use", True)


async def test_missing_right(pbx: ScriptedAmi, start: Start) -> None:
    pbx.answers["Status"] = refusal("Permission denied")
    (first,) = await troubles(pbx, start)
    assert first["kind"] == "permission"
    assert "may not use Status" in str(first["why"])
    assert "write = call,agent" in str(first["remedy"])


async def test_another_program_on_the_port(pbx: ScriptedAmi, start: Start) -> None:
    pbx.greeting = b"SSH-2.0-OpenSSH_9.2\r\n"
    (first,) = await troubles(pbx, start)
    assert (first["kind"], "SSH-2.0" in str(first["why"])) == ("not_asterisk", True)


async def test_a_peer_that_says_nothing(pbx: ScriptedAmi, start: Start) -> None:
    pbx.greeting = b""
    (first,) = await troubles(pbx, start, greeting_seconds=0.01)
    assert (first["kind"], "pbx.main.tls: {}" in str(first["remedy"])) == ("silent_peer", True)


async def test_a_peer_that_closes_at_once(start: Start) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.transport.abort(), "127.0.0.1", 0)
    async with server:
        settings = ScriptedAmi(port=server.sockets[0].getsockname()[1]).settings()
        one = await start(settings, up=False)
        assert await one.link.tried() == "down"
        assert "closed before it greeted" in one.link.why


async def test_nobody_listens(start: Start) -> None:
    async with ScriptedAmi() as peer:
        pass
    one = await start(peer.settings(), up=False)
    await one.until(lambda: one.link.trouble is not None)
    assert one.link.trouble is not None
    assert one.link.trouble.kind == "unreachable"
    assert "nothing listens" in one.link.why


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 70])
async def test_host_without_address(start: Start, host: str) -> None:
    one = await start(ScriptedAmi(port=1).settings(host=host), up=False)
    await one.until(lambda: one.link.trouble is not None)
    assert one.link.trouble is not None
    assert one.link.trouble.kind == "name"


async def test_a_secret_that_cannot_be_sent(pbx: ScriptedAmi, start: Start) -> None:
    (first,) = await troubles(pbx, start, secret="hunter2\r\nAction: Originate")
    assert first["kind"] == "settings"
    assert "hunter2" not in str(first)
    assert pbx.received == []


# --- TLS


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


async def test_tls_with_its_own_authority(start: Start) -> None:
    async with ScriptedAmi(tls=server_context()) as peer:
        one = await start(peer.settings(tls=True, ca_file=str(CERTIFICATE), server_name="pbx.example"))
        assert await one.link.call(PING)
        await one.link.stop()


async def test_tls_without_verification(start: Start) -> None:
    async with ScriptedAmi(tls=server_context()) as peer:
        one = await start(peer.settings(tls=True, verify=False))
        assert await one.link.call(PING)
        await one.link.stop()


async def trouble_of(start: Start, peer: ScriptedAmi, **settings: object) -> tuple[str, str]:
    one = await start(peer.settings(**settings), up=False)
    assert await one.link.tried() != "up"
    assert one.link.trouble is not None
    await one.link.stop()
    return one.link.trouble.kind, one.link.trouble.remedy.en


async def test_an_unknown_certificate(start: Start) -> None:
    async with ScriptedAmi(tls=server_context()) as peer:
        kind, remedy = await trouble_of(start, peer, tls=True)
        assert (kind, "pbx.main.tls.ca_file" in remedy) == ("tls_certificate", True)


async def test_a_certificate_of_another_name(start: Start) -> None:
    async with ScriptedAmi(tls=server_context()) as peer:
        kind, remedy = await trouble_of(start, peer, tls=True, ca_file=str(CERTIFICATE))
        assert (kind, "server_name" in remedy) == ("tls_certificate", True)


async def test_tls_to_a_plain_port(pbx: ScriptedAmi, start: Start) -> None:
    kind, remedy = await trouble_of(start, pbx, tls=True)
    assert (kind, "remove pbx.main.tls" in remedy) == ("tls_peer_plain", True)


async def test_plain_to_a_tls_port(start: Start) -> None:
    async with ScriptedAmi(tls=server_context()) as peer:
        kind, remedy = await trouble_of(start, peer, greeting_seconds=0.05)
        assert (kind, "pbx.main.tls: {}" in remedy) == ("silent_peer", True)


@pytest.mark.parametrize(("content", "kind"), [(None, "settings"), ("no certificate", "tls")])
async def test_bad_ca_file(
    pbx: ScriptedAmi, start: Start, tmp_path: Path, content: str | None, kind: str
) -> None:
    place = tmp_path / "ca.pem"
    if content is not None:
        place.write_text(content)
    seen, remedy = await trouble_of(start, pbx, tls=True, ca_file=str(place))
    assert (seen, "ca_file" in remedy) == (kind, True)


# --- the end


async def test_stop_fails_what_is_pending_and_stays_stopped(pbx: ScriptedAmi, start: Start) -> None:
    one = await start(pbx.settings())
    pbx.answers["Ping"] = SILENT
    call = asyncio.create_task(one.link.call(PING))
    await pbx.until(lambda: bool(pbx.actions("Ping")))
    with capture_logs() as logs:
        await one.link.stop()
        with pytest.raises(LinkDown):
            await call
        await one.task
    assert logs == []
    assert (one.link.state, pbx.connections) == ("down", 1)
    assert type((await one.facts(3))[-1]) is LinkLost


async def test_a_call_at_the_very_moment_of_the_loss(pbx: ScriptedAmi, start: Start) -> None:
    """The connection is gone, but the link's own task has not yet run."""
    one = await start(pbx.settings())
    assert one.link._session is not None
    one.link._session.lose(ConnectionResetError("cut"))
    assert one.link.state == "up"
    with pytest.raises(LinkDown, match="no link"):
        await one.link.call(PING)
    one.link._session.pause()
    one.link._session.resume()


async def test_queues_that_are_not_listed_in_time(pbx: ScriptedAmi, start: Start) -> None:
    pbx.answers["QueueStatus"] = SILENT
    one = await start(pbx.settings(snapshot_seconds=0.02), up=False)
    assert await one.link.tried() == "down"
    assert "QueueStatus: no answer" in one.link.why
    assert [type(fact) for fact in await one.facts(2)] == [LinkUp, LinkLost]


async def test_stop_while_connecting(pbx: ScriptedAmi, start: Start) -> None:
    one = await start(pbx.settings(), up=False)
    await asyncio.sleep(0)
    await one.link.stop()
    await one.task
    assert pbx.actions("Login") == []


async def test_stop_between_two_attempts(start: Start) -> None:
    one = await start(ScriptedAmi(port=1).settings(first_retry_seconds=60.0), up=False)
    await one.until(lambda: one.link.trouble is not None)
    await one.link.stop()
    await one.task


async def test_stop_before_it_ran(pbx: ScriptedAmi) -> None:
    link = AmiLink(pbx.settings(), asyncio.Queue())
    await link.stop()
    await link.run()
    assert pbx.connections == 0


async def test_stop_with_a_full_inbox(pbx: ScriptedAmi, start: Start) -> None:
    one = await start(pbx.settings(), size=1)
    await one.link.stop()
    await one.task


async def test_cancelled_like_any_task(pbx: ScriptedAmi) -> None:
    link = AmiLink(pbx.settings(), asyncio.Queue())
    task = asyncio.create_task(link.run())
    await link.settled()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert link.state == "down"
    await link.stop()


async def test_no_secret_in_any_representation(pbx: ScriptedAmi, start: Start) -> None:
    pbx.secret = "hunter2"
    one = await start(pbx.settings())
    texts = (one.link, one.link.settings, one.link._session, vars(one.link._session), one.link.trouble)
    assert "hunter2" not in repr(texts)
