"""What lies on an office's desks besides its customers: contacts of last weeks, cases, notes, visitors.

All of it is invented, for the demo and for pictures. Moments lie round ``now``: one case is overdue, one came
back, notes are in force. What is there already is left alone, so that it may be added at each start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from callcore.calls.effects import Contact
from callcore.crm import seeds
from callcore.crm.cases import model, moves
from callcore.crm.cases.desk import CaseDesk
from callcore.crm.cases.kinds import Catalogue
from callcore.crm.cases.model import Actor, New
from callcore.domain import (
    CallId,
    CustomerId,
    Direction,
    EndReason,
    Login,
    NodeCode,
    Outcome,
    PbxName,
    QueueName,
    Source,
    Text,
    TopicCode,
)
from callcore.store.attachments import Owner, OwnerKind
from callcore.store.case_find import Look
from callcore.store.case_rows import Case, Change
from callcore.store.counterparties import NewCounterparty
from callcore.store.database import Database
from callcore.store.flash_rows import EVERYBODY
from callcore.store.flashes import FlashScope, NewFlash
from callcore.store.prospects import Prospect, Prospects
from callcore.store.staff import NewPerson
from callcore.store.visit_rows import Medium, Method, Money, NewContact, Papers, new_id

ANNA, BORIS, CHIEF = Login("anna"), Login("boris"), Login("olga")
OFFICE = "centre"
_ANNA_CUSTOMER, _LEBEDEV, _TRADING_HOUSE, _HOUSE_OWNERS = 0, 2, 5, 13
"""Places in ``seeds.customers()``."""

_CONTACTS: tuple[tuple[int, float, Login, str, str], ...] = (
    (0, 26, BORIS, "finance.charges", "Спрашивала, почему списано дважды. Второе списание отменено."),
    (0, 12, ANNA, "finance.recalculation", "Просит перерасчёт за три дня без связи, заведён кейс."),
    (0, 3, ANNA, "expert.speed", "Вечером скорость ниже тарифа. Проверено: роутер перегрет, переставили."),
    (2, 20, ANNA, "expert.diagnosis", "Нет телевидения после грозы, приставка заменена."),
    (2, 2, BORIS, "expert.diagnosis", "Телефон потерян: номер заблокирован, сим-карту заберёт в офисе."),
    (5, 9, BORIS, "corporate.invoice_by_email", "Счета слать на office@beryozka.example.ru."),
    (5, 1, ANNA, "corporate.connect", "Хотят второй канал на склад, ждут смету."),
    (20, 0.06, ANNA, "finance.charges", "Объяснена плата за октябрь, вопросов нет."),
    (33, 0.04, ANNA, "expert.equipment", "Перезагрузка роутера помогла."),
)
"""Whose, days ago, who took it, topic, comment."""
_NOTE = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF"
)


async def add_work(
    database: Database, catalogue: Catalogue, members: Mapping[str, Sequence[Login]], now: datetime
) -> None:
    """``seeds_records`` come first, and the people ``anna``, ``boris``, ``olga``."""
    found = [await database.customers.by_contract(one.contract) for one in seeds.customers()]
    ids = [one.id for one in found if one is not None]
    await _contacts(database, ids, now)
    if not (await database.cases.find(Look(limit=1), now)).total:
        await _Cases(database, catalogue, members, ids, now).add()
    if not await database.flashes.search(now, state=None, limit=1):
        await _flashes(database, ids, now)
    if not await database.staff.search("Дежурный"):
        await _people(database, now)
    if not await database.visitors.present(OFFICE, now - timedelta(hours=12)):
        await _visits(database, ids, now)


async def _contacts(database: Database, ids: Sequence[CustomerId], now: datetime) -> None:
    for n, (whose, days, login, topic, comment) in enumerate(_CONTACTS):
        at = now - timedelta(days=days, minutes=n)
        call, number = CallId(f"seed-{n}"), seeds.customers()[whose].numbers[0]
        if await database.contacts.get(call) is not None:
            continue
        await database.contacts.save(_contact(call, number, ids[whose], topic, login, at))
        when = at + timedelta(minutes=4)
        await database.interactions.save(
            call, login, TopicCode(topic), comment, ids[whose], when, number=number
        )


def _contact(
    call: CallId, number: str, customer: CustomerId, topic: str, login: Login, at: datetime
) -> Contact:
    return Contact(
        call=call,
        pbx=PbxName("main"),
        channel=f"{call}.1",
        direction=Direction.inbound,
        source=Source.live,
        caller_number=number,
        caller_number_raw=number,
        caller_name=None,
        dialed_number="+74950000000",
        language="ru",
        customer=customer,
        topic=TopicCode(topic),
        route=None,
        route_reason=None,
        queue=QueueName(topic.partition(".")[0]),
        started_at=at,
        queued_at=at + timedelta(seconds=21),
        answered_at=at + timedelta(seconds=33),
        ended_at=at + timedelta(seconds=33 + 187),
        wait_ms=12_000,
        ring_ms=4_000,
        talk_ms=187_000,
        operators=(),
        answered_by=login,
        end_reason=EndReason.completed,
        hangup_cause=16,
        outcome=Outcome.answered,
    )


@dataclass
class _Cases:
    """Cases as people would have moved them, each move at its own moment."""

    database: Database
    catalogue: Catalogue
    members: Mapping[str, Sequence[Login]]
    ids: Sequence[CustomerId]
    now: datetime

    def __post_init__(self) -> None:
        self._at = self.now
        self._desk = CaseDesk(
            self.database.cases,
            self.database.tasks,
            lambda: self.catalogue,
            self.database.users.list,
            lambda: self.members,
            lambda *_: None,
            lambda: self._at,
        )

    async def add(self) -> None:
        await self._claim()
        await self._no_signal()
        await self._returned()
        await self._damage()
        await self._stages()
        await self._left()
        await self._stranger()
        self._at = self.now - timedelta(hours=1)
        text, due = "Перезвонить про второй канал", self.now + timedelta(hours=3)
        await self._desk.add_task(
            text, ANNA, Actor(CHIEF, True), customer=self.ids[_TRADING_HOUSE], due_at=due
        )

    async def _claim(self) -> None:
        """Overdue: more than its five working days have passed."""
        form = {
            "period": "прошлый месяц",
            "amount": "412,50",
            "demand": "Вернуть плату за три дня без связи.",
            "answer_by": "phone",
        }
        comment = "Авария на Садовой, подтверждена диспетчером."
        case = await self._new(
            "money.finance", self.ids[_ANNA_CUSTOMER], form, ANNA, days=12, comment=comment
        )
        owner = Owner(OwnerKind.case, str(case.id))
        await self.database.attachments.add(
            owner, "претензия.pdf", "application/pdf", "letter", _NOTE, ANNA, self._at
        )

    async def _no_signal(self) -> None:
        form = {
            "address": f"{seeds.TOWN}, пер. Речной, 3",
            "port": "14",
            "phone": seeds.THREE_NUMBERS[0],
            "symptoms": "Порт горит, адреса нет. Кабель проверен монтажником.",
        }
        case = await self._new("connect.service_help", self.ids[_LEBEDEV], form, BORIS, hours=2)
        await self._take(case, ANNA)

    async def _returned(self) -> None:
        form = {"what": "Акт сверки за квартал", "by": "email", "email": "office@beryozka.example.ru"}
        case = await self._new("delivery.documents", self.ids[_TRADING_HOUSE], form, ANNA, hours=20)
        why = "За какой именно квартал? Уточните и пришлите снова."
        await self._do(case, BORIS, lambda it, at: model.reject(it, why, Actor(BORIS), at))

    async def _damage(self) -> None:
        form = {
            "address": f"{seeds.TOWN}, ул. Школьная, 2",
            "what": "Провод лежит на тротуаре",
            "danger": "yes",
            "phone": seeds.customers()[12].numbers[0],
        }
        await self._new("repair.field", self.ids[12], form, BORIS, hours=1)

    async def _stages(self) -> None:
        """A connection in its third stage of five."""
        form = {
            "address": f"{seeds.TOWN}, ул. Садовая, 12",
            "person": "Семён Ильич",
            "phone": seeds.customers()[_HOUSE_OWNERS].numbers[0],
            "technology": "lan",
            "cost": "48000",
        }
        case = await self._new("connect.full", self.ids[_HOUSE_OWNERS], form, ANNA, days=4)
        for login, result in ((ANNA, "agreed"), (BORIS, "positive")):
            case = await self._finish(await self._take(case, login), login, result)
        await self._take(case, ANNA)

    async def _left(self) -> None:
        form = {"why": "Переезжает, по новому адресу сети нет."}
        case = await self._take(await self._new("leaving.talk", self.ids[30], form, BORIS, days=6), ANNA)
        await self._finish(case, ANNA, "leaves")

    async def _stranger(self) -> None:
        """A company that is no customer yet, and the case that a talk with it must leave (D-24)."""
        who = Prospect("ООО «Вектор»", "+79000000990", "ООО", f"{seeds.TOWN}, ул. Новая, 15", person="Пётр")
        customer = await Prospects(self.database).add(who, BORIS, self.now - timedelta(hours=3))
        form = {
            "company": who.name,
            "address": who.address,
            "person": who.person,
            "phone": who.number,
            "employees": "40",
        }
        await self._new("connect.company", customer, form, BORIS, hours=3)

    async def _new(
        self,
        queue: str,
        customer: CustomerId,
        form: Mapping[str, str],
        by: Login,
        *,
        days: float = 0,
        hours: float = 0,
        comment: str = "",
    ) -> Case:
        self._at = self.now - timedelta(days=days, hours=hours)
        new = New(queue, customer, form, comment=comment)
        return await self._desk.create(new, Actor(by), send=True)

    async def _take(self, case: Case, by: Login) -> Case:
        return await self._do(case, by, lambda it, at: model.take(it, Actor(by), at))

    async def _finish(self, case: Case, by: Login, result: str) -> Case:
        return await self._do(
            case, by, lambda it, at: moves.finish(it, result, "", Actor(by), at, self.catalogue)
        )

    async def _do(self, case: Case, by: Login, work: Callable[[Case, datetime], Change]) -> Case:
        """Twenty minutes after the last move."""
        self._at += timedelta(minutes=20)
        return await self._desk.do(case, case.revision, work, Actor(by))


_TRUNK = Text(
    "На левом берегу нет связи: повреждена магистраль. Мы её чиним.",
    "There is no service on the left bank: a trunk line is damaged. We are mending it.",
)
"""Lies ready: nobody hears it until it is switched on."""


async def _flashes(database: Database, ids: Sequence[CustomerId], now: datetime) -> None:
    customers = seeds.customers()
    day, week = now + timedelta(days=1), now + timedelta(days=7)
    contract, district = customers[_ANNA_CUSTOMER].contract, "Фидер 12, левый берег"
    lost = seeds.THREE_NUMBERS[1]
    notes = [
        NewFlash(
            FlashScope.contract,
            str(ids[_ANNA_CUSTOMER]),
            contract,
            "Обещан ответ на претензию до пятницы. Не отправлять в финансы второй раз.",
            now - timedelta(hours=5),
            week,
            must_read=True,
        ),
        NewFlash(
            FlashScope.number,
            lost,
            lost,
            "Телефон потерян: не включать по звонку.",
            now - timedelta(days=2),
            week,
        ),
        NewFlash(
            FlashScope.topic,
            "finance.payment",
            "Ошибочный платёж",
            "Банк задерживает платежи за вчера: деньги придут до вечера.",
            now - timedelta(hours=2),
            day,
        ),
        NewFlash(
            FlashScope.house,
            EVERYBODY,
            EVERYBODY,
            "Оборвана магистраль: связи нет в левобережной части города.",
            now - timedelta(hours=5),
            week,
            spoken=_TRUNK,
        ),
    ]
    if await database.network.node(NodeCode("F-12")) is not None:
        text = "В субботу с 10 до 14 замена муфты: предупреждать, кто спросит."
        notes.append(NewFlash(FlashScope.district, "F-12", district, text, now - timedelta(hours=1), week))
    for note in notes:
        await database.flashes.add(note, CHIEF, now - timedelta(hours=5))


async def _people(database: Database, now: datetime) -> None:
    for person in (
        NewPerson("Дежурный инженер", None, "noc", "смена 24/7", "310", "noc@callcore.example"),
        NewPerson(
            "Игнатьева Лариса Павловна", None, "sales", "начальник отдела", "301", "sales@callcore.example"
        ),
        NewPerson("Муратов Тимур", None, "field_service", "бригадир", "+79000000981", ""),
        NewPerson("Шевцова Инна", None, "coordinators", "координатор", "305", ""),
    ):
        await database.staff.put(person)
    all_see = {"role:operator": False, "role:senior": True, "role:supervisor": True}
    city = await database.counterparties.add_group("Городские службы", all_see, now)
    makers = await database.counterparties.add_group("Поставщики", {"role:supervisor": True}, now)
    for group, new in (
        (city, NewCounterparty("Аварийная газовая служба", ("104",), f"{seeds.TOWN}, ул. Газовая, 1")),
        (city, NewCounterparty("Водоканал, диспетчер", ("+74950000104",), region="Центр", contact="смена")),
        (
            city,
            NewCounterparty("УК «Тёплый дом»", ("+74950000105",), region="Левый берег", comment="до 18:00"),
        ),
        (makers, NewCounterparty("Склад оборудования", ("+74950000106",), email="sklad@example.ru")),
    ):
        await database.counterparties.add(group, new, CHIEF, now)


async def _visits(database: Database, ids: Sequence[CustomerId], now: datetime) -> None:
    visits = database.visits
    waits = (("А-014", "finance.payment", 14), ("А-015", "", 9), ("Б-003", "corporate.connect", 4))
    for ticket, topic, minutes in waits:
        await database.visitors.arrive(OFFICE, ticket, topic, now - timedelta(minutes=minutes))
    await visits.register(
        NewContact(
            new_id(),
            Medium.payment,
            Direction.inbound,
            OFFICE,
            ids[_LEBEDEV],
            money=Money(65_000, "RUB", Method.cash, "оплата услуг", "чек 118"),
        ),
        BORIS,
        now - timedelta(minutes=50),
    )
    await visits.register(
        NewContact(
            new_id(),
            Medium.letter,
            Direction.inbound,
            OFFICE,
            ids[_TRADING_HOUSE],
            papers=Papers("вх-77", now.date(), "ООО «Торговый дом»", "курьер"),
        ),
        BORIS,
        now - timedelta(minutes=25),
    )
