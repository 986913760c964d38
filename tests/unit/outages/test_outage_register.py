"""What a publication makes of what is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from callcore.domain import NodeCode, Outage, OutageId, OutageKind, OutageState, Text
from callcore.outages.publication import Publication
from callcore.outages.register import Accepted, Refused, Repeated, accept

from .outage_samples import NOW

FIRST = Publication(
    number="2026-117",
    revision=1,
    kind=OutageKind.emergency,
    state="open",
    cause=Text("Авария", "Fault"),
    starts_at=NOW - timedelta(hours=1),
    estimated_restoration_at=None,
    ended_at=None,
    nodes=(NodeCode("F-12"), NodeCode("H-3")),
)
ESTIMATE = NOW + timedelta(hours=2)
LATER = NOW + timedelta(minutes=10)


def known(**changes: Any) -> Outage:
    """The first publication as it was stored."""
    verdict = accept(None, None, FIRST, "anna", NOW)
    assert isinstance(verdict, Accepted)
    return replace(verdict.outage, id=OutageId(7), **changes)


def next_(**changes: Any) -> Publication:
    return replace(FIRST, revision=2, **changes)


def state_after(outage: Outage, publication: Publication) -> OutageState:
    verdict = accept(outage, None, publication, "boris", LATER)
    assert isinstance(verdict, Accepted)
    return verdict.outage.state


def refused(outage: Outage | None, content: dict[str, Any] | None, publication: Publication) -> Refused:
    verdict = accept(outage, content, publication, "boris", LATER)
    assert isinstance(verdict, Refused)
    assert verdict.message.ru
    assert verdict.remedy.ru
    return verdict


def test_a_new_outage() -> None:
    assert known() == Outage(
        id=OutageId(7),
        number="2026-117",
        revision=1,
        source="anna",
        kind=OutageKind.emergency,
        state=OutageState.confirmed,
        cause=FIRST.cause,
        starts_at=FIRST.starts_at,
        estimated_restoration_at=None,
        ended_at=None,
        nodes=FIRST.nodes,
        published_at=NOW,
        changed_at=NOW,
    )


def test_a_new_outage_with_an_estimate() -> None:
    verdict = accept(None, None, replace(FIRST, estimated_restoration_at=ESTIMATE), "anna", NOW)
    assert isinstance(verdict, Accepted)
    assert (verdict.outage.id, verdict.outage.state) == (0, OutageState.estimated)


def test_a_change_keeps_what_it_was_born_with() -> None:
    verdict = accept(known(), None, next_(estimated_restoration_at=ESTIMATE), "boris", LATER)
    assert verdict == Accepted(
        known(
            revision=2,
            source="boris",
            state=OutageState.estimated,
            estimated_restoration_at=ESTIMATE,
            changed_at=LATER,
        )
    )


@pytest.mark.parametrize(
    "change",
    [
        {"cause": Text("Другое", "Fault")},
        {"kind": OutageKind.planned},
        {"starts_at": NOW},
        {"nodes": (NodeCode("F-12"),)},
        {"cause": Text("Другое", "Other"), "estimated_restoration_at": ESTIMATE},
    ],
    ids=str,
)
def test_anything_else_that_differs_is_a_change(change: dict[str, Any]) -> None:
    assert state_after(known(), next_(**change)) is OutageState.changed


def test_only_the_first_estimate_of_a_confirmed_outage_is_an_estimate() -> None:
    estimated = known(state=OutageState.estimated, estimated_restoration_at=ESTIMATE)
    assert state_after(estimated, next_(estimated_restoration_at=LATER)) is OutageState.changed
    assert state_after(estimated, next_()) is OutageState.changed
    changed = known(state=OutageState.changed)
    assert state_after(changed, next_(estimated_restoration_at=ESTIMATE)) is OutageState.changed


@pytest.mark.parametrize("state", ["restored", "cancelled"])
def test_the_end(state: Any) -> None:
    verdict = accept(known(), None, next_(state=state), "boris", LATER)
    assert isinstance(verdict, Accepted)
    assert (verdict.outage.state, verdict.outage.ended_at) == (OutageState(state), LATER)
    verdict = accept(known(), None, next_(state=state, ended_at=NOW), "boris", LATER)
    assert isinstance(verdict, Accepted)
    assert verdict.outage.ended_at == NOW


@pytest.mark.parametrize(
    ("state", "said"),
    [(OutageState.restored, "restored already"), (OutageState.cancelled, "cancelled already")],
)
def test_nothing_leads_on_from_the_end(state: OutageState, said: str) -> None:
    over = known(state=state, ended_at=NOW)
    for publication in (
        next_(cause=Text("Другое", "Other")),
        next_(state="restored"),
        next_(state="cancelled"),
    ):
        verdict = refused(over, None, publication)
        assert verdict.field == "state"
        assert said in verdict.message.en


def test_a_repeat_changes_nothing_however_old_it_is() -> None:
    now = known(revision=3, state=OutageState.restored, ended_at=LATER)
    assert accept(now, FIRST.content(), FIRST, "boris", LATER) == Repeated(now)
    turned = replace(FIRST, nodes=FIRST.nodes[::-1])
    assert accept(now, FIRST.content(), turned, "boris", LATER) == Repeated(now)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"cause": Text("Авария", "Other")}, "cause"),
        ({"estimated_restoration_at": ESTIMATE}, "estimated_restoration_at"),
        ({"nodes": (NodeCode("F-1"),)}, "nodes"),
        ({"state": "restored"}, "state"),
        ({"kind": OutageKind.planned}, "kind"),
    ],
)
def test_a_repeat_with_other_content_names_the_field(change: dict[str, Any], field: str) -> None:
    verdict = refused(known(), FIRST.content(), replace(FIRST, **change))
    assert verdict.field == field
    assert verdict.remedy.en == "A change is revision 2."
    over = refused(known(state=OutageState.restored), FIRST.content(), replace(FIRST, **change))
    assert "new number" in over.remedy.en


@pytest.mark.parametrize("revision", [1, 3, 4, 6])
def test_a_revision_out_of_turn(revision: int) -> None:
    verdict = refused(known(revision=4), None, replace(FIRST, revision=revision, state="restored"))
    assert verdict.field == "revision"
    assert "is at revision 4" in verdict.message.en


def test_news_that_is_none() -> None:
    assert refused(known(), None, next_(nodes=FIRST.nodes[::-1])).field == "revision"


def test_an_unknown_outage_begins_at_the_beginning() -> None:
    assert refused(None, None, next_()).field == "revision"
    assert refused(None, None, replace(FIRST, state="cancelled")).field == "state"
