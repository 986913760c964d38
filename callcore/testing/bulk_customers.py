"""Any number of invented customers, always the same, made fast: for benchmarks of search and card.

Names, streets and towns are spread as they are in life: some frequent, many rare. The n-th customer depends
on n alone. Everybody has a contract and one or two numbers; every fourth a connection point and a service.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from callcore.store.database import Database
from callcore.store.schema.core import customer_numbers, customers
from callcore.store.schema.record import customer_points, customer_services
from callcore.store.search_index import SHADOWS, create_index
from callcore.store.searching import index_digits, index_words
from callcore.store.types import to_microseconds
from callcore.testing.bulk_load import Load, loading

FIRST_ID = 1
AT = datetime(2026, 1, 1, tzinfo=UTC)
_AT = to_microseconds(AT)


def _words(line: str) -> list[str]:
    return line.split()


_SURNAMES = _words(
    "Иванов Смирнов Кузнецов Попов Васильев Петров Соколов Михайлов Новиков Фёдоров Морозов Волков "
    "Алексеев Лебедев Семёнов Егоров Павлов Козлов Степанов Николаев Орлов Андреев Макаров Никитин "
    "Захаров Зайцев Соловьёв Борисов Яковлев Григорьев Романов Воробьёв Сергеев Кузьмин Фролов "
    "Александров Дмитриев Королёв Гусев Киселёв Ильин Максимов Поляков Сорокин Виноградов Ковалёв "
    "Белов Медведев Антонов Тарасов Жуков Баранов Филиппов Комаров Давыдов Беляев Герасимов Богданов "
    "Осипов Сидоров Матвеев Титов Марков Миронов"
)
_ROOTS = _words(
    "Бел Чер Крас Зелен Горо Лес Поле Камен Остро Дубро Ряби Сини Тёпл Звон Ветр Снеж Медн Злат Сереб Желез"
)
_MIDDLES = _words("бор вод кам гор дуб лис кот сок вор пол рек озер луг мор дон бел тих быс")
_ENDS = _words("ский ов ин енко ук ев ич ян цев ников")
_MEN = _words(
    "Александр Сергей Дмитрий Андрей Алексей Максим Евгений Иван Михаил Артём Пётр Фёдор Тимур Глеб Лев Юрий"
)
_FATHERS = _words(
    "Александрович Сергеевич Дмитриевич Андреевич Ильич Петрович Олегович Юрьевич Фёдорович Львович"
)
_STREETS = _words(
    "Садовая Лесная Центральная Молодёжная Школьная Новая Советская Набережная Заречная Зелёная Мира "
    "Ленина Полевая Луговая Октябрьская Комсомольская Гагарина Первомайская Северная Солнечная "
    "Степная Южная"
)
_TOWNS = _words("Заречинск Верхнекамск Белогорье Синеозёрск Каменец Тихоборск Медногорье Рябиновка")


class One(NamedTuple):
    """An invented customer."""

    contract: str
    name: str
    address: str
    numbers: tuple[str, ...]


def customer(n: int) -> One:
    """The n-th, from 0."""
    dice = random.Random(n)
    name = f"{_surname(dice)} {_often(dice, _MEN)} {_often(dice, _FATHERS)}"
    if n % 25 == 0:
        name = f"ООО «{_surname(dice)} и партнёры»"
    street = _often(dice, _STREETS) if dice.random() < 0.6 else _rare(dice) + "ая"
    address = f"г. {_often(dice, _TOWNS)}, ул. {street}, {dice.randint(1, 180)}, кв. {dice.randint(1, 240)}"
    numbers: tuple[str, ...] = (number(n),)
    if n % 3 == 0:
        numbers = (number(n), f"+7495{(n * 40_503 + 7) % 10**7:07}")
    return One(f"Л-{1_000_000 + n * 7}", name, address, numbers)


def number(n: int) -> str:
    """The first number of the n-th; nobody else has it."""
    return f"+79{(n * 2_654_435_761 + 17) % 10**9:09}"


def _often(dice: random.Random, words: list[str]) -> str:
    """The earlier ones more often."""
    return words[min(int(dice.expovariate(6 / len(words))), len(words) - 1)]


def _rare(dice: random.Random) -> str:
    return dice.choice(_ROOTS) + dice.choice(_MIDDLES) + dice.choice(_MIDDLES)


def _surname(dice: random.Random) -> str:
    return _often(dice, _SURNAMES) if dice.random() < 0.5 else _rare(dice) + dice.choice(_ENDS)


async def fill(database: Database, count: int) -> None:
    """Put the first ``count`` into an empty base, with its index: some 10,000 a second."""
    async with loading(database.url) as load:
        await fill_in(load, count)


async def fill_in(load: Load, count: int) -> None:
    """The index is made after its rows, in one go."""
    await load.run(*_WITHOUT_INDEX[load.dialect])
    which = range(count)
    await load.rows(customers, _CUSTOMER, map(_customer, which))
    numbers = (
        (FIRST_ID + n, place, number, "активен")
        for n in which
        for place, number in enumerate(customer(n).numbers)
    )
    await load.rows(customer_numbers, ("customer", "position", "number", "status"), numbers)
    points = (
        (FIRST_ID + n, 0, f"Т-{n}", customer(n).address, "", f'{{"порт": "{n % 48}"}}') for n in which[::4]
    )
    names = ("customer", "position", "code", "address", "node", "characteristics")
    await load.rows(customer_points, names, points)
    services = ((FIRST_ID + n, 0, "inet", "Интернет") for n in which[::4])
    await load.rows(customer_services, ("customer", "position", "code", "title"), services)
    making = create_index(load.dialect)
    if load.dialect == "postgresql":
        making = tuple(one for one in making if one.startswith("CREATE INDEX"))
    await load.run(*making)
    await load.count_on("customers")


_WITHOUT_INDEX = {
    "sqlite": (
        *(f"DROP TRIGGER customers_{name}" for name in ("inserted", "deleted", "renamed", "renumbered")),
        *(f"DROP TABLE {name}" for name in SHADOWS),
    ),
    "postgresql": ("DROP INDEX gin_customers_words, gin_customers_digits",),
}
_CUSTOMER = (
    *("id", "contract", "name", "address", "tariff", "balance_minor", "currency", "segment", "legal_form"),
    *("status", "changed_at", "haystack", "places", "digits"),
)


def _customer(n: int) -> tuple[object, ...]:
    one = customer(n)
    return (
        FIRST_ID + n,
        one.contract,
        one.name,
        one.address,
        "Домашний 100",
        n % 100_000 - 20_000,
        "RUB",
        "частные лица",
        "",
        "активен",
        _AT,
        index_words([one.name], one.contract),
        index_words([one.address, f"Т-{n}" if n % 4 == 0 else ""]),
        index_digits([one.contract, *one.numbers]),
    )


def keystrokes(seed: int = 1, people: int = 40, count: int = 1_000_000) -> Iterator[str]:
    """``typed_lines``, key by key."""
    for line in typed_lines(seed, people, count):
        for end in range(1, len(line) + 1):
            if line[:end].strip():
                yield line[:end]


def typed_lines(seed: int, people: int, count: int) -> Iterator[str]:
    """What people type to find some of the first ``count`` customers."""
    dice = random.Random(seed)
    for _ in range(people):
        one = customer(dice.randrange(count))
        words = one.name.split()
        town, street, house, flat = (part.strip() for part in one.address.split(","))
        mobile = one.numbers[0]
        yield one.name
        yield f"{words[0]} {words[-1][:3]}"
        yield f"{words[0]}у {words[-1]}"  # "позвоните Иванову"
        yield f"{street} {house} {flat}"
        yield f"{_form(street.split()[-1])} {house}"
        yield f"{words[0]} {street.split()[-1]} {house}"
        yield f"{town} {street} {house}"
        yield one.contract
        yield mobile
        yield "8" + mobile[2:]
        yield f"8 ({mobile[2:5]}) {mobile[5:8]}-{mobile[8:10]}-{mobile[10:]}"
        yield mobile[-7:]


def _form(street: str) -> str:
    """Where he lives: on which street."""
    return street[:-2] + "ой" if street.endswith("ая") else street
