"""``callcore gate``: whether a call or message to a number may leave, and what each rule says to it."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from callcore.calls.attempt import AttemptId, Medium, Purpose
from callcore.calls.number_history import NumberHistory
from callcore.commands.frame import DONE, Output, Work, WrongUse, add_config, add_json, text_json
from callcore.commands.logins import known_logins, no_login
from callcore.commands.route_facts import moment
from callcore.config import Settings, load
from callcore.config.gate_values import SMS_ROUTE, make_profiles, profile_of_purpose
from callcore.domain import Text
from callcore.numbers import Number, format_national, normalise
from callcore.outbound.gate import Ask, Finding, Permit, Profile, Refusal, decide, explain, look
from callcore.outbound.numbering import zone_of
from callcore.outbound.rule_words import PURPOSE_TITLES, RULE_TITLES
from callcore.store.database import Database
from callcore.store.errors import DatabaseMissing, StoreError
from callcore.strictyaml.fields import known_zone

_MEDIA = {Medium.voice: Text("звонок", "call"), Medium.sms: Text("SMS", "SMS")}
_NOBODY = AttemptId("gate")


@dataclass(frozen=True, slots=True)
class _Answer:
    ask: Ask
    at: datetime
    answer: Permit | Refusal
    findings: tuple[Finding, ...]

    @property
    def profile(self) -> Profile:
        return self.ask.profile.of_number(self.ask.number)


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    add_config(parser, output)
    add_json(parser, output)
    say = output.words
    parser.add_argument("number", metavar="NUMBER", help=say(Text("кому", "to whom")))
    parser.add_argument(
        "--purpose",
        choices=[each.value for each in Purpose],
        default=Purpose.notice.value,
        help=say(Text("зачем; иначе оповещение", "what for; a notice if not given")),
    )
    parser.add_argument(
        "--medium",
        choices=[each.value for each in Medium],
        default=Medium.voice.value,
        help=say(Text("чем; иначе звонок", "by what; a call if not given")),
    )
    for name, metavar, words in (
        (
            "--profile",
            "P",
            Text(
                "профиль из outbound.profiles; иначе тот, что назначен цели",
                "a profile of outbound.profiles; else the one that the purpose has",
            ),
        ),
        (
            "--route",
            "R",
            Text("АТС или sms; иначе первая из outbound.trunks", "PBX or sms; else the first trunk"),
        ),
        (
            "--zone",
            "Z",
            Text(
                "где он, например Asia/Omsk; иначе по записи",
                "where he is, e.g. Asia/Omsk; by his record",
            ),
        ),
        ("--login", "L", Text("кто звонит; иначе сам callcore", "who calls; else callcore itself")),
    ):
        parser.add_argument(name, metavar=metavar, default="", help=say(words))
    parser.add_argument(
        "--at",
        metavar="TIME",
        default="now",
        help=say(
            Text(
                "момент: 2026-12-31T09:00 (в поясе организации), 2026-12-31T09:00+03:00 или now",
                "the moment: 2026-12-31T09:00 (in the organisation's zone), 2026-12-31T09:00+03:00 or now",
            )
        ),
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help=say(Text("что говорит каждое правило", "what each rule says")),
    )


def _run(options: argparse.Namespace, output: Output) -> int:
    settings = load(Path(options.config), need_secrets=False, with_trials=False)
    zone = settings.organisation.zone
    at = moment(options.at, zone)
    number = normalise(options.number, settings.organisation.country)
    if number is None:
        raise WrongUse(
            Text(f"{options.number[:40]!a} — не номер.", f"{options.number[:40]!a} is not a number.")
        )
    profile = _profile(options, settings, at.year)
    plain = _ask(options, settings, number, profile)
    ask, history = _known(plain, settings, at, output, is_given=bool(options.zone))
    found = _Answer(ask, at, decide(ask, history, at), explain(ask, history, at))
    if options.json:
        output.json(_as_json(found, zone))
    else:
        shown = format_national(number, settings.organisation.country)
        _print(found, shown, zone, output, is_explained=options.explain)
    return DONE


def _profile(options: argparse.Namespace, settings: Settings, year: int) -> Profile:
    purpose = Purpose(options.purpose)
    profiles = make_profiles(settings, year)
    named = options.profile
    if not named and purpose is Purpose.notice:
        named = settings.outages.profiles.planned
    if not named:
        return profile_of_purpose(settings, purpose, year)
    if named not in profiles:
        known = ", ".join(profiles)
        raise WrongUse(
            Text(
                f"Профиля {named[:40]!a} нет. Есть: {known}.",
                f"No profile {named[:40]!a}. There are {known}.",
            )
        )
    return profiles[named]


def _ask(options: argparse.Namespace, settings: Settings, number: Number, profile: Profile) -> Ask:
    medium = Medium(options.medium)
    trunk = next(iter(settings.outbound.trunks), "")
    zone = options.zone or settings.organisation.zone.key
    if known_zone(zone) is None:
        raise WrongUse(
            Text(
                f"Часового пояса {zone[:40]!a} нет. Напишите, например, Europe/Moscow или Asia/Omsk.",
                f"There is no time zone {zone[:40]!a}. Write for example Europe/Moscow or Asia/Omsk.",
            )
        )
    return Ask(
        _NOBODY,
        medium,
        Purpose(options.purpose),
        number.canonical,
        zone,
        _route(options.route, settings) or (SMS_ROUTE if medium is Medium.sms else trunk),
        profile,
        options.login,
    )


def _route(named: str, settings: Settings) -> str:
    """A PBX may have no trunk yet: what would happen is asked beforehand."""
    there = tuple(dict.fromkeys((*settings.outbound.trunks, *settings.pbxs, SMS_ROUTE)))
    if named and named not in there:
        known = ", ".join(there)
        raise WrongUse(
            Text(f"Пути {named[:40]!a} нет. Есть: {known}.", f"No route {named[:40]!a}. There are {known}.")
        )
    return named


def _known(
    ask: Ask, settings: Settings, at: datetime, output: Output, *, is_given: bool
) -> tuple[Ask, NumberHistory]:
    """With the zones of his record, unless one was given; nothing known where the base cannot be asked."""
    try:
        return asyncio.run(_look_up(ask, settings, at, is_given=is_given))
    except DatabaseMissing:
        if ask.login:
            output.complain(
                Text(
                    "Базы ещё нет: есть ли такой логин, неизвестно.",
                    "There is no database yet: whether there is such a login is not known.",
                ),
                "yellow",
            )
    except StoreError as fault:
        output.complain(
            Text(
                f"База не ответила, о номере ничего не известно: {fault.text.ru}",
                f"The base did not answer, nothing is known of the number: {fault.text.en}",
            ),
            "yellow",
        )
    return (ask if is_given else _at_home(ask)), NumberHistory()


async def _look_up(
    ask: Ask, settings: Settings, at: datetime, *, is_given: bool
) -> tuple[Ask, NumberHistory]:
    needed = look([ask], at)
    async with await Database.open(settings.database.address) as database:
        if ask.login and ask.login not in (logins := await known_logins(database)):
            raise WrongUse(no_login(ask.login, logins))
        known = await database.attempts.history(
            [ask.number], needed.since, people=needed.people, usage=needed.usage
        )
        zones = await database.network.zones_of(ask.number)
    if zones and not is_given:
        return _with_zones(ask, *zones), known[ask.number]
    return (ask if is_given else _at_home(ask)), known[ask.number]


def _at_home(ask: Ask) -> Ask:
    """No record says where he is: his number may."""
    return _with_zones(ask, zone_of(ask.number) or ask.zone)


def _with_zones(ask: Ask, zone: str, *more: str) -> Ask:
    return Ask(
        ask.attempt, ask.medium, ask.purpose, ask.number, zone, ask.route, ask.profile, ask.login, more
    )


# --- in words


_MARKS: dict[str, tuple[str, Literal["green", "yellow", "dim"]]] = {
    "passes": ("✓", "green"),
    "refuses": ("✗", "yellow"),
    "skipped": ("–", "dim"),
}


def _print(found: _Answer, number: str, zone: ZoneInfo, output: Output, *, is_explained: bool) -> None:
    ask, profile = found.ask, found.profile
    who = Text(
        f"{number}, {PURPOSE_TITLES[ask.purpose].ru}, {_MEDIA[ask.medium].ru}, "
        f"профиль {profile.code} ({profile.country}, {profile.kind}), {_when(found.at, zone)}",
        f"{number}, {PURPOSE_TITLES[ask.purpose].en}, {_MEDIA[ask.medium].en}, "
        f"profile {profile.code} ({profile.country}, {profile.kind}), {_when(found.at, zone)}",
    )
    output.say(who)
    match found.answer:
        case Permit(grounds=grounds):
            output.say(Text("Можно.", "Permitted."), "green")
            for ground in grounds:
                output.say(f"  {output.words(ground)}")
        case Refusal() as refusal:
            output.say(_refused(refusal, zone), "yellow")
    if is_explained:
        for each in found.findings:
            _print_rule(each, zone, output)


def _refused(refusal: Refusal, zone: ZoneInfo) -> Text:
    why = refusal.evidence
    if refusal.until is None:
        return Text(f"Нельзя: {why.ru}.", f"Refused: {why.en}.")
    when = _when(refusal.until, zone)
    return Text(f"Нельзя: {why.ru}; снова спросить {when}.", f"Refused: {why.en}; ask again {when}.")


def _print_rule(each: Finding, zone: ZoneInfo, output: Output) -> None:
    mark, colour = _MARKS[each.verdict]
    title = output.words(RULE_TITLES[each.rule])
    said = ""
    if each.refusal is not None:
        until = f" → {_when(each.refusal.until, zone)}" if each.refusal.until else ""
        said = f": {output.words(each.refusal.evidence)}{until}"
    if each.verdict == "skipped":
        said += output.words(Text(" (с этой целью не мешает)", " (passed by for this purpose)"))
    output.say(f"  {output.paint(mark, colour)} {title}{said}")


def _when(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S} ({zone.key})"


def _as_json(found: _Answer, zone: ZoneInfo) -> dict[str, Any]:
    ask, profile, answer = found.ask, found.profile, found.answer
    home = zone_of(ask.number)
    told: dict[str, Any] = {
        "number": ask.number,
        "purpose": ask.purpose,
        "medium": ask.medium,
        "profile": profile.code,
        "country": profile.country,
        "message_class": profile.kind,
        "route": ask.route,
        "login": ask.login,
        "zones": list(dict.fromkeys((ask.zone, *ask.more_zones, *((home,) if home else ())))),
        "at": found.at.isoformat(),
        "permit": isinstance(answer, Permit),
    }
    if isinstance(answer, Permit):
        told["expires_at"] = answer.expires_at.isoformat()
        told["grounds"] = [text_json(ground) for ground in answer.grounds]
    else:
        told |= _refusal_json(answer)
    return told | {
        "rules": [
            {"rule": each.rule, "verdict": each.verdict}
            | (_refusal_json(each.refusal) if each.refusal is not None else {})
            for each in found.findings
        ]
    }


def _refusal_json(refusal: Refusal) -> dict[str, Any]:
    return {
        "rule": refusal.rule,
        "evidence": text_json(refusal.evidence),
        "until": refusal.until.isoformat() if refusal.until else None,
    }


GATE = Work(_configure, _run)
