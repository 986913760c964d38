"""The OpenAPI document of a running callcore: sound, whole, and true of strange requests."""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from callcore.testing.patience import PATIENCE_SECONDS
from callcore.web.openapi import api_routes

from .conftest import Running


@pytest.fixture(scope="module")
def document(running: Running) -> dict[str, Any]:
    answer = running.ask("GET", "/api/v1/openapi.json")
    assert answer.status_code == 200
    return dict(answer.json())


def test_it_is_sound(document: dict[str, Any]) -> None:
    assert [fault.message for fault in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_route_is_in_it(running: Running, document: dict[str, Any]) -> None:
    application = running.daemon.web
    routes = list(api_routes(application))
    missing = [
        f"{method} {path}"
        for method, path, _ in routes
        if method.lower() not in document["paths"].get(path, {})
    ]
    assert len(routes) > 15
    assert missing == [], "give these an @operation, or @described"


def test_names_are_unique(document: dict[str, Any]) -> None:
    names = [known["operationId"] for path in document["paths"].values() for known in path.values()]
    assert len(names) == len(set(names))


def test_each_path_parameter_is_described(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for known in methods.values():
            named = {each["name"] for each in known["parameters"] if each["in"] == "path"}
            assert all(f"{{{name}}}" in path for name in named), path
            assert path.count("{") == len(named), path


def test_every_text_of_the_code_is_there(document: dict[str, Any]) -> None:
    silent = [
        known["operationId"]
        for path in document["paths"].values()
        for known in path.values()
        if "_" in known["summary"] or " " not in known["summary"]
    ]
    assert silent == [], "their handlers need docstrings"


def test_the_page_lists_them(running: Running, document: dict[str, Any]) -> None:
    with running.session("anna") as anna:
        page = anna.get(f"{running.url}/api", timeout=PATIENCE_SECONDS)
    assert page.status_code == 200
    assert [path for path in document["paths"] if f"<code>{escape(path)}</code>" not in page.text] == []
    assert all(
        f'id="{known["operationId"]}"' in page.text
        for each in document["paths"].values()
        for known in each.values()
    )
    assert "outages.publish" in page.text
    assert running.ask("GET", "/api").status_code == 303, "a token opens no page"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "OPTIONS"])
def test_other_methods_name_those_that_are_taken(running: Running, method: str) -> None:
    answer = running.ask(method, "/api/v1/dnc")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(",")) == {"GET", "HEAD", "POST"}
    assert answer.headers["Content-Type"].startswith("application/problem+json")


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS")


def test_whatever_method_is_not_described_is_refused(running: Running, document: dict[str, Any]) -> None:
    """And the refusal names those that are."""
    faults = []
    with running.program() as program:
        for path, known in document["paths"].items():
            asked = filled(path, next(iter(known.values())))
            taken = {
                method.upper()
                for other, methods in document["paths"].items()
                for method, operation in methods.items()
                if leads_to(other, operation, asked)
            }
            for method in (each for each in METHODS if each not in taken):
                answer = program.request(
                    method, running.url + asked, timeout=PATIENCE_SECONDS, allow_redirects=False
                )
                allowed = set(answer.headers.get("Allow", "").split(",")) - {"HEAD"}
                if (answer.status_code, allowed) != (405, taken):
                    faults.append((method, path, answer.status_code, allowed))
    assert not faults, "\n".join(map(str, faults))


def filled(path: str, operation: dict[str, Any]) -> str:
    """The path with something that fits in the place of each of its parameters."""
    for each in operation["parameters"]:
        if each["in"] == "path":
            path = path.replace(f"{{{each['name']}}}", str(each["schema"].get("enum", [1])[0]))
    return path


def leads_to(path: str, operation: dict[str, Any], asked: str) -> bool:
    """Whether this operation may be meant, too. Numbers of outages may hold a slash."""
    is_outage = path.startswith("/api/v1/outages/")
    for each in operation["parameters"]:
        if each["in"] == "path":
            words = each["schema"].get("enum", [".+" if is_outage and each["name"] == "number" else "[^/]+"])
            path = path.replace(f"{{{each['name']}}}", f"(?:{'|'.join(words)})")
    return re.fullmatch(path, asked) is not None


def test_head_is_a_get_without_a_body(running: Running) -> None:
    answer = running.ask("HEAD", "/api/v1/dnc")
    assert (answer.status_code, answer.content) == (200, b"")


def test_the_document_is_plain_json(running: Running, document: dict[str, Any]) -> None:
    assert json.loads(json.dumps(document)) == document
    assert document["openapi"] == "3.1.0"
