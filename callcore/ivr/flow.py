"""What the IVR says and asks, as values: made from the settings and the topic tables. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields

from callcore.domain import LANGUAGES, Language, Text, TopicCode
from callcore.ivr import say
from callcore.ivr.script import DEFAULT, Collect, Do, Node, Play, Record, Script, Topics
from callcore.ivr.script import Menu as MenuNode
from callcore.routing.legs import Announce, Leg, OpenCase, Voicemail
from callcore.routing.menu import Menu

AGAIN = Text("Не получилось. Попробуйте ещё раз.", "That did not work. Please try again.")
LEAVE_MESSAGE = Text(
    "Оставьте сообщение после сигнала. В конце нажмите решётку.",
    "Please leave a message after the tone. Press hash when you have finished.",
)
MESSAGE_KEPT = Text(
    "Сообщение записано. Мы его прослушаем.", "Your message is recorded. We will listen to it."
)
CASE_KEPT = Text(
    "Ваша заявка принята. Сотрудники свяжутся с вами в рабочее время.",
    "Your request is registered. Our staff will contact you in working hours.",
)
CALL_BACK_OFFER = Text("Чтобы мы вам перезвонили, нажмите 1.", "If you want us to call you back, press 1.")
CALLED_BACK = Text(
    "Здравствуйте! Вы просили вам перезвонить. Соединяем вас с оператором.",
    "Hello! You asked us to call you. We are putting you through to an operator.",
)
CALL_BACK_KEPT = Text(
    "Хорошо, мы вам перезвоним в рабочее время.", "Good, we will call you back in working hours."
)
RECORDED = Text("Разговор записывается.", "This call is recorded.")
RECORDED_REFUSE = Text("Если вы против записи, нажмите 3.", "If you do not want that, press 3.")
NOT_RECORDED = Text("Хорошо, разговор не записывается.", "All right, this call is not recorded.")


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
    again: Text = AGAIN
    """Too few digits, or none."""
    leave_message: Text = LEAVE_MESSAGE
    """Before the tone, where a row or a node has no words of its own."""
    message_kept: Text = MESSAGE_KEPT
    case_kept: Text = CASE_KEPT
    call_back_offer: Text = CALL_BACK_OFFER
    """Key 1."""
    call_back_kept: Text = CALL_BACK_KEPT
    recorded: Text = RECORDED
    """Before a queue whose talks are recorded."""
    recorded_refuse: Text = RECORDED_REFUSE
    """After it, where a caller may refuse: key 3."""
    not_recorded: Text = NOT_RECORDED


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
    script: Script = DEFAULT
    """Its way from the greeting to the topic tables."""
    currency: str = "RUB"
    """Of amounts that say none."""


def other(language: Language) -> Language:
    return "en" if language == "ru" else "ru"


@dataclass(frozen=True, slots=True)
class Phrase:
    """One text in one language: one prompt."""

    text: str
    language: Language
    is_personal: bool = False
    """It holds a value of this caller's: spoken for him alone, and not kept."""


def phrases(
    text: Text, language: Language, values: Mapping[str, str], currency: str = "RUB"
) -> tuple[Phrase, ...]:
    """A text of the script as prompts: one, or one for each part where it holds values. A sentence whose
    value is not known is left out."""
    found = []
    for part in say.parts(text.in_(language)):
        if not say.has_values(part):
            found.append(Phrase(part, language))
        elif words := say.filled(part, language, values, currency):
            found.append(Phrase(words, language, is_personal=True))
    return tuple(found)


def all_phrases(flow: Flow, announcements: tuple[Text, ...]) -> tuple[Phrase, ...]:
    """Everything a caller may ever hear, once each: what is spoken before the first call comes. Sentences
    with values in them are not among it."""
    texts = [flow.greeting, *_menu_texts(flow.menu), *announcements]
    # the words for the other language are never said alone: see language_offer
    texts += [getattr(flow.texts, each.name) for each in fields(FlowTexts) if each.name != "other_language"]
    nodes = flow.script.nodes.values()
    texts += [text for node in nodes if isinstance(node, Do) for text in leg_texts(node.legs)]
    known = [Phrase(text.in_(language), language) for text in texts for language in LANGUAGES]
    known += [phrase for node in nodes for phrase in _fixed(node)]
    known += [offer for offer in (language_offer(flow, "ru"), language_offer(flow, "en")) if offer]
    return tuple(dict.fromkeys(known))


def _fixed(node: Node) -> Iterator[Phrase]:
    """What a node says to every caller alike."""
    for _path, text in said_by(node):
        for language in LANGUAGES:
            parts = say.parts(text.in_(language))
            yield from (Phrase(part, language) for part in parts if not say.has_values(part))


def said_by(node: Node) -> Iterator[tuple[tuple[str, ...], Text]]:
    """The texts of a node, which may hold values, and where they stand in it."""
    match node:
        case Play():
            yield ("play",), node.say
        case MenuNode():
            yield ("menu",), node.say
            for path, text in ((("wrong",), node.wrong), (("silence",), node.silence)):
                if text:
                    yield path, text
        case Collect() | Record():
            yield ("say",), node.say
        case Topics() if node.say:
            yield ("say",), node.say
        case _:
            pass


def leg_texts(legs: Iterable[Leg]) -> Iterator[Text]:
    """All that is said on a way, as it stands there."""
    for leg in legs:
        match leg:
            case Announce():
                yield leg.text
            case Voicemail() if leg.greeting:
                yield leg.greeting
            case OpenCase():
                yield from (text for text in (leg.ask, leg.words) if text)
            case _:
                pass


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
