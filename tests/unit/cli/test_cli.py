"""The commands as a person at a terminal or a program would use them."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from callcore.cli import main
from callcore.commands.frame import Command, CommandFailed, Output, Work, language_of
from callcore.domain import Text
from callcore.ivr.dialplan import PARTS

from .conftest import sample_text

SAMPLE = str(Path(__file__).parents[3] / "config" / "callcore.yaml")
Ran = tuple[int, str, str]
Call = Callable[..., Ran]


@pytest.fixture
def own_settings(tmp_path: Path) -> Callable[..., str]:
    """The sample with a database of its own, and other texts replaced; gives the file's name."""

    def write(*changes: tuple[str, str]) -> str:
        text = sample_text()
        for old, new in (("sqlite:///../var/callcore.db", "sqlite:///callcore.db"), *changes):
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "callcore.yaml").write_text(text, encoding="utf-8")
        return str(tmp_path / "callcore.yaml")

    return write


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, logs_as_before: None) -> Call:
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
    assert re.search(r"all right\. Tables: 8, topics: \d+, rows: \d+, tests: \d+, queues: ", out)
    assert "the secrets of second factors stand unsealed in the database" in out
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
    assert (code, answer["ok"], answer["tables"], answer["live"]) == (0, True, 8, [])
    assert answer["tests"] > answer["rows"] > 20
    assert {"corporate", "telesales", "service"} <= set(answer["queues"])


def test_check_shows_warnings_and_is_content(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "ami.secret"
    secret.write_text("x")
    secret.chmod(0o644)
    text = sample_text().replace("secret_env: CALLCORE_AMI_SECRET", f"secret_file: {secret}")
    (tmp_path / "callcore.yaml").write_text(text, encoding="utf-8")
    code, out, _ = call("check", "-c", str(tmp_path / "callcore.yaml"))
    assert code == 0
    assert "can be read by everybody" in out


def test_check_live_of_a_pbx_that_is_not_there(call: Call, tmp_path: Path, unused_tcp_port: int) -> None:
    text = sample_text().replace("port: 5038", f"port: {unused_tcp_port}")
    (tmp_path / "callcore.yaml").write_text(text, encoding="utf-8")
    from callcore.commands import live

    limit, live.CONNECT_LIMIT_SECONDS = live.CONNECT_LIMIT_SECONDS, 0.3
    try:
        code, out, _ = call("check", "--live", "-c", str(tmp_path / "callcore.yaml"))
        assert code == 1
        assert "PBX main: level 0 of 3 (no usable AMI account)." in out
        assert "pbx.main: 127.0.0.1" in out
        _, russian, _ = call("check", "--live", "--lang", "ru", "-c", str(tmp_path / "callcore.yaml"))
        code, out, err = call("check", "--live", "--json", "-c", str(tmp_path / "callcore.yaml"))
    finally:
        live.CONNECT_LIMIT_SECONDS = limit
    assert "АТС main: уровень 0 из 3 (учётная запись AMI не годится)." in russian
    assert (
        f"✗ pbx.main: 127.0.0.1:{unused_tcp_port}: там никто не слушает\n    запустите Asterisk;" in russian
    )
    assert (code, err) == (1, "")
    (finding,) = json.loads(out)["live"][0]["findings"]
    assert json.loads(out)["live"][0]["level"] == 0
    assert set(finding["message"]) == set(finding["remedy"]) == {"ru", "en"}


def test_dialplan_is_printed(call: Call) -> None:
    code, out, _ = call("dialplan")
    assert code == 0
    assert "CALLCORE_AGI=127.0.0.1:4573" in out
    assert "[callcore-inbound]" in out
    for queue in ("corporate", "expert", "retention", "finance"):
        assert f"\n[{queue}]\n" in out
    code, _, err = call("dialplan", "--pbx", "other")
    assert code == 2
    assert "one of main" in err


def test_the_parts_of_the_dialplan_are_the_whole(call: Call) -> None:
    parts = [call("dialplan", "--part", part)[1] for part in PARTS if part != "all"]
    assert "\n".join(parts) == call("dialplan")[1] == call("dialplan", "--part", "all")[1]
    own, include, _transfer, _fallback, queues, _rules = parts
    assert [line.partition("=")[0] for line in own.splitlines() if not line.startswith(";")] == [
        "CALLCORE_AGI",
        "CALLCORE_PBX",
        "CALLCORE_FALLBACK_QUEUE",
        "CALLCORE_MAX_WAIT",
    ]
    assert re.findall(r"^\[(.+)]", include, re.M)[0].startswith("callcore-")
    names = re.findall(r"^\[(.+)]", queues, re.M)
    assert len(set(names)) == len(names)
    assert set(names) == {table.stem for table in (Path(SAMPLE).parent / "topics").glob("*.yaml")}
    assert call("dialplan", "--part", "other")[0] == 2


def test_dialplan_refuses_a_name_in_agi(call: Call, tmp_path: Path) -> None:
    text = sample_text().replace("listen: 127.0.0.1:4573", "listen: localhost:4573")
    (tmp_path / "callcore.yaml").write_text(text, encoding="utf-8")
    code, out, err = call("dialplan", "-c", str(tmp_path / "callcore.yaml"))
    assert (code, out) == (1, "")
    assert err.startswith("callcore: pbx.main: ")


# --- people


def test_the_first_command_on_a_new_database_prints_nothing_but_its_answer(
    call: Call, own_settings: Callable[..., str]
) -> None:
    code, out, err = call("user", "list", "--json", "-c", own_settings())
    assert (code, json.loads(out), err) == (0, [], "")


def test_a_person_is_added_and_changed(call: Call, own_settings: Callable[..., str]) -> None:
    settings = ("-c", own_settings())
    code, out, err = call(
        "user",
        "add",
        " Anna.K",
        "--name",
        " Анна К. ",
        "--phone",
        "PJSIP/101",
        *settings,
        "--queue",
        "finance",
    )
    assert (code, err) == (0, "")
    assert out.startswith("Added: anna.k\nPassword: ")
    phones = ("--phone", "Local/101@agents", "--phone", "main:SIP/101")
    assert call("user", "change", "anna.k", *phones, *settings)[0] == 0
    (user,) = json.loads(call("user", "list", "--json", *settings)[1])
    assert (user["name"], user["phones"], user["queues"]) == (
        "Анна К.",
        ["Local/101@agents", "main:SIP/101"],
        ["finance"],
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--phone", "101"), '--phone "101" is no phone as Asterisk spells it. Write for example PJSIP/101.'),
        (("--phone", "PJSIP/101;x"), '"PJSIP/101;x" is no phone'),
        (("--phone", ""), '--phone "" is no phone'),
        (("--phone", "main:101"), '"main:101" is no phone'),
        (("--phone", "PJSIP/101\r\nAction: Originate"), '"PJSIP/101\\r\\nAction: Originate" is no phone'),
        (("--phone", "PJSIP/" + "1" * 200), "is no phone"),
        (("--phone", "other:PJSIP/101"), '"other:PJSIP/101": there is no such PBX; there are: main.'),
        (("--queue", "none"), "There is no queue none; there are: "),
        (("--name", " "), '--name: a name has 1 to 200 characters, for example --name "Anna K."'),
        (("--name", "x" * 201), "--name: a name has 1 to 200 characters"),
    ],
)
def test_a_person_with_a_wrong_word(
    call: Call, own_settings: Callable[..., str], wrong: tuple[str, str], said: str
) -> None:
    settings = ("-c", own_settings())
    code, out, err = call("user", "add", "anna", "--name", "Анна", *wrong, *settings)
    assert (code, out) == (1, "")
    assert said in err
    if "--name" not in wrong:
        assert call("user", "add", "anna", "--name", "Анна", *settings)[0] == 0
        code, _, err = call("user", "change", "anna", *wrong, *settings)
        assert (code, said in err) == (1, True)


def test_all_that_is_wrong_with_a_person_at_once(call: Call, own_settings: Callable[..., str]) -> None:
    wrong = ("--name", " ", "--phone", "101", "--queue", "none", "--department", "nowhere")
    code, out, err = call("user", "add", "анна", *wrong, "-c", own_settings())
    assert (code, out) == (1, "")
    said = err.removeprefix("callcore: ").splitlines()
    expected = ("cannot be a login", "--name: ", '--phone "101"', "no queue none", "no department")
    assert len(said) == len(expected)
    assert all(part in line for part, line in zip(expected, said, strict=True)), said


@pytest.mark.parametrize("action", ["change", "reset", "reset-factor", "disable", "enable", "tokens"])
def test_nobody_by_that_login(call: Call, own_settings: Callable[..., str], action: str) -> None:
    code, out, err = call("user", action, "nobody", "-c", own_settings())
    assert (code, out) == (1, "")
    assert err == "callcore: There is no user nobody; who there is: callcore user list.\n"


def test_with_two_pbxs_the_example_names_one(call: Call, own_settings: Callable[..., str]) -> None:
    second = "pbx:\n  far: {host: 127.0.0.2, secret_env: CALLCORE_AMI_SECRET}\n"
    file = own_settings((re.findall("^pbx:.*\n", Path(SAMPLE).read_text(encoding="utf-8"), re.M)[0], second))
    _, _, err = call("user", "add", "anna", "--name", "Анна", "--phone", "101", "-c", file)
    assert "Write for example far:PJSIP/101." in err
    _, _, err = call("user", "add", "anna", "--name", "Анна", "--phone", "x:PJSIP/101", "-c", file)
    assert "there are: far, main." in err


@pytest.mark.parametrize("login", ["анна", "", "a b", "-anna", ".anna", "a" * 65, "a\0"])
@pytest.mark.parametrize("action", ["add", "reset", "disable"])
def test_a_login_that_cannot_be(
    call: Call, own_settings: Callable[..., str], login: str, action: str
) -> None:
    name = ("--name", "Анна") if action == "add" else ()
    code, out, err = call("user", action, *name, "-c", own_settings(), "--", login)
    assert (code, out) == (1, "")
    assert "cannot be a login: 1 to 64 Latin letters, digits and . _ @ -" in err
    assert "for example anna.k" in err


def test_a_role_that_is_none_is_wrong_use(call: Call) -> None:
    code, _, err = call("user", "add", "anna", "--name", "Анна", "--role", "boss")
    assert code == 2
    assert "operator" in err


# --- ports


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield int(other.getsockname()[1])


@pytest.mark.parametrize("setting", ["http.listen", "fastagi.listen"])
def test_a_taken_address_is_named_with_its_setting(
    own_settings: Callable[..., str], taken_port: int, setting: str
) -> None:
    ports = {"http.listen": 0, "fastagi.listen": 0, setting: taken_port}
    file = own_settings(
        ("listen: 127.0.0.1:8080", f"listen: 127.0.0.1:{ports['http.listen']}"),
        ("listen: 127.0.0.1:4573", f"listen: 127.0.0.1:{ports['fastagi.listen']}"),
    )
    ran = subprocess.run(
        (sys.executable, "-m", "callcore.cli", "run", "-c", file),
        env={"CALLCORE_AMI_SECRET": "secret", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 1
    assert ran.stderr.startswith(
        f"callcore: {setting}: 127.0.0.1:{taken_port} cannot be listened on (Address already in use). "
        f"Change {setting}, or end the program"
    )


def test_a_demo_on_a_taken_port_names_the_option(call: Call, taken_port: int) -> None:
    code, out, err = call("demo", "--port", str(taken_port))
    assert (code, out) == (1, "")
    assert f"The port {taken_port} cannot be used (Address already in use). Choose another one: --port" in err
    assert call("demo", "--port", "99999")[0] == 2


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

    return Command("fail", Text("-", "-"), lambda: Work(lambda _, __: None, run))


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
    Output(sys.stdout, sys.stderr, "en", is_coloured=True).say("x", "red")
    Output(sys.stdout, sys.stderr, "en").say("x", "red")
    assert capsys.readouterr().out == "\033[31mx\033[0m\nx\n"


def test_customers_with_faults_are_told_in_the_language_asked_for(
    call: Call, own_settings: Callable[..., str], tmp_path: Path
) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("contract;name\n1;\n" + ";Анна\n" * 101, encoding="utf-8")
    code, out, err = call("customer", "import", str(file), "--lang", "ru", "-c", own_settings())
    assert (code, out) == (1, "")
    # A slow machine in asyncio's debug mode has something to say first.
    assert "customers.csv, строка 2: имя: у нового клиента 1 нет имени: заполните столбец name\n" in err
    assert err.endswith("… и ещё 2.\nНичего не загружено: исправьте строки.\n")
