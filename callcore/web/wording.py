"""How every page writes numbers, names and times. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from markupsafe import Markup

from callcore.crm.statuses import status_title
from callcore.numbers import format_national
from callcore.web.i18n import Texts, span
from callcore.web.pages import Viewer

_FSI, _PDI = "\u2068", "\u2069"
_national = lru_cache(maxsize=8192)(format_national)


class Wording:
    """What any template asks about one render."""

    def __init__(self, viewer: Viewer, texts: Texts, now: datetime) -> None:
        self.viewer = viewer
        self.t = texts
        self.now = now
        self.epoch_ms = int(now.timestamp() * 1000)
        self.zone = ZoneInfo(viewer.zone)

    is_masked = False
    """The viewer may not see numbers whole."""

    def phone(self, number: str | None) -> str:
        return _national(number, self.viewer.country) if number else self.t("card.no_number")

    def number_tells(self, number: str | None) -> str:
        """Kind, country and network of a number, as far as the number alone tells."""
        return self.t.number_tells(number, self.viewer.country) if number else ""

    def status(self, word: str) -> str:
        """Of a contract or a number; a word that is not known stays as the base has it."""
        return self.t.told(status_title(word))

    def isolate(self, text: str) -> str:
        """``text`` between Unicode isolates, for attributes, where ``<bdi>`` cannot stand."""
        return f"{_FSI}{text}{_PDI}"

    # --- times

    def clock(self, at: datetime) -> str:
        return self.t.clock(at, self.zone)

    def to_second(self, at: datetime) -> str:
        return at.astimezone(self.zone).strftime("%H:%M:%S")

    def day(self, at: datetime) -> str:
        return self.t.day(at, self.now, self.zone)

    def moment(self, at: datetime) -> str:
        """The clock, with the day if that is not today."""
        is_today = at.astimezone(self.zone).date() == self.now.astimezone(self.zone).date()
        return self.clock(at) if is_today else f"{self.day(at)}, {self.clock(at)}"

    def is_recent(self, at: datetime) -> bool:
        """Is the hour still worth showing beside the day?"""
        return self.now - at < timedelta(days=7)

    def ago(self, at: datetime) -> Markup:
        attributes = Markup('data-ago="{}"').format(int(at.timestamp()))
        return Markup("<time {}>{}</time>").format(attributes, self.t.ago(at, self.now))

    def span(self, seconds: float) -> str:
        return span(seconds)

    def timer(self, since: datetime, late: int = 0) -> Markup:
        """Counts up from ``since``; amber after ``late`` seconds (0: never)."""
        passed = (self.now - since).total_seconds()
        limit = Markup(' data-late="{}"').format(late) if late else ""
        mark = Markup(' class="late"') if late and passed >= late else ""
        html = Markup('<time data-since="{}"{}{}>{}</time>')
        return html.format(f"{since.timestamp():.3f}", limit, mark, span(passed))

    def countdown(self, until: datetime) -> Markup:
        html = Markup('<time data-until="{}">{}</time>')
        return html.format(f"{until.timestamp():.3f}", span((until - self.now).total_seconds()))
