"""What the IVR asks the record on behalf of a caller: who he is by contract and PIN, and what is his.

A PIN is a number's spoken password (D-30) that is all digits. Guessing it here is as slow as on the card, and
each try stands in the audit as there.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from callcore.assembly.cardsource import CaseTitles
from callcore.crm.cases.received import HOUSE
from callcore.domain import NULL_CUSTOMER, CallId, Customer, CustomerId, Language
from callcore.ivr.script import Question
from callcore.store.case_rows import CaseLine
from callcore.store.customers import Matched
from callcore.store.database import Database
from callcore.store.record import CustomerRecord
from callcore.web.passwords import PasswordChecker, TooBusy
from callcore.web.throttle import Throttle

ROOM = 10_000
"""Calls whose caller is remembered; the oldest goes first."""
MOST_PASSWORDS = 5
"""Of one contract that are tried: each costs some 20 ms of a processor."""
CONTRACTS = 50
"""Looked through for one that has just these digits."""

Values = Mapping[str, str]


class SelfService:
    """``known``: whom the calling number tells, if it leaves no doubt; ``identified`` hears of who proved it;
    ``language``: what the call speaks. ``tries``: the card's own, so that nobody gets twice as many;
    ``zone``: the house's, in which a day is told."""

    def __init__(
        self,
        database: Database,
        passwords: PasswordChecker,
        tries: Throttle,
        titles: CaseTitles,
        *,
        known: Callable[[CallId], CustomerId | None],
        identified: Callable[[CallId, Customer], Awaitable[None]],
        language: Callable[[CallId], Language],
        zone: ZoneInfo,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._tries = tries
        self._titles = titles
        self._known = known
        self._identified = identified
        self._language = language
        self._zone = zone
        self._now = now
        self._monotonic = monotonic
        self._proved: OrderedDict[CallId, CustomerId] = OrderedDict()

    def customer_of(self, call: CallId) -> CustomerId | None:
        """Who proved himself in this call, else whom its number tells."""
        found = self._proved.get(call) or self._known(call)
        return None if found == NULL_CUSTOMER else found

    async def find(self, call: CallId, what: Question, arguments: Mapping[str, str]) -> Values | None:
        """See ``ivr.script.Question``; None: wrong, or there is nothing. Raises ``TooBusy`` where too many
        PINs are checked already."""
        if what == "contract_pin":
            return await self._prove(call, arguments.get("contract", ""), arguments.get("pin", ""))
        customer = self.customer_of(call)
        record = await self._database.records.get(customer) if customer is not None else None
        if record is None:
            return None
        match what:
            case "customer":
                return _customer(record.brief)
            case "balance":
                return _balance(record)
            case "tariff":
                return _tariff(record)
            case "request":
                return await self._request(record.id, self._language(call))
            case _:
                return None

    # --- who it is

    async def _prove(self, call: CallId, contract: str, pin: str) -> Values | None:
        if not (_is_digits(contract) and _is_digits(pin)):
            return None
        customer = await self._by_contract(contract)
        is_right = await self._is_right(call, customer, pin)
        if customer is None or not is_right:
            return None
        self._proved[call] = customer.id
        self._proved.move_to_end(call)
        while len(self._proved) > ROOM:
            self._proved.popitem(last=False)
        await self._identified(call, customer)
        return _customer(customer)

    async def _by_contract(self, digits: str) -> Customer | None:
        """By the contract itself; else the only one whose contract has these digits, whatever is between."""
        found = await self._database.customers.by_contract(digits)
        if found is None:
            hits = await self._database.customers.search(digits, CONTRACTS)
            same = [
                hit.customer
                for hit in hits
                if hit.matched is Matched.contract and _digits_of(hit.customer.contract) == digits
            ]
            found = same[0] if len(same) == 1 else None
        return None if found is None or found.id == NULL_CUSTOMER else found

    async def _is_right(self, call: CallId, customer: Customer | None, pin: str) -> bool:
        """Whether it is the password of one of his numbers. A contract of nobody takes as long."""
        own = f"call {call}"
        if self._tries.delay(own, self._monotonic()) > 0:
            return False
        self._tries.wrong(own, self._monotonic())
        hashes = await self._database.records.password_hashes(customer.id) if customer else {}
        if customer is None or not hashes:
            await self._passwords.verify(None, pin)
            return False
        is_right = await self._is_any(customer.id, list(hashes.items())[:MOST_PASSWORDS], pin)
        await self._database.records.note_password_check(
            customer.id, HOUSE.login, self._now(), is_right=is_right
        )
        if is_right:
            self._tries.forgive(own)
        return is_right

    async def _is_any(self, customer: CustomerId, hashes: list[tuple[str, str]], pin: str) -> bool:
        """A wrong try counts for each of the numbers, a right one for none."""
        wrong: list[str] = []
        for number, kept in hashes:
            key = f"{customer} {number}"  # the card's
            if self._tries.delay(key, self._monotonic()) > 0:
                continue
            if await self._fits(key, kept, pin):
                for other in wrong:
                    self._tries.take_back(other)
                return True
            wrong.append(key)
        return False

    async def _fits(self, key: str, kept: str, pin: str) -> bool:
        self._tries.wrong(key, self._monotonic())
        try:
            is_right = await self._passwords.verify(kept, pin)
        except TooBusy:
            self._tries.take_back(key)
            raise
        if is_right:
            self._tries.forgive(key)
        return is_right

    # --- what is his

    async def _request(self, customer: CustomerId, language: Language) -> Values | None:
        """The newest open case that was sent."""
        lines = await self._database.cases.of_customer(customer)
        line = next((each for each in lines if each.sent_at is not None), None)
        return None if line is None else self._said(line, language)

    def _said(self, line: CaseLine, language: Language) -> Values:
        _, state = self._titles(line)
        return {
            "request.number": str(line.id),
            "request.state": state.in_(language),
            "request.due": line.due_at.astimezone(self._zone).date().isoformat() if line.due_at else "",
        }


def _customer(one: Customer) -> Values:
    return {"name": one.name, "contract": one.contract, "segment": one.segment}


def _balance(record: CustomerRecord) -> Values | None:
    if record.balance_minor is None:
        return None
    return {"balance": str(record.balance_minor), "balance.currency": record.currency}


def _tariff(record: CustomerRecord) -> Values | None:
    """Of the contract; of its first number where only numbers have one."""
    tariff = record.tariff or next((each.tariff for each in record.numbers if each.tariff), "")
    if not tariff:
        return None
    since = next((each.tariff_since for each in record.numbers if each.tariff == tariff), None)
    return {"tariff": tariff, "tariff.since": since.isoformat() if since else ""}


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 30


def _digits_of(text: str) -> str:
    return "".join(each for each in text if each.isdigit())
