"""What may be done with a case, by whom, and what becomes of it (D-42, D-43). Pure.

Every command takes the case as it is and gives a ``Change``: the case as it becomes with one revision more,
its history, and when the clock has to look at it. What may not be done raises ``Refused``.

Which state leads where stands in ``MOVES``; always one owner at most, and one exactly in a folder:
open and reject have an owner; dispatch lies in a queue, or in the folder of whom it was handed to; closed
keeps the last one, and is opened again only by who may oversee.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from callcore.crm.cases.forms import Form, missing, read
from callcore.crm.cases.kinds import Catalogue, Kind, Node
from callcore.crm.cases.stages import unblocked
from callcore.crm.departments import Refusal, Way
from callcore.domain import CallId, CustomerId, Login, Text, TopicCode
from callcore.store.case_rows import OPEN, Case, Change, Entry, Priority, Status


class Act(StrEnum):
    """What people do with a case."""

    fill = "fill"
    send = "send"
    take = "take"
    hand_over = "hand_over"
    reject = "reject"
    finish = "finish"
    mark = "mark"
    begin = "begin"
    prioritise = "prioritise"
    postpone = "postpone"
    close = "close"
    reopen = "reopen"
    set_status = "set_status"
    discard = "discard"


MOVES: Mapping[Act, frozenset[Status]] = {
    Act.fill: frozenset(OPEN),
    Act.send: frozenset((Status.open, Status.reject)),
    Act.take: frozenset((Status.dispatch,)),
    Act.hand_over: frozenset((Status.open, Status.dispatch)),
    Act.reject: frozenset((Status.open, Status.dispatch)),
    Act.finish: frozenset((Status.open,)),
    Act.mark: frozenset(OPEN),
    Act.begin: frozenset((Status.open, Status.dispatch)),
    Act.prioritise: frozenset(OPEN),
    Act.postpone: frozenset(OPEN),
    Act.close: frozenset(OPEN),
    Act.reopen: frozenset((Status.closed,)),
    Act.set_status: frozenset(OPEN),
    Act.discard: frozenset((Status.open,)),
}
"""From which states an act is possible at all."""

BY_HAND: Mapping[Status, frozenset[Status]] = {
    Status.open: frozenset((Status.dispatch, Status.reject, Status.closed)),
    Status.dispatch: frozenset((Status.open, Status.reject, Status.closed)),
    Status.reject: frozenset((Status.open, Status.dispatch, Status.closed)),
    Status.closed: frozenset((Status.open,)),
}
"""D-42: the status may be changed by hand; of a case that was sent."""


WAYS_OF_A_CASE = (Way.request, Way.appeal)
"""By which a case may reach a department that it is handed to."""
_NO_TOPIC = TopicCode("")


class Refused(Exception):
    """A command that is not possible now. ``code``: ``state``, ``right``, ``reason``, ``form``, ``way``,
    ``stage``, ``taken``, ``unknown``; ``faults``: by field of the form."""

    def __init__(
        self,
        code: str,
        text: Text,
        faults: Mapping[str, Text] | None = None,
        *,
        owner: Login | None = None,
    ) -> None:
        super().__init__(text.en)
        self.code = code
        self.owner = owner
        """Of ``taken``: who has the case."""
        self.text = text
        self.faults = dict(faults or {})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something."""

    login: Login
    may_oversee: bool = False
    """The cases of others: hand over, close, priority, deadline; open closed ones again."""
    may_except: bool = False
    """Begin a stage without what it waits for (D-90: the technical director)."""


@dataclass(frozen=True, slots=True)
class New:
    """What a new case starts from."""

    queue: str
    customer: CustomerId
    form: Mapping[str, str]
    number: str = ""
    contact: CallId | None = None
    interaction: int | None = None
    topic: TopicCode = _NO_TOPIC
    comment: str = ""
    priority: Priority | None = None


def make(new: New, by: Actor, at: datetime, catalogue: Catalogue, *, whole: bool = False) -> Case:
    """A new case, saved and not sent, in its initiator's folder.

    Raises ``Refused`` for a wrong queue or form; ``whole``: also for one that is not ready to be sent, so
    that all that is wrong is told at once.
    """
    node = leaf(catalogue, new.queue)
    kind = catalogue.kinds[node.kind]
    checked = read(kind.form, new.form, catalogue.country)
    faults = {**(missing(kind.form, checked.values) if whole else {}), **checked.faults}
    if faults:
        raise Refused("form", FORM_FAULTS, faults)
    return Case(
        id=0,
        revision=1,
        type=kind.code,
        queue=node.code,
        department="",
        status=Status.open,
        initiator=by.login,
        owner=by.login,
        customer=CustomerId(0) if node.null_customer else new.customer,
        created_at=at,
        changed_at=at,
        priority=kind.priority if new.priority is None else new.priority,
        number=new.number,
        contact=new.contact,
        interaction=new.interaction,
        topic=new.topic,
        comment=new.comment,
        form=checked.values,
    )


def leaf(catalogue: Catalogue, queue: str) -> Node:
    """The chosen queue.

    Raises ``Refused`` for none, half a choice, or a way that its department does not take (D-14).
    """
    node = catalogue.node(queue)
    if node is None or not node.is_leaf or node.kind not in catalogue.kinds:
        raise Refused("unknown", Text("Выберите очередь до конца.", "Choose the queue to the end."))
    refusal = catalogue.refusal(node)
    if refusal is not None:
        raise _way(refusal)
    return node


def created(case: Case, by: Actor, at: datetime) -> Change:
    """Its first line of history; not sent yet."""
    told = {"type": case.type, "queue": case.queue, "initiator": case.initiator}
    entry = Entry(at, by.login, "create", "queue", "", case.queue, "", 1)
    return Change(None, case, (entry,), None, (("case.created", told),))


def fill(case: Case, typed: Mapping[str, str], comment: str, by: Actor, at: datetime, c: Catalogue) -> Change:
    """Change answers. Of a case that was sent what is required stays answered; what never was, such as in a
    case of the IVR, may be asked one by one."""
    check(case, Act.fill, by)
    kind = kind_of(case, c)
    checked = read(kind.form, typed, c.country)
    faults = dict(checked.faults)
    if case.sent_at is not None and case.status is not Status.reject:
        lacked = missing(kind.form, case.form)
        emptied = missing(kind.form, checked.values)
        faults = {code: fault for code, fault in emptied.items() if code not in lacked} | faults
    if faults:
        raise Refused("form", FORM_FAULTS, faults)
    changed = [
        ("fill", f"form:{code}", case.form.get(code, ""), checked.values.get(code, ""))
        for code in dict.fromkeys((*case.form, *checked.values))
        if case.form.get(code, "") != checked.values.get(code, "")
    ]
    if comment != case.comment:
        changed.append(("fill", "comment", case.comment, comment))
    after = unblocked(replace(case, form=checked.values, comment=comment), at, c)
    return step(case, after, by, at, *changed, *begun(case, after))


def prioritise(case: Case, priority: Priority, by: Actor, at: datetime) -> Change:
    check(case, Act.prioritise, by)
    after = replace(case, priority=priority)
    return step(case, after, by, at, ("prioritise", "priority", case.priority.name, priority.name))


def take(case: Case, by: Actor, at: datetime) -> Change:
    """From a queue, or from one's folder what was handed over: into work. Raises ``Refused`` ``taken``."""
    if case.status is Status.open and case.owner not in (None, by.login):
        raise taken_by(case.owner)
    check(case, Act.take, by)
    if case.owner is not None and case.owner != by.login and not by.may_oversee:
        raise taken_by(case.owner)
    after = replace(case, status=Status.open, owner=by.login, queued_at=None)
    return step(case, after, by, at, status_note(case, after, "take"), owner_note(case, after, "take"))


def hand_over(
    case: Case, *, to: Login | None, department: str, reason: str, by: Actor, at: datetime, c: Catalogue
) -> Change:
    """To a person's folder (``to``), or else into a department's queue. Raises ``Refused``."""
    check(case, Act.hand_over, by)
    if case.sent_at is None:
        raise Refused("state", Text("Сначала отправьте кейс.", "Send the case first."))
    target = case.department if to is not None and not department else department
    if to is None:
        _accepts(c, target)
        if case.status is Status.dispatch and case.owner is None and target == case.department:
            raise Refused("state", Text("Кейс уже в этой очереди.", "The case is in this queue already."))
    after = replace(
        case,
        status=Status.dispatch,
        owner=to,
        department=target,
        queued_at=None if to is not None else at,
    )
    run = case.run
    if run is not None and run.department != target:
        after = replace(after, runs=(*case.runs[:-1], replace(run, department=target)))
    entries = (
        status_note(case, after, "hand_over"),
        owner_note(case, after, "hand_over"),
        ("hand_over", "department", case.department, target),
    )
    return step(case, after, by, at, *entries, reason=reason, always=True)


def reject(case: Case, reason: str, by: Actor, at: datetime) -> Change:
    """Back to the initiator, who mends it and sends it again; needs a reason."""
    check(case, Act.reject, by)
    if not case.initiator:
        raise Refused("state", _NOBODY_MADE_IT)
    if case.sent_at is None or case.owner == case.initiator == by.login:
        raise Refused("state", Text("Кейс и так у вас.", "The case is yours already."))
    need_reason(reason)
    after = replace(case, status=Status.reject, owner=case.initiator, queued_at=None)
    notes = (status_note(case, after, "reject"), owner_note(case, after, "reject"))
    return step(case, after, by, at, *notes, reason=reason, always=True)


def check(case: Case, act: Act, by: Actor) -> None:
    """Raises ``Refused`` where the state or the right is missing."""
    if case.status not in MOVES[act]:
        raise Refused("state", _WRONG_STATE[case.status])
    if not _may(case, act, by):
        raise Refused("right", _NOT_YOURS)


def _may(case: Case, act: Act, by: Actor) -> bool:
    is_owner = by.login == case.owner
    lies_in_queue = case.status is Status.dispatch and case.owner is None
    match act:
        case Act.take | Act.mark | Act.begin:
            return True
        case Act.hand_over | Act.reject | Act.close | Act.finish:
            return is_owner or by.may_oversee or (lies_in_queue and act is not Act.finish)
        case Act.fill | Act.prioritise:
            return is_owner or by.may_oversee or by.login == case.initiator or lies_in_queue
        case Act.send | Act.discard:
            return is_owner or by.may_oversee
        case Act.postpone | Act.reopen:
            return by.may_oversee
        case Act.set_status:
            return is_owner or by.may_oversee
        case _:  # pragma: no cover
            assert_never(act)


def may(case: Case, act: Act, by: Actor) -> bool:
    """Whether a button is worth showing."""
    if act in (Act.hand_over, Act.reject, Act.close, Act.set_status) and case.sent_at is None:
        return False
    if act is Act.discard and case.sent_at is not None:
        return False
    if act is Act.reject and (not case.initiator or case.owner == case.initiator == by.login):
        return False
    if act is Act.take and case.owner not in (None, by.login) and not by.may_oversee:
        return False
    return case.status in MOVES[act] and _may(case, act, by)


# --- pieces

Note = tuple[str, str, str, str]
"""act, field, was, became."""


def step(
    before: Case, after: Case, by: Actor, at: datetime, *notes: Note, reason: str = "", always: bool = False
) -> Change:
    """One revision on. Notes that change nothing are left out; ``always`` keeps the first one."""
    changed = [note for note in notes if note[2] != note[3]]
    if not changed and always:
        changed = [notes[0]]
    revision = before.revision + 1
    after = replace(after, revision=revision, changed_at=at)
    entries = tuple(Entry(at, by.login, *note, reason, revision) for note in changed)
    told = {"status": after.status, "department": after.department, "owner": after.owner}
    names = sorted({note[1].partition(":")[0] for note in changed})
    return Change(
        before, after, entries, None, (("case.changed", {**told, "changed": names, "by": by.login}),)
    )


def kind_of(case: Case, catalogue: Catalogue) -> Kind:
    """Raises ``Refused`` for a type that the settings have no more."""
    kind = catalogue.kinds.get(case.type)
    if kind is None:
        raise Refused(
            "unknown",
            Text(
                f"Вида «{case.type}» больше нет в настройках.",
                f'The type "{case.type}" is no longer in the settings.',
            ),
        )
    return kind


def form_of(case: Case, catalogue: Catalogue) -> Form:
    kind = catalogue.kinds.get(case.type)
    return kind.form if kind else Form()


def need_reason(reason: str) -> None:
    if not reason.strip():
        raise Refused("reason", Text("Напишите причину.", "Write the reason."), {"reason": _REASON})


def taken_by(owner: Login | None, name: str = "") -> Refused:
    """``name``: as people know him."""
    who = name or owner or ""
    return Refused("taken", Text(f"Кейс уже взял {who}.", f"{who} has already taken this case."), owner=owner)


def _accepts(catalogue: Catalogue, code: str) -> None:
    department = catalogue.department(code)
    if department is None:
        raise Refused("unknown", Text("Выберите отдел или человека.", "Choose a department or a person."))
    if not any(way in department.ways for way in WAYS_OF_A_CASE):
        raise _way(Refusal(department, Way.appeal, department.open_ways))


def _way(refusal: Refusal) -> Refused:
    message, remedy = refusal.message, refusal.remedy
    return Refused("way", Text(f"{message.ru} {remedy.ru}", f"{message.en} {remedy.en}"))


def begun(before: Case, after: Case) -> tuple[Note, ...]:
    """The note that a stage has what it waited for."""
    was, now = before.run, after.run
    if was is None or now is None or was.n != now.n or not was.is_blocked or now.is_blocked:
        return ()
    return (("begin", "stage", "", now.stage),)


def status_note(before: Case, after: Case, act: str) -> Note:
    return (act, "status", before.status, after.status)


def owner_note(before: Case, after: Case, act: str) -> Note:
    return (act, "owner", before.owner or "", after.owner or "")


_REASON = Text("Без причины нельзя.", "There must be a reason.")
_NOT_YOURS = Text("Кейс не у вас.", "The case is not yours.")
_NOBODY_MADE_IT = Text(
    "Кейс завёл автоответчик: вернуть некому. Передайте его или закройте.",
    "The IVR made this case: there is nobody to return it to. Hand it over or close it.",
)
_WRONG_STATE = {
    Status.open: Text("Кейс в работе: так с ним нельзя.", "The case is in work: this cannot be done."),
    Status.dispatch: Text(
        "Кейс передан и ждёт: сначала возьмите его.", "The case was passed on and waits: take it first."
    ),
    Status.reject: Text(
        "Кейс возвращён: сначала исправьте и отправьте снова.",
        "The case was returned: mend it and send it again first.",
    ),
    Status.closed: Text("Кейс закрыт.", "The case is closed."),
}
FORM_FAULTS = Text("В форме ошибки.", "Some answers do not fit.")
