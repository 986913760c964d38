"""What publishing an outage would do: what is said, whom it reaches, who is left out and by which rule."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from callcore.calls.attempt import AttemptId, Medium
from callcore.calls.campaign import NewTarget
from callcore.campaigns import plan
from callcore.campaigns.lanes import screen
from callcore.campaigns.ports import Announcement
from callcore.campaigns.runner import CampaignRunner
from callcore.campaigns.views import Preview, Prospect
from callcore.domain import LANGUAGES, Outage, OutageId, OutageState, Text
from callcore.outbound.gate import Ask, Permit, Profile, Purpose, Refusal

NOTHING = Text("", "")
PROSPECTS = 300
SCREENED_AT_ONCE = 500
"""Between two chances for others to run."""
_NOBODY = AttemptId("preview")


async def preview(runner: CampaignRunner, publication: Announcement) -> Preview:
    """Stores nothing, asks the gate as the lanes will."""
    known = await runner.outages.get(publication.number)
    outage = _as_outage(publication, known, runner.now())
    news = await runner.news_of(outage)
    targets = await runner.resolve(outage, news)
    voice, sms = runner.words.notice(outage, news)
    prospects = [Prospect(target) for target in targets if target.result is not None]
    profile = runner.setup.profiles[runner.setup.profile_of[outage.kind]]
    prospects += await _screened(runner, [target for target in targets if target.result is None], profile)
    parts = {language: runner.words.parts(sms.in_(language)) for language in LANGUAGES}
    told = [prospect.target for prospect in prospects if not _skip(prospect)]
    return Preview(
        voice=voice,
        sms=sms,
        caller=runner.words.caller(outage) if outage.is_open else NOTHING,
        sms_parts={language: count for language, (count, _) in parts.items()},
        sms_alphabet={language: alphabet for language, (_, alphabet) in parts.items()},
        customers=len(targets),
        by_phone=sum(target.next_medium is Medium.voice for target in told),
        by_sms=sum(target.next_medium is Medium.sms for target in told),
        waiting=Counter(prospect.rule for prospect in prospects if prospect.until is not None),
        skipped=Counter(filter(None, map(_skip, prospects))),
        prospects=tuple(sorted(prospects, key=_interest)[:PROSPECTS]),
    )


async def _screened(runner: CampaignRunner, targets: Iterable[NewTarget], profile: Profile) -> list[Prospect]:
    """Calls first; who may not be rung any more is asked about for an SMS."""
    waiting = list(targets)
    found: list[Prospect] = []
    for medium in (Medium.voice, Medium.sms):
        asked = [target for target in waiting if target.next_medium is medium]
        for start in range(0, len(asked), SCREENED_AT_ONCE):
            chunk = asked[start : start + SCREENED_AT_ONCE]
            questions = [
                Ask(_NOBODY, medium, Purpose.notice, target.number, target.zone, "", profile)
                for target in chunk
            ]
            answers = await screen(runner.attempts, questions, runner.now())
            for target, answer in zip(chunk, answers, strict=True):
                prospect = _prospect(target, answer, runner.setup.rules)
                if isinstance(prospect, Prospect):
                    found.append(prospect)
                else:
                    waiting.append(prospect)
            await asyncio.sleep(0)
    return found


def _prospect(target: NewTarget, answer: Permit | Refusal, rules: plan.Rules) -> Prospect | NewTarget:
    """A target instead: ask again for an SMS."""
    if isinstance(answer, Permit):
        return Prospect(target)
    numbers = (target.number, *target.others)
    match plan.refused(numbers, target.next_medium, answer, rules):
        case plan.TextNow(number):
            return replace(target, number=number, next_medium=Medium.sms)
        case plan.Postponed(until, rule):
            return Prospect(target, rule, answer.evidence, until)
        case plan.Ended(_, rule):
            return Prospect(target, rule, answer.evidence)
        case other:
            assert_never(other)


def _skip(prospect: Prospect) -> str:
    """Why he is left out; "" if he is not."""
    if prospect.target.result is not None:
        return prospect.target.reason
    return prospect.rule if prospect.until is None else ""


def _interest(prospect: Prospect) -> int:
    """Who is left out first, then who waits."""
    if _skip(prospect):
        return 0
    return 1 if prospect.rule else 2


def _as_outage(publication: Announcement, known: Outage | None, now: datetime) -> Outage:
    if publication.state == "open":
        state = OutageState.estimated if publication.estimated_restoration_at else OutageState.confirmed
    else:
        state = OutageState(publication.state)
    return Outage(
        id=known.id if known else OutageId(0),
        number=publication.number,
        revision=publication.revision,
        source="",
        kind=publication.kind,
        state=state,
        cause=publication.cause,
        starts_at=publication.starts_at,
        estimated_restoration_at=publication.estimated_restoration_at,
        ended_at=publication.ended_at or (None if publication.state == "open" else now),
        nodes=publication.nodes,
        published_at=known.published_at if known else now,
        changed_at=now,
    )
