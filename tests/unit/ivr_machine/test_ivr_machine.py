"""The IVR where no file is set: what is out, what everybody must know, the menu of the topic tables."""

from __future__ import annotations

import pytest

from callcore.domain import LANGUAGES, Language, Text
from callcore.ivr.actions import Action, Ask, Key, Known, Leave
from callcore.ivr.flow import Flow, Phrase, all_phrases, other
from callcore.ivr.machine import Place, begin, step
from callcore.routing.menu import Menu, MenuItem

from .house import BALANCE, FINANCE, MAIN, OTHER, RECALCULATION, flow, played, said, text

CLOSED_TEXTS = (text("finance is closed"), text("corporate is closed"))
KEYS = (*"0123456789*#", None)


def test_greeting_and_menu() -> None:
    """He is greeted, told how to change the language, and then what each key does."""
    place, action = played(flow())
    assert isinstance(action, Ask)
    assert said(action) == [
        "greeting по-русски",
        "For English press 9.",
        MAIN.items[0].sentence.ru,
        MAIN.items[1].sentence.ru,
    ]
    assert [p.language for p in action.phrases] == ["ru", "en", "ru", "ru"]
    assert (action.wait_seconds, place.node) == (5, "topics")


def test_a_topic_in_two_keys() -> None:
    """4 leads to the second menu, without greeting or language offer; 2 is the topic."""
    _place, action = played(flow(), "4")
    assert said(action) == [FINANCE.items[0].sentence.ru, FINANCE.items[1].sentence.ru]
    _place, action = played(flow(), "4", "2")
    assert action == Leave(RECALCULATION)
    assert played(flow(), "4", "1")[1] == Leave(BALANCE)


def test_a_topic_in_one_key() -> None:
    """0 is a topic of the main menu; any key may come before the prompts were heard out."""
    assert played(flow(), "0")[1] == Leave(OTHER)


def test_the_other_language_and_back() -> None:
    """9: the menu again in English, with the offer in Russian; 9 once more: Russian."""
    place, action = played(flow(), "9")
    assert (place.language, place.values["language"]) == ("en", "en")
    assert said(action) == [
        "Чтобы говорить по-русски, нажмите 9.",
        MAIN.items[0].sentence.en,
        MAIN.items[1].sentence.en,
    ]
    assert played(flow(), "9", "9")[0].language == "ru"
    assert said(played(flow(), "9", "4")[1]) == [
        FINANCE.items[0].sentence.en,
        FINANCE.items[1].sentence.en,
    ]


def test_changing_the_language_for_ever_ends_at_the_default_topic() -> None:
    """A fax machine presses 9 again and again: it must not keep a line of the IVR."""
    action = played(flow(), *"9999999")[1]
    assert isinstance(action, Leave)
    assert (action.topic, action.by_default) == (OTHER, True)


def test_the_language_key_is_one_of_the_main_menu() -> None:
    """In the second menu it is a wrong key."""
    place, action = played(flow(), "4", "9")
    assert (place.language, place.failures) == ("ru", 1)
    assert said(action)[0] == "wrong key по-русски"


def test_without_a_second_language() -> None:
    """No language key: no offer, and 9 is wrong."""
    _place, action = played(flow(language_key=None))
    assert said(action)[:2] == ["greeting по-русски", MAIN.items[0].sentence.ru]
    assert played(flow(language_key=None), "9")[0].failures == 1


def test_greeted_in_english() -> None:
    """The settings say English."""
    _place, action = played(flow(language="en"))
    assert said(action)[:2] == ["greeting in English", "Чтобы говорить по-русски, нажмите 9."]


@pytest.mark.parametrize("keys", [("5", "5", "5"), (None, None, None), ("5", None, "#"), (None, "*", None)])
def test_three_failures_lead_to_the_default_topic(keys: tuple[str | None, ...]) -> None:
    """Wrong keys and silences count together; he is told that he is being put through."""
    _place, action = played(flow(), *keys)
    assert action == Leave(OTHER, (Phrase("to default по-русски", "ru"),), by_default=True)


def test_each_failure_is_answered_by_its_own_words() -> None:
    """A wrong key and a silence are told apart; the menu is said again, not the greeting."""
    assert said(played(flow(), "5")[1])[:2] == ["wrong key по-русски", "For English press 9."]
    assert said(played(flow(), None)[1])[:2] == ["silence по-русски", "For English press 9."]
    assert said(played(flow(), "4", None)[1])[:2] == ["silence по-русски", FINANCE.items[0].sentence.ru]


@pytest.mark.parametrize("way_out", ["4", "9"])
def test_a_right_key_makes_failures_forgotten(way_out: str) -> None:
    """Two failures, then a department or the language: three more are needed."""
    place, _action = played(flow(), "5", None, way_out)
    assert place.failures == 0
    assert isinstance(played(flow(), "5", None, way_out, None, None)[1], Ask)
    assert isinstance(played(flow(), "5", None, way_out, None, None, None)[1], Leave)


def test_no_menu_at_all() -> None:
    """No topic has a key: he is greeted and gets the default topic."""
    _place, action = played(flow(menu=Menu(())))
    assert action == Leave(OTHER, (Phrase("greeting по-русски", "ru"),), by_default=True)


def test_an_item_that_leads_nowhere() -> None:
    """Settings that slipped through: the caller does not suffer from them."""
    assert played(flow(menu=Menu((MenuItem("1", text("x")),))), "1")[1] == Leave(OTHER, (), by_default=True)


@pytest.mark.parametrize("language_key", ["9", None])
@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("menu", [MAIN, FINANCE, Menu(())])
def test_everything_that_can_be_said_is_known_beforehand(
    menu: Menu, language: Language, language_key: str | None
) -> None:
    """Walk the whole machine with every key in every state: each phrase was spoken beforehand."""
    it = flow(menu=menu, language=language, language_key=language_key)
    known = all_phrases(it, CLOSED_TEXTS)
    assert len(known) == len(set(known))
    heard = _everything_heard(it)
    assert heard <= set(known)
    assert {Phrase(words.ru, "ru") for words in CLOSED_TEXTS} <= set(known)
    offers = {p for p in known if p.text.startswith(("For English", "Чтобы говорить"))}
    assert bool(offers) is (language_key is not None)
    outages = (text("the feeder is out"), text("the meters are read"))
    of_outages = {Phrase(outage.in_(spoken), spoken) for outage in outages for spoken in LANGUAGES}
    assert _everything_heard(it, outages) <= set(known) | of_outages


def _everything_heard(it: Flow, outages: tuple[Text, ...] = ()) -> set[Phrase]:
    start, action = begin(it, Known(outages=outages))
    heard = {phrase for phrase in action.phrases} if isinstance(action, Ask | Leave) else set()
    open_places = [start] if isinstance(action, Ask) else []
    seen = {_shape(start)}
    while open_places:
        place = open_places.pop()
        for key in KEYS:
            after, action = step(it, place, Key(key))
            assert isinstance(action, Ask | Leave)
            heard |= set(action.phrases)
            if isinstance(action, Ask) and _shape(after) not in seen:
                seen.add(_shape(after))
                open_places.append(after)
    assert len(seen) < 150, "finitely many states"
    return heard


def _shape(place: Place) -> tuple[object, ...]:
    return (place.node, place.language, place.failures, place.submenu, place.switches, place.held)


# --- a caller at an affected address

OUTAGE, WORKS = text("the feeder is out"), text("works at night")


def told(*keys: str | None, own: Language | None = None, it: Flow | None = None) -> tuple[Place, Action]:
    return played(it or flow(), *keys, known=Known(language=own, outages=(OUTAGE, WORKS)))


def test_the_outage_comes_before_any_menu() -> None:
    """Greeting, the other language, what is out, then what the keys do; only the outages count as heard."""
    place, action = told()
    assert isinstance(action, Ask)
    assert said(action) == [
        "greeting по-русски",
        "For English press 9.",
        "the feeder is out по-русски",
        "works at night по-русски",
        "outage keys по-русски",
    ]
    assert action.outages == (Phrase(OUTAGE.ru, "ru"), Phrase(WORKS.ru, "ru"))
    assert (action.wait_seconds, place.node) == (5, "outages")


def test_a_customer_whose_language_is_known_hears_it_at_once() -> None:
    """English, without an offer of English; it stays for the rest of the call."""
    place, action = told(own="en")
    assert said(action) == [
        "greeting in English",
        "the feeder is out in English",
        "works at night in English",
        "outage keys in English",
    ]
    assert place.language == "en"
    assert said(told("1", own="en")[1])[1] == MAIN.items[0].sentence.en


@pytest.mark.parametrize("key", ["1", None])
def test_the_usual_menu_after_the_outage(key: str | None) -> None:
    """1 or silence: the menu without the greeting, as a caller has it who is not affected."""
    place, action = told(key)
    assert said(action)[:2] == ["For English press 9.", MAIN.items[0].sentence.ru]
    assert (place.failures, place.node) == (0, "topics")
    assert told(key, "4", "2")[1] == Leave(RECALCULATION)


def test_an_operator_after_the_outage() -> None:
    assert told("0")[1] == Leave(OTHER, (), by_default=True)


def test_the_outage_in_the_other_language() -> None:
    """9 says it again in English, and once more in Russian; then it is the usual menu in that language."""
    place, action = told("9")
    assert isinstance(action, Ask)
    assert said(action) == [
        "the feeder is out in English",
        "works at night in English",
        "outage keys in English",
    ]
    assert [phrase.text for phrase in action.outages] == said(action)[:2]
    assert place.language == "en"
    assert said(told("9", "9")[1])[0] == "the feeder is out по-русски"
    assert said(told("9", None)[1])[1] == MAIN.items[0].sentence.en


def test_who_knows_the_menu_need_not_wait_for_it() -> None:
    """4 is the department, as though the menu had been said; a key of no meaning is a wrong one."""
    assert said(told("4")[1]) == [FINANCE.items[0].sentence.ru, FINANCE.items[1].sentence.ru]
    place, action = told("7")
    assert (place.failures, said(action)[0]) == (1, "wrong key по-русски")


def test_a_machine_that_changes_the_language_for_ever() -> None:
    assert isinstance(told(*"9999999")[1], Leave)


@pytest.mark.parametrize("language_key", ["0", "1"])
def test_a_language_key_that_means_something_else_at_an_outage(language_key: str) -> None:
    """It is not offered there, and does what the outage's sentence says."""
    it = flow(language_key=language_key)
    assert not any("press" in words for words in said(told(it=it)[1]))
    assert told(language_key, it=it)[0].language == "ru"


@pytest.mark.parametrize("key", ["1", None, "5"])
def test_an_outage_where_there_is_no_menu(key: str | None) -> None:
    assert told(key, it=flow(menu=Menu(())))[1] == Leave(OTHER, (), by_default=True)


# --- what everybody must know

FLOOD = text("the city is flooded")


def test_an_emergency_comes_before_the_menu() -> None:
    """It is said on its own; whoever presses a key meanwhile has chosen already."""
    known = Known(emergencies=(FLOOD, WORKS))
    place, action = played(flow(), known=known)
    assert said(action) == ["greeting по-русски", "the city is flooded по-русски", "works at night по-русски"]
    assert isinstance(action, Ask)
    assert (place.node, action.wait_seconds) == ("emergency", 0)
    assert said(played(flow(), None, known=known)[1])[0] == "For English press 9."
    assert played(flow(), "0", known=known)[1] == Leave(OTHER)


def test_an_impatient_caller_hears_the_emergency() -> None:
    """His key came at the outage, before anything was said about it: he presses it again."""
    known = Known(outages=(OUTAGE,), emergencies=(FLOOD,))
    place, action = played(flow(), "4", known=known)
    assert (place.node, said(action)) == ("emergency", ["the city is flooded по-русски"])
    assert said(played(flow(), "4", None, known=known)[1])[0] == "For English press 9."


def test_other_language() -> None:
    assert (other("ru"), other("en")) == ("en", "ru")
