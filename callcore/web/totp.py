"""Codes of a second factor (RFC 6238), recovery codes, and how a secret is kept. Pure but for randomness."""

from __future__ import annotations

import hashlib
import hmac
import io
import secrets
from base64 import b64decode, b64encode
from datetime import datetime

import pyotp
import segno
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

STEP_SECONDS = 30
DRIFT_STEPS = 1
"""Clocks of telephones are a little wrong: one step to either side is taken too."""
RECOVERY_CODES = 10
_NONCE_BYTES = 12
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""None of them is taken for another one."""


class SecretUnreadable(Exception):
    """A secret was sealed with another key, or with one that is not set any more."""


def new_secret() -> str:
    """160 bits in base 32."""
    return pyotp.random_base32(32)


def counter_of(secret: str, code: str, now: datetime, after: int) -> int | None:
    """The time step whose code this is, within one step of ``now`` and later than ``after``; None for none.

    Takes as long whichever step fits.
    """
    digits = "".join(code.split())
    if not (len(digits) == 6 and digits.isascii() and digits.isdigit()):
        return None
    totp, step = pyotp.TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    found = None
    for counter in range(step - DRIFT_STEPS, step + DRIFT_STEPS + 1):
        is_it = hmac.compare_digest(totp.generate_otp(counter), digits)
        if is_it and counter > after and found is None:
            found = counter
    return found


def address_of(secret: str, login: str, issuer: str) -> str:
    """``otpauth://…``, as a telephone's app reads it."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)


def picture_of(address: str) -> str:
    """The address as a QR code, SVG with a white ground, so that dark pages do not hide it."""
    code = segno.make(address, error="m", micro=False)
    drawn = io.BytesIO()
    code.save(drawn, kind="svg", scale=5, border=3, dark="#000", light="#fff")
    return drawn.getvalue().decode()


def spaced(secret: str) -> str:
    """In groups of four, for who types it."""
    return " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))


def new_recovery_codes() -> tuple[str, ...]:
    """Ten of 49 bits each, such as ``k7m2x-9fh4q``."""
    return tuple(f"{_word()}-{_word()}" for _ in range(RECOVERY_CODES))


def _word() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(5))


def recovery_hash(login: str, code: str) -> str | None:
    """What is kept of a recovery code: random as it is, it needs no slow hash. None: this is no such code."""
    plain = "".join(letter for letter in code.casefold() if letter.isalnum())
    if len(plain) != 10 or any(letter not in _LETTERS for letter in plain):
        return None
    return hashlib.sha256(f"recovery:{login}:{plain}".encode()).hexdigest()


# --- at rest


def sealed(secret: str, key: str, login: str) -> str:
    """The secret as the database keeps it: ``plain:…`` without a key, else AES-256-GCM under it.

    It opens for this login alone: a line of another person's, put in its place, is noticed.
    """
    if not key:
        return f"plain:{secret}"
    nonce = secrets.token_bytes(_NONCE_BYTES)
    hidden = _cipher(key).encrypt(nonce, secret.encode(), login.encode())
    return f"gcm:{b64encode(nonce + hidden).decode()}"


def opened(kept: str, key: str, login: str) -> str:
    """Raises ``SecretUnreadable``. What was kept plain opens with a key, too: it may have been set since."""
    kind, _, rest = kept.partition(":")
    if kind == "plain":
        return rest
    if kind != "gcm" or not key:
        raise SecretUnreadable
    try:
        raw = b64decode(rest, validate=True)
        secret = _cipher(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], login.encode())
    except (ValueError, InvalidTag) as fault:
        raise SecretUnreadable from fault
    return secret.decode()


def _cipher(key: str) -> AESGCM:
    """The key may be a text of any length; HKDF makes 256 bits of it."""
    own = HKDF(SHA256(), 32, salt=None, info=b"callcore second factor")
    return AESGCM(own.derive(key.encode()))
