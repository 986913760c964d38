"""What a living PBX lacks for callcore, for ``callcore check --live``. It changes nothing on the PBX.

Level 1: the AMI account works and has the rights (pop, contact log). Level 2: our dialplan is included (IVR,
routing, fallback). Level 3: the queues of the topic tables exist.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from callcore.ami import actions
from callcore.ami.client import AmiError, AmiLink
from callcore.ami.finding import Finding, ask
from callcore.ami.live_fallback import WantedFallback, check_fallback
from callcore.ami.live_queues import WantedQueue, check_queues
from callcore.domain import Text

OLDEST_TRIED, NEWEST_TRIED = 16, 22
INTERNAL = "CALLCORE_INTERNAL"
"""Global of the dialplan: the context of internal numbers."""


@dataclass(frozen=True, slots=True)
class LiveReport:
    level: int
    """0 (no usable AMI account) to 3."""
    findings: tuple[Finding, ...]


async def check_live(
    link: AmiLink,
    contexts: Sequence[str],
    queues: Sequence[WantedQueue],
    *,
    dials: bool = False,
    records: bool = False,
    inside: bool = False,
    fallback: WantedFallback | None = None,
) -> LiveReport:
    """Looks at the PBX behind ``link``, which must have ``settled()``.

    ``contexts``: those of our dialplan, ``queues``: those that the topic tables name, ``dials``: callcore
    places calls through it, ``inside``: rows lead to internal numbers, ``fallback``: that of the topic tables
    (None: not asked). Never raises AmiError: a PBX that goes away in the middle is a finding.
    """
    if link.state != "up":
        return LiveReport(0, (_without_link(link),))
    level = 0
    findings: list[Finding] = []
    try:
        for reached, part in (
            (1, _account(link, dials, records)),
            (2, _dialplan(link, contexts, dials, inside, fallback)),
            (3, check_queues(link, queues)),
        ):
            found = [finding async for finding in part]
            findings += found
            if level == reached - 1 and not any(finding.level == "fault" for finding in found):
                level = reached
    except AmiError as error:
        why = Text(f"проверка прервалась: {error}", f"the check broke off: {error}")
        remedy = Text("посмотрите на АТС и повторите", "see the PBX and try again")
        findings.append(Finding("fault", f"pbx.{link.pbx}", why, remedy))
    return LiveReport(level, tuple(findings))


def _without_link(link: AmiLink) -> Finding:
    place = f"pbx.{link.pbx}"
    if link.trouble is not None:
        return Finding("fault", place, link.trouble.why, link.trouble.remedy)
    why = Text("АТС ещё не ответила", "the PBX has not answered yet")
    remedy = Text("посмотрите на АТС и повторите", "see the PBX and try again")
    return Finding("fault", place, why, remedy)


async def _account(link: AmiLink, dials: bool, records: bool) -> AsyncIterator[Finding]:
    place = f"manager.conf [{link.settings.username}]"
    allowed = (await link.call(actions.list_commands())).headers
    needed = actions.NEEDED_ACTIONS | (actions.DIALLING_ACTIONS if dials else {})
    needed |= actions.RECORDING_ACTIONS if records else {}
    missing = [name for name in needed if name.lower() not in allowed]
    for name in missing:
        right = needed[name]
        message = Text(f"учётной записи нельзя {name}", f"the account may not use {name}")
        remedy = Text("загрузите его модуль (app_queue)", "load its module (app_queue)")
        if right:
            remedy = Text(f"добавьте {right} в write =", f"add {right} to write =")
        yield Finding("fault", place, message, remedy)
    if not missing:
        allowed_all = Text(
            "все нужные действия разрешены; классы read отсюда не видны, проверьте: "
            "read = system,call,agent,user,cdr",
            "all actions that callcore needs are allowed; the read classes cannot be seen from here, check: "
            "read = system,call,agent,user,cdr",
        )
        yield Finding("ok", place, allowed_all)
    if not link.booted:
        yield Finding(
            "warning",
            place,
            Text(
                "событие FullyBooted не пришло: учётная запись не читает класс system",
                "FullyBooted did not come: the account does not read the class system",
            ),
            Text(
                "read = system,call,agent,user,cdr (без этого callcore после входа ждёт на 2 с дольше)",
                "read = system,call,agent,user,cdr (without it callcore waits 2 s longer after each login)",
            ),
        )
    if "CoreSettings" not in missing:
        yield _version((await link.call(actions.core_settings())).headers.get("asteriskversion", ""))


def _version(version: str | list[str]) -> Finding:
    number = re.match(r"(?:certified/)?(\d+)", str(version))
    major = int(number.group(1)) if number else 0
    if OLDEST_TRIED <= major <= NEWEST_TRIED:
        return Finding("ok", "Asterisk", Text(f"версия {version}", f"version {version}"))
    tried = f"{OLDEST_TRIED}–{NEWEST_TRIED}"
    return Finding(
        "warning",
        "Asterisk",
        Text(
            f"версия {version or 'неизвестна'}: callcore испытан с {tried}",
            f"version {version or 'unknown'}: callcore is tried with {tried}",
        ),
        Text(
            "до начала работы позвоните в каждую очередь",
            "make test calls through every queue before going live",
        ),
    )


async def _dialplan(
    link: AmiLink, contexts: Sequence[str], dials: bool, inside: bool, fallback: WantedFallback | None
) -> AsyncIterator[Finding]:
    for context in (*contexts, *(actions.DIALLING_CONTEXTS if dials else ())):
        place = f"extensions.conf [{context}]"
        if await ask(link, actions.show_dialplan(context)) is None:
            yield Finding(
                "fault",
                place,
                Text(f"нет контекста {context}", f"there is no context {context}"),
                Text(
                    "подключите диалплан (callcore dialplan --part include), затем dialplan reload",
                    "include callcore's dialplan (callcore dialplan --part include), then: dialplan reload",
                ),
            )
        else:
            yield Finding("ok", place, Text(f"контекст {context} есть", f"context {context} is there"))
    if fallback is not None:
        yield await check_fallback(link, fallback)
    if inside:
        yield await _inside(link)
    if dials:
        yield await _trunk(link)


async def _trunk(link: AmiLink) -> Finding:
    """Whether a call gets through only a call can tell; whether a trunk is named at all is seen from here."""
    place = "extensions.conf [globals]"
    before, after = [await _global(link, name) for name in actions.DIAL_GLOBALS]
    if before:
        shown = f"Dial({before}…{after})"
        return Finding("ok", place, Text(f"звонки уходят через {shown}", f"calls leave through {shown}"))
    return Finding(
        "fault",
        place,
        Text(
            "CALLCORE_DIAL_BEFORE не задана, а outbound.trunks велит звонить через эту АТС",
            "CALLCORE_DIAL_BEFORE is not set, but outbound.trunks wants calls through this PBX",
        ),
        Text(
            "задайте её (callcore dialplan --part globals), затем dialplan reload",
            "set it (callcore dialplan --part globals), then: dialplan reload",
        ),
    )


async def _inside(link: AmiLink) -> Finding:
    place = "extensions.conf [globals]"
    context = await _global(link, INTERNAL)
    if not context:
        return Finding(
            "fault",
            place,
            Text(
                f"{INTERNAL} не задана, а таблицы тем ведут на внутренние номера",
                f"{INTERNAL} is not set, but rows of the topic tables lead to internal numbers",
            ),
            Text(
                "задайте контекст, который их знает (FreePBX: from-internal), затем dialplan reload",
                "set it to the context that knows them (FreePBX: from-internal), then: dialplan reload",
            ),
        )
    if await ask(link, actions.show_dialplan(context)) is None:
        return Finding(
            "fault",
            place,
            Text(f"{INTERNAL}: нет контекста {context}", f"{INTERNAL}: there is no context {context}"),
            Text("назовите контекст, который знает номера", "name the context that knows the numbers"),
        )
    return Finding("ok", place, Text(f"внутренние номера: {context}", f"internal numbers: {context}"))


async def _global(link: AmiLink, name: str) -> str:
    reply = await ask(link, actions.get_global(name))
    return str(reply.headers.get("value", "")) if reply else ""
