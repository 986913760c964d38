"""Search as one types, against the same question asked in plain Python."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore.store.customers import Matched, NewCustomer
from callcore.store.customers_ask import FEW
from callcore.store.database import Database
from callcore.store.searching import holds, index_words, parse, stem, words
from callcore.testing import bulk_customers

from .store_samples import T0

FORMS = [
    ("Садовая", "садовой садовую садовые"),
    ("Воробьёва", "воробьевой воробьёву воробьева"),
    ("Заречинск", "заречинска заречинске заречинском"),
    ("Речной", "речного речному речном"),
    ("Петров", "петровым петрову петрова"),
]


@pytest.mark.parametrize(("word", "forms"), FORMS)
async def test_russian_forms(db: Database, word: str, forms: str) -> None:
    await db.customers.add_many([NewCustomer("1", word), NewCustomer("2", "Другое", f"ул. {word}, 7")], T0)
    for form in (*forms.split(), word.upper(), word[:4]):
        hits = await db.customers.search(form)
        assert [(h.customer.contract, h.matched) for h in hits] == [
            ("1", Matched.name),
            ("2", Matched.address),
        ], form


async def test_a_long_word_is_looked_at_to_its_end(db: Database) -> None:
    """Whatever of it an index knows."""
    names = ("Александровский Лев", "Александрович Лев", "Лев Александр")
    await db.customers.add_many(
        [
            *(NewCustomer(key, name, "ул. Краснознамённая") for key, name in zip("abc", names, strict=True)),
            NewCustomer("d", "Ян", "ул. Александровская"),
        ],
        T0,
    )
    for typed, found in (
        ("александр", "cabd"),
        ("александровс", "ad"),
        ("александровском", "ad"),
        ("александровичу", "b"),
        ("лев александрови", "b"),
        ("александрович ян", ""),
        ("краснознаменной александровский", "a"),
        ("краснознамеш", ""),
    ):
        hits = await db.customers.search(typed)
        assert "".join(hit.customer.contract for hit in hits) == found, typed
    [hit] = await db.customers.search("александровичу", whole=True)
    assert hit.customer.contract == "b"


async def test_digits_however_grouped(db: Database) -> None:
    await db.customers.add_many(
        [
            NewCustomer("ЛС 500-17", "Анна", numbers=("+79161234567",)),
            NewCustomer("9", "Лев", numbers=("101",)),
        ],
        T0,
    )
    for typed in ("+7 916 123-45-67", "8 (916) 123 45 67", "916", "4567", "123-45", "2345", "8916"):
        hits = await db.customers.search(typed)
        assert [(h.customer.name, h.matched, h.text) for h in hits] == [
            ("Анна", Matched.number, "+79161234567")
        ], typed
    for typed in ("50017", "500-17", "лс 500", "ЛС 500-17", "500"):
        assert [h.customer.name for h in await db.customers.search(typed)] == ["Анна"], typed
    assert [h.customer.name for h in await db.customers.search("101")] == ["Лев"]
    assert await db.customers.search("7654321") == ()


async def test_digits_beside_words_of_few_and_of_many(db: Database) -> None:
    many = [NewCustomer(f"A{n:03}", "Лев Ким", numbers=(f"+7916111{n:04}",)) for n in range(FEW + 20)]
    await db.customers.add_many([*many, NewCustomer("B", "Ян Ким", numbers=("+79161110007",))], T0)
    for typed, found in (
        ("Ким 10007", ["A007", "B"]),
        ("Лев 1110007", ["A007"]),
        ("Яну 10007", []),
        ("Ян 10007", ["B"]),
        ("Ян 10008", []),
        ("10007 Льва", []),
    ):
        hits = await db.customers.search(typed)
        assert [hit.customer.contract for hit in hits] == found, typed


async def test_whoever_is_masked_finds_by_whole_words_and_numbers_only(db: Database) -> None:
    """Part by part one could guess what one may not see: where 916 finds and 917 does not."""
    kim = NewCustomer("К-916", "Аннабель Кузнецова", "ул. Анна, 916", numbers=("+79161234567", "4916"))
    await db.customers.add_many([kim, NewCustomer("9", "Лев Ким")], T0)
    for typed in ("+7 916 123-45-67", "8 (916) 123 45 67", "9161234567", "79161234567"):
        [hit] = await db.customers.search(typed, whole=True)
        assert (hit.matched, hit.text) == (Matched.number, "+79161234567"), typed
    for typed in (
        "123",
        "4567",
        "791612345",
        "91612345678",
        "916 123",
        "Кузнецова 4567",
        "Кузн",
        "Ки",
    ):
        assert await db.customers.search(typed, whole=True) == (), typed
        assert await db.customers.search(typed) or typed == "91612345678", typed
    for typed, matched in (
        ("кузнецовой аннабель", Matched.name),
        ("К-916", Matched.contract),
        ("916", Matched.contract),
        ("анна", Matched.address),
    ):
        [hit] = await db.customers.search(typed, whole=True)
        assert hit.matched is matched, typed


async def test_the_exact_comes_first(db: Database) -> None:
    await db.customers.add_many(
        [
            NewCustomer("А-1", "Кимберли Лев"),
            NewCustomer("А-2", "Пётр", "ул. Ким, 1"),
            NewCustomer("А-3", "Ким Анна"),
            NewCustomer("ким", "Лев", numbers=("+79000000003",)),
            NewCustomer("000", "Ян", numbers=("+79000000004",)),
        ],
        T0,
    )
    assert [h.customer.contract for h in await db.customers.search("ким")] == ["ким", "А-3", "А-1", "А-2"]
    assert (await db.customers.search("000"))[0].customer.contract == "000"
    assert len(await db.customers.search("к", limit=2)) == 2


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "*",
        '"',
        "' OR 1=1",
        "NEAR(a b)",
        "a AND",
        "^x",
        "{haystack}:а",
        "(",
        "-",
        "%",
        "\x00",
        "а" * 5_000,
        "\u202e\u200f",
        "&|!",
        "<->",
        "'",
        "\\",
        ":*",
        "𝔸𝔹",
        "٣٤٥",
        "1" * 399,
    ],
)
async def test_operators_mean_nothing(db: Database, typed: str) -> None:
    await db.customers.add_many([NewCustomer("1", "Анна")], T0)
    assert [
        h for h in await db.customers.search(typed) if h.customer.name == "Анна" and not words(typed)
    ] == []


async def test_as_one_types_it_finds_what_plain_looking_finds(db: Database) -> None:
    await bulk_customers.fill(db, 1_500)
    everybody = [bulk_customers.customer(n) for n in range(1_500)]
    indexed = {
        one.contract: index_words([one.name], one.contract).split()
        + index_words([one.address, f"Т-{n}" if n % 4 == 0 else ""]).split()
        for n, one in enumerate(everybody)
    }
    dice = random.Random(3)
    keys = [typed for typed in bulk_customers.keystrokes(people=12, count=1_500) if not parse(typed).digits]
    for typed in dice.sample(keys, 150):
        asked = parse(typed).words
        wanted = {contract for contract, there in indexed.items() if asked and holds(there, asked)}
        got = {hit.customer.contract for hit in await db.customers.search(typed, 1_500)}
        assert got - wanted == set() or all(typed in contract for contract in got - wanted), typed
        assert wanted <= got, typed


@given(st.text(max_size=80))
def test_words_are_folded_and_bare(text: str) -> None:
    found = words(text)
    assert all(word and word == word.casefold().replace("ё", "е") and word.isalnum() for word in found)
    assert words(text.upper().lower()) == words(text.lower().upper().lower())
    assert words(" ".join(found)) == found


@given(
    st.lists(st.text("абвгдежзийклмнопрстуфхцчшщъыьэюяё", min_size=4, max_size=14), min_size=1, max_size=3)
)
def test_a_name_is_found_by_its_own_beginnings(name: list[str]) -> None:
    indexed = index_words([" ".join(name)]).split()
    for end in range(1, len(name[-1]) + 1):
        asked = [*words(" ".join(name[:-1])), *words(name[-1][:end])]
        assert holds(indexed, [word for word in asked if word in indexed or word == asked[-1]])


@given(st.sampled_from([form for word, forms in FORMS for form in (word, *forms.split())]))
def test_yo_is_ye(word: str) -> None:
    assert words(word.replace("е", "ё")) == words(word)
    assert stem(words(word)[0]) == stem(words(word.replace("е", "ё"))[0])
