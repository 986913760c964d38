"""What the outages' templates ask about one render: words, counts, bars, links. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

from callcore.calls.campaign import TargetResult
from callcore.campaigns.views import Preview, Prospect
from callcore.domain import Language, Outage, Text
from callcore.store.campaigns import Progress, TargetLine
from callcore.strictyaml.faults import Fault
from callcore.web.board import Board, Compose
from callcore.web.i18n import Texts, catalogue
from callcore.web.look import OPEN
from callcore.web.masking import Guarded
from callcore.web.pages import Viewer

_BY = "by:"
BAR = 1000
"""Width of a bar in its own units."""
TOLD = (TargetResult.told, TargetResult.texted, TargetResult.sent, TargetResult.opted_out)
ORDER = (
    *TOLD,
    TargetResult.not_reached,
    TargetResult.unknown,
    TargetResult.skipped,
    TargetResult.replaced,
    TargetResult.withdrawn,
    TargetResult.stopped,
)
Speech = Callable[[str, Language], str]
"""Address of a spoken text."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the bar: ``code`` is a result, ``trying`` or ``waiting``."""

    code: str
    count: int
    x: int
    width: int
    show: str
    """What the table is filtered by to see them."""


class BoardView(Guarded):
    told_results = TOLD

    def __init__(self, viewer: Viewer, texts: Texts, now: datetime, board: Board, speech: Speech) -> None:
        super().__init__(viewer, texts, now)
        self.board = board
        self.look = board.look
        self.speech = speech

    # --- words

    def say(self, text: Text) -> str:
        """Somebody else's text, in the viewer's language."""
        return text.in_(self.t.spoken)

    def other(self) -> Language:
        return "ru" if self.t.spoken == "en" else "en"

    def count(self, number: int) -> str:
        return self.t.number(number)

    def chip(self, outage: Outage) -> str:
        """Its state in a word or two; planned works do not go on before they begin."""
        is_ahead = outage.is_open and outage.starts_at > self.now
        return self.t("outages.state_ahead" if is_ahead else f"outages.state_{outage.state.value}")

    def sentence(self, text: Text) -> str:
        """The same with a capital letter."""
        said = self.say(text)
        return said[:1].upper() + said[1:]

    def why(self, code: str) -> str:
        """A reason, rule or wait in words; the code itself if there are none for it."""
        if code.startswith(_BY):
            return self.t("campaigns.why_by", who=self.isolate(code.removeprefix(_BY)))
        key = f"campaigns.why_{code.replace('-', '_')}"
        return self.t(key) if key in catalogue(self.t.spoken) else code

    def faults(self, compose: Compose, field: str) -> tuple[Fault, ...]:
        return compose.form.faults.get(field, ())

    def fault_count(self, compose: Compose) -> int:
        return sum(map(len, compose.form.faults.values()))

    # --- an outage

    def is_overdue(self, outage: Outage) -> bool:
        until = outage.estimated_restoration_at
        return outage.is_open and until is not None and until < self.now

    def at(self, at: datetime) -> Markup:
        return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), self.moment(at))

    def within(self, at: datetime) -> Markup:
        """``in 40 min``, ``20 min ago``."""
        return Markup("<time>{}</time>").format(self.t.within(at, self.now))

    def has_begun(self, outage: Outage) -> bool:
        return outage.starts_at <= self.now

    def area(self, outage: Outage) -> str:
        """Its nodes in one line."""
        return ", ".join(outage.nodes)

    def typed(self, text: str) -> Markup:
        """A time of the form in words; empty if it is none."""
        try:
            return self.at(datetime.fromisoformat(text).replace(tzinfo=self.zone))
        except ValueError:
            return Markup()

    # --- progress

    def told(self, progress: Progress) -> int:
        return sum(progress.by_result.get(result, 0) for result in TOLD)

    def still_open(self, progress: Progress) -> int:
        return progress.trying + sum(progress.waiting.values())

    def segments(self, progress: Progress) -> tuple[Segment, ...]:
        """The parts that are not empty, told ones first; those still to be told are the rest."""
        counts = [(str(result), progress.by_result.get(result, 0), str(result)) for result in TOLD]
        counts.append(("trying", progress.trying, OPEN))
        counts.append(("waiting", sum(progress.waiting.values()), OPEN))
        counts += [(str(r), progress.by_result.get(r, 0), str(r)) for r in ORDER if r not in TOLD]
        return _segments(counts)

    def foreseen(self, preview: Preview) -> tuple[Segment, ...]:
        """The same of a preview."""
        later = min(sum(preview.waiting.values()), self.reached(preview))
        skipped = sum(preview.skipped.values())
        by_phone = max(0, preview.by_phone - later)
        by_sms = self.reached(preview) - later - by_phone
        return _segments(
            [
                ("by_phone", by_phone, ""),
                ("by_sms", by_sms, ""),
                ("later", later, ""),
                ("skipped", skipped, ""),
            ]
        )

    def reached(self, preview: Preview) -> int:
        """Who is told, now or later."""
        return preview.by_phone + preview.by_sms

    def waits(self, progress: Progress) -> Mapping[str, int]:
        return {code: count for code, count in progress.waiting.items() if count}

    # --- recipients

    def result(self, line: TargetLine) -> str:
        target = line.target
        if target.result is not None:
            return self.t(f"campaigns.result_{target.result}")
        return self.t("campaigns.result_trying" if target.attempt else "campaigns.result_waiting")

    def because(self, line: TargetLine) -> str:
        """Why it ended so, or what it waits for; empty if the result says it all."""
        target = line.target
        if target.result is not None:
            return "" if target.reason in ("", target.result) else self.why(target.reason)
        if target.wait and target.due_at > self.now:
            return self.t("campaigns.waits_until", why=self.why(target.wait), at=self.moment(target.due_at))
        return self.why(target.wait) if target.wait else ""

    def prospect_why(self, prospect: Prospect) -> str:
        why = self.why(prospect.rule or prospect.target.reason)
        evidence = self.say(prospect.evidence)
        return f"{why} · {evidence}" if evidence else why

    def is_skipped(self, prospect: Prospect) -> bool:
        return prospect.target.result is not None or (bool(prospect.rule) and prospect.until is None)

    def shows(self, progress: Progress) -> tuple[tuple[str, str], ...]:
        """What the table may be filtered by, with words: all, those still open, and each result there is."""
        counts = [
            ("", "campaigns.all", progress.targets),
            (OPEN, "campaigns.open", self.still_open(progress)),
        ]
        counts += [(str(r), f"campaigns.result_{r}", progress.by_result.get(r, 0)) for r in ORDER]
        return tuple(
            (code, f"{self.t(key)} · {self.count(count)}")
            for code, key, count in counts
            if count or code in ("", self.look.show)
        )

    def key(self, key: str) -> str:
        name = f"campaigns.key_{key}"
        return self.t(name) if name in catalogue(self.t.spoken) else key

    def seconds(self, seconds: float | None) -> str:
        return "" if seconds is None else self.t("campaigns.seconds", s=round(seconds))

    def pace(self, calls_per_second: float) -> str:
        return self.t.decimal(calls_per_second)

    def since(self, at: datetime) -> Markup:
        """The moment, and how long ago while that is of use."""
        if timedelta(0) <= self.now - at < timedelta(hours=12):
            return Markup("{} <small>{}</small>").format(self.at(at), self.ago(at))
        return self.at(at)


def _segments(counts: list[tuple[str, int, str]]) -> tuple[Segment, ...]:
    filled = [part for part in counts if part[1]]
    total = sum(count for _, count, _ in filled)
    made, x = [], 0
    passed = 0
    for code, count, show in filled:
        passed += count
        end = round(BAR * passed / total)
        made.append(Segment(code, count, x, max(end - x, 2), show))
        x = end
    return tuple(made)
