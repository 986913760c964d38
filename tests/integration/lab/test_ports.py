"""Ports of the laboratory: two programs of it never get the same one."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from callcore.testing.lab import Answer, Phone, process
from callcore.testing.lab.errors import StartFailed
from callcore.testing.lab.process import free_port, give_back, has_udp_port, keep

COUNT, MOST = 12, 4


@pytest.fixture(autouse=True)
def few_ports(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """So few that whoever gets one twice gets it soon; and no more, since other tests have many of them."""
    first = free_port(*range(1, COUNT))
    give_back(*range(first, first + COUNT))
    monkeypatch.setattr(process, "_PORTS", range(first, first + COUNT))
    monkeypatch.setattr(process, "_reserved", {})
    monkeypatch.setattr(process, "_kept", set())
    monkeypatch.setattr(process, "_RESERVED", MOST)
    yield
    give_back(*process._reserved)


def test_those_behind_it_are_reserved_too() -> None:
    port = free_port(2)
    assert set(process._reserved) == {port, port + 2}
    for each in (port, port + 2):  # for other processes, too
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other,
            pytest.raises(OSError, match="in use"),
        ):
            other.bind(f"\0callcore-port-{each}")
    give_back(port, port + 2)
    assert process._reserved == {}


def test_one_that_is_half_taken_is_not_given() -> None:
    """Nor does it stay reserved."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        taken = process._PORTS[COUNT // 2]
        other.bind(("127.0.0.1", taken))
        found = [free_port(2) for _ in range(MOST)]
        assert not {taken, taken - 2} & set(found)
        assert len(process._reserved) == MOST


def test_a_kept_one_outlasts_all_others() -> None:
    kept, passing = free_port(), free_port()
    keep(kept)
    for _ in range(MOST):
        free_port()
    assert kept in process._reserved
    assert passing not in process._reserved


async def test_a_phone_whose_port_is_somebody_elses_does_not_start(laboratory: None, tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", port := free_port()))
        with pytest.raises(StartFailed, match=f"port {port} ended at once"):
            await Phone(port, tmp_path, Answer()).start()


async def test_whose_port_it_is(laboratory: None, tmp_path: Path) -> None:
    async with Phone(free_port(), tmp_path, Answer()) as phone:
        assert has_udp_port(phone.pid, phone.port)
        assert not has_udp_port(phone.pid, free_port())
    assert not has_udp_port(phone.pid, phone.port)
