"""What the IVR needs of the house, answered by the record, the cases and the people on shift.

Whatever cannot be done now raises, and leaves nothing half done: the IVR's slips (``ivr.slips``) come again
with what a caller left until it has its case.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from callcore.assembly.selfservice import SelfService
from callcore.crm.cases.desk import CaseDesk, New, Refused
from callcore.crm.cases.kinds import Node
from callcore.crm.cases.received import HOUSE, KnownCaller, appeal_leaf, comment_of, filled, leaf_of
from callcore.crm.statuses import is_over, is_shut
from callcore.domain import (
    NULL_CUSTOMER,
    CallId,
    CustomerId,
    Interface,
    Language,
    Login,
    PbxName,
    QueueName,
    Text,
    TopicCode,
)
from callcore.ivr.ports import Caller, Message, Profile
from callcore.ivr.script import Question
from callcore.routing.situation import CallerFacts, Mark, Standing
from callcore.store.call_backs import NewCallBack
from callcore.store.callers import CallerRow, Callers
from callcore.store.case_rows import Case, number_of
from callcore.store.customers import Customers
from callcore.store.database import Database
from callcore.store.flashes import Flash
from callcore.store.follow_rows import AskedBy
from callcore.store.voicemails import NewVoicemail, Voicemail

FRESH_SECONDS = 1.0
"""Announcements that were read so shortly before are not read again: every caller asks for them."""
_PRIVATE = frozenset(("", "физическое лицо", "физлицо", "частное лицо", "individual", "private person"))
"""Legal forms that are none of a company; letter case does not matter."""


class HouseBackoffice:
    """Implements ``ivr.ports.Backoffice``."""

    def __init__(
        self,
        database: Database,
        cases: CaseDesk,
        self_service: SelfService,
        *,
        phone: Callable[[Login, PbxName], Interface | None],
        queue_of: Callable[[TopicCode], QueueName | None],
        is_staff_pin: Callable[[str], bool],
        switched: Callable[[Flash], None],
        wished: Callable[[], None] = lambda: None,
        language: Language,
        now: Callable[[], datetime],
    ) -> None:
        """``phone``: of somebody who is ready on that PBX; ``queue_of``: a topic's own queue; ``switched``
        hears of announcements that callers switch by phone, ``wished`` that one more wants to be called;
        ``language``: the house's, for what it writes."""
        self._database = database
        self._cases = cases
        self._self_service = self_service
        self._phone = phone
        self._queue_of = queue_of
        self._is_staff_pin = is_staff_pin
        self._switched = switched
        self._wished = wished
        self._language = language
        self._now = now
        self._one_at_a_time = asyncio.Lock()
        """Cases are looked for, then made: nobody may come in between."""
        self._spoken: tuple[float, tuple[Text, ...]] = (0.0, ())
        """Announcements, and until when they are fresh."""

    # --- who calls

    async def profile(self, number: str | None, customer: CustomerId | None) -> Profile:
        return await profile_of(self._database.customers, number, customer, self._now())

    async def find(
        self, call: CallId, what: Question, arguments: Mapping[str, str]
    ) -> Mapping[str, str] | None:
        if what == "staff_pin":
            return {} if self._is_staff_pin(arguments.get("pin", "")) else None
        return await self._self_service.find(call, what, arguments)

    async def personal(self, customer: CustomerId, pbx: PbxName) -> tuple[Interface, ...]:
        operators = await self._database.customers.operators(customer)
        phones = (self._phone(login, pbx) for login in operators)
        return tuple(phone for phone in phones if phone is not None)

    # --- announcements

    async def announcements(self) -> tuple[Text, ...]:
        until, spoken = self._spoken
        now = asyncio.get_running_loop().time()
        if now >= until:
            found = await self._database.announcements.spoken(self._now())
            spoken = tuple(flash.spoken for flash in found if flash.spoken is not None)
            self._spoken = now + FRESH_SECONDS, spoken
        return spoken

    async def switch(self, note: str, is_on: bool, call: CallId) -> bool:
        if not (note.isascii() and note.isdigit() and len(note) < 18):
            return False
        flash = await self._database.announcements.switch(
            int(note), HOUSE.login, self._now(), is_on=is_on, call=call
        )
        self._spoken = (0.0, ())
        if flash is not None:
            self._switched(flash)
        return flash is not None

    # --- what he leaves

    async def keep_message(self, caller: Caller, message: Message) -> str:
        return await self._leave(caller, lambda: self._appeal(caller.topic), message)

    async def open_case(self, caller: Caller, type: str, message: Message | None) -> str:
        """A type that the settings have no more becomes an appeal."""

        def node() -> Node:
            return leaf_of(self._cases.catalogue, type, caller.topic) or self._appeal(caller.topic)

        return await self._leave(caller, node, message)

    async def call_back(
        self, caller: Caller, queue: str, place: int | None = None, is_closed: bool = False
    ) -> bool:
        if caller.number is None:
            return False
        wish = NewCallBack(
            number=caller.number,
            topic=caller.topic,
            queue=QueueName(queue),
            language=caller.language,
            call=caller.call,
            customer=self._customer_of(caller),
            source=AskedBy.closed if is_closed else AskedBy.key,
            position=place,
        )
        if await self._database.call_backs.ask(wish, self._now()):
            self._wished()
        return True

    # --- pieces

    async def _leave(self, caller: Caller, node: Callable[[], Node], message: Message | None) -> str:
        """The message is on a list first, even if its case cannot be made now; a case for each type at most,
        however often he leaves word in one call."""
        async with self._one_at_a_time:
            kept = await self._kept(caller, message) if message is not None else None
            if kept is not None and kept.case is not None:
                return kept.case_number
            case = await self._case(caller, node(), message)
            if kept is not None:
                await self._database.voicemails.became(kept.id, case.id)
        return number_of(case.id, case.created_at)

    async def _kept(self, caller: Caller, message: Message) -> Voicemail:
        new = NewVoicemail(
            call=caller.call,
            topic=caller.topic,
            language=caller.language,
            file=message.file,
            ms=round(message.seconds * 1000),
            number=caller.number,
            customer=self._customer_of(caller),
        )
        return await self._database.voicemails.add(new, self._now())

    async def _case(self, caller: Caller, node: Node, message: Message | None) -> Case:
        there = await self._database.cases.of_call(caller.call, node.kind, HOUSE.login)
        if there is not None:
            return there
        catalogue = self._cases.catalogue
        form = catalogue.kinds[node.kind].form
        customer = self._customer_of(caller)
        answers = filled(form, await self._known(caller.number, customer), catalogue.country, self._language)
        new = New(
            queue=node.code,
            customer=NULL_CUSTOMER if customer is None else customer,
            form=answers,
            number=caller.number or "",
            contact=caller.call,
            topic=caller.topic,
            comment=comment_of(form, answers, message.seconds if message else None, self._language),
        )
        return await self._cases.create(new, HOUSE, send=True, whole=False)

    def _appeal(self, topic: TopicCode) -> Node:
        node = appeal_leaf(self._cases.catalogue, topic, self._queue_of(topic))
        if node is None:
            raise Refused("unknown", Text("Нет очереди для обращений.", "There is no queue for appeals."))
        return node

    def _customer_of(self, caller: Caller) -> CustomerId | None:
        """Whom the shell knows, else who proved himself or whom the number tells."""
        known = None if caller.customer == NULL_CUSTOMER else caller.customer
        return known or self._self_service.customer_of(caller.call)

    async def _known(self, number: str | None, customer: CustomerId | None) -> KnownCaller:
        record = await self._database.records.get(customer) if customer is not None else None
        if record is None:
            return KnownCaller(number=number or "")
        return KnownCaller(
            number=number or next((each.number for each in record.numbers), ""),
            name=record.name,
            contract=record.contract,
            address=record.address,
            email=record.email,
            person=next((each.name for each in record.persons), ""),
            is_company=record.legal_form.strip().casefold() not in _PRIVATE,
        )


# --- who calls, for routing


async def profile_of(
    customers: Customers, number: str | None, customer: CustomerId | None, now: datetime
) -> Profile:
    """Of the customer if he is known, else of whoever has the canonical number. One query."""
    known = customer if customer != NULL_CUSTOMER else None
    found = await customers.callers(number, known, now)
    return Profile(facts_of(found), found.last_contact_at)


def facts_of(found: Callers) -> CallerFacts:
    """What routing asks. Of several who share a number: the best standing of them, and of the rest only what
    is true of all."""
    people = found.customers
    if not people:
        return CallerFacts()
    standings = {_standing(each) for each in people}
    marks = (_marks(each) for each in people)
    return CallerFacts(
        standing=Standing.existing if Standing.existing in standings else Standing.prospective,
        segment=_shared(each.segment for each in people),
        legal_form=_shared(each.legal_form for each in people),
        region=_shared(each.region for each in people),
        marks=frozenset.intersection(*marks),
    )


def _standing(one: CallerRow) -> Standing:
    is_ours = not one.is_prospective and not is_over(one.status)
    return Standing.existing if is_ours else Standing.prospective


def _marks(one: CallerRow) -> frozenset[Mark]:
    has = {
        Mark.debt: one.balance_minor is not None and one.balance_minor < 0,
        Mark.personal_operator: one.has_operators,
        Mark.blocked: is_shut(one.status),
    }
    return frozenset(mark for mark, is_so in has.items() if is_so)


def _shared(words: Iterable[str]) -> str:
    different = {each.casefold(): each for each in words}
    return next(iter(different.values())) if len(different) == 1 else ""
