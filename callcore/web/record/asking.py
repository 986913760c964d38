"""What the lists of the record's API are asked with."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Typed = Annotated[str, Field(max_length=400)]
"""Words, the last one perhaps half typed."""
Limit = Annotated[int, Field(ge=1, le=500)]
Offset = Annotated[int, Field(ge=0, le=1_000_000)]
