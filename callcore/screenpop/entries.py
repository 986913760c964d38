"""The topics of one contact on a desk: typed, added, taken away, saved (D-32 to D-36). Pure.

Every function gives a new ``Tab`` and raises ``DeskRefused`` for what cannot be done.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from callcore.domain import UNCLASSIFIED, Customer, CustomerId, TopicCode
from callcore.screenpop.card import Draft, Entry, Tab
from callcore.screenpop.ports import DeskRefused
from callcore.store.record import CustomerRecord

MOST_TOPICS = 20
"""Topics of one contact."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What goes with a save besides the words: whose card it is, and how the card looked (D-33)."""

    customer: CustomerId | None
    number: str | None = None
    card: Mapping[str, Any] | None = None
    opened_ms: int | None = None
    stood_on: CustomerId | None = None
    """Whose card it was at the save before, as far as this desk knows."""


def entry_of(tab: Tab, n: int) -> Entry:
    entry = tab.entry(n)
    if entry is None:
        raise DeskRefused("no_such_topic")
    return entry


def typed(tab: Tab, n: int, draft: Draft) -> Tab:
    if tab.entry(n) is None and _is_lost(tab, n, draft):
        known = (*tab.entries, Entry(n=n, draft=draft))
        return replace(tab, entries=tuple(sorted(known, key=lambda entry: entry.n)))
    return tab.with_entry(replace(entry_of(tab, n), draft=draft))


def _is_lost(tab: Tab, n: int, draft: Draft) -> bool:
    """Words of a topic that a page added, and a daemon had no time to keep before it was killed. One
    that was taken away had no words."""
    has_words = bool(draft.topic.strip() or draft.comment.strip())
    return has_words and n in range(2, MOST_TOPICS + 1) and len(tab.entries) < MOST_TOPICS


def added(tab: Tab) -> Tab:
    """With one topic more; an empty one that waits already is enough."""
    if tab.entries[-1].is_blank:
        return tab
    if len(tab.entries) >= MOST_TOPICS:
        raise DeskRefused("too_many_topics")
    return tab.with_entry(Entry(n=tab.entries[-1].n + 1))


def removed(tab: Tab, n: int) -> Tab:
    """Without a topic that was added by mistake: typed or saved words are never thrown away."""
    entry = entry_of(tab, n)
    if not entry.is_blank or len(tab.entries) == 1:
        raise DeskRefused("topic_not_empty")
    return replace(tab, entries=tuple(e for e in tab.entries if e.n != n))


def unsaved(tab: Tab, topics: Collection[TopicCode]) -> tuple[Entry, ...]:
    """What has to be saved before the card may close or go on with somebody else; each has a topic then.

    Raises ``topic_missing`` where words stand without a topic, or nothing was ever chosen (D-35).
    """
    waiting = tuple(entry for entry in tab.entries if entry.is_dirty)
    if any(entry.draft.topic not in topics for entry in waiting):
        raise DeskRefused("topic_missing")
    if not waiting and not any(entry.is_saved for entry in tab.entries):
        raise DeskRefused("topic_missing")
    return waiting


def saved(
    tab: Tab, n: int, before: Draft | None, words: Draft, record: int | None, about: Registration
) -> Tab:
    """After a save. He may have typed on while the commit was under way: then his draft is no longer
    ``before``, and stays."""
    entry = tab.entry(n)
    if entry is None:
        return tab
    return tab.with_entry(
        replace(
            entry,
            draft=words if entry.draft in (before, entry.saved) else entry.draft,
            saved=words,
            record=entry.record if record is None else record,
            saved_on=about.customer,
            saved_number=about.number,
        )
    )


def on_another(tab: Tab, customer: Customer) -> Tab:
    """The same contact goes on with another customer (D-36): what was saved stays where it is."""
    kept = tuple(replace(entry, is_pinned=True) for entry in tab.entries if not entry.is_blank)
    fresh = Entry(n=max((entry.n for entry in kept), default=0) + 1)
    if fresh.n > MOST_TOPICS:
        raise DeskRefused("too_many_topics")
    return replace(tab, entries=(*kept, fresh), picked=customer, is_cleared=False)


def on_number(tab: Tab, number: str) -> Tab:
    """The contact is about this number of the customer's (D-30, D-48)."""
    if tab.matched is None or number not in tab.matched.numbers:
        raise DeskRefused("unknown_number")
    return replace(tab, picked_number=number)


def astray(tab: Tab) -> tuple[Entry, ...]:
    """Saved on a card or on a number that this no longer is: they have to follow it."""
    customer = tab.matched
    if customer is None:
        return ()
    mine = (e for e in tab.entries if e.is_saved and not e.is_pinned)
    return tuple(e for e in mine if (e.saved_on, e.saved_number) != (customer.id, _number(tab, e)))


def _number(tab: Tab, entry: Entry) -> str | None:
    """The number that is open belongs to the topic in work, the last: those saved before keep theirs."""
    customer = tab.matched
    is_settled = entry.is_saved and customer is not None and entry.saved_on == customer.id
    return entry.saved_number if is_settled and entry is not tab.entries[-1] else tab.number


def registration(tab: Tab, n: int, opened_ms: int | None = None) -> Registration:
    """Of a pinned topic the card is not told again: another customer's stands there now."""
    entry = tab.entry(n)
    stood_on = entry.saved_on if entry is not None and entry.is_saved else None
    if entry is not None and entry.is_pinned:
        return Registration(entry.saved_on, entry.saved_number, opened_ms=opened_ms, stood_on=stood_on)
    customer = tab.matched
    if customer is None:
        return Registration(None, opened_ms=opened_ms)
    number = _number(tab, entry) if entry else tab.number
    record = tab.facts.record.value
    if record is not None and record.id != customer.id:
        record = None
    card = as_they_stand(customer, record, number)
    return Registration(customer.id, number, card, opened_ms, stood_on)


def as_they_stand(customer: Customer, record: CustomerRecord | None, number: str | None) -> Mapping[str, Any]:
    """The card's main data, as far as they are known; nothing that is empty."""
    card: dict[str, Any] = {
        "name": customer.name,
        "contract": customer.contract,
        "segment": customer.segment,
        "tariff": customer.tariff,
        "number": number,
    }
    if record is not None:
        card |= {"status": record.status, "loyalty": record.loyalty.club}
        mine = next((line for line in record.numbers if line.number == number), None)
        if mine is not None:
            card |= {"tariff": mine.tariff or customer.tariff, "sim": mine.sim, "number_status": mine.status}
    return {name: value for name, value in card.items() if value}


def restored(tab: Tab, kept: Mapping[int, Draft]) -> Tab:
    """With what was typed before the daemon ended, where the desk does not hold something newer."""
    for n, draft in sorted(kept.items()):
        entry = tab.entry(n) or Entry(n=n)
        if not entry.is_dirty:
            tab = tab.with_entry(replace(entry, draft=draft))
    return tab


def entries_of(
    written: Collection[tuple[int, TopicCode, str, int, CustomerId | None, str | None, bool]],
) -> tuple[Entry, ...]:
    """From the database: entry, topic, comment, record, customer, his number, whether a person saved it."""
    entries = []
    for n, topic, comment, record, customer, number, is_saved in sorted(written, key=lambda row: row[0]):
        words = Draft("" if topic == UNCLASSIFIED else topic, comment)
        on = (customer, number) if is_saved else (None, None)
        entries.append(Entry(n, words, words, record, *on))
    return tuple(entries) or (Entry(),)
