"""The IVR in a terminal: what is said, where the keys lead, and its graph."""

import io
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest

from callcore.cli import main
from callcore.commands.frame import Output
from callcore.commands.ivr_walk import Caller, walk
from callcore.config import Settings, load
from callcore.domain import Text

SAMPLE = Path("config/callcore.yaml")
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""Noon in Moscow."""
SUNDAY = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
NIGHT = """\
start: hours
nodes:
  hours: {branch: hours.finance, cases: {open: vip}, otherwise: night}
  vip: {branch: caller.segment, cases: {VIP-0: speak}, otherwise: night}
  speak: {record: word, say: {ru: Говорите., en: Speak.}, then: sales, otherwise: night}
  sales: {transfer: sales.connection}
  night: {do: [{announce: {ru: Ночь., en: Night.}}, {voicemail: true}], topic: finance.claim}
"""
WHO = """\
start: who
nodes:
  who: {branch: caller.standing, cases: {unknown: stranger}, otherwise: known}
  stranger: {transfer: finance.claim}
  known: {transfer: sales.connection}
"""


@cache
def sample() -> Settings:
    return load(SAMPLE, need_secrets=False)


def told(keys: str, caller: Caller | None = None) -> str:
    out = io.StringIO()
    walked = walk(sample(), caller or Caller(MONDAY), io.StringIO(keys), Output(out, out, "en"))
    assert walked == 0
    return out.getvalue()


def test_two_keys_lead_to_a_queue() -> None:
    said = told("4\n1\n")
    assert "Здравствуйте!" in said
    assert said.rstrip().endswith("Queue finance.")


def test_english_and_closed() -> None:
    """What he hears, and what he can leave, is told; the call ends with that."""
    said = told("9\n4\n1\n", Caller(SUNDAY))
    assert "The finance group is closed now." in said
    assert "→ Voicemail, which becomes an appeal." in said
    assert said.rstrip().endswith("The call ends.")


def test_silence_three_times_is_the_default_topic() -> None:
    assert told("\n\n\n").rstrip().endswith("Queue expert.")


def test_a_caller_at_an_affected_address() -> None:
    """He hears it before the menu, in both languages if he likes; 0 is an operator."""
    affected = Caller(MONDAY, has_outage=True)
    said = told("9\n1\n4\n1\n", affected)
    assert said.index("обрыв кабеля") < said.index("a torn cable") < said.index("usual menu")
    assert said.rstrip().endswith("Queue finance.")
    assert told("0\n", affected).rstrip().endswith("Queue expert.")
    assert "cable" not in told("9\n")


def test_an_emergency_and_a_language_that_is_known() -> None:
    said = told("\n", Caller(MONDAY, "en", emergencies=(Text("Потоп.", "A flood."),)))
    assert said.index("Hello!") < said.index("A flood.") < said.index("press star")
    assert "Потоп" not in said


def test_hanging_up_and_a_key_that_is_none() -> None:
    said = told("four\n")
    assert "One key" in said
    assert said.rstrip().endswith("The caller hung up.")


def test_self_service_by_contract_and_pin() -> None:
    """Three tries; then his balance, his tariff as far as it is known, and no request."""
    known = "771203\n4321#\n+\n"
    said = told(f"*\n\n771203\n1111\n\n\n{known}1\nbalance=123456\n\n")
    assert said.index("is not right" if "is not right" in said else "не подходит") < said.index(
        "тысяча двести тридцать четыре рубля пятьдесят шесть копеек"
    )
    said = told(f"*\n\n{known}2\ntariff='Домашний 100'\n\n3\n\n\n0\n")
    assert "Ваш тариф: Домашний 100." in said
    assert "Он действует" not in said
    assert "Открытых заявок у вас нет." in said
    assert said.rstrip().endswith("Queue expert.")
    failed = told("*\n\n" + 3 * "771203\n1111\n\n\n")
    assert "Узнать вас не получилось" in failed


def test_whoever_calls_from_his_own_number_is_known() -> None:
    said = told("*\nname=Анна contract=771203\n1\nbalance=-100 balance.currency=USD\n")
    assert "номер договора" not in said
    assert "минус один доллар" in said


def test_staff_switches_an_announcement() -> None:
    said = told("#\n000000\n31\n1\n+\n\n31\n0\n\n")
    assert "Announcement 31 is switched on" in said
    assert "Announcement 31 is switched off" in said
    assert said.index("Сделано.") < said.index("Такого объявления нет.")
    assert "Announcement" not in told("#\n111111\n222222\n333333\n")


def test_what_the_record_cannot_have_said() -> None:
    """A wrong answer of the person at the terminal is asked again."""
    said = told("*\nbalance=1\nname='\nname=Анна\n")
    assert said.count("It is written like this: name=… contract=… segment=…") == 2
    assert "Баланс: нажмите 1" in said


# --- as a command


@pytest.fixture
def night(tmp_path: Path) -> str:
    file = tmp_path / "night.yaml"
    file.write_text(NIGHT, encoding="utf-8")
    return str(file)


def ran(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, keys: str, *options: str
) -> tuple[int, str]:
    monkeypatch.setattr("sys.stdin", io.StringIO(keys))
    code = main(["ivr", *options, "-c", str(SAMPLE), "--lang", "en"])
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def test_another_file_is_walked(
    night: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file can be tried before it is set; what is known of the caller is said by options."""
    walk_it = ("walk", "--file", night, "--at", "2026-11-23T12:00+03:00")
    code, said = ran(capsys, monkeypatch, "12\n", *walk_it, "--value", "caller.segment=vip-0")
    assert code == 0
    assert "Говорите." in said
    assert said.rstrip().endswith("Queue sales.")
    code, said = ran(capsys, monkeypatch, "", *walk_it)
    assert "Ночь." in said
    assert said.rstrip().endswith("The call ends.")


def test_a_moment_without_a_zone_is_meant_in_the_house(
    night: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ``callcore route`` takes it; finance closes at nine in the evening."""
    for at, heard in (("2026-11-23T20:30", "Говорите."), ("2026-11-23T21:30", "Ночь.")):
        options = ("walk", "--file", night, "--at", at, "--value", "caller.segment=VIP-0")
        code, said = ran(capsys, monkeypatch, "", *options)
        assert (code, heard in said) == (0, True)


def test_a_stranger_is_unknown_as_in_a_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A branch finds what the same call would find."""
    file = tmp_path / "who.yaml"
    file.write_text(WHO, encoding="utf-8")
    code, said = ran(
        capsys, monkeypatch, "\n\n\n\n\n", "walk", "--file", str(file), "--at", "2026-11-23T12:00"
    )
    assert (code, said.rstrip().splitlines()[-1]) == (0, "Queue finance.")


def test_a_faulty_file_is_not_walked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "night.yaml"
    file.write_text(NIGHT.replace("sales.connection", "sales.conection"), encoding="utf-8")
    code, said = ran(capsys, monkeypatch, "", "walk", "--file", str(file))
    assert code == 1
    assert ':6: nodes.sales.transfer: There is no topic "sales.conection".' in said


def test_the_graph(night: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for options, nodes in (((), 27), (("--file", night), 5)):
        code, drawn = ran(capsys, monkeypatch, "", "graph", *options)
        assert code == 0
        picture = ElementTree.fromstring(drawn)
        assert sum(each.get("class") == "node" for each in picture.iter()) == nodes


@pytest.mark.parametrize(
    ("option", "code", "why"),
    [
        (("--at", "tomorrow"), 2, "is no moment"),
        (("--value", "caller.segment"), 2, "NAME=VALUE"),
        (("--value", "caller.segmnt=VIP-0"), 2, "caller.segment, caller.standing"),
        (("--value", "hint.colour=red"), 2, "hours.finance"),
        (("--value", "caller.standing=king"), 2, "existing"),
    ],
)
def test_options_that_are_wrong(
    option: tuple[str, str],
    code: int,
    why: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, said = ran(capsys, monkeypatch, "", "walk", *option)
    assert (found, why in said) == (code, True)
