"""Where this machine gets Debian from: its own apt sources, so that no mirror is written down here.

Understands both forms of apt sources: deb822 stanzas (`*.sources`) and one-line entries (`*.list`). Entries
of other vendors are told from Debian's by suite, component, keyring and address; and whatever is chosen, apt
checks the archive's signature against Debian's own keyring.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from callcore.testing.lab.errors import FetchFailed, NotDebian

MIRROR_SETTING = "CALLCORE_DEBIAN_MIRROR"

_ONE_LINE = re.compile(
    r"^deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s*(?P<components>.*)$"
)
_KEYRINGS = (
    "usr/share/keyrings/debian-archive-keyring.gpg",
    "usr/share/keyrings/debian-archive-keyring.pgp",
)


@dataclass(frozen=True)
class Source:
    """One archive address with the suites and components that this machine takes from it."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""


@dataclass(frozen=True)
class Debian:
    """What the fetch needs to know of this machine. `security` is empty if the machine has no such source."""

    codename: str
    mirror: str
    security: str
    keyring: Path


def parse_deb822(text: str) -> Iterator[Source]:
    """The enabled `deb` entries of one `*.sources` file."""
    for stanza in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.splitlines():
            if line.startswith("#"):
                continue
            if line[:1].isspace():
                fields[name] = f"{fields.get(name, '')} {line.strip()}"
            elif ":" in line:
                name, _, value = line.partition(":")
                name = name.strip().lower()
                fields[name] = value.strip()
        if fields.get("enabled", "yes").lower() in ("no", "false", "0", "off"):
            continue
        if "deb" not in fields.get("types", "").split():
            continue
        for uri in fields.get("uris", "").split():
            yield Source(
                uri,
                tuple(fields.get("suites", "").split()),
                tuple(fields.get("components", "").split()),
                fields.get("signed-by", "").strip(),
            )


def parse_one_line(text: str) -> Iterator[Source]:
    """The `deb` entries of one `sources.list` file."""
    for line in text.splitlines():
        found = _ONE_LINE.match(line.split("#", 1)[0].strip())
        if found is None:
            continue
        signed_by = re.search(r"signed-by=(\S+)", found["options"] or "", re.IGNORECASE)
        yield Source(
            found["uri"],
            (found["suite"],),
            tuple(found["components"].split()),
            signed_by[1] if signed_by else "",
        )


def machine_sources(root: Path = Path("/")) -> list[Source]:
    """Every enabled binary source of this machine, in apt's order."""
    etc = root / "etc/apt"
    files = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]
    found: list[Source] = []
    for file in files:
        parse = {".sources": parse_deb822, ".list": parse_one_line}.get(file.suffix)
        if parse is not None and file.is_file():
            found.extend(parse(file.read_text("utf-8", "replace")))
    return found


def _closeness(source: Source) -> int | None:
    """0 for surely Debian's own archive, higher for less sure, None for another vendor's."""
    if "main" not in source.components or source.uri.startswith("cdrom:"):
        return None
    path = urlsplit(source.uri).path.strip("/").split("/")
    if "debian-archive" in source.signed_by:
        return 0
    if source.signed_by:
        return None
    return 1 if path[-1] == "debian" else 2


def choose_mirror(sources: Iterable[Source], suites: Iterable[str]) -> str:
    """The most Debian-like address that serves one of `suites`, or an empty string."""
    wanted = set(suites)
    ranked = [
        (rank, place, source.uri)
        for place, source in enumerate(sources)
        if wanted & set(source.suites) and (rank := _closeness(source)) is not None
    ]
    return min(ranked)[2] if ranked else ""


def os_release(root: Path = Path("/")) -> dict[str, str]:
    """The fields of /etc/os-release; empty if there is none."""
    file = root / "etc/os-release"
    if not file.is_file():
        return {}
    pairs = (line.partition("=") for line in file.read_text("utf-8").splitlines() if "=" in line)
    return {name: value.strip().strip("\"'") for name, _, value in pairs}


def keyring(root: Path = Path("/")) -> Path:
    """The keyring of the Debian archive below `root`. Raises FetchFailed if there is none."""
    for name in _KEYRINGS:
        if (root / name).is_file():
            return root / name
    raise FetchFailed(
        "no keyring of the Debian archive on this machine, so packages cannot be verified. "
        "Install it: apt-get install debian-archive-keyring"
    )


def this_machine(root: Path = Path("/"), environ: Mapping[str, str] = os.environ) -> Debian:
    """Release, mirror and keyring of this machine.

    Raises NotDebian on other systems, FetchFailed if no mirror or no keyring can be found.
    """
    release = os_release(root)
    name = release.get("PRETTY_NAME", "a system without /etc/os-release")
    codename = release.get("VERSION_CODENAME", "")
    if release.get("ID") != "debian" or not codename:
        raise NotDebian(
            f"the laboratory unpacks Debian's packages, and this is {name}. "
            "Use a Debian machine or container, or install the programs yourself."
        )
    sources = machine_sources(root)
    mirror = environ.get(MIRROR_SETTING, "") or choose_mirror(
        sources, (codename, "stable", "testing", "unstable", "sid", f"{codename}-updates")
    )
    if not mirror:
        raise FetchFailed(
            f"no source of Debian's packages in {root / 'etc/apt'}: add one there, "
            f"or set {MIRROR_SETTING} to the address of a Debian mirror."
        )
    security = choose_mirror(sources, (f"{codename}-security", "stable-security"))
    return Debian(codename, mirror, "" if environ.get(MIRROR_SETTING) else security, keyring(root))
