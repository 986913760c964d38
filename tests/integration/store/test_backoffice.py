"""What callers leave becomes an appeal or a case on somebody's list (D-24 to D-26, D-61), and what the IVR
asks of the record on their behalf (D-70, D-73)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.assembly.backoffice import HouseBackoffice
from callcore.assembly.cardsource import titles_by
from callcore.assembly.selfservice import SelfService
from callcore.assembly.staffpin import PACE, StaffPin
from callcore.config.cases import general
from callcore.crm.cases import model, moves
from callcore.crm.cases.desk import Refused
from callcore.crm.cases.kinds import Catalogue
from callcore.crm.cases.received import HOUSE
from callcore.crm.departments import Departments
from callcore.domain import (
    NULL_CUSTOMER,
    CallId,
    Customer,
    CustomerId,
    Interface,
    Language,
    Login,
    PbxName,
    QueueName,
    Text,
    TopicCode,
)
from callcore.ivr.ports import Caller, Message
from callcore.store.call_backs import CallBackLook
from callcore.store.case_find import Look
from callcore.store.case_rows import Case, Status
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.flash_rows import EVERYBODY, Flash
from callcore.store.flashes import FlashScope, NewFlash
from callcore.store.schema import metadata
from callcore.store.schema.access import audit
from callcore.store.schema.core import customers
from callcore.store.voicemails import VoicemailLook
from callcore.web.passwords import PasswordChecker, hash_password
from callcore.web.throttle import LOGIN_PACE, Throttle

from .store_samples import ANNA
from .test_store_cases import T0, VERA, Room, sample

ZONE = ZoneInfo("Europe/Moscow")
MAIN = PbxName("main")
CALL, NUMBER = CallId("c1"), "+79000000001"
MESSAGE = Message("c1-1.wav", 64.4)
PIN, RIGHT = "4711", hash_password("4711")


def caller(topic: str = "finance.claim", **more: Any) -> Caller:
    values: dict[str, Any] = {"call": CALL, "number": NUMBER, "language": "ru", "customer": None}
    return Caller(pbx=MAIN, topic=TopicCode(topic), **{**values, **more})


class House:
    """The back office of a house whose clock stands still; ``known`` is whom the number tells."""

    def __init__(self, db: Database, catalogue: Catalogue | None = None) -> None:
        self.db = db
        self.room = Room(db, catalogue)
        self.known: CustomerId | None = None
        self.identified: list[tuple[CallId, CustomerId]] = []
        self.switched: list[tuple[int, bool]] = []
        self.seconds = 0.0
        self.staff_pin = "246810"
        self.speaks: Language = "ru"
        self.phones = {Login("boris"): Interface("PJSIP/102"), Login("anna"): Interface("PJSIP/101")}
        self.passwords = PasswordChecker()
        self.self_service = SelfService(
            db,
            self.passwords,
            Throttle(LOGIN_PACE),
            titles_by(sample),
            known=lambda _call: self.known,
            identified=self._identified,
            language=lambda _call: self.speaks,
            zone=ZONE,
            now=lambda: self.room.now,
            monotonic=lambda: self.seconds,
        )
        self.office = HouseBackoffice(
            db,
            self.room.desk,
            self.self_service,
            phone=lambda login, pbx: self.phones.get(login) if pbx == MAIN else None,
            queue_of=lambda topic: QueueName(topic.partition(".")[0]),
            is_staff_pin=StaffPin(lambda: self.staff_pin, lambda: self.seconds).is_right,
            switched=self._switched,
            language="ru",
            now=lambda: self.room.now,
        )

    async def _identified(self, call: CallId, customer: Customer) -> None:
        self.identified.append((call, customer.id))

    def _switched(self, flash: Flash) -> None:
        self.switched.append((flash.id, flash.is_spoken))

    async def customer(self, contract: str = "К-1", **values: Any) -> CustomerId:
        """With one number, whose spoken password is ``PIN``."""
        number = values.pop("number", NUMBER)
        await self.db.customers.add_many([NewCustomer(contract, "ООО «Ромашка»", numbers=(number,))])
        found = await self.db.customers.by_contract(contract)
        assert found is not None
        if values:
            await self.change(update(customers).where(customers.c.id == found.id).values(**values))
        await self.db.records.set_password_hash(found.id, number, RIGHT, ANNA, T0)
        return found.id

    async def change(self, statement: Any) -> None:
        async def op(connection: AsyncConnection) -> None:
            await connection.execute(statement)

        await self.db.writer.submit(op)

    async def cases(self) -> tuple[Case, ...]:
        """The oldest first."""
        lines = (await self.room.desk.find(Look())).lines
        return tuple(
            [await self.room.desk.get(line.number) for line in sorted(lines, key=lambda line: line.id)]
        )

    async def prove(
        self, contract: str = "К-1", pin: str = PIN, call: str = "c1"
    ) -> Mapping[str, str] | None:
        return await self.office.find(CallId(call), "contract_pin", {"contract": contract, "pin": pin})


@pytest.fixture
async def house(db: Database) -> Any:
    made = House(db)
    yield made
    made.passwords.close()


# --- what he leaves


async def test_a_message_becomes_an_appeal_on_time(house: House) -> None:
    """D-61: with topic and customer, in the department's queue, with its deadline."""
    him = await house.customer()
    number = await house.office.keep_message(caller(customer=him), MESSAGE)
    (case,) = await house.cases()
    assert number == "C-2026-000001"
    assert (case.type, case.department, case.status) == ("appeal", "finance", Status.dispatch)
    assert (case.customer, case.number, case.contact, case.topic) == (him, NUMBER, CALL, "finance.claim")
    assert case.initiator == HOUSE.login
    # a working day of the department from Monday noon in Moscow
    assert case.due_at is not None
    assert case.due_at.astimezone(ZONE).date() == date(2026, 3, 3)
    assert case.form == {"subject": "Сообщение автоответчику", "phone": NUMBER}
    assert case.comment == "Голосовое сообщение, 1:04."
    (mail,) = await house.db.voicemails.of_case(case.id)
    assert (mail.file, mail.ms, mail.customer, mail.topic) == ("c1-1.wav", 64_400, him, "finance.claim")


async def test_of_somebody_unknown_it_is_the_null_customers(house: House) -> None:
    await house.office.keep_message(caller("service.damage", number=None), MESSAGE)
    (case,) = await house.cases()
    assert (case.customer, case.number, case.department) == (NULL_CUSTOMER, "", "remote_service")
    (mail,) = await house.db.voicemails.find(VoicemailLook())
    assert (mail.customer, mail.number) == (None, None)


async def test_handed_in_again_it_is_the_same(house: House) -> None:
    keep = house.office.keep_message
    numbers = await asyncio.gather(*(keep(caller(), MESSAGE) for _ in range(4)))
    assert set(numbers) == {"C-2026-000001"}
    assert len(await house.cases()) == 1
    assert len(await house.db.voicemails.find(VoicemailLook())) == 1


async def test_two_messages_of_one_call_are_one_appeal(house: House) -> None:
    await house.office.keep_message(caller(), MESSAGE)
    await house.office.keep_message(caller(), replace(MESSAGE, file="c1-2.wav"))
    (case,) = await house.cases()
    assert {mail.file for mail in await house.db.voicemails.of_case(case.id)} == {"c1-1.wav", "c1-2.wav"}


async def test_without_its_case_it_is_on_the_list_and_comes_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: Any, **__: Any) -> Case:
        raise Refused("unknown", Text("нет", "no"))

    with monkeypatch.context() as patch:
        patch.setattr(house.room.desk, "create", refuse)
        with pytest.raises(Refused):
            await house.office.keep_message(caller(), MESSAGE)
    (mail,) = await house.db.voicemails.find(VoicemailLook())
    assert mail.case is None
    assert await house.office.keep_message(caller(), MESSAGE) == "C-2026-000001"
    (again,) = await house.db.voicemails.find(VoicemailLook())
    assert (again.id, again.case_number) == (mail.id, "C-2026-000001")


async def test_a_prospect_by_night_leaves_a_case_that_says_what_to_ask(house: House) -> None:
    """D-24, D-25: the case is made of what is known; its mandatory fields are asked by whoever takes it."""
    await house.office.open_case(caller("telesales.connect"), "prospect", MESSAGE)
    (case,) = await house.cases()
    assert (case.type, case.department, case.customer) == ("prospect", "account_managers", NULL_CUSTOMER)
    assert case.form == {"phone": NUMBER}
    assert case.comment == (
        "Голосовое сообщение, 1:04. Спросить: Название компании, Фактический адрес, Контактное лицо."
    )
    (mail,) = await house.db.voicemails.of_case(case.id)
    assert mail.file == "c1-1.wav"


async def test_a_known_company_is_asked_less(house: House) -> None:
    him = await house.customer(legal_form="ООО", address="Тверская, 1")
    person = {"name": "Пётр", "role": "", "number": "", "email": ""}
    table = metadata.tables["customer_persons"]
    await house.change(table.insert().values(customer=him, position=1, **person))
    await house.office.open_case(caller("telesales.connect", customer=him), "prospect", None)
    (case,) = await house.cases()
    assert case.form == {
        "company": "ООО «Ромашка»",
        "address": "Тверская, 1",
        "person": "Пётр",
        "phone": NUMBER,
    }
    assert case.comment == "Сообщение автоответчику"


async def test_just_a_phone_is_a_case_of_the_null_customer(house: House) -> None:
    """D-26: whoever leaves nothing but a phone is called in working hours."""
    him = await house.customer()
    await house.office.open_case(caller("telesales.connect", customer=him), "call_me", None)
    (case,) = await house.cases()
    assert (case.type, case.customer, case.form["phone"]) == ("call_me", NULL_CUSTOMER, NUMBER)


async def test_a_case_and_a_message_of_one_call_are_two(house: House) -> None:
    for _ in range(2):
        await house.office.open_case(caller("service.damage"), "damage", None)
        await house.office.keep_message(caller("service.damage"), MESSAGE)
    assert [case.type for case in await house.cases()] == ["damage", "appeal"]


async def test_a_type_that_is_gone_becomes_an_appeal(house: House) -> None:
    await house.office.open_case(caller("finance"), "no_longer_there", None)
    assert [case.type for case in await house.cases()] == ["appeal"]


async def test_in_a_house_without_departments_it_lies_in_everybodys_queue(db: Database) -> None:
    nothing_set = general(ZONE, Departments(), "RU")
    house = House(db, nothing_set)
    await house.office.keep_message(caller(), MESSAGE)
    (case,) = await house.cases()
    assert (case.type, case.department, case.owner, case.status) == ("general", "", None, Status.dispatch)
    assert (await house.room.desk.counts(Login("vera"))).queue == 1
    taken = await house.room.do(case, lambda now, at: model.take(now, VERA, at), VERA)
    done = await house.room.do(
        taken, lambda now, at: moves.finish(now, "done", "", VERA, at, nothing_set), VERA
    )
    assert done.status is Status.closed
    house.passwords.close()


async def test_a_call_back_once_for_each_number(house: House) -> None:
    him = await house.customer()
    ask = house.office.call_back
    assert await ask(caller(customer=him), "finance")
    assert await ask(caller(call=CallId("c2")), "sales")
    assert not await ask(caller(number=None), "finance")
    (wish,) = await house.db.call_backs.find(CallBackLook())
    assert (wish.number, wish.queue, wish.customer, wish.call) == (NUMBER, "finance", him, CALL)


# --- announcements


async def test_announcements_are_heard_and_switched_by_phone(house: House) -> None:
    words = Text("Авария.", "An outage.")
    new = NewFlash(FlashScope.house, EVERYBODY, EVERYBODY, "Авария", T0, T0 + timedelta(days=1), spoken=words)
    note = await house.db.flashes.add(new, ANNA, T0)
    assert await house.office.announcements() == ()
    assert await house.office.switch(str(note.id), True, CALL)
    assert await house.office.announcements() == (words,)
    assert await house.office.switch(str(note.id), False, CALL)
    assert await house.office.announcements() == ()
    assert house.switched == [(note.id, True), (note.id, False)]
    for wrong in ("", "999", "x", "-1", "٣", "9" * 40):
        assert not await house.office.switch(wrong, True, CALL)


async def staff(house: House, pin: str, call: str) -> bool:
    return await house.office.find(CallId(call), "staff_pin", {"pin": pin, "language": "ru"}) is not None


async def test_guessing_at_the_staff_pin_is_slow_over_all_calls(house: House) -> None:
    """Three tries a call are no hindrance to whoever calls again: callers share what is free."""
    assert await staff(house, "246810", "c0")
    for count in range(PACE.free + 8):
        assert not await staff(house, f"{count:06}", f"c{count}")
        house.seconds += 2.0 ** max(0, count - PACE.free) if count < PACE.free + 7 else 0
    assert not await staff(house, "246810", "c99"), "it comes too soon after a wrong one"
    house.seconds += PACE.longest_seconds
    assert await staff(house, "246810", "c99")
    assert await staff(house, "246810", "c99")


async def test_where_no_staff_pin_is_set_none_is_right(house: House) -> None:
    house.staff_pin = ""
    assert not await staff(house, "", "c1")
    assert not await staff(house, "000000", "c1")


async def test_personal_operators_who_are_ready_in_their_order(house: House) -> None:
    him = await house.customer()
    table = metadata.tables["customer_operators"]
    for position, login in enumerate(("boris", "olga", "anna")):
        await house.change(table.insert().values(customer=him, position=position, login=login))
    assert await house.office.personal(him, MAIN) == ("PJSIP/102", "PJSIP/101")
    assert await house.office.personal(him, PbxName("other")) == ()


# --- self-service


async def test_by_contract_and_pin_he_is_who_he_says(house: House) -> None:
    him = await house.customer("77", segment="VIP-0")
    found = await house.prove("77")
    assert found == {"name": "ООО «Ромашка»", "contract": "77", "segment": "VIP-0"}
    assert house.identified == [(CALL, him)]
    assert house.self_service.customer_of(CALL) == him
    assert house.self_service.customer_of(CallId("c2")) is None
    await house.office.keep_message(caller(), MESSAGE)
    assert [case.customer for case in await house.cases()] == [him]


async def test_a_contract_is_found_by_its_digits(house: House) -> None:
    him = await house.customer("К-77/2")
    assert await house.prove("772") is not None
    assert house.identified == [(CALL, him)]
    await house.customer("Ж 772", number="+79000000003")
    assert await house.prove("772", call="c2") is None  # it may be either


@pytest.mark.parametrize(
    ("contract", "pin"),
    [("77", "0000"), ("78", PIN), ("", PIN), ("77", ""), ("77", "47 11"), ("٧٧", PIN), ("7" * 31, PIN)],
)
async def test_who_proves_nothing_is_nobody(house: House, contract: str, pin: str) -> None:
    await house.customer("77")
    assert await house.prove(contract, pin) is None
    assert house.identified == []
    assert await house.office.find(CALL, "balance", {}) is None


async def test_guessing_is_slow_in_a_call_and_over_calls(house: House) -> None:
    await house.customer("77")
    for _ in range(5):
        assert await house.prove("77", "0000") is None
    assert await house.prove("77", "0000") is None
    assert await house.prove("77") is None  # right, but too soon
    assert await house.prove("77", call="c2") is None  # nor does another call help
    house.seconds += 61
    assert await house.prove("77", call="c2") is not None
    acts = select(audit.c.subject).where(audit.c.act == "checked").order_by(audit.c.id)
    async with house.db.read() as connection:
        subjects = list((await connection.execute(acts)).scalars())
    assert subjects[0] == "password_wrong"
    assert subjects[-1] == "password_right"


async def test_any_of_his_numbers_proves_him_and_costs_the_others_nothing(house: House) -> None:
    him = await house.customer("77")
    await house.db.records.set_password_hash(him, NUMBER, hash_password("0815"), ANNA, T0)
    await house.db.records.add_number(him, "+79000000002", ANNA, T0)
    await house.db.records.set_password_hash(him, "+79000000002", RIGHT, ANNA, T0)
    for n in range(8):
        assert await house.prove("77", call=f"c{n}") is not None
    assert await house.prove("77", "0815", call="c9") is not None  # the first one's is not slowed down


async def test_balance_and_tariff(house: House) -> None:
    him = await house.customer(balance_minor=-123_456, currency="RUB", tariff="Домашний")
    assert await house.office.find(CALL, "balance", {}) is None
    house.known = him
    assert await house.office.find(CALL, "balance", {}) == {"balance": "-123456", "balance.currency": "RUB"}
    assert await house.office.find(CALL, "tariff", {}) == {"tariff": "Домашний", "tariff.since": ""}
    found = await house.office.find(CALL, "customer", {})
    assert found is not None
    assert found["contract"] == "К-1"


async def test_the_tariff_of_the_number_where_the_contract_has_none(house: House) -> None:
    house.known = await house.customer()
    assert await house.office.find(CALL, "balance", {}) is None  # nothing is known of it
    assert await house.office.find(CALL, "tariff", {}) is None
    numbers = metadata.tables["customer_numbers"]
    await house.change(update(numbers).values(tariff="Мобильный", tariff_since=date(2025, 12, 31)))
    assert await house.office.find(CALL, "tariff", {}) == {
        "tariff": "Мобильный",
        "tariff.since": "2025-12-31",
    }


async def test_the_state_of_his_newest_request(house: House) -> None:
    """D-73: where his request stands, and until when."""
    him = house.known = await house.customer()
    assert await house.office.find(CALL, "request", {}) is None
    sent = await house.room.make("money.finance", customer=him, form=_MONEY)
    await house.room.make("money.finance", send=False, customer=him, form=_MONEY)  # not sent: none of his
    said = await house.office.find(CALL, "request", {})
    assert sent.due_at is not None
    due = sent.due_at.astimezone(ZONE).date().isoformat()
    assert said == {"request.number": str(sent.id), "request.state": "Решение", "request.due": due}
    house.speaks = "en"
    said = await house.office.find(CALL, "request", {})
    assert said is not None
    assert said["request.state"] == "Decision"


_MONEY = {"period": "март", "demand": "перерасчёт", "answer_by": "phone"}
