"""The page that a person reads about himself: fields by their titles, codes in words, no ids. Pure.

The whole, as programs read it, is ``data.json``; here stands what the table ``SHOWN`` names, in its order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from html import escape
from typing import Any, Final
from zoneinfo import ZoneInfo

from callcore.crm.cases.kinds import Catalogue
from callcore.domain import LANGUAGES, Language, Login, QueueName, Text, TopicCode
from callcore.store.audit import Line
from callcore.store.case_rows import number_of
from callcore.store.personal import HELD
from callcore.store.privacy import Dossier
from callcore.web.i18n import Texts, span
from callcore.web.record import audit_words
from callcore.web.record.cases_view import CaseView
from callcore.web.render import texts_of

Row = Mapping[str, Any]
Pair = tuple[str, str]
_CASES = ("cases", "case_stages", "case_history")


def _columns(text: str) -> tuple[str, ...]:
    return tuple(text.split())


Sound = tuple[str, int]
"""A row with a sound: its table and number."""
SHOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "customers": _columns(
        "name contract legal_form segment region status since is_prospective address email language tariff "
        "balance_minor arpu_minor urgent loyalty_club loyalty_card loyalty_points groups source changed_at"
    ),
    "customer_numbers": _columns(
        "number status status_changed_at tariff tariff_since standard kind sim hlr activated_at urgent "
        "is_bad bad_reason checked_at checked_by"
    ),
    "customer_persons": _columns("name role number email"),
    "customer_addresses": _columns("kind address"),
    "customer_points": _columns("code address node characteristics"),
    "network_customers": _columns("node"),
    "customer_services": _columns("title number since until is_default"),
    "customer_money": _columns("at kind amount_minor text"),
    "customer_offers": _columns("title state at"),
    "customer_consents": _columns(
        "clause granted_at granted_by evidence withdrawn_at withdrawn_by withdrawal_evidence"
    ),
    "customer_operators": _columns("login"),
    "contacts": _columns(
        "started_at medium direction caller_number caller_name dialed_number language topic queue office "
        "ticket answered_at answered_by talk_ms wait_ms outcome"
    ),
    "contact_papers": _columns("number dated party handed"),
    "payments": _columns("at amount_minor purpose method receipt office login reversed_at reversed_why"),
    "interactions": _columns("created_at topic comment number login card"),
    "interaction_changes": _columns("at from_number to_number why login"),
    "contact_drafts": _columns("at topic comment login"),
    "missed_pops": _columns("at number login"),
    "cases": _columns(
        "case type status stage created_at number topic comment form owner due_at result closed_at"
    ),
    "case_stages": _columns("case stage department entered_at due_at ended_at result ended_by"),
    "case_history": _columns("case at login act change reason"),
    "tasks": _columns("text created_at responsible author due_at done_at done_by"),
    "targets": _columns("name number others address language due_at result ended_at"),
    "attempts": _columns("intended_at medium purpose number result seconds_heard"),
    "opt_outs": _columns("since number medium message_class evidence login ended_at ended_by ended_evidence"),
    "message_receipts": _columns("at number state"),
    "voicemails": _columns("made_at number topic ms sound heard_at heard_by case"),
    "follow_ups": _columns(
        "asked_at last_at times kind number topic state due_at reason "
        "taken_at taken_by settled_at settled_by note"
    ),
    "handovers": _columns("at by topic number comment taken_by settled_at"),
    "recordings": _columns("began_at queue ms sound consent_at consent_words refused_at"),
    "flashes": _columns("text label begins_at ends_at login withdrawn_at"),
    "events": _columns("at data"),
}
"""Columns by table. ``case`` is the case's number, ``change`` what an entry of its history says, ``sound``
where in the archive it lies."""
NOT_SHOWN: Final = frozenset(("attachment_links",))
"""Ids alone: the files are listed by their names."""

_LOGINS = frozenset(
    _columns(
        "login answered_by granted_by withdrawn_by checked_by ended_by responsible author done_by owner "
        "heard_by settled_by taken_by by"
    )
)
_WORDS: Final[Mapping[str, str]] = {
    "customer_money.kind": "customer.money_",
    "contacts.medium": "visits.medium_",
    "contacts.direction": "interaction.",
    "contacts.outcome": "outcome.",
    "payments.method": "visits.method_",
    "targets.result": "campaigns.result_",
    "attempts.result": "campaigns.why_",
    "attempts.medium": "dossier.medium_",
    "attempts.purpose": "dossier.purpose_",
    "opt_outs.medium": "dossier.medium_",
    "message_receipts.state": "dossier.state_",
    "follow_ups.state": "dossier.wish_",
    "follow_ups.kind": "work.kind_",
}
"""Where the words for a column's codes stand."""


@dataclass(frozen=True, slots=True)
class House:
    """What the house calls its codes, and how it tells the time."""

    language: Language
    """For whoever has none of his own."""
    zone: ZoneInfo
    catalogue: Catalogue
    topics: Mapping[TopicCode, Text] = field(default_factory=dict)
    queues: Mapping[QueueName, Text] = field(default_factory=dict)
    offices: Mapping[str, Text] = field(default_factory=dict)


def spoken(dossier: Dossier, house: House) -> Texts:
    """In the customer's language, else the house's."""
    (customer, *_) = dossier.tables["customers"]
    language = customer["language"]
    return texts_of(language if language in LANGUAGES else house.language)


def as_page(
    dossier: Dossier,
    files: Iterable[str],
    now: datetime,
    house: House,
    names: Mapping[str, str],
    sounds: Mapping[Sound, str | None],
) -> str:
    """Without script or anything from elsewhere. ``names`` by login, ``sounds`` by table and number, None
    for one that is gone."""
    t = spoken(dossier, house)
    page = _Page(dossier, house, t, names, sounds)
    title = escape(t("privacy.export_of", contract=dossier.contract))
    made = escape(t("privacy.made", at=page.moment(now)))
    listed = "".join(f"<li><bdi>{escape(name)}</bdi></li>" for name in files)
    return (
        f'<!doctype html><html lang="{t.spoken}"><meta charset="utf-8"><title>{title}</title>'
        "<style>body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
        "dl{display:grid;grid-template-columns:14em 1fr;gap:2px 1em;border-top:1px solid #ccc;padding:.6em 0}"
        "dt{color:#666}dd{margin:0;overflow-wrap:anywhere;white-space:pre-line}</style>"
        f"<h1>{title}</h1><p>{made}</p>"
        + "".join(_section(heading, rows) for heading, rows in page.parts())
        + (f"<h2>{escape(t('privacy.files'))}</h2><ul>{listed}</ul>" if listed else "")
        + _section(t("audit.title"), map(page.look, dossier.seen))
    )


def _section(heading: str, rows: Iterable[Iterable[Pair]]) -> str:
    shown = [
        "".join(f"<dt>{escape(name)}</dt><dd><bdi>{escape(said)}</bdi></dd>" for name, said in row)
        for row in rows
    ]
    lists = "".join(f"<dl>{pairs}</dl>" for pairs in shown if pairs)
    return f"<h2>{escape(heading)}</h2>{lists}" if lists else ""


class _Page:
    """One dossier in one language."""

    def __init__(
        self,
        dossier: Dossier,
        house: House,
        t: Texts,
        names: Mapping[str, str],
        sounds: Mapping[Sound, str | None],
    ) -> None:
        self._tables, self._house, self._t, self._names = dossier.tables, house, t, names
        self._sounds = sounds
        self._contract = dossier.contract
        self._cases = {row["id"]: row for row in dossier.tables.get("cases", ())}
        self._view = CaseView(house.catalogue, {Login(login): name for login, name in names.items()})
        (customer, *_) = dossier.tables["customers"]
        self._currency: str = customer["currency"]

    def parts(self) -> Iterable[tuple[str, list[list[Pair]]]]:
        """Each table's heading and rows; the person himself first, not last as he is erased."""
        for part in reversed(HELD):
            name = part.table.name
            if name in SHOWN and name in self._tables:
                yield self._t.told(part.title), [self._row(name, row) for row in self._tables[name]]

    def _row(self, table: str, row: Row) -> list[Pair]:
        said = ((self._title(table, column), self._said(table, column, row)) for column in SHOWN[table])
        return [(title, text) for title, text in said if text]

    def _title(self, table: str, column: str) -> str:
        own = f"dossier.{table}_{column}"
        return self._t(own if own in self._t else f"dossier.{column}")

    def _said(self, table: str, column: str, row: Row) -> str:
        if table in _CASES or column == "case":
            of_case = self._of_case(table, column, row)
            if of_case is not None:
                return of_case
        if column == "sound":
            path = self._sounds.get((table, row["id"]), "")
            return self._t("dossier.sound_gone") if path is None else path
        value = row[column]
        if value is None or value == "":
            return ""
        if words := _WORDS.get(f"{table}.{column}"):
            return self._word(words, value)
        if column in _LOGINS:
            return self._names.get(value, value)
        if column.endswith("_minor"):
            return self._t.amount(value, row.get("currency") or self._currency)
        if column.rpartition("_")[2] == "ms":
            return span(value / 1000) if value else ""
        if column == "seconds_heard":
            return span(value)
        return self._plain(column, value)

    def _plain(self, column: str, value: Any) -> str:
        match value:
            case bool():
                return self._t("cases.yes" if value else "cases.no")
            case datetime():
                return self.moment(value)
            case date():
                return self._t.date(value)
            case {**parts}:
                lines = ((self._key(str(name)), self._plain(str(name), part)) for name, part in parts.items())
                return "\n".join(f"{name}: {said}" for name, said in lines if name and said)
            case [*several]:
                return ", ".join(str(each) for each in several)
            case None:
                return ""
            case _:
                return self._coded(column, str(value))

    def _coded(self, column: str, code: str) -> str:
        match column:
            case "topic":
                found = self._house.topics.get(TopicCode(code))
            case "queue":
                found = self._house.queues.get(QueueName(code))
            case "office":
                found = self._house.offices.get(code)
            case _:
                found = None
        if found:
            return self._t.told(found)
        return self._word("language.", code) if column == "language" else code

    def _key(self, name: str) -> str:
        """A part of a value as it is called; "" for an id of ours."""
        if name in _IDS:
            return ""
        return self._word("dossier.", name)

    def _of_case(self, table: str, column: str, row: Row) -> str | None:
        """What only the catalogue of cases can say; None: it is a value as any other."""
        case = row if table == "cases" else self._cases.get(row["case"])
        if case is None:
            return ""  # deleted while we read
        type, told = case["type"], self._t.told
        match table, column:
            case _, "case":
                return number_of(case["id"], case["created_at"])
            case "cases", "type":
                return told(self._view.kind(type))
            case "cases", "status":
                return told(self._view.status(row["status"]))
            case _, "stage":
                return told(self._view.stage(row.get("type", type), row["stage"]))
            case _, "result" if row["result"]:
                return told(self._view.any_result(type, row["result"]))
            case "case_stages", "department":
                return told(self._view.department(row["department"]))
            case "cases", "form":
                answers = (
                    (self._view.field(type, f"form:{code}"), self._view.answer_to(type, code, str(answer)))
                    for code, answer in row["form"].items()
                )
                return "\n".join(f"{told(asked)}: {told(answer)}" for asked, answer in answers)
            case "case_history", "act":
                return told(self._view.act(row["act"]))
            case "case_history", "change":
                return self._change(type, row)
            case _:
                return None

    def _change(self, type: str, row: Row) -> str:
        was, became = (self._moved(type, row["field"], row[column]) for column in ("was", "became"))
        if not was and not became:
            return ""
        arrow = f"{was} → {became or '—'}" if was else became
        return f"{self._t.told(self._view.field(type, row['field']))}: {arrow}"

    def _moved(self, type: str, name: str, value: str) -> str:
        said = self._view.value(type, name, value)
        if isinstance(said, datetime):
            return self.moment(said)
        return self._t.told(said) if said else ""

    def look(self, row: Row) -> list[Pair]:
        """A line of the audit."""
        t, line = self._t, Line(**row)
        nobody: Callable[[str], bool] = lambda _permission: False  # noqa: E731 - links lead nowhere here
        about = audit_words.subject(line, t, nobody, self._names).text if line.subject else ""
        pairs = (
            (t("audit.at"), self.moment(line.at)),
            (t("audit.who"), self._names.get(line.login, line.login)),
            (t("audit.act"), audit_words.act(line, t)),
            (t("audit.whom"), about),
            (t("audit.detail"), "; ".join(audit_words.details(line, t))),
        )
        return [(title, said) for title, said in pairs if said]

    def _word(self, group: str, code: object) -> str:
        return self._t(f"{group}{code}") if f"{group}{code}" in self._t else str(code)

    def moment(self, at: datetime) -> str:
        zone = self._house.zone
        return f"{self._t.date(at.astimezone(zone).date())}, {self._t.clock(at, zone)}"


_IDS = frozenset(_columns("call customer id contact case interaction"))
