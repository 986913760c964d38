"""The guides for administrators of a PBX say what the program does."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from callcore.config.shape import Queue
from callcore.ivr.dialplan import PARTS, include_file, own_contexts
from callcore.ivr.fallback import HOURS_CONTEXT, TOPICS_CONTEXT
from callcore.ivr.queue_file import ANYBODY
from callcore.routing.skills import OTHERS

DOCS = Path(__file__).parents[3] / "docs"
NAMES = ("asterisk", "freepbx", "issabel")
OWN = {"callcore-freepbx"}
"""Contexts that the guides have the administrator write."""
FILES = {"callcore-topics", "callcore-transfer"}


def guide(name: str) -> str:
    return (DOCS / f"pbx-{name}.md").read_text(encoding="utf-8")


def test_every_part_is_told() -> None:
    told = re.findall(r"^\| `([a-z]+)` \| `callcore[a-z_-]*\.conf` \|", guide("asterisk"), re.MULTILINE)
    made = re.findall(r"^    make_part ([a-z]+) ", guide("asterisk"), re.MULTILINE)
    assert told == made == [part for part in PARTS if part != "all"]


def test_the_queue_of_the_guide_is_one_with_every_setting() -> None:
    block = re.search(r"^    queues:\n((?:     .*\n)+)", guide("asterisk"), re.MULTILINE)
    assert block is not None
    written = yaml.safe_load(dedent(block[0]))["queues"]["expert"]
    assert written.keys() | {"music"} == set(Queue.model_fields)
    assert Queue.model_validate(written) == Queue(title=written["title"])


@pytest.mark.parametrize("name", NAMES)
def test_contexts_and_variables_that_are_named_exist(name: str) -> None:
    known = {*own_contexts(), TOPICS_CONTEXT, HOURS_CONTEXT} | OWN | FILES
    named = set(re.findall(r"\b(callcore-[a-z]+)\b", guide(name)))
    assert named <= known
    variables = set(re.findall(r"\bCALLCORE_[A-Z_]+\b", guide(name)))
    hints = {variable for variable in variables if variable.startswith("CALLCORE_HINT_")}
    known = set(re.findall(r"CALLCORE_[A-Z]+(?:_[A-Z]+)*", include_file()))
    known |= {"CALLCORE_CUSTOMER", "CALLCORE_LANGUAGE", "CALLCORE_CONFIG"}
    assert variables - hints - known == set()


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name: str) -> None:
    for place, anchor in re.findall(r"\]\(((?:\.\./)?[\w.-]+\.md)?(?:#([\w-]+))?\)", guide(name)):
        target = DOCS / place if place else DOCS / f"pbx-{name}.md"
        headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
        slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert not anchor or anchor in slugs, (name, place, anchor)


def test_penalties_that_are_told() -> None:
    assert f"QUEUE_MAX_PENALTY={OTHERS - 1}" in guide("asterisk")
    assert f"everybody else {OTHERS};" in guide("asterisk").replace("\n", " ")
    assert ANYBODY > OTHERS
