"""What an operator's page or a program may order, by one table for both."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

from callcore.calls.line import Do
from callcore.crm.handing import Kind
from callcore.domain import CallId, CustomerId, Interface, Login, TopicCode
from callcore.rights import Permission, may
from callcore.screenpop.card import Draft
from callcore.screenpop.ports import DeskRefused, DeskService, HandMode, RecordDo
from callcore.web.bodies import BadBody, Scalar, text_field
from callcore.web.pages import PAUSES
from callcore.web.starting import starts_call

LONGEST_WORD = 128
LONGEST_COMMENT = 8_000
"""Characters; longer ones are refused with ``too_long``, so that the page can say so."""

_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
Fields = Mapping[str, Scalar]
Command = Callable[[DeskService, Login, Fields], Awaitable[int | None]]


async def run(desks: DeskService, login: Login, role: str, do: str, fields: Fields) -> int | None:
    """Carry one command out for somebody of that role; gives what ``save`` gave: the record number, or None.

    Raises ``BadBody`` for an unknown command or a field of the wrong type, ``DeskRefused`` for one that
    cannot be done. Time limits are the desk service's: cut off half-way, a phone would be half taken.
    """
    command = COMMANDS.get(do)
    if command is None:
        raise BadBody("no such command")
    needed = NEEDED.get(do)
    if do == "transfer" and str(fields.get("to", "")).strip().startswith(f"{Kind.outside}:"):
        needed = NEEDED["dial"]
    if do == "dial" and fields.get("about") and not may(role, Permission.cases_work):
        raise DeskRefused("no_right")
    if needed is not None and not may(role, needed):
        raise DeskRefused("no_right")
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
    draft = Draft(topic=topic, comment=_comment(fields))
    desks.draft(login, _call(fields), draft, **_which(fields))


async def _add_topic(desks: DeskService, login: Login, fields: Fields) -> None:
    desks.add_topic(login, _call(fields))


async def _drop_topic(desks: DeskService, login: Login, fields: Fields) -> None:
    desks.drop_topic(login, _call(fields), _which(fields).get("n", 1))


async def _attach(desks: DeskService, login: Login, fields: Fields) -> None:
    await desks.attach(login, _call(fields), _somebody(fields))


async def _another(desks: DeskService, login: Login, fields: Fields) -> None:
    await desks.another(login, _call(fields), _somebody(fields))


async def _clear(desks: DeskService, login: Login, fields: Fields) -> None:
    desks.clear(login, _call(fields))


async def _favourite(desks: DeskService, login: Login, fields: Fields) -> None:
    await desks.favourite(login, TopicCode(_word(fields, "topic")), is_on=_flag(fields, "on"))


async def _choose(desks: DeskService, login: Login, fields: Fields) -> None:
    desks.choose(login, _call(fields), _customer(fields))


async def _open_number(desks: DeskService, login: Login, fields: Fields) -> None:
    desks.open_number(login, _call(fields), _word(fields, "number"))


async def _read_flash(desks: DeskService, login: Login, fields: Fields) -> None:
    flash = _whole(fields, "flash")
    if flash is None:
        raise BadBody("flash is missing")
    await desks.read_flash(login, _call(fields), flash)


@starts_call("number")
async def _dial(desks: DeskService, login: Login, fields: Fields) -> None:
    """``about``: ``case:ID`` of the case that he will be told about."""
    number, follow_up = _word(fields, "number"), _whole(fields, "follow_up")
    kind, _, id = text_field(fields, "about", LONGEST_WORD).partition(":")
    if kind not in ("", "case") or (kind and not _ID.fullmatch(id)):
        raise BadBody("about names no case")
    await desks.call_orders.dial(
        login,
        number=number,
        customer=_customer(fields),
        follow_up=follow_up,
        case=int(id) if id else None,
    )


async def _cancel_dial(desks: DeskService, login: Login, _fields: Fields) -> None:
    await desks.call_orders.cancel_dial(login)


async def _machine(desks: DeskService, login: Login, fields: Fields) -> None:
    await desks.call_orders.machine(login, _call(fields))


def _recording(do: RecordDo) -> Command:
    async def order(desks: DeskService, login: Login, fields: Fields) -> None:
        await desks.call_orders.record(login, _call(fields), do, is_announced=_flag(fields, "announced"))

    return order


@starts_call("number")
async def _transfer(desks: DeskService, login: Login, fields: Fields) -> None:
    """Without a comment that of the card goes along."""
    mode = fields.get("mode", "") or "consult"
    comment = None if fields.get("comment") is None else _comment(fields)
    if mode not in ("consult", "blind"):
        raise BadBody("mode is neither consult nor blind")
    hand: HandMode = "blind" if mode == "blind" else "consult"
    await desks.call_orders.transfer(login, _call(fields), _word(fields, "to"), hand, comment)


def _line(do: Do) -> Command:
    async def order(desks: DeskService, login: Login, fields: Fields) -> None:
        await desks.call_orders.work_line(login, _call(fields), do)

    return order


async def _save(desks: DeskService, login: Login, fields: Fields) -> int | None:
    topic = TopicCode(text_field(fields, "topic", LONGEST_WORD))
    close, which = _flag(fields, "close"), _which(fields)
    return await desks.save(login, _call(fields), topic, _comment(fields), close=close, **which)


COMMANDS: Mapping[str, Command] = {
    "open": _open,
    "leave": _leave,
    "ready": _ready,
    "pause": _pause,
    "front": _front,
    "take_card": _take_card,
    "dismiss": _dismiss,
    "draft": _draft,
    "add_topic": _add_topic,
    "drop_topic": _drop_topic,
    "choose": _choose,
    "attach": _attach,
    "another": _another,
    "clear": _clear,
    "favourite": _favourite,
    "open_number": _open_number,
    "read_flash": _read_flash,
    "save": _save,
    "transfer": _transfer,
    "dial": _dial,
    "cancel_dial": _cancel_dial,
    "machine": _machine,
    "record": _recording("record"),
    "record_pause": _recording("record_pause"),
    "record_resume": _recording("record_resume"),
    **{do.value: _line(do) for do in Do if do is not Do.consult},
}
"""Whom a caller is handed on to says ``transfer`` alone, so that the words go along: ``consult`` is none of
these, and ``blind`` only lets go of him while somebody rings for him."""
NEEDED: Mapping[str, Permission] = {
    **{do: Permission.recordings_control for do in ("record", "record_pause", "record_resume")},
    "dial": Permission.calls_place,
}
"""What an order needs; the others are anybody's at his own desk, but to hand a caller on to a number outside
is to call there."""


def _word(fields: Fields, name: str) -> str:
    word = text_field(fields, name, LONGEST_WORD).strip()
    if not word or not word.isprintable():
        raise BadBody(f"{name} is missing")
    return word


def _call(fields: Fields) -> CallId:
    return CallId(_word(fields, "call"))


def _which(fields: Fields) -> dict[str, int]:
    """Which topic of the contact, from 1 on; the first where nothing is said."""
    n = _whole(fields, "n")
    return {} if n is None else {"n": n}


def _flag(fields: Fields, name: str) -> bool:
    given = fields.get(name, "")
    if not (isinstance(given, bool) or given in ("", "1", None)):
        raise BadBody(f"{name} is neither 1 nor empty")
    return bool(given)


def _somebody(fields: Fields) -> CustomerId:
    customer = _customer(fields)
    if customer is None:
        raise BadBody("customer is missing")
    return customer


def _comment(fields: Fields) -> str:
    comment = fields.get("comment", "")
    if not isinstance(comment, str):
        raise BadBody("comment is not a text")
    if len(comment) > LONGEST_COMMENT:
        raise DeskRefused("too_long")
    return comment


def _customer(fields: Fields) -> CustomerId | None:
    given = _whole(fields, "customer")
    return None if given is None else CustomerId(given)


def _whole(fields: Fields, name: str) -> int | None:
    given = fields.get(name)
    if given is None or given == "":
        return None
    if isinstance(given, bool):
        raise BadBody(f"{name} is not a number")
    if isinstance(given, int):
        return given
    if not (given.isascii() and given.isdigit() and len(given) <= 18):
        raise BadBody(f"{name} is not a number")
    return int(given)
