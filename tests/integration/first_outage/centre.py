"""The SMS centre, and the settings that lead callcore there."""

from __future__ import annotations

from typing import Any

from callcore.testing.blackout import QUICK
from callcore.testing.sms import PASSWORD, Smsc

from .apart import Apart

SMS = {"ru": "Нет света.", "en": "The light is out."}
"""One part."""


class Centre:
    def __init__(self, smsc: Smsc) -> None:
        self.smsc = smsc

    async def configure(self, **options: Any) -> None:
        """See ``smsc.js``."""
        await self.smsc.configure(**options)

    async def texted(self) -> list[str]:
        """The numbers that messages came for, as the carrier is dialled, once for each message."""
        return sorted(message.to for message in (await self.smsc.report()).messages)

    def settings(self, apart: Apart, port: int | None = None, window: int = 20, **changes: Any) -> None:
        """callcore sends through it; ``port``: of a wire in between; ``window``: messages in flight."""
        secret = apart.stage.config_file.with_name("smpp.secret")
        secret.write_text(PASSWORD, "utf-8")
        secret.chmod(0o600)
        smpp = {
            "host": "127.0.0.1",
            "port": port or self.smsc.port,
            "system_id": "callcore",
            "window": window,
            "password_file": secret.name,
        }
        texts = {**QUICK["outages"]["texts"], "sms": {"outage": SMS}}
        apart.settings(**{"sms": {"gateway": "smpp", "smpp": smpp}, "outages": {"texts": texts}, **changes})
