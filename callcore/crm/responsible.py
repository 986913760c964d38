"""Who answers for somebody who has to be called: one person, one department, or whoever has a rank. Pure.

Rules are tried in their order; the first that finds somebody decides. What nobody touched in time goes on to
the next one, and ends with the default, where it stays.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from callcore.crm.departments import Departments, Head
from callcore.domain import Login, QueueName
from callcore.rights import Role
from callcore.routing.hours import is_open


class Rule(StrEnum):
    personal_operator = "personal_operator"
    """Who looks after this customer, in the order of his record."""
    last_spoke = "last_spoke"
    """Who talked with him last."""
    department = "department"
    """The one whose queue he called."""


DEFAULT = "default"
"""Why, where no rule found anybody."""


@dataclass(frozen=True, slots=True)
class Rules:
    order: tuple[Rule, ...]
    default: Head
    pass_on_after: timedelta
    """How long whoever answers for it may leave it untouched."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one who has to be called."""

    operators: tuple[Login, ...] = ()
    last_spoke: Login | None = None
    queue: QueueName | None = None
    why: str = ""
    """Whoever answers for it now does by this; "" where nobody does yet."""
    login: Login | None = None
    department: str = ""
    since: datetime | None = None
    is_taken: bool = False
    """``login`` has said that he calls."""


@dataclass(frozen=True, slots=True)
class Responsible:
    """At most one of ``login`` and ``department`` is set; neither: whoever has the default's rank."""

    why: str
    login: Login | None = None
    department: str = ""


def responsible(
    rules: Rules, standing: Standing, working: Collection[Login], departments: Departments
) -> Responsible:
    """``working``: everybody who works here and may work the list; nobody else is ever named.

    Whoever answers for it by one rule is not asked again: the next rule is. What was given to somebody, or
    put off by him, begins with the department."""
    order = _left(rules.order, standing.why)
    for rule in order:
        found = _by(rule, standing, working, departments)
        if found is not None and (found.login, found.department) != (standing.login, standing.department):
            return found
    login = rules.default.login
    return Responsible(DEFAULT, login if login in working else None)


def _left(order: Sequence[Rule], why: str) -> Sequence[Rule]:
    """What has not been tried yet."""
    if not why:
        return order
    if why == DEFAULT:
        return ()
    if why in order:
        return order[order.index(Rule(why)) + 1 :]
    return [rule for rule in order if rule is Rule.department]


def _by(
    rule: Rule, standing: Standing, working: Collection[Login], departments: Departments
) -> Responsible | None:
    match rule:
        case Rule.personal_operator:
            login = next((each for each in standing.operators if each in working), None)
            return Responsible(rule, login) if login is not None else None
        case Rule.last_spoke:
            spoke = standing.last_spoke
            return Responsible(rule, spoke) if spoke in working and spoke is not None else None
        case Rule.department:
            found = departments.of_queue(standing.queue) if standing.queue else None
            return Responsible(rule, None, found.code) if found is not None else None
        case _:  # pragma: no cover
            assert_never(rule)


def is_left_untouched(
    rules: Rules, standing: Standing, working: Collection[Login], departments: Departments, now: datetime
) -> bool:
    """Whether it has to go on to the next. A department that is closed now, or was when its time began, is
    waited for: nights and holidays are nobody's fault."""
    if standing.login is not None and standing.login not in working:
        return True
    if not standing.why and not standing.is_taken:
        return True
    is_last = standing.why == DEFAULT and not standing.is_taken
    if is_last or standing.since is None or now - standing.since < rules.pass_on_after:
        return False
    if not standing.department or standing.department not in departments:
        return True
    hours = departments.find(standing.department).hours
    return hours is None or (is_open(hours, now) and is_open(hours, now - rules.pass_on_after))


def looks_after(default: Head, login: Login, role: Role) -> bool:
    """Whether he is one of those who look after what nobody else does. A supervisor always is."""
    if default.login is not None and default.login == login:
        return True
    return role in (default.role, Role.supervisor, Role.administrator)
