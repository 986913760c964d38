"""``callcore outage``, ``campaign`` and ``dnc`` against the API on a Unix socket."""

from __future__ import annotations

import http.server
import io
import json
import socket
import socketserver
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callcore.commands.control import Daemon
from callcore.commands.frame import CommandFailed
from callcore.testing import outage_samples
from callcore.testing.outage_room import FakeRoom

from .conftest import Command
from .daemon_thread import running

GOOD = """
outages:
- number: 2026/200
  kind: emergency
  cause: {ru: "Авария", en: Fault}
  starts_at: 2026-05-14T18:00:00+03:00
  nodes: [F-12]
"""


@pytest.fixture
def room(tmp_path: Path) -> Iterator[FakeRoom]:
    with running(tmp_path / "callcore.sock", tmp_path) as room:
        yield room


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "outages.yaml"
    file.write_text(GOOD, encoding="utf-8")
    return file


def test_check_publish_and_again(command: Command, room: FakeRoom, file: Path) -> None:
    assert command("outage", "check", str(file)) == (
        0,
        "2026/200 · revision 1 · open: may be published\n",
        "",
    )
    assert room.outages.kept == {}
    assert command("outage", "publish", str(file)) == (0, "2026/200 · revision 1 · confirmed: new\n", "")
    assert room.outages.sources == ["cli"]
    code, out, _ = command("outage", "publish", str(file), "--lang", "ru")
    assert (code, out) == (0, "2026/200 · редакция 1 · подтверждено: уже опубликовано\n")


def test_publish_json_from_standard_input(
    command: Command, room: FakeRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = {
        "number": "A",
        "kind": "emergency",
        "cause": {"ru": "Авария", "en": "Fault"},
        "starts_at": "2026-05-14T18:00:00+03:00",
        "nodes": ["F-12"],
    }
    raw = io.BytesIO(json.dumps({"outages": [entry]}).encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(raw))
    code, out, _ = command("outage", "publish", "-", "--json")
    (answer,) = json.loads(out)
    assert (code, answer["number"], answer["became"]) == (0, "A", "new")
    assert room.outages.kept["A"].cause.ru == "Авария"


def test_faults_name_the_file_and_its_lines(command: Command, room: FakeRoom, file: Path) -> None:
    file.write_text(GOOD.replace("kind: emergency", "kind: storm").replace("F-12", "F 12"))
    code, out, err = command("outage", "publish", str(file))
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        f'{file}:4: outages[0].kind: "storm" is not possible here.',
        "    Possible: planned, emergency.",
        f'{file}:7: outages[0].nodes[0]: "F 12" is no code of a network node.',
        "    1 to 40 characters without spaces: letters, digits and . _ / -, such as F-12.",
    ]
    assert "Значения «storm» здесь нет." in command("outage", "check", str(file), "--lang", "ru")[2]


def test_list_show_and_end(command: Command, room: FakeRoom, file: Path) -> None:
    assert command("outage", "list")[1] == "There are no outages.\n"
    command("outage", "publish", str(file))
    code, out, _ = command("outage", "list")
    assert (code, out) == (
        0,
        "2026/200         emergency  confirmed     2026-05-14 18:00 … —                Fault\n",
    )
    code, out, _ = command("outage", "show", "2026/200")
    assert out == (
        "2026/200 · emergency · confirmed · revision 1 (cli)\n"
        "  Авария / Fault\n"
        "  starts 2026-05-14 18:00, estimated —, ended —\n"
        "  F-12\n"
    )
    assert json.loads(command("outage", "show", "2026/200", "--json")[1])["nodes"] == ["F-12"]
    assert command("outage", "restore", "2026/200")[:2] == (0, "2026/200 · revision 2 · restored: changed\n")
    assert command("outage", "restore", "2026/200")[1].endswith(": published before\n")
    code, _, err = command("outage", "cancel", "2026/200")
    assert (code, "restored already" in err) == (1, True)
    assert command("outage", "list")[1] == "There are no outages.\n"
    assert command("outage", "list", "--all")[1].startswith("2026/200 ")
    assert len(json.loads(command("outage", "list", "--all", "--json")[1])) == 1
    code, _, err = command("outage", "show", "NONE")
    assert (code, err.startswith("callcore: ")) == (1, True)


def test_campaigns(command: Command, room: FakeRoom) -> None:
    assert command("campaign", "list")[1] == "There were no campaigns.\n"
    report = outage_samples.running(outage_samples.outage())
    room.campaigns.reported[int(report.campaign.id)] = report  # no page is open that would have to hear of it
    id_ = str(report.campaign.id)
    code, out, _ = command("campaign", "list")
    assert code == 0
    assert out.splitlines()[0].startswith(f"#{id_} ")
    assert " · running · " in out
    assert report.now.en in out
    code, out, _ = command("campaign", "show", id_)
    assert "results: " in out
    assert json.loads(command("campaign", "list", "--json")[1])[0]["id"] == report.campaign.id
    assert " · paused · " in command("campaign", "pause", id_)[1]
    assert json.loads(command("campaign", "resume", id_, "--json")[1])["state"] == "running"
    assert " · stopped · " in command("campaign", "stop", id_)[1]
    assert [order for order, *_ in room.campaigns.orders] == ["pause", "resume", "stop"]
    assert command("campaign", "resume", id_) == (1, "", "callcore: This campaign is over.\n")
    assert command("campaign", "show", "4711")[0] == 1
    assert command("campaign", "show", "x")[0] == 1


def test_do_not_call(command: Command, room: FakeRoom) -> None:
    assert command("dnc", "list")[1] == "The list is empty.\n"
    assert command("dnc", "add", "8 900 000-01-01")[:2] == (0, "Not called any more: +79000000101\n")
    code, out, _ = command("dnc", "list")
    assert out == "+79000000101     2026-05-14 18:42  by cli\n"
    assert json.loads(command("dnc", "list", "--json")[1])[0]["number"] == "+79000000101"
    assert command("dnc", "remove", "+79000000101")[0] == 0
    assert command("dnc", "remove", "+79000000101") == (
        1,
        "",
        "callcore: This number is not on the list: +79000000101\n",
    )
    code, _, err = command("dnc", "add", "nobody")
    assert (code, err) == (1, "callcore: This is no phone number\n")


def test_wrong_use(command: Command) -> None:
    for words in (["outage"], ["outage", "publish"], ["campaign", "pause"], ["dnc", "add"], ["outage", "x"]):
        assert command(*words)[0] == 2


def test_files_that_cannot_be_sent(command: Command, tmp_path: Path) -> None:
    code, _, err = command("outage", "check", str(tmp_path / "nowhere.yaml"))
    assert (code, err) == (1, f"callcore: {tmp_path}/nowhere.yaml: No such file or directory\n")
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * ((1 << 20) + 1))
    assert "over 1 MB" in command("outage", "check", str(large))[2]


# --- when nobody, or somebody else, answers


def test_the_daemon_does_not_run(command: Command, tmp_path: Path, own_config: Path) -> None:
    code, out, err = command("outage", "list")
    assert (code, out) == (1, "")
    assert err == (
        f"callcore: callcore does not run: nobody answers at {tmp_path}/callcore.sock. "
        "Start callcore run with the same settings (-c).\n"
    )
    with running(tmp_path / "callcore.sock", tmp_path):
        assert command("outage", "list")[0] == 0
    text = own_config.read_text(encoding="utf-8")
    own_config.write_text(text + "\ncontrol: {socket: other.sock}\n", encoding="utf-8")
    assert "other.sock" in command("outage", "list")[2]


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class _Handler(http.server.BaseHTTPRequestHandler):
    answer: tuple[int, bytes] = (200, b"")

    def do_GET(self) -> None:
        status, body = self.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "unix"

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[type[_Handler]]:
    """Something else at the socket, whose ``answer`` a test sets."""
    handler = type("Handler", (_Handler,), {})
    with _Server(str(tmp_path / "s"), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield handler
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((200, b"<html>"), "is not callcore (HTTP 200)"),
        ((200, b"[1]"), "is not callcore (HTTP 200)"),
        ((502, b""), "is not callcore (HTTP 502)"),
        ((403, b'{"title": "No"}'), "No"),
        ((409, b'{"title": "No", "detail": "Because"}'), "Because"),
        ((500, b"{}"), "HTTP 500"),
    ],
)
def test_odd_answers(tmp_path: Path, stranger: type[_Handler], answer: Any, said: str) -> None:
    stranger.answer = answer
    with pytest.raises(CommandFailed) as failed:
        Daemon(tmp_path / "s", "en").get("outages")
    assert said in failed.value.message.en
    assert failed.value.message.ru


def test_a_server_that_says_nothing(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()
        with pytest.raises(CommandFailed, match="did not answer within"):
            Daemon(tmp_path / "s", "en", time_limit_seconds=0.1).get("outages")


def test_not_http_at_all(tmp_path: Path) -> None:
    def answer() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"SSH-2.0-x\r\n")

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()
        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(CommandFailed, match="is not callcore"):
            Daemon(tmp_path / "s", "en").get("outages")
        thread.join()


def test_a_path_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="too long"):
        Daemon(tmp_path / ("s" * 120), "en").get("outages")
