"""What the API of cases and tasks takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from callcore.store.case_rows import (
    Entry,
    StageRun,
    Status,
    Task,
)
from callcore.web.masking import masked_text
from callcore.web.operation import ApiModel
from callcore.web.record.asking import Id, Limit, Offset

Code = Annotated[str, Field(max_length=160)]
LoginText = Annotated[str, Field(max_length=64)]
Words = Annotated[str, Field(max_length=10_000)]
Answers = Annotated[dict[Annotated[str, Field(max_length=40)], Words], Field(max_length=64)]
Changes = Annotated[dict[Annotated[str, Field(max_length=40)], Words | None], Field(max_length=64)]
PriorityName = Literal["low", "normal", "high", "urgent"]
Number = Annotated[str, Field(max_length=24)]


class CaseLineModel(ApiModel):
    number: str
    type: str
    queue: str
    department: str
    status: Status
    stage: str
    initiator: str
    owner: str | None
    priority: PriorityName
    customer: int
    customer_name: str
    topic: str
    comment: str
    created_at: datetime
    sent_at: datetime | None
    queued_at: datetime | None
    due_at: datetime | None
    closed_at: datetime | None
    is_overdue: bool
    revision: int


class CaseListModel(ApiModel):
    cases: list[CaseLineModel]
    total: int
    next_offset: int | None


class StageRunModel(ApiModel):
    n: int
    stage: str
    department: str
    entered_at: datetime
    began_at: datetime | None
    due_at: datetime | None
    ended_at: datetime | None
    result: str
    ended_by: str | None


class EntryModel(ApiModel):
    at: datetime
    login: str
    act: str
    field: str
    was: str
    became: str
    reason: str
    revision: int


class CaseModel(ApiModel):
    number: str
    revision: int
    """A command names the revision that it was decided on."""
    type: str
    queue: str
    department: str
    status: Status
    initiator: str
    owner: str | None
    customer: int
    priority: PriorityName
    phone: str
    contact: str | None
    interaction: int | None
    topic: str
    comment: str
    form: dict[str, str]
    flags: list[str]
    result: str
    created_at: datetime
    changed_at: datetime
    sent_at: datetime | None
    queued_at: datetime | None
    closed_at: datetime | None
    due_at: datetime | None
    stages: list[StageRunModel]
    history: list[EntryModel]


class TaskModel(ApiModel):
    id: int
    customer: int
    case: int | None
    text: str
    responsible: str
    author: str
    created_at: datetime
    due_at: datetime | None
    done_at: datetime | None
    done_by: str | None


class TaskListModel(ApiModel):
    tasks: list[TaskModel]


class CountsModel(ApiModel):
    mine: int
    returned: int
    waiting: int
    queue: int
    overdue: int
    my_overdue: int
    tasks: int
    tasks_overdue: int


class CaseQuery(ApiModel):
    folder: Literal["", "mine", "returned", "waiting", "queue", "overdue", "all", "closed"] = ""
    q: Annotated[str, Field(max_length=200)] = ""
    department: Code = ""
    type: Code = ""
    stage: Code = ""
    status: Status | None = None
    owner: LoginText | None = None
    customer: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None
    sort: Literal["urgent", "newest", "oldest", "due"] = "urgent"
    limit: Limit = 50
    offset: Offset = 0


class NewCaseModel(ApiModel):
    queue: Code
    """A leaf of the tree of queues."""
    customer: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0
    """0: the null customer."""
    form: Answers = {}  # noqa: RUF012 - pydantic copies it
    send: bool = True
    """False: saved, not sent."""
    phone: Annotated[str, Field(max_length=64)] = ""
    contact: Annotated[str, Field(max_length=64)] | None = None
    """Left out: that of the interaction."""
    interaction: Id | None = None
    topic: Annotated[str, Field(max_length=128)] = ""
    comment: Words = ""
    priority: PriorityName | None = None


class RevisionModel(ApiModel):
    revision: Annotated[int, Field(ge=1, le=2**31 - 1)]


class FillModel(RevisionModel):
    form: Changes = {}  # noqa: RUF012 - pydantic copies it
    """What is not named stays; null or "" empties."""
    comment: Words | None = None
    """The same."""


class ReasonModel(RevisionModel):
    reason: Annotated[str, Field(max_length=4_000)] = ""


class FinishModel(ReasonModel):
    result: Code


class HandOverModel(ReasonModel):
    department: Code = ""
    to: LoginText | None = None
    """A person; else the department's queue."""


class StatusModel(ReasonModel):
    status: Status


class MarkModel(RevisionModel):
    flag: Code
    is_set: bool = True


class PriorityModel(RevisionModel):
    priority: PriorityName


class PostponeModel(ReasonModel):
    due_at: AwareDatetime


class TaskQuery(ApiModel):
    responsible: LoginText = ""
    """Without it: one's own."""
    customer: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None
    all: bool = False
    """Those that are done, too."""
    limit: Limit = 100


class NewTaskModel(ApiModel):
    text: Annotated[str, Field(min_length=1, max_length=10_000)]
    responsible: LoginText = ""
    customer: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0
    case: Number | None = None
    due_at: AwareDatetime | None = None


class DoneModel(ApiModel):
    done: bool = True


def run_model(run: StageRun) -> StageRunModel:
    return StageRunModel(**{name: getattr(run, name) for name in StageRunModel.model_fields})


def entry_model(entry: Entry, is_masked: bool) -> EntryModel:
    values = {name: getattr(entry, name) for name in EntryModel.model_fields}
    if is_masked and entry.field.partition(":")[0] in ("form", "comment"):
        values |= {"was": masked_text(entry.was), "became": masked_text(entry.became)}
    return EntryModel(**values)


def task_model(task: Task) -> TaskModel:
    return TaskModel(**{name: getattr(task, name) for name in TaskModel.model_fields})
