"""Counterparties: every cell of who may see and change, what a search shows, people of the house."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from callcore.domain import Login
from callcore.rights import Role
from callcore.store.counterparties import Asker, NewCounterparty, rights_of
from callcore.store.database import Database
from callcore.store.errors import NotStored, TextRefused
from callcore.store.staff import NewPerson

from .store_samples import ANNA, BORIS, T0

GRID = NewCounterparty(
    "ООО «Зелёная сеть»",
    ("+74951234567", "доб. 5"),
    "Тверь, Садовая 1",
    "Ёлкина",
    "grid@example.org",
    "Тверь",
    "по будням",
)
RIGHTS = (None, False, True)


@pytest.mark.parametrize(("by_role", "by_login"), list(itertools.product(RIGHTS, RIGHTS)))
@pytest.mark.parametrize("role", list(Role))
async def test_every_cell(db: Database, role: Role, by_role: bool | None, by_login: bool | None) -> None:
    """Seen by a right of either kind; changed by one that says so; an administrator rules."""
    rights = {"role:" + role: by_role, "login:anna": by_login, "login:other": True}
    given = {who: may for who, may in rights.items() if may is not None}
    group = await db.counterparties.add_group("Подрядчики", given, T0)
    id = await db.counterparties.add(group, GRID, BORIS, T0)
    asker = Asker(ANNA, role)
    is_chief = role is Role.administrator
    sees = is_chief or by_role is not None or by_login is not None
    assert (await db.counterparties.get(id, asker) is not None) is sees
    assert (await db.counterparties.group(group, asker) is not None) is sees
    assert bool(await db.counterparties.search("зеленая", asker)) is sees
    assert bool(await db.counterparties.search("", asker, group=group)) is sees
    may_change = is_chief or bool(by_role) or bool(by_login)
    assert rights_of(await db.counterparties.groups(asker), asker) == ({group: may_change} if sees else {})


@pytest.mark.parametrize(
    ("typed", "is_found"),
    [
        ("", True),
        ("зеленая", True),
        ("ЁЛКИНА сад", True),
        ("4951234567", True),
        ("84951234567", True),
        ("+7 495 123", True),
        ("grid", True),
        ("будням", True),
        ("%", True),  # no word: nothing is asked
        ("сеть нет", False),
        ("нет", False),
    ],
)
async def test_search(db: Database, typed: str, is_found: bool) -> None:
    group = await db.counterparties.add_group("Сети", {}, T0)
    await db.counterparties.add(group, GRID, ANNA, T0)
    chief = Asker(ANNA, Role.administrator)
    assert bool(await db.counterparties.search(typed, chief)) is is_found


async def test_an_entry_is_changed_removed_and_brought_back(db: Database) -> None:
    book, chief = db.counterparties, Asker(ANNA, Role.administrator)
    group = await book.add_group("Сети", {}, T0)
    id = await book.add(group, GRID, ANNA, T0)
    await book.change(id, NewCounterparty("Новое имя"), BORIS, T0)
    found = await book.get(id, chief)
    assert found is not None
    assert (found.name, found.phones, found.changed_by) == ("Новое имя", (), BORIS)
    await book.remove(id, ANNA, T0)
    assert await book.search("", chief) == ()
    assert (await book.groups(chief))[0].entries == 0
    await book.restore(id, ANNA, T0)
    assert [each.id for each in await book.search("новое", chief)] == [id]
    for work in (book.remove(99, ANNA, T0), book.change(99, GRID, ANNA, T0)):
        with pytest.raises(NotStored):
            await work


async def test_groups(db: Database) -> None:
    book, chief = db.counterparties, Asker(ANNA, Role.administrator)
    first = await book.add_group("Сети", {"role:operator": False}, T0)
    second = await book.add_group("Подрядчики", {}, T0)
    with pytest.raises(NotStored, match="already"):
        await book.add_group("СЕТИ", {}, T0)
    with pytest.raises(NotStored, match="already"):
        await book.change_group(second, "сети", {})
    await book.change_group(first, "Сети", {"login:anna": True})
    assert (await book.groups(chief))[1].rights == {"login:anna": True}
    await book.add(first, GRID, ANNA, T0)
    with pytest.raises(NotStored, match="not empty"):
        await book.remove_group(first)
    await book.remove_group(second)
    with pytest.raises(NotStored):
        await book.remove_group(second)
    with pytest.raises(NotStored):
        await book.add(second, GRID, ANNA, T0)


@pytest.mark.parametrize("who", ["operator", "role:king", "login:", "everybody", ""])
async def test_rights_name_a_role_or_a_login(db: Database, who: str) -> None:
    with pytest.raises(TextRefused, match="rights"):
        await db.counterparties.add_group("Сети", {who: True}, T0)


async def test_many_at_once_or_none(db: Database) -> None:
    book, chief = db.counterparties, Asker(ANNA, Role.administrator)
    group = await book.add_group("Сети", {}, T0)
    with pytest.raises(TextRefused):
        await book.add_many(group, [GRID, NewCounterparty("")], ANNA, T0)
    assert await book.search("", chief) == ()
    ids = await book.add_many(group, [NewCounterparty(f"Имя {n:03}") for n in range(450)], ANNA, T0)
    assert len(set(ids)) == 450
    page = await book.search("", chief, limit=2, offset=2)
    assert [each.name for each in page] == ["Имя 002", "Имя 003"]


async def test_people_of_the_house(db: Database) -> None:
    for login, name in (("anna", "Анна Ёжикова"), ("boris", "Борис")):
        await db.users.add(login, name, Role.operator, "x", at=T0)
    id = await db.staff.put(
        NewPerson("как-то иначе", Login("anna"), "finance", "старший", "301", "anna@example.org")
    )
    mechanic = await db.staff.put(NewPerson("Монтёр Иванов", department="noc", number="412"))
    people = await db.staff.all()
    assert [(each.name, each.login, each.number) for each in people] == [
        ("Анна Ёжикова", "anna", "301"),
        ("Борис", "boris", ""),
        ("Монтёр Иванов", None, "412"),
    ]
    assert [each.name for each in await db.staff.search("ежик стар")] == ["Анна Ёжикова"]
    assert [each.id for each in await db.staff.search("", "noc")] == [mechanic]
    with pytest.raises(NotStored):
        await db.staff.put(NewPerson("Двойник", Login("anna")))
    await db.staff.remove(mechanic, T0)
    assert len(await db.staff.all()) == 2
    await db.staff.restore(mechanic)
    await db.users.disable("boris", T0)
    assert [each.name for each in await db.staff.all()] == ["Анна Ёжикова", "Монтёр Иванов"]
    await db.staff.remove(id, T0)
    assert [each.name for each in await db.staff.all()] == ["Монтёр Иванов"]
    assert await db.staff.put(NewPerson("Анна", Login("anna"), number="302")) == id
    assert [each.number for each in await db.staff.search("анна")] == ["302"]
    with pytest.raises(NotStored):
        await db.staff.remove(99, T0)


async def test_of_two_who_change_one_entry_the_second_is_told(db: Database) -> None:
    asker = Asker(ANNA, Role.administrator)
    group = await db.counterparties.add_group("Подрядчики", {}, T0)
    id = await db.counterparties.add(group, GRID, BORIS, T0)
    later = T0 + timedelta(minutes=1)
    await db.counterparties.change(id, replace(GRID, phones=("5",)), ANNA, later, seen=T0)
    with pytest.raises(NotStored, match="meanwhile"):
        await db.counterparties.change(id, replace(GRID, comment="late"), BORIS, later, seen=T0)
    found = await db.counterparties.get(id, asker)
    assert found is not None
    assert (found.phones, found.comment, found.changed_by) == (("5",), GRID.comment, ANNA)
    await db.counterparties.change(id, replace(GRID, comment="late"), BORIS, later, seen=later)


async def test_of_two_who_change_one_group_or_person_the_second_is_told(db: Database) -> None:
    book, chief = db.counterparties, Asker(ANNA, Role.administrator)
    id = await book.add_group("Сети", {"role:operator": True}, T0)
    seen = (await book.groups(chief))[0].mark
    await book.change_group(id, "Сети", {"role:operator": False}, seen=seen)
    with pytest.raises(NotStored, match="meanwhile"):
        await book.change_group(id, "Сети", {"role:operator": True}, seen=seen)
    with pytest.raises(NotStored):
        await book.change_group(id + 1, "Нет её", {}, seen=seen)
    assert (await book.groups(chief))[0].rights == {"role:operator": False}

    person = await db.staff.put(NewPerson("Монтёр", number="412"))
    stood = await db.staff.get(person)
    assert stood is not None
    await db.staff.put(NewPerson("Монтёр", number="413"), person, seen=stood.mark)
    with pytest.raises(NotStored, match="meanwhile"):
        await db.staff.put(NewPerson("Монтёр", number="414"), person, seen=stood.mark)
    kept = await db.staff.get(person)
    assert kept is not None
    assert kept.number == "413"
