"""Whatever calls are written in whatever order: who waits is on the list, who was reached is not."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import count
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_samples import ANNA, T0

from callcore.calls.effects import Contact
from callcore.domain import CallId, Direction, EndReason, Outcome, PbxName, Source
from callcore.store.database import Database
from callcore.store.follow_rows import FollowUpLook

NUMBERS = count(10_000_000)
MINUTE = timedelta(minutes=1)


class Said(NamedTuple):
    """A call of this number, in minutes: from, how long; None: nobody took it, else when somebody did."""

    begins: int
    lasts: int
    answered: int | None
    is_outbound: bool


CALLS = st.lists(
    st.builds(
        Said,
        st.integers(0, 30),
        st.integers(1, 10),
        st.none() | st.integers(0, 5),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@given(calls=CALLS, data=st.data())
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_writing_never_decides(
    calls: list[Said], data: st.DataObject, runner: asyncio.Runner, database: Database
) -> None:
    number = f"+7{next(NUMBERS)}"
    contacts = [_contact(f"{number}-{n}", number, call) for n, call in enumerate(calls)]
    for one in data.draw(st.permutations([*contacts, contacts[0]])):  # one comes twice
        runner.run(database.contacts.save(one))
    rows = runner.run(database.follow_ups.find(FollowUpLook(number=number)))
    # the rule in other words, from the calls as they were
    talks = [call.begins + call.answered for call in calls if call.answered is not None]
    missed = [call.begins + call.lasts for call in calls if call.answered is None and not call.is_outbound]
    waits = [end for end in missed if end > max(talks, default=-1)]
    assert len(rows) == (1 if waits else 0)
    if waits:
        assert rows[0].last_at == T0 + max(waits) * MINUTE
        assert len(waits) <= rows[0].times <= len(missed)


def _contact(call: str, number: str, said: Said) -> Contact:
    began = T0 + said.begins * MINUTE
    is_answered = said.answered is not None
    answered_at = began + said.answered * MINUTE if said.answered is not None else None
    ended_at = began + said.lasts * MINUTE
    return Contact(
        call=CallId(call),
        pbx=PbxName("main"),
        channel=call,
        direction=Direction.outbound if said.is_outbound else Direction.inbound,
        source=Source.cdr,
        caller_number=number,
        caller_number_raw=number,
        caller_name=None,
        dialed_number=None,
        language=None,
        customer=None,
        topic=None,
        route=None,
        route_reason=None,
        queue=None,
        started_at=began,
        queued_at=None,
        answered_at=answered_at,
        ended_at=max(ended_at, answered_at or ended_at),
        wait_ms=0,
        ring_ms=0,
        talk_ms=0,
        operators=(),
        answered_by=ANNA if is_answered else None,
        end_reason=EndReason.completed if is_answered else EndReason.cancelled,
        hangup_cause=16,
        outcome=Outcome.answered if is_answered else Outcome.abandoned_queue,
    )
