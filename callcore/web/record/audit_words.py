"""What a line of the audit says to a person: what it is about, where that is shown, and details. Pure.

What has no words in the texts stands as it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from callcore.rights import Permission
from callcore.store.audit import Line
from callcore.store.personal import HELD
from callcore.store.privacy import FILES
from callcore.web.i18n import Texts

PAGES: Mapping[str, tuple[str, Permission]] = {
    "article": ("/knowledge/", Permission.knowledge_see),
    "case": ("/cases/", Permission.cases_work),
    "contact": ("/contacts/", Permission.customers_see),
    "flash": ("/flash/", Permission.flash_write),
    "interaction": ("/interactions/", Permission.customers_see),
    "user": ("/admin/users/", Permission.users_manage),
}
"""By what stands before the colon of a subject."""
WITHOUT_PAGE = frozenset(("call_back", "follow_up", "handover", "payment", "recording", "task", "voicemail"))


@dataclass(frozen=True, slots=True)
class Subject:
    text: str
    href: str = ""


def subject(line: Line, t: Texts, may: Callable[[str], bool], names: Mapping[str, str]) -> Subject:
    """What the line is about besides the customer."""
    kind, _, id = line.subject.partition(":")
    if not id or kind not in PAGES.keys() | WITHOUT_PAGE:
        return Subject(_word(t, f"audit.about_{line.subject}", line.subject))
    text = t(f"audit.on_{kind}", id=names.get(id, id) if kind == "user" else id)
    if kind not in PAGES:
        return Subject(text)
    page, needs = PAGES[kind]
    return Subject(text, page + id if may(needs.value) else "")


def act(line: Line, t: Texts) -> str:
    """What was done."""
    return _word(t, f"audit.act_{line.act}", line.act)


def details(line: Line, t: Texts) -> tuple[str, ...]:
    """Each in a few words."""
    return tuple(
        t(key, value=said) if (key := f"audit.detail_{name}") in t else f"{name}: {said}"
        for name, said in ((name, _value(name, value, t)) for name, value in line.detail.items())
    )


def _value(name: str, value: Any, t: Texts) -> str:
    match name, value:
        case "how", _:
            return _word(t, f"audit.how_{value}", value)
        case "move", _:
            return _word(t, f"work.move_{value}", value)
        case "kind", _:
            return _word(t, f"files.kind_{value}", value)
        case "fields", [*fields]:
            return ", ".join(_word(t, f"field.{each}", each) for each in fields)
        case "scopes", [*scopes]:
            return ", ".join(_word(t, f"permission.{str(each).replace('.', '_')}", each) for each in scopes)
        case (("role" | "role_before"), _):
            return _word(t, f"role.{value}", value)
        case "rows", {**rows}:
            return ", ".join(f"{table_title(str(table), t)} — {count}" for table, count in rows.items())
        case "before", str():
            return value[:10]  # the day
        case _, bool():
            return t("cases.yes" if value else "cases.no")
        case _, [*several]:
            return ", ".join(map(str, several))
        case _:
            return str(value)


def _word(t: Texts, key: str, code: object) -> str:
    return t(key) if key in t else str(code)


def table_title(name: str, t: Texts) -> str:
    """What ``Erasure.counts`` calls by the names of tables."""
    if name == FILES:
        return t("privacy.files")
    return next((t.told(part.title) for part in HELD if part.table.name == name), name)
