"""``sign_in`` and ``audit``: what is taken, and what each fault is told as."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import SETTINGS, Files

KEY = "a key of the house"
BARE = SETTINGS.replace("sign_in: {second_factor: off}\n", "")


def test_left_out_it_is_offered_and_sealed_by_nothing(files: Files) -> None:
    files.settings(BARE)
    settings = files.load(KEY=KEY)
    assert (settings.sign_in.second_factor, settings.sign_in.required_roles) == ("optional", frozenset())
    assert settings.sign_in.key.get_secret_value() == ""
    assert settings.audit.keep_days == 1095


def test_who_must_have_one(files: Files) -> None:
    files.settings(BARE + "sign_in: {second_factor: {required_for: [supervisor, administrator]}}\n")
    settings = files.load(KEY=KEY)
    assert settings.sign_in.required_roles == {"supervisor", "administrator"}


def test_the_key_of_a_file_and_of_the_environment(files: Files) -> None:
    file: Path = files.folder / "factor.key"
    file.write_text("from a file\n", encoding="utf-8")
    file.chmod(0o600)
    for section, key in (
        ("sign_in: {key_file: factor.key}\n", "from a file"),
        ("sign_in: {key_env: KEY}\n", KEY),
    ):
        files.settings(BARE + section)
        settings = files.load(KEY=KEY)
        assert settings.sign_in.key.get_secret_value() == key
        assert key not in repr(settings)


@pytest.mark.parametrize(
    ("section", "place", "said"),
    [
        ("sign_in: {second_factor: perhaps}\n", "sign_in.second_factor", ""),
        ("sign_in: {second_factor: {required_for: []}}\n", "sign_in.second_factor", ""),
        ("sign_in: {second_factor: {required_for: [boss]}}\n", "sign_in.second_factor", "boss"),
        ("sign_in: {second_facter: off}\n", "sign_in.second_facter", "second_factor"),
        ("sign_in: {key_file: a.key, key_env: KEY}\n", "sign_in", "key_file"),
        ("sign_in: {key_file: nowhere.key}\n", "sign_in.key_file", "nowhere.key"),
        ("sign_in: {key_env: NO_KEY}\n", "sign_in.key_env", "NO_KEY"),
        ("audit: {keep_days: 29}\n", "audit.keep_days", "30"),
        ("audit: {keep_days: 36501}\n", "audit.keep_days", "36"),
        ("audit: {keep_days: ever}\n", "audit.keep_days", ""),
        ("audit: {days: 90}\n", "audit.days", ""),
    ],
)
def test_faults_name_file_line_and_setting(files: Files, section: str, place: str, said: str) -> None:
    line = BARE.count("\n") + 1
    files.settings(BARE + section)
    [fault] = files.faults(KEY=KEY)
    assert fault.startswith(f"callcore.yaml:{line}: {place}")
    assert said in fault
