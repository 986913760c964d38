"""Each rule of the gate: a question, what is known, the moment → a Refusal, or None. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import phonenumbers

from callcore.calls.attempt import Medium as M
from callcore.calls.number_history import Consent, NumberHistory, Past, Usage
from callcore.domain import Text
from callcore.outbound import rule_words as words
from callcore.outbound.asking import Ask, Refusal
from callcore.outbound.numbering import costs_extra, region_of
from callcore.outbound.numbering import zone_of as home_zone
from callcore.outbound.profile import LONG, Budget, Cap, Destinations, Meter, Rule
from callcore.outbound.quiet import QuietHours, UnknownZone, first_quiet, free_from, zone_of

Answer = Callable[[Ask, NumberHistory, datetime], Refusal | None]
OPEN_CALL_PAUSE = timedelta(seconds=30)
"""How long until it is asked again whether we are still on the line with a number."""
_CANONICAL = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{1,6}", re.ASCII)


def _never(rule: Rule, evidence: Text) -> Refusal:
    return Refusal(rule, None, evidence)


# --- where to


def destination(ask: Ask, history: NumberHistory, now: datetime) -> Refusal | None:
    number, to = ask.number, ask.profile.destinations
    if _CANONICAL.fullmatch(number) is None:
        return _never(Rule.destination, words.NO_NUMBER)
    allowed, denied = _allowed(number, to), _longest(number, to.deny)
    if denied is not None and (allowed is None or len(denied) >= len(allowed)):
        return _never(Rule.destination, words.denied(denied))
    if allowed is None:
        return _never(Rule.destination, words.NOT_ALLOWED)
    if not to.premium and len(allowed) < LONG and costs_extra(number):
        return _never(Rule.destination, words.COSTS_EXTRA)
    return None


def _allowed(number: str, to: Destinations) -> str | None:
    """The prefix by which it is allowed."""
    allowed = _longest(number, to.allow)
    if not to.home or region_of(number) != to.home:
        return allowed
    home = f"+{phonenumbers.country_code_for_region(to.home)}"
    return home if allowed is None or len(home) > len(allowed) else allowed


def _longest(number: str, prefixes: tuple[str, ...]) -> str | None:
    return max((prefix for prefix in prefixes if number.startswith(prefix)), key=len, default=None)


# --- what the person said


def dnc(ask: Ask, history: NumberHistory, now: datetime) -> Refusal | None:
    if history.dnc_since is None:
        return None
    return _never(Rule.dnc, words.listed(history.dnc_since))


def opt_out(ask: Ask, history: NumberHistory, now: datetime) -> Refusal | None:
    for said in history.opt_outs:
        if said.medium in (None, ask.medium) and said.message_class in ("", ask.profile.kind):
            return _never(Rule.opt_out, words.opted_out(said))
    return None


def consent(ask: Ask, history: NumberHistory, now: datetime) -> Refusal | None:
    if not ask.profile.consents or consent_for(ask, history, now) is not None:
        return None
    wanted = {_clause(clause) for clause in ask.profile.consents}
    last = [each for each in history.consents if _clause(each.clause) in wanted]
    return _never(Rule.consent, words.no_consent(ask.profile.consents, last, now))


def consent_for(ask: Ask, history: NumberHistory, now: datetime) -> Consent | None:
    """The consent that holds longest, if the profile wants one and there is one that can be shown."""
    wanted = {_clause(clause) for clause in ask.profile.consents}
    holding = [
        each
        for each in history.consents
        if _clause(each.clause) in wanted
        and each.evidence.strip()
        and each.granted_at <= now
        and (each.withdrawn_at is None or each.withdrawn_at > now)
    ]
    return max(holding, key=_lasts, default=None)


def _clause(text: str) -> str:
    return " ".join(text.split()).casefold()


def _lasts(one: Consent) -> tuple[bool, float]:
    return one.withdrawn_at is None, one.withdrawn_at.timestamp() if one.withdrawn_at else 0.0


# --- when


def open_call(ask: Ask, history: NumberHistory, now: datetime) -> Refusal | None:
    if ask.medium is not M.voice or not history.has_open_call:
        return None
    return Refusal(Rule.open_call, now + OPEN_CALL_PAUSE, words.busy_with(ask.medium))


def quiet_hours(ask: Ask, history: NumberHistory, now: datetime) -> Refusal | None:
    if not ask.profile.is_ever_quiet:
        return None
    try:
        places = quiet_places(ask)
    except UnknownZone as unknown:
        return _never(Rule.quiet_hours, words.unknown_zone(str(unknown)))
    quiet = first_quiet(places, now)
    if quiet is None:
        return None
    span = quiet.span_on(now.astimezone(quiet.zone).date())
    return Refusal(Rule.quiet_hours, free_from(places, now), words.quiet(str(span), quiet.zone.key))


def quiet_places(ask: Ask) -> tuple[QuietHours, ...]:
    """Where the recipient may be: by his record, and by his number. Raises UnknownZone."""
    profile, at_home = ask.profile, home_zone(ask.number)
    names = dict.fromkeys((ask.zone, *ask.more_zones))
    if at_home is not None:
        names[at_home] = None
    return tuple(QuietHours(profile.usual_quiet, zone_of(name), profile.days_off) for name in names)


def pause(ask: Ask, history: NumberHistory, now: datetime) -> Refusal | None:
    profile = ask.profile
    known = _known(history, per_person=profile.pause_per_person)
    last = max((past.at for past in known if past.medium is ask.medium), default=None)
    if last is None or last + profile.pause <= now:
        return None
    return Refusal(Rule.pause, last + profile.pause, words.too_soon(ask.medium, last, profile.pause))


def attempt_cap(ask: Ask, history: NumberHistory, now: datetime) -> Refusal | None:
    for cap in ask.profile.all_caps:
        if cap.concerns(ask.medium, ask.purpose):
            refusal = _capped(cap, ask, history, now)
            if refusal is not None:
                return refusal
    return None


def _capped(cap: Cap, ask: Ask, history: NumberHistory, now: datetime) -> Refusal | None:
    known = _known(history, per_person=cap.per_person)
    counted = sorted(
        past.at for past in known if cap.counts(past, ask.profile.code) and past.at + cap.within > now
    )
    if len(counted) < cap.most:
        return None
    until = counted[len(counted) - cap.most] + cap.within if cap.most > 0 else None
    return Refusal(Rule.attempt_cap, until, words.capped(cap, len(counted)))


def _known(history: NumberHistory, *, per_person: bool) -> tuple[Past, ...]:
    return history.past + history.to_person if per_person else history.past


# --- what it costs


def budget(ask: Ask, history: NumberHistory, now: datetime) -> Refusal | None:
    limits = ask.profile.limits
    for each in limits.budgets:
        if not _concerns(each, ask):
            continue
        needed = limits.tariff.rate(ask.medium, ask.number) if each.meter is Meter.money else 1
        used = sum(_used(each, row) for row in history.usage if _is_of(each, row, ask, now))
        if used + needed > each.most:
            until = limits.next_day(now) if needed <= each.most else None
            return Refusal(Rule.budget, until, words.spent(each, used))
    return None


_OF: Mapping[Meter, frozenset[M]] = {
    Meter.calls: frozenset((M.voice,)),
    Meter.messages: frozenset((M.sms,)),
    Meter.minutes: frozenset((M.voice,)),
    Meter.money: frozenset(M),
}


def _concerns(each: Budget, ask: Ask) -> bool:
    return (
        ask.medium in _OF[each.meter]
        and each.purpose in (None, ask.purpose)
        and each.route in ("", ask.route)
        and (not each.each_login or ask.login != "")
    )


def _is_of(each: Budget, row: Usage, ask: Ask, now: datetime) -> bool:
    zone = ask.profile.limits.zone
    return (
        row.medium in _OF[each.meter]
        and each.purpose in (None, row.purpose)
        and each.route in ("", row.route)
        and (not each.each_login or row.login == ask.login)
        and row.at.astimezone(zone).date() == now.astimezone(zone).date()
    )


def _used(each: Budget, row: Usage) -> int:
    match each.meter:
        case Meter.calls | Meter.messages:
            return row.attempts
        case Meter.minutes:
            return row.minutes
        case Meter.money:
            return row.cost_minor


RULES: Mapping[Rule, Answer] = {
    Rule.destination: destination,
    Rule.dnc: dnc,
    Rule.opt_out: opt_out,
    Rule.consent: consent,
    Rule.open_call: open_call,
    Rule.quiet_hours: quiet_hours,
    Rule.pause: pause,
    Rule.attempt_cap: attempt_cap,
    Rule.budget: budget,
}
"""In the order in which they are asked."""
