"""The house of the IVR's calls, with queues whose talks are recorded."""

from __future__ import annotations

from tests.integration.ivr_calls.conftest import needs, open_hall

__all__ = ["needs", "open_hall"]
