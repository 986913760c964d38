"""How a desk changes with each effect of the call model. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from callcore.calls.attempt import AttemptResult
from callcore.calls.effects import (
    CallView,
    CloseCard,
    DropCard,
    EndCard,
    HideRinging,
    PopCard,
    ShowAgent,
    ShowDialling,
    ShowLine,
    ShowRinging,
    UpdateCard,
)
from callcore.domain import AgentState, CallId, EndReason
from callcore.screenpop.card import Desk, Dialling, MissedCard, Stage, Tab, Unpainted

OWN_DOING = ("operator: withdrawn", "CANCEL")
"""He has ended it himself before anybody answered, as the ledger puts it."""
DeskEffect = (
    ShowRinging
    | ShowDialling
    | HideRinging
    | PopCard
    | UpdateCard
    | EndCard
    | CloseCard
    | DropCard
    | ShowAgent
    | ShowLine
)


def apply(desk: Desk, effect: DeskEffect, now: datetime, wrap_up_until: datetime | None = None) -> Desk:
    """The desk after one effect of the call model.

    A new card comes to the front only if no unfinished text would be covered: a tab whose draft has been
    typed in keeps its place, the new one waits beside it with a mark.
    """
    match effect:
        case ShowRinging():
            return _ring(desk, effect)
        case ShowDialling():
            return _dial(desk, effect, now)
        case HideRinging():
            return _hide(desk, effect)
        case PopCard():
            return _pop(desk, effect.view)
        case UpdateCard():
            return _update(desk, effect.view)
        case EndCard():
            return _end(_without_bar(desk, effect.call), effect, now, wrap_up_until)
        case CloseCard():
            return _close(_without_bar(desk, effect.call), effect.call)
        case DropCard():
            return _drop(_without_bar(desk, effect.call), effect)
        case ShowAgent():
            is_busy = effect.state in (AgentState.ringing, AgentState.talking)
            return replace(
                desk,
                state=effect.state,
                since=effect.since,
                pause_reason=effect.pause_reason,
                pause_next=effect.pause_next,
                untaken=desk.untaken if is_busy else None,
            )
        case ShowLine():
            others = {call: line for call, line in desk.lines.items() if call != effect.call}
            mine = {} if effect.line is None else {effect.call: effect.line}
            return replace(desk, lines={**others, **mine})
        case _:
            assert_never(effect)


def miss(desk: Desk, call: CallId, why: Unpainted, at: datetime) -> Desk:
    """The desk after a card on it was not seen in time."""
    tab = desk.tab(call)
    if tab is None:
        return desk
    customer = tab.matched
    card = MissedCard(
        call=call,
        at=at,
        why=why,
        number=tab.view.caller_number,
        customer=customer.id if customer else None,
        customer_name=customer.name if customer else "",
        queue=tab.view.queue,
    )
    return replace(desk, missed=(card, *(other for other in desk.missed if other.call != call)))


def see(desk: Desk, call: CallId | None, at: datetime) -> Desk:
    """The desk after he learned of a missed card, or of all."""
    missed = tuple(
        replace(card, seen_at=at) if card.seen_at is None and call in (None, card.call) else card
        for card in desk.missed
    )
    return replace(desk, missed=missed)


def _rings(desk: Desk, call: CallId) -> bool:
    return desk.ringing is not None and desk.ringing.call == call


def _without_bar(desk: Desk, call: CallId) -> Desk:
    is_its = desk.untaken is not None and desk.untaken.call == call
    return replace(desk, untaken=None) if is_its else desk


def _ring(desk: Desk, effect: ShowRinging) -> Desk:
    """The phone rings, or he talks already and may still ask for the card."""
    view = effect.view
    can_take = effect.can_take and desk.tab(view.call) is None
    is_known = desk.untaken is not None and desk.untaken.call == view.call
    if can_take and (is_known or (desk.state is AgentState.talking and view.answered_at is not None)):
        return replace(desk, untaken=view)
    return replace(desk, ringing=view, can_take=can_take)


def _dial(desk: Desk, effect: ShowDialling, now: datetime) -> Desk:
    """What nobody answered says why until he has read it; what he gave up himself needs no words."""
    view, known = effect.view, desk.dialling
    is_its = known is not None and known.view.call == view.call
    if effect.stage == "over":
        if effect.result is AttemptResult.answered or effect.why in OWN_DOING:
            return replace(desk, dialling=None) if is_its else desk
        if known is not None and is_its and not view.customers:
            view = known.view  # the call is gone, and with it who it was
        elif known is not None and not is_its and known.stage != "over":
            return desk  # he rings somebody else by now
    can_take = effect.can_take and desk.tab(view.call) is None
    dialling = Dialling(view, effect.stage, now, effect.result, effect.why, can_take)
    return replace(desk, dialling=dialling)


def _hide(desk: Desk, effect: HideRinging) -> Desk:
    """It stops because he answered (``completed``), or it does not. Said of a call that does not ring any
    more: his part in it is over."""
    if not _rings(desk, effect.call):
        return _without_bar(desk, effect.call)
    is_his = effect.reason is EndReason.completed
    untaken = desk.ringing if is_his and desk.can_take else desk.untaken
    desk = replace(desk, ringing=None, can_take=False, untaken=untaken)
    tab = desk.tab(effect.call)
    if tab and is_his and tab.stage is Stage.ringing:
        return desk.with_tab(replace(tab, stage=Stage.talking))
    return desk


def _pop(desk: Desk, view: CallView) -> Desk:
    """While the phone rings, the band stays beside the card; ``HideRinging`` tells how it ended."""
    is_ringing = _rings(desk, view.call)
    if is_ringing:
        desk = replace(desk, ringing=view, can_take=False)
    if desk.dialling is not None and desk.dialling.view.call == view.call:
        desk = replace(desk, dialling=replace(desk.dialling, can_take=False))
    desk = _without_bar(desk, view.call)
    stage = Stage.ringing if is_ringing else Stage.talking
    front = desk.tab(desk.active) if desk.active else None
    active = desk.active if front is not None and front.is_dirty else view.call
    known = desk.tab(view.call)
    if known is None:
        return replace(desk, tabs=(*desk.tabs, Tab(view=view, stage=stage)), active=active)
    # The same call once more: he answered it, or it came back to him from whom he gave it to.
    tab = replace(known, view=view, stage=stage, ended_at=None, wrap_up_until=None, dropped=None)
    is_new = known.stage not in (Stage.ringing, Stage.talking)
    return replace(desk.with_tab(tab), active=active if is_new else desk.active)


def _update(desk: Desk, view: CallView) -> Desk:
    if _rings(desk, view.call):
        desk = replace(desk, ringing=view)
    if desk.dialling is not None and desk.dialling.view.call == view.call:
        desk = replace(desk, dialling=replace(desk.dialling, view=view))
    if desk.untaken is not None and desk.untaken.call == view.call:
        desk = replace(desk, untaken=view)
    tab = desk.tab(view.call)
    if tab is None:
        return desk
    is_answered = tab.stage is Stage.ringing and view.answered_at is not None and not _rings(desk, view.call)
    return desk.with_tab(replace(tab, view=view, stage=Stage.talking if is_answered else tab.stage))


def _end(desk: Desk, effect: EndCard, now: datetime, wrap_up_until: datetime | None) -> Desk:
    tab = desk.tab(effect.call)
    if tab is None or tab.stage is Stage.wrap_up:
        return desk  # his part is over already, and his wrap-up runs since then
    if tab.stage is Stage.unfinished:
        wrap_up_until = None  # his own part ended before the call did, and his wrap-up with it
    stage = Stage.wrap_up if wrap_up_until else Stage.unfinished
    done = replace(tab, stage=stage, ended_at=now, wrap_up_until=wrap_up_until, talk_ms=effect.talk_ms)
    return desk.with_tab(done)


def _close(desk: Desk, call: CallId) -> Desk:
    """Nothing typed, or everything saved: the tab goes. A typed draft stays, marked unfinished."""
    tab = desk.tab(call)
    if tab is None:
        return desk
    if not tab.is_dirty:
        return desk.without_tab(call)
    return desk.with_tab(replace(tab, stage=Stage.unfinished, wrap_up_until=None))


def _drop(desk: Desk, effect: DropCard) -> Desk:
    """The same for a card whose call went elsewhere; what was typed stays with the reason."""
    desk = _close(desk, effect.call)
    tab = desk.tab(effect.call)
    return desk.with_tab(replace(tab, dropped=effect.reason)) if tab else desk
