"""What the pages of cases show, made ready: names for codes, lines of history, stages with their terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urlencode

from callcore.crm.cases.forms import missing
from callcore.crm.cases.kinds import INITIATOR, Catalogue, Kind
from callcore.crm.cases.model import BY_HAND, Act, Actor, may
from callcore.crm.cases.stages import lacking
from callcore.domain import Login, Text
from callcore.store.case_find import CALLED
from callcore.store.case_rows import Case, Entry, Priority, Status

FOLDERS = ("mine", "waiting", "queue", "overdue", "all", "closed", "tasks")
STATUSES: Mapping[str, Text] = {
    Status.open: Text("в работе", "in work"),
    Status.dispatch: Text("передан", "passed on"),
    Status.reject: Text("возвращён", "returned"),
    Status.closed: Text("закрыт", "closed"),
}
PRIORITIES: Mapping[str, Text] = {
    "low": Text("низкий", "low"),
    "normal": Text("обычный", "normal"),
    "high": Text("высокий", "high"),
    "urgent": Text("срочный", "urgent"),
}
ACTS: Mapping[str, Text] = {
    "create": Text("Создан", "Created"),
    CALLED: Text("Звонок клиенту об этом кейсе", "The customer was called about it"),
    "fill": Text("Исправлен", "Corrected"),
    "send": Text("Отправлен", "Sent"),
    "take": Text("Взят в работу", "Taken into work"),
    "hand_over": Text("Передан", "Handed over"),
    "reject": Text("Возвращён", "Returned"),
    "finish": Text("Этап закончен", "Stage finished"),
    "mark": Text("Отметка", "Mark"),
    "begin": Text("Этап начат", "Stage begun"),
    "prioritise": Text("Приоритет изменён", "Priority changed"),
    "postpone": Text("Срок перенесён", "Term moved"),
    "close": Text("Закрыт", "Closed"),
    "reopen": Text("Открыт снова", "Opened again"),
    "set_status": Text("Состояние изменено", "Status changed"),
    "reminder": Text("Напоминание о сроке", "Reminder of the term"),
    "overdue": Text("Срок вышел", "Overdue"),
}
FIELDS: Mapping[str, Text] = {
    "status": Text("состояние", "status"),
    "owner": Text("у кого", "owner"),
    "department": Text("отдел", "department"),
    "priority": Text("приоритет", "priority"),
    "stage": Text("этап", "stage"),
    "due_at": Text("срок", "due"),
    "comment": Text("комментарий", "comment"),
    "result": Text("итог", "result"),
    "queue": Text("очередь", "queue"),
    "told": Text("кому", "to"),
}
TOLD: Mapping[str, Text] = {
    "responsible": Text("ответственный", "responsible"),
    "controller": Text("контролёр", "controller"),
    "head": Text("руководитель", "head"),
    "supervisor": Text("супервизор", "supervisor"),
}
_YES = {"yes": Text("да", "yes"), "no": Text("нет", "no")}
NOBODY = Text("—", "—")


@dataclass(frozen=True, slots=True)
class StageLine:
    """One stage of the rail: what it is, and how this case stands in it."""

    code: str
    title: Text
    about: Text | None
    department: Text
    controller: Text | None
    state: Literal["done", "now", "waits", "ahead"]
    result: Text | None
    due_at: datetime | None
    ended_at: datetime | None
    lacking: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class HistoryLine:
    at: datetime
    who: str
    """"" for callcore itself."""
    act: Text
    changes: tuple[tuple[Text, Text | datetime | None, Text | datetime | None], ...]
    """Field, was, became; None for nothing."""
    reason: str
    call: str = ""
    """In which the customer was told about it."""


class CaseView:
    """Codes to words, for one render."""

    def __init__(self, catalogue: Catalogue, names: Mapping[Login, str]) -> None:
        self.catalogue = catalogue
        self._names = names

    def name(self, login: str | None) -> str:
        return self._names.get(Login(login), login) if login else ""

    def missing(self, case: Case) -> tuple[Text, ...]:
        """What the form of a case that is worked on still wants: the IVR sends what it has."""
        kind = self.catalogue.kinds.get(case.type)
        if kind is None or case.sent_at is None or not case.is_open:
            return ()
        return tuple(kind.form.title(code) for code in missing(kind.form, case.form))

    def kind(self, code: str) -> Text:
        kind = self.catalogue.kinds.get(code)
        return kind.title if kind else Text(code, code)

    def stage(self, kind: str, code: str) -> Text:
        found = self.catalogue.kinds.get(kind)
        stage = found.stage(code) if found else None
        return stage.title if stage else Text(code, code)

    def queue(self, code: str) -> Text:
        return self.catalogue.path_title(code)

    def department(self, code: str) -> Text:
        if code in ("", INITIATOR):
            return Text("инициатор", "initiator")
        return self.catalogue.department_title(code)

    def result(self, kind: str, stage: str, code: str) -> Text:
        found = self.catalogue.kinds.get(kind)
        part = found.stage(stage) if found else None
        outcome = part.outcome(code) if part else None
        return outcome.title if outcome else Text(code, code)

    def status(self, status: str) -> Text:
        return STATUSES.get(status, Text(status, status))

    def priority(self, priority: Priority) -> Text:
        return PRIORITIES[priority.name]

    # --- one case

    def rail(self, case: Case) -> tuple[StageLine, ...]:
        """Stages that were gone through, in their order, then those that lie ahead if all goes well."""
        kind = self.catalogue.kinds.get(case.type)
        gone = [self._run(case, kind, n) for n in range(len(case.runs))]
        if kind is None or not case.is_open:
            return tuple(gone)
        ahead = kind.ahead(case.run.stage if case.run else "")
        return (
            *gone,
            *(
                StageLine(
                    stage.code,
                    stage.title,
                    stage.about,
                    self.department(stage.department),
                    self.department(stage.controller) if stage.controller else None,
                    "ahead",
                    None,
                    None,
                    None,
                    (),
                )
                for stage in ahead
            ),
        )

    def _run(self, case: Case, kind: Kind | None, n: int) -> StageLine:
        run = case.runs[n]
        stage = kind.stage(run.stage) if kind else None
        waits = lacking(case, kind, stage) if kind and stage and run.is_blocked else ()
        return StageLine(
            code=run.stage,
            title=stage.title if stage else Text(run.stage, run.stage),
            about=stage.about if stage else None,
            department=self.department(run.department),
            controller=self.department(stage.controller) if stage and stage.controller else None,
            state="done" if run.ended_at else "waits" if run.is_blocked else "now",
            result=self.result(case.type, run.stage, run.result) if run.result else None,
            due_at=run.due_at,
            ended_at=run.ended_at,
            lacking=waits,
        )

    def history(self, case: Case, entries: tuple[Entry, ...]) -> tuple[HistoryLine, ...]:
        """Newest first; what was done at once is one line."""
        lines: list[list[Entry]] = []
        for entry in entries:
            last = lines[-1][0] if lines else None
            same = last is not None and (last.act, last.revision, last.at, last.login) == (
                entry.act,
                entry.revision,
                entry.at,
                entry.login,
            )
            if same and entry.field != "told":
                lines[-1].append(entry)
            else:
                lines.append([entry])
        return tuple(self._line(case, each) for each in reversed(lines))

    def _line(self, case: Case, entries: list[Entry]) -> HistoryLine:
        first = entries[0]
        if first.act == CALLED:
            return HistoryLine(first.at, self.name(first.login), self.act(CALLED), (), "", first.became)
        changes = tuple(
            (
                self.field(case.type, each.field),
                self.value(case.type, each.field, each.was),
                self.value(case.type, each.field, each.became),
            )
            for each in entries
        )
        return HistoryLine(first.at, self.name(first.login), self.act(first.act), changes, first.reason)

    def act(self, act: str) -> Text:
        return ACTS.get(act, _both(act))

    def field(self, type: str, field: str) -> Text:
        """What an entry of the history is about, in a case of this type."""
        group, _, code = field.partition(":")
        kind = self.catalogue.kinds.get(type)
        if group == "form" and kind:
            return kind.form.title(code)
        if group == "flag" and kind:
            return kind.flags.get(code, Text(code, code))
        return FIELDS.get(field, Text(field, field))

    def value(self, type: str, field: str, value: str) -> Text | datetime | None:
        """What such an entry's field was or became; None for nothing."""
        if not value and field not in ("department",):
            return None
        group = field.partition(":")[0]
        match group:
            case "status":
                return self.status(value)
            case "owner":
                return _both(self.name(value))
            case "department":
                return self.department(value)
            case "priority":
                return PRIORITIES.get(value, _both(value))
            case "stage":
                return self.stage(type, value)
            case "queue":
                return self.queue(value)
            case "flag":
                return _YES.get(value, _both(value))
            case "due_at":
                return datetime.fromisoformat(value)
            case "result":
                return self.any_result(type, value)
            case "told":
                names = ", ".join(self.name(each) for each in value.split(", "))
                return TOLD.get(value, _both(names))
            case "form":
                return self.answer_to(type, field.partition(":")[2], value)
            case _:
                return _both(value)

    def any_result(self, type: str, code: str) -> Text:
        """A result of whichever stage has it."""
        kind = self.catalogue.kinds.get(type)
        found = [each.outcome(code) for each in kind.stages] if kind else []
        return next((each.title for each in found if each is not None), Text(code, code))

    def answer(self, case: Case, field: str, value: str) -> Text:
        """An answer of the form as people read it."""
        return self.answer_to(case.type, field, value)

    def answer_to(self, type: str, field: str, value: str) -> Text:
        kind = self.catalogue.kinds.get(type)
        asked = next((each for each in kind.form if each.code == field), None) if kind else None
        chosen = next((each.title for each in asked.choices if each.code == value), None) if asked else None
        if chosen is None and asked is not None and asked.kind == "yes_no":
            chosen = _YES.get(value)
        return chosen or _both(value)

    def acts(self, case: Case, by: Actor) -> frozenset[str]:
        """Acts worth a button."""
        return frozenset(act.value for act in Act if may(case, act, by))

    def by_hand(self, case: Case) -> tuple[Status, ...]:
        return tuple(status for status in Status if status in BY_HAND[case.status])


def _both(text: str) -> Text:
    return Text(text, text)


def address(path: str, **values: object) -> str:
    """``path`` with what is set as its query."""
    query = urlencode({name: value for name, value in values.items() if value not in (None, "", 0)})
    return f"{path}?{query}" if query else path
