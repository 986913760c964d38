"""Settings ``webhooks``: what subscriptions may reach, pop by pull, push as Zammad's CTI."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from callcore.bus.outward import Refused, checked_url
from callcore.config.fields import NO_SECRET, Networks, Seconds, Secret, Variable
from callcore.domain import Text
from callcore.strictyaml.fields import FilePath, Model, Whole, shown, wrong


def _url(value: object) -> object:
    try:
        if isinstance(value, str):
            return str(checked_url(value))
    except Refused:
        pass
    raise wrong(
        Text(
            f"{shown(value, 'ru')} — не адрес http:// или https:// без имени и пароля.",
            f"{shown(value)} is no http:// or https:// address without name and password.",
        ),
        Text("Напишите, например, https://crm.example/pop.", "Write for example https://crm.example/pop."),
    )


Url = Annotated[str, BeforeValidator(_url)]


class Target(Model):
    """A program's address, with the token that it wants as ``Authorization: Bearer``, if any."""

    url: Url
    secret_file: FilePath | None = None
    secret_env: Variable | None = None
    secret: Secret = NO_SECRET
    """Filled by ``load``."""


class Pull(Target):
    """The call is posted as JSON; the answer says what to open."""

    on: Literal["ringing", "answer"] = "answer"
    milliseconds: Annotated[Whole, Field(ge=100, le=5000)] = 1000


class Push(Target):
    """newCall, answer and hangup as a form."""

    seconds: Seconds = 5


class Webhooks(Model):
    allow: Networks = ()
    """Private networks that subscriptions may reach all the same."""
    seconds: Seconds = 10
    """How long a receiver may take."""
    disable_after_days: Annotated[Whole, Field(ge=1, le=60)] = 5
    keep_days: Annotated[Whole, Field(ge=3, le=365)] = 30
    pull: Pull | None = None
    push: tuple[Push, ...] = ()
