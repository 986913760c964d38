"""Builders of actions close the holes that a well-formed line leaves."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcore.ami import actions
from callcore.ami.line_actions import redirect
from callcore.ami.originate import originate as place
from callcore.ami.originate import originate_by_phone as place_by_phone
from callcore.ami.originate import originate_in_queue as place_in_queue
from callcore.ami.originate import originate_to_queue as place_to_queue
from callcore.ami.protocol import AmiAction, BadAction, encode
from callcore.calls.effects import AddMember, PauseMember, RemoveMember, SetPenalty
from callcore.calls.handset import Place
from callcore.domain import CallId, Interface, PbxName, QueueName

PBX = PbxName("main")
SALES, DEBT = QueueName("sales"), QueueName("debt")
PHONE = Interface("PJSIP/101")


@pytest.mark.parametrize(("is_muted", "state"), [(True, "1"), (False, "0")])
def test_a_recording_is_muted_both_ways(is_muted: bool, state: str) -> None:
    assert actions.mute_recording("PJSIP/trunk-1", is_muted=is_muted) == AmiAction(
        "MixMonitorMute", (("Channel", "PJSIP/trunk-1"), ("Direction", "both"), ("State", state))
    )


@pytest.mark.parametrize("channel", ["", " ", "/.*/"])
def test_no_pattern_of_channels_is_muted(channel: str) -> None:
    with pytest.raises(BadAction):
        actions.mute_recording(channel, is_muted=True)


def test_add_member() -> None:
    effect = AddMember("k", PBX, SALES, PHONE, "Иван Петров", True, "no_desk")
    assert actions.for_effect(effect) == (
        AmiAction(
            "QueueAdd",
            (
                ("Queue", "sales"),
                ("Interface", "PJSIP/101"),
                ("MemberName", "Иван Петров"),
                ("Paused", "true"),
                ("Penalty", "0"),
                ("Reason", "no_desk"),
            ),
        ),
    )
    (behind,) = actions.for_effect(AddMember("k", PBX, SALES, PHONE, "Иван", False, "", 10))
    assert dict(behind.headers)["Penalty"] == "10"


def test_a_penalty_is_set_in_one_queue() -> None:
    assert actions.for_effect(SetPenalty("k", PBX, SALES, PHONE, 10)) == (
        AmiAction("QueuePenalty", (("Queue", "sales"), ("Interface", "PJSIP/101"), ("Penalty", "10"))),
    )


@pytest.mark.parametrize(("queue", "penalty"), [("", 1), ("sales", -1), ("sales", 1001)])
def test_penalties_that_would_mean_something_else(queue: str, penalty: int) -> None:
    """Without a queue Asterisk would set it in all of them."""
    with pytest.raises(BadAction):
        actions.queue_penalty(QueueName(queue), PHONE, penalty)


def test_remove_member() -> None:
    assert actions.for_effect(RemoveMember("k", PBX, SALES, PHONE)) == (
        AmiAction("QueueRemove", (("Queue", "sales"), ("Interface", "PJSIP/101"))),
    )


def test_pause_names_each_queue() -> None:
    pauses = actions.for_effect(PauseMember("k", PBX, (SALES, DEBT), PHONE, True, "lunch"))
    assert [dict(pause.headers) for pause in pauses] == [
        {"Queue": queue, "Interface": "PJSIP/101", "Paused": "true", "Reason": "lunch"}
        for queue in (SALES, DEBT)
    ]
    (unpause,) = actions.for_effect(PauseMember("k", PBX, (SALES,), PHONE, False, "lunch"))
    assert dict(unpause.headers) == {"Queue": "sales", "Interface": "PJSIP/101", "Paused": "false"}
    assert actions.for_effect(PauseMember("k", PBX, (), PHONE, True, "lunch")) == ()


def test_a_member_is_never_paused_in_all_queues() -> None:
    with pytest.raises(BadAction, match="no queue"):
        actions.queue_pause(QueueName(""), PHONE, paused=True, reason="")


@pytest.mark.parametrize(("name", "shown"), [("a;b|c, d", "a b c d"), ("  ", "PJSIP/101"), ("Ёж", "Ёж")])
def test_names_cannot_break_the_member_database(name: str, shown: str) -> None:
    action = actions.queue_add(SALES, PHONE, name, paused=False, reason="ignored")
    assert dict(action.headers)["MemberName"] == shown
    assert "Reason" not in dict(action.headers)


@pytest.mark.parametrize(
    "interface",
    ["", "101", "PJSIP/", "PJSIP/101&PJSIP/102", "PJSIP/1 2", "Local/1@x,y", "PJSIP/${X}", "/x", "A/b\n"],
)
def test_odd_interfaces(interface: str) -> None:
    with pytest.raises(BadAction, match="not a device"):
        actions.queue_add(SALES, Interface(interface), "x", paused=False, reason="")


@pytest.mark.parametrize(
    "interface", ["PJSIP/101", "SIP/101", "Local/101@from-queue/n", "DAHDI/1-1", "PJSIP/a_b.c"]
)
def test_devices_of_every_kind(interface: str) -> None:
    assert actions.queue_remove(SALES, Interface(interface))


def test_hangup() -> None:
    assert actions.hangup("PJSIP/101-00000001", 21) == AmiAction(
        "Hangup", (("Channel", "PJSIP/101-00000001"), ("Cause", "21"))
    )


@pytest.mark.parametrize("channel", ["/.*/", " /x/", "", "  "])
def test_no_action_on_more_than_one_channel(channel: str) -> None:
    with pytest.raises(BadAction):
        actions.hangup(channel)
    with pytest.raises(BadAction):
        actions.setvar(channel, "CALLCORE_TOPIC", "x")


@pytest.mark.parametrize("cause", [0, -1, 128])
def test_causes_are_those_of_q850(cause: int) -> None:
    with pytest.raises(BadAction, match="cause"):
        actions.hangup("x", cause)


def test_setvar() -> None:
    action = actions.setvar("PJSIP/1-1", "__CALLCORE_TOPIC", "finance.debt")
    assert dict(action.headers)["Value"] == "finance.debt"
    for name, value in (("SHELL(id)", "x"), ("A", "x,y")):
        with pytest.raises(BadAction):
            actions.setvar("PJSIP/1-1", name, value)


def test_snapshot_asks_for_our_variables() -> None:
    assert actions.status().headers == (
        ("Variables", "CALLCORE_CALL,CALLCORE_TOPIC,MEMBERINTERFACE,CALLCORE_ATTEMPT,CALLCORE_WORD"),
    )


def originate(**changes: Any) -> AmiAction:
    values: dict[str, Any] = {
        "attempt": "a1",
        "digits": "79160000001",
        "notice": "/prompts/1 ё/x",
        "language": "ru",
        "ring_seconds": 30,
    }
    return place(**(values | changes))


def test_originate() -> None:
    action = originate(caller_number="+74951112233")
    assert dict(action.headers) == {
        "Channel": "Local/79160000001@callcore-dial/n",
        "Context": "callcore-campaign",
        "Exten": "s",
        "Priority": "1",
        "ChannelId": "a1",
        "OtherChannelId": "a1-b",
        "Async": "true",
        "Timeout": "35000",
        "CallerID": "<+74951112233>",
    }
    assert dict(action.variables) == {
        "__CALLCORE_ATTEMPT": "a1",
        "__CALLCORE_NOTICE": "/prompts/1 ё/x",
        "__CALLCORE_LANGUAGE": "ru",
        "__CALLCORE_RING": "30",
    }
    assert encode(action, "id-1")


@pytest.mark.parametrize(
    "change",
    [{"attempt": value} for value in ("", "A1", "a-b", "a" * 41, "a\n", "a;2", "1795.3")]
    + [{"digits": value} for value in ("", "+7916", "7916@x", "7916&1", "7", "1" * 19, "７９１６", "79\n")]
    + [{"notice": value} for value in ("", "a,skip", "a&b", 'a"b', "${X}", "a\\b", "a\nb", "a|b", "a" * 501)]
    + [{"language": value} for value in ("", "de", "ru,x")]
    + [{"ring_seconds": value} for value in (0, -1, 301)]
    + [{"caller_number": value} for value in ("x", "<1>", "+", "7916,1", "1\n2")],
)
def test_an_originate_that_could_mean_something_else(change: dict[str, Any]) -> None:
    with pytest.raises(BadAction):
        originate(**change)


def by_phone(**changes: Any) -> AmiAction:
    values: dict[str, Any] = {
        "attempt": "p1",
        "digits": "79160000001",
        "phone": "PJSIP/101",
        "phone_seconds": 20,
        "ring_seconds": 30,
    }
    return place_by_phone(**(values | changes))


def test_originate_by_phone_names_no_number_to_dial() -> None:
    action = by_phone(caller_number="+74951112233")
    assert dict(action.headers) == {
        "Channel": "Local/s@callcore-phone/n",
        "Context": "callcore-placed",
        "Exten": "s",
        "Priority": "1",
        "ChannelId": "p1",
        "OtherChannelId": "p1-b",
        "Async": "true",
        "Timeout": "25000",
        "CallerID": "<79160000001>",
    }
    assert dict(action.variables) == {
        "__CALLCORE_ATTEMPT": "p1",
        "__CALLCORE_PHONE": "PJSIP/101",
        "__CALLCORE_PHONE_RING": "20",
        "__CALLCORE_RING": "30",
        "__CALLCORE_SHOWN": "+74951112233",
    }
    assert encode(action, "id-1")


def test_originate_by_phone_names_the_call_and_what_has_the_phone_answer() -> None:
    plain, told = by_phone(), by_phone(call=CallId("01jcall7"), auto_answer="alert_info")
    assert set(told.variables) - set(plain.variables) == {
        ("__CALLCORE_CALL", "01jcall7"),
        ("__CALLCORE_ANSWERS", "alert_info"),
    }


@pytest.mark.parametrize("phone", ["PJSIP/101", "SIP/101", "Local/105@agents/n", "PJSIP/desk-1@main"])
def test_phones_as_asterisk_spells_them(phone: str) -> None:
    assert dict(by_phone(phone=phone).variables)["__CALLCORE_PHONE"] == phone


@pytest.mark.parametrize(
    "change",
    [
        {"phone": value}
        for value in ("", "101", "PJSIP/1&PJSIP/2", "PJSIP/1,30,G(x)", "PJSIP/${X}", "PJSIP/1\n")
    ]
    + [
        {"attempt": "A"},
        {"digits": "x"},
        {"phone_seconds": 0},
        {"ring_seconds": 301},
        {"caller_number": "x"},
    ]
    + [{"call": value} for value in ("", "A", "a,b", "a" * 41, "a\n")]
    + [{"auto_answer": value} for value in ("", "Call-Info", "call_info,x", "call_info\n")],
)
def test_an_originate_by_phone_that_could_mean_something_else(change: dict[str, Any]) -> None:
    with pytest.raises(BadAction):
        by_phone(**change)


def in_queue(**changes: Any) -> AmiAction:
    values: dict[str, Any] = {
        "attempt": "c1",
        "digits": "79160000001",
        "queue": SALES,
        "position": 2,
        "priority": 0,
        "wait_seconds": 3600,
        "ring_seconds": 30,
        "asterisk": 22,
    }
    return place_in_queue(**(values | changes))


def to_queue(**changes: Any) -> AmiAction:
    values: dict[str, Any] = {
        "attempt": "c1",
        "digits": "79160000001",
        "queue": SALES,
        "priority": 10,
        "notice": "/p/ru/abc",
        "language": "ru",
        "wait_seconds": 3600,
        "ring_seconds": 30,
    }
    return place_to_queue(**(values | changes))


def test_a_placeholder_in_a_queue_names_no_number_to_dial() -> None:
    action = in_queue(caller_number="+74951112233", call="b1")
    headers = dict(action.headers)
    assert headers["Channel"] == "Local/wait@callcore-cbq/n"
    assert (headers["Context"], headers["ChannelId"], headers["OtherChannelId"]) == (
        "callcore-placed",
        "c1",
        "c1-b",
    )
    assert (headers["CallerID"], headers["Timeout"]) == ("<79160000001>", "3605000")
    assert dict(action.variables) == {
        "__CALLCORE_ATTEMPT": "c1",
        "__CALLCORE_STANDS": "sales",
        "__CALLCORE_PLACE": "2",
        "__CALLCORE_PRIORITY": "0",
        "__CALLCORE_STAND": "3600",
        "__CALLCORE_MAJOR": "22",
        "__CALLCORE_RING": "30",
        "__CALLCORE_SHOWN": "+74951112233",
        "__CALLCORE_CALL": "b1",
    }
    last = dict(in_queue(position=None).variables)
    assert last["__CALLCORE_PLACE"] == ""
    assert "__CALLCORE_CALL" not in last


def test_a_number_that_is_put_into_a_queue() -> None:
    action = to_queue()
    headers, variables = dict(action.headers), dict(action.variables)
    assert headers["Channel"] == "Local/79160000001@callcore-dial/n"
    assert headers["Context"] == "callcore-called"
    assert (variables["__CALLCORE_STANDS"], variables["__CALLCORE_THEIRS"]) == ("sales", "+79160000001")
    assert (variables["__CALLCORE_NOTICE"], variables["__CALLCORE_PRIORITY"]) == ("/p/ru/abc", "10")


@pytest.mark.parametrize(
    "change",
    [
        {"queue": "a,b"},
        {"queue": ""},
        {"wait_seconds": 0},
        {"wait_seconds": 86_401},
        {"priority": -1},
        {"priority": 100},
        {"digits": "x"},
    ],
)
@pytest.mark.parametrize("build", [in_queue, to_queue])
def test_a_place_in_a_queue_that_could_mean_something_else(build: Any, change: dict[str, Any]) -> None:
    with pytest.raises(BadAction):
        build(**change)


@pytest.mark.parametrize("change", [{"position": 0}, {"position": 10_000}, {"call": "A"}])
def test_a_placeholder_that_could_mean_something_else(change: dict[str, Any]) -> None:
    with pytest.raises(BadAction):
        in_queue(**change)


@pytest.mark.parametrize("change", [{"notice": "a,b"}, {"language": "xx"}])
def test_words_that_could_mean_something_else(change: dict[str, Any]) -> None:
    with pytest.raises(BadAction):
        to_queue(**change)


def test_a_global_is_asked_for_by_its_plain_name() -> None:
    assert actions.get_global("CALLCORE_DIAL_AFTER").headers == (("Variable", "CALLCORE_DIAL_AFTER"),)
    with pytest.raises(BadAction):
        actions.get_global("SHELL(id)")


def test_every_action_that_is_built_is_on_the_list_of_needed_ones() -> None:
    built = {
        action.name
        for action in (
            actions.ping(),
            actions.status(),
            actions.queue_status(),
            actions.core_settings(),
            actions.list_commands(),
            actions.show_dialplan("x"),
            actions.hangup("x"),
            actions.setvar("x", "A", "1"),
            redirect("x", Place.hold),
            actions.queue_add(SALES, PHONE, "x", paused=False, reason=""),
            actions.queue_remove(SALES, PHONE),
            actions.queue_pause(SALES, PHONE, paused=True, reason=""),
            actions.queue_penalty(SALES, PHONE, 1),
            originate(),
            by_phone(),
            in_queue(),
            to_queue(),
            actions.dial_journal(),
            actions.call_journal(),
            actions.get_global("A"),
        )
    }
    assert built == set(actions.NEEDED_ACTIONS) | set(actions.DIALLING_ACTIONS)


EVIL = st.text() | st.sampled_from(
    ["a\r\nAction: Hangup\r\nChannel: /.*/", "x\r\n\r\n", "\n", "a\0", "\udc90"]
)


@settings(deadline=None)  # many draws: on a busy machine an example takes longer than usual
@given(st.data())
def test_no_value_of_any_action_can_start_another_one(data: st.DataObject) -> None:
    def evil() -> Any:
        return data.draw(EVIL)

    flag = data.draw(st.booleans())
    for build in (
        lambda: actions.login(evil(), evil()),
        lambda: actions.show_dialplan(evil()),
        lambda: actions.hangup(evil()),
        lambda: actions.setvar(evil(), evil(), evil()),
        lambda: actions.queue_add(evil(), evil(), evil(), paused=flag, reason=evil()),
        lambda: actions.queue_add(SALES, PHONE, evil(), paused=flag, reason=evil()),
        lambda: actions.queue_remove(evil(), PHONE),
        lambda: actions.queue_pause(evil(), PHONE, paused=flag, reason=evil()),
        lambda: originate(attempt=evil(), digits=evil(), notice=evil()),
        lambda: originate(notice=evil(), caller_number=evil()),
        lambda: in_queue(queue=evil(), caller_number=evil()),
        lambda: to_queue(queue=evil(), notice=evil()),
        lambda: actions.get_global(evil()),
    ):
        try:
            wire = encode(build(), "id-1")
        except BadAction:
            continue
        assert wire.count(b"\r\n\r\n") == 1
        assert wire.count(b"\n") == wire.count(b"\r") == wire.count(b"\r\n")
        assert sum(line.lower().startswith(b"action:") for line in wire.split(b"\r\n")) == 1
