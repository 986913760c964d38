"""Which channels belong to which call, both ways round."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, overload

from callcore.domain import CallId, ChannelRef

V = TypeVar("V")
D = TypeVar("D")


class Holdings(dict[ChannelRef, V]):
    """Something of each channel, and by it the channel's call. ``of`` finds the channels of one call without
    looking through those of all: each call asks as it ends, and in a storm hundreds live.

    Changed by item and ``pop`` alone.
    """

    def __init__(self, call_of: Callable[[V], CallId]) -> None:
        super().__init__()
        self._call_of = call_of
        self._channels: dict[CallId, dict[ChannelRef, None]] = {}

    def of(self, call: CallId) -> list[ChannelRef]:
        """In the order in which they came."""
        return list(self._channels.get(call, ()))

    def __setitem__(self, ref: ChannelRef, value: V) -> None:
        if ref in self:
            self._forget(ref)
        super().__setitem__(ref, value)
        self._channels.setdefault(self._call_of(value), {})[ref] = None

    def __delitem__(self, ref: ChannelRef) -> None:
        self._forget(ref)
        super().__delitem__(ref)

    @overload
    def pop(self, ref: ChannelRef, /) -> V: ...
    @overload
    def pop(self, ref: ChannelRef, default: V | D, /) -> V | D: ...
    def pop(self, ref: ChannelRef, *default: V | D) -> V | D:
        if ref in self:
            self._forget(ref)
        return super().pop(ref, *default)

    def _forget(self, ref: ChannelRef) -> None:
        call = self._call_of(self[ref])
        channels = self._channels[call]
        del channels[ref]
        if not channels:
            del self._channels[call]
