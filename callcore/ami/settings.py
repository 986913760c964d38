"""Settings of one AMI link, as the composition root hands them over."""

from __future__ import annotations

from dataclasses import dataclass, field

from callcore.domain import PbxName


@dataclass(frozen=True, slots=True)
class AmiSettings:
    name: PbxName
    host: str
    username: str
    secret: str = field(repr=False)
    port: int = 5038
    tls: bool = False
    ca_file: str | None = None
    """Certificates to trust instead of the system's, PEM."""
    verify: bool = True
    server_name: str | None = None
    """Name in the PBX's certificate where it differs from ``host``."""
    connect_seconds: float = 5.0
    greeting_seconds: float = 5.0
    answer_seconds: float = 5.0
    """Longest wait for the answer to the login."""
    booted_seconds: float = 2.0
    """Longest wait for FullyBooted, which an account without ``read=system`` never sees."""
    snapshot_seconds: float = 30.0
    dead_after_seconds: float = 10.0
    """A link that has been silent for half of this is pinged, and given up after the other half."""
    first_retry_seconds: float = 0.5
    longest_retry_seconds: float = 10.0
    """A PBX that restarts is back in use before campaigns halt because of it."""
    refused_retry_seconds: float = 30.0
    """Between attempts that fail until somebody changes a setting."""
