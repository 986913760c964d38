"""The IVR, one key at a time."""

from __future__ import annotations

import pytest

from callcore.domain import LANGUAGES, Language, QueueName, Text, TopicCode
from callcore.ivr.flow import Flow, FlowTexts, Phrase, all_phrases, other
from callcore.ivr.machine import Ask, Chosen, Ivr, LastWords, begin, last_words, press
from callcore.routing.decide import Closed, ToQueue
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
)
CLOSED_TEXTS = (text("finance is closed"), text("corporate is closed"))
KEYS = (*"0123456789*#", None)


def flow(*, menu: Menu = MAIN, language: Language = "ru", language_key: str | None = "9") -> Flow:
    return Flow(text("greeting"), TEXTS, menu, language, language_key, 5, 3, OTHER)


def played(flow: Flow, *keys: str | None) -> tuple[Ivr, Ask | Chosen]:
    """Where a caller is after these keys (None: silence)."""
    state, action = begin(flow)
    for key in keys:
        assert isinstance(action, Ask), "he pressed on after the end"
        state, action = press(flow, state, key)
    return state, action


def said(action: Ask | Chosen | LastWords) -> list[str]:
    return [phrase.text for phrase in action.phrases]


def test_greeting_and_menu() -> None:
    """He is greeted, told how to change the language, and then what each key does."""
    _state, action = played(flow())
    assert isinstance(action, Ask)
    assert said(action) == [
        "greeting по-русски",
        "For English press 9.",
        MAIN.items[0].sentence.ru,
        MAIN.items[1].sentence.ru,
    ]
    assert [p.language for p in action.phrases] == ["ru", "en", "ru", "ru"]
    assert action.wait_seconds == 5


def test_a_topic_in_two_keys() -> None:
    """4 leads to the second menu, without greeting or language offer; 2 is the topic."""
    _state, action = played(flow(), "4")
    assert said(action) == [FINANCE.items[0].sentence.ru, FINANCE.items[1].sentence.ru]
    _state, action = played(flow(), "4", "2")
    assert action == Chosen(RECALCULATION)


def test_a_topic_in_one_key() -> None:
    """0 is a topic of the main menu; any key may come before the prompts were heard out."""
    assert played(flow(), "0")[1] == Chosen(OTHER)


def test_the_other_language_and_back() -> None:
    """9: the menu again in English, with the offer in Russian; 9 once more: Russian."""
    state, action = played(flow(), "9")
    assert state.language == "en"
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
    assert isinstance(action, Chosen)
    assert (action.topic, action.by_default) == (OTHER, True)


def test_the_language_key_is_one_of_the_main_menu() -> None:
    """In the second menu it is a wrong key."""
    state, action = played(flow(), "4", "9")
    assert (state.language, state.failures) == ("ru", 1)
    assert said(action)[0] == "wrong key по-русски"


def test_without_a_second_language() -> None:
    """No language key: no offer, and 9 is wrong."""
    _state, action = played(flow(language_key=None))
    assert said(action)[:2] == ["greeting по-русски", MAIN.items[0].sentence.ru]
    assert played(flow(language_key=None), "9")[0].failures == 1


def test_greeted_in_english() -> None:
    """The settings say English."""
    _state, action = played(flow(language="en"))
    assert said(action)[:2] == ["greeting in English", "Чтобы говорить по-русски, нажмите 9."]


@pytest.mark.parametrize("keys", [("5", "5", "5"), (None, None, None), ("5", None, "#"), (None, "*", None)])
def test_three_failures_lead_to_the_default_topic(keys: tuple[str | None, ...]) -> None:
    """Wrong keys and silences count together; he is told that he is being put through."""
    _state, action = played(flow(), *keys)
    assert action == Chosen(OTHER, (Phrase("to default по-русски", "ru"),), by_default=True)


def test_each_failure_is_answered_by_its_own_words() -> None:
    """A wrong key and a silence are told apart; the menu is said again, not the greeting."""
    assert said(played(flow(), "5")[1])[:2] == ["wrong key по-русски", "For English press 9."]
    assert said(played(flow(), None)[1])[:2] == ["silence по-русски", "For English press 9."]
    assert said(played(flow(), "4", None)[1])[:2] == ["silence по-русски", FINANCE.items[0].sentence.ru]


@pytest.mark.parametrize("way_out", ["4", "9"])
def test_a_right_key_makes_failures_forgotten(way_out: str) -> None:
    """Two failures, then a department or the language: three more are needed."""
    state, _action = played(flow(), "5", None, way_out)
    assert state.failures == 0
    assert isinstance(played(flow(), "5", None, way_out, None, None)[1], Ask)
    assert isinstance(played(flow(), "5", None, way_out, None, None, None)[1], Chosen)


def test_no_menu_at_all() -> None:
    """No topic has a key: he is greeted and gets the default topic."""
    _state, action = played(flow(menu=Menu(())))
    assert action == Chosen(OTHER, (Phrase("greeting по-русски", "ru"),), by_default=True)


def test_an_item_that_leads_nowhere() -> None:
    """Settings that slipped through: the caller does not suffer from them."""
    assert played(flow(menu=Menu((MenuItem("1", text("x")),))), "1")[1] == Chosen(OTHER, (), by_default=True)


def test_last_words_before_the_queue() -> None:
    """Open: one sentence in his language, then the queue."""
    words = last_words(flow(), "en", ToQueue(QueueName("finance")))
    assert words == LastWords((Phrase("connecting in English", "en"),), QueueName("finance"))


def test_last_words_when_closed() -> None:
    """Closed: the department's announcement and goodbye, no queue."""
    words = last_words(flow(), "ru", Closed(CLOSED_TEXTS[0], None))
    assert said(words) == ["finance is closed по-русски", "goodbye по-русски"]
    assert words.queue is None


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
    offers = {p for p in known if p.text.startswith(("For English", "Чтобы"))}
    assert bool(offers) is (language_key is not None)
    outages = (text("the feeder is out"), text("the meters are read"))
    of_outages = {Phrase(outage.in_(spoken), spoken) for outage in outages for spoken in LANGUAGES}
    assert _everything_heard(it, outages) <= set(known) | of_outages


def _everything_heard(it: Flow, outages: tuple[Text, ...] = ()) -> set[Phrase]:
    start, action = begin(it, outages)
    heard = set(action.phrases)
    ends: set[str] = {start.language}
    open_states = [start] if isinstance(action, Ask) else []
    seen: set[Ivr] = set(open_states)
    while open_states:
        state = open_states.pop()
        for key in KEYS:
            after, action = press(it, state, key)
            heard |= set(action.phrases)
            ends.add(after.language)
            if isinstance(action, Ask) and after not in seen:
                seen.add(after)
                open_states.append(after)
    assert len(seen) < 100, "finitely many states"
    for language in ends:
        spoken: Language = "ru" if language == "ru" else "en"
        for target in (ToQueue(QueueName("q")), *(Closed(words, None) for words in CLOSED_TEXTS)):
            heard |= set(last_words(it, spoken, target).phrases)
    return heard


# --- a caller at an affected address

OUTAGE, WORKS = text("the feeder is out"), text("works at night")


def told(*keys: str | None, own: Language | None = None, it: Flow | None = None) -> tuple[Ivr, Ask | Chosen]:
    it = it or flow()
    state, action = begin(it, (OUTAGE, WORKS), own)
    for key in keys:
        assert isinstance(action, Ask)
        state, action = press(it, state, key)
    return state, action


def test_the_outage_comes_before_any_menu() -> None:
    """Greeting, the other language, what is out, then what the keys do; only the outages count as heard."""
    _state, action = told()
    assert isinstance(action, Ask)
    assert said(action) == [
        "greeting по-русски",
        "For English press 9.",
        "the feeder is out по-русски",
        "works at night по-русски",
        "outage keys по-русски",
    ]
    assert action.outages == (Phrase(OUTAGE.ru, "ru"), Phrase(WORKS.ru, "ru"))
    assert action.wait_seconds == 5


def test_a_customer_whose_language_is_known_hears_it_at_once() -> None:
    """English, without an offer of English; it stays for the rest of the call."""
    state, action = told(own="en")
    assert said(action) == [
        "greeting in English",
        "the feeder is out in English",
        "works at night in English",
        "outage keys in English",
    ]
    assert state.language == "en"
    assert said(told("1", own="en")[1])[1] == MAIN.items[0].sentence.en


@pytest.mark.parametrize("key", ["1", None])
def test_the_usual_menu_after_the_outage(key: str | None) -> None:
    """1 or silence: the menu without the greeting, as a caller has it who is not affected."""
    state, action = told(key)
    assert said(action)[:2] == ["For English press 9.", MAIN.items[0].sentence.ru]
    assert (state.failures, state.outages) == (0, ())
    assert told(key, "4", "2")[1] == Chosen(RECALCULATION)


def test_an_operator_after_the_outage() -> None:
    assert told("0")[1] == Chosen(OTHER, (), by_default=True)


def test_the_outage_in_the_other_language() -> None:
    """9 says it again in English, and once more in Russian; then it is the usual menu in that language."""
    state, action = told("9")
    assert isinstance(action, Ask)
    assert said(action) == [
        "the feeder is out in English",
        "works at night in English",
        "outage keys in English",
    ]
    assert [phrase.text for phrase in action.outages] == said(action)[:2]
    assert state.language == "en"
    assert said(told("9", "9")[1])[0] == "the feeder is out по-русски"
    assert said(told("9", None)[1])[1] == MAIN.items[0].sentence.en


def test_who_knows_the_menu_need_not_wait_for_it() -> None:
    """4 is the department, as though the menu had been said; a key of no meaning is a wrong one."""
    assert said(told("4")[1]) == [FINANCE.items[0].sentence.ru, FINANCE.items[1].sentence.ru]
    state, action = told("7")
    assert (state.failures, said(action)[0]) == (1, "wrong key по-русски")


def test_a_machine_that_changes_the_language_for_ever() -> None:
    assert isinstance(told(*"9999999")[1], Chosen)


@pytest.mark.parametrize("language_key", ["0", "1"])
def test_a_language_key_that_means_something_else_at_an_outage(language_key: str) -> None:
    """It is not offered there, and does what the outage's sentence says."""
    it = flow(language_key=language_key)
    assert not any("press" in words for words in said(told(it=it)[1]))
    assert told(language_key, it=it)[0].language == "ru"


@pytest.mark.parametrize("key", ["1", None, "5"])
def test_an_outage_where_there_is_no_menu(key: str | None) -> None:
    assert told(key, it=flow(menu=Menu(())))[1] == Chosen(OTHER, (), by_default=True)


def test_other_language() -> None:
    assert (other("ru"), other("en")) == ("en", "ru")
