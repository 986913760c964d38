"""Stages: what one waits for, where it puts the case, when its term ends (D-90, D-91). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from callcore.crm.cases.deadlines import alarms, due, worked_between
from callcore.crm.cases.kinds import INITIATOR, Catalogue, Kind, Stage
from callcore.domain import Login, Text
from callcore.rights import Role
from callcore.store.case_rows import Alarm, Case, StageRun, Status


def lacking(case: Case, kind: Kind, stage: Stage) -> tuple[Text, ...]:
    """What the stage still waits for, in words; empty if it may begin."""
    found: list[Text] = []
    for code, wanted in stage.needs.results.items():
        last = next((run for run in reversed(case.runs) if run.stage == code and run.ended_at), None)
        if last is None or last.result not in wanted:
            found.append(_result(kind, code, wanted))
    for code in stage.needs.fields:
        if not case.form.get(code, "").strip():
            title = kind.form.title(code)
            found.append(Text(f"не заполнено: {title.ru}", f"not filled in: {title.en}"))
    for code in stage.needs.flags:
        if code not in case.flags:
            title = kind.flags.get(code, Text(code, code))
            found.append(Text(f"нет отметки: {title.ru}", f"not marked: {title.en}"))
    return tuple(found)


def _result(kind: Kind, code: str, wanted: frozenset[str]) -> Text:
    stage = kind.stage(code)
    if stage is None:
        return Text(code, code)
    titles = [each.title for each in stage.results if each.code in wanted]
    ru, en = "/".join(each.ru for each in titles), "/".join(each.en for each in titles)
    return Text(f"нужен итог «{stage.title.ru}»: {ru}", f'"{stage.title.en}" must end with: {en}')


def entered(case: Case, stage: Stage, department: str, at: datetime, catalogue: Catalogue) -> Case:
    """The case in its next stage: in the responsible department's queue, or in the initiator's folder; where
    no person made it, that stage stays with the department before."""
    n = case.runs[-1].n + 1 if case.runs else 1
    if department in ("", INITIATOR) and not case.initiator:
        department = case.department
    own = department in ("", INITIATOR)
    run = StageRun(n, stage.code, "" if own else department, at)
    case = replace(
        case,
        department="" if own else department,
        status=Status.open if own and case.initiator else Status.dispatch,
        owner=(case.initiator or None) if own else None,
        queued_at=None if own and case.initiator else at,
        runs=(*case.runs, run),
    )
    return unblocked(case, at, catalogue)


def unblocked(case: Case, at: datetime, catalogue: Catalogue) -> Case:
    """Begins the present stage, and its term, if it waited and now has all it needs."""
    run, kind = case.run, catalogue.kind_of(case)
    stage = kind.stage(run.stage) if kind and run else None
    if run is None or kind is None or stage is None or not run.is_blocked or lacking(case, kind, stage):
        return case
    return begun(case, stage, at, catalogue)


def begun(case: Case, stage: Stage, at: datetime, catalogue: Catalogue) -> Case:
    run = case.runs[-1]
    ends_at = due(catalogue.hours_of_stage(stage, run.department), at, stage.term_for(case.form))
    return replace(case, runs=(*case.runs[:-1], replace(run, began_at=at, due_at=ends_at)))


def ended(run: StageRun, result: str, by: Login, at: datetime, catalogue: Catalogue) -> StageRun:
    """``result`` "": broken off; its time does not count in the mean."""
    worked = None
    if result and run.began_at is not None:
        hours = catalogue.hours_of(run.department)
        worked = worked_between(hours, run.began_at, at).total_seconds()
    return replace(run, ended_at=at, result=result, ended_by=by, worked_seconds=worked)


def alarms_of(case: Case, catalogue: Catalogue) -> tuple[Alarm, ...]:
    """What the clock does about the present stage, in order of time."""
    run, kind = case.run, catalogue.kind_of(case)
    if run is None:
        return ()
    stage = kind.stage(run.stage) if kind else None
    found = alarms(catalogue.hours_of_stage(stage, run.department), run, catalogue.warnings)
    has_controller = stage is not None and bool(stage.controller)
    return tuple(each for each in found if each.to != "controller" or has_controller)


@dataclass(frozen=True, slots=True)
class Staff:
    """Who is who, as known at this moment."""

    by_role: Mapping[Role, tuple[Login, ...]]
    by_department: Mapping[str, tuple[Login, ...]]

    def departments_of(self, login: Login) -> tuple[str, ...]:
        return tuple(code for code, logins in self.by_department.items() if login in logins)

    def head_of(self, department: str, catalogue: Catalogue) -> tuple[Login, ...]:
        found = catalogue.department(department)
        if found is None or found.head is None:
            return ()
        if found.head.login is not None:
            return (found.head.login,)
        return self.by_role.get(found.head.role, ()) if found.head.role else ()

    def people_of(self, department: str) -> tuple[Login, ...]:
        return self.by_department.get(department, ())


def told(case: Case, to: str, catalogue: Catalogue, staff: Staff) -> tuple[Login, ...]:
    """Whom an alarm goes to, each once."""
    run, kind = case.run, catalogue.kind_of(case)
    stage = kind.stage(run.stage) if kind and run else None
    department = run.department if run else ""
    match to:
        case "responsible":
            found = (case.owner,) if case.owner else staff.people_of(department)
        case "controller":
            code = stage.controller if stage else ""
            found = (
                (case.initiator,)
                if code == INITIATOR
                else (*staff.people_of(code), *staff.head_of(code, catalogue))
            )
        case "head":
            found = staff.head_of(department, catalogue)
        case _:
            found = staff.by_role.get(Role.supervisor, ())
    return tuple(dict.fromkeys(each for each in found if each))
