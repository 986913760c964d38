"""What a case refuses, for programs: which of their fields is wrong, and what it may hold instead."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from callcore.crm.cases.forms import Form, Kind
from callcore.crm.cases.kinds import Catalogue
from callcore.crm.cases.model import Refused
from callcore.domain import Text
from callcore.store.case_rows import Case
from callcore.store.errors import TextRefused
from callcore.strictyaml.faults import Fault
from callcore.web.problems import Problem

MOST_CODES = 50
_CODES = {"taken": "case_taken", "state": "case_taken", "right": "forbidden"}
NO_CASE = Text("Такого кейса нет.", "There is no such case.")
_NO_SUCH = Text("Такого кода здесь нет.", "There is no such code here.")
_MARKED = frozenset(("unknown", "stage"))
"""Refusals that may come of a wrong code."""


Chosen = tuple[str, str, Collection[str]]
"""The field of the body that held a code, the code, and those that there are."""


def problem_of(
    refused: Refused | TextRefused, form: Form | None = None, choice: Chosen | None = None
) -> Problem:
    """``form``: that of the case; ``choice``: what the command had to choose."""
    if isinstance(refused, TextRefused):
        return Problem("too_long")
    faults = [
        Fault("form", 0, field, text, _remedy(field, form or Form()))
        for field, text in refused.faults.items()
    ]
    if choice is not None and refused.code in _MARKED and choice[1] not in choice[2]:
        faults = [Fault("body", 0, choice[0], _NO_SUCH, one_of(choice[0], choice[2]))]
    return Problem(_CODES.get(refused.code, "case_refused"), detail=refused.text, faults=faults)


def known_answers(form: Form, codes: Iterable[str]) -> None:
    """Raises Problem for a code that no field of the form has: its answer would be lost."""
    fields = [field.code for field in form]
    unknown = [code for code in codes if code not in fields]
    if unknown:
        text = Text("Поля с таким кодом в форме нет.", "The form has no field of this code.")
        faults = [Fault("form", 0, code, text, one_of("form", fields)) for code in unknown]
        raise Problem("case_refused", detail=text, faults=faults)


def one_of(field: str, codes: Iterable[str]) -> Text:
    """The remedy that names the codes."""
    known = list(codes)
    shown = ", ".join(known[:MOST_CODES]) + (", …" if len(known) > MOST_CODES else "")
    return Text(f"«{field}» — одно из: {shown}.", f'"{field}" is one of: {shown}.')


def queues(catalogue: Catalogue, near: str) -> tuple[str, ...]:
    """The codes of the queues that a case may go to; those under ``near`` where it is half a choice."""
    leaves = [node.code for root in catalogue.queues for node in root.walk() if node.is_leaf]
    return tuple(code for code in leaves if code.startswith(f"{near}.")) or tuple(leaves)


def results(case: Case, catalogue: Catalogue) -> tuple[str, ...]:
    """The codes of the results that the present stage may have."""
    kind, run = catalogue.kind_of(case), case.run
    stage = kind.stage(run.stage) if kind and run else None
    return tuple(each.code for each in stage.results) if stage else ()


def flags(case: Case, catalogue: Catalogue) -> tuple[str, ...]:
    """The codes of what may be marked."""
    kind = catalogue.kind_of(case)
    return tuple(kind.flags) if kind else ()


def _remedy(field: str, form: Form) -> Text:
    known = next((each for each in form if each.code == field), None)
    if known is None:
        return Text(f"Исправьте «{field}».", f'Mend "{field}".')
    if known.kind is Kind.yes_no:
        return one_of(field, ("yes", "no"))
    if known.choices:
        return one_of(field, (each.code for each in known.choices))
    where = "/api/v1/case-types"
    return Text(
        f"Пришлите form.{field} вида {known.kind}; вся форма: {where}.",
        f"Send form.{field} of the kind {known.kind}; the whole form: {where}.",
    )
