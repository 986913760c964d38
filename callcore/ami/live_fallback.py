"""Does the static fallback of a living PBX fit the topic tables of now?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from callcore.ami import actions
from callcore.ami.client import AmiLink
from callcore.ami.finding import Finding, ask
from callcore.domain import Text

Ways = Mapping[tuple[str, str], tuple[str, ...]]
"""By context and extension what is done there: ``Application(data)``, one after another."""
SOON = timedelta(days=30)
_OF_A_DATE = re.compile(r".+\.(\d{8})")
_DATE = re.compile(r"NoOp\((\d{8})\)")
_RENEW = Text(
    "сделайте файл заново (callcore dialplan --part fallback), затем dialplan reload",
    "make the file anew (callcore dialplan --part fallback), then: dialplan reload",
)


@dataclass(frozen=True, slots=True)
class WantedFallback:
    """``until``: the extension that tells the last date that a file knows."""

    ways: Ways
    today: date
    until: tuple[str, str]


async def check_fallback(link: AmiLink, wanted: WantedFallback) -> Finding:
    """Never a fault: without it calls go to the fallback queue. Raises AmiError."""
    contexts = dict.fromkeys(context for context, _extension in wanted.ways)
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for context in contexts:
        found |= await _read(link, context)
    place = f"extensions.conf [{', '.join(contexts)}]"
    if not found:
        return Finding(
            "warning",
            place,
            Text(
                "нет запасного пути по темам: без callcore все звонки идут в одну очередь",
                "there is no fallback by topics: without callcore all calls go to one queue",
            ),
            Text(
                "подключите его (callcore dialplan --part fallback), затем dialplan reload",
                "include it (callcore dialplan --part fallback), then: dialplan reload",
            ),
        )
    until = _DATE.fullmatch("".join(found.get(wanted.until, ())))
    last = until[1] if until else "00000000"
    ours, theirs = dict(_lasting(wanted, wanted.ways, last)), dict(_lasting(wanted, found, last))
    differ = sorted(
        {e for _c, e in ours.keys() ^ theirs.keys()}
        | {e for (c, e) in ours.keys() & theirs.keys() if ours[c, e] != theirs[c, e]}
    )
    if differ:
        some = ", ".join(differ[:3]) + (" …" if len(differ) > 3 else "")
        message = Text(
            f"запасной путь сделан по другим таблицам: {some}",
            f"the fallback was made from other tables: {some}",
        )
        return Finding("warning", place, message, _RENEW)
    if last < f"{wanted.today + SOON:%Y%m%d}":
        message = Text(
            f"запасной путь знает праздники до {last[6:]}.{last[4:6]}.{last[:4]}",
            f"the fallback knows the holidays until {last[:4]}-{last[4:6]}-{last[6:]}",
        )
        return Finding("warning", place, message, _RENEW)
    message = Text("запасной путь сделан по этим таблицам", "the fallback was made from these tables")
    return Finding("ok", place, message)


async def _read(link: AmiLink, context: str) -> dict[tuple[str, str], tuple[str, ...]]:
    """What stands in a context; nothing, if there is none."""
    reply = await ask(link, actions.show_dialplan(context))
    found: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for row in reply.rows if reply else ():
        extension, priority = str(row.get("extension", "")), str(row.get("priority", ""))
        if priority.isdecimal():
            line = f"{row.get('application', '')}({row.get('appdata', '')})"
            found.setdefault((context, extension), []).append((int(priority), line))
    return {place: tuple(line for _priority, line in sorted(lines)) for place, lines in found.items()}


def _lasting(
    wanted: WantedFallback, ways: Ways, last: str
) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    """Without the dates that are over, and those that only the newer file can know."""
    for place, lines in ways.items():
        dated = _OF_A_DATE.fullmatch(place[1])
        if place != wanted.until and (dated is None or f"{wanted.today:%Y%m%d}" <= dated[1] <= last):
            yield place, lines
