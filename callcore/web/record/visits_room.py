"""What the pages and the API of an office share: its room, and how its forms are read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from aiohttp import web

from callcore.crm.visits import Office, amount_of, holds_card_number
from callcore.domain import CustomerId, Login, Text, TopicCode
from callcore.screenpop.cardnews import CardNews, QueueChanged
from callcore.store.customers import CustomerHit
from callcore.store.database import Database
from callcore.store.visit_rows import Medium, Method, Money, NewFile, Papers, Written
from callcore.web import kit
from callcore.web.context import WEB
from callcore.web.problems import Problem

MEDIA = tuple(each for each in Medium if each is not Medium.phone)
WITH_PAPERS = frozenset({Medium.letter, Medium.document_in, Medium.document_out, Medium.email})
CURRENCIES = ("RUB", "EUR", "USD")
Say = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class VisitRoom:
    database: Database
    news: CardNews
    offices: Sequence[Office]
    zone: ZoneInfo
    search: Callable[[str, int], Awaitable[tuple[CustomerHit, ...]]]
    topics: Callable[[], frozenset[TopicCode]]
    """Codes that may be chosen."""
    names: Callable[[], Awaitable[dict[Login, str]]]
    """Of colleagues."""

    def office(self, code: str) -> Office | None:
        """That one, the only one, or None."""
        found = next((each for each in self.offices if each.code == code), None)
        return self.offices[0] if found is None and len(self.offices) == 1 else found

    def midnight(self, now: datetime) -> datetime:
        return datetime.combine(now.astimezone(self.zone).date(), time(), self.zone)

    def changed(self, office: str, customer: CustomerId | None) -> None:
        """Something was registered there, of this customer."""
        self.queue_changed(office)
        self.news.changed(customer)

    def queue_changed(self, office: str) -> None:
        """After the commit."""
        self.news.tell(QueueChanged(office))


ROOM = web.AppKey("visits", VisitRoom)


class Blank(dict[str, str]):
    """What was typed, or is wrong, by field; nothing for all others."""

    def __missing__(self, name: str) -> str:
        return ""


def choices(request: web.Request) -> list[tuple[TopicCode, Text]]:
    return [(each.code, each.title) for each in request.app[WEB].deps.topics()]


def written(sent: kit.Form, room: VisitRoom, errors: dict[str, str], t: Say) -> Written:
    """Topic, comment and files of a form. A comment never comes without its topic: it would be lost."""
    topic, comment = TopicCode(sent.get("topic")), sent.get("comment")
    if topic and topic not in room.topics():
        errors["topic"] = t("visits.no_topic")
    elif comment and not topic:
        errors["topic"] = t("visits.topic_needed")
    kind = sent.get("kind") or "letter"
    files = tuple(NewFile(each.name, each.media_type, kind, each.body) for each in sent.files)
    return Written(topic or None, comment, min(sent.number("entry") or 1, 20), files)


def papers(sent: kit.Form, medium: Medium, errors: dict[str, str], t: Say) -> Papers | None:
    if medium not in WITH_PAPERS:
        return None
    dated: date | None = None
    if sent.get("dated"):
        try:
            dated = date.fromisoformat(sent.get("dated"))
        except ValueError:
            errors["dated"] = t("visits.no_date")
    if not sent.get("party"):
        errors["party"] = t("visits.party_needed")
    return Papers(sent.get("number"), dated, sent.get("party"), sent.get("handed"))


def money(sent: kit.Form, medium: Medium, errors: dict[str, str], t: Say) -> Money | None:
    if medium is not Medium.payment:
        return None
    amount = amount_of(sent.get("amount"))
    if amount is None:
        errors["amount"] = t("visits.no_amount")
    for name in ("purpose", "receipt"):
        if not sent.get(name):
            errors[name] = t(f"visits.{name}_needed")
        elif holds_card_number(sent.get(name)):
            errors[name] = t("visits.no_cards")
    if sent.get("currency") not in CURRENCIES or sent.get("method") not in tuple(Method):
        raise Problem("bad_request")
    method = Method(sent.get("method"))
    return Money(amount or 0, sent.get("currency"), method, sent.get("purpose"), sent.get("receipt"))


def medium_of(text: str) -> Medium:
    if text not in MEDIA:
        raise Problem("bad_request")
    return Medium(text)


def is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def id_of(request: web.Request) -> int:
    text = request.match_info["id"]
    if len(text) > 18:
        raise Problem("not_found")
    return int(text)
