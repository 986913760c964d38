"""What a form or a button publishes: the same body as a program's. And what of it was refused. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from callcore.domain import NodeCode, Outage, OutageKind
from callcore.strictyaml.faults import Fault

Step = Literal["new", "change", "restored", "cancelled"]
STEPS: tuple[Step, ...] = get_args(Step)
FIELDS = ("number", "kind", "cause_ru", "cause_en", "starts_at", "estimated_restoration_at", "nodes")
_BY_PATH = {
    "number": "number",
    "kind": "kind",
    "cause.ru": "cause_ru",
    "cause.en": "cause_en",
    "cause": "cause_ru",
    "starts_at": "starts_at",
    "estimated_restoration_at": "estimated_restoration_at",
    "nodes": "nodes",
}
_BEFORE = re.compile(r"^outages(?:\[\d+\])?\.?")
_LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Form:
    """What stands in the form, as typed; times as a browser writes them, without a zone."""

    step: Step
    number: str = ""
    kind: str = OutageKind.emergency.value
    cause_ru: str = ""
    cause_en: str = ""
    starts_at: str = ""
    estimated_restoration_at: str = ""
    nodes: str = ""
    """Codes between spaces or commas."""
    revision: int = 1
    faults: Mapping[str, tuple[Fault, ...]] = field(default_factory=dict)
    """By field; "" for the whole."""

    @property
    def codes(self) -> tuple[NodeCode, ...]:
        """Each node once, in the order given."""
        return tuple(dict.fromkeys(NodeCode(code) for code in re.split(r"[\s,;]+", self.nodes) if code))

    def refused(self, faults: Iterable[Fault]) -> Form:
        by_field: dict[str, tuple[Fault, ...]] = {}
        for fault in faults:
            name = field_of(fault.path)
            by_field[name] = (*by_field.get(name, ()), fault)
        return replace(self, faults=by_field)


def field_of(path: str) -> str:
    """The form's field that a fault's path names; "" for one that the form does not have."""
    path = re.sub(r"\[\d+\]$", "", _BEFORE.sub("", path))
    return _BY_PATH.get(path, "")


def read_form(fields: Mapping[str, str]) -> Form:
    """The form as it came; a step or revision that no page of ours sends becomes a new outage."""
    step: Step = next((step for step in STEPS if step == fields.get("step")), "new")
    revision = fields.get("revision", "1")
    number = int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 7 else 1
    texts = {name: " ".join(fields.get(name, "").split()) for name in FIELDS}
    return replace(Form(step, revision=number), **texts)  # type: ignore[arg-type]  # all of them are texts


def form_of(outage: Outage, step: Step, zone: ZoneInfo) -> Form:
    """The next revision of an outage, as it stands before anything is changed."""
    return Form(
        step=step,
        number=outage.number,
        revision=outage.revision + 1,
        kind=outage.kind.value,
        cause_ru=outage.cause.ru,
        cause_en=outage.cause.en,
        starts_at=local(outage.starts_at, zone),
        estimated_restoration_at=local(outage.estimated_restoration_at, zone),
        nodes=" ".join(outage.nodes),
    )


def body(form: Form, zone: ZoneInfo, known: Outage | None, now: datetime) -> bytes:
    """What is published. Times that were not touched go out as they are ``known``, to the second."""
    entry: dict[str, object] = {
        "number": form.number,
        "revision": form.revision,
        "kind": form.kind,
        "cause": {"ru": form.cause_ru, "en": form.cause_en},
        "starts_at": _moment(form.starts_at, zone, known.starts_at if known else None),
        "nodes": list(form.codes),
    }
    estimate = _moment(form.estimated_restoration_at, zone, known.estimated_restoration_at if known else None)
    if form.step in ("restored", "cancelled"):
        entry["state"] = form.step
        if known and known.estimated_restoration_at and known.estimated_restoration_at < now:
            estimate = ""
    if estimate:
        entry["estimated_restoration_at"] = estimate
    return json.dumps({"outages": [entry]}, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def ending(outage: Outage, step: Literal["restored", "cancelled"], zone: ZoneInfo, now: datetime) -> bytes:
    """The revision that ends an outage."""
    return body(form_of(outage, step, zone), zone, outage, now)


def local(at: datetime | None, zone: ZoneInfo) -> str:
    """As ``<input type=datetime-local>`` wants it."""
    return at.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if at else ""


def _moment(text: str, zone: ZoneInfo, known: datetime | None) -> str:
    if known is not None and text == local(known, zone):
        return known.astimezone(zone).isoformat()
    if not _LOCAL.fullmatch(text):
        return text
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).isoformat()
    except ValueError:
        return text
