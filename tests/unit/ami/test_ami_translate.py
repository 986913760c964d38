"""AMI events to facts; headers as the real Asterisk 22 sends them, shortened."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callcore.ami.protocol import Headers
from callcore.ami.snapshot import SnapshotBuilder
from callcore.ami.translate import WANTED_EVENTS, Translator
from callcore.calls import facts
from callcore.calls.facts import Fact
from callcore.domain import CallId, ChannelId, ChannelRef, Interface, PbxName, QueueName, TopicCode

PBX = PbxName("main")
SALES = QueueName("sales")
PHONE = Interface("PJSIP/101")


def ref(ident: str) -> ChannelRef:
    return ChannelRef(PBX, ChannelId(ident))


A, B = ref("lab-1.1"), ref("lab-1.2")

CASES: list[tuple[dict[str, str | list[str]], Fact | None]] = [
    (
        {
            "event": "Newchannel",
            "channel": "PJSIP/trunk-00000000",
            "channelstate": "4",
            "calleridnum": "79161234567",
            "calleridname": "Иван",
            "context": "from-trunk",
            "exten": "100",
            "uniqueid": "lab-1.1",
            "linkedid": "lab-1.1",
        },
        facts.ChannelCreated(
            A, "PJSIP/trunk-00000000", "lab-1.1", "79161234567", "Иван", "100", "from-trunk"
        ),
    ),
    (
        {
            "event": "Newchannel",
            "channel": "PJSIP/101-1",
            "calleridnum": "<unknown>",
            "calleridname": "",
            "context": "phones",
            "exten": "s",
            "uniqueid": "lab-1.2",
            "linkedid": "",
        },
        facts.ChannelCreated(B, "PJSIP/101-1", "lab-1.2", None, None, None, "phones"),
    ),
    (
        {"event": "Rename", "channel": "X", "newname": "Y", "uniqueid": "lab-1.1"},
        facts.ChannelRenamed(A, "Y"),
    ),
    ({"event": "Newstate", "channelstate": "6", "uniqueid": "lab-1.1"}, facts.ChannelAnswered(A)),
    ({"event": "Newstate", "channelstate": "5", "uniqueid": "lab-1.1"}, None),
    (
        {
            "event": "DialBegin",
            "uniqueid": "lab-1.1",
            "destuniqueid": "lab-1.2",
            "destchannel": "PJSIP/101-1",
        },
        facts.DialBegan(A, B, "PJSIP/101-1"),
    ),
    (
        {"event": "DialBegin", "destuniqueid": "lab-1.2", "destchannel": "PJSIP/101-1", "dialstring": "101"},
        facts.DialBegan(None, B, "PJSIP/101-1"),
    ),
    (
        {"event": "DialEnd", "uniqueid": "lab-1.1", "destuniqueid": "lab-1.2", "dialstatus": "NOANSWER"},
        facts.DialEnded(B, "NOANSWER"),
    ),
    (
        {"event": "NewCallerid", "uniqueid": "lab-1.1", "calleridnum": "101", "calleridname": "<unknown>"},
        facts.CallerIdChanged(A, "101", None),
    ),
    (
        {
            "event": "BridgeEnter",
            "bridgeuniqueid": "p",
            "bridgetechnology": "holding_bridge",
            "uniqueid": "lab-1.1",
        },
        facts.BridgeEntered(A, "p", True),
    ),
    ({"event": "BridgeEnter", "bridgeuniqueid": "b", "uniqueid": "lab-1.1"}, facts.BridgeEntered(A, "b")),
    ({"event": "BridgeLeave", "bridgeuniqueid": "b", "uniqueid": "lab-1.1"}, facts.BridgeLeft(A, "b")),
    (
        {"event": "Hangup", "uniqueid": "lab-1.1", "cause": "16", "cause-txt": "Normal Clearing"},
        facts.ChannelHungUp(A, 16, "Normal Clearing"),
    ),
    ({"event": "Hangup", "uniqueid": "lab-1.1", "cause": "?"}, facts.ChannelHungUp(A, None, "")),
    ({"event": "Hold", "uniqueid": "lab-1.2", "musicclass": "default"}, facts.PutOnHold(B)),
    ({"event": "Unhold", "uniqueid": "lab-1.2"}, facts.TakenOffHold(B)),
    (
        {
            "event": "BlindTransfer",
            "result": "Success",
            "transfereruniqueid": "lab-1.2",
            "transfereeuniqueid": "lab-1.1",
            "extension": "102",
        },
        facts.BlindTransferred(B, A, "102"),
    ),
    ({"event": "BlindTransfer", "result": "Not Permitted", "transfereruniqueid": "lab-1.2"}, None),
    (
        {
            "event": "AttendedTransfer",
            "result": "Success",
            "origtransfereruniqueid": "lab-1.2",
            "secondtransfereruniqueid": "lab-1.3",
            "transfereeuniqueid": "lab-1.1",
            "desttype": "App",
        },
        facts.AttendedTransferred(B, ref("lab-1.3"), A, None, True),
    ),
    ({"event": "AttendedTransfer", "result": "Fail"}, None),
    (
        {"event": "ParkedCall", "parkeeuniqueid": "lab-1.1", "parkingspace": "701"},
        facts.Parked(A),
    ),
    (
        {
            "event": "QueueCallerJoin",
            "uniqueid": "lab-1.1",
            "queue": "sales",
            "position": "2",
            "calleridnum": "7",
        },
        facts.QueueJoined(A, SALES, 2, "7", None),
    ),
    ({"event": "QueueCallerLeave", "uniqueid": "lab-1.1", "queue": "sales"}, facts.QueueLeft(A, SALES)),
    (
        {"event": "QueueCallerAbandon", "uniqueid": "lab-1.1", "queue": "sales"},
        facts.QueueAbandoned(A, SALES),
    ),
    (
        {
            "event": "AgentCalled",
            "uniqueid": "lab-1.1",
            "queue": "sales",
            "interface": "PJSIP/101",
            "destuniqueid": "lab-1.2",
        },
        facts.AgentCalled(A, SALES, PHONE, B),
    ),
    (
        {
            "event": "AgentRingNoAnswer",
            "uniqueid": "lab-1.1",
            "queue": "sales",
            "interface": "PJSIP/101",
            "ringtime": "10000",
        },
        facts.AgentDidNotAnswer(A, SALES, PHONE, 10000),
    ),
    (
        {
            "event": "AgentConnect",
            "uniqueid": "lab-1.1",
            "queue": "sales",
            "interface": "PJSIP/101",
            "destuniqueid": "lab-1.2",
            "holdtime": "12",
            "ringtime": "3",
        },
        facts.AgentConnected(A, SALES, PHONE, B, 12, 3),
    ),
    (
        {
            "event": "QueueMemberPause",
            "queue": "sales",
            "interface": "PJSIP/101",
            "paused": "1",
            "pausedreason": "Обед",
            "status": "1",
        },
        facts.MemberStatus(PBX, SALES, PHONE, True, "Обед", False),
    ),
    (
        {"event": "QueueMemberRemoved", "queue": "sales", "interface": "PJSIP/101"},
        facts.MemberRemoved(PBX, SALES, PHONE),
    ),
    (
        {
            "event": "OriginateResponse",
            "actionid": "x-1",
            "response": "Failure",
            "channel": "Local/79160000120@callcore-dial/n",
            "reason": "0",
            "uniqueid": "a1",
        },
        facts.OriginateFailed(ref("a1"), 0),
    ),
    ({"event": "OriginateResponse", "response": "Success", "reason": "4", "uniqueid": "a1"}, None),
    (
        {
            "event": "UserEvent",
            "userevent": "CallcoreDialled",
            "uniqueid": "a1-b",
            "attempt": "a1",
            "status": "BUSY",
            "cause": "17",
        },
        facts.DialledOut(ref("a1"), "BUSY", 17),
    ),
    (
        {"event": "UserEvent", "userevent": "CallcoreDialled", "attempt": "a1", "status": "", "cause": ""},
        facts.DialledOut(ref("a1"), "", None),
    ),
    ({"event": "UserEvent", "userevent": "CallcoreFallback", "uniqueid": "lab-1.1"}, None),
    (
        {"event": "UserEvent", "userevent": "CallcoreConsulted", "uniqueid": "lab-1.1", "status": "BUSY"},
        facts.Consulted(A, "BUSY"),
    ),
    (
        {"event": "UserEvent", "userevent": "CallcoreReturned", "uniqueid": "lab-1.1", "status": ""},
        facts.Returned(A, ""),
    ),
    ({"event": "MixMonitorStart", "uniqueid": "lab-1.1"}, facts.RecordingBegan(A)),
    ({"event": "HangupRequest", "uniqueid": "lab-1.1", "cause": "16"}, facts.HangupAsked(A)),
    (
        {"event": "BridgeEnter", "uniqueid": "lab-1.1", "bridgeuniqueid": "b", "bridgename": "cc-c1"},
        facts.BridgeEntered(A, "b", is_room=True),
    ),
]


@pytest.mark.parametrize(("headers", "fact"), CASES, ids=lambda case: str(case)[:40])
def test_translation(headers: Headers, fact: Fact | None) -> None:
    translator = Translator(PBX)
    assert translator.translate(headers) == fact
    assert not translator.odd


@pytest.mark.parametrize("event", ["QueueMemberAdded", "QueueMemberStatus", "QueueMemberPause"])
@pytest.mark.parametrize(
    ("status", "in_call"),
    [(state, state in {"2", "3", "6", "7", "8"}) for state in ("0", *"12345678", "", "x")],
)
def test_device_states(event: str, status: str, in_call: bool) -> None:
    headers = {"event": event, "queue": "sales", "interface": "PJSIP/101", "paused": "0", "status": status}
    assert Translator(PBX).translate(headers) == facts.MemberStatus(PBX, SALES, PHONE, False, "", in_call)


def test_a_local_member_names_the_device_that_is_watched() -> None:
    headers = {"event": "QueueMemberStatus", "queue": "sales", "interface": "Local/101@agents/n"}
    for watched, device in (("PJSIP/101", PHONE), ("Local/101@agents/n", None), ("", None)):
        fact = Translator(PBX).translate(headers | {"stateinterface": watched})
        assert isinstance(fact, facts.MemberStatus)
        assert fact.state_interface == device


def test_every_wanted_event_has_a_case() -> None:
    assert {str(headers["event"]) for headers, _ in CASES} | {
        "QueueMemberAdded",
        "QueueMemberStatus",
    } == WANTED_EVENTS


@pytest.mark.parametrize(
    ("escaped", "name"),
    [
        (r"\"T\" O\'N\\x\?", '"T" O\'N\\x?'),
        (r"a\nb\tc\r\n", "a b c"),
        (r"\n", None),
        (r"\ж \\n" + "\\", "\\ж \\n\\"),
        ("O'Neil", "O'Neil"),
    ],
)
def test_names_come_as_c_strings(escaped: str, name: str | None) -> None:
    headers = {"event": "QueueCallerJoin", "uniqueid": "1", "queue": "q", "position": "1"}
    fact = Translator(PBX).translate(headers | {"calleridname": escaped})
    assert isinstance(fact, facts.QueueJoined)
    assert fact.caller_name == name
    row = CHANNEL_ROW | {"calleridname": escaped}
    assert SnapshotBuilder(PBX, 1).build([row], []).channels[0].caller_name == name


@pytest.mark.parametrize("event", sorted(WANTED_EVENTS))
def test_an_event_without_headers_is_odd(event: str) -> None:
    translator = Translator(PBX)
    assert translator.translate({"event": event}) is None
    assert translator.odd.total() == 1
    assert next(iter(translator.odd)).startswith(f"{event}: no ")


def test_a_repeated_identity_is_odd() -> None:
    translator = Translator(PBX)
    assert translator.translate({"event": "Hangup", "uniqueid": ["1", "2"]}) is None
    assert translator.odd == {"Hangup: no uniqueid": 1}


def test_queue_join_without_position() -> None:
    translator = Translator(PBX)
    assert translator.translate({"event": "QueueCallerJoin", "uniqueid": "1", "queue": "q"}) is None
    assert translator.odd == {"QueueCallerJoin: no position": 1}


def test_events_of_no_use_are_counted() -> None:
    translator = Translator(PBX)
    for headers in ({}, {"event": "VarSet"}, {"event": ["Hangup", "Hangup"]}):
        assert translator.translate(headers) is None
    assert translator.odd == {"unknown event": 3}


NAMES = st.sampled_from(
    sorted({name for headers, _ in CASES for name in headers} | {"location", "wait", "dnid"})
)
VALUES = st.text() | st.sampled_from(["", "1", "-1", "9" * 400, "²", "<unknown>", "lab-1.1"])


@settings(suppress_health_check=[HealthCheck.too_slow])  # it times the making of examples on a busy machine
@given(st.sampled_from(sorted(WANTED_EVENTS)), st.dictionaries(NAMES, VALUES | st.lists(VALUES, min_size=2)))
def test_nothing_raises(event: str, headers: dict[str, str | list[str]]) -> None:
    translator = Translator(PBX)
    fact = translator.translate(headers | {"event": event})
    assert (fact is None) or not translator.odd


# --- snapshot

CHANNEL_ROW: dict[str, str | list[str]] = {
    "event": "Status",
    "context": "callcore-alone",
    "channel": "PJSIP/trunk-00000000",
    "channelstate": "6",
    "channelstatedesc": "Up",
    "calleridnum": "79161234567",
    "calleridname": "<unknown>",
    "dnid": "100",
    "bridgeid": "b1",
    "seconds": "42",
    "uniqueid": "lab-1.1",
    "variable": ["CALLCORE_CALL=01abc", "CALLCORE_TOPIC=finance.debt", "MEMBERINTERFACE=(null)"],
}
ENTRY_ROW = {"event": "QueueEntry", "queue": "sales", "uniqueid": "lab-1.1", "position": "1", "wait": "7"}
MEMBER_ROW = {
    "event": "QueueMember",
    "queue": "sales",
    "name": "Мария",
    "location": "PJSIP/101",
    "paused": "1",
    "pausedreason": "lunch",
    "status": "2",
    "penalty": "10",
}


def test_snapshot() -> None:
    builder = SnapshotBuilder(PBX, 3)
    params = {"event": "QueueParams", "queue": "sales"}
    assert builder.build([CHANNEL_ROW], [params, MEMBER_ROW, ENTRY_ROW]) == facts.Snapshot(
        PBX,
        3,
        (
            facts.LiveChannel(
                A,
                "PJSIP/trunk-00000000",
                "Up",
                "79161234567",
                None,
                "100",
                "b1",
                42,
                CallId("01abc"),
                TopicCode("finance.debt"),
                None,
                context="callcore-alone",
                mark=CallId("01abc"),
            ),
        ),
        (facts.LiveEntry(SALES, A, 7),),
        (facts.LiveMember(SALES, PHONE, True, "lunch", True, None, 10),),
        queues=(SALES,),
    )
    assert not builder.odd


def test_rows_without_variables_or_with_a_single_one() -> None:
    builder = SnapshotBuilder(PBX, 1)
    bare = {name: value for name, value in CHANNEL_ROW.items() if name != "variable"}
    first, second = builder.build([bare, bare | {"variable": "MEMBERINTERFACE=PJSIP/101"}], []).channels
    assert (first.call, first.topic, first.member_interface) == (None, None, None)
    assert second.member_interface == PHONE


def test_odd_rows_are_left_out_and_counted() -> None:
    builder = SnapshotBuilder(PBX, 1)
    snapshot = builder.build([{"event": "Status"}, CHANNEL_ROW], [{"event": "QueueMember", "queue": "q"}])
    assert len(snapshot.channels) == 1
    assert builder.odd == {"Status: no uniqueid": 1, "QueueMember: no location": 1}


@given(
    st.lists(
        st.dictionaries(NAMES | st.just("variable"), VALUES | st.lists(VALUES, min_size=2)).map(
            lambda row: row | {"event": "Status"}
        )
    )
)
def test_no_row_raises(rows: list[Headers]) -> None:
    SnapshotBuilder(PBX, 1).build(rows, rows)
