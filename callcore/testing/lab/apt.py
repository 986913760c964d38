"""A private apt: its own sources, lists, state and cache in one folder, and nothing of the system's but its
mirror.

dpkg's status file is empty, so apt resolves every dependency down to the C library. Signatures are verified
with the machine's Debian keyring. Of the machine's apt configuration only the `Acquire` part (proxies and the
like) is taken over, none of its hooks.
"""

import os
import re
import subprocess
from pathlib import Path

from callcore.testing.lab.bundles import architecture
from callcore.testing.lab.errors import FetchFailed, KeyringTooOld, NotDebian
from callcore.testing.lab.mirrors import MIRROR_SETTING, Debian

_INSTALLED = re.compile(r"^Inst (?P<name>\S+) \((?P<version>\S+) .*\[(?P<arch>\w+)\]\)", re.MULTILINE)
_UNVERIFIED = re.compile(r"NO_PUBKEY|is not signed|couldn.t be verified|could not be verified|EXPKEYSIG")
_REMEDIES = (
    (
        _UNVERIFIED,
        "the archive's signature cannot be verified with this machine's keyring, which may be too old. "
        "Bring it up to date: apt-get install --only-upgrade debian-archive-keyring",
    ),
    (
        re.compile(r"No space left|enough free space", re.IGNORECASE),
        "the disk is full. Free some space, or set CALLCORE_LAB to a folder on another disk.",
    ),
    (
        re.compile(r"Unable to locate package|no installation candidate|unmet dependencies"),
        f"the mirror does not offer these packages. Try later, or set {MIRROR_SETTING} to another mirror.",
    ),
    (
        re.compile(r"(does not have|no longer has) a Release file"),
        "the mirror does not have this release, which may have moved to an archive of old ones. "
        f"Set {MIRROR_SETTING}_<RELEASE> (for example {MIRROR_SETTING}_BULLSEYE) to one that has it.",
    ),
    (
        re.compile(r"Failed to fetch|Could not resolve|(not|Unable to) connect|failure resolving|timed out"),
        f"the mirror cannot be reached. Check the network, or set {MIRROR_SETTING} "
        "to a Debian mirror that can be reached.",
    ),
)


def explain(output: str) -> str:
    """What to do about apt's complaint, or an empty string if it is none that is known."""
    return next((remedy for pattern, remedy in _REMEDIES if pattern.search(output)), "")


class PrivateApt:
    """apt for one suite, with all its state in `folder`."""

    def __init__(self, folder: Path, suite: str, debian: Debian) -> None:
        self.folder = folder
        self.suite = suite
        self.debian = debian
        self.archives = folder / "archives"
        self._config = folder / "apt.conf"
        self._updated = False

    def _sources(self) -> str:
        options = f"[signed-by={self.debian.keyring} check-valid-until=no]"
        lines = [f"deb {options} {self.debian.mirror} {self.suite} main"]
        if self.suite == self.debian.codename and self.debian.security:
            lines.append(f"deb {options} {self.debian.security} {self.suite}-security main")
        return "\n".join(lines) + "\n"

    def _prepare(self) -> None:
        for place in ("lists/partial", "archives/partial", "empty"):
            (self.folder / place).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").write_text("")
        (self.folder / "sources.list").write_text(self._sources())
        settings = {
            "Dir::State": self.folder,
            "Dir::State::Lists": self.folder / "lists",
            "Dir::State::status": self.folder / "status",
            "Dir::State::extended_states": self.folder / "extended_states",
            "Dir::Cache": self.folder,
            "Dir::Cache::Archives": self.archives,
            "Dir::Cache::pkgcache": "",
            "Dir::Cache::srcpkgcache": "",
            "Dir::Etc::SourceList": self.folder / "sources.list",
            "Dir::Etc::SourceParts": self.folder / "empty",
            "Dir::Etc::Preferences": "/dev/null",
            "Dir::Etc::PreferencesParts": self.folder / "empty",
            "Dir::Etc::Main": "/dev/null",
            "Dir::Etc::Parts": self.folder / "empty",
            "Dir::Log": self.folder,
            "Debug::NoLocking": "1",
            "APT::Sandbox::User": "",
            "APT::Architecture": architecture()[0],
            "APT::Architectures": architecture()[0],
            "APT::Install-Recommends": "0",
            "APT::Get::Assume-Yes": "1",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            "APT::Update::Error-Mode": "any",
            "quiet": "1",
        }
        text = self._acquire_settings() + "".join(f'{name} "{value}";\n' for name, value in settings.items())
        self._config.write_text(text)

    def _acquire_settings(self) -> str:
        dump = _run(
            ["apt-config", "dump", "--format", '%F "%v";%n', "Acquire"], dict(os.environ, LC_ALL="C.UTF-8")
        )
        wanted = (line for line in dump.splitlines() if not line.startswith("Acquire::IndexTargets"))
        return "\n".join(wanted) + "\n"

    def _apt(self, *arguments: str) -> str:
        environment = dict(
            os.environ, LC_ALL="C.UTF-8", APT_CONFIG=str(self._config), DEBIAN_FRONTEND="noninteractive"
        )
        return _run(["apt-get", *arguments], environment)

    def update(self) -> None:
        """Fetch the suite's lists, once in the life of this object."""
        if not self._updated:
            self._prepare()
            output = self._apt("update")
            if re.search(r"^(W: Failed to fetch|E:|Err:)", output, re.MULTILINE):
                raise _failure("apt-get update", output)
            self._updated = True

    def download(self, packages: tuple[str, ...]) -> list[Path]:
        """Download packages and all they depend on; the archives' paths, in apt's order of installation."""
        self.update()
        plan = self._apt("-s", "install", *packages)
        self._apt("--download-only", "install", *packages)
        files = []
        for found in _INSTALLED.finditer(plan):
            version = found["version"].replace(":", "%3a")
            files.append(self.archives / f"{found['name'].split(':')[0]}_{version}_{found['arch']}.deb")
        missing = [file.name for file in files if not file.is_file()]
        if missing or not files:
            raise FetchFailed(
                f"apt downloaded less than it planned, missing: {', '.join(missing) or 'everything'}."
            )
        return files


def unpack(archives: list[Path], target: Path) -> None:
    """Unpack packages over each other into `target`, running none of their scripts."""
    for archive in archives:
        _run(["dpkg-deb", "-x", str(archive), str(target)], dict(os.environ, LC_ALL="C.UTF-8"))


def _run(command: list[str], environment: dict[str, str]) -> str:
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        raise NotDebian(
            f"{command[0]} is not on this machine, so Debian's packages cannot be fetched."
        ) from None
    if done.returncode != 0:
        raise _failure(" ".join(word for word in command if "=" not in word), done.stdout)
    return done.stdout


def _failure(what: str, output: str) -> FetchFailed:
    complaints = [line for line in output.splitlines() if line.startswith(("E:", "W:", "Err:", "dpkg-deb:"))]
    tail = "\n  ".join((complaints or output.splitlines())[-6:])
    kind = KeyringTooOld if _UNVERIFIED.search(output) else FetchFailed
    return kind(f"{what} failed: {explain(output) or 'see what it says.'}\n  {tail}")
