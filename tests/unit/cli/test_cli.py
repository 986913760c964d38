"""The commands as a person at a terminal or a program would use them."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from callcore.cli import main
from callcore.commands.frame import Command, CommandFailed, Output, language_of
from callcore.domain import Text

SAMPLE = str(Path(__file__).parents[3] / "config" / "callcore.yaml")
Ran = tuple[int, str, str]
Call = Callable[..., Ran]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Exit code, output and errors of one command on the sample, in English, with its secret set."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("CALLCORE_CONFIG", SAMPLE)
    monkeypatch.setenv("CALLCORE_AMI_SECRET", "secret")
    monkeypatch.delenv("CALLCORE_TRACEBACK", raising=False)

    def run(*arguments: str, commands: Sequence[Command] | None = None) -> Ran:
        code = main(arguments) if commands is None else main(arguments, commands)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_check_of_the_sample(call: Call) -> None:
    code, out, err = call("check")
    assert (code, err) == (0, "")
    assert "all right. Tables: 4, topics: 23, queues: corporate, expert, finance, retention." in out
    assert "\033" not in out


def test_check_names_what_is_wrong(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("organisation: {}\nhttp: {lisen: 1}\n")
    code, out, err = call("check", "-c", str(file))
    assert code == 1
    assert f'{file}:2: http.lisen: There is no setting "lisen".\n    Did you mean "listen"?\n' in out
    assert err.startswith("Faults: ")
    code, out, _ = call("check", "-c", str(file), "--json")
    answer = json.loads(out)
    assert code == 1
    assert answer["ok"] is False
    assert {"file", "line", "path", "severity", "message", "remedy"} == set(answer["faults"][0])


def test_check_for_programs(call: Call) -> None:
    code, out, _ = call("check", "--json")
    answer = json.loads(out)
    assert (code, answer["ok"], answer["topics"], answer["live"]) == (0, True, 23, [])


def test_check_shows_warnings_and_is_content(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "ami.secret"
    secret.write_text("x")
    secret.chmod(0o644)
    text = (
        Path(SAMPLE)
        .read_text(encoding="utf-8")
        .replace("secret_env: CALLCORE_AMI_SECRET", f"secret_file: {secret}")
    )
    text = text.replace("topics: topics ", f"topics: {Path(SAMPLE).parent / 'topics'} ")
    (tmp_path / "callcore.yaml").write_text(text, encoding="utf-8")
    code, out, _ = call("check", "-c", str(tmp_path / "callcore.yaml"))
    assert code == 0
    assert "can be read by everybody" in out


def test_check_live_of_a_pbx_that_is_not_there(call: Call, tmp_path: Path, unused_tcp_port: int) -> None:
    text = Path(SAMPLE).read_text(encoding="utf-8").replace("port: 5038", f"port: {unused_tcp_port}")
    text = text.replace("topics: topics ", f"topics: {Path(SAMPLE).parent / 'topics'} ")
    (tmp_path / "callcore.yaml").write_text(text, encoding="utf-8")
    from callcore.commands import live

    limit, live.CONNECT_LIMIT_SECONDS = live.CONNECT_LIMIT_SECONDS, 0.3
    try:
        code, out, _ = call("check", "--live", "-c", str(tmp_path / "callcore.yaml"))
        assert code == 1
        assert "PBX main: level 0 of 3 (no usable AMI account)." in out
        code, out, err = call("check", "--live", "--json", "-c", str(tmp_path / "callcore.yaml"))
    finally:
        live.CONNECT_LIMIT_SECONDS = limit
    assert (code, err) == (1, "")
    assert json.loads(out)["live"][0]["level"] == 0


def test_route_explained(call: Call) -> None:
    arguments = ("route", "--from", "89161234567", "--topic", "finance.recalculation")
    code, out, err = call(*arguments, "--at", "2026-03-08T12:00", "--explain")
    assert (code, err) == (0, "")
    assert out.startswith("8 (916) 123-45-67 → finance.recalculation/closed\n")
    assert "open again 2026-03-10 09:00 (Europe/Moscow)" in out
    assert "2. ✓ 2026-03-08 is a public holiday (International Women's Day): closed." in out
    assert "3. ✗ It is Sunday 2026-03-08 12:00 in Europe/Moscow" in out


def test_route_to_a_queue_in_russian(call: Call) -> None:
    code, out, _ = call("--lang", "ru", "route", "--topic", "finance.claim", "--at", "2026-03-04T06:00:00Z")
    assert code == 0
    assert out == "неизвестный → finance.claim/queue\n  очередь finance («Финансовая группа»)\n"


def test_route_for_programs(call: Call) -> None:
    at = "2026-12-31T15:30"
    code, out, _ = call("route", "--topic", "finance.claim", "--from", "101", "--at", at, "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["route"] == "finance.claim/closed"
    assert answer["at"] == "2026-12-31T12:30:00+00:00"
    assert answer["from"] == "101"
    assert answer["target"]["next_open_at"] == "2027-01-09T07:00:00+00:00"
    assert [step["rule"] for step in answer["steps"]] == ["topic", "day", "hours", "target"]
    code, out, _ = call(
        "route", "--topic", "corporate.billing", "--json", "--from", "anonymous", "--at", "now"
    )
    assert json.loads(out)["target"] == {"kind": "queue", "queue": "corporate"}


def test_route_needs_no_secrets(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CALLCORE_AMI_SECRET")
    assert call("route", "--topic", "corporate.billing")[0] == 0
    assert call("dialplan")[0] == 0
    assert call("check")[0] == 1


@pytest.mark.parametrize("number", ["garbage", "９１６１２３４５６７", "1\r\n2", "9" * 10_000])
def test_route_from_what_is_no_number_says_so(call: Call, number: str) -> None:
    code, out, err = call("route", "--topic", "corporate.billing", "--from", number)
    assert code == 0
    assert err == "The number is not one: the caller counts as unknown.\n"
    assert number not in out


@pytest.mark.parametrize(
    "at",
    ["", "tomorrow", "2026-02-30", "25:00", "0001-01-01", "9999-12-31T23:59", "\0", "2026-01-01T00:00+99:00"],
)
def test_route_at_no_moment_is_wrong_use(call: Call, at: str) -> None:
    code, out, err = call("route", "--topic", "corporate.billing", "--at", at)
    assert (code, out) == (2, "")
    assert "is no moment. Write for example 2026-12-31T09:00, or now." in err


def test_route_of_no_topic_offers_near_ones(call: Call) -> None:
    code, _, err = call("route", "--topic", "finance.recalculaton")
    assert code == 2
    assert "There is no topic 'finance.recalculaton'. Topics: finance.recalculation," in err
    code, _, err = call("route", "--topic", "\x1b[31m")
    assert code == 2
    assert "\x1b" not in err


def test_dialplan_is_printed(call: Call) -> None:
    code, out, err = call("dialplan")
    assert (code, err) == (0, "")
    assert "CALLCORE_AGI=127.0.0.1:4573" in out
    assert "[callcore-inbound]" in out
    for queue in ("corporate", "expert", "retention", "finance"):
        assert f"\n[{queue}]\n" in out
    code, _, err = call("dialplan", "--pbx", "other")
    assert code == 2
    assert "one of main" in err


def test_dialplan_refuses_a_name_in_agi(call: Call, tmp_path: Path) -> None:
    text = (
        Path(SAMPLE).read_text(encoding="utf-8").replace("listen: 127.0.0.1:4573", "listen: localhost:4573")
    )
    text = text.replace("topics: topics ", f"topics: {Path(SAMPLE).parent / 'topics'} ")
    (tmp_path / "callcore.yaml").write_text(text, encoding="utf-8")
    code, out, err = call("dialplan", "-c", str(tmp_path / "callcore.yaml"))
    assert (code, out) == (1, "")
    assert err.startswith("callcore: pbx.main: ")


def test_no_file_is_a_fault(call: Call) -> None:
    code, out, err = call("route", "-c", "/nowhere/callcore.yaml", "--topic", "x")
    assert (code, out) == (1, "")
    assert "There is no such file." in err


@pytest.mark.parametrize(
    "arguments", [(), ("nothing",), ("route",), ("check", "--unknown"), ("--lang", "de", "check")]
)
def test_wrong_use(call: Call, arguments: tuple[str, ...]) -> None:
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert "usage: callcore" in err


@pytest.mark.parametrize("command", [(), ("check",), ("route",), ("dialplan",)])
@pytest.mark.parametrize("language", ["ru", "en"])
def test_help(call: Call, command: tuple[str, ...], language: str) -> None:
    code, out, err = call(*command, f"--lang={language}", "--help")
    assert (code, err) == (0, "")
    assert any("а" <= letter <= "я" for letter in out) == (language == "ru")


def test_version(call: Call) -> None:
    assert call("--version")[1].startswith("callcore ")


def failing(error: BaseException) -> Command:
    def run(_: object, __: Output) -> int:
        raise error

    return Command("fail", Text("-", "-"), lambda _, __: None, run)


def test_no_traceback_for_users(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = call("fail", commands=[failing(RuntimeError("odd"))])
    assert (code, out) == (1, "")
    assert err == "callcore: internal error: RuntimeError: odd (in full with CALLCORE_TRACEBACK=1).\n"
    monkeypatch.setenv("CALLCORE_TRACEBACK", "1")
    with pytest.raises(RuntimeError):
        call("fail", commands=[failing(RuntimeError("odd"))])


def test_a_command_may_fail_or_be_interrupted(call: Call) -> None:
    assert call("fail", commands=[failing(CommandFailed(Text("нет", "no")))]) == (1, "", "callcore: no\n")
    assert call("fail", commands=[failing(KeyboardInterrupt())])[0] == 130


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "en"),
        ({"LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LC_ALL": "C", "LANG": "ru_RU.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "ru"}, "ru"),
        ({"LANG": "de_DE"}, "en"),
    ],
)
def test_the_language_of_the_terminal(environ: dict[str, str], language: str) -> None:
    assert language_of(environ) == language


def test_colour_only_where_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    import sys

    Output(sys.stdout, sys.stderr, "en", is_coloured=True).say("x", "red")
    Output(sys.stdout, sys.stderr, "en").say("x", "red")
    assert capsys.readouterr().out == "\033[31mx\033[0m\nx\n"
