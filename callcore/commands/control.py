"""How a command speaks to the running daemon: the REST API over its Unix socket."""

from __future__ import annotations

import argparse
import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from callcore.commands.frame import CommandFailed, Output
from callcore.config import Settings, load
from callcore.config.control import Places, control_socket, places
from callcore.domain import Language, Text
from callcore.store.errors import StoreError
from callcore.strictyaml.faults import ConfigFaults, Fault

TIME_LIMIT_SECONDS = 120.0
"""A publication for a hundred thousand customers takes seconds."""
READING_LIMIT_SECONDS = 900.0
"""A new edition is answered once its last prompt is spoken."""
ANSWER_LIMIT_BYTES = 64 << 20

Json = dict[str, Any]


class NotThere(CommandFailed):
    """The daemon knows nothing under this number."""


class NotRunning(CommandFailed):
    """There is no daemon."""


class Refused(CommandFailed):
    """The daemon cannot do it as things are; it said why."""


@dataclass(frozen=True, slots=True)
class Daemon:
    """The running callcore. Every call raises ``CommandFailed`` or, with what it said, ``ConfigFaults``."""

    path: Path
    language: Language
    time_limit_seconds: float = TIME_LIMIT_SECONDS
    journal: str = "outage list"
    """The command that tells what the daemon took, after it did not answer in time."""

    def get(self, *steps: str, query: Mapping[str, str] | None = None) -> Json:
        return self._ask("GET", steps, query, b"", "")

    def post(
        self,
        *steps: str,
        query: Mapping[str, str] | None = None,
        body: bytes = b"",
        kind: str = "application/json",
    ) -> Json:
        return self._ask("POST", steps, query, body, kind)

    def delete(self, *steps: str) -> Json:
        return self._ask("DELETE", steps, None, b"", "")

    def _ask(
        self, method: str, steps: tuple[str, ...], query: Mapping[str, str] | None, body: bytes, kind: str
    ) -> Json:
        path = "/".join(("/api/v1", *(quote(step, safe="") for step in steps)))
        if query:
            path += f"?{urlencode(query)}"
        headers = {"Accept-Language": self.language, **({"Content-Type": kind} if kind else {})}
        connection = _Connection(self.path, self.time_limit_seconds)
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            status, raw = answer.status, answer.read(ANSWER_LIMIT_BYTES)
        except TimeoutError:
            raise CommandFailed(
                Text(
                    f"callcore не ответил за {self.time_limit_seconds:g} с. Что он принял, покажет "
                    f"callcore {self.journal}.",
                    f"callcore did not answer within {self.time_limit_seconds:g} s. What it took, callcore "
                    f"{self.journal} tells.",
                )
            ) from None
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            raise CommandFailed(
                Text(
                    "callcore завершился, не ответив. Когда он снова запущен, что он принял, покажет "
                    f"callcore {self.journal}.",
                    "callcore ended before it answered. Once it runs again, what it took, callcore "
                    f"{self.journal} tells.",
                )
            ) from None
        except http.client.HTTPException as error:
            raise self._strange(type(error).__name__) from None
        except OSError as error:
            raise self._unreachable(error) from None
        finally:
            connection.close()
        return self._read(status, raw)

    def _read(self, status: int, raw: bytes) -> Json:
        if status == 204:
            return {}
        try:
            answer = json.loads(raw)
        except ValueError:
            raise self._strange(f"HTTP {status}") from None
        if not isinstance(answer, dict):
            raise self._strange(f"HTTP {status}")
        if status < 300:
            return answer
        faults = answer.get("faults")
        if isinstance(faults, list) and faults:
            raise ConfigFaults(tuple(_fault(each) for each in faults if isinstance(each, dict)))
        said = str(answer.get("detail") or answer.get("title") or f"HTTP {status}")
        raise {404: NotThere, 409: Refused}.get(status, CommandFailed)(Text(said, said))

    def _unreachable(self, error: OSError) -> CommandFailed:
        if isinstance(error, PermissionError):
            return CommandFailed(
                Text(
                    f"Нет доступа к {self.path}: это может тот, кто запустил callcore.",
                    f"No access to {self.path}: only whoever started callcore has it.",
                )
            )
        if isinstance(error, FileNotFoundError | ConnectionRefusedError):
            return NotRunning(
                Text(
                    f"callcore не запущен: на {self.path} никто не отвечает. "
                    "Запустите callcore run с теми же настройками (-c).",
                    f"callcore does not run: nobody answers at {self.path}. "
                    "Start callcore run with the same settings (-c).",
                )
            )
        why = error.strerror or str(error)
        return CommandFailed(Text(f"{self.path}: {why}", f"{self.path}: {why}"))

    def _strange(self, what: str) -> CommandFailed:
        return CommandFailed(
            Text(
                f"На {self.path} отвечает не callcore ({what}). Проверьте control.socket.",
                f"What answers at {self.path} is not callcore ({what}). Check control.socket.",
            )
        )


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def daemon(options: argparse.Namespace, output: Output) -> tuple[Daemon, Settings]:
    """The daemon that runs with the settings of ``-c``; whether it does is seen at the first call."""
    settings = load(Path(options.config), need_secrets=False)
    return _found(settings, output), settings


def daemon_despite_faults(options: argparse.Namespace, output: Output) -> Daemon:
    """The same for those who mend what is wrong in the files: they need not be right."""
    found = _found(places(Path(options.config)), output)
    return replace(found, time_limit_seconds=READING_LIMIT_SECONDS, journal="editions list")


def _found(settings: Places, output: Output) -> Daemon:
    try:
        path = control_socket(settings)
    except StoreError as error:
        raise CommandFailed(Text(str(error), str(error))) from None
    if path is None:
        raise CommandFailed(
            Text(
                "Где сокет callcore, не сказано: задайте control.socket.",
                "The settings do not say where callcore's socket is: set control.socket.",
            )
        )
    return Daemon(path, output.language)


def _fault(told: Json) -> Fault:
    def both(name: str) -> Text:
        return Text(str(told.get(name, "")), str(told.get(name, "")))

    line = told.get("line")
    return Fault(
        str(told.get("file", "")),
        line if isinstance(line, int) else 0,
        str(told.get("field", "")),
        both("message"),
        both("remedy"),
    )
