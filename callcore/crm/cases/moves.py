"""Commands that carry a case through its stages: send, finish, close, reopen, by hand (D-42, D-90). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from callcore.crm.cases.forms import EMPTY, missing
from callcore.crm.cases.kinds import END, Catalogue, Stage
from callcore.crm.cases.model import (
    BY_HAND,
    FORM_FAULTS,
    Act,
    Actor,
    Refused,
    begun,
    check,
    form_of,
    kind_of,
    leaf,
    need_reason,
    owner_note,
    reject,
    status_note,
    step,
    take,
)
from callcore.crm.cases.stages import begun as stage_begun
from callcore.crm.cases.stages import ended, entered, lacking, unblocked
from callcore.domain import Text
from callcore.store.case_rows import Case, Change, StageRun, Status


def send(case: Case, by: Actor, at: datetime, c: Catalogue, *, whole: bool = True) -> Change:
    """On to the first stage; a returned one back to where it came from. Raises ``Refused`` ``form``.

    ``whole`` False: what the form requires may be missing; whoever works on it asks for it.
    """
    check(case, Act.send, by)
    if case.status is Status.open and case.sent_at is not None:
        raise Refused("state", Text("Кейс уже отправлен.", "The case was sent already."))
    faults = missing(form_of(case, c), case.form) if whole else {}
    if faults:
        raise Refused("form", FORM_FAULTS, faults)
    if case.run is not None:
        after = _queued(case, at)
        notes = (status_note(case, after, "send"), owner_note(case, after, "send"))
        return step(case, after, by, at, *notes, always=True)
    node = leaf(c, case.queue)
    stage = kind_of(case, c).stages[0]
    after = entered(replace(case, sent_at=at), stage, c.first_department(node), at, c)
    return _moved(case, after, by, at, "send")


def finish(case: Case, result: str, reason: str, by: Actor, at: datetime, c: Catalogue) -> Change:
    """The present stage has this result; on to the next one, or done. Raises ``Refused``."""
    check(case, Act.finish, by)
    run, stage = _present(case, c)
    outcome = stage.outcome(result)
    if outcome is None:
        raise Refused("stage", Text("Выберите итог этапа.", "Choose the stage's result."), {"result": EMPTY})
    if run.is_blocked:
        raise Refused("stage", _waits(case, stage, c))
    over = replace(case, runs=(*case.runs[:-1], ended(run, result, by.login, at, c)))
    if outcome.next == END:
        after = replace(_closed(over, by, at), result=result)
    else:
        following = kind_of(case, c).stage(outcome.next)
        if following is None:
            raise Refused(
                "unknown", Text("Следующего этапа больше нет.", "The next stage is no longer there.")
            )
        after = entered(over, following, following.department, at, c)
    return _moved(case, after, by, at, "finish", result, reason)


def mark(case: Case, flag: str, is_set: bool, by: Actor, at: datetime, c: Catalogue) -> Change:
    """That something has happened, such as the payment; a stage that waited for it begins."""
    check(case, Act.mark, by)
    if flag not in kind_of(case, c).flags:
        raise Refused("unknown", Text("Такой отметки нет.", "There is no such mark."))
    flags = case.flags | {flag} if is_set else case.flags - {flag}
    after = unblocked(replace(case, flags=flags), at, c)
    was, now = ("yes" if flag in case.flags else "no"), ("yes" if is_set else "no")
    return step(case, after, by, at, ("mark", f"flag:{flag}", was, now), *begun(case, after))


def begin(case: Case, reason: str, by: Actor, at: datetime, c: Catalogue) -> Change:
    """An exception: the stage begins without what it waits for. Needs the right and a reason."""
    check(case, Act.begin, by)
    run, stage = _present(case, c)
    if not run.is_blocked:
        raise Refused("state", Text("Этап уже идёт.", "The stage has begun already."))
    if not by.may_except:
        raise Refused("right", Text("Исключение может разрешить не каждый.", "You may not make exceptions."))
    need_reason(reason)
    after = stage_begun(case, stage, at, c)
    return step(case, after, by, at, *begun(case, after), reason=reason)


def postpone(case: Case, due_at: datetime, reason: str, by: Actor, at: datetime) -> Change:
    """Another term for the present stage."""
    check(case, Act.postpone, by)
    run = case.run
    if run is None or run.is_blocked:
        raise Refused("state", Text("Срок ещё не идёт.", "No term is running yet."))
    if due_at <= at:
        raise Refused("form", Text("Этот срок уже прошёл.", "This time is past."), {"due": _PAST})
    need_reason(reason)
    after = replace(case, runs=(*case.runs[:-1], replace(run, due_at=due_at)))
    was = run.due_at.isoformat() if run.due_at else ""
    return step(case, after, by, at, ("postpone", "due_at", was, due_at.isoformat()), reason=reason)


def close(case: Case, reason: str, by: Actor, at: datetime, c: Catalogue) -> Change:
    """Done by hand, past its stages; needs a word on why."""
    check(case, Act.close, by)
    _was_sent(case)
    need_reason(reason)
    runs = case.runs
    if case.run is not None:
        runs = (*runs[:-1], ended(case.run, "", by.login, at, c))
    after = replace(_closed(case, by, at), runs=runs)
    notes = (status_note(case, after, "close"), owner_note(case, after, "close"))
    return step(case, after, by, at, *notes, reason=reason)


def reopen(case: Case, reason: str, by: Actor, at: datetime, c: Catalogue) -> Change:
    """A closed one into one's own folder, in the stage that it ended in, with a new term."""
    check(case, Act.reopen, by)
    need_reason(reason)
    after = replace(case, closed_at=None, result="")
    last = case.runs[-1] if case.runs else None
    kind = c.kind_of(case)
    stage = kind.stage(last.stage) if kind and last else None
    if stage is not None and last is not None:
        after = entered(after, stage, last.department, at, c)
    after = replace(after, status=Status.open, owner=by.login, queued_at=None)
    return _moved(case, after, by, at, "reopen", reason=reason)


def set_status(case: Case, status: Status, reason: str, by: Actor, at: datetime, c: Catalogue) -> Change:
    """By hand (D-42). Raises ``Refused`` for what ``BY_HAND`` does not hold."""
    if case.status is Status.closed and status is Status.open:
        return reopen(case, reason, by, at, c)
    check(case, Act.set_status, by)
    _was_sent(case)
    if status not in BY_HAND[case.status]:
        raise Refused("state", Text("Такой смены состояния нет.", "The status cannot be changed so."))
    match status:
        case Status.closed:
            return close(case, reason, by, at, c)
        case Status.reject:
            return _returned(case, reason, by, at)
        case Status.dispatch:
            after = _queued(case, at)
        case Status.open:
            after = replace(case, status=Status.open, owner=case.owner or by.login, queued_at=None)
    notes = (status_note(case, after, "set_status"), owner_note(case, after, "set_status"))
    return step(case, after, by, at, *notes, reason=reason, always=True)


# --- pieces


def _closed(case: Case, by: Actor, at: datetime) -> Case:
    owner = case.owner or by.login
    return replace(case, status=Status.closed, owner=owner, queued_at=None, closed_at=at)


def _returned(case: Case, reason: str, by: Actor, at: datetime) -> Change:
    if case.status is Status.open and case.owner == case.initiator == by.login:
        raise Refused("state", Text("Кейс и так у вас.", "The case is yours already."))
    return reject(case, reason, by, at)


def _queued(case: Case, at: datetime) -> Case:
    """Back where its stage belongs."""
    run = case.run
    department = run.department if run else case.department
    return replace(
        case,
        status=Status.dispatch,
        department=department,
        owner=None if department else case.initiator or None,
        queued_at=at if department else None,
    )


def _moved(
    before: Case, after: Case, by: Actor, at: datetime, act: str, result: str = "", reason: str = ""
) -> Change:
    """A step from stage to stage, with the event that notices will hang on."""
    was, now = before.run.stage if before.run else "", after.run.stage if after.run else ""
    notes = [
        (act, "stage", was, now),
        (act, "result", before.result, result),
        status_note(before, after, act),
        owner_note(before, after, act),
        (act, "department", before.department, after.department),
    ]
    change = step(before, after, by, at, *notes, reason=reason, always=True)
    run = after.run
    told: Mapping[str, Any] = {
        "type": after.type,
        "from": was,
        "to": now,
        "result": result,
        "department": after.department,
        "due_at": run.due_at.isoformat() if run and run.due_at else None,
        "number": after.number,
    }
    return replace(change, events=(*change.events, ("case.stage_changed", told)))


def _present(case: Case, c: Catalogue) -> tuple[StageRun, Stage]:
    run, kind = case.run, kind_of(case, c)
    stage = kind.stage(run.stage) if run else None
    if run is None or stage is None:
        raise Refused(
            "unknown",
            Text("Этого этапа больше нет в настройках.", "This stage is no longer in the settings."),
        )
    return run, stage


def _waits(case: Case, stage: Stage, c: Catalogue) -> Text:
    missed = lacking(case, kind_of(case, c), stage)
    return Text(
        f"Этап ещё ждёт: {'; '.join(each.ru for each in missed)}.",
        f"The stage still waits: {'; '.join(each.en for each in missed)}.",
    )


def _was_sent(case: Case) -> None:
    if case.sent_at is None:
        raise Refused("state", Text("Сначала отправьте кейс.", "Send the case first."))


_PAST = Text("Назовите время в будущем.", "Name a time in the future.")

__all__ = [
    "begin",
    "close",
    "finish",
    "mark",
    "postpone",
    "reopen",
    "send",
    "set_status",
    "take",
]
