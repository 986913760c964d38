"""The script's nodes over a scripted Asterisk: digits, secrets, questions to the record, recordings."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import Any

import pytest

from callcore.calls import facts as f
from callcore.domain import Outcome, Text
from callcore.ivr import visit as visits
from callcore.ivr.inbound import Inbound
from callcore.ivr.ports import Profile
from callcore.ivr.script import (
    Branch,
    Collect,
    Do,
    Emergency,
    LookUp,
    Menu,
    Node,
    Play,
    Record,
    Script,
    Speak,
    Switch,
    Topics,
    Transfer,
)
from callcore.ivr.script_run import leads_to_secret
from callcore.routing.legs import HangUp, Voicemail
from callcore.routing.situation import CallerFacts, Standing

from .floor_stub import OPERATOR, TOPIC, Ear, Floor, House, Voice, book, handed_to, reception, text

RC = 'SET VARIABLE "CALLCORE_RC" "OK"'
END = Do((HangUp(),), OPERATOR)


async def nothing_is_out(number: str | None) -> tuple[()]:
    return ()


class Told:
    """All that can be seen of one call."""

    def __init__(self, ear: Ear, floor: Floor, house: House, lines: list[str], places: list[Any]) -> None:
        self.heard, self.commands = ear.heard, ear.pbx.commands
        self.floor, self.house, self.lines, self.places = floor, house, lines, places


@pytest.fixture
def walk(bench, tmp_path):
    """``async with walk({"start": node, …}, keys=…) as told``: one whole call through these nodes."""

    @asynccontextmanager
    async def call(nodes: dict[str, Node], *, knows=None, hints=(), mute=(), **ear: Any):
        floor, house = Floor(), House(knows or {})
        script = Script("start", {"end": END, **nodes}, has_greeting=False)
        it = reception(
            tmp_path,
            book(script=script),
            floor,
            house=house,
            speech=Voice(*mute),
            hints=lambda: tuple(hints),
        )
        lines: list[str] = []
        tap = lambda _pbx, _channel, line, _is_ours: lines.append(line)  # noqa: E731
        places: list[Any] = []

        async def route(session: Any) -> None:
            try:
                await Inbound(it, nothing_is_out)(session)
            finally:
                places.append(dict(it.places))

        async with bench(route, tap=tap) as b:
            pbx = await b.call()
            hears = Ear(pbx, **ear)
            await pbx.run()
            await b.until(lambda: b.counters.results)
            assert b.counters.results != ["failed"]
            yield Told(hears, floor, house, lines, places)
            await it.slips.hand_in()

    return call


def menu(**keys: str) -> Menu:
    return Menu(text("menu"), {key.removeprefix("k"): node for key, node in keys.items()}, "end", tries=1)


PIN = {
    "start": Collect(text("contract"), "contract", "pin", "end", tries=1),
    "pin": Collect(text("pin"), "pin", "who", "end", least=4, most=4, tries=1, is_secret=True),
    "who": LookUp(
        "contract_pin",
        "money",
        "start",
        using={"contract": "contract", "pin": "pin"},
        tries=3,
        failed="failed",
    ),
    "money": LookUp("balance", "say", "end"),
    "say": Play(Text("Баланс {balance:money}", "Balance {balance:money}"), "end"),
    "failed": Transfer(TOPIC),
}


async def test_contract_and_pin_and_the_balance(walk):
    """Digits until hash, or as many as there are; what he hears is spoken for him alone."""
    knows = {"contract_pin": {}, "balance": {"balance": "12345", "balance.currency": "RUB"}}
    keys = {"contract-ru": ["1"], "wait": ["7", "#", "4", "3", "2", "1"]}
    async with walk(PIN, knows=knows, keys=keys) as told:
        pass
    [proved, _balance] = told.house.asked
    assert proved[0] == "contract_pin"
    assert (proved[1]["contract"], proved[1]["pin"]) == ("17", "4321")
    assert told.heard == ["contract-ru", "pin-ru", "Баланс", "goodbye-ru"]


async def test_the_digits_of_a_secret_are_written_down_nowhere(walk):
    """The contract may be seen, the PIN may not, not even its length."""
    keys = {"contract-ru": ["1"], "pin-ru": ["4"], "wait": ["7", "#", "4", "4", "4"]}
    async with walk(PIN, keys=keys, hangs_up={"wait": 0}) as told:
        pass
    answers = [line for line in told.lines if line.startswith("200 result=")]
    assert "200 result=55" in answers, "a 7 of the contract"
    assert not [line for line in told.lines if line.startswith("200 result=52")], "a 4 of the PIN"
    assert told.house.asked[0][1]["pin"] == "4444"


async def test_a_secret_begun_while_something_is_said_before_it(walk):
    nodes = {"start": Play(text("hello"), "pin"), "pin": PIN["pin"], "who": END}
    async with walk(nodes, keys={"hello-ru": ["4"], "wait": ["4", "4", "4"]}) as told:
        pass
    assert not [line for line in told.lines if line.startswith("200 result=52")]
    assert told.heard == ["hello-ru", "goodbye-ru"]


def test_which_nodes_lead_to_a_secret():
    script = Script(
        "a",
        {
            "a": Play(text("x"), "b"),
            "b": Branch("language", {"ru": "c"}, "menu"),
            "c": Collect(text("pin"), "pin", "a", "a", is_secret=True),
            "menu": Menu(text("m"), {"1": "c"}, "a"),
            "circle": Play(text("x"), "circle"),
        },
    )
    assert [name for name in script.nodes if leads_to_secret(script, name)] == ["a", "b", "c"]


async def test_three_tries(walk):
    """Wrong three times: where ``failed`` leads, with the balance untold."""
    keys = {"wait": ["7", "#", "1", "2", "3", "4"] * 3}
    async with walk(PIN, keys=keys) as told:
        pass
    assert [what for what, _ in told.house.asked] == ["contract_pin"] * 3
    assert handed_to(told.commands) == ("callcore-queue", "finance")
    assert told.commands[-1] == RC


async def test_a_house_that_does_not_answer(walk, monkeypatch):
    monkeypatch.setattr(visits, "BACKOFFICE_SECONDS", 0.05)
    nodes = {"start": LookUp("balance", "end", "other"), "other": Transfer(TOPIC)}
    knows = {name: ... for name in ("balance", "profile", "announcements")}
    async with walk(nodes, knows=knows) as told:
        pass
    assert handed_to(told.commands) == ("callcore-queue", "finance")


@pytest.mark.parametrize("fault", [ConnectionError("gone"), ValueError("a bug")])
async def test_a_house_that_is_broken(walk, fault):
    nodes = {"start": LookUp("balance", "end", "other"), "other": Transfer(TOPIC)}
    knows = {name: fault for name in ("balance", "profile", "announcements")}
    async with walk(nodes, knows=knows) as told:
        pass
    assert handed_to(told.commands) == ("callcore-queue", "finance")


# --- keys


async def test_a_star_is_no_digit_and_a_flood_ends(walk):
    nodes = {
        "start": Collect(text("digits"), "it", "end", "failed", tries=1, most=3),
        "failed": Transfer(TOPIC),
    }
    async with walk(nodes, keys={"wait": ["*", "1", "*", "2", "3"]}) as told:
        pass
    assert told.heard == ["digits-ru", "goodbye-ru"]
    async with walk(nodes, keys={"wait": ["*"] * 1000}) as told:
        pass
    assert len([c for c in told.commands if c.startswith("WAIT")]) == visits.MOST_KEYS
    assert handed_to(told.commands) == ("callcore-queue", "finance")


async def test_star_and_hash_are_keys_of_a_menu(walk):
    nodes = {
        "start": Menu(text("menu"), {"*": "again", "#": "end"}, "end"),
        "again": Play(text("star"), "start"),
    }
    async with walk(nodes, keys={"menu-ru": ["*", "#"]}) as told:
        pass
    assert told.heard == ["menu-ru", "star-ru", "menu-ru", "goodbye-ru"]


async def test_a_telephone_that_presses_for_ever(walk):
    """Wrong keys without end come to the default topic."""
    nodes = {"start": Menu(text("menu"), {"1": "start"}, "start", tries=3)}
    async with walk(nodes, keys={"menu-ru": ["1"] * 5000}) as told:
        pass
    assert handed_to(told.commands) == ("callcore-queue", "expert")
    assert len(told.heard) < 400


# --- languages, announcements, what is known


async def test_a_language_is_told_to_the_floor(walk):
    nodes = {"start": Speak("en", "menu"), "menu": menu(k1="end")}
    async with walk(nodes, keys={"menu-en": ["1"]}) as told:
        pass
    assert told.floor.languages() == ["ru", "en"]
    assert told.heard == ["menu-en", "goodbye-en"]


async def test_an_emergency_announcement_comes_first(walk):
    nodes = {"start": Emergency("menu"), "menu": menu(k1="end")}
    knows = {"announcements": (text("blackout"),)}
    async with walk(nodes, knows=knows, keys={"menu-ru": ["1"]}) as told:
        pass
    assert told.heard == ["blackout-ru", "menu-ru", "goodbye-ru"]


@pytest.mark.parametrize("is_there", [True, False])
async def test_staff_switch_an_announcement(walk, is_there):
    nodes = {
        "start": Switch("7", True, "done", "none"),
        "done": Play(text("done"), "end"),
        "none": Play(text("none"), "end"),
    }
    async with walk(nodes, knows={"switch": is_there}) as told:
        pass
    assert told.house.asked == [("switch", {"note": "7", "is_on": "True"})]
    assert told.heard[0] == ("done-ru" if is_there else "none-ru")


async def test_what_the_script_knows_of_him(walk):
    """The base knows better than a hint; an empty hint says nothing."""
    nodes = {
        "start": Branch("caller.segment", {"key": "standing"}, "failed"),
        "standing": Branch("caller.standing", {"existing": "hint"}, "failed"),
        "hint": Branch("hint.office", {"north": "number"}, "failed"),
        "number": Branch("caller.number", {"+79161234567": "hours"}, "failed"),
        "hours": Branch("hours.finance", {"open": "end"}, "failed"),
        "failed": Transfer(TOPIC),
    }
    knows = {"profile": Profile(CallerFacts(Standing.existing, "KEY"))}
    hints = {"CALLCORE_HINT_SEGMENT": "VIP-0", "CALLCORE_HINT_OFFICE": "North", "CALLCORE_HINT_OTHER": ""}
    names = ("SEGMENT", "OFFICE", "OTHER", "UNSET")
    async with walk(nodes, knows=knows, hints=names, variables=hints) as told:
        pass
    assert told.heard == ["goodbye-ru"]
    assert told.house.profiles == [("+79161234567", None)]


async def test_no_hint_is_read_that_is_not_named(walk):
    nodes = {"start": END}
    async with walk(nodes, variables={"CALLCORE_HINT_LANGUAGE": "en"}) as told:
        pass
    assert told.heard == ["goodbye-ru"]
    assert not [c for c in told.commands if c.startswith("GET VARIABLE")]
    async with walk(nodes, hints=("LANGUAGE",), variables={"CALLCORE_HINT_LANGUAGE": "en"}) as told:
        pass
    assert told.heard == ["goodbye-en"]
    assert told.floor.languages() == ["en"]


# --- recordings


RECORD = {
    "start": Record(text("say"), "sound", "after", "nothing"),
    "after": Transfer(TOPIC),
    "nothing": Play(text("nothing"), "end"),
}


async def test_what_he_says_goes_with_him(walk):
    """It becomes an appeal about the topic where he goes, though he is in a queue by then."""
    async with walk(RECORD, says=[4.0]) as told:
        pass
    assert told.heard == ["say-ru", "*record*", "connecting-ru"]
    [(what, caller, message)] = told.house.kept
    assert (what, caller.topic, caller.number) == ("message", TOPIC, "+79161234567")
    assert message.file == "c1-1.wav"
    assert message.seconds == pytest.approx(4.0, abs=0.1)
    assert told.floor.left().word is Outcome.voicemail


@pytest.mark.parametrize("seconds", [0.0, 0.9])
async def test_a_breath_is_no_message(walk, seconds):
    async with walk(RECORD, says=[seconds]) as told:
        pass
    assert told.heard == ["say-ru", "*record*", "nothing-ru", "goodbye-ru"]
    assert told.house.kept == []
    assert told.floor.left().word is None


async def test_what_he_said_before_he_hung_up_is_kept(walk):
    async with walk(RECORD, says=[2.5], hangs_up={"record": 0}) as told:
        pass
    [(what, _caller, message)] = told.house.kept
    assert (what, message.seconds) == ("message", pytest.approx(2.5, abs=0.1))
    assert told.floor.left().word is Outcome.voicemail
    assert f.MessageBegun in [type(fact) for fact in told.floor.facts]


async def test_a_pbx_that_cannot_write(walk):
    nodes = {**RECORD, "nothing": Transfer(TOPIC)}
    async with walk(nodes, cannot_write=True) as told:
        pass
    assert handed_to(told.commands) == ("callcore-queue", "finance")
    assert told.house.kept == []


# --- where he is, and where he was last


@pytest.mark.parametrize(
    ("nodes", "moment", "node"),
    [
        ({"start": menu(k1="end")}, "menu-ru", "start"),
        ({"start": menu(k1="end")}, "wait", "start"),
        ({"start": Play(text("hello"), "menu"), "menu": menu(k1="end")}, "hello-ru", "start"),
        ({"start": Play(text("hello"), "menu"), "menu": menu(k1="end")}, "menu-ru", "menu"),
        ({"start": Emergency("topics"), "topics": Topics()}, "finance-ru", "topics"),
        ({"start": Collect(text("digits"), "it", "end", "end")}, "digits-ru", "start"),
        ({"start": Collect(text("digits"), "it", "end", "end")}, "wait", "start"),
        ({"start": Record(text("say"), "it", "end", "end")}, "say-ru", "start"),
        ({"start": Record(text("say"), "it", "end", "end")}, "record", "start"),
        ({"start": Transfer(TOPIC)}, "connecting-ru", "start"),
        ({"start": Do((Voicemail(),), TOPIC)}, "leavemessage-ru", "start"),
        ({"start": Play(text("bye"), "end")}, "goodbye-ru", "end"),
    ],
)
async def test_hung_up_at_every_node(walk, nodes, moment, node):
    """His last node is told, nothing is left in memory, and nobody is led anywhere."""
    async with walk(nodes, hangs_up={moment: 800}) as told:
        pass
    left = told.floor.left()
    assert left.node == node
    assert left.hung_up or moment == "goodbye-ru"
    assert told.places == [{}]
    assert handed_to(told.commands) is None


async def test_who_hears_his_balance_and_hangs_up_is_served(walk):
    nodes = {"start": LookUp("balance", "say", "end"), "say": PIN["say"], "end": menu(k1="start")}
    knows = {"balance": {"balance": "100", "balance.currency": "RUB"}}
    async with walk(nodes, knows=knows, hangs_up={"menu-ru": 80}) as told:
        pass
    assert told.floor.left().word is Outcome.self_served
    assert f.WordToCome in [type(fact) for fact in told.floor.facts]
    async with walk(nodes, knows=knows, hangs_up={"Баланс": 80}) as told:
        pass
    assert told.floor.left().word is None, "he has not heard it"


async def test_who_wants_more_than_his_balance_is_not_served(walk):
    nodes = {
        "start": LookUp("balance", "say", "end"),
        "say": Play(PIN["say"].say, "more"),
        "more": Transfer(TOPIC),
    }
    knows = {"balance": {"balance": "100", "balance.currency": "RUB"}}
    async with walk(nodes, knows=knows) as told:
        pass
    assert handed_to(told.commands) == ("callcore-queue", "finance")
    assert told.floor.left().word is None


async def test_the_legs_of_a_node(walk):
    nodes = {"start": Do((Voicemail(text("night")),), TOPIC)}
    async with walk(nodes, says=[3.0]) as told:
        pass
    assert told.heard == ["night-ru", "*record*", "messagekept-ru", "goodbye-ru"]
    [route] = told.floor.routes()
    assert (route.topic, route.route, route.queue) == (TOPIC, "ivr/start", None)
    [(what, caller, _)] = told.house.kept
    assert (what, caller.topic) == ("message", TOPIC)
