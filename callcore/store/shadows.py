"""Rows of ours for customers who live in another system, so that contacts and cases can be theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import Customer
from callcore.store.customers import NewCustomer, checked_customer
from callcore.store.customers_read import BY_CONTRACT, load_customers
from callcore.store.ports import Store
from callcore.store.records_write import RecordDraft, take_in
from callcore.store.schema.core import customers
from callcore.store.texts import WORD_LIMIT


class Shadows:
    def __init__(self, store: Store, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store = store
        self._now = now

    async def keep(self, source: str, key: str, new: NewCustomer) -> Customer:
        """The row for the customer who bears ``key`` in ``source``, brought up to date; a repeat writes
        nothing. If the own base has a customer of this contract, that is he, and his row stays as it is.

        Raises ``TextRefused`` for what cannot be stored.
        """
        clean = checked_customer(replace(new, name=new.name or new.contract))
        at = self._now()

        async def op(connection: AsyncConnection) -> Customer:
            mine = (customers.c.source == source) & (customers.c.external_key == key)
            known = (await connection.execute(select(customers.c.contract).where(mine))).scalar()
            contract = known if known is not None else clean.contract
            if known is None:
                other = select(customers.c.source).where(customers.c.contract == contract)
                owner = (await connection.execute(other)).scalar()
                if owner == "":
                    return (await connection.run_sync(load_customers, BY_CONTRACT, contract=contract))[0]
                if owner is not None:
                    contract = f"{source}:{key}"[:WORD_LIMIT]
            await take_in(connection, [_draft(source, key, replace(clean, contract=contract))], at)
            return (await connection.run_sync(load_customers, BY_CONTRACT, contract=contract))[0]

        return await self._store.writer.submit(op)


def _draft(source: str, key: str, new: NewCustomer) -> RecordDraft:
    values = {
        "contract": new.contract,
        "name": new.name,
        "address": new.address,
        "tariff": new.tariff,
        "balance_minor": new.balance_minor,
        "currency": new.currency,
        "segment": new.segment,
        "legal_form": new.legal_form,
        "language": new.language,
        "source": source,
        "external_key": key,
    }
    return RecordDraft(new.contract, values, {"numbers": tuple({"number": each} for each in new.numbers)})
