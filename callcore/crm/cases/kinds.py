"""What cases there can be: the tree of queues, request types with their stages, calendars (D-43, D-90, D-91).

Pure values; ``config.cases`` makes them of ``config/cases.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from callcore.crm.cases.deadlines import NO_TERM, Term, Warnings, only_on
from callcore.crm.cases.forms import Form
from callcore.crm.departments import Department, Departments, Refusal, UnknownDepartment, Way
from callcore.domain import Text
from callcore.routing.timetable import Hours
from callcore.store.case_rows import Case, Priority

INITIATOR = "initiator"
"""In place of a department: whoever made the case."""
END = "end"
"""In place of a next stage: the case is done."""
_NOBODY = Departments()
_USUAL = Warnings()


@dataclass(frozen=True, slots=True)
class Outcome:
    """One result that a stage may have, and where the case goes then."""

    code: str
    title: Text
    next: str = END


@dataclass(frozen=True, slots=True)
class Needs:
    """What must be there before a stage may begin; all of it."""

    results: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By stage: results, one of which its last run must have had."""
    fields: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    code: str
    title: Text
    results: tuple[Outcome, ...]
    department: str = ""
    """Who is responsible; ``initiator`` for whoever made the case."""
    controller: str = ""
    """A department or ``initiator``; "" for nobody."""
    term: Term = NO_TERM
    terms: Mapping[str, Mapping[str, Term]] = field(default_factory=dict)
    """By field of the form and its answer, in place of ``term``: the technology decides (D-90)."""
    days: frozenset[int] = frozenset()
    """Of the week (Monday is 0), on which alone it is worked on; empty: whenever the department is there."""
    needs: Needs = field(default_factory=Needs)
    about: Text | None = None

    def outcome(self, code: str) -> Outcome | None:
        return next((each for each in self.results if each.code == code), None)

    def term_for(self, form: Mapping[str, str]) -> Term:
        """The term that holds for these answers."""
        chosen = (by_answer.get(form.get(name, "")) for name, by_answer in self.terms.items())
        return next((term for term in chosen if term is not None), self.term)


@dataclass(frozen=True, slots=True)
class Kind:
    """A request type: a form and at least one stage."""

    code: str
    title: Text
    form: Form
    stages: tuple[Stage, ...]
    flags: Mapping[str, Text] = field(default_factory=dict)
    """What somebody marks as having happened, such as ``paid``."""
    priority: Priority = Priority.normal

    def stage(self, code: str) -> Stage | None:
        return next((each for each in self.stages if each.code == code), None)

    def ahead(self, code: str) -> tuple[Stage, ...]:
        """The stages that follow this one, or all for "", each by the first result of the one before."""
        found: list[Stage] = []
        here = self.stage(code)
        following = here.results[0].next if here else END if code else self.stages[0].code
        while (stage := self.stage(following)) is not None and stage is not here and stage not in found:
            found.append(stage)
            following = stage.results[0].next
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Node:
    """A level of the tree of queues; a leaf has a kind and a department."""

    code: str
    """With those above it: ``delivery.documents``."""
    title: Text
    children: tuple[Node, ...] = ()
    kind: str = ""
    department: str = ""
    """Where its first stage goes; "": as the stage says."""
    way: Way = Way.appeal
    topics: frozenset[str] = frozenset()
    """Topics of interactions for which it is offered first."""
    null_customer: bool = False
    """For callers who leave nothing but what the form asks: the case goes on the null customer (D-26)."""

    @property
    def is_leaf(self) -> bool:
        return not self.children

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that can be chosen, and who is there when."""

    queues: tuple[Node, ...]
    kinds: Mapping[str, Kind]
    hours: Hours
    """Of whoever has none of his own."""
    departments: Departments = _NOBODY
    warnings: Warnings = _USUAL
    country: str = "RU"

    def node(self, code: str) -> Node | None:
        return next((node for root in self.queues for node in root.walk() if node.code == code), None)

    def path(self, code: str) -> tuple[Node, ...]:
        """From the root to the node, both included; empty for an unknown one."""
        parts = code.split(".")
        codes = [".".join(parts[: n + 1]) for n in range(len(parts))]
        found = [self.node(each) for each in codes]
        return tuple(each for each in found if each is not None) if all(found) else ()

    def path_title(self, code: str) -> Text:
        path = self.path(code)
        if not path:
            return Text(code, code)
        return Text(" → ".join(each.title.ru for each in path), " → ".join(each.title.en for each in path))

    def suggested(self, topic: str) -> tuple[Node, ...]:
        """Leaves for an interaction's topic, the closest first."""
        parts = topic.split(".")
        topics = [".".join(parts[:n]) for n in range(len(parts), 0, -1)] if topic else []
        leaves = [node for root in self.queues for node in root.walk() if node.is_leaf]
        return tuple(leaf for each in topics for leaf in leaves if each in leaf.topics)

    def kind_of(self, case: Case) -> Kind | None:
        return self.kinds.get(case.type)

    def department(self, code: str) -> Department | None:
        try:
            return self.departments.find(code)
        except UnknownDepartment:
            return None

    def department_title(self, code: str) -> Text:
        found = self.department(code)
        return found.title if found else Text(code, code)

    def hours_of(self, department: str) -> Hours:
        """Whose calendar a stage's term runs on."""
        found = self.department(department)
        return found.hours if found and found.hours else self.hours

    def hours_of_stage(self, stage: Stage | None, department: str) -> Hours:
        """The same for a stage, which may be worked on only on some days."""
        return only_on(self.hours_of(department), stage.days if stage else frozenset())

    def refusal(self, node: Node) -> Refusal | None:
        """Why a case may not go there (D-14): the department does not take this way."""
        found = self.department(self.first_department(node))
        return found.accepts(node.way) if found else None

    def first_department(self, node: Node) -> str:
        """Who gets a case of this leaf first; "" or ``initiator`` where he keeps it himself."""
        kind = self.kinds.get(node.kind)
        return node.department or (kind.stages[0].department if kind else "")
