"""Questions to the gate with histories, and a second opinion on each rule, reckoned in another way.

The second opinion knows nothing of numbering plans, of phonenumbers or of intervals: numbers come from a
table, days are counted by the letters of their dates, hours by minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from callcore.calls.attempt import AttemptId, Medium, Purpose
from callcore.calls.number_history import Consent, NumberHistory, OptOut, Past, Usage
from callcore.outbound.gate import Ask, Budget, Cap, Destinations, Limits, Meter, Profile, Rule, Tariff
from callcore.outbound.profile import USUAL_SKIPS, skips
from callcore.outbound.quiet import DaysOff, Span


@dataclass(frozen=True)
class Place:
    """What everybody knows of a number; ``zone``: where it is at home, if it is in one place."""

    country: str | None
    zone: str | None = None
    is_premium: bool = False
    is_number: bool = True


NUMBERS = {
    "+79000000001": Place("RU"),
    "+74951234567": Place("RU", "Europe/Moscow"),
    "+74232000001": Place("RU", "Asia/Vladivostok"),
    "+73952123456": Place("RU", "Asia/Irkutsk"),
    "+78095550001": Place("RU", is_premium=True),
    "+77010000001": Place("KZ"),
    "+442071838750": Place("GB", "Europe/London"),
    "+375172000000": Place("BY", "Europe/Moscow"),
    "112": Place(None),
    "+7": Place(None, is_number=False),
    "+7900000000x": Place(None, is_number=False),
    "79000000001": Place(None, is_number=False),
    "": Place(None, is_number=False),
}
ZONES = [
    "Europe/Moscow",
    "Asia/Vladivostok",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "UTC",
    "no/where",
]
BAD_ZONE = "no/where"
PREFIXES = ["+", "+7", "+79", "+7809", "+780955", "+7495", "+4", "1", "+79000000001"]
CLAUSES = ["4.2 реклама", "6.1", "опросы"]
CLASSES = ["", "planned", "advertising"]
ROUTES = ["main", "reserve"]
LOGINS = ["", "anna", "boris"]
TURNS = [
    datetime(2026, 3, 28, 12, tzinfo=UTC),  # Europe's spring
    datetime(2026, 10, 24, 12, tzinfo=UTC),  # and autumn
    datetime(2026, 3, 8, 0, tzinfo=UTC),  # America's; Havana's at midnight
    datetime(2026, 11, 1, 0, tzinfo=UTC),
    datetime(2026, 4, 4, 6, tzinfo=UTC),  # Lord Howe: half an hour
    datetime(2011, 12, 29, 6, tzinfo=UTC),  # Apia has no 30th
    datetime(2026, 12, 31, 6, tzinfo=UTC),
]

clocks = st.builds(time, st.integers(0, 23), st.sampled_from([0, 1, 15, 30, 59]))
spans = st.builds(Span, clocks, clocks)
moments = st.one_of(
    st.integers(0, 36 * 365 * 86_400).map(lambda s: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=s)),
    st.builds(
        lambda base, minutes: base + timedelta(minutes=minutes),
        st.sampled_from(TURNS),
        st.integers(0, 48 * 60),
    ),
)
prefixes = st.lists(st.sampled_from(PREFIXES), max_size=3, unique=True).map(tuple)
some_purposes = st.sets(st.sampled_from(list(Purpose)), min_size=1).map(frozenset)
some_media = st.sets(st.sampled_from(list(Medium)), min_size=1).map(frozenset)
windows = st.sampled_from([timedelta(minutes=10), timedelta(hours=24), timedelta(days=7)])
caps = st.builds(
    Cap,
    most=st.integers(0, 3),
    within=windows,
    media=some_media,
    purposes=some_purposes,
    per_person=st.booleans(),
    own_only=st.booleans(),
)
budgets = st.builds(
    Budget,
    meter=st.sampled_from(list(Meter)),
    most=st.integers(0, 12),
    purpose=st.sampled_from([None, None, Purpose.notice, Purpose.own_call]),
    route=st.sampled_from(["", "", *ROUTES]),
    each_login=st.booleans(),
)
priced = st.sampled_from(["+7", "+79", "+7423", "+44", "+1", "1"])
prices = st.lists(st.tuples(priced, st.integers(0, 9)), max_size=3, unique_by=lambda p: p[0])
tariffs = st.builds(Tariff, calls=prices.map(tuple), messages=prices.map(tuple))
skippable = st.sampled_from(sorted(set(Rule) - {Rule.destination, Rule.budget}))
drawn_skips = st.dictionaries(st.sampled_from(list(Purpose)), st.sets(skippable), max_size=8).map(
    lambda drawn: skips(drawn.items())
)


def days_near(now: datetime) -> st.SearchStrategy[frozenset[date]]:
    near = st.sampled_from([-1, 0, 0, 0, 1, 1, 2, 3, 7, 8]).map(lambda n: (now + timedelta(days=n)).date())
    return st.sets(near, max_size=4).map(frozenset)


def days_off(now: datetime) -> st.SearchStrategy[DaysOff]:
    return st.builds(
        DaysOff,
        on_weekend=st.none() | spans,
        on_holiday=st.none() | spans,
        holidays=days_near(now),
        workdays=days_near(now),
    )


ASPECTS = (
    "to",
    "quiet",
    "days",
    "caps",
    "pause",
    "consent",
    "skips",
    "money",
    "dnc",
    "opt_out",
    "line",
    "zone",
)
aspects = st.sets(st.sampled_from(ASPECTS), max_size=3).map(frozenset)
"""What of a question is drawn; the rest forbids nothing. Of one in which everything is drawn, most is
forbidden by the first rule."""
OPEN = Destinations(("+7", "+4", "+3", "112"))


@st.composite
def profiles(
    draw: st.DrawFn, now: datetime, of: frozenset[str] = frozenset(ASPECTS), country: str = ""
) -> Profile:
    quiet = draw(spans) if "quiet" in of else None
    few = "caps" in of
    return Profile(
        "test",
        quiet.begins if quiet else None,
        quiet.ends if quiet else None,
        draw(st.integers(0, 3)) if few else 99,
        draw(st.integers(0, 3)) if few else 99,
        draw(windows) if few else timedelta(hours=24),
        Destinations(
            draw(prefixes), draw(prefixes), draw(st.sampled_from(["", "RU", "KZ"])), draw(st.booleans())
        )
        if "to" in of
        else OPEN,
        message_class=draw(st.sampled_from(CLASSES)) if "opt_out" in of else "",
        country=country,
        days_off=draw(days_off(now)) if "days" in of else None,
        caps=tuple(draw(st.lists(caps, max_size=2))) if few else (),
        pause=timedelta(minutes=15) if "pause" in of else timedelta(0),
        pause_per_person=draw(st.booleans()) if "pause" in of else False,
        consents=tuple(draw(st.lists(st.sampled_from(CLAUSES), min_size=1, max_size=2, unique=True)))
        if "consent" in of
        else (),
        skips=draw(drawn_skips) if "skips" in of else USUAL_SKIPS,
        limits=Limits(
            tuple(draw(st.lists(budgets, min_size=1, max_size=2))),
            draw(tariffs),
            ZoneInfo(draw(st.sampled_from(ZONES[:-1]))),
        )
        if "money" in of
        else Limits(),
    )


@st.composite
def histories(draw: st.DrawFn, now: datetime, of: frozenset[str] = frozenset(ASPECTS)) -> NumberHistory:
    ago = st.integers(-120, 9 * 86_400).map(lambda s: now - timedelta(seconds=s))
    recent = st.integers(-60, 90_000).map(lambda s: now - timedelta(seconds=s))
    exactly = st.sampled_from([15, 10, 1440, 7 * 1440]).map(lambda m: now - timedelta(minutes=m))
    past = st.builds(
        Past,
        at=st.one_of(recent, ago, exactly),
        medium=st.sampled_from(list(Medium)),
        purpose=st.sampled_from(list(Purpose)),
        profile=st.sampled_from(["test", "other"]),
    )
    consents = st.builds(
        Consent,
        clause=st.sampled_from([*CLAUSES, " 4.2  РЕКЛАМА "]),
        granted_at=ago,
        granted_by=st.just("anna"),
        evidence=st.sampled_from(["договор 17", "договор 17", " "]),
        withdrawn_at=st.none() | ago,
    )
    opt_outs = st.builds(
        OptOut,
        since=ago,
        evidence=st.just("по телефону"),
        medium=st.none() | st.sampled_from(list(Medium)),
        message_class=st.sampled_from([*CLASSES, "test"]),
    )
    usage = st.builds(
        Usage,
        at=st.integers(0, 130).map(lambda quarters: now - timedelta(minutes=15 * quarters)),
        medium=st.sampled_from(list(Medium)),
        purpose=st.sampled_from([Purpose.notice, Purpose.own_call]),
        route=st.sampled_from(ROUTES),
        login=st.sampled_from(LOGINS),
        attempts=st.integers(0, 4),
        minutes=st.integers(0, 6),
        cost_minor=st.integers(0, 9),
    )
    has_past = "caps" in of or "pause" in of
    return NumberHistory(
        tuple(draw(st.lists(past, min_size=1, max_size=6))) if has_past else (),
        tuple(draw(st.lists(past, max_size=3))) if has_past else (),
        "line" in of,
        draw(ago) if "dnc" in of else None,
        (draw(opt_outs),) if "opt_out" in of else (),
        tuple(draw(st.lists(consents, max_size=3))) if "consent" in of else (),
        tuple(draw(st.lists(usage, max_size=4))) if "money" in of else (),
    )


Question = tuple[Ask, NumberHistory, datetime]
REAL = [number for number, place in NUMBERS.items() if place.is_number]


@st.composite
def questions(draw: st.DrawFn, focus: str = "") -> Question:
    """``focus``: an aspect that is drawn in any case."""
    of, now = draw(aspects) | {focus}, draw(moments)
    zones = st.sampled_from(ZONES if "zone" in of else ZONES[:-1])
    ask = Ask(
        AttemptId("a1"),
        draw(st.sampled_from(list(Medium))),
        draw(st.sampled_from([*[Purpose.notice] * 4, Purpose.own_call, *Purpose])),
        draw(st.sampled_from(list(NUMBERS) if "to" in of else REAL)),
        draw(zones),
        draw(st.sampled_from(ROUTES)),
        draw(profiles(now, of)),
        draw(st.sampled_from(LOGINS)),
        tuple(draw(st.lists(zones, max_size=2))) if of & {"zone", "quiet", "days"} else (),
    )
    return ask, draw(histories(now, of)), now


# --- the second opinion


def forbidden(ask: Ask, known: NumberHistory, at: datetime) -> set[Rule]:
    """Every rule that forbids it, whether its purpose passes by it or not."""
    checks = {
        Rule.destination: _no_way,
        Rule.dnc: lambda _ask, known, _at: known.dnc_since is not None,
        Rule.opt_out: _unwanted,
        Rule.consent: _not_agreed,
        Rule.open_call: lambda ask, known, _at: ask.medium == "voice" and known.has_open_call,
        Rule.quiet_hours: _asleep,
        Rule.pause: _too_soon,
        Rule.attempt_cap: _too_often,
        Rule.budget: _too_dear,
    }
    return {rule for rule, check in checks.items() if check(ask, known, at)}


def _no_way(ask: Ask, known: NumberHistory, at: datetime) -> bool:
    place, to = NUMBERS[ask.number], ask.profile.destinations
    if not place.is_number:
        return True
    code = {"RU": "+7", "KZ": "+7"}.get(to.home, "")
    for length in range(len(ask.number), 0, -1):
        beginning = ask.number[:length]
        if beginning in to.deny:
            return True
        if beginning in to.allow or (beginning == code and place.country == to.home):
            return place.is_premium and not to.premium and length < 5
    return True


def _unwanted(ask: Ask, known: NumberHistory, at: datetime) -> bool:
    kind = ask.profile.message_class if ask.profile.message_class else ask.profile.code
    for said in known.opt_outs:
        if said.medium is not None and said.medium != ask.medium:
            continue
        if said.message_class == "" or said.message_class == kind:
            return True
    return False


def _not_agreed(ask: Ask, known: NumberHistory, at: datetime) -> bool:
    if len(ask.profile.consents) == 0:
        return False
    agreed = []
    for said in known.consents:
        clause = said.clause.lower().split()
        wanted = [clause == each.lower().split() for each in ask.profile.consents]
        is_over = said.withdrawn_at is not None and not at < said.withdrawn_at
        if True in wanted and not is_over and not at < said.granted_at and said.evidence != " ":
            agreed.append(said)
    return not agreed


def _asleep(ask: Ask, known: NumberHistory, at: datetime) -> bool:
    profile = ask.profile
    off = profile.days_off
    has_hours = [profile.quiet_from is not None]
    if off is not None:
        has_hours += [off.on_weekend is not None, off.on_holiday is not None]
    if not any(has_hours):
        return False
    if BAD_ZONE in (ask.zone, *ask.more_zones):
        return True
    zones = {ask.zone, *ask.more_zones, NUMBERS[ask.number].zone or ask.zone}
    return any(is_quiet(profile, zone, at) for zone in zones)


def is_quiet(profile: Profile, zone: str, at: datetime) -> bool:
    """By counting minutes of the day that the calendar on his wall shows."""
    local = at.astimezone(ZoneInfo(zone))
    span = None
    if profile.quiet_from is not None and profile.quiet_until is not None:
        span = (profile.quiet_from, profile.quiet_until)
    off, letters = profile.days_off, f"{local:%Y-%m-%d}"
    if off is not None and letters not in {str(day) for day in off.workdays}:
        own = None
        if letters in {str(day) for day in off.holidays}:
            own = (off.on_holiday,)
        elif f"{local:%a}" in ("Sat", "Sun"):
            own = (off.on_weekend,)
        if own is not None:
            span = (own[0].begins, own[0].ends) if own[0] is not None else None
    if span is None:
        return False
    begins, ends = (clock.hour * 60 + clock.minute for clock in span)
    minute = local.hour * 60 + local.minute
    return (minute - begins) % 1440 < ((ends - begins) % 1440 or 1440)


def _too_soon(ask: Ask, known: NumberHistory, at: datetime) -> bool:
    rows = list(known.past)
    if ask.profile.pause_per_person:
        rows += known.to_person
    return any(at - row.at < ask.profile.pause for row in rows if row.medium == ask.medium)


def _too_often(ask: Ask, known: NumberHistory, at: datetime) -> bool:
    profile = ask.profile
    most = profile.most_calls if ask.medium == "voice" else profile.most_messages
    same = [row for row in known.past if row.medium == ask.medium and at - row.at < profile.window]
    if len(same) >= most:
        return True
    for cap in profile.caps:
        if ask.medium in cap.media and ask.purpose in cap.purposes:
            n = 0
            for row in known.past + (known.to_person if cap.per_person else ()):
                fits = row.medium in cap.media and row.purpose in cap.purposes
                if fits and at - row.at < cap.within and (row.profile == "test" or not cap.own_only):
                    n += 1
            if n >= cap.most:
                return True
    return False


def _too_dear(ask: Ask, known: NumberHistory, at: datetime) -> bool:
    zone = ask.profile.limits.zone
    today = f"{at.astimezone(zone):%Y-%m-%d}"
    rows = [row for row in known.usage if f"{row.at.astimezone(zone):%Y-%m-%d}" == today]
    for each in ask.profile.limits.budgets:
        mine = [row for row in rows if each.purpose is None or row.purpose == each.purpose]
        mine = [row for row in mine if each.route in ("", row.route)]
        if each.each_login:
            mine = [row for row in mine if row.login == ask.login]
        if each.purpose is not None and each.purpose != ask.purpose:
            continue
        if (each.route != "" and each.route != ask.route) or (each.each_login and ask.login == ""):
            continue
        voice = [row for row in mine if row.medium == "voice"]
        texts = [row for row in mine if row.medium == "sms"]
        match each.meter:
            case "calls":
                spent = sum(row.attempts for row in voice) + 1 if ask.medium == "voice" else 0
            case "messages":
                spent = sum(row.attempts for row in texts) + 1 if ask.medium == "sms" else 0
            case "minutes":
                spent = sum(row.minutes for row in voice) + 1 if ask.medium == "voice" else 0
            case _:
                spent = sum(row.cost_minor for row in mine) + _price(ask)
        if spent > each.most:
            return True
    return False


def _price(ask: Ask) -> int:
    tariff = ask.profile.limits.tariff
    prices = dict(tariff.calls if ask.medium == "voice" else tariff.messages)
    for length in range(len(ask.number), 0, -1):
        if ask.number[:length] in prices:
            return prices[ask.number[:length]]
    return max([0, *prices.values()])
