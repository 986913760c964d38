"""Codes of a second factor, and how its secret is kept."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from callcore.web import totp

NOW = datetime(2026, 3, 2, 9, 0, 10, tzinfo=UTC)
STEP = int(NOW.timestamp()) // totp.STEP_SECONDS
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
KEY = "a key of the house, long enough"


def code(steps: int = 0) -> str:
    return pyotp.TOTP(SECRET).generate_otp(STEP + steps)


# --- at rest


def test_a_sealed_secret_opens_with_its_key_for_its_person() -> None:
    kept = totp.sealed(SECRET, KEY, "anna")
    assert kept.startswith("gcm:")
    assert SECRET not in kept
    assert b64encode(SECRET.encode()).decode().rstrip("=") not in kept
    assert totp.opened(kept, KEY, "anna") == SECRET


def test_the_same_secret_is_never_sealed_alike() -> None:
    assert totp.sealed(SECRET, KEY, "anna") != totp.sealed(SECRET, KEY, "anna")


def test_without_a_key_a_secret_is_plain_and_opens_also_after_one_was_set() -> None:
    kept = totp.sealed(SECRET, "", "anna")
    assert kept == f"plain:{SECRET}"
    assert totp.opened(kept, "", "anna") == SECRET
    assert totp.opened(kept, KEY, "anna") == SECRET


@pytest.mark.parametrize(("key", "login"), [(KEY + ".", "anna"), ("", "anna"), (KEY, "boris")])
def test_another_key_no_key_and_another_person_do_not_open_it(key: str, login: str) -> None:
    kept = totp.sealed(SECRET, KEY, "anna")
    with pytest.raises(totp.SecretUnreadable):
        totp.opened(kept, key, login)


@pytest.mark.parametrize("place", [0, 11, 12, 43, 44, 59])
def test_any_changed_byte_is_noticed(place: int) -> None:
    """Of the nonce, the secret or the tag."""
    raw = bytearray(b64decode(totp.sealed(SECRET, KEY, "anna").removeprefix("gcm:")))
    assert len(raw) == 12 + len(SECRET) + 16
    raw[place] ^= 1
    with pytest.raises(totp.SecretUnreadable):
        totp.opened(f"gcm:{b64encode(raw).decode()}", KEY, "anna")


@pytest.mark.parametrize(
    "kept", ["", "gcm:", "gcm:AAAA", "gcm:это не base64", "gcm:A", "sealed:AAAA", SECRET]
)
def test_nonsense_in_the_database_is_unreadable_and_no_crash(kept: str) -> None:
    with pytest.raises(totp.SecretUnreadable):
        totp.opened(kept, KEY, "anna")


# --- codes


@pytest.mark.parametrize(("steps", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_counts_within_one_step(steps: int, counts: bool) -> None:
    expected = STEP + steps if counts else None
    assert totp.counter_of(SECRET, code(steps), NOW, 0) == expected


def test_a_code_counts_once_and_no_older_one_after_it() -> None:
    assert totp.counter_of(SECRET, code(), NOW, STEP) is None
    assert totp.counter_of(SECRET, code(-1), NOW, STEP) is None
    later = NOW + timedelta(seconds=totp.STEP_SECONDS)
    assert totp.counter_of(SECRET, code(1), later, STEP) == STEP + 1


def test_spaces_in_a_code_are_no_matter() -> None:
    assert totp.counter_of(SECRET, f" {code()[:3]} {code()[3:]} ", NOW, 0) == STEP


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "12345²", "-12345"])
def test_what_is_no_code_is_refused(typed: str) -> None:
    assert totp.counter_of(SECRET, typed, NOW, 0) is None


# --- recovery codes


def test_recovery_codes_are_told_apart_and_kept_by_person() -> None:
    codes = totp.new_recovery_codes()
    assert len(set(codes)) == totp.RECOVERY_CODES
    hashes = {totp.recovery_hash("anna", each) for each in codes}
    assert None not in hashes
    assert len(hashes) == totp.RECOVERY_CODES
    assert totp.recovery_hash("boris", codes[0]) not in hashes
    assert totp.recovery_hash("anna", f" {codes[0].upper().replace('-', ' ')} ") in hashes


@pytest.mark.parametrize("typed", ["", "123456", "k7m2x-9fh4", "k7m2x-9fh4qq", "k7m2x-9fh40", "k7m2x-9fh4я"])
def test_what_is_no_recovery_code_is_none(typed: str) -> None:
    assert totp.recovery_hash("anna", typed) is None
