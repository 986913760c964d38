"""The seeded customers' records in full: invented services, money, points, consents.

They lie in time before ``now``, so that the newest invoice is always a recent one; everything else never
changes. Anna has a bit of everything, Lebedev three numbers of different states, the trading house persons,
addresses and two connection points; debtors have a step of blocking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from callcore.crm.seeds import QUOTES_NUMBER, SHARED_NUMBER, THREE_NUMBERS, TOWN, customers
from callcore.domain import Login
from callcore.store.customers import NewCustomer
from callcore.store.ports import Store
from callcore.store.record import MoneyKind
from callcore.store.records_import import RecordImport
from callcore.store.records_write import RecordDraft

_SEEDER = Login("olga")


async def add_records(store: Store, now: datetime) -> None:
    """Bring the seeded customers' records into a base; who is there already is brought up to date."""
    work = RecordImport(store)
    await work.take(records(now), _SEEDER, now, subject="seeds")


def records(now: datetime) -> tuple[RecordDraft, ...]:
    """All sixty, in full."""
    return tuple(_record(place, one, now) for place, one in enumerate(customers()))


def _record(place: int, one: NewCustomer, now: datetime) -> RecordDraft:
    special = {0: _anna, 2: _lebedev, 5: _trading_house}.get(place)
    values: dict[str, Any] = {
        "contract": one.contract,
        "name": one.name,
        "address": one.address,
        "tariff": one.tariff,
        "balance_minor": one.balance_minor,
        "currency": one.currency,
        "segment": one.segment,
        "legal_form": one.legal_form,
        "language": one.language,
        "status": "отключён" if "долги" in one.segment else "активен",
        "since": date(2012 + place % 12, 1 + place % 12, 1 + place % 27),
        "arpu_minor": 45_000 + place * 1_700,
        "urgent": "",
        "email": "",
        "loyalty_club": "",
        "loyalty_card": "",
        "loyalty_points": None,
        "groups": [],
    }
    parts: dict[str, Sequence[Mapping[str, Any]]] = {
        "numbers": [_number(place, n, number, one) for n, number in enumerate(one.numbers)],
        "services": _services(place, one),
        "points": _points(place, one),
        "money": _money(place, one, now),
    }
    if special is not None:
        more, more_parts = special(one, now)
        values |= more
        parts |= more_parts
    return RecordDraft(one.contract, values, parts)


def _number(place: int, n: int, number: str, one: NewCustomer) -> dict[str, Any]:
    since = datetime(2024, 11, 5, tzinfo=UTC) - timedelta(days=place * 9 + n)
    return {
        "number": number,
        "status": "активен",
        "tariff": one.tariff,
        "tariff_since": since.date(),
        "standard": "GSM" if n == 0 else "IMS",
        "kind": "голос" if n == 0 else "интернет",
        "sim": f"8970100000{place:04}{n}",
        "hlr": f"HLR-{1 + place % 3}",
        "activated_at": since,
        "status_changed_at": since,
        "urgent": "",
    }


def _services(place: int, one: NewCustomer) -> list[dict[str, Any]]:
    number = one.numbers[0] if one.numbers else None
    return [
        _service("invoice-mail", "Счёт по электронной почте", None, date(2024, 1, 15), is_default=True),
        _service("inet", "Доступ в интернет", None, date(2023, 5 + place % 7, 1), is_default=True),
        _service("caller-id", "Определитель номера", number, date(2024, 3, 1), is_default=True),
        *([_service("roaming", "Роуминг", number, date(2025, 6, 1))] if place % 3 == 0 else []),
        *(
            [_service("answerphone", "Автоответчик", number, date(2024, 2, 1), until=date(2025, 9, 30))]
            if place % 4 == 0
            else []
        ),
    ]


def _service(
    code: str,
    title: str,
    number: str | None,
    since: date,
    *,
    until: date | None = None,
    is_default: bool = False,
) -> dict[str, Any]:
    return {
        "number": number,
        "code": code,
        "title": title,
        "since": since,
        "until": until,
        "is_default": is_default,
    }


def _points(place: int, one: NewCustomer) -> list[dict[str, Any]]:
    if not one.address:
        return []
    return [
        {
            "code": f"ТП-{1000 + place}",
            "address": one.address,
            "node": "",
            "characteristics": {
                "мощность": f"{5 + place % 11} кВт",
                "прибор учёта": f"№ {700_000 + place * 13}",
                "порт": f"{1 + place % 24}",
            },
        }
    ]


def _money(place: int, one: NewCustomer, now: datetime) -> list[dict[str, Any]]:
    """Three months: an invoice on the first, a payment on the tenth."""
    month = _midnight(now).replace(day=1)
    entries: list[dict[str, Any]] = []
    for back in range(3):
        amount = 45_000 + place * 1_700 + back * 350
        entries.append(_entry(MoneyKind.invoice, month, amount, "Счёт за месяц"))
        if month + timedelta(days=9) < now and (one.balance_minor or 0) > -50_000:
            entries.append(
                _entry(MoneyKind.payment, month + timedelta(days=9, hours=12), amount, "Оплата картой")
            )
        month = (month - timedelta(days=1)).replace(day=1)
    if (one.balance_minor or 0) < -20_000:
        step = (_midnight(now).replace(day=1) - timedelta(days=1)).replace(day=20)
        entries.append(
            _entry(MoneyKind.block_step, step, -(one.balance_minor or 0), "Шаг 1: исходящая связь")
        )
    return entries


def _entry(kind: MoneyKind, at: datetime, amount: int, text: str) -> dict[str, Any]:
    return {"kind": kind.value, "at": at, "amount_minor": amount, "text": text}


More = tuple[dict[str, Any], dict[str, Sequence[Mapping[str, Any]]]]


def _anna(one: NewCustomer, now: datetime) -> More:
    return (
        {
            "urgent": "Звонить только после 18:00: работает посменно.",
            "email": "anna.vorobyova@example.ru",
            "loyalty_club": "Соседи",
            "loyalty_card": "0400 1700 3711",
            "loyalty_points": 1_240,
        },
        {
            "persons": [_person("Воробьёв Пётр Ильич", "муж", SHARED_NUMBER)],
            "addresses": [{"kind": "для писем", "address": f"{TOWN}, а/я 17"}],
            "offers": [
                {
                    "code": "tv-month",
                    "title": "Месяц ТВ бесплатно",
                    "state": "участвует",
                    "at": date(2025, 11, 1),
                },
                {
                    "code": "speed-500",
                    "title": "Ускорение до 500 Мбит/с",
                    "state": "можно предложить",
                    "at": None,
                },
            ],
            "consents": [_consent("4.2 рекламные сообщения", now), _consent("6.1 обработка данных", now)],
            "operators": [{"login": "anna"}],
        },
    )


def _lebedev(one: NewCustomer, now: datetime) -> More:
    first, second, third = (_number(2, n, number, one) for n, number in enumerate(THREE_NUMBERS))
    lost = _midnight(now) - timedelta(days=2)
    second |= {"status": "заблокирован", "status_changed_at": lost, "urgent": "Телефон потерян, не включать."}
    third |= {"status": "отключён", "kind": "телевидение", "status_changed_at": lost - timedelta(days=90)}
    return (
        {"groups": ["01", "02"], "loyalty_club": "Соседи", "loyalty_points": 80},
        {"numbers": [first, second, third], "consents": [_consent("6.1 обработка данных", now)]},
    )


def _trading_house(one: NewCustomer, now: datetime) -> More:
    return (
        {
            "email": "office@beryozka.example.ru",
            "groups": ["01"],
            "urgent": "Договор ведёт старший оператор.",
        },
        {
            "persons": [
                _person("Берёзкина Вера Павловна", "главный бухгалтер", QUOTES_NUMBER),
                _person("Сыновьев Олег Юрьевич", "системный администратор", "+79000000141"),
            ],
            "addresses": [
                {"kind": "юридический", "address": f"{TOWN}, пр. Мира, 44, офис 210"},
                {"kind": "склад", "address": f"{TOWN}, ул. Заводская, 9"},
            ],
            "points": [
                *_points(5, one),
                {
                    "code": "ТП-1905",
                    "address": f"{TOWN}, ул. Заводская, 9",
                    "node": "",
                    "characteristics": {"мощность": "40 кВт", "категория надёжности": "II"},
                },
            ],
            "consents": [_consent("4.2 рекламные сообщения", now)],
            "operators": [{"login": "boris"}, {"login": "anna"}],
        },
    )


def _person(name: str, role: str, number: str) -> dict[str, Any]:
    return {"name": name, "role": role, "number": number, "email": ""}


def _consent(clause: str, now: datetime) -> dict[str, Any]:
    return {
        "clause": clause,
        "granted_at": datetime(2024, 2, 12, 9, tzinfo=now.tzinfo),
        "granted_by": _SEEDER,
        "evidence": "подпись в договоре, стр. 4",
        "withdrawal_evidence": "",
    }


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
