"""Sixty invented customers of an invented provider in an invented town, for the demo and for tests.

Always the same. Nobody of them exists; the numbers are +7 900 000-xx-xx. Among them: two customers on one
number, one with three numbers, names with quotes, with ``<script>`` and of 80 characters, debts, companies.
"""

from __future__ import annotations

from callcore.domain import Language
from callcore.store.customers import NewCustomer

TOWN = "г. Заречинск"

SHARED_NUMBER = "+79000000102"
"""Husband and wife, a contract each."""
THREE_NUMBERS = ("+79000000110", "+79000000111", "+79000000112")
ENGLISH_NUMBER = "+79000000120"
SCRIPT_NUMBER = "+79000000130"
QUOTES_NUMBER = "+79000000140"
LONG_NAME_NUMBER = "+79000000150"
UNKNOWN_NUMBERS = tuple(f"+7900000{n}" for n in range(9901, 9911))
"""Callers who are nobody's customers."""

LONG_NAME = "Константинопольская-Преображенская Александра-Мария Вячеславовна, дом на Верхней"
"""Exactly 80 characters."""


def customers() -> tuple[NewCustomer, ...]:
    """All sixty; contracts and numbers never change."""
    return (*_special(), *_companies(), *_private())


def _special() -> tuple[NewCustomer, ...]:
    return (
        _customer(
            1, "Воробьёва Анна Сергеевна", "ул. Садовая, 12, кв. 5", "Домашний 100", 35_000, (SHARED_NUMBER,)
        ),
        _customer(
            2, "Воробьёв Пётр Ильич", "ул. Садовая, 12, кв. 5", "ТВ Семейный", -12_050, (SHARED_NUMBER,)
        ),
        _customer(3, "Лебедев Михаил Андреевич", "пер. Речной, 3", "Домашний 300", 1_250_00, THREE_NUMBERS),
        _customer(
            4,
            "Emily Carter",
            "наб. Лодочная, 8, кв. 41",
            "Домашний 500",
            89_990,
            (ENGLISH_NUMBER,),
            language="en",
        ),
        _customer(
            5, "Петров <script>alert(1)</script>", "ул. Полевая, 7", "Домашний 100", 0, (SCRIPT_NUMBER,)
        ),
        _customer(
            6,
            'ООО «Торговый дом "Берёзка & сыновья"»',
            "пр. Мира, 44, офис 210",
            "Бизнес 200",
            1_540_000,
            (QUOTES_NUMBER, "+79000000141"),
            segment="VIP-3",
            legal_form="ООО",
        ),
        _customer(
            7,
            LONG_NAME,
            "ул. Верхняя, 101, корп. 2, кв. 118",
            "Домашний 100",
            500,
            (LONG_NAME_NUMBER,),
        ),
        _customer(
            8, "Зайцева Ольга Дмитриевна", "ул. Лесная, 19, кв. 60", "Домашний 300", None, ("+79000000160",)
        ),
        _customer(9, "Ким Виктор", "", "", -3_499_00, ("+79000000161",), segment="отключён за долги"),
    )


def _companies() -> tuple[NewCustomer, ...]:
    rows = (
        ("АО «Заречинский хлебозавод»", "ул. Заводская, 1", "Бизнес 500", 4_830_000, "VIP-0", "АО"),
        ("ООО «Тёплый дом»", "пр. Мира, 12", "Бизнес 100", -780_000, "малый бизнес", "ООО"),
        ("ИП Гаврилова Нина Павловна", "ул. Рыночная, 6, пав. 14", "Бизнес 50", 64_500, "VIP-3", "ИП"),
        ("МБОУ «Средняя школа № 4»", "ул. Школьная, 2", "Бюджет 100", 0, "бюджет", "МБОУ"),
        ("ТСН «Садовая, 12»", "ул. Садовая, 12", "Бизнес 50", 18_900, "малый бизнес", "ТСН"),
        ("ООО «Аптека на Речном»", "пер. Речной, 11", "Бизнес 100", 212_340, "малый бизнес", "ООО"),
        ("ИП Асланов Рустам Маратович", "ул. Вокзальная, 30", "Бизнес 50", -5_000, "малый бизнес", "ИП"),
        (
            "ГБУЗ «Заречинская городская больница»",
            "ул. Больничная, 5",
            "Бюджет 300",
            950_000,
            "VIP-0",
            "ГБУЗ",
        ),
    )
    return tuple(
        _customer(
            20 + i,
            name,
            address,
            tariff,
            balance,
            (f"+790000002{i:02}",),
            segment=segment,
            legal_form=legal_form,
        )
        for i, (name, address, tariff, balance, segment, legal_form) in enumerate(rows)
    )


_PEOPLE = (
    "Абрамов Олег Игоревич",
    "Антонова Светлана Юрьевна",
    "Баранов Денис Олегович",
    "Белова Екатерина Михайловна",
    "Богданов Илья Романович",
    "Васильева Тамара Петровна",
    "Власов Артём Сергеевич",
    "Герасимова Людмила Ивановна",
    "Голубев Никита Павлович",
    "Громова Вера Александровна",
    "Давыдов Станислав Львович",
    "Данилова Полина Андреевна",
    "Егоров Геннадий Степанович",
    "Ермакова Надежда Фёдоровна",
    "Жуков Леонид Борисович",
    "Захарова Инна Валерьевна",
    "Ильин Кирилл Евгеньевич",
    "Исаева Раиса Хасановна",
    "Калинин Юрий Тимофеевич",
    "Киселёва Дарья Олеговна",
    "Комаров Вадим Анатольевич",
    "Кузьмина Алевтина Егоровна",
    "Лазарев Глеб Максимович",
    "Макарова Ирина Николаевна",
    "Медведев Семён Кузьмич",
    "Миронова Галина Васильевна",
    "Назаров Тимур Русланович",
    "Никитина Валентина Ильинична",
    "Орлов Валерий Геннадьевич",
    "Панова Ксения Витальевна",
    "Поляков Фёдор Аркадьевич",
    "Романова Елизавета Глебовна",
    "Рябов Анатолий Яковлевич",
    "Савельева Зоя Константиновна",
    "Селиванов Матвей Денисович",
    "Соколова Марина Викторовна",
    "Сорокин Эдуард Вадимович",
    "Тарасова Юлия Артёмовна",
    "Титов Роман Владимирович",
    "Фомина Лариса Эдуардовна",
    "Цветков Антон Григорьевич",
    "Щербакова Нина Семёновна",
    "Юдин Всеволод Маркович",
)
_STREETS = (
    "ул. Лесная",
    "ул. Садовая",
    "пер. Речной",
    "ул. Школьная",
    "пр. Мира",
    "ул. Полевая",
    "ул. Новая",
)
_TARIFFS = ("Домашний 100", "Домашний 300", "Домашний 500", "ТВ Семейный", "Дом + ТВ")
_BALANCES = (12_400, 0, 55_000, -23_900, 149_900, 8_050, -64_910, 30_000, 99_99, 210_000)


def _private() -> tuple[NewCustomer, ...]:
    return tuple(
        _customer(
            100 + i,
            name,
            f"{_STREETS[i % len(_STREETS)]}, {3 + i * 7 % 58}, кв. {1 + i * 13 % 90}",
            _TARIFFS[i % len(_TARIFFS)],
            _BALANCES[i % len(_BALANCES)],
            (f"+790000003{i:02}",),
        )
        for i, name in enumerate(_PEOPLE)
    )


def _customer(
    number: int,
    name: str,
    address: str,
    tariff: str,
    balance_minor: int | None,
    numbers: tuple[str, ...],
    *,
    segment: str = "частные лица",
    legal_form: str = "",
    language: Language | None = None,
) -> NewCustomer:
    return NewCustomer(
        contract=f"ЗР-{100_000 + number * 37}",
        name=name,
        address=f"{TOWN}, {address}" if address else "",
        tariff=tariff,
        balance_minor=balance_minor,
        segment=segment,
        legal_form=legal_form,
        language=language,
        numbers=numbers,
    )
