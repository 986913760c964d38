"""Settings ``work``: the list of people to call."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field, field_validator

from callcore.config.departments import HeadModel
from callcore.crm.departments import Head
from callcore.crm.responsible import Rule, Rules
from callcore.domain import Login, Text
from callcore.rights import Role
from callcore.strictyaml.fields import Model, Whole, wrong


class Work(Model):
    responsible: tuple[Rule, ...] = tuple(Rule)
    """Who answers for somebody who has to be called: tried in this order."""
    default: HeadModel = HeadModel(role=Role.senior)
    """Who does where none of them finds anybody."""
    pass_on_after_hours: Annotated[Whole, Field(ge=1, le=720)] = 4
    """What nobody touches for so long goes on to the next of them; what was taken, too."""
    missed_after_seconds: Annotated[Whole, Field(ge=0, le=300)] = 5
    """Whoever hangs up in the menu sooner was not missed."""
    late_minutes: Annotated[Whole, Field(ge=1, le=100_000)] = 60
    """From then on the age of a list is amber."""

    @field_validator("responsible")
    @classmethod
    def _each_once(cls, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        if len(set(rules)) == len(rules):
            return rules
        raise wrong(
            Text("Одно правило названо дважды.", "A rule is named twice."),
            Text("Оставьте каждое один раз.", "Name each of them once."),
        )

    @property
    def rules(self) -> Rules:
        login = Login(self.default.login) if self.default.login else None
        after = timedelta(hours=self.pass_on_after_hours)
        return Rules(self.responsible, Head(login, self.default.role), after)

    @property
    def missed_after(self) -> timedelta:
        return timedelta(seconds=self.missed_after_seconds)
