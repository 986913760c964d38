"""One list of events: the code tells no other, the guide and the OpenAPI document have the same."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import callcore
from callcore.store.event_words import shape
from callcore.store.events import EVENTS, TEST_EVENT, is_known, near
from callcore.web.openapi_events import webhooks

CODE = Path(callcore.__file__).parent
GUIDE = (CODE.parent / "docs" / "api.md").read_text(encoding="utf-8").partition("## Webhooks")[2]
ALARMS = {"case.reminder", "case.overdue"}
"""Written as ``case.{kind}``."""
TELLERS = [*(CODE / "store").glob("*.py"), CODE / "bus" / "live.py", *(CODE / "crm" / "cases").glob("*.py")]
ROOTS = {type.partition(".")[0] for type in EVENTS}


def told() -> Iterator[str]:
    """Whatever in the modules that tell events looks like one."""
    for file in TELLERS:
        if file.name == "events.py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                root, dot, rest = node.value.partition(".")
                if dot and root in ROOTS and rest.isidentifier() and not rest.endswith("id"):
                    yield node.value


def test_the_code_tells_what_the_list_has_and_nothing_else() -> None:
    assert set(told()) | ALARMS | {TEST_EVENT} == set(EVENTS)


def test_the_guide_has_the_list() -> None:
    lines = GUIDE.partition("\n## ")[0].splitlines()
    rows = [line for line in lines if line.startswith("| `") and "` | when |" not in line]
    assert rows == [f"| `{each.type}` | {each.title.en} | {shape(each).en} |" for each in EVENTS.values()]


def test_the_document_has_the_list() -> None:
    said = webhooks(EVENTS.values())
    assert list(said) == list(EVENTS)
    body = said["case.changed"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    data = body["properties"]["data"]
    assert data["properties"]["owner"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert "owner" in data["required"]
    kept = said["contact.saved"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert kept["properties"]["data"]["required"] == ["call", "direction", "customer", "login"]


@pytest.mark.parametrize("pattern", ["*", "case.*", "case.created", "webhook.test"])
def test_patterns_of_events_that_there_are(pattern: str) -> None:
    assert is_known(pattern)


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [("cases.*", "case.*"), ("case.creatd", "case.created"), ("foo.bar", "call.*"), ("case", "case.*")],
)
def test_others_are_told_what_is_near(pattern: str, meant: str) -> None:
    assert not is_known(pattern)
    assert meant in near(pattern)
