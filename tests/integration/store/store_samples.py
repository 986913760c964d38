"""Values that the tests of the store share."""

from __future__ import annotations

from datetime import UTC, datetime

from callcore.domain import Login

T0 = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ANNA = Login("anna")
