"""Settings ``sign_in`` and ``audit``: the second factor, and how long it is kept who saw whom."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from callcore.config.fields import NO_SECRET, Secret, Variable
from callcore.domain import Text
from callcore.rights import Role
from callcore.strictyaml.fields import FilePath, Line, Model, Whole, wrong


def _somebody(roles: tuple[Role, ...]) -> tuple[Role, ...]:
    if roles:
        return roles
    raise wrong(
        Text("Не названо ни одной роли.", "No role is named."),
        Text("Назовите роли или напишите optional.", "Name roles, or write optional."),
    )


class RequiredFor(Model):
    required_for: Annotated[tuple[Role, ...], AfterValidator(_somebody)]


class SignIn(Model):
    second_factor: Annotated[
        Annotated[RequiredFor, Tag("roles")] | Annotated[Literal["off", "optional"], Tag("word")],
        Discriminator(lambda value: "roles" if isinstance(value, dict | RequiredFor) else "word"),
    ] = "optional"
    """``required_for``: whoever has one of these roles can do nothing else until he has one."""
    issuer: Line = "callcore"
    """What the telephone's app writes beside the code."""
    key_file: FilePath | None = None
    key_env: Variable | None = None
    key: Secret = NO_SECRET
    """Filled by ``load``: what secrets of second factors are sealed with; empty keeps them plain."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.key_file is None or self.key_env is None:
            return self
        raise wrong(
            Text("Ключ задан дважды.", "The key is given twice."),
            Text("Оставьте key_file или key_env.", "Keep one of key_file and key_env."),
        )

    @property
    def required_roles(self) -> frozenset[str]:
        if isinstance(self.second_factor, RequiredFor):
            return frozenset(role.value for role in self.second_factor.required_for)
        return frozenset()


class Audit(Model):
    keep_days: Annotated[Whole, Field(ge=30, le=36_500)] = 1095
    """Lines older than this go, by whole seals."""
