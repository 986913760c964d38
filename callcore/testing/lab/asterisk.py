"""A private Asterisk: writes its configuration into a folder, runs it as a child, leaves nothing behind."""

import asyncio
import contextlib
import os
import random
import secrets
import shutil
import tempfile
import wave
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from callcore.testing.lab import configuration, documentation
from callcore.testing.lab.bundles import ASTERISKS, architecture, asterisk_command
from callcore.testing.lab.configuration import Account, Extension, OutgoingTrunk, PhoneHabits, Ports, Queue
from callcore.testing.lab.errors import StartFailed
from callcore.testing.lab.process import Child, free_port, give_back, keep
from callcore.testing.patience import PATIENCE_SECONDS

_READY_SECONDS = 60.0
_LOGIN_SECONDS = 2.0
_TRIES = 3
_FOLDERS = (
    *("etc", "var", "spool", "log", "run"),
    *("data/sounds", "data/moh", "data/agi-bin", "data/documentation"),
)


class AsteriskLab:
    """One private Asterisk on free ports of 127.0.0.1.

    folder       its own, created; configuration, database, logs lie there
    phones       operators' numbers, endpoints PJSIP/<number>; each is called at `phone_port(number)`
    queues       static queues
    dialplan     text of extensions.conf beyond the context `phones`; SIP callers come into `trunk_context`
    includes     files included in extensions.conf before `dialplan`
    variables    dialplan globals, e.g. {"CALLCORE_AGI": "127.0.0.1:4573"}
    secret       of the AMI account `callcore` with the product's rights; made up if not given
    observer     also make an account `observer` with read=all, write=all and the same secret, for recordings
    names        display names of phones, by number
    accounts     further AMI accounts, e.g. with too few rights
    extra_files  further configuration files, or others in place of ours, by name
    extra_modules   loaded besides ours, e.g. "res_http_websocket"
    carrier      where PJSIP/<number>@carrier leads; without it there is no such endpoint
    habits       what phones may do among themselves
    version      of Asterisk, of those in `bundles.ASTERISKS`
    lab          where the packages were fetched to, if not in the usual place
    """

    def __init__(
        self,
        folder: Path,
        *,
        phones: Sequence[str] = (),
        queues: Sequence[Queue] = (),
        dialplan: str = "",
        includes: Sequence[Path] = (),
        variables: Mapping[str, str] | None = None,
        secret: str = "",
        observer: bool = False,
        accounts: Sequence[Account] = (),
        names: Mapping[str, str] | None = None,
        extra_modules: Sequence[str] = (),
        extra_files: Mapping[str, str] | None = None,
        trunk_context: str = "from-trunk",
        phone_context: str = "phones",
        carrier: OutgoingTrunk | None = None,
        habits: PhoneHabits | None = None,
        systemname: str = "lab",
        version: int = 22,
        lab: Path | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self.secret = secret or secrets.token_hex(12)
        self.username = "callcore"
        self.queues = tuple(queues)
        self.dialplan = dialplan
        self.includes = tuple(path.absolute() for path in includes)
        self.variables = dict(variables or {})
        self._names = dict(names or {})
        self._phone_numbers = tuple(phones)
        self._phone_ports: dict[str, int] = {}
        self._accounts = (Account(self.username, self.secret), *accounts)
        if observer:
            self._accounts += (Account("observer", self.secret, "all", "all"),)
        self._extra_modules = tuple(extra_modules)
        self._extra_files = dict(extra_files or {})
        self._contexts = (trunk_context, phone_context)
        self._carrier = carrier
        self.habits = habits or PhoneHabits()
        self._systemname = systemname
        self.version = version
        self._recipe = ASTERISKS[version]
        self._command, self._root = asterisk_command(version, lab)
        self._ports: Ports | None = None
        self._child: Child | None = None
        # a Unix socket's path holds 107 bytes; a test's own folder may be too deep for it
        deep = len(str(self.folder / "run/asterisk.ctl").encode()) > 100
        self._run = Path(tempfile.mkdtemp(prefix="callcore-")) if deep else self.folder / "run"
        if deep:
            weakref.finalize(self, shutil.rmtree, self._run, ignore_errors=True)

    @property
    def ports(self) -> Ports:
        if self._ports is None:
            raise StartFailed("the laboratory's Asterisk was not started, so it has no ports yet.")
        return self._ports

    @property
    def ami_port(self) -> int:
        return self.ports.ami

    @property
    def sip_port(self) -> int:
        return self.ports.sip

    @property
    def sounds(self) -> Path:
        """The folder of prompts: `en` and `ru` lie in it; files put here are played by their bare name."""
        return self.folder / "data/sounds"

    @property
    def log(self) -> Path:
        return self.folder / "log/messages.log"

    @property
    def pid(self) -> int:
        if self._child is None:
            raise StartFailed("the laboratory's Asterisk is not running.")
        return self._child.pid

    @property
    def is_running(self) -> bool:
        return self._child is not None and self._child.is_running

    def phone_port(self, number: str) -> int:
        """Where Asterisk calls this phone: start a `Phone` or a `Softphone` there. Fixed over restarts."""
        return self._phone_ports[number]

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start and wait until it is fully booted (1 to 2 s). A restart keeps ports, secret and database.

        Raises StartFailed with the end of its log if it does not come up.
        """
        if self.is_running:
            return
        for remaining in reversed(range(_TRIES)):
            self._choose_ports()
            self.write_configuration()
            try:
                await self._start_once()
            except StartFailed as error:
                # a port was taken between choosing and binding, or something that no other port would mend
                if not remaining or "in use" not in str(error):
                    raise
                self._ports = None
            else:
                return

    async def _start_once(self) -> None:
        self.log.unlink(missing_ok=True)
        command = [*self._command, "-C", str(self.folder / "etc/asterisk.conf"), "-f", "-n"]
        environment = {"PATH": os.defpath, "HOME": str(self.folder), "LANG": "C.UTF-8", "TZ": "UTC"}
        self._child = await Child.start(command, self.folder, self.folder / "log/console.log", environment)
        try:
            async with asyncio.timeout(_READY_SECONDS):
                await self._until_booted()
        except TimeoutError:
            await self.kill()
            raise StartFailed(
                f"Asterisk was not ready after {_READY_SECONDS:.0f} s.\n{self.last_log()}"
            ) from None
        except BaseException:
            await self.kill()
            raise

    def _choose_ports(self) -> None:
        for number in self._phone_numbers:
            if number not in self._phone_ports:
                self._phone_ports[number] = port = free_port()
                keep(port)  # bound only while somebody is at the phone
                weakref.finalize(self, give_back, port)
        if self._ports is None:
            rtp = random.randrange(10000, 20000, 1000)  # below those of free_port
            self._ports = Ports(free_port(), free_port(), (rtp, rtp + 999))

    async def _until_booted(self) -> None:
        """Log in over AMI with the product's account until FullyBooted comes."""
        while True:
            if not self.is_running:
                raise StartFailed(f"Asterisk ended at once.\n{self.last_log()}")
            booted = False
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(_LOGIN_SECONDS):
                    booted = await self._is_booted()
            if "Address already in use" in self.last_log(lines=1000):
                raise StartFailed(f"a port is in use.\n{self.last_log()}")
            if booted and "Asterisk Ready" in self.last_log(
                lines=1000
            ):  # the log is written by a thread of its own
                return
            await asyncio.sleep(0.02)

    async def _is_booted(self) -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.ami_port)
        try:
            login = f"Action: Login\r\nUsername: {self.username}\r\nSecret: {self.secret}\r\n\r\n"
            writer.write(login.encode())
            while line := await reader.readline():
                if line.startswith(b"Event: FullyBooted"):
                    return True
                if line.startswith(b"Message: Authentication failed"):
                    raise StartFailed("the AMI port is in use by another program.")
            return False
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def stop(self) -> None:
        """End it politely, by force after 3 s. Harmless when it is not running."""
        if self._child is not None:
            await self._child.stop()
            self._child = None

    async def kill(self) -> None:
        """End it as a crash would."""
        if self._child is not None:
            await self._child.kill()
            self._child = None

    def signal(self, number: int) -> None:
        """Send a signal, e.g. SIGSTOP and SIGCONT for a PBX that hangs."""
        if self._child is not None:
            self._child.signal(number)

    async def console(self, command: str) -> str:
        """Run a command of Asterisk's console, e.g. `queue show`; its output, "" if it does not run.

        As `asterisk -rx` does, but without a process: those who wait ask many times a second.
        """
        try:
            reader, writer = await asyncio.open_unix_connection(self._run / "asterisk.ctl", limit=1 << 24)
        except OSError:
            return ""
        try:
            await reader.readline()  # who it is
            writer.write(f"cli quit after {command}\0".encode())
            return (await reader.read()).decode("utf-8", "replace")
        except ConnectionError:
            return ""
        finally:
            writer.close()

    def console_call(self, command: str) -> list[str]:
        """The words with which a process runs it."""
        return [*self._command, "-C", str(self.folder / "etc/asterisk.conf"), "-rx", command]

    async def reload(self, *modules: str) -> None:
        """Write the configuration anew and reload modules (dialplan and queues by default)."""
        self.write_configuration()
        for module in modules or ("pbx_config.so", "app_queue.so"):
            await self.console(f"module reload {module}")

    async def logged(self, text: str, limit_seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until its log contains `text`. Raises TimeoutError with the end of the log."""
        try:
            async with asyncio.timeout(limit_seconds):
                while text not in self.log.read_text("utf-8", "replace"):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise TimeoutError(f"not in Asterisk's log: {text}\n{self.last_log()}") from None

    def last_log(self, lines: int = 15) -> str:
        """The end of its log, or of its console output if there is no log yet."""
        for file in (self.log, self.folder / "log/console.log"):
            with contextlib.suppress(OSError):
                text = file.read_text("utf-8", "replace").splitlines()
                if text:
                    return "\n".join(text[-lines:])
        return "(no log)"

    def write_configuration(self) -> None:
        """Write every file below `folder`. Called by `start` and `reload`."""
        for name in _FOLDERS:
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        share = self._root / "usr/share/asterisk"
        self._write_documentation(share / "documentation")
        for language, source in self._recipe.sounds.items():
            _link(self.sounds / language, share / "sounds" / source)
        _write_music(self.folder / "data/moh/callcore.wav")
        for name, text in self._files().items():
            (self.folder / "etc" / name).write_text(text, "utf-8")
        (self.folder / "etc/manager.conf").chmod(0o600)

    def _write_documentation(self, source: Path) -> None:
        folder = self.folder / "data/documentation"
        if not (folder / documentation.NAME).exists():
            (folder / documentation.NAME).write_text(documentation.brief(source), "utf-8")
            for name in documentation.BESIDE:
                _link(folder / name, source / name)

    def _files(self) -> dict[str, str]:
        base, ports = self.folder, self.ports
        trunk_context, phone_context = self._contexts
        modules = self._root / self._recipe.modules.format(triple=architecture()[1])
        extensions = [
            Extension(number, port, self._names.get(number, "")) for number, port in self._phone_ports.items()
        ]
        return {
            **configuration.small_files(base, ports),
            "asterisk.conf": configuration.asterisk_conf(
                base, self._run, self._root, modules, self._systemname
            ),
            "modules.conf": configuration.modules_conf(self._extra_modules, self._recipe.lacks),
            "manager.conf": configuration.manager_conf(ports.ami, self._accounts),
            "pjsip.conf": configuration.pjsip_conf(
                ports.sip, extensions, trunk_context, phone_context, self._carrier
            ),
            "queues.conf": configuration.queues_conf(self.queues),
            "extensions.conf": configuration.extensions_conf(
                self.dialplan,
                self.includes,
                self.variables,
                extensions,
                self.habits,
                has_carrier=self._carrier is not None,
            ),
            "res_parking.conf": configuration.parking_conf(self.habits.parking_seconds),
            **self._extra_files,
        }


def _link(place: Path, target: Path) -> None:
    if not place.is_symlink():
        place.symlink_to(target)


def _write_music(file: Path) -> None:
    """Music on hold: ten seconds of near silence, enough to keep a caller's line alive."""
    if file.exists():
        return
    with wave.open(str(file), "wb") as music:
        music.setnchannels(1)
        music.setsampwidth(2)
        music.setframerate(8000)
        music.writeframes(b"\x10\x00\xf0\xff" * 40000)
