"""A few words to systemd, over a real socket of ours."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from callcore.systemd import notify, watchdog_seconds


@pytest.fixture(params=["path", "abstract"])
def systemd(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[socket.socket]:
    """Listens where ``NOTIFY_SOCKET`` says; @ stands for the nought that begins an abstract name."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@callcore-test{tmp_path}"
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(name.replace("@", "\0", 1) if name.startswith("@") else name)
        sock.setblocking(False)
        yield sock


def test_words_arrive(systemd: socket.socket) -> None:
    for word in ("READY=1", "WATCHDOG=1", "STATUS=Готово"):
        notify(word)
        assert systemd.recv(1000).decode() == word


@pytest.mark.parametrize("name", ["", "/nowhere/at/all", "/x" * 200, "relative"])
def test_nobody_listens(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A missed notice does not end the daemon."""
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    notify("READY=1")
    monkeypatch.delenv("NOTIFY_SOCKET")
    notify("READY=1")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("30000000", 15.0), ("1", 5e-7), ("0", None), ("", None), ("-1", None), ("1.5", None), ("soon", None)],
)
def test_half_of_the_watchdogs_time(
    monkeypatch: pytest.MonkeyPatch, value: str, seconds: float | None
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", value)
    assert watchdog_seconds() == seconds


def test_no_watchdog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    assert watchdog_seconds() is None
