"""Which Debian mirror a machine uses, read from every form of apt sources."""

from pathlib import Path

import pytest

from callcore.testing.lab.errors import FetchFailed, NotDebian
from callcore.testing.lab.mirrors import MIRROR_SETTING, Source, choose_mirror, machine_sources, this_machine

KEYRING = "usr/share/keyrings/debian-archive-keyring.gpg"
BOOKWORM = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_CODENAME=bookworm\n'
DEB822 = """# the machine's own
Types: deb deb-src
URIs: http://mirror.test/debian
Suites: bookworm
 bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.test/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Enabled: no
Types: deb
URIs: http://disabled.test/debian
Suites: bookworm
Components: main
"""
OTHERS = """# deb http://commented.test/debian bookworm main
deb cdrom:[Debian GNU/Linux 12]/ bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/vendor.gpg] https://vendor.test/debian bookworm main
deb https://apt.vendor.test/db bookworm main
deb https://other.test/node nodistro main
deb-src http://source.test/debian bookworm main
"""


def machine(root: Path, files: dict[str, str], release: str = BOOKWORM, keyring: bool = True) -> Path:
    for name, text in {"etc/os-release": release, **files}.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    if keyring:
        (root / KEYRING).parent.mkdir(parents=True, exist_ok=True)
        (root / KEYRING).touch()
    return root


def test_deb822_among_other_vendors(tmp_path: Path) -> None:
    root = machine(
        tmp_path,
        {
            "etc/apt/sources.list.d/a-vendor.list": OTHERS,
            "etc/apt/sources.list.d/debian.sources": DEB822,
            "etc/apt/sources.list.d/old.list.disabled": "deb http://old.test/debian bookworm main\n",
        },
    )
    found = this_machine(root, {})
    assert (found.codename, found.mirror, found.security, found.keyring) == (
        "bookworm",
        "http://mirror.test/debian",
        "http://mirror.test/debian-security",
        root / KEYRING,
    )


def test_one_line_sources(tmp_path: Path) -> None:
    text = OTHERS + "deb http://one.test/debian/ bookworm main # ours\n"
    root = machine(tmp_path, {"etc/apt/sources.list": text})
    assert this_machine(root, {}).mirror == "http://one.test/debian/"
    assert this_machine(root, {}).security == ""


def test_a_plain_name_serves_if_nothing_more_debian_is_there() -> None:
    odd = Source("http://cache.test/repo", ("bookworm",), ("main",))
    surely = Source("http://b.test/debian", ("bookworm",), ("main",))
    assert choose_mirror([odd], ["bookworm"]) == odd.uri
    assert choose_mirror([odd, surely], ["bookworm"]) == surely.uri
    assert choose_mirror([odd], ["trixie"]) == ""


def test_the_setting_wins(tmp_path: Path) -> None:
    root = machine(tmp_path, {"etc/apt/sources.list.d/debian.sources": DEB822})
    assert this_machine(root, {MIRROR_SETTING: "http://mine.test/d"}).mirror == "http://mine.test/d"


def test_no_source_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(FetchFailed, match=MIRROR_SETTING):
        this_machine(machine(tmp_path, {"etc/apt/sources.list": OTHERS.replace("db bookworm", "db x")}), {})


def test_no_keyring_names_the_package(tmp_path: Path) -> None:
    root = machine(tmp_path, {"etc/apt/sources.list.d/debian.sources": DEB822}, keyring=False)
    with pytest.raises(FetchFailed, match="debian-archive-keyring"):
        this_machine(root, {})


@pytest.mark.parametrize("release", ["ID=ubuntu\nVERSION_CODENAME=noble\n", "ID=fedora\n", "", "ID=debian\n"])
def test_other_systems_are_not_debian(tmp_path: Path, release: str) -> None:
    with pytest.raises(NotDebian):
        this_machine(machine(tmp_path, {}, release), {})


def test_a_machine_without_any_files(tmp_path: Path) -> None:
    assert machine_sources(tmp_path) == []
    with pytest.raises(NotDebian, match="os-release"):
        this_machine(tmp_path, {})


def test_damaged_sources_are_passed_over(tmp_path: Path) -> None:
    root = machine(
        tmp_path,
        {
            "etc/apt/sources.list.d/a.sources": "\x00\n nonsense\n: :\nTypes\n",
            "etc/apt/sources.list.d/b.list": "deb\ndeb [\ndeb x\n",
        },
    )
    assert machine_sources(root) == []
