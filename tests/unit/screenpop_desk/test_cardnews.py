"""What a page is told that was made before it listens."""

import pytest

from callcore.domain import CustomerId, Login
from callcore.screenpop.cardnews import (
    KEPT,
    AllChanged,
    CardNews,
    CustomerChanged,
    News,
    NoteRead,
    WorkChanged,
    on_card,
)

ONE, OTHER = CustomerId(1), CustomerId(2)
ANNA, BORIS = Login("anna"), Login("boris")


@pytest.mark.parametrize(
    ("piece", "concerns"),
    [
        (CustomerChanged(ONE), True),
        (CustomerChanged(OTHER), False),
        (NoteRead(ANNA), True),
        (NoteRead(BORIS), False),
        (AllChanged(), True),
        (WorkChanged(), False),
    ],
)
def test_only_what_concerns_the_card_was_missed(piece: News, concerns: bool) -> None:
    news = CardNews()
    news.tell(CustomerChanged(ONE))
    mark = news.mark
    assert not news.missed(on_card(ONE, ANNA), mark)
    news.tell(piece)
    assert news.missed(on_card(ONE, ANNA), mark) is concerns


def test_what_is_no_longer_remembered_may_have_been_missed() -> None:
    news = CardNews()
    mark = news.mark
    for _ in range(KEPT):
        news.changed(OTHER)
    assert not news.missed(on_card(ONE, ANNA), mark)
    news.changed(OTHER)
    assert news.missed(on_card(ONE, ANNA), mark)


def test_a_mark_that_is_none_of_this_run() -> None:
    news = CardNews()
    run = news.mark.partition(".")[0]
    for mark in ("", CardNews().mark, f"{run}.1", f"{run}.-1", f"{run}.x", f"{run}.{'9' * 40}", run):
        assert news.missed(on_card(ONE, ANNA), mark), mark
