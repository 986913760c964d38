"""Child processes that never outlive their parent.

Each child leads a process group of its own (so Ctrl-C in a terminal reaches only the parent, which then stops
its children in order), is killed by the kernel when the parent's thread that started it dies, and its group
is killed at the interpreter's exit. Only processes started here are ever signalled.
"""

import asyncio
import atexit
import contextlib
import os
import random
import signal
import socket
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

_alive: set[int] = set()
_PORTS = range(20000, 32768)
_TRIES = 1000
_RESERVED = 500
_reserved: dict[int, socket.socket] = {}
_kept: set[int] = set()


def _bound_to(parent: int, command: Sequence[str]) -> list[str]:
    """The command, killed by the kernel when ``parent`` dies; not run if it is dead already.

    By programs, not by ``preexec_fn``: that one makes Python copy itself for each child that it starts,
    which costs many times as much as the start.
    """
    is_mine = '[ "$PPID" -eq "$0" ] && exec "$@"'
    return ["/usr/bin/setpriv", "--pdeathsig", "KILL", "/bin/sh", "-c", is_mine, str(parent), *command]


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


@atexit.register
def _kill_all() -> None:
    for group in tuple(_alive):
        _signal_group(group, signal.SIGKILL)


@atexit.register
def _free_ports() -> None:
    """The kernel would do it, too; but Python warns of each socket that nobody closed."""
    give_back(*_reserved)


class Child:
    """One running child process. `returncode` is None while it runs, negative if a signal ended it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid
        _alive.add(self.pid)

    @classmethod
    async def start(
        cls, command: Sequence[str], folder: Path, log: Path, environment: Mapping[str, str] | None = None
    ) -> "Child":
        """Start a command in `folder`, its output appended to `log`, its input empty."""
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *_bound_to(os.getpid(), command),
                cwd=folder,
                env=None if environment is None else dict(environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return cls(process)

    @property
    def returncode(self) -> int | None:
        return self._process.returncode

    @property
    def is_running(self) -> bool:
        return self._process.returncode is None

    async def wait(self) -> int:
        """Wait for its end; the exit code."""
        code = await self._process.wait()
        _signal_group(self.pid, signal.SIGKILL)
        _alive.discard(self.pid)
        return code

    def signal(self, number: int) -> None:
        """Send a signal to the process itself, if it still runs."""
        if self.is_running:
            self._process.send_signal(number)

    async def stop(self, patience_seconds: float = 3.0) -> int:
        """End it politely, then by force; its exit code. Harmless when it has ended already."""
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGCONT)
        try:
            return await asyncio.wait_for(self.wait(), patience_seconds)
        except TimeoutError:
            return await self.kill()

    async def kill(self) -> int:
        """End it and its group by force, as a crash would."""
        if self.is_running:
            _signal_group(self.pid, signal.SIGKILL)
        return await self.wait()


def free_port(*offsets: int) -> int:
    """A port of 127.0.0.1, free for TCP and UDP, that no other program of the laboratory will choose; so are
    those that lie by ``offsets`` above it.

    The kernel gives ports from 32768 on to whoever connects or asks for any, at any moment: a port found free
    there may be taken before it is used. So ours lie below, and each is reserved by the name of an abstract
    socket, which the kernel frees with this process (or `give_back`; or, unless it is `keep`, after
    `_RESERVED` later ones: until then nobody else gets what an Asterisk still sends to its last owner).
    """
    for _ in range(_TRIES):
        port = random.choice(_PORTS)
        with contextlib.suppress(OSError), contextlib.ExitStack() as taken:
            for each in (port, *(port + offset for offset in offsets)):
                _reserve(each)
                taken.callback(give_back, each)
                _require_free(each)
            taken.pop_all()
            _drop_oldest()
            return port
    raise OSError(f"no free port of 127.0.0.1 between {_PORTS[0]} and {_PORTS[-1]} in {_TRIES} tries.")


def keep(*ports: int) -> None:
    """Their reservation lasts until ``give_back``, however many others are chosen."""
    _kept.update(ports)


def give_back(*ports: int) -> None:
    """They may be chosen again. Harmless for those that are not reserved."""
    _kept.difference_update(ports)
    for port in ports:
        reservation = _reserved.pop(port, None)
        if reservation is not None:
            reservation.close()


def _reserve(port: int) -> None:
    reservation = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        reservation.bind(f"\0callcore-port-{port}")
    except OSError:
        reservation.close()
        raise
    _reserved[port] = reservation


def _drop_oldest() -> None:
    passing = (port for port in _reserved if port not in _kept)
    give_back(*islice(passing, max(0, len(_reserved) - len(_kept) - _RESERVED)))


def _require_free(port: int) -> None:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.bind(("127.0.0.1", port))


def has_udp_port(pid: int, port: int) -> bool:
    """True if this process has bound the UDP port (read from the kernel's tables)."""
    wanted = f":{port:04X}"
    rows = (row.split() for row in Path("/proc/net/udp").read_text("ascii").splitlines()[1:])
    sockets = {f"socket:[{row[9]}]" for row in rows if row[1].endswith(wanted)}
    with contextlib.suppress(OSError):
        for opened in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):  # closed meanwhile
                if os.readlink(opened) in sockets:
                    return True
    return False
