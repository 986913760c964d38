"""Cases that the IVR makes: a voicemail's appeal, a row of a topic table (D-24 to D-26, D-61). Pure.

Nobody sits at a form: it gets what is known of the caller, and the case goes to its department even if the
form wants more. Whoever takes it listens, asks, and fills in the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from callcore.crm.cases.forms import Field, Form, missing, read
from callcore.crm.cases.forms import Kind as FieldKind
from callcore.crm.cases.kinds import Catalogue, Node
from callcore.crm.cases.model import Actor
from callcore.crm.departments import Way
from callcore.domain import Login, Text

HOUSE = Actor(Login(""))
"""Callcore itself: nobody's login."""
APPEAL = "appeal"
"""Code of the request type that a voicemail becomes, where the settings have it."""
_TITLE = Text("Сообщение автоответчику", "Message to the IVR")


@dataclass(frozen=True, slots=True)
class KnownCaller:
    """What a form may be filled with; "" where it is not known."""

    number: str = ""
    """Canonical."""
    name: str = ""
    contract: str = ""
    address: str = ""
    email: str = ""
    person: str = ""
    """Whom to ask for at a company."""
    is_company: bool = False


def leaf_of(catalogue: Catalogue, kind: str, topic: str) -> Node | None:
    """The queue of this type that the topic suggests, else the first of it that takes cases; None: none."""
    open_ones = [each for each in _leaves(catalogue) if each.kind == kind and _is_open(catalogue, each)]
    suggested = [each for each in catalogue.suggested(topic) if each in open_ones]
    return next(iter((*suggested, *open_ones)), None)


def appeal_leaf(catalogue: Catalogue, topic: str, queue: str | None) -> Node | None:
    """Where an appeal about this topic goes: type ``appeal``; without it, to the department of the topic's
    ``queue``, else to whoever takes appeals first. None: the settings have no queue of cases at all."""
    if (found := leaf_of(catalogue, APPEAL, topic)) is not None:
        return found
    takers = [each for each in _leaves(catalogue) if each.way is Way.appeal and _is_open(catalogue, each)]
    department = catalogue.departments.of_queue(queue) if queue else None
    own = [each for each in takers if department and catalogue.first_department(each) == department.code]
    return next(iter((*own, *takers)), None)


def filled(form: Form, known: KnownCaller, country: str, language: str) -> Mapping[str, str]:
    """The answers that are known; one that the form would not take is left out. ``language``: the house's."""
    typed = {each.code: _answer(each, known, language) for each in form}
    checked = read(form, typed, country)
    return {code: value for code, value in checked.values.items() if code not in checked.faults}


def comment_of(form: Form, answers: Mapping[str, str], seconds: float | None, language: str) -> str:
    """What lists show of it: how long he speaks, and what is still to be asked."""
    lines = []
    if seconds is not None:
        whole = round(seconds)
        length = f"{whole // 60}:{whole % 60:02}"
        lines.append(Text(f"Голосовое сообщение, {length}.", f"Voicemail, {length}."))
    lacking = [form.title(code) for code in missing(form, answers)]
    if lacking:
        ru, en = ", ".join(each.ru for each in lacking), ", ".join(each.en for each in lacking)
        lines.append(Text(f"Спросить: {ru}.", f"To ask: {en}."))
    return " ".join(each.in_(language) for each in lines) or _TITLE.in_(language)


def _leaves(catalogue: Catalogue) -> tuple[Node, ...]:
    return tuple(node for root in catalogue.queues for node in root.walk() if node.is_leaf)


def _is_open(catalogue: Catalogue, node: Node) -> bool:
    return node.kind in catalogue.kinds and catalogue.refusal(node) is None


def _answer(field: Field, known: KnownCaller, language: str) -> str:
    match field.kind:
        case FieldKind.phone:
            return known.number
        case FieldKind.email:
            return known.email
        case FieldKind.address:
            return known.address
        case FieldKind.text:
            return _TITLE.in_(language) if field.code == "subject" else _words(field.code, known)
        case _:
            return ""


def _words(code: str, known: KnownCaller) -> str:
    """By the codes that forms use; ``subject`` is that of the form without a file of cases."""
    match code:
        case "name":
            return known.name
        case "company":
            return known.name if known.is_company else ""
        case "person":
            return known.person or ("" if known.is_company else known.name)
        case "contract":
            return known.contract
        case _:
            return ""
