"""Builders of actions close the holes that a well-formed line leaves."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore.ami import actions
from callcore.ami.protocol import AmiAction, BadAction, encode
from callcore.calls.effects import AddMember, PauseMember, RemoveMember
from callcore.domain import Interface, PbxName, QueueName

PBX = PbxName("main")
SALES, DEBT = QueueName("sales"), QueueName("debt")
PHONE = Interface("PJSIP/101")


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
                ("Reason", "no_desk"),
            ),
        ),
    )


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
    assert actions.status().headers == (("Variables", "CALLCORE_CALL,CALLCORE_TOPIC,MEMBERINTERFACE"),)


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
            actions.queue_add(SALES, PHONE, "x", paused=False, reason=""),
            actions.queue_remove(SALES, PHONE),
            actions.queue_pause(SALES, PHONE, paused=True, reason=""),
        )
    }
    assert built == set(actions.NEEDED_ACTIONS)


EVIL = st.text() | st.sampled_from(
    ["a\r\nAction: Hangup\r\nChannel: /.*/", "x\r\n\r\n", "\n", "a\0", "\udc90"]
)


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
    ):
        try:
            wire = encode(build(), "id-1")
        except BadAction:
            continue
        assert wire.count(b"\r\n\r\n") == 1
        assert wire.count(b"\n") == wire.count(b"\r") == wire.count(b"\r\n")
        assert sum(line.lower().startswith(b"action:") for line in wire.split(b"\r\n")) == 1
