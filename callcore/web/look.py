"""What of the outages' page somebody looks at; all of it stands in the address. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from callcore.calls.campaign import TargetResult
from callcore.web.outage_bodies import STEPS, Step

PAGE = "/outages"
OPEN = "open"
ROWS = 50
"""Recipients on one page of their table."""
_LONGEST = 200
_SHOWS = frozenset((OPEN, *TargetResult))


@dataclass(frozen=True, slots=True)
class Look:
    """``show``: recipients of one result, or ``open``; "" all. ``step``: the form that is open."""

    outage: str = ""
    campaign: int = 0
    show: str = ""
    q: str = ""
    page: int = 1
    step: Step | None = None
    node: str = ""
    """Put into the area of a new outage."""

    def href(self, **changes: Any) -> str:
        """The address of this look, changed; whatever is not changed and stands beside it is kept."""
        fields = {name: value for name, value in asdict(replace(self, **changes)).items() if value}
        if fields.get("page") == 1:
            del fields["page"]
        return f"{PAGE}?{urlencode(fields)}" if fields else PAGE

    @property
    def results(self) -> tuple[TargetResult, ...]:
        return (TargetResult(self.show),) if self.show not in ("", OPEN) else ()

    @property
    def is_open(self) -> bool | None:
        return True if self.show == OPEN else None

    @property
    def offset(self) -> int:
        return (self.page - 1) * ROWS


def read_look(fields: Mapping[str, str]) -> Look:
    """Whatever is wrong in an address is left out."""
    show = fields.get("show", "")
    return Look(
        outage=fields.get("outage", "")[:_LONGEST],
        campaign=_whole(fields.get("campaign", "")),
        show=show if show in _SHOWS else "",
        q=fields.get("q", "").strip()[:_LONGEST],
        page=min(_whole(fields.get("page", "")), 100_000) or 1,
        step=next((step for step in STEPS if step == fields.get("step")), None),
        node=fields.get("node", "")[:_LONGEST],
    )


def look_of(search: str) -> Look:
    """The look in ``?outage=…&…``."""
    try:
        fields = dict(parse_qsl(search.removeprefix("?"), max_num_fields=32))
    except ValueError:
        fields = {}
    return read_look(fields)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
