"""The file of cases: the sample is right, what leads nowhere is named with its line and a remedy."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from callcore.config import ConfigFaults, load

SAMPLE = Path(__file__).parents[3] / "config"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(SAMPLE, tmp_path / "config")
    return tmp_path / "config"


def test_the_sample_has_the_cases_of_the_field(folder: Path) -> None:
    catalogue = load(folder / "callcore.yaml", need_secrets=False).cases
    assert {"prospect", "call_me", "tms", "tps", "connection", "money", "damage"} <= set(catalogue.kinds)
    assert [stage.code for stage in catalogue.kinds["connection"].stages if stage.code != "meeting"] == [
        "information",
        "expertise",
        "contract",
        "installation",
        "activation",
    ]


def test_without_the_file_each_department_that_takes_appeals_has_a_queue(folder: Path) -> None:
    file = folder / "callcore.yaml"
    text = file.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("cases_file")]
    file.write_text("\n".join(lines), encoding="utf-8")
    for table in (folder / "topics").glob("*.yaml"):  # rows make cases, too: of the only type there is
        rows = table.read_text(encoding="utf-8")
        table.write_text(re.sub(r"(?m)(- \{?case: )\w+", r"\1general", rows), encoding="utf-8")
    catalogue = load(file, need_secrets=False).cases
    node = catalogue.node("general.finance")
    assert node is not None
    assert catalogue.refusal(node) is None
    assert catalogue.node("general.service_centre") is None


@pytest.mark.parametrize(
    ("was", "becomes", "path"),
    [
        ("term: 10 d", "term: soon", "types.tms.stages.upgrade.term"),
        ("next: activation", "next: nowhere", "types.connection.stages.installation.results.connected.next"),
        ("form: upgrade", "form: nothing", "types.tms.form"),
        (
            "controller: coordinators\n        term: 10 d",
            "controller: nobody\n        term: 10 d",
            "types.tms.stages.upgrade.controller",
        ),
        ("flags: [signed, paid]}", "flags: [signed, payed]}", "types.connection.stages.installation.needs"),
        ("radio: 4 d", "wires: 4 d", "types.connection.stages.installation.terms.technology"),
        ("terms: {technology:", "terms: {techniques:", "types.connection.stages.installation.terms"),
        ("days: [tue, thu]", "days: [tue, someday]", "types.connection.stages.expertise.days"),
        ("type: tms}", "type: tmz}", "queues.connect.queues.upgrade.type"),
        ("topics: [expert.diagnosis]", "topics: [expert.nothing]", "queues.connect.queues.service_help"),
        ("topics: [retention]}", "topics: [retenton]}", "queues.appeals.queues.leaving.topics"),
        ("one_of: [[phone, email]]", "one_of: [[phone, fax]]", "forms.prospect.one_of"),
        ("{after: 4 h, to: head}", "{after: later, to: head}", "escalation[3].after"),
        ("kind: yes_no, need: required}", "kind: maybe, need: required}", "forms.upgrade.fields.cable_laid"),
    ],
)
def test_what_leads_nowhere_is_named(folder: Path, was: str, becomes: str, path: str) -> None:
    file = folder / "cases.yaml"
    text = file.read_text(encoding="utf-8")
    assert was in text
    file.write_text(text.replace(was, becomes, 1), encoding="utf-8")
    with pytest.raises(ConfigFaults) as found:
        load(folder / "callcore.yaml", need_secrets=False)
    fault = found.value.faults[0]
    assert fault.file.endswith("cases.yaml")
    assert fault.line > 1
    assert fault.path.replace("[2]", "[3]").startswith(path)
    assert fault.remedy.ru
    assert fault.remedy.en


@pytest.mark.parametrize("name", ["topics/finance.yaml", "departments.yaml", "cases.yaml", "ivr.yaml"])
def test_one_slip_is_told_once(folder: Path, name: str) -> None:
    """What other files name in a faulty one is not missed there."""
    file = folder / name
    text = file.read_text(encoding="utf-8")
    if name == "ivr.yaml":
        text += "\n  nowhere: {play: {ru: Да, en: Yes}, colour: red}\n"
    else:
        text += "\ncolour: red\n"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigFaults) as raised:
        load(folder / "callcore.yaml", need_secrets=False)
    faults = [fault for fault in raised.value.faults if fault.severity == "fault"]
    assert {fault.file for fault in faults} == {str(file)}, [str(fault) for fault in faults]
    assert [fault.path.rpartition(".")[2] for fault in faults if "colour" in fault.path] == ["colour"]
