"""Bytes that no Asterisk should send to a FastAGI server, one file each: what becomes of the call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from callcore.ivr.agi import AgiError
from callcore.ivr.agi_session import Session
from callcore.ivr.fastagi import Server
from callcore.testing.patience import PATIENCE_SECONDS

from .corpus import CUTS, Torture, corpus, files_of, index_of, told, word
from .peers import Ends, play_agi

STEPS: dict[str, Callable[[Session], Awaitable[object]]] = {
    "answer": Session.answer,
    "get": lambda session: session.get_variable("CALLCORE_HINT"),
    "key": lambda session: session.wait_for_digit(3000),
    "play": lambda session: session.stream_file("hello", seconds=1, escape_digits="0123456789*#"),
    "status": Session.channel_status,
    "env": lambda session: _environment(session),
    "gone": lambda session: session.gone.wait(),
    "gone2": lambda session: _closed(session),
}


async def _environment(session: Session) -> dict[str, str]:
    env = session.environment
    names = (
        "channel",
        "uniqueid",
        "caller_number",
        "caller_name",
        "dialed_number",
        "redirecting_number",
        "presentation",
        "query",
    )
    values = {name: getattr(env, name) for name in names}
    values["query"] = dict(env.query)
    return {name: word(value) for name, value in values.items() if value not in (None, "", {})}


async def _closed(session: Session) -> str | None:
    """The server's own reason, once it has closed the connection."""
    while session.verdict in {None, "hung_up"}:  # noqa: ASYNC110
        await asyncio.sleep(0)
    return session.verdict


def _said(outcome: object) -> object:
    if isinstance(outcome, dict):
        return outcome
    text = repr(outcome) if isinstance(outcome, str) else str(outcome)
    return word(text) if len(text) > 200 else text


def test_the_index_and_the_files_are_the_same() -> None:
    assert files_of("agi") == {f"{name}.raw" for name in index_of("agi")}


def test_every_file_has_a_purpose_of_its_own() -> None:
    files = corpus("agi")
    assert len({str(one.entry["why"]) for one in files}) == len(files)
    assert len({(one.data, str(one.given)) for one in files}) == len(files)


@contextmanager
def impatient(seconds: float | None) -> Iterator[None]:
    """Every command's time limit, for the files where the time is what runs out."""
    plain = [(step, step.__kwdefaults__) for step in (Session._command, Session._step)]
    try:
        for step, defaults in plain if seconds else ():
            step.__kwdefaults__ = {**defaults, "limit": seconds}
        yield
    finally:
        for step, defaults in plain:
            step.__kwdefaults__ = defaults


async def one_call(one: Torture, how: str) -> dict[str, Any]:
    """Plays the script to a server whose route takes the given steps; what came of each."""
    given = one.given
    steps: list[str] = given.pop("steps", [])
    limit: float | None = given.pop("limit", None)
    outcomes: list[object] = []

    async def route(session: Session) -> None:
        for step in steps:
            try:
                outcomes.append({step: _said(await STEPS[step](session))})
            except AgiError as error:
                outcomes.append({step: type(error).__name__})

    ends = Ends()
    server = Server("127.0.0.1", 0, {"inbound": route}, {"main": ["127.0.0.1"]}, metrics=ends, **given)
    await server.start()
    try:
        with impatient(limit):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await play_agi(server.port, one.script(), how)
                await ends.known.wait()
    finally:
        await server.close()
    return told(refused=ends.refusal, steps=outcomes, ended=ends.result)


@pytest.mark.parametrize("how", CUTS)
@pytest.mark.parametrize("one", corpus("agi"), ids=lambda one: one.name)
async def test_call(one: Torture, how: str) -> None:
    assert await one_call(one, how) == one.expected, one.entry["why"]
