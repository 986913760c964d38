"""The ledger at work: permits issued, intents before, outcomes after; nothing of it is lost while we live.

The gate decides from what is stored. Between its word and the stored intent a second question for the same
number would get an answer that does not know the first: so the number is reserved before the ledger is
read, until the intent is stored or the permit is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

import structlog

from callcore.calls.attempt import (
    Attempt,
    AttemptId,
    AttemptResult,
    CarriedCall,
    FollowUpChange,
    Medium,
    Outcome,
    PersonsCall,
    Plan,
    WishedCall,
)
from callcore.calls.campaign import Target, TargetChange
from callcore.calls.number_history import NumberHistory
from callcore.domain import Text
from callcore.numbers import mask
from callcore.outbound.gate import (
    OPEN_CALL_PAUSE,
    PERMIT_LIFETIME,
    Ask,
    Permit,
    Refusal,
    Rule,
    busy_with,
    decide,
    look,
)
from callcore.outbound.grants import Grants
from callcore.outbound.slots import Sleep
from callcore.store.attempts import Attempts, NotClaimed
from callcore.store.errors import StoreError

log = structlog.get_logger("callcore.outbound")

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 15.0
STOP_SECONDS = 5.0
"""At the end, for what is leaving and for outcomes to be stored. The rest is found at the next start."""
KNOWN_AFTER = timedelta(seconds=5)
"""Until it is asked again where only permits that are out stand in the way."""
_UNTIL_STORED = datetime.max.replace(tzinfo=UTC)
T = TypeVar("T")


class Owner(Protocol):
    """Who decides what an outcome makes of whom the attempt was for (``campaigns``; see also ``owners``)."""

    async def change(self, attempt: Attempt, outcome: Outcome) -> TargetChange | FollowUpChange | None:
        """None: there is neither target nor wish."""

    async def settled(self, attempt: Attempt, outcome: Outcome) -> None:
        """The outcome is stored."""

    async def route_gone(self, medium: Medium, route: str, why: Text) -> None:
        """PBX link, trunk or gateway is gone: stop what needs it."""


Whom = Target | PersonsCall | WishedCall | CarriedCall
"""For whom something leaves."""
Key = tuple[Medium, str, str]


def _key(ask: Ask) -> Key:
    """What one permit at a time is out for: a number; but where a second call to it may be made at the same
    time, by many callers to one office, each attempt stands for itself."""
    passes_by = (ask.purpose, Rule.open_call) in ask.profile.of_number(ask.number).skips
    return (ask.medium, ask.number, ask.attempt if passes_by else "")


def _attempt(ask: Ask, whom: Whom, now: datetime) -> Attempt:
    attempt = Attempt(
        id=ask.attempt,
        target=None,
        campaign=None,
        medium=ask.medium,
        number=ask.number,
        route=ask.route,
        profile=ask.profile.code,
        intended_at=now,
        purpose=ask.purpose,
        login=ask.login,
        rate_minor=ask.profile.limits.tariff.rate(ask.medium, ask.number),
    )
    if isinstance(whom, Target):
        return replace(attempt, target=whom.id, campaign=whom.campaign)
    if isinstance(whom, CarriedCall):
        return replace(attempt, plan=Plan.carried, call=whom.call, customer=whom.customer)
    if isinstance(whom, WishedCall):
        return replace(attempt, plan=whom.plan, customer=whom.customer, follow_up=whom.follow_up)
    attempt = replace(attempt, plan=whom.plan, phone=whom.phone, customer=whom.customer)
    return replace(attempt, follow_up=whom.follow_up)


def _until_known(refusal: Refusal, now: datetime) -> Refusal:
    """It hangs on permits that are out: they may not be used in the end, and one that is being stored may
    have been counted twice. Asked again soon, the ledger knows."""
    soon = now + KNOWN_AFTER
    return replace(refusal, until=soon if refusal.until is None else min(refusal.until, soon))


class Ledger:
    def __init__(self, attempts: Attempts, owner: Owner, now: Callable[[], datetime], sleep: Sleep) -> None:
        self.attempts = attempts
        self.owner = owner
        self.now = now
        self.sleep = sleep
        self.unsettled = 0
        """Outcomes that could not be stored yet."""
        self._reserved: dict[Key, tuple[AttemptId, datetime]] = {}
        self._grants = Grants()
        self._tasks: set[asyncio.Task[Any]] = set()
        self.is_closing = False

    # --- before

    async def permit(self, ask: Ask) -> Permit | Refusal:
        """Raises StoreUnavailable: without the ledger there is no permit."""
        key, now = _key(ask), self.now()
        self._forget_expired(now)
        if key in self._reserved and self._reserved[key][1] > now:
            until = min(self._reserved[key][1], now + OPEN_CALL_PAUSE)
            return Refusal(Rule.open_call, until, busy_with(ask.medium))
        self._reserved[key] = (ask.attempt, now + PERMIT_LIFETIME)
        answer: Permit | Refusal | None = None
        try:
            needed = look([ask], now)
            with self._grants.watch() as used:
                known = await self.attempts.history(
                    [ask.number], needed.since, people=needed.people, usage=needed.usage
                )
                now = self.now()
                self._grants.forget_expired(now)
                history = known.get(ask.number, NumberHistory())
                answer = decide(ask, self._grants.counted(history, ask.number, used, now), now)
                if isinstance(answer, Refusal) and isinstance(decide(ask, history, now), Permit):
                    answer = _until_known(answer, now)
        finally:
            if isinstance(answer, Permit):
                self._reserved[key] = (ask.attempt, answer.expires_at)
                self._grants.add(answer)
            else:
                self._reserved.pop(key, None)
        return answer

    def _forget_expired(self, now: datetime) -> None:
        while self._reserved:
            key, (_attempt, expires_at) = next(iter(self._reserved.items()))
            if expires_at > now:
                return
            del self._reserved[key]

    def drop(self, permit: Permit) -> None:
        """It is not going to be used."""
        self._grants.back(permit)
        if self.is_valid(permit):
            self._reserved.pop(_key(permit.ask), None)

    def is_valid(self, permit: Permit) -> bool:
        """Issued by ``permit``, not used, not over."""
        reserved = self._reserved.get(_key(permit.ask))
        return reserved is not None and reserved[0] == permit.ask.attempt and permit.holds_at(self.now())

    async def confirm(self, ask: Ask) -> Permit | Refusal:
        """The gate's word on a call that is under way already, before its number is rung: it does not stand
        in its own way, and what it spends is counted already. The permit reserves nothing. Raises
        StoreUnavailable."""
        needed = look([ask], self.now())
        known = await self.attempts.history(
            [ask.number], needed.since, people=needed.people, without=ask.attempt
        )
        return decide(ask, known.get(ask.number, NumberHistory()), self.now())

    async def intend(self, permit: Permit, whom: Whom) -> Attempt | None:
        """The intent, stored; None where the permit does not fit, is used, or is over: ask for another.

        Raises NotClaimed, StoreUnavailable: nothing is stored.
        """
        ask = permit.ask
        is_other = isinstance(whom, Target) and whom.number != ask.number
        if self.is_closing or is_other or not self.is_valid(permit):
            log.info("permit_not_used", attempt=ask.attempt, number=mask(ask.number))
            return None
        attempt = _attempt(ask, whom, self.now())
        key = _key(ask)
        self._reserved[key] = (ask.attempt, _UNTIL_STORED)
        self._grants.storing(permit)
        try:
            await self.attempts.intend(attempt)
        except NotClaimed:
            self._grants.back(permit)
            self.spawn(self._undo(attempt))
            raise
        except BaseException as error:
            self._grants.used(permit)
            if isinstance(error, StoreError):
                self.spawn(self._undo(attempt))
            raise
        else:
            self._grants.used(permit)
        finally:
            self._reserved.pop(key, None)
        return attempt

    async def _undo(self, attempt: Attempt) -> None:
        """A database that is lost at the COMMIT may have stored what it did not answer for."""
        stored = await self.patiently(lambda: self.attempts.get(attempt.id), "intent_in_doubt")
        if stored is not None and stored.outcome is None:
            detail = "the database did not answer for the intent"
            await self.settled(stored, Outcome(AttemptResult.not_sent, self.now(), detail=detail))

    # --- after

    def settle(self, attempt: Attempt, outcome: Outcome) -> None:
        self.spawn(self.settled(attempt, outcome))

    async def settled(self, attempt: Attempt, outcome: Outcome) -> None:
        """Returns when the outcome is stored; the store may be gone meanwhile."""
        self.unsettled += 1
        try:
            is_news = await self.patiently(lambda: self._store(attempt, outcome), "outcome_not_stored")
        finally:
            self.unsettled -= 1
        if not is_news:
            return
        log.info(
            "attempt_settled",
            attempt=attempt.id,
            medium=attempt.medium,
            number=mask(attempt.number),
            result=outcome.result,
            cause=outcome.cause,
            detail=outcome.detail,
        )
        try:
            await self.owner.settled(attempt, outcome)
        except Exception:
            log.exception("owner_failed", attempt=attempt.id)

    async def _store(self, attempt: Attempt, outcome: Outcome) -> bool:
        change = await self.owner.change(attempt, outcome)
        return await self.attempts.settle(attempt.id, outcome, change)

    async def patiently(self, work: Callable[[], Awaitable[T]], trouble: str) -> T:
        """What ``work`` returns, however often it must be tried."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return await work()
            except Exception as error:
                is_store = isinstance(error, StoreError)
                log.error(trouble, why=str(error) or type(error).__name__, exc_info=not is_store)
            await self.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def route_gone(self, medium: Medium, route: str, why: Text) -> None:
        log.error("route_gone", medium=medium, route=route, why=why.en)
        try:
            await self.owner.route_gone(medium, route, why)
        except Exception:
            log.exception("owner_failed", medium=medium, route=route)

    # --- the tasks

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Work that whoever asked for it cannot cancel."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # who waits for it gets it; who stopped waiting does not want it

    async def close(self) -> None:
        """Nothing new leaves; what is under way gets a moment."""
        self.is_closing = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
