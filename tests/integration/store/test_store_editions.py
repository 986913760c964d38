"""Editions: each text kept once in a row, with who and when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from callcore.calls.effects import Contact
from callcore.store.database import Database
from callcore.store.editions import MOST_LISTED, Edition, compare, digest_of

from .store_samples import T0

FILES = {"callcore.yaml": "topics: topics\n", "topics/a.yaml": "title: Деньги\n"}
OTHER = {**FILES, "topics/a.yaml": "title: Долги\n"}


async def test_the_same_files_are_no_new_edition(db: Database) -> None:
    first, is_new = await db.editions.keep(FILES, "", T0)
    assert is_new
    assert first == Edition(first.id, T0, "", digest_of(FILES), None)
    again, is_new = await db.editions.keep(dict(reversed(FILES.items())), "anna", T0 + timedelta(hours=1))
    assert (again, is_new) == (first, False)


async def test_files_that_come_again_are_a_new_one(db: Database) -> None:
    """The list tells what held when: between them something else did."""
    first, _ = await db.editions.keep(FILES, "", T0)
    second, _ = await db.editions.keep(OTHER, "anna", T0 + timedelta(hours=1))
    third, is_new = await db.editions.keep(FILES, "anna", T0 + timedelta(hours=2))
    assert is_new
    assert (third.back_to, third.digest) == (first.id, first.digest)
    assert await db.editions.list() == (third, second, first)
    assert await db.editions.list(before=third.id, limit=1) == (second,)
    assert await db.editions.get(second.id) == second
    assert await db.editions.files(second.id) == OTHER


async def test_it_is_known_which_one_was_taken_back(db: Database) -> None:
    """Also where other sections of the settings make its files differ a little."""
    first, _ = await db.editions.keep(FILES, "", T0)
    await db.editions.keep(OTHER, "anna", T0)
    taken, _ = await db.editions.keep({**FILES, "callcore.yaml": ""}, "anna", T0, back_to=first.id)
    assert taken.back_to == first.id
    assert await db.editions.get(taken.id) == taken
    later, _ = await db.editions.keep(FILES, "anna", T0)
    again, _ = await db.editions.keep(OTHER, "anna", T0)
    assert (later.back_to, again.back_to) == (first.id, first.id + 1)


async def test_one_that_never_was(db: Database) -> None:
    assert await db.editions.get(7) is None
    assert await db.editions.files(7) is None
    assert await db.editions.list() == ()


async def test_a_list_has_an_end(db: Database) -> None:
    for n in range(MOST_LISTED + 2):
        await db.editions.keep({"a": str(n)}, "", T0)
    assert len(await db.editions.list(limit=10_000)) == MOST_LISTED


def test_how_two_editions_differ() -> None:
    old = {"a": "one\ntwo\n", "gone": "x\n", "same": "s\n"}
    new = {"a": "one\nthree\n", "fresh": "", "same": "s\n"}
    changed, fresh, gone = compare(old, new)
    assert (changed.name, changed.lines) == ("a", ("@@ -1,2 +1,2 @@", " one", "-two", "+three"))
    assert (fresh.name, fresh.is_new, fresh.lines) == ("fresh", True, ())
    assert (gone.name, gone.is_gone, gone.lines) == ("gone", True, ("@@ -1 +0,0 @@", "-x"))
    assert compare(old, old) == ()


def test_names_and_texts_are_no_one_string() -> None:
    """A file renamed to what its text begins with is another edition."""
    assert digest_of({"a": "b", "c": "d"}) != digest_of({"a": "b", "cd": ""})
    assert digest_of({"a": "b", "c": "d"}) == digest_of({"c": "d", "a": "b"})


async def test_old_ones_go_but_not_what_is_new_in_use_or_named(
    db: Database, contact: Callable[..., Contact]
) -> None:
    day = timedelta(days=1)
    for n in range(6):
        await db.editions.keep({"callcore.yaml": f"# {n}"}, "anna", T0 + n * day)
    late, early = T0 + 100 * day, T0 + day
    await db.contacts.save(contact("c1", edition=2, started_at=late, ended_at=late))
    await db.contacts.save(contact("c2", edition=1, started_at=early, ended_at=early))

    async def ids() -> list[int]:
        return [edition.id for edition in await db.editions.list()]

    assert await db.editions.purge(2, T0) == 0
    assert await db.editions.purge(10, T0 + 50 * day) == 0
    assert await db.editions.purge(2, T0 + 50 * day, in_use=[3]) == 2
    assert await ids() == [6, 5, 3, 2]
    assert await db.editions.purge(2, T0 + 50 * day) == 1
    assert await ids() == [6, 5, 2]
    assert await db.editions.purge(2, T0 + 101 * day) == 1
    last, is_new = await db.editions.keep({"callcore.yaml": "# 5"}, "anna", T0)
    assert (last.id, is_new) == (6, False), "the newest is still the one that holds"
    fresh, _ = await db.editions.keep({"callcore.yaml": "# 1"}, "anna", T0)
    assert (fresh.id, fresh.back_to) == (7, None), "no number comes twice"
