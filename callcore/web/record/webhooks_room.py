"""What the pages and the API of webhooks stand on, and what of a subscription they check alike."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aiohttp import web

from callcore.bus import plan
from callcore.bus.outward import Bounds, Refused, allowed_url, checked_url
from callcore.domain import Text
from callcore.store import events
from callcore.store.webhooks import Webhook, Webhooks
from callcore.strictyaml.faults import Fault
from callcore.web.problems import Problem

STATES = ("waiting", "delivered", "failed")


@dataclass(frozen=True, slots=True)
class WebhookRoom:
    store: Webhooks
    nudge: Callable[[], None]
    """Something was changed by hand: look now."""
    bounds: Bounds = field(default=Bounds())
    """Where deliveries may go."""
    chance: Callable[[], bytes] = field(default=lambda: secrets.token_bytes(32))

    def new_secret(self) -> str:
        return plan.new_secret(self.chance())


ROOM = web.AppKey("webhooks", WebhookRoom)


def bounds_of(room: WebhookRoom, hook: Webhook, url: str, *, is_active: bool) -> Bounds:
    """An address that was allowed once must not keep a subscription from being switched off."""
    return room.bounds if is_active or url != hook.url else Bounds(None)


def patterns_of(text: str) -> tuple[str, ...]:
    """What was typed, between spaces, commas or lines; each once."""
    return tuple(dict.fromkeys(text.replace(",", " ").split()))


def faults_of(url: str, patterns: Sequence[str], bounds: Bounds) -> dict[str, Text]:
    """What is wrong, by field."""
    faults: dict[str, Text] = {}
    try:
        checked_url(url)
    except Refused:
        faults["url"] = Text(
            "Нужен адрес http:// или https:// без имени и пароля.",
            "An http:// or https:// address is wanted, without name and password.",
        )
    else:
        faults |= _closed(url, bounds)
    odd = next((each for each in patterns if not plan.is_pattern(each)), None)
    strange = next((each for each in patterns if not events.is_known(each)), None)
    if not patterns:
        faults["patterns"] = Text(
            "Назовите события, например case.* или *.", "Name events, such as case.* or *."
        )
    elif odd is not None or len(patterns) > 50:
        faults["patterns"] = Text(
            f"{(odd or '')[:60]!r} — не вид событий; пишут case.created, case.* или *.",
            f"{(odd or '')[:60]!r} is no kind of events; write case.created, case.* or *.",
        )
    elif strange is not None:
        near = ", ".join(events.near(strange))
        faults["patterns"] = Text(
            f"События {strange} нет. Есть: {near}.", f"There is no event {strange}. There are: {near}."
        )
    return faults


def _closed(url: str, bounds: Bounds) -> dict[str, Text]:
    try:
        allowed_url(url, bounds)
    except Refused as refused:
        return {"url": Text(f"{refused.text.ru}.", f"{refused.text.en}.")}
    return {}


def refuse(faults: dict[str, Text]) -> None:
    """Raises ``Problem`` if there are any."""
    if faults:
        see = Text("См. docs/api.md", "See docs/api.md")
        raise Problem("invalid", faults=[Fault("body", 0, name, said, see) for name, said in faults.items()])
