"""The first lines of a story: did the card open, for whom, and if not, why not. Pure.

One sentence for each operator concerned, the one that explains most first; where no operator was concerned,
one sentence says why nobody was.
"""

from __future__ import annotations

from dataclasses import dataclass

from callcore.domain import Text
from callcore.flight.entries import Entry, Story, What
from callcore.flight.words import MOMENTS, OUTCOMES, REASONS, WHY_UNPAINTED, Tone, in_words


@dataclass(frozen=True, slots=True)
class Verdict:
    code: str
    """Stable, for programs."""
    tone: Tone
    text: Text
    who: str = ""
    """Login, or the device of a phone that is nobody's."""


def verdicts(story: Story) -> tuple[Verdict, ...]:
    """At least one; those of operators whose card failed come first, then the others as they took part."""
    people = [_of_person(story, login) for login in story.logins]
    found = [*people, *_nobodys_phones(story)]
    if not found:
        found = [_without_operator(story)]
    elif not any(verdict.code in _HAD_CARD for verdict in found):
        found = [*_general(story), *found]
    return tuple(sorted(found, key=lambda verdict: _ORDER.get(verdict.code, 5)))


_HAD_CARD = frozenset(
    ("painted", "painted_late", "no_page", "hidden", "unconfirmed", "off_shift", "unpainted", "waiting")
)
_ORDER = {
    "internal": 0,
    **dict.fromkeys(("no_page", "hidden", "unconfirmed", "off_shift", "unpainted"), 1),
    **dict.fromkeys(("policy_never", "policy_button", "answered_by_nobody"), 2),
    **dict.fromkeys(("link_lost", "painted", "painted_late", "waiting"), 3),
    "nobodys_phone": 4,
}


# --- one operator


def _of_person(story: Story, login: str) -> Verdict:
    mine = [entry for entry in story.entries if entry.who == login]
    if any(entry.what is What.popped for entry in mine):
        return _popped(login, mine)
    if story.direction == "internal":
        return Verdict("internal", Tone.plain, _INTERNAL, login)
    moment = _moment(story)
    reason = next((e.text("reason") for e in reversed(mine) if e.what is What.ring_hidden), "")
    if reason == "completed" or _answered_by(story) == login:
        return _answered_without_card(login, moment)
    return _not_answered(login, reason, is_living=story.ended_at is None)


def _popped(login: str, mine: list[Entry]) -> Verdict:
    painted = next((entry for entry in mine if entry.what is What.painted), None)
    missed = next((entry for entry in reversed(mine) if entry.what is What.unpainted), None)
    if painted is None and missed is None and not any(entry.what is What.published for entry in mine):
        # A desk publishes what it is given; where there is none, nobody is on shift under this login.
        missed = Entry(mine[0].at, What.unpainted, login, {"why": "off_shift"})
    if painted is not None:
        ms = painted.number("ms") or 0
        if missed is None:
            text = Text(
                f"{login}: карточка открылась, браузер показал её через {ms} мс.",
                f"{login}: the card opened, the browser painted it after {ms} ms.",
            )
            return Verdict("painted", Tone.good, text, login)
        why = in_words(WHY_UNPAINTED, missed.text("why"))
        text = Text(
            f"{login}: карточка открылась поздно, через {ms / 1000:.1f} с: {why.ru}.",
            f"{login}: the card opened late, after {ms / 1000:.1f} s: {why.en}.",
        )
        return Verdict("painted_late", Tone.bad, text, login)
    if missed is not None:
        why = in_words(WHY_UNPAINTED, missed.text("why"))
        remedy = _REMEDIES.get(missed.text("why"), Text("", ""))
        text = Text(
            f"{login}: карточка не показана: {why.ru}.{remedy.ru}",
            f"{login}: the card was not shown: {why.en}.{remedy.en}",
        )
        code = missed.text("why") if missed.text("why") in WHY_UNPAINTED else "unpainted"
        return Verdict(code, Tone.bad, text, login)
    text = Text(
        f"{login}: карточка отправлена, подтверждения от браузера нет.",
        f"{login}: the card was sent, the browser has not confirmed it.",
    )
    return Verdict("waiting", Tone.plain, text, login)


_REMEDIES = {
    "no_page": Text(
        " Откройте рабочее место в браузере и держите его открытым.",
        " Open the desk in a browser and keep it open.",
    ),
    "hidden": Text(
        " Разрешите уведомления или держите рабочее место на виду.",
        " Allow notifications, or keep the desk in sight.",
    ),
    "unconfirmed": Text(
        " Проверьте сеть и компьютер; обновите страницу.", " Check network and computer; reload the page."
    ),
    "off_shift": Text(" Выберите телефон на рабочем месте.", " Choose the phone at the desk."),
}


def _answered_without_card(login: str, moment: str) -> Verdict:
    if moment in ("never", "button"):
        rule = in_words(MOMENTS, moment)
        asked = Text("; её не попросили", "; nobody pressed it") if moment == "button" else Text("", "")
        text = Text(
            f"{login} ответил, но правило для этого звонка — {rule.ru}{asked.ru} (настройка pop).",
            f"{login} answered, but the rule for this call is: {rule.en}{asked.en} (setting pop).",
        )
        return Verdict(f"policy_{moment}", Tone.plain, text, login)
    text = Text(
        f"{login} ответил, но карточка не открывалась: ответ не увидели (смотрите ход звонка).",
        f"{login} answered, but no card was opened: the answer was not seen (see the timeline).",
    )
    return Verdict("not_seen", Tone.bad, text, login)


def _not_answered(login: str, reason: str, *, is_living: bool) -> Verdict:
    if not reason and is_living:
        text = Text(
            f"{login}: телефон звонит, ответа ещё не было.", f"{login}: the phone rings, nobody answered yet."
        )
        return Verdict("ringing", Tone.plain, text, login)
    why = in_words(REASONS, reason or "lost")
    text = Text(
        f"{login}: телефон звонил, но {why.ru}; карточка открывается у того, кто ответил.",
        f"{login}: the phone rang, but {why.en}; the card opens for whoever answers.",
    )
    return Verdict("not_answered", Tone.plain, text, login)


# --- nobody's phones


def _nobodys_phones(story: Story) -> list[Verdict]:
    logged = _logged(story)
    answered = logged.text("answered_at_nobodys") if logged else ""
    found = []
    for device in dict.fromkeys(_devices(story)):
        if device == answered:
            text = Text(
                f"Ответили с {device}, но на смене с этим телефоном никого нет: некому открыть карточку. "
                "Выберите этот телефон на рабочем месте.",
                f"Somebody answered at {device}, but nobody is on shift with this phone: there is no desk to "
                "open the card on. Choose this phone at the desk.",
            )
            found.append(Verdict("answered_by_nobody", Tone.bad, text, device))
        else:
            text = Text(
                f"{device} звонил, но на смене с этим телефоном никого нет.",
                f"{device} rang, but nobody is on shift with this phone.",
            )
            found.append(Verdict("nobodys_phone", Tone.plain, text, device))
    return found


def _devices(story: Story) -> list[str]:
    logged = _logged(story)
    if logged is not None:
        return [device for device in logged.text("nobodys").split(" ") if device]
    shown = {entry.at for entry in story.entries if entry.what is What.ring_shown}
    return [e.who for e in story.entries if e.what is What.rang and e.at not in shown]


# --- nobody at all


_INTERNAL = Text(
    "Внутренний звонок: для своих карточка не открывается.",
    "An internal call: no card opens for colleagues.",
)


def _general(story: Story) -> list[Verdict]:
    """What explains it all, where no operator had the card."""
    if story.direction == "internal":
        return [Verdict("internal", Tone.plain, _INTERNAL)]
    if any(entry.what is What.link_lost for entry in story.entries):
        return [_LINK_LOST]
    return []


_LINK_LOST = Verdict(
    "link_lost",
    Tone.bad,
    Text(
        "Во время звонка не было связи с АТС: что тогда случилось, callcore не видел.",
        "The link to the PBX was down during the call: callcore did not see what happened then.",
    ),
)


def _without_operator(story: Story) -> Verdict:
    general = _general(story)
    if general:
        return general[0]
    logged = _logged(story)
    if logged is not None and logged.text("source") == "journal":
        text = Text(
            "Звонок прошёл, пока callcore не работал или не видел АТС; записан по журналу. Карточку открыть "
            "было некому.",
            "The call took place while callcore was down or did not see the PBX; it was written from the "
            "journal. Nothing could open a card.",
        )
        return Verdict("away", Tone.bad, text)
    if logged is not None:
        outcome = in_words(OUTCOMES, logged.text("outcome"))
        text = Text(
            f"До оператора звонок не дошёл: {outcome.ru}. Карточку открывать было не у кого.",
            f"The call reached no operator: {outcome.en}. There was nobody to open a card for.",
        )
        return Verdict("no_operator", Tone.plain, text)
    if story.ended_at is None:
        text = Text(
            "Звонок идёт; ни у одного оператора он ещё не звонил.",
            "The call is under way; it has not rung at any operator yet.",
        )
        return Verdict("living", Tone.plain, text)
    text = Text(
        "Звонок закончился, ни у одного оператора он не звонил.",
        "The call ended without ringing at any operator.",
    )
    return Verdict("no_operator", Tone.plain, text)


# --- facts of a story


def _logged(story: Story) -> Entry | None:
    return next((entry for entry in reversed(story.entries) if entry.what is What.logged), None)


def _answered_by(story: Story) -> str:
    logged = _logged(story)
    return logged.text("answered_by") if logged else ""


def _moment(story: Story) -> str:
    return next((e.text("moment") for e in reversed(story.entries) if e.what is What.policy), "")
