"""``callcore route``: where a call would go, and why."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from shutil import copytree

import pytest

from .conftest import SAMPLE, Command

NOON = "2026-11-23T12:00"


@pytest.fixture
def route(command: Command) -> Callable[..., str]:
    """What it prints, in English; it must have gone well."""

    def run(topic: str, *arguments: str, at: str = NOON) -> str:
        code, out, err = command("route", "--topic", topic, "--at", at, *arguments)
        assert (code, err) == (0, "")
        return out

    return run


@pytest.fixture
def answer(route: Callable[..., str]) -> Callable[..., dict[str, object]]:
    """The same as JSON."""
    return lambda topic, *arguments, at=NOON: json.loads(route(topic, "--json", *arguments, at=at))


def test_explained(route: Callable[..., str]) -> None:
    out = route("finance.recalculation", "--from", "89161234567", "--explain", at="2026-03-08T12:00")
    first, said, offer, word, why, *steps = out.splitlines()
    assert first == "8 (916) 123-45-67, unknown → finance.recalculation/closed"
    assert said.startswith('  Announcement: "The finance group is closed now.')
    assert (offer, word) == (
        "  A call-back is offered (queue finance).",
        "  Voicemail, which becomes an appeal.",
    )
    assert why == "Why:"
    assert steps[0].startswith("  1. ✓ Topic finance.recalculation")
    assert steps[1].startswith(
        "  2. ✗ Row debtor does not hold: who calls: unknown; holds only for: an existing"
    )
    assert any(
        "✓ 2026-03-08 is a public holiday (International Women's Day): closed." in step for step in steps
    )
    assert any("✗ Sunday 2026-03-08 12:00, Europe/Moscow: closed all day." in step for step in steps)
    assert steps[-1].endswith("Open again 2026-03-10 09:00.")


def test_to_a_queue_in_russian(command: Command) -> None:
    code, out, err = command(
        "route", "--lang", "ru", "--topic", "finance.claim", "--at", "2026-03-04T06:00:00Z"
    )
    assert (code, out, err) == (0, "неизвестный → finance.claim/queue\n  В очередь finance.\n", "")


def test_for_programs(answer: Callable[..., dict[str, object]]) -> None:
    found = answer("finance.claim", "--from", "101", at="2026-12-31T15:30")
    assert (found["route"], found["table"], found["row"], found["queue"]) == (
        "finance.claim/closed",
        "finance",
        "closed",
        None,
    )
    assert found["at"] == "2026-12-31T12:30:00+00:00"
    assert found["from"] == "101"
    assert [leg["kind"] for leg in found["legs"]] == ["announce", "call_back", "voicemail"]  # type: ignore[attr-defined]
    rules = [step["rule"] for step in found["steps"]]  # type: ignore[attr-defined]
    assert rules == ["topic", "row", "row", "day", "hours", "leg", "leg", "leg", "reopening"]
    assert answer("corporate.billing", at="now")["queue"] == "corporate"


def test_every_fact_can_be_said(answer: Callable[..., dict[str, object]]) -> None:
    words = ("--segment", "vip-3", "--legal-form", "пбоюл", "--region", "Север", "--language", "en")
    marks = ("--standing", "prospective", "--marks", "debt, blocked", "--last-contact", "3 h")
    found = answer("corporate.mobile_budget", *words, *marks)
    assert (found["route"], found["queue"]) == ("corporate.mobile_budget/telesales.vip", "telesales")
    assert found["caller"] == {
        "standing": "prospective",
        "segment": "vip-3",
        "legal_form": "пбоюл",
        "region": "Север",
        "marks": ["blocked", "debt"],
        "language": "en",
        "last_contact_at": "2026-11-23T06:00:00+00:00",
        "is_from_base": False,
    }
    assert answer("expert.speed", "--last-contact", "3 h")["row"] == "again"
    assert answer("expert.speed", "--last-contact", "2 d")["row"] == "queue"


def test_queues_as_they_are_then(answer: Callable[..., dict[str, object]]) -> None:
    assert answer("sales.connection")["row"] == "queue"
    assert answer("sales.connection", "--queue", "sales=0")["row"] == "nobody"
    assert answer("sales.connection", "--queue", "sales=2,1,6", "--queue", "finance=0")["row"] == "crowded"
    assert answer("service.quality", "--queue", "service=2,1,3,301")["row"] == "slow"


def test_what_the_base_knows_is_used_and_what_is_said_comes_first(
    command: Command, answer: Callable[..., dict[str, object]], own_config: Path, tmp_path: Path
) -> None:
    customers = tmp_path / "customers.csv"
    customers.write_text(
        "contract;name;numbers;segment;legal_form;balance\n1001;ООО Ромашка;+79161234567;KEY;ООО;-5\n",
        encoding="utf-8",
    )
    assert command("customer", "import", str(customers))[0] == 0
    number = ("--from", "89161234567")
    found = answer("corporate.mobile_budget", *number)
    assert found["route"] == "corporate.mobile_budget/key"
    caller = found["caller"]
    assert isinstance(caller, dict)
    assert (caller["standing"], caller["segment"], caller["marks"]) == ("existing", "KEY", ["debt"])
    assert caller["is_from_base"] is True
    assert answer("corporate.mobile_budget", *number, "--segment", "")["row"] == "queue"
    assert answer("finance.charges", *number, "--marks", "debt,blocked")["table"] == "reactivation"
    assert answer("finance.charges", *number, "--marks", "")["caller"]["marks"] == []  # type: ignore[index]
    assert answer("corporate.mobile_budget", "--from", "89160000000")["caller"]["standing"] == "unknown"  # type: ignore[index]


def test_a_base_that_does_not_answer_is_said(command: Command, own_config: Path) -> None:
    own_config.with_name("c.db").write_bytes(b"no database at all" * 100)
    code, out, err = command("route", "--topic", "corporate.billing", "--from", "89161234567", "--at", NOON)
    assert code == 0
    assert err.startswith("The base did not answer, the caller counts as unknown: ")
    assert out.startswith("8 (916) 123-45-67, unknown → corporate.billing/queue\n")


def test_it_neither_needs_secrets_nor_makes_a_base(
    route: Callable[..., str], own_config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CALLCORE_AMI_SECRET", raising=False)
    route("corporate.billing", "--from", "89161234567")
    assert not own_config.with_name("c.db").exists()


@pytest.mark.parametrize("number", ["garbage", "９１６１２３４５６７", "1\r\n2", "9" * 10_000])
def test_from_what_is_no_number_says_so(command: Command, number: str) -> None:
    code, out, err = command("route", "--topic", "corporate.billing", "--from", number)
    assert (code, err) == (0, "The number is not one: the caller counts as unknown.\n")
    assert number not in out


@pytest.mark.parametrize(
    "at",
    ["", "tomorrow", "2026-02-30", "25:00", "0001-01-01", "9999-12-31T23:59", "\0", "2026-01-01T00:00+99:00"],
)
def test_at_no_moment_is_wrong_use(command: Command, at: str) -> None:
    code, out, err = command("route", "--topic", "corporate.billing", "--at", at)
    assert (code, out) == (2, "")
    assert "is no moment. Write for example 2026-12-31T09:00, or now." in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--marks", "debt,rich"),
            "--marks: there is no mark 'rich'. There are debt, personal_operator, blocked.",
        ),
        (
            ("--last-contact", "soon"),
            "--last-contact 'soon' is no length of time. Write for example 20 min, 3 h,",
        ),
        (("--queue", "cash=1"), "--queue: there is no queue 'cash'. There are corporate,"),
        (("--queue", "sales"), "--queue 'sales': NAME=signed_in,ready,waiting,seconds is needed"),
        (("--queue", "sales=1,2"), "no more ready than signed in; such as sales=3,1,5,40."),
        (("--queue", "sales=1,1,1,1,1"), "--queue 'sales=1,1,1,1,1': NAME="),
        (("--queue", "sales=-1"), "--queue 'sales=-1': NAME="),
        (("--queue", "sales=²"), "NAME=signed_in"),
        (("--queue", "\x1b[31m=1"), "there is no queue '\\x1b[31m'"),
        (("--standing", "rich"), "--standing"),
        (("--language", "de"), "--language"),
    ],
)
def test_facts_that_are_none_are_wrong_use(command: Command, arguments: Sequence[str], said: str) -> None:
    code, out, err = command("route", "--topic", "corporate.billing", *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert "\x1b" not in err


def test_words_that_would_steer_the_terminal_are_not_printed(route: Callable[..., str]) -> None:
    assert "\x1b" not in route("corporate.billing", "--segment", "\x1b[31mKEY", "--explain")


def test_no_topic_offers_near_ones(command: Command) -> None:
    code, _, err = command("route", "--topic", "finance.recalculaton")
    assert code == 2
    assert "There is no topic 'finance.recalculaton'. Topics: finance.recalculation," in err
    code, _, err = command("route", "--topic", "retention")
    assert (code, "Topics: retention." in err, "finance" in err) == (2, True, False), (
        "the topics of the table"
    )
    code, _, err = command("route", "--topic", "\x1b[31m")
    assert code == 2
    assert "\x1b" not in err


def test_a_failing_test_of_the_tables_can_be_explained(command: Command, tmp_path: Path) -> None:
    """``check`` names the command that tells why; it must not refuse for the very same reason."""
    copytree(SAMPLE.parent, tmp_path / "config")
    table = tmp_path / "config" / "topics" / "retention.yaml"
    table.write_text(
        table.read_text(encoding="utf-8") + f"  - given: {{topic: finance.claim, at: {NOON}}}\n"
        "    expect: {row: closed}\n",
        encoding="utf-8",
    )
    settings = ("-c", str(tmp_path / "config" / "callcore.yaml"))
    code, out, _ = command("check", *settings)
    assert (code, "This test fails" in out) == (1, True)
    (shown,) = re.findall(r"callcore (route .*)", out)
    code, out, err = command(*shlex.split(shown), *settings)
    assert (code, err) == (0, "")
    assert out.startswith("unknown → finance.claim/queue")
    assert command("ivr", "graph", *settings)[0] == 0
