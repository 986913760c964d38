"""Where the database tells of customers: the one register that export and erasure go by.

Every table stands either in ``HELD``, with how the rows of one person are found and what becomes of each
column that tells of him, or in ``NOT_OF_CUSTOMERS`` with the reason. A test holds both against the tables,
column by column, so that a new one cannot be forgotten. It stays in one place, however long it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import JSON, ColumnElement, Select, String, Table, and_, case, cast, func, or_, select

from callcore.domain import CustomerId, Text
from callcore.store.schema import bus as b
from callcore.store.schema import cases as c
from callcore.store.schema import contacts as n
from callcore.store.schema import core as t
from callcore.store.schema import gate as g
from callcore.store.schema import handing as h
from callcore.store.schema import ivr as i
from callcore.store.schema import knowledge as k
from callcore.store.schema import metadata
from callcore.store.schema import record as r
from callcore.store.schema import work as w

NOBODY = "—"
"""Stands where a text of the person stood."""
DELETED: Literal["deleted"] = "deleted"


@dataclass(frozen=True, slots=True)
class Person:
    """By what his rows are found."""

    id: CustomerId
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """One table with rows of customers."""

    table: Table
    title: Text
    rows: Callable[[Person], ColumnElement[bool]]
    marks: Callable[[Person], Mapping[str, Any]] | Literal["deleted"]
    """What each column becomes, or that the rows go."""
    plain: frozenset[str] = field(default=frozenset())
    """Columns of text that stay: codes, moments' words, logins; nothing that a person is known by."""
    only: Callable[[], ColumnElement[bool]] | None = None
    """Of those rows, the ones that may be changed: none that is on its way to a telephone."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _his(table: Table) -> Callable[[Person], ColumnElement[bool]]:
    return lambda person: table.c.customer == person.id


def _his_or_nobodys(table: Table) -> Callable[[Person], ColumnElement[bool]]:
    """His own; of nobody's, what came from his numbers, or from a withheld one in his calls."""
    c, is_withheld = table.c, or_(table.c.number.is_(None), table.c.number == "")
    return lambda person: or_(
        c.customer == person.id,
        and_(c.customer.is_(None), c.number.in_(person.numbers)),
        and_(c.customer.is_(None), is_withheld, c.call.in_(_calls(person))),
    )


def _calls(person: Person) -> Select[Any]:
    """Calls that were his: so registered, or of a number of his that was registered on nobody."""
    unknown = and_(t.contacts.c.customer.is_(None), t.contacts.c.caller_number.in_(person.numbers))
    return select(t.contacts.c.call).where(or_(t.contacts.c.customer == person.id, unknown))


def _by_call(table: Table) -> Callable[[Person], ColumnElement[bool]]:
    return lambda person: table.c.call.in_(_calls(person))


def _interactions(person: Person) -> Select[Any]:
    spoken = and_(t.interactions.c.customer.is_(None), t.interactions.c.call.in_(_calls(person)))
    return select(t.interactions.c.id).where(or_(t.interactions.c.customer == person.id, spoken))


def _cases(person: Person) -> Select[Any]:
    return select(c.cases.c.id).where(c.cases.c.customer == person.id)


def _targets(person: Person) -> Select[Any]:
    return select(t.targets.c.id).where(t.targets.c.customer == person.id)


def _attempts(person: Person) -> ColumnElement[bool]:
    """Of campaigns, and what people have placed to him or to a number of his."""
    placed = t.attempts.c
    nobodys = and_(placed.target.is_(None), placed.customer.is_(None), placed.number.in_(person.numbers))
    return or_(placed.target.in_(_targets(person)), placed.customer == person.id, nobodys)


def attached(person: Person) -> ColumnElement[bool]:
    """Links of attachments to what is his."""
    links = n.attachment_links.c
    return or_(
        and_(links.owner_kind == "customer", links.owner == str(person.id)),
        and_(links.owner_kind == "interaction", links.owner.in_(_as_text(_interactions(person)))),
        and_(links.owner_kind == "case", links.owner.in_(_as_text(_cases(person)))),
        and_(links.owner_kind == "contact", links.owner.in_(_calls(person))),
    )


def _as_text(ids: Select[Any]) -> Select[Any]:
    inner = ids.subquery()
    return select(cast(next(iter(inner.c)), String))


def _told(person: Person) -> ColumnElement[bool]:
    """Events that name who called: of his calls, or of his numbers. The others hold ids."""
    number = b.events.c.data["number"].as_string()
    his_call = b.events.c.data["call"].as_string().in_(_calls(person))
    return or_(number.in_(person.numbers), and_(number.is_not(None), his_call))


def files(person: Person) -> Select[Any]:
    """Attachments of his that are nobody else's."""
    links = n.attachment_links
    others = select(links.c.attachment).where(~attached(person))
    mine = select(links.c.attachment).where(attached(person))
    return mine.where(links.c.attachment.not_in(others)).distinct()


def _customer(person: Person) -> Mapping[str, Any]:
    return {
        "contract": f"erased-{person.id}",
        "name": NOBODY,
        "address": "",
        "balance_minor": None,
        "arpu_minor": None,
        "language": None,
        "haystack": f"erased {person.id}",
        "places": "",
        "digits": "",
        "status": "erased",
        "source": "",
        "external_key": None,
        "urgent": "",
        "email": "",
        "loyalty_club": "",
        "loyalty_card": "",
        "loyalty_points": None,
        "groups": [],
    }


def _contact(_person: Person) -> Mapping[str, Any]:
    ours = case((t.contacts.c.direction == "inbound", t.contacts.c.dialed_number), else_=None)
    return {
        "caller_number": None,
        "caller_number_raw": "",
        "caller_name": None,
        "dialed_number": ours,
        "route_reason": None,
        "route_reason_ru": None,
    }


def _same(**marks: Any) -> Callable[[Person], Mapping[str, Any]]:
    return lambda _person: marks


HELD: tuple[Held, ...] = (
    Held(n.attachment_links, Text("Файлы: к чему", "Files: of what"), attached, DELETED),
    Held(
        n.interaction_changes,
        Text("Исправления обращений", "Corrections of interactions"),
        lambda p: n.interaction_changes.c.interaction.in_(_interactions(p)),
        _same(from_number=None, to_number=None, why=NOBODY),
        _words("login"),
    ),
    Held(
        metadata.tables["contact_papers"],
        Text("Бумаги", "Papers"),
        _by_call(metadata.tables["contact_papers"]),
        _same(number="", party=NOBODY, handed=NOBODY),
        _words("call"),
    ),
    Held(
        metadata.tables["payments"],
        Text("Принятые платежи", "Payments taken"),
        lambda p: metadata.tables["payments"].c.contact.in_(_calls(p)),
        _same(purpose="", reversed_why=""),
        _words("contact office login currency method receipt reversed_by"),
    ),
    Held(b.events, Text("События для других программ", "Events for other programs"), _told, DELETED),
    Held(n.contact_drafts, Text("Черновики", "Drafts"), _by_call(n.contact_drafts), DELETED),
    Held(
        t.interactions,
        Text("Обращения", "Interactions"),
        lambda p: t.interactions.c.id.in_(_interactions(p)),
        _same(comment="", number=None, card=None),
        _words("call topic login"),
    ),
    Held(
        c.case_history,
        Text("История кейсов", "History of cases"),
        lambda p: c.case_history.c.case.in_(_cases(p)),
        _same(was="", became="", reason=""),
        _words("login act field"),
    ),
    Held(
        c.case_stages,
        Text("Этапы кейсов", "Stages of cases"),
        lambda p: c.case_stages.c.case.in_(_cases(p)),
        _same(result=""),
        _words("type stage department ended_by"),
    ),
    Held(
        c.cases,
        Text("Кейсы", "Cases"),
        _his(c.cases),
        _same(number="", comment="", form={}, result="", haystack=""),
        _words("type queue department status initiator owner contact topic flags stage"),
    ),
    Held(
        c.tasks,
        Text("Задачи", "Tasks"),
        _his(c.tasks),
        _same(text=NOBODY),
        _words("responsible author done_by"),
    ),
    Held(
        t.missed_pops,
        Text("Карточки, которых не увидели", "Cards that nobody saw"),
        lambda p: or_(t.missed_pops.c.customer == p.id, t.missed_pops.c.number.in_(p.numbers)),
        _same(number=None),
        _words("login call why queue"),
    ),
    Held(
        t.attempts,
        Text("Звонки и сообщения ему", "Calls and messages to him"),
        _attempts,
        _same(number="", detail=""),
        _words("id medium route profile result key purpose login plan phone call"),
        only=lambda: t.attempts.c.result.is_not(None),
    ),
    Held(
        t.targets,
        Text("Оповещения", "Notices"),
        _his(t.targets),
        _same(name=NOBODY, number="", others=[], address="", haystack="", reason=""),
        _words("language zone next_medium wait attempt result ended_by"),
        only=lambda: t.targets.c.result.is_not(None),
    ),
    Held(
        t.message_receipts,
        Text("Квитанции SMS", "SMS receipts"),
        lambda p: t.message_receipts.c.number.in_(p.numbers),
        _same(number=""),
        _words("gateway message_id state code"),
    ),
    Held(
        g.opt_outs,
        Text("Отказы от сообщений", "Opt-outs"),
        lambda p: or_(g.opt_outs.c.customer == p.id, g.opt_outs.c.number.in_(p.numbers)),
        DELETED,
    ),
    Held(
        k.flashes,
        Text("Срочные заметки", "Urgent notes"),
        lambda p: or_(
            and_(k.flashes.c.scope == "contract", k.flashes.c.target == str(p.id)),
            and_(k.flashes.c.scope == "number", k.flashes.c.target.in_(p.numbers)),
        ),
        _same(target="", label=NOBODY, text=NOBODY, spoken_ru="", spoken_en=""),
        _words("scope login withdrawn_by"),
    ),
    Held(
        i.voicemails,
        Text("Голосовые сообщения", "Voicemail"),
        _his_or_nobodys(i.voicemails),
        # the file follows: ``sounds.remove_sounds``
        _same(number=None, deleted_at=func.coalesce(i.voicemails.c.deleted_at, i.voicemails.c.made_at)),
        _words("call topic language file heard_by"),
    ),
    Held(
        i.recordings,
        Text("Записи разговоров", "Recordings of talks"),
        _by_call(i.recordings),
        # the file follows, as a voicemail's does
        _same(deleted_at=func.coalesce(i.recordings.c.deleted_at, i.recordings.c.began_at)),
        _words("token call pbx channel queue mode file consent_how consent_by consent_words spans"),
    ),
    Held(
        w.follow_ups,
        Text("Кому перезвонить", "People to call"),
        _his_or_nobodys(w.follow_ups),
        _same(
            number="",
            note="",
            reason="",
            state=case((w.follow_ups.c.state == "open", "withdrawn"), else_=w.follow_ups.c.state),
        ),
        _words(
            "kind call last_call topic queue language source asked_by zone wait responsible_login "
            "responsible_department why_responsible taken_by postponed_by settled_by settled_call"
        ),
    ),
    Held(
        h.handovers,
        Text("Передачи звонков", "Calls handed on"),
        _his_or_nobodys(h.handovers),
        _same(number="", comment=""),
        _words("call by from_topic topic mode means to_kind to_name queue state taken_by why"),
    ),
    Held(
        t.contacts,
        Text("Контакты", "Contacts"),
        lambda p: t.contacts.c.call.in_(_calls(p)),
        _contact,
        _words(
            "medium office ticket call pbx channel direction "
            "source language topic route queue answered_by end_reason outcome node"
        ),
    ),
    Held(t.network_customers, Text("Где подключён", "Where connected"), _his(t.network_customers), DELETED),
    Held(r.customer_persons, Text("Лица", "Persons"), _his(r.customer_persons), DELETED),
    Held(r.customer_addresses, Text("Адреса", "Addresses"), _his(r.customer_addresses), DELETED),
    Held(r.customer_points, Text("Точки подключения", "Connection points"), _his(r.customer_points), DELETED),
    Held(
        r.customer_services,
        Text("Услуги", "Services"),
        _his(r.customer_services),
        _same(number=None),
        _words("code title"),
    ),
    Held(
        r.customer_money,
        Text("Начисления и платежи", "Charges and payments"),
        _his(r.customer_money),
        _same(text=""),
        _words("kind"),
    ),
    Held(r.customer_offers, Text("Предложения", "Offers"), _his(r.customer_offers), DELETED),
    Held(
        r.customer_consents,
        Text("Согласия", "Consents"),
        _his(r.customer_consents),
        _same(evidence="", withdrawal_evidence=""),
        _words("clause granted_by withdrawn_by"),
    ),
    Held(
        r.customer_operators,
        Text("Персональные менеджеры", "Personal operators"),
        _his(r.customer_operators),
        DELETED,
    ),
    Held(t.customer_numbers, Text("Номера", "Numbers"), _his(t.customer_numbers), DELETED),
    Held(
        t.customers,
        Text("Абонент", "Customer"),
        lambda p: t.customers.c.id == p.id,
        _customer,
        _words("tariff currency segment legal_form region"),
    ),
)
"""In the order in which they are erased: what is found by others goes before them."""

_OURS = "the house's own: network, outages, settings of work"
_KNOWLEDGE = "knowledge base"
_STAFF = "people who work here or with us: they are changed on their own pages"
_IDS = "ids and codes only"
NOT_OF_CUSTOMERS: Mapping[str, str] = {
    "article_sections": _KNOWLEDGE,
    "article_topics": _KNOWLEDGE,
    "article_versions": _KNOWLEDGE,
    "article_words": _KNOWLEDGE,
    "articles": _KNOWLEDGE,
    "attachments": "goes with its last link: see privacy.py",
    "attachment_bodies": "goes with its attachment",
    "audit": "append-only; customers by their ids",
    "audit_seals": _IDS,
    "call_stories": "numbers by keyed pseudonyms; goes after flight.keep_days",
    "call_story_people": _STAFF,
    "calls": _IDS,
    "campaigns": _OURS,
    "case_alarms": _IDS,
    "contact_rings": _STAFF,
    "counterparties": _STAFF,
    "counterparty_groups": _STAFF,
    "counterparty_rights": _STAFF,
    "deliveries": "goes with its event",
    "dnc": "who never wants to be called: kept, or he would be called again",
    "editions": "the house's own files of topic tables and IVR",
    "favourite_topics": _STAFF,
    "flash_reads": _STAFF,
    "gaps": _OURS,
    "imports": "a file on its way in: goes with its last row",
    "keys": _OURS,
    "link_beats": _OURS,
    "message_parts": _IDS,
    "network_nodes": _OURS,
    "outbound_usage": "sums of what left; logins of staff only",
    "outage_nodes": _OURS,
    "outage_revisions": _OURS,
    "outages": _OURS,
    "recovery_codes": _STAFF,
    "second_factors": _STAFF,
    "sessions": _STAFF,
    "shifts": _STAFF,
    "staff": _STAFF,
    "tokens": _STAFF,
    "users": _STAFF,
    "visitors": "tickets of a queue: numbers of the day, no names",
    "webhooks": _OURS,
}


def undeclared() -> tuple[str, ...]:
    """``table`` or ``table.column`` for all that nobody has declared; empty is well."""
    held = {each.table.name: each for each in HELD}
    missing: list[str] = []
    for table in metadata.sorted_tables:
        part = held.get(table.name)
        if (part is None) == (table.name not in NOT_OF_CUSTOMERS):
            missing.append(table.name)
        if part is None or part.marks == DELETED:
            continue
        known = {*part.marks(Person(CustomerId(1), ())), *part.plain}
        tells = (col for col in table.c if isinstance(col.type, JSON) or col.type.python_type in (str, bytes))
        missing += [f"{table.name}.{col.name}" for col in tells if col.name not in known]
        missing += [f"{table.name}.{name}" for name in known if name not in table.c]
    return tuple(missing)
