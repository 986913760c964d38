"""The script of an answered notice as a machine: what to say next, given what was heard and pressed. Pure.

    notice ── its keys ── 5 s ── its keys ── 5 s ── goodbye
      ▲
      └ 2 (three times)      at any time: 1 thanks · 9 never again · 0 an operator

Whoever runs it plays ``Say.phrases``, stopped by any of ``KEYS``, and waits for a key if none came. He tells
``count`` how much of the notice was heard, also when the call ended in the middle, and then ``press`` which
key came (None: none).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from callcore.domain import Text
from callcore.ivr.flow import FlowTexts, Phrase

CONFIRM, AGAIN, OPERATOR, NEVER_AGAIN = "1", "2", "0", "9"
KEYS = CONFIRM + AGAIN + OPERATOR + NEVER_AGAIN
MOST_REPEATS = 3
WAIT_SECONDS = 5
ENOUGH_SHARE = 0.8
"""Of the notice: heard in one go, or added up."""


@dataclass(frozen=True, slots=True)
class Say:
    phrases: tuple[Phrase, ...]
    notice: tuple[Phrase, ...] = ()
    """The notice, if it is among ``phrases``."""


@dataclass(frozen=True, slots=True)
class ToOperator:
    """He wants to talk to somebody."""


@dataclass(frozen=True, slots=True)
class End:
    """The last words. ``opts_out``: he wants no such calls any more; ``otherwise`` is said if that cannot be
    noted."""

    phrases: tuple[Phrase, ...]
    opts_out: bool = False
    otherwise: tuple[Phrase, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """How much he knows."""

    seconds: float = 0.0
    """The most of one playing."""
    key: str | None = None
    """The last that counted."""
    enough: bool = False

    @property
    def variable(self) -> str:
        """For the dialplan's journal: ``seconds|key|0 or 1``."""
        return f"{self.seconds:.1f}|{self.key or ''}|{int(self.enough)}"


@dataclass(frozen=True, slots=True)
class Telling:
    notice: Phrase
    told: Told = Told()
    heard_seconds: float = 0.0
    """Of all playings."""
    repeats: int = 0
    has_reminded: bool = False


def begin(texts: FlowTexts, notice: Phrase) -> tuple[Telling, Say]:
    state = Telling(notice)
    return state, _say(texts, state)


def count(state: Telling, seconds: float, length: float, key: str | None) -> Telling:
    """``seconds`` more were heard of the notice, which lasts ``length`` (0, 0: it was not its turn), and then
    this key, or None."""
    heard = state.heard_seconds + seconds
    enough = state.told.enough or key in (CONFIRM, OPERATOR, NEVER_AGAIN)
    told = Told(
        max(state.told.seconds, seconds),
        key or state.told.key,
        enough or heard >= ENOUGH_SHARE * length > 0,
    )
    return replace(state, told=told, heard_seconds=heard)


def press(texts: FlowTexts, state: Telling, key: str | None) -> tuple[Telling, Say | ToOperator | End]:
    """What follows a key, or silence (None, as any other key)."""
    if key == OPERATOR:
        return state, ToOperator()
    if key == CONFIRM:
        return state, End(_words(state, texts.notice_thanks, texts.goodbye))
    goodbye = _words(state, texts.goodbye)
    if key == NEVER_AGAIN:
        return state, End(_words(state, texts.opted_out, texts.goodbye), opts_out=True, otherwise=goodbye)
    if key == AGAIN:
        if state.repeats == MOST_REPEATS:
            return state, End(goodbye)
        state = replace(state, repeats=state.repeats + 1, has_reminded=False)
        return state, _say(texts, state)
    if state.has_reminded:
        return state, End(goodbye)
    return replace(state, has_reminded=True), Say(_words(state, texts.notice_keys))


def _say(texts: FlowTexts, state: Telling) -> Say:
    return Say((state.notice, *_words(state, texts.notice_keys)), (state.notice,))


def _words(state: Telling, *texts: Text) -> tuple[Phrase, ...]:
    language = state.notice.language
    return tuple(Phrase(text.in_(language), language) for text in texts)
