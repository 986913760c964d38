"""sd_notify, the few lines of it that the unit needs: ready, stopping, watchdog."""

from __future__ import annotations

import os
import socket


def notify(state: str) -> None:
    """Tell systemd, e.g. ``READY=1``; does nothing where no systemd listens."""
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    address = "\0" + path[1:] if path.startswith("@") else path
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.sendto(state.encode(), address)
    except OSError:
        return  # a missed notice must not end the daemon; the watchdog will, if it has to


def watchdog_seconds() -> float | None:
    """Half of the unit's WatchdogSec: how often to say WATCHDOG=1; None without a watchdog."""
    value = os.environ.get("WATCHDOG_USEC", "")
    return int(value) / 2_000_000 if value.isdecimal() and int(value) > 0 else None
