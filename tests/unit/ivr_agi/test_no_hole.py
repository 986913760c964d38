"""Whatever way, whatever the caller does, whatever fails: he is with somebody, has had his end, or the
dialplan has him."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from callcore.domain import Customer, CustomerId, Interface, QueueName
from callcore.ivr.fastagi import Server
from callcore.ivr.inbound import Inbound
from callcore.ivr.overflow import Overflow
from callcore.ivr.script import Script, Transfer
from callcore.routing.legs import (
    Announce,
    HangUp,
    OfferCallBack,
    OpenCase,
    ToDepartment,
    ToExternal,
    ToNumber,
    ToPersonal,
    ToQueue,
    Voicemail,
)

from .floor_stub import TOPIC, Ear, Floor, House, book, handed_to, reception, text
from .scripted_asterisk import PEERS, Counters, FakeAsterisk, environment

IVAN = Customer(CustomerId(7), "Иван", "2041")
SOON = timedelta(seconds=5)
OURS = {"callcore-queue", "callcore-people", "callcore-number", "callcore-outside"}
WORDS = ("connecting-ru", "callbackoffer-ru", "leavemessage-ru", "ask-ru", "goodbye-ru", "sorry-ru")

legs = st.lists(
    st.sampled_from(
        [
            ToQueue(),
            ToQueue(QueueName("expert"), priority=3, max_wait=SOON),
            ToPersonal(SOON),
            ToNumber("204", SOON),
            ToExternal("+74951234567", SOON),
            ToDepartment("sales"),
            Announce(text("sorry")),
            Voicemail(),
            OpenCase("prospect", text("ask")),
            OpenCase("call_me"),
            OfferCallBack(),
            HangUp(),
        ]
    ),
    min_size=1,
    max_size=5,
)
faults = st.sampled_from([None, ConnectionError("gone"), ValueError("a bug")])
callers = st.fixed_dictionaries(
    {
        "keys": st.fixed_dictionaries({"wait": st.lists(st.sampled_from("129#*"), max_size=3)}),
        "says": st.lists(st.sampled_from([0.0, 0.5, 2.0]), max_size=3),
        "cannot_write": st.booleans(),
        "hangs_up": st.one_of(
            st.just({}), st.sampled_from([*WORDS, "record", "wait"]).map(lambda moment: {moment: 80})
        ),
    }
)
houses = st.fixed_dictionaries(
    {
        "profile": faults,
        "announcements": faults,
        "personal": st.one_of(faults, st.just(()), st.just((Interface("PJSIP/101"),))),
    }
)
floors = st.builds(Floor, whose=st.sampled_from([None, IVAN]), is_withheld=st.booleans())


async def nothing_is_out(number: str | None) -> tuple[()]:
    return ()


async def whole_call(
    way: list[Any], caller: dict[str, Any], knows: dict[str, Any], floor: Floor, **more: Any
):
    """The commands of the call; of the route ``overflow`` where ``on`` is what stands on its channel."""
    on = more.get("on")
    counters = Counters()
    with tempfile.TemporaryDirectory() as folder:
        script = Script("go", {"go": Transfer(TOPIC)}, has_greeting=False)
        it = reception(
            Path(folder),
            book(*way, script=script),
            floor,
            house=House({name: answer for name, answer in knows.items() if answer is not None}),
        )
        route = Inbound(it, nothing_is_out) if on is None else Overflow(it)
        server = Server("127.0.0.1", 0, {"inbound": route}, PEERS, metrics=counters)
        await server.start()
        peer = FakeAsterisk(*await asyncio.open_connection("127.0.0.1", server.port))
        peer.send(environment(agi_arg_1="4951", agi_arg_2="TIMEOUT"))
        Ear(peer, variables=on or {}, **{name: _copied(value) for name, value in caller.items()})
        try:
            commands = await peer.run()
            while not counters.results:  # noqa: ASYNC110 - the server is a step behind its socket
                await asyncio.sleep(0)
            return commands, counters.results
        finally:
            peer.writer.transport.abort()
            await server.close()
            assert it.places == {}


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(each) for key, each in value.items()}
    return list(value) if isinstance(value, list) else value


def is_somewhere(commands: list[str], results: list[str], floor: Floor) -> bool:
    """With somebody, at his end, with the dialplan (no word of success), or gone by himself."""
    has_success = any('"CALLCORE_RC" "OK"' in each for each in commands)
    to = handed_to(commands)
    if to is not None:
        return has_success and to[0] in OURS
    return "HANGUP" in commands or not has_success


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(legs, callers, houses, floors)
@example([Announce(text("sorry"))], {"cannot_write": True}, {}, Floor(is_withheld=True))
@example([ToPersonal(SOON)], {}, {"personal": ValueError("a bug")}, Floor(whose=IVAN))
def test_no_hole_on_the_way(way, caller, knows, floor):
    floor = Floor(whose=floor.whose, is_withheld=floor.is_withheld)
    commands, results = asyncio.run(whole_call(way, caller, knows, floor))
    assert results
    assert results != ["failed"]
    assert is_somewhere(commands, results, floor)
    assert floor.left() is not None, "the floor is told once"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    legs,
    callers,
    houses,
    floors,
    st.fixed_dictionaries(
        {},
        optional={
            "CALLCORE_TOPIC": st.sampled_from([TOPIC, "gone.topic", "ivr"]),
            "CALLCORE_ROUTE": st.sampled_from([f"{TOPIC}/own", "fallback", "ivr/go", "ivr/", "/", ""]),
            "CALLCORE_WAY": st.sampled_from([f"{TOPIC}/own", f"{TOPIC}/gone", "a/b/c"]),
            "CALLCORE_EDITION": st.sampled_from(["1", "x", ""]),
            "CALLCORE_LANGUAGE": st.sampled_from(["ru", "en", "de"]),
            "CALLCORE_LEG": st.sampled_from(["0", "1", "4", "99", "-1", "1e3"]),
        },
    ),
)
def test_no_hole_on_the_way_back(way, caller, knows, floor, on):
    floor = Floor(whose=floor.whose, is_withheld=floor.is_withheld)
    commands, results = asyncio.run(whole_call(way, caller, knows, floor, on=on))
    assert results
    assert results != ["failed"]
    assert is_somewhere(commands, results, floor)
    assert floor.left() is not None
