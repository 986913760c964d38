"""Whoever may see what a file belongs to may have the file, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from callcore.crm.cases.desk import New, actor
from callcore.domain import NULL_CUSTOMER, CallId, Login, Text, TopicCode
from callcore.rights import Role
from callcore.store.article_rows import Draft, Section
from callcore.store.attachments import Owner, OwnerKind
from callcore.store.case_rows import number_of
from callcore.store.visit_rows import new_id

PROSPECT = {"company": "ООО «Ромашка»", "address": "Тверская, 1", "person": "Пётр", "phone": "+74950000000"}


async def attached(house: Any, kind: OwnerKind, id: str) -> str:
    at = house.clock.now()
    file = await house.database.attachments.add(
        Owner(kind, id), "Бланк.txt", "text/plain", "form", b"x", "vera", at
    )
    return f"/files/{file.id}"


@pytest.mark.parametrize("role", list(Role))
async def test_a_file_of_an_archived_article_is_for_those_who_write(house: Any, role: Role) -> None:
    articles, at = house.database.articles, house.clock.now()
    await articles.put_section(Section("money", Text("Деньги", "Money")))
    draft = Draft("refund", "money", Text("Возврат", "Refund"), Text("Как", "How"), ())
    await articles.save(draft, 0, Login("vera"), at)
    address = await attached(house, OwnerKind.article, "refund")
    await house.sign_in(role)
    answer = await house.get(address)
    assert (answer.status, answer.body) == (200, b"x")
    assert "%D0%91%D0%BB%D0%B0%D0%BD%D0%BA.txt" in answer.headers["Content-Disposition"]
    await articles.archive("refund", Login("vera"), at)
    may = role in (Role.senior, Role.supervisor, Role.administrator)
    assert (await house.get(address)).status == (200 if may else 404)


@pytest.mark.parametrize("role", list(Role))
async def test_a_file_of_a_case_is_for_those_who_work_on_cases(house: Any, role: Role) -> None:
    desk = house.daemon.office.cases
    case = await desk.create(
        New("connect.company", NULL_CUSTOMER, PROSPECT), actor(Login("vera"), Role.supervisor), send=True
    )
    address = await attached(house, OwnerKind.case, number_of(case.id, case.created_at))
    lost = await attached(house, OwnerKind.case, "C-2026-000999")
    await house.sign_in(role)
    assert (await house.get(address)).status == (404 if role is Role.campaign_manager else 200)
    assert (await house.get(lost)).status == 404


async def test_nothing_is_attached_to_what_is_not_there(house: Any) -> None:
    await house.sign_in(Role.administrator)
    for kind, id in (("article", "nothing"), ("case", "C-2026-000001"), ("case", "1"), ("contact", "x")):
        sent = await house.post_form(
            "/files", files={"file": ("a.txt", b"x")}, owner_kind=kind, owner=id, kind="other", back="/desk"
        )
        assert sent.status == 403
        assert await house.database.attachments.of(Owner(OwnerKind(kind), id)) == ()


@pytest.mark.parametrize("role", list(Role))
async def test_a_file_of_a_customer_is_for_those_who_see_him_whole(house: Any, role: Role) -> None:
    customer = await house.add_customer()
    address = await attached(house, OwnerKind.customer, str(customer))
    await house.sign_in(role)
    assert (await house.get(address)).status == (404 if role is Role.campaign_manager else 200)
    page = await house.get(f"/customers/{customer}", part="documents")
    assert (address in page.text) == (role is not Role.campaign_manager)


@pytest.mark.parametrize("kind", [OwnerKind.interaction, OwnerKind.customer, OwnerKind.case])
@pytest.mark.parametrize("role", [Role.operator, Role.senior])
async def test_anothers_file_is_taken_away_by_those_who_mend_what_others_did_and_leaves_a_trace(
    house: Any, kind: OwnerKind, role: Role
) -> None:
    customer = await house.add_customer()
    match kind:
        case OwnerKind.customer:
            id_ = str(customer)
        case OwnerKind.interaction:
            at = house.clock.now()
            record = await house.database.interactions.save(
                CallId("call-1"), Login("vera"), TopicCode("finance.claim"), "Просит", customer, at
            )
            id_ = str(record)
        case _:
            desk = house.daemon.office.cases
            new = New("connect.company", customer, PROSPECT)
            made = await desk.create(new, actor(Login("vera"), Role.supervisor), send=True)
            id_ = number_of(made.id, made.created_at)
    address = await attached(house, kind, id_)
    owner = {"owner_kind": kind.value, "owner": id_, "back": "/desk"}
    await house.sign_in(role)
    if kind is OwnerKind.interaction:
        offered = f"{address}/unlink" in (await house.get(f"/interactions/{id_}")).text
        assert offered == (role is Role.senior)
    may = role is Role.senior
    assert (await house.post_form(f"{address}/unlink", **owner)).status == (303 if may else 403)
    assert len(await house.database.attachments.of(Owner(kind, id_))) == (0 if may else 1)
    lines = await house.database.audit.lines(act="file_removed")
    assert [(line.login, line.customer, line.detail) for line in lines] == (
        [(role.value, customer, {"kind": "form", "of": "vera"})] if may else []
    )
    if may:
        await house.sign_in(Role.supervisor)
        assert "убрал файл" in (page := await house.get("/admin/audit")).words
        assert "файл: бланк" in page.words
        assert "чей: vera" in page.words


async def test_ones_own_file_is_ones_own_to_take_away(house: Any) -> None:
    customer = str(await house.add_customer())
    await house.sign_in(login="vera")
    address = await attached(house, OwnerKind.customer, customer)
    owner = {"owner_kind": "customer", "owner": customer, "back": "/desk"}
    assert (await house.post_form(f"{address}/unlink", **owner)).status == 303
    (line,) = await house.database.audit.lines(act="file_removed")
    assert (line.login, line.detail["of"]) == ("vera", "vera")


@pytest.mark.parametrize("role", [Role.operator, Role.senior])
async def test_a_file_of_anothers_contact_is_for_those_who_mend_what_others_wrote(
    house: Any, role: Role
) -> None:
    await house.sign_in(login="boris")
    letter = {"call": new_id(), "medium": "letter", "office": "centre", "party": "Пётр", "do": "save"}
    assert (await house.post_form("/visits/new", **letter)).status == 303
    owner = {"owner_kind": "contact", "owner": letter["call"], "kind": "letter", "back": "/desk"}
    file = {"file": ("a.txt", b"x")}
    assert (await house.post_form("/files", files=file, **owner)).status == 303
    [kept] = await house.database.attachments.of(Owner(OwnerKind.contact, letter["call"]))
    await house.sign_in(role)
    may = role is Role.senior
    assert (await house.post_form("/files", files=file, **owner)).status == (303 if may else 403)
    assert (await house.post_form(f"/files/{kept.id}/unlink", **owner)).status == (303 if may else 403)
