"""One number, one spelling."""

import pytest

from callcore.numbers import Number, format_national, mask, normalise, search_keys, written

MOBILE = "+79161234567"


@pytest.mark.parametrize(
    "raw",
    [
        "+79161234567",
        "+7 (916) 123-45-67",
        "8 916 123 45 67",
        "8(916)123/45/67",
        "8-916-123-45-67",
        "89161234567",
        "79161234567",
        "9161234567",
        "0079161234567",
        "00 7 916 1234567",
        "916.123.45.67",
        "+7 916 123\N{EN DASH}45\N{NO-BREAK SPACE}67",
        " +79161234567 ",
        "sip:+79161234567@10.0.0.1;user=phone",
        "<sip:89161234567@10.0.0.1>",
        "tel:+7-916-123-45-67",
        "tel:9161234567;phone-context=+7",
        "9161234567;phone-context=+7",
        "89161234567;PHONE-CONTEXT=+7;ext=12",
        "9161234567;phone-context=example.org",
        "%2B79161234567",
    ],
)
def test_every_spelling_of_a_russian_mobile_number_is_one(raw: str) -> None:
    assert normalise(raw, "RU") == Number(MOBILE)


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("8 800 100-20-30", "+78001002030"),
        ("84951234567", "+74951234567"),
        ("+380441234567", "+380441234567"),
        ("380441234567", "+380441234567"),
        ("810493012345678", "+493012345678"),
        ("00493012345678", "+493012345678"),
        ("3012345678;phone-context=+49", "+493012345678"),
        ("9161234567;phone-context=+999", MOBILE),
    ],
)
def test_other_numbers(raw: str, canonical: str) -> None:
    assert str(normalise(raw, "RU")) == canonical


@pytest.mark.parametrize("raw", ["1", "02", "101", "0101", "112", "123456", "sip:101@pbx"])
def test_up_to_six_digits_are_internal_and_stay_as_they_are(raw: str) -> None:
    number = normalise(raw, "RU")
    assert number is not None
    assert number.is_short
    assert number.canonical in raw


@pytest.mark.parametrize(
    "raw",
    [
        None,
        "",
        " ",
        "s",
        "anonymous",
        "Anonymous",
        "unknown",
        "<unknown>",
        "restricted",
        "sip:anonymous@anonymous.invalid",
        "+",
        "+112",
        "1234567",
        "+7",
        "+0123456789",
        "*72101",
        "#31#9161234567",
        "9161234567,9167654321",
        "nine one six",
        "8916123456a",
        "９１６１２３４５６７",
        "٩١٦١٢٣٤٥٦٧",
        "\u202e76543216197+",
        "+7916\x001234567",
        "+7916\r\n1234567",
        "9" * 10_240,
        "+" * 50,
        "-" * 50,
        "7" * 40,
        "+79161234567\udc80",
    ],
)
def test_what_is_no_number_is_none(raw: str | None) -> None:
    assert normalise(raw, "RU") is None


@pytest.mark.parametrize("country", ["", "XX", "ru", "RU\n"])
def test_an_unknown_country_does_no_harm(country: str) -> None:
    assert str(normalise("+79161234567", country)) == MOBILE
    normalise("9161234567", country)


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        (None, "-"),
        ("", "-"),
        (Number(MOBILE), "+79*******67"),
        ("89161234567", "89*******67"),
        ("8 916 123-45-67", "89*******67"),
        ("101", "101"),
        (Number("101", is_short=True), "101"),
        ("anonymous", "anonymous"),
        ("Иванов Иван", "?(11)"),
        ("9" * 10_240, "?(10240)"),
        ("x\ny", "?(3)"),
        ("--", "?(2)"),
    ],
)
def test_masked(value: Number | str | None, masked: str) -> None:
    assert mask(value) == masked


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (Number(MOBILE), "8 (916) 123-45-67"),
        ("+493012345678", "+49 30 12345678"),
        ("101", "101"),
        ("garbage", "garbage"),
        ("+9991234567", "+9991234567"),
    ],
)
def test_for_the_eye(number: Number | str, shown: str) -> None:
    assert format_national(number, "RU") == shown


def test_search_keys_hold_the_spellings_of_foreign_bases() -> None:
    assert search_keys(Number(MOBILE), "RU") == (MOBILE, "79161234567", "9161234567", "89161234567")
    assert search_keys(Number("+493012345678"), "RU") == ("+493012345678", "493012345678")
    assert search_keys(Number("101", is_short=True), "RU") == ("101",)
    assert search_keys(Number("+3545551234"), "IS")[-1] == "5551234"


@pytest.mark.parametrize("raw", ["+7 (916) 123-45-67", "8\u00a0916\u00a0123\u201145\u201167", "101"])
def test_people_write_numbers_so(raw: str) -> None:
    assert written(raw, "RU") == normalise(raw, "RU")


@pytest.mark.parametrize(
    "raw", ["sip:89161234567@host", "tel:+79161234567", "89161234567;x=1", "8.916.123.45.67/1", "", "1" * 41]
)
def test_nobody_writes_a_number_so(raw: str) -> None:
    assert written(raw, "RU") is None
