"""What an operator's page or a program may order, by one table for both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from callcore.domain import CallId, CustomerId, Interface, Login, TopicCode
from callcore.screenpop.card import Draft
from callcore.screenpop.ports import DeskRefused, DeskService
from callcore.web.bodies import BadBody, Scalar, text_field
from callcore.web.pages import PAUSES

LONGEST_WORD = 128
LONGEST_COMMENT = 8_000
"""Characters; longer ones are refused with ``too_long``, so that the page can say so."""

Fields = Mapping[str, Scalar]
Command = Callable[[DeskService, Login, Fields], Awaitable[int | None]]


async def run(desks: DeskService, login: Login, do: str, fields: Fields) -> int | None:
    """Carry one command out; gives what ``save`` gave: the record number, or None.

    Raises ``BadBody`` for an unknown command or a field of the wrong type, ``DeskRefused`` for one that
    cannot be done. Time limits are the desk service's: cut off half-way, a phone would be half taken.
    """
    command = COMMANDS.get(do)
    if command is None:
        raise BadBody("no such command")
    return await command(desks, login, fields)


async def _open(desks: DeskService, login: Login, fields: Fields) -> None:
    await desks.open(login, Interface(_word(fields, "interface")))


async def _leave(desks: DeskService, login: Login, _fields: Fields) -> None:
    await desks.leave(login)


async def _ready(desks: DeskService, login: Login, _fields: Fields) -> None:
    desks.ready(login)


async def _pause(desks: DeskService, login: Login, fields: Fields) -> None:
    given = _word(fields, "reason")
    reason = next((pause for pause in PAUSES if pause.value == given), None)
    if reason is None:
        raise BadBody("no such reason")
    desks.pause(login, reason)


async def _front(desks: DeskService, login: Login, fields: Fields) -> None:
    await desks.front(login, _call(fields))


async def _take_card(desks: DeskService, login: Login, fields: Fields) -> None:
    desks.take_card(login, _call(fields))


async def _dismiss(desks: DeskService, login: Login, fields: Fields) -> None:
    """Without a call: all of them."""
    desks.dismiss(login, None if fields.get("call", "") in (None, "") else _call(fields))


async def _draft(desks: DeskService, login: Login, fields: Fields) -> None:
    topic = text_field(fields, "topic", LONGEST_WORD)
    desks.draft(login, _call(fields), Draft(topic=topic, comment=_comment(fields)))


async def _choose(desks: DeskService, login: Login, fields: Fields) -> None:
    desks.choose(login, _call(fields), _customer(fields))


async def _save(desks: DeskService, login: Login, fields: Fields) -> int | None:
    topic = TopicCode(text_field(fields, "topic", LONGEST_WORD))
    close = fields.get("close", "")
    if not (isinstance(close, bool) or close in ("", "1", None)):
        raise BadBody("close is neither 1 nor empty")
    return await desks.save(login, _call(fields), topic, _comment(fields), close=bool(close))


COMMANDS: Mapping[str, Command] = {
    "open": _open,
    "leave": _leave,
    "ready": _ready,
    "pause": _pause,
    "front": _front,
    "take_card": _take_card,
    "dismiss": _dismiss,
    "draft": _draft,
    "choose": _choose,
    "save": _save,
}


def _word(fields: Fields, name: str) -> str:
    word = text_field(fields, name, LONGEST_WORD).strip()
    if not word or not word.isprintable():
        raise BadBody(f"{name} is missing")
    return word


def _call(fields: Fields) -> CallId:
    return CallId(_word(fields, "call"))


def _comment(fields: Fields) -> str:
    comment = fields.get("comment", "")
    if not isinstance(comment, str):
        raise BadBody("comment is not a text")
    if len(comment) > LONGEST_COMMENT:
        raise DeskRefused("too_long")
    return comment


def _customer(fields: Fields) -> CustomerId | None:
    given = fields.get("customer")
    if given is None or given == "":
        return None
    if isinstance(given, bool):
        raise BadBody("customer is not a number")
    if isinstance(given, int):
        return CustomerId(given)
    if not (given.isascii() and given.isdigit() and len(given) <= 18):
        raise BadBody("customer is not a number")
    return CustomerId(int(given))
