from __future__ import annotations

import pytest

from callcore.web.masking import masked_email, masked_number, masked_text


@pytest.mark.parametrize(
    ("whole", "masked"),
    [
        ("+7 916 123-45-67", "+• ••• •••-••-67"),
        ("8 (495) 000-00-01", "• (•••) •••-••-01"),
        ("101", "•••"),
        ("", ""),
        ("anonymous", "•••••••••"),
    ],
)
def test_numbers(whole: str, masked: str) -> None:
    assert masked_number(whole) == masked


@pytest.mark.parametrize(
    ("whole", "masked"),
    [
        ("Анна Кузнецова", "А••• К•••"),
        ("ул. Ленина, д. 17, кв. 5", "у•••. Л•••, д•••. •••, к•••. •••"),
        ("", ""),
    ],
)
def test_texts(whole: str, masked: str) -> None:
    assert masked_text(whole) == masked


def test_addresses_of_mail() -> None:
    assert masked_email("anna@example.ru") == "a•••@•••"
    assert masked_email("Анна") == "А•••"
