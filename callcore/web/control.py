"""The daemon's own socket: the same application on a Unix socket, for ``callcore outage`` and the like.

Whoever may connect is the administrator ``cli``: the file has mode 0600, and the kernel tells who connected.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
import struct
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from callcore.domain import Language, Login
from callcore.web.signin import Identity

CLI = Login("cli")
MODE = 0o600
LONGEST_PATH = 107
"""The kernel's limit, of the path as it is bound."""
ASK_SECONDS = 1.0
_CREDENTIALS = struct.Struct("3i")
"""pid, uid, gid as SO_PEERCRED gives them."""


class Control:
    """Where the control socket is bound; "" before it is."""

    def __init__(self) -> None:
        self.path = ""


CONTROL = web.AppKey("control", Control)


async def serve_control(runner: web.AppRunner, path: Path) -> web.BaseSite:
    """Serve ``runner``'s application at ``path``, whose folder exists; the file goes when the runner does.

    A socket file on which nobody answers is replaced. Raises ``OSError``: EADDRINUSE if somebody answers,
    EEXIST if it is no socket, ENAMETOOLONG, or what the folder says.
    """
    site = _Site(runner, _bind(path), path)
    runner.app[CONTROL].path = str(path)
    await site.start()
    return site


class _Site(web.SockSite):
    def __init__(self, runner: web.AppRunner, sock: socket.socket, path: Path) -> None:
        super().__init__(runner, sock)
        self._path = path
        self._inode = path.stat().st_ino

    async def stop(self) -> None:
        await super().stop()
        with suppress(FileNotFoundError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()


def _bind(path: Path) -> socket.socket:
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), str(path))
    _clear(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(str(path))
        # Nobody can connect before it listens, so there is no moment at which others may.
        path.chmod(MODE)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def _clear(path: Path) -> None:
    """Make room: what an earlier run left behind, and nothing else."""
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(kind):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    if _answers(path):
        raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE), str(path))
    path.unlink(missing_ok=True)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(ASK_SECONDS)
        try:
            sock.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except TimeoutError:  # its queue is full: somebody is there, and busy
            return True
    return True


def is_control(request: web.Request) -> bool:
    """Whether the request came over the control socket, from ourselves or from root."""
    path, transport = request.app[CONTROL].path, request.transport
    if not path or transport is None:
        return False
    sock = transport.get_extra_info("socket")
    if sock is None or sock.family != socket.AF_UNIX or sock.getsockname() != path:
        return False
    told = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    uid = _CREDENTIALS.unpack(told)[1]
    return uid in _trusted()


def _trusted() -> tuple[int, ...]:
    return 0, os.geteuid()


def controller(language: Language) -> Identity:
    """Who asks over the control socket."""
    always = datetime.max.replace(tzinfo=UTC)
    return Identity("", "", always, always, CLI, "callcore", "administrator", language, (), by="control")
