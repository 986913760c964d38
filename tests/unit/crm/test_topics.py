"""The topic tree, finding in it, and ready texts."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from callcore.crm.topics import TopicTree, filled, words_and_stems
from callcore.domain import QueueName, Text, TopicCode
from callcore.routing.tables import Macro, Topic, TopicTable, TopicTables
from callcore.routing.timetable import ALL_DAY, Hours

HELLO = Macro(Text("Перезвонить", "Call back"), Text("Перезвонить {name}", "Call {name} back"))
OWN = Macro(Text("Сверка", "Check"), Text("Сверено по договору {contract}", "Checked, contract {contract}"))


def topic(code: str, ru: str, en: str, *children: Topic, **more: object) -> Topic:
    return Topic(TopicCode(code), Text(ru, en), QueueName("finance"), children=children, **more)  # type: ignore[arg-type]


TREE = TopicTree.of(
    TopicTables(
        (
            TopicTable(
                code="finance",
                title=Text("Финансовая группа", "Finance group"),
                hours=Hours(ZoneInfo("Europe/Moscow"), (ALL_DAY,) * 7),
                closed=Text("", ""),
                topics=(
                    topic(
                        "finance.charges",
                        "Начисления и счёт",
                        "Charges and invoice",
                        topic(
                            "finance.charges.roaming",
                            "В поездке",
                            "Abroad",
                            topic("finance.charges.roaming.sms", "Сообщения", "Messages", macros=()),
                            macros=(OWN,),
                        ),
                        script=Text("Назовите сумму", "Tell the sum"),
                        article="charges",
                    ),
                    topic("finance.payment", "Ошибочный платёж", "Mistaken payment"),
                ),
            ),
        ),
        TopicCode("finance.charges"),
        (HELLO,),
    )
)


def codes(typed: str) -> list[str]:
    return [node.code.removeprefix("finance.") for node in TREE.search(typed)]


def test_every_level_is_there_parents_first() -> None:
    assert [node.code for node in TREE.nodes] == [
        "finance.charges",
        "finance.charges.roaming",
        "finance.charges.roaming.sms",
        "finance.payment",
    ]
    deepest = TREE.find("finance.charges.roaming.sms")
    assert deepest is not None
    assert [title.en for title in deepest.trail] == ["Charges and invoice", "Abroad"]
    assert (deepest.script, deepest.article) == (Text("Назовите сумму", "Tell the sum"), "charges")
    assert deepest.macros == (OWN, HELLO)
    assert not deepest.has_children
    assert TREE.find("finance.nothing") is None


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("нач", ["charges", "charges.roaming", "charges.roaming.sms"]),
        ("СЧЕТАМИ", ["charges", "charges.roaming", "charges.roaming.sms"]),
        ("счёту", ["charges", "charges.roaming", "charges.roaming.sms"]),
        ("invoices", ["charges", "charges.roaming", "charges.roaming.sms"]),
        ("поездки", ["charges.roaming", "charges.roaming.sms"]),
        ("счет сообщ", ["charges.roaming.sms"]),
        ("atej", []),
        ("ment", ["payment"]),
        ("en", []),
        ("платежи фин", ["payment"]),
        ("", []),
        ("  !? ", []),
    ],
)
def test_what_typing_finds(typed: str, found: list[str]) -> None:
    assert codes(typed) == found


def test_its_own_title_comes_before_the_group() -> None:
    assert codes("финансовый ошибочный") == ["payment"]
    assert len(TREE.search("fin", limit=2)) == 2


def test_the_code_finds_it_too() -> None:
    words, stems = words_and_stems(Text("Смена", "Swap"), code="procedures.sim_swap")
    assert {"смена", "swap", "procedures", "sim"} <= set(words)
    assert "смен" in stems


def test_a_ready_text_is_filled_and_tells_what_is_missing() -> None:
    text = "{name}, договор {contract}: {record} {other}"
    assert filled(text, {"name": "Пётр {contract}", "contract": ""}) == (
        "Пётр {contract}, договор {contract}: {record} {other}"
    )
