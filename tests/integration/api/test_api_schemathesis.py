"""Whatever a program sends: no answer 500, and none but those that the document describes.

``CALLCORE_API_EXAMPLES=25``: so many for each operation and each kind of data, by other dice each time.
The default is one, and wrong data only by the administrator.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    AcceptedNegativeData,
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from callcore.testing.patience import PATIENCE_SECONDS

from .conftest import Running

MORE = os.environ.get("CALLCORE_API_EXAMPLES")
EXAMPLES = int(MORE or "1")
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
TAKEN_ALL_THE_SAME = ("maxLength", "`since` in query", "`until` in query")
"""Control characters vanish before a text is measured; whole seconds are moments too; a stream asks for its
upgrade first."""
LONGEST_URL = 8000
"""Beyond it the server refuses before anything of ours sees it."""
ENDS_THE_SESSION = {"DELETE /api/v1/session", "POST /api/v1/session"}
TAGS = (
    "api",
    "audit",
    "call-backs",
    "calls",
    "campaigns",
    "cases",
    "contacts",
    "customers",
    "desk",
    "directory",
    "do not call",
    "events",
    "files",
    "flash",
    "follow-ups",
    "interactions",
    "knowledge",
    "network",
    "opt-outs",
    "outages",
    "recordings",
    "routing",
    "session",
    "visits",
    "voicemails",
    "webhooks",
)
CLIENTS = ("administrator's token", "operator's session", "campaign manager's token")
RIGHT, WRONG = GenerationMode.POSITIVE, GenerationMode.NEGATIVE


@pytest.fixture(scope="module", params=CLIENTS)
def client(request: pytest.FixtureRequest, running: Running) -> Iterator[requests.Session]:
    with running.client(request.param) as made:
        yield made


@pytest.fixture
def modes(request: pytest.FixtureRequest) -> tuple[GenerationMode, ...]:
    """Wrong data is refused before anybody's rights matter: the administrator sends it, all do if asked."""
    is_first = request.node.callspec.params["client"] == CLIENTS[0]
    return (RIGHT, WRONG) if MORE or is_first else (RIGHT,)


@pytest.fixture(scope="module")
def schema(running: Running) -> schemathesis.BaseSchema:
    """Without ways to sign in, since the client does that by itself."""
    document = running.ask("GET", "/api/v1/openapi.json").json()
    for methods in document["paths"].values():
        for operation in methods.values():
            del operation["security"]
    made = schemathesis.openapi.from_dict(document)
    made.config.update(base_url=running.url)
    return made


def test_every_operation_is_tried(schema: schemathesis.BaseSchema) -> None:
    assert {tag for each in schema.get_all_operations() for tag in each.ok().tags} == set(TAGS)


@pytest.mark.timeout(1500 if MORE else 600)
@pytest.mark.parametrize("tag", TAGS)
def test_no_answer_is_a_surprise(
    schema: schemathesis.BaseSchema,
    client: requests.Session,
    modes: tuple[GenerationMode, ...],
    tag: str,
) -> None:
    faults: list[str] = []
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if tag not in operation.tags or (operation.label in ENDS_THE_SESSION and client.cookies):
            continue
        for mode in modes:
            try:
                tried += _try(operation, mode, client)
            except Exception as fault:
                faults.append(f"{operation.label} ({mode.value}): {_told(fault)}")
    assert faults == [], "\n\n".join(faults)
    assert tried


def wrong_data_is_refused(ctx: Any, response: Any, case: schemathesis.Case) -> bool | None:
    try:
        return bool(negative_data_rejection(ctx, response, case))
    except AcceptedNegativeData as fault:
        if any(each in f"{fault}" for each in TAKEN_ALL_THE_SAME):
            return None
        raise


def _try(operation: schemathesis.APIOperation, mode: GenerationMode, client: requests.Session) -> int:
    tried = 0
    checks = CHECKS + ([wrong_data_is_refused] if mode is WRONG else [])

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=MORE is None,
        phases=(Phase.explicit, Phase.generate, *((Phase.shrink,) if MORE else ())),
        suppress_health_check=list(HealthCheck),
    )
    def one(case: schemathesis.Case) -> None:
        nonlocal tried
        case.headers.pop("X-CSRF-Token", None)
        case.headers.pop("Authorization", None)
        case.cookies.clear()
        url = requests.Request(**case.as_transport_kwargs()).prepare().url
        assume(len(url or "") < LONGEST_URL)
        response = case.call(session=client, timeout=PATIENCE_SECONDS)
        tried += 1
        case.validate_response(response, checks=checks)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            one()
        except Exception as fault:
            if "Unsatisfiable" not in type(fault).__name__ and "skip" not in type(fault).__name__.lower():
                raise
    return tried


def _told(fault: BaseException) -> str:
    inner = getattr(fault, "exceptions", None)
    return (
        " | ".join(_told(each) for each in inner) if inner else f"{type(fault).__name__}: {str(fault)[:1500]}"
    )
