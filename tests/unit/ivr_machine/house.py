"""A small house with an IVR, and its callers."""

from __future__ import annotations

from dataclasses import replace

from callcore.domain import Language, Text, TopicCode
from callcore.ivr.actions import Action, Answer, Digits, Event, Finish, Key, Known, Leave
from callcore.ivr.flow import Flow, FlowTexts
from callcore.ivr.machine import Place, begin, step
from callcore.ivr.script import Node, Script
from callcore.routing.menu import Menu, MenuItem

BALANCE, RECALCULATION, OTHER = (
    TopicCode("finance.balance"),
    TopicCode("finance.recalculation"),
    TopicCode("corporate.other"),
)


def text(word: str) -> Text:
    return Text(f"{word} по-русски", f"{word} in English")


FINANCE = Menu((MenuItem("1", text("balance"), BALANCE), MenuItem("2", text("recalculation"), RECALCULATION)))
MAIN = Menu((MenuItem("4", text("finance"), menu=FINANCE), MenuItem("0", text("operator"), OTHER)))
TEXTS = FlowTexts(
    text("wrong key"),
    text("silence"),
    text("to default"),
    text("connecting"),
    text("goodbye"),
    Text("Чтобы говорить по-русски, нажмите", "For English press"),
    text("outage keys"),
    text("notice keys"),
    text("thanks"),
    text("opted out"),
    text("again"),
)


def flow(*, menu: Menu = MAIN, language: Language = "ru", language_key: str | None = "9") -> Flow:
    """With the script that holds where no file is set."""
    return Flow(text("greeting"), TEXTS, menu, language, language_key, 5, 3, OTHER)


def scripted(start: str, *, has_greeting: bool = False, **nodes: Node) -> Flow:
    """With a script of these nodes."""
    return replace(flow(), script=Script(start, nodes, has_greeting))


NOT_FOUND = Answer(None)


def event(what: Event | str | None) -> Event:
    """A key, None for silence, several digits typed; an event is itself."""
    if what is None or (isinstance(what, str) and len(what) == 1):
        return Key(what)
    return Digits(what) if isinstance(what, str) else what


def played(it: Flow, *events: Event | str | None, known: Known | None = None) -> tuple[Place, Action]:
    """Where a caller is after all this, and what comes next."""
    place, action = begin(it, known)
    for each in events:
        assert not isinstance(action, Leave | Finish), "he went on after the end"
        place, action = step(it, place, event(each))
    return place, action


def said(action: Action) -> list[str]:
    """What is said with an action, phrase by phrase."""
    return [phrase.text for phrase in getattr(action, "phrases", ())]
