"""Channels by call: whatever is put in and taken out, both ways round say the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from callcore.calls.holdings import Holdings
from callcore.domain import CallId, ChannelId, ChannelRef, PbxName

CALLS = [CallId(f"c{n}") for n in range(3)]
REFS = [ChannelRef(PbxName("main"), ChannelId(str(n))) for n in range(4)]


@given(
    st.lists(st.tuples(st.sampled_from(["set", "del", "pop"]), st.sampled_from(REFS), st.sampled_from(CALLS)))
)
def test_both_ways_round_say_the_same(orders: list[tuple[str, ChannelRef, CallId]]) -> None:
    held: Holdings[CallId] = Holdings(lambda call: call)
    plain: dict[ChannelRef, CallId] = {}
    for order, ref, call in orders:
        if order == "set":
            held[ref] = plain[ref] = call
        elif order == "pop":
            assert held.pop(ref, None) == plain.pop(ref, None)
        elif ref in plain:
            del held[ref], plain[ref]
        assert held == plain
        for one in CALLS:
            assert sorted(held.of(one)) == sorted(ref for ref, call in plain.items() if call == one)
