"""The menu that callers hear."""

from callcore.routing.menu import main_menu
from callcore.routing.tables import TopicTables


def test_departments_first_then_topics(tables: TopicTables) -> None:
    menu = main_menu(tables)
    assert [item.key for item in menu.items] == ["4", "0"]
    assert menu.keys == {"4", "0"}
    money = menu.choose("4")
    assert money is not None
    assert money.topic is None
    assert money.menu is not None
    assert [(item.key, item.topic) for item in money.menu.items] == [
        ("1", "finance.charges"),
        ("2", "finance.recalculation"),
    ]


def test_a_table_of_one_topic_leads_straight_to_it(tables: TopicTables) -> None:
    item = main_menu(tables).choose("0")
    assert item is not None
    assert (item.topic, item.menu) == ("expert.diagnosis", None)


def test_a_wrong_key_leads_nowhere(tables: TopicTables) -> None:
    assert main_menu(tables).choose("7") is None


def test_what_is_said(tables: TopicTables) -> None:
    sentence = main_menu(tables).sentence
    assert sentence.en == "money in English, press 4. expert in English, press 0."
    assert sentence.ru == "money по-русски: нажмите 4. expert по-русски: нажмите 0."
