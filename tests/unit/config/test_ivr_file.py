"""The IVR's file: the shipped one, and every fault with its line."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from callcore.assembly.wiring import all_said, make_book
from callcore.config import load
from callcore.config.changes import followed
from callcore.domain import QueueName, Text
from callcore.ivr.script import DEFAULT, Branch, Collect, Do, LookUp, Menu, Set, Speak, Topics
from callcore.routing.legs import Announce, ToNumber, ToQueue, Voicemail

from .conftest import Files

SAMPLE = Path(__file__).parents[3] / "config" / "callcore.yaml"
GOOD = """\
start: language
greeting: false
nodes:
  language:
    menu: {ru: Один, en: Two}
    keys: {"1": russian, "*": english}
    otherwise: english
    tries: 2
    wait: 7 s
  russian: {speak: ru, then: hours}
  english: {speak: other, then: hours}
  hours:
    branch: hours.finance
    cases: {open: contract}
    otherwise: night
  contract:
    collect: contract
    say: {ru: Договор, en: Contract}
    least: 3
    most: 12
    secret: false
    then: known
    otherwise: topics
  known: {set: {known: yes}, then: topics}
  topics:
    topics: true
    say: {ru: Звёздочка, en: Star}
    keys: {"*": night}
  night:
    do:
      - announce: {ru: Ночь, en: Night}
      - {queue: own, max_wait: 2 min}
      - {voicemail: true}
    topic: finance.charges
"""
STAFF = """\
zone: Europe/Moscow
departments:
  money:
    title: {ru: Деньги, en: Money}
    functions: {ru: Деньги, en: Money}
    ways: [transfer]
    number: "301"
    hours: {mon-fri: 09:00-18:00, sat-sun: closed}
    head: {login: anna}
  centre:
    title: {ru: Центр, en: Centre}
    functions: {ru: Лично, en: In person}
    ways: [walk_in]
    head: {login: anna}
"""


@pytest.fixture
def files(tmp_path: Path) -> Files:
    made = Files(tmp_path)
    text = (tmp_path / "callcore.yaml").read_text(encoding="utf-8")
    made.settings(text.replace("ivr:\n", "ivr:\n  file: ivr.yaml\n  hints: [REGION]\n"))
    return made


def put(files: Files, text: str) -> None:
    (files.folder / "ivr.yaml").write_text(text, encoding="utf-8")


# --- good files


def test_the_shipped_file() -> None:
    """It says every node's word in both languages, and all of it but amounts is spoken beforehand."""
    settings = load(SAMPLE, need_secrets=False)
    script = settings.script
    assert [each for each in settings.warnings if each.file.endswith("ivr.yaml")] == []
    kinds = {type(node).__name__ for node in script.nodes.values()}
    assert kinds == {
        "Outages",
        "Emergency",
        "Topics",
        "Menu",
        "Play",
        "Collect",
        "LookUp",
        "Transfer",
        "Switch",
    }
    identify = script.nodes["identify"]
    assert isinstance(identify, LookUp)
    assert identify.tries == 3
    said = {phrase.text for phrase in all_said(make_book(settings))}
    assert "Договор или PIN-код не подходит." in said
    assert "The contract or the PIN is not right." in said
    assert not any("{" in text for text in said)


def test_a_good_file(files: Files) -> None:
    put(files, GOOD)
    settings = files.load()
    script = settings.script
    assert (script.start, script.has_greeting, settings.warnings) == ("language", False, ())
    nodes = script.nodes
    assert nodes["language"] == Menu(Text("Один", "Two"), {"1": "russian", "*": "english"}, "english", 2, 7)
    assert (nodes["russian"], nodes["english"]) == (Speak("ru", "hours"), Speak(None, "hours"))
    assert nodes["hours"] == Branch("hours.finance", {"open": "contract"}, "night")
    assert nodes["contract"] == Collect(Text("Договор", "Contract"), "contract", "known", "topics", 3, 12)
    assert nodes["known"] == Set({"known": "yes"}, "topics")
    assert nodes["topics"] == Topics(Text("Звёздочка", "Star"), {"*": "night"})
    night = nodes["night"]
    assert isinstance(night, Do)
    assert night.legs == (
        Announce(Text("Ночь", "Night")),
        ToQueue(None, max_wait=timedelta(minutes=2)),
        Voicemail(),
    )


def test_without_a_file_it_is_the_usual_way(tmp_path: Path) -> None:
    settings = Files(tmp_path).load()
    assert settings.script == DEFAULT
    assert make_book(settings).flow.script == DEFAULT


def test_the_script_is_in_the_flow(files: Files) -> None:
    put(files, GOOD)
    settings = files.load()
    flow = make_book(settings).flow
    assert flow.script == settings.script
    assert flow.currency == "RUB"


def test_the_file_is_a_part_of_each_edition(files: Files) -> None:
    put(files, GOOD)
    assert files.load().texts["ivr.yaml"] == GOOD


def test_a_reload_takes_the_script_over(files: Files) -> None:
    put(files, GOOD)
    running = files.load()
    put(files, GOOD.replace("tries: 2", "tries: 4"))
    fresh = files.load()
    assert followed(running, fresh).script == fresh.script != running.script


def test_queues_of_the_script_are_queues_of_the_house(files: Files) -> None:
    put(files, GOOD.replace("queue: own", "queue: night_shift"))
    assert QueueName("night_shift") in files.load().all_queues


def test_a_department_becomes_its_number(files: Files) -> None:
    text = (files.folder / "callcore.yaml").read_text(encoding="utf-8")
    files.settings(text + "departments_file: departments.yaml\n")
    (files.folder / "departments.yaml").write_text(STAFF, encoding="utf-8")
    put(files, GOOD.replace("{queue: own, max_wait: 2 min}", "{department: money, rings: 15 s}"))
    night = files.load().script.nodes["night"]
    assert isinstance(night, Do)
    assert night.legs[1] == ToNumber("301", timedelta(seconds=15), "money")
    put(files, GOOD.replace("{queue: own, max_wait: 2 min}", "{department: centre}"))
    (fault,) = files.faults()
    assert fault.startswith("ivr.yaml:32: nodes.night.do[1].department: ")
    assert "in person" in fault


# --- faults


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("start: language", "start: langage", '1: start: There is no node "langage". Nodes: language'),
        (
            "then: hours}\n  english",
            "then: huors}\n  english",
            '10: nodes.russian.then: There is no node "huors"',
        ),
        ("speak: ru", "speak: de", '10: nodes.russian.speak: "de" is not possible here.'),
        (
            "speak: ru, then",
            "speak: ru, play: {ru: а, en: a}, then",
            "10: nodes.russian: The node does too much",
        ),
        ("speak: ru, then", "speek: ru, then", "10: nodes.russian: It does not say what the node does."),
        ("menu: {ru: Один, en: Two}", "menu: {ru: Один}", '5: nodes.language.menu.en: "en" is missing.'),
        ('"1": russian', '"11": russian', '6: nodes.language.keys.11: "11" is no key of a telephone.'),
        ("tries: 2", "tries: 0", '8: nodes.language.tries: "0" is out of range.'),
        ("wait: 7 s", "wait: 7", '9: nodes.language.wait: "7" is no length of time.'),
        (
            "branch: hours.finance",
            "branch: hours.sales",
            "13: nodes.hours.branch: There is no value hours.sales.",
        ),
        (
            "branch: hours.finance",
            "branch: hint.colour",
            "13: nodes.hours.branch: There is no value hint.colour.",
        ),
        ("cases: {open: contract}", "cases: {}", "14: nodes.hours.cases"),
        (
            "cases: {open: contract}",
            "cases: {opened: contract}",
            "14: nodes.hours.cases.opened: hours.finance is never that. It is one of open, closed.",
        ),
        (
            "branch: hours.finance\n    cases: {open: contract}",
            "branch: caller.standing\n    cases: {client: contract}",
            "14: nodes.hours.cases.client: caller.standing is never that. It is one of existing, prospective",
        ),
        ("collect: contract", "collect: language", "17: nodes.contract.collect: The value language is there"),
        (
            "collect: contract",
            "collect: Contract",
            '17: nodes.contract.collect: "Contract" is no name of a value',
        ),
        ("least: 3", "least: 13", "16: nodes.contract: least is more than most."),
        ("most: 12", "most: 99", '20: nodes.contract.most: "99" is out of range.'),
        ("secret: false", "secret: no", '21: nodes.contract.secret: "no" is neither yes nor no.'),
        ("topics: true", "topics: finance", '26: nodes.topics.topics: "finance" means nothing here.'),
        ('{"*": night}', '{"1": night}', "28: nodes.topics.keys.1: The key 1 is taken"),
        ("queue: own", "queue: a b", '32: nodes.night.do[1].queue: "a b" is no name of a queue.'),
        (
            "{voicemail: true}",
            "{case: fault}",
            '33: nodes.night.do[2].case: There are no cases of type "fault".',
        ),
        (
            "      - {voicemail: true}\n",
            "",
            "32: nodes.night.do[1]: If nobody takes the call, its way ends in nothing",
        ),
        (", max_wait: 2 min", "", "33: nodes.night.do[2]: Nobody comes to this leg"),
        (
            "topic: finance.charges",
            "topic: finance.charge",
            '34: nodes.night.topic: There is no topic "finance.charge".',
        ),
        (
            "greeting: false",
            "greting: false",
            '2: greting: There is no setting "greting". Did you mean "greeting"?',
        ),
        (
            "    otherwise: night\n",
            "    otherwise: hours\n",
            "12: nodes.hours: Whoever does nothing goes round",
        ),
    ],
)
def test_each_fault_has_its_line(files: Files, old: str, new: str, fault: str) -> None:
    assert GOOD.count(old) == 1
    put(files, GOOD.replace(old, new))
    found = files.faults()
    assert any(each.startswith(f"ivr.yaml:{fault}") for each in found), found


@pytest.mark.parametrize(
    ("node", "fault"),
    [
        ("look_up: contract_pin, using: {contract: contract}", "using is not what contract_pin must be"),
        ("look_up: balance, using: {pin: contract}", "using is not what balance must be told."),
        ("look_up: weather", '"weather" is not possible here.'),
        ("look_up: balance, tries: 3", "tries and failed go together."),
        ("switch_on: note 5", '"note 5" is no flash note.'),
        ("switch_off: '31'", "Callers come here without the staff PIN."),
        ("record: word, at_most: 1 h, say: {ru: а, en: a}", '"1 h" is out of range.'),
    ],
)
def test_faults_of_other_nodes(files: Files, node: str, fault: str) -> None:
    whole = f"{{{node}, then: topics, otherwise: topics}}"
    put(files, GOOD.replace("{set: {known: yes}, then: topics}", whole))
    (found,) = files.faults()
    assert found.startswith("ivr.yaml:24: nodes.known")
    assert fault in found


def test_no_file_there(files: Files) -> None:
    assert files.faults() == ["ivr.yaml: There is no such file. Put it there, or check ivr.file."]


def test_faults_in_both_languages(files: Files) -> None:
    put(files, "start: a\nnodes:\n  a: {transfer: nothing.here}\n")
    (fault,) = files.faults()
    assert fault == 'ivr.yaml:3: nodes.a.transfer: There is no topic "nothing.here". Known: finance.charges.'


# --- the staff's PIN


@pytest.mark.parametrize("pin", ["12345", "abcdef", "123456 7"])
def test_a_staff_pin_that_is_too_easy(files: Files, pin: str) -> None:
    put(files, GOOD)
    text = (files.folder / "callcore.yaml").read_text(encoding="utf-8")
    files.settings(text.replace("  hints: [REGION]\n", "  staff_pin_env: PIN\n  hints: [REGION]\n"))
    (fault,) = files.faults(PIN=pin)
    assert fault == "callcore.yaml:13: ivr.staff_pin_env: The staff PIN is no use. It has 6 to 32 digits."
    assert files.load(PIN="246810").ivr.staff_pin.get_secret_value() == "246810"
    (warning,) = files.load().warnings
    assert warning.message.en == "The variable PIN is not set: nobody can switch announcements by phone."
    assert "246810" not in repr(files.load(PIN="246810"))
