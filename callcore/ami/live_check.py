"""What a living PBX lacks for callcore, for ``callcore check --live``. It changes nothing on the PBX.

Level 1: the AMI account works and has the rights (pop, contact log). Level 2: our dialplan is included (IVR,
routing, fallback). Level 3: the queues of the topic tables exist.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal

from callcore.ami import actions
from callcore.ami.client import ActionRefused, AmiError, AmiLink, Reply
from callcore.ami.protocol import AmiAction
from callcore.domain import QueueName

OLDEST_TRIED, NEWEST_TRIED = 16, 22


@dataclass(frozen=True, slots=True)
class Finding:
    level: Literal["ok", "warning", "fault"]
    place: str
    """Where it is set, e.g. ``manager.conf [callcore]``."""
    message: str
    remedy: str = ""
    """What to do; "" for what is in order."""


@dataclass(frozen=True, slots=True)
class LiveReport:
    level: int
    """0 (no usable AMI account) to 3."""
    findings: tuple[Finding, ...]


async def check_live(link: AmiLink, contexts: Sequence[str], queues: Sequence[QueueName]) -> LiveReport:
    """Looks at the PBX behind ``link``, which must have ``settled()``.

    ``contexts``: those of our dialplan, ``queues``: those that the topic tables name. Never raises AmiError:
    a PBX that goes away in the middle is a finding.
    """
    if link.state != "up":
        remedy = link.trouble.remedy if link.trouble else "start the link first"
        return LiveReport(0, (Finding("fault", f"PBX {link.pbx}", link.why, remedy),))
    level = 0
    findings: list[Finding] = []
    try:
        for reached, part in (
            (1, _account(link)),
            (2, _dialplan(link, contexts)),
            (3, _queues(link, queues)),
        ):
            found = [finding async for finding in part]
            findings += found
            if level == reached - 1 and not any(finding.level == "fault" for finding in found):
                level = reached
    except AmiError as error:
        lost = Finding(
            "fault", f"PBX {link.pbx}", f"the check broke off: {error}", "see the PBX and try again"
        )
        findings.append(lost)
    return LiveReport(level, tuple(findings))


async def _account(link: AmiLink) -> AsyncIterator[Finding]:
    place = f"manager.conf [{link.settings.username}]"
    allowed = (await link.call(actions.list_commands())).headers
    missing = [name for name in actions.NEEDED_ACTIONS if name.lower() not in allowed]
    for name in missing:
        right = actions.NEEDED_ACTIONS[name]
        remedy = f"add {right} to write =" if right else "load its module (app_queue, manager core)"
        yield Finding("fault", place, f"the account may not use {name}", remedy)
    if not missing:
        yield Finding("ok", place, "all actions that callcore needs are allowed")
    if not link.booted:
        yield Finding(
            "warning",
            place,
            "FullyBooted did not come: the account does not read the class system",
            "read = system,call,agent,user,cdr (without it callcore waits 2 s longer after each login)",
        )
    if "CoreSettings" not in missing:
        yield _version((await link.call(actions.core_settings())).headers.get("asteriskversion", ""))


def _version(version: str | list[str]) -> Finding:
    number = re.match(r"(?:certified/)?(\d+)", str(version))
    major = int(number.group(1)) if number else 0
    if OLDEST_TRIED <= major <= NEWEST_TRIED:
        return Finding("ok", "Asterisk", f"version {version}")
    return Finding(
        "warning",
        "Asterisk",
        f"version {version or 'unknown'}: callcore is tried with {OLDEST_TRIED} to {NEWEST_TRIED}",
        "make test calls through every queue before going live",
    )


async def _dialplan(link: AmiLink, contexts: Sequence[str]) -> AsyncIterator[Finding]:
    for context in contexts:
        place = f"extensions.conf [{context}]"
        if await _answer(link, actions.show_dialplan(context)) is None:
            yield Finding(
                "fault",
                place,
                f"there is no context {context}",
                "include callcore's dialplan (callcore dialplan prints it), then: dialplan reload",
            )
        else:
            yield Finding("ok", place, f"context {context} is there")


async def _queues(link: AmiLink, queues: Sequence[QueueName]) -> AsyncIterator[Finding]:
    reply = await _answer(link, actions.queue_status())
    rows = reply.rows if reply else ()
    known = {row.get("queue") for row in rows if row.get("event") == "QueueParams"}
    members = {str(row.get("queue")): str(row.get("location")) for row in rows if row.get("location")}
    for queue in queues:
        place = f"queues.conf [{queue}]"
        if queue not in known:
            yield Finding(
                "fault",
                place,
                f"there is no queue {queue}",
                "add it (callcore dialplan prints a section for it), then: queue reload all",
            )
            continue
        yield Finding("ok", place, f"queue {queue} is there")
        if queue in members and await _rings_in_use(link, queue, members[queue]):
            yield Finding(
                "warning",
                place,
                f"ringinuse is on: {members[queue]} is rung while its operator talks",
                "ringinuse = no, then: queue reload all",
            )


async def _rings_in_use(link: AmiLink, queue: str, interface: str) -> bool:
    """Only visible where the queue has a member."""
    asked = AmiAction("Getvar", (("Variable", f"QUEUE_MEMBER({queue},ringinuse,{interface})"),))
    reply = await _answer(link, asked)
    return reply is not None and reply.headers.get("value") == "1"


async def _answer(link: AmiLink, action: AmiAction) -> Reply | None:
    """None if Asterisk refuses."""
    try:
        return await link.call(action)
    except ActionRefused:
        return None
