"""The private Asterisk's life: start, clash of ports, restart, crash, and nothing left behind."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from callcore.testing.lab import Account, AsteriskLab, StartFailed
from callcore.testing.lab.configuration import Ports
from callcore.testing.patience import PATIENCE_SECONDS

on_both = pytest.mark.parametrize("pbx", [16, 22], indirect=True, ids=["16", "22"])

ORPHAN = """
import asyncio, signal, sys
from pathlib import Path
from callcore.testing.lab import AsteriskLab, Phone

# in the background of a script SIGINT is ignored, and children inherit that
signal.signal(signal.SIGINT, signal.default_int_handler)

async def main():
    folder = Path(sys.argv[1])
    lab = AsteriskLab(folder / "pbx", phones=["101"])
    await lab.start()
    phone = await Phone(lab.phone_port("101"), folder / "sip").start()
    print(lab.pid, phone.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def is_alive(pid: int) -> bool:
    """False also for a dead process whose parent has not yet taken note."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def gone(pid: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while is_alive(pid):  # noqa: ASYNC110 - another process's end is no event of this loop
            await asyncio.sleep(0.02)


async def login(lab: AsteriskLab, secret: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", lab.ami_port)
    writer.write(f"Action: Login\r\nUsername: {lab.username}\r\nSecret: {secret}\r\n\r\n".encode())
    await reader.readline()
    answer = (await reader.readuntil(b"\r\n\r\n")).decode()
    writer.close()
    await writer.wait_closed()
    return answer


@on_both
async def test_every_module_loads_and_the_log_has_no_error(pbx: AsteriskLab) -> None:
    log = pbx.last_log(lines=1000)
    assert not [line for line in log.splitlines() if "ERROR" in line or "Error loading" in line]
    modules = (await pbx.console("module show")).splitlines()
    assert {line.split()[0] for line in modules if "Not Running" in line} == set()
    assert len(modules) > 90
    assert "Success" in await login(pbx, pbx.secret)
    assert "Error" in await login(pbx, "wrong")
    assert f"Asterisk {pbx.version}." in await pbx.console("core show version")


def bound_addresses(pid: int) -> set[tuple[str, str]]:
    """What the process has bound: ("tcp", "0100007F:13C4"), … as the kernel writes it, in hexadecimal."""
    inodes = {os.readlink(file) for file in Path(f"/proc/{pid}/fd").iterdir() if file.is_symlink()}
    sockets = {name[8:-1] for name in inodes if name.startswith("socket:[")}
    return {
        (table, line.split()[1])
        for table in ("tcp", "udp", "tcp6", "udp6")
        for line in Path(f"/proc/net/{table}").read_text("ascii").splitlines()[1:]
        if line.split()[9] in sockets
    }


@on_both
async def test_it_serves_on_loopback_only(pbx: AsteriskLab) -> None:
    bound = bound_addresses(pbx.pid)
    assert {place for table, place in bound if table.startswith("tcp")} == {f"0100007F:{pbx.ami_port:04X}"}
    assert ("udp", f"0100007F:{pbx.sip_port:04X}") in bound


@on_both
async def test_restart_keeps_ports_and_database(pbx: AsteriskLab) -> None:
    ports, first = pbx.ports, pbx.pid
    await pbx.console("database put journal one 42")
    await pbx.stop()
    assert not pbx.is_running
    await pbx.start()
    await pbx.kill()
    await pbx.start()
    assert (pbx.ports, pbx.pid != first) == (ports, True)
    assert "42" in await pbx.console("database show journal")


@pytest.mark.parametrize(("which", "kind"), [("ami", socket.SOCK_STREAM), ("sip", socket.SOCK_DGRAM)])
async def test_a_taken_port_makes_it_choose_another(
    tmp_path: Path, which: str, kind: socket.SocketKind
) -> None:
    lab = AsteriskLab(tmp_path / "pbx")
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            other.listen()
            other.setblocking(False)
        taken = other.getsockname()[1]
        lab._choose_ports()
        ports = lab.ports
        lab._ports = (
            Ports(taken, ports.sip, ports.rtp) if which == "ami" else Ports(ports.ami, taken, ports.rtp)
        )
        async with lab:
            assert getattr(lab.ports, which) != taken


async def test_a_very_deep_folder_is_no_obstacle(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    async with AsteriskLab(deep) as lab:
        assert "Asterisk 22" in await lab.console("core show version")


async def test_what_keeps_it_from_starting_is_told(tmp_path: Path) -> None:
    lab = AsteriskLab(tmp_path / "pbx", extra_files={"modules.conf": "[modules]\nrequire = no_such.so\n"})
    with pytest.raises(StartFailed, match="no_such"):
        await lab.start()
    assert not lab.is_running


async def test_further_accounts(tmp_path: Path) -> None:
    lab = AsteriskLab(tmp_path / "pbx", accounts=[Account("poor", "s", read="call", write="call")])
    async with lab:
        shown = await lab.console("manager show user poor")
    assert "read perm: call" in shown


async def test_nothing_outlives_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ORPHAN, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    pids = [int(word) for word in (await parent.stdout.readline()).split()]
    assert len(pids) == 2
    assert all(is_alive(pid) for pid in pids)
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    for pid in pids:
        await gone(pid)


async def test_nothing_outlives_a_parent_that_is_interrupted(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        ORPHAN,
        str(tmp_path),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert parent.stdout is not None
    pids = [int(word) for word in (await parent.stdout.readline()).split()]
    parent.send_signal(signal.SIGINT)
    await parent.wait()
    for pid in pids:
        await gone(pid)


@on_both
async def test_a_start_has_nothing_to_complain_of(pbx: AsteriskLab) -> None:
    """Its documentation is shortened, and it warns of whatever it misses there."""
    said = pbx.log.read_text("utf-8").splitlines()
    assert said
    assert not [line for line in said if "WARNING" in line or "ERROR" in line]
