"""Bytes that no manager port should send, one file each: the stream alone, then a link that hears it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from callcore.ami import actions
from callcore.ami.client import AmiError, AmiLink, AmiSettings, Inbox
from callcore.ami.protocol import AmiAction, BrokenPeer, Frames, event_name, parse
from callcore.ami.session import _Protocol
from callcore.ami.translate import WANTED_EVENTS, Translator
from callcore.domain import PbxName
from callcore.testing.patience import PATIENCE_SECONDS

from .corpus import CUTS, Torture, corpus, cut, files_of, index_of, said, told
from .peers import AmiPlayer

FOLDERS = ("ami_streams", "ami_links")
WANTED = frozenset(name.encode() for name in WANTED_EVENTS)
CALLS: dict[str, AmiAction] = {"Ping": actions.ping(), "ShowDialPlan": actions.show_dialplan("c")}


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_index_and_the_files_are_the_same(folder: str) -> None:
    assert files_of(folder) == {f"{name}.raw" for name in index_of(folder)}


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_has_a_purpose_of_its_own(folder: str) -> None:
    files = corpus(folder)
    assert len({str(one.entry["why"]) for one in files}) == len(files)
    assert len({one.data for one in files}) == len(files)


# --- the stream alone


def heard(pieces: Any) -> dict[str, Any]:
    """What framing and translation make of a stream."""
    frames, translator = Frames(), Translator(PbxName("main"))
    facts: list[str] = []
    dropped = ignored = 0
    broken = ""

    def take(raw: bytes) -> None:
        nonlocal dropped, ignored
        name = event_name(raw)
        if name in WANTED:
            if (fact := translator.translate(parse(raw))) is not None:
                facts.append(said(fact))
        elif name is not None:
            dropped += 1
        elif raw:
            parse(raw)
            ignored += 1

    for piece in pieces:
        try:
            whole = frames.feed(piece)
        except BrokenPeer as fault:
            whole, broken = list(fault.before), str(fault).partition(" b'")[0]
        for raw in whole:
            take(raw)
        if broken:
            break
    return told(facts=facts, odd=dict(translator.odd), dropped=dropped, ignored=ignored, broken=broken)


@pytest.mark.parametrize("how", CUTS)
@pytest.mark.parametrize("one", corpus("ami_streams"), ids=lambda one: one.name)
def test_stream(one: Torture, how: str) -> None:
    assert heard(cut(one.data, how)) == one.expected, one.entry["why"]


# --- a link that hears it


@pytest.fixture
def cut_for_link(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Whatever chunks the loopback makes, the link gets them cut in this way."""

    def set_up(how: str) -> None:
        whole = _Protocol.data_received

        def in_pieces(self: _Protocol, data: bytes) -> None:
            for piece in cut(data, how):
                if not self.closed:
                    whole(self, piece)

        monkeypatch.setattr(_Protocol, "data_received", in_pieces)

    return set_up


async def one_session(one: Torture) -> dict[str, Any]:
    """Lets a link meet the script once; what it saw, why it ended, and what became of the calls."""
    given = one.given
    wanted_calls: list[str] = given.pop("calls", [])
    async with AmiPlayer(one.script()) as player:
        settings = AmiSettings(
            **{
                "name": PbxName("main"),
                "host": "127.0.0.1",
                "port": player.port,
                "username": "callcore",
                "secret": "right",
                "booted_seconds": 0.01,
                "first_retry_seconds": 60.0,
                "refused_retry_seconds": 60.0,
            }
            | given
        )
        inbox: Inbox = asyncio.Queue(1000)
        link = AmiLink(settings, inbox)
        running = asyncio.create_task(link.run())
        async with asyncio.timeout(PATIENCE_SECONDS):
            calls = await _called(link, wanted_calls)
            while link.state in {"connecting", "up"} or link.trouble is None:  # noqa: ASYNC110
                await asyncio.sleep(0)
        trouble = link.trouble
        await link.stop()
        await running
    facts = [said(inbox.get_nowait()[1]) for _ in range(inbox.qsize())]
    return told(
        facts=facts,
        calls=calls,
        trouble=trouble.kind,
        odd=dict(link.odd),
        dropped=link.counters.dropped,
        faults_of_ours=link.counters.broken,
    )


async def _called(link: AmiLink, names: list[str]) -> dict[str, str]:
    """The outcome of each action, one after the other, once the link is up."""
    outcomes: dict[str, str] = {}
    if names:
        await link.tried()
    for name in names:
        try:
            reply = await link.call(CALLS[name])
            outcomes[name] = f"answered, {len(reply.rows)} rows"
        except AmiError as error:
            outcomes[name] = type(error).__name__
    return outcomes


@pytest.mark.parametrize("how", CUTS)
@pytest.mark.parametrize("one", corpus("ami_links"), ids=lambda one: one.name)
async def test_link(one: Torture, how: str, cut_for_link: Callable[[str], None]) -> None:
    cut_for_link(how)
    assert await one_session(one) == one.expected, one.entry["why"]
