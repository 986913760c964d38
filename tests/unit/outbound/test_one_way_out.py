"""Nothing places a call or sends a message but the room, and the room only with a Permit of the gate.

Import contracts (pyproject.toml) keep the two doors shut; here stands what imports cannot say: who makes
Permits, who writes the AMI action, who calls the doors. Each look is tried on a house that breaks it.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CALLCORE = Path(__file__).parents[3] / "callcore"
TESTING = "callcore/testing/"
"""The laboratory has a PBX of its own to ring."""

PERMIT_MAKERS = {"callcore/outbound/gate.py"}
ORIGINATE_WRITERS = {"callcore/ami/originate.py"}
DIALS, SENDS = "callcore/outbound/dialling.py", "callcore/outbound/messages.py"
SUBMITS = "callcore/messaging/smpp.py"
LEADS_OUT = "callcore/assembly/leaving.py"
"""Where a living call may be sent to a number outside: it asks for the Permit and has the intent stored."""


def modules(folder: Path) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(folder.rglob("*.py")):
        name = str(path.relative_to(folder.parent))
        if not name.startswith(TESTING):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def breaches(folder: Path) -> list[str]:
    """Places that go around the gate, with what they do."""
    found = []
    for name, tree in modules(folder):
        found += [f"{name}:{line} {what}" for line, what in _breaches(name, tree)]
    return found


def _breaches(name: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="Permit") | ast.Attribute(attr="Permit")) if (
                name not in PERMIT_MAKERS
            ):
                yield node.lineno, "makes a Permit"
            case ast.Name(id="_SEAL") | ast.Attribute(attr="_SEAL") if name not in PERMIT_MAKERS:
                yield node.lineno, "has the seal"
            case ast.alias(name="_SEAL"):
                yield node.lineno, "has the seal"
            case ast.Call(func=ast.Name(id="AmiAction"), args=[ast.Constant(value=str(word)), *_]):
                if word.lower() == "originate" and name not in ORIGINATE_WRITERS:
                    yield node.lineno, "writes an Originate"
                if word.lower() in ("command", "messagesend"):
                    yield node.lineno, f"writes {word}"
            case ast.Call(func=ast.Name(id="AmiAction"), args=[not_constant, *_]):
                if not isinstance(not_constant, ast.Constant):
                    yield node.lineno, "writes an action of any name"
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="dialer") | ast.Attribute(attr="dialer"), attr="dial")
            ) if name != DIALS:
                yield node.lineno, "dials"
            case ast.Call(func=ast.Name(id="ToOutside") | ast.Attribute(attr="ToOutside"), args=args) if (
                name != LEADS_OUT and not all(isinstance(each, ast.Constant) for each in args)
            ):
                yield node.lineno, "leads a call outside"
            case ast.Call(func=ast.Attribute(value=ast.Name(id="session"), attr="submit")):
                if name != SUBMITS:
                    yield node.lineno, "submits"
            case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="messenger"), attr="send")):
                if name != SENDS:
                    yield node.lineno, "sends"
            case ast.ImportFrom(module=str(source), names=names) if source.startswith("aiosmpplib"):
                if not name.startswith("callcore/messaging/"):
                    yield node.lineno, f"speaks SMPP: {names[0].name}"
            case _:
                pass


def test_nothing_goes_around_the_gate() -> None:
    assert breaches(CALLCORE) == []


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("gate.Permit(ask, now, later, (), seal)", "makes a Permit"),
        ("from callcore.outbound.gate import _SEAL", "has the seal"),
        ("gate._SEAL", "has the seal"),
        ('AmiAction("Originate", headers)', "writes an Originate"),
        ('AmiAction("Command", headers)', "writes Command"),
        ("AmiAction(name, headers)", "writes an action of any name"),
        ("dialer.dial(permit, order)", "dials"),
        ("trunk.dialer.dial(permit, order)", "dials"),
        ("ToOutside(number, attempt)", "leads a call outside"),
        ("session.submit(message)", "submits"),
        ("self.messenger.send(permit, order)", "sends"),
        ("from aiosmpplib.protocol import SubmitSm", "speaks SMPP: SubmitSm"),
    ],
)
def test_each_way_around_is_seen(tmp_path: Path, code: str, what: str) -> None:
    house = tmp_path / "callcore" / "web"
    house.mkdir(parents=True)
    (house / "shortcut.py").write_text(f"{code}\n")
    assert breaches(tmp_path / "callcore") == [f"callcore/web/shortcut.py:1 {what}"]


CONTRACTS = """
from grimp import build_graph
import tomllib, pathlib, sys
graph = build_graph("callcore", include_external_packages=False)
graph.add_import(importer="callcore.web.api", imported=sys.argv[1])
settings = tomllib.loads(pathlib.Path("pyproject.toml").read_text())
for each in settings["tool"]["importlinter"]["contracts"]:
    if sys.argv[1] in each.get("protected_modules", ()):
        allowed = set(each["allowed_importers"]) | set(each["protected_modules"])
        print(sorted(graph.find_modules_that_directly_import(sys.argv[1]) - allowed))
"""


@pytest.mark.parametrize("door", ["callcore.ami.originate", "callcore.messaging.session"])
def test_a_door_has_a_contract(door: str) -> None:
    """With one import more than there is, the contract's own words name it."""
    told = subprocess.run(
        [sys.executable, "-c", CONTRACTS, door],
        cwd=CALLCORE.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.splitlines() == ["['callcore.web.api']"]
