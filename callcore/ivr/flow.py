"""What the IVR says and asks, as values: made from the settings and the topic tables. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from callcore.domain import Language, Text, TopicCode
from callcore.routing.menu import Menu


@dataclass(frozen=True, slots=True)
class FlowTexts:
    wrong_key: Text
    silence: Text
    to_default: Text
    connecting: Text
    goodbye: Text
    other_language: Text
    """Said in the language that it offers, before the key."""
    outage_keys: Text
    """After an outage was told: 0 the operator, 1 the usual menu."""
    notice_keys: Text
    """After the notice of a placed call: 1 understood, 2 again, 0 operator, 9 never again."""
    notice_thanks: Text
    opted_out: Text


@dataclass(frozen=True, slots=True)
class Flow:
    greeting: Text
    texts: FlowTexts
    menu: Menu
    language: Language
    """In which a caller is greeted."""
    language_key: str | None
    silence_seconds: int
    """How long to wait for a key once the menu has been said."""
    wrong_keys: int
    """Wrong keys and silences in a row that lead to the default topic."""
    default_topic: TopicCode


def other(language: Language) -> Language:
    return "en" if language == "ru" else "ru"


@dataclass(frozen=True, slots=True)
class Phrase:
    """One text in one language: one prompt."""

    text: str
    language: Language


def all_phrases(flow: Flow, announcements: tuple[Text, ...]) -> tuple[Phrase, ...]:
    """Everything a caller may ever hear, once each: what is spoken before the first call comes."""
    texts = [flow.greeting, *_menu_texts(flow.menu), *announcements]
    texts += [flow.texts.wrong_key, flow.texts.silence, flow.texts.to_default, flow.texts.connecting]
    texts += [flow.texts.goodbye, flow.texts.outage_keys]
    texts += [flow.texts.notice_keys, flow.texts.notice_thanks, flow.texts.opted_out]
    phrases = [Phrase(text.ru, "ru") for text in texts] + [Phrase(text.en, "en") for text in texts]
    phrases += [offer for offer in (language_offer(flow, "ru"), language_offer(flow, "en")) if offer]
    return tuple(dict.fromkeys(phrases))


def language_offer(flow: Flow, language: Language) -> Phrase | None:
    """To a caller who hears ``language``: how to get the other one, said in that other one."""
    if flow.language_key is None:
        return None
    wanted = other(language)
    return Phrase(f"{flow.texts.other_language.in_(wanted)} {flow.language_key}.", wanted)


def _menu_texts(menu: Menu) -> list[Text]:
    """A menu is one sentence per item: an item's prompt serves every menu that has it."""
    texts = []
    for item in menu.items:
        texts.append(item.sentence)
        if item.menu is not None:
            texts += _menu_texts(item.menu)
    return texts
