"""Cases on pages: a queue chosen level by level, the form, folders, taking, returning, finishing."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from callcore.crm.cases.model import New
from callcore.crm.cases.received import HOUSE
from callcore.domain import CallId, CustomerId, TopicCode
from callcore.store.case_rows import id_of, number_of
from callcore.store.voicemails import NewVoicemail

PROSPECT = {
    "a-company": "ООО «Ромашка»",
    "a-address": "Тверская, 1",
    "a-person": "Пётр",
    "a-phone": "8 495 000-00-00",
}
NASTY = "<script>alert(1)</script>\u202e\"'"


async def sent(house: Any, **more: Any) -> str:
    """A case for a company that wants to connect; its number."""
    customer, do = more.pop("customer", ""), more.pop("do", "send")
    fields = {"queue": "connect.company", "customer": customer, **PROSPECT, **more}
    answer = await house.post_form("/cases/new", do=do, **fields)
    assert answer.status == 303, answer.words
    return str(answer.headers["Location"]).removeprefix("/cases/")


def revision(text: str) -> str:
    found = re.search(r'name="revision" value="(\d+)"', text)
    assert found
    return found[1]


async def act(house: Any, number: str, do: str, **fields: Any) -> Any:
    fields.setdefault("revision", revision((await house.get(f"/cases/{number}")).text))
    return await house.post_form(f"/cases/{number}", do=do, **fields)


async def test_the_queue_is_chosen_level_by_level(house: Any) -> None:
    await house.sign_in()
    first = await house.get("/cases/new", topic="finance.claim")
    assert "Перерасчёт, претензии — финансы" in first.words  # suggested by the topic
    assert 'href="/cases/new?queue=delivery&amp;topic=finance.claim"' in first.text
    second = await house.get("/cases/new", queue="delivery")
    assert 'href="/cases/new?queue=delivery.documents"' in second.text
    form = await house.get("/cases/new", queue="delivery.documents", panel=True)
    assert 'name="a-what"' in form.text
    assert "<html" not in form.text


async def test_a_department_that_takes_people_in_person_only_refuses_and_says_what_it_takes(
    house: Any,
) -> None:
    await house.sign_in()
    level = await house.get("/cases/new", queue="money")
    assert "Принимает: клиент приходит сам." in level.words
    assert "queue=money.in_person" not in level.text
    chosen = await house.get("/cases/new", queue="money.in_person")
    assert "Принимает: клиент приходит сам." in chosen.words
    fields = {"a-period": "март", "a-demand": "вернуть", "a-answer_by": "phone"}
    refused = await house.post_form("/cases/new", do="send", queue="money.in_person", **fields)
    assert refused.status == 422
    assert (await house.get("/cases", folder="all")).words.count("C-2026") == 0


async def test_what_is_known_of_the_customer_is_filled_in(house: Any) -> None:
    await house.sign_in()
    customer = await house.add_customer(name="ООО «Вега»", address="Арбат, 5", numbers=("+74950000001",))
    page = await house.get("/cases/new", queue="connect.company", customer=customer)
    assert 'value="ООО «Вега»"' in page.text
    assert 'value="Арбат, 5"' in page.text
    assert 'value="+74950000001"' in page.text


async def test_an_incomplete_form_is_not_sent_but_keeps_what_was_typed_and_can_be_saved(house: Any) -> None:
    await house.sign_in()
    fields = {"queue": "connect.company", "a-company": "ООО «Ромашка»", "a-email": "не почта"}
    refused = await house.post_form("/cases/new", do="send", **fields)
    assert refused.status == 422
    assert 'value="ООО «Ромашка»"' in refused.text
    assert "Это не адрес почты" in refused.words
    fields["a-email"] = ""
    refused = await house.post_form("/cases/new", do="send", **fields)
    assert "Заполните хотя бы одно: контактный телефон, электронная почта." in refused.words
    saved = await house.post_form("/cases/new", do="save", **fields)
    assert saved.status == 303
    page = await house.get(saved.headers["Location"])
    assert "не отправлен" in page.words
    gone = await act(house, saved.headers["Location"].removeprefix("/cases/"), "discard")
    assert gone.headers["Location"] == "/cases"
    assert (await house.get(saved.headers["Location"])).status == 404


async def test_a_case_is_returned_mended_and_sent_again(house: Any) -> None:
    await house.sign_in(login="anna")
    number = await sent(house)
    await house.sign_in(login="boris")
    queue = await house.get("/cases", folder="queue")
    assert number in queue.text
    refused = await act(house, number, "reject")
    assert refused.status == 422
    assert "Напишите причину." in refused.words
    assert (await act(house, number, "reject", reason="Нет города")).status == 303
    await house.sign_in(login="anna")
    mine = await house.get("/cases")
    assert number in mine.text
    assert "возвращён" in mine.words
    again = await act(house, number, "send", **PROSPECT | {"a-address": "Москва, Тверская, 1"})
    assert again.status == 303, again.words
    page = await house.get(f"/cases/{number}")
    assert "передан" in page.words
    assert "«Нет города»" in page.words
    assert "Тверская, 1 → Москва, Тверская, 1" in page.words
    assert number in (await house.get("/cases", folder="waiting")).text


async def test_of_two_who_take_a_case_one_wins_and_the_other_learns_who(house: Any) -> None:
    await house.sign_in(login="anna")
    number = await sent(house)
    seen = revision((await house.get(f"/cases/{number}")).text)
    await house.sign_in(login="boris", name="Борис Белов")
    assert (await act(house, number, "take", revision=seen)).status == 303
    await house.sign_in(login="clara")
    late = await act(house, number, "take", revision=seen)
    assert late.status == 409
    assert "Кейс уже взял Борис Белов." in late.words


async def test_stages_wait_begin_and_end_with_a_result(house: Any) -> None:
    await house.sign_in(role="supervisor", login="vera")
    fields = {"a-address": "Арбат, 5", "a-person": "Пётр", "a-phone": "+74950000001"}
    answer = await house.post_form("/cases/new", do="send", queue="connect.full", **fields)
    number = answer.headers["Location"].removeprefix("/cases/")
    for result in ("agreed", "positive"):
        await act(house, number, "take")
        done = await act(house, number, "finish", result=result)
        assert done.status == 303, done.words
    page = await house.get(f"/cases/{number}")
    assert "ждёт: не заполнено: Смета, ₽" in page.words
    await act(house, number, "take")
    blocked = await act(house, number, "finish", result="signed")
    assert blocked.status == 422
    await act(house, number, "fill", **fields | {"a-cost": "12 000"})
    assert (await act(house, number, "finish", result="signed")).status == 303
    assert "нет отметки: договор подписан" in (await house.get(f"/cases/{number}")).words
    await act(house, number, "begin", reason="Технический директор согласен")
    page = await house.get(f"/cases/{number}")
    assert "«Технический директор согласен»" in page.words
    assert "нет отметки" not in page.words
    times = await house.get("/cases/types/connection")
    assert "по 1 кейсу" in times.words


async def test_an_exception_needs_the_right(house: Any) -> None:
    await house.sign_in()
    fields = {"a-address": "Арбат, 5", "a-person": "Пётр", "a-phone": "+74950000001"}
    answer = await house.post_form("/cases/new", do="send", queue="connect.full", **fields)
    number = answer.headers["Location"].removeprefix("/cases/")
    for result in ("agreed", "positive"):
        await act(house, number, "take")
        await act(house, number, "finish", result=result)
    refused = await act(house, number, "begin", reason="очень надо")
    assert refused.status == 403


async def test_overdue_is_red_counted_and_has_a_folder(house: Any) -> None:
    await house.sign_in()
    number = await sent(house)
    assert number not in (await house.get("/cases", folder="overdue")).text
    house.clock.pass_(days=3)
    await house.sign_in()
    page = await house.get("/cases", folder="overdue")
    assert number in page.text
    assert 'class="overdue"' in page.text
    counts = (await house.api("GET", "/cases/counts")).json
    assert counts["overdue"] == 1
    assert counts["waiting"] == 1


@pytest.mark.parametrize("words", ["ромашка", "C-2026-000001", "000001", "с-1", "тверская"])
async def test_search_finds_by_number_and_by_words(house: Any, words: str) -> None:
    await house.sign_in()
    number = await sent(house)
    assert number in (await house.get("/cases", q=words)).text
    assert number not in (await house.get("/cases", q="лютик")).text


async def test_hostile_texts_stay_inert(house: Any) -> None:
    await house.sign_in()
    long = NASTY + "я" * 9_000
    number = await sent(house, **{"a-company": NASTY, "a-services": long, "comment": NASTY})
    for page in (await house.get(f"/cases/{number}"), await house.get("/cases", folder="all")):
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;" in page.text
    too_long = await house.post_form(
        "/cases/new", do="send", queue="connect.company", **PROSPECT | {"a-company": "я" * 10_000}
    )
    assert too_long.status == 422
    assert "Слишком длинно" in too_long.words
    assert (await house.get("/cases/" + "9" * 20)).status == 404
    assert (await house.get("/cases/new", customer="x")).status == 400


async def test_tasks_are_made_shown_and_done(house: Any) -> None:
    await house.sign_in(login="anna")
    customer = await house.add_customer()
    await house.add_user("boris")
    empty = await house.post_form("/cases/new-task", text=" ", responsible="boris")
    assert empty.status == 422
    made = await house.post_form(
        "/cases/new-task", text="Перезвонить", responsible="boris", customer=customer, due="2026-03-03T10:00"
    )
    assert made.status == 303
    await house.sign_in(login="boris")
    assert "Перезвонить" in (await house.get("/cases", folder="tasks")).words
    assert (await house.post_form("/cases/tasks/1", do="done")).status == 303
    assert "Перезвонить" not in (await house.get("/cases", folder="tasks")).words
    await house.sign_in(login="clara")
    assert (await house.post_form("/cases/tasks/1", do="undone")).status == 403


async def test_a_task_is_made_and_ended_on_the_customers_card(house: Any) -> None:
    await house.sign_in(login="anna")
    customer = await house.add_customer()
    here = f"/customers/{customer}"
    page = await house.get(here, part="cases")
    assert f'href="/cases/new-task?customer={customer}"' in page.text
    assert "Открытых задач нет" in page.words
    form = await house.get("/cases/new-task", customer=customer)
    assert f'name="customer" value="{customer}"' in form.text
    made = await house.post_form("/cases/new-task", text=NASTY, responsible="anna", customer=customer)
    assert made.headers["Location"].partition("#")[0] == f"{here}?part=cases"
    page = await house.get(here, part="cases")
    assert "<script>alert" not in page.text
    assert 'action="/cases/tasks/1"' in page.text
    await house.sign_in(login="clara")
    page = await house.get(here, part="cases")
    assert "alert(1)" in page.words, "others see it"
    assert "/cases/tasks/1" not in page.text, "and may not end it"
    await house.sign_in(login="anna")
    done = await house.post_form("/cases/tasks/1", do="done", back="customer")
    assert done.headers["Location"] == f"{here}?part=cases"
    assert "alert(1)" not in (await house.get(here, part="cases")).words


async def test_a_file_goes_along(house: Any) -> None:
    await house.sign_in()
    number = await sent(house)
    at = revision((await house.get(f"/cases/{number}")).text)
    done = await house.post_form(
        f"/cases/{number}", do="attach", revision=at, files={"file": ("letter.txt", b"text")}
    )
    assert done.status == 303
    assert "letter.txt" in (await house.get(f"/cases/{number}")).words
    empty = await house.post_form(
        f"/cases/{number}", do="attach", revision=at, files={"file": ("empty.txt", b"")}
    )
    assert empty.status == 422


async def test_a_file_comes_with_its_case_or_both_are_refused(house: Any) -> None:
    await house.sign_in()
    form = {"do": "save", "queue": "connect.call_me", "comment": "see the letter"}
    refused = await house.post_form("/cases/new", files={"file": ("empty.txt", b"")}, **form)
    assert refused.status == 422
    assert "Файл не принят" in refused.words
    assert "see the letter" in refused.text
    assert "C-2026" not in (await house.get("/cases", folder="all")).words
    made = await house.post_form("/cases/new", files={"file": ("letter.txt", b"text")}, **form)
    assert "letter.txt" in (await house.get(made.headers["Location"].partition("?")[0])).words


async def test_the_page_speaks_english(house: Any) -> None:
    await house.sign_in(language="en")
    number = await sent(house)
    page = await house.get(f"/cases/{number}")
    assert "A company wants to connect" in page.words
    assert not re.search(
        "[а-яё]", re.sub(r"Ромашка|Тверская|ООО|Пётр|ТМС|ТПС|ЭШ|ГСК|ГРиСВ|ЦАО|Русский", "", page.words)
    )


async def test_who_may_not_work_on_cases_sees_none(house: Any) -> None:
    await house.sign_in("campaign_manager")
    assert (await house.get("/cases")).status == 403
    assert (await house.api("GET", "/cases")).status == 403


async def test_who_looked_at_whose_case_is_in_the_audit(house: Any) -> None:
    await house.sign_in()
    number = await sent(house, customer=str(await house.add_customer()))
    await house.sign_in("senior")
    assert (await house.get(f"/cases/{number}")).status == 200
    await house.database.audit.flush()
    found = await house.database.customers.by_contract("К-1")
    (look,) = await house.database.audit.lines(login="senior", act="seen")
    assert (look.customer, look.detail["how"]) == (found.id, "page")
    await house.sign_in("supervisor")
    assert (await house.api("GET", f"/cases/{number}")).status == 200
    await house.database.audit.flush()
    (look,) = await house.database.audit.lines(login="supervisor", act="seen")
    assert (look.customer, look.detail["how"]) == (found.id, "api")


@pytest.mark.parametrize(("language", "words"), [("ru", "Заполните"), ("en", "Fill this in")])
async def test_each_fault_names_its_field_and_leads_there(house: Any, language: str, words: str) -> None:
    await house.sign_in(language=language)
    refused = await house.post_form("/cases/new", queue="money.finance", do="send", customer="0")
    assert refused.status == 422, refused.words
    note = re.search(r'<div class="note bad errors".*?</div>', refused.text, re.DOTALL)
    assert note is not None
    links = re.findall(r'<a href="#(f-[\w.-]+)">(.*?)</a>', note[0])
    assert links
    for place, said in links:
        label = re.search(rf'<label for="{place}">(.*?) *<', refused.text)
        assert label is not None, place
        assert said.startswith(f"{label[1]}: {words}")


async def test_what_the_caller_said_can_be_heard_with_his_case(house: Any) -> None:
    """D-61."""
    await house.sign_in()
    number = await sent(house)
    left = NewVoicemail(CallId("c1"), TopicCode("telesales"), "ru", "c1-1.wav", 64_000, "+79000000001")
    mail = await house.database.voicemails.add(left, house.clock.now())
    await house.database.voicemails.became(mail.id, int(number.rpartition("-")[2]))
    page = await house.get(f"/cases/{number}")
    assert f'src="/voicemails/{mail.id}/sound"' in page.text
    assert "1:04" in page.words
    await house.database.voicemails.delete_sounds(house.clock.now() + timedelta(1), house.clock.now())
    page = await house.get(f"/cases/{number}")
    assert "/sound" not in page.text
    assert "Записи больше нет" in page.words
    other = await sent(house)
    assert "1:04" not in (await house.get(f"/cases/{other}")).words


async def test_a_case_of_the_ivr_says_who_made_it_and_what_to_ask(house: Any) -> None:
    """D-25: whoever takes it asks for what is missing."""
    new = New("connect.company", CustomerId(0), {"company": "ООО «Ромашка»"})
    case = await house.daemon.office.cases.create(new, HOUSE, send=True, whole=False)
    await house.sign_in()
    number = number_of(case.id, case.created_at)
    page = await house.get(f"/cases/{number}")
    assert "автоответчик" in page.words
    assert "Спросить и вписать: Фактический адрес, Контактное лицо, Контактный телефон" in page.words
    await act(house, number, "take")
    answers = {"a-company": "ООО «Ромашка»", "a-address": "Тверская, 1", "a-person": "Пётр"}
    assert (await act(house, number, "fill", **answers)).status == 303  # one thing after the other
    page = await house.get(f"/cases/{number}")
    assert "Спросить и вписать: Контактный телефон" in page.words
    await act(house, number, "fill", **answers, **{"a-phone": "+74950000000"})
    assert "Спросить и вписать" not in (await house.get(f"/cases/{number}")).words


async def test_the_customer_is_called_about_it(house: Any) -> None:
    """The number says what the call is about; the history names it, and leads to its contact once there is
    one."""
    await house.sign_in(login="anna")
    customer = await house.add_customer("К-1", numbers=("+79161234567",))
    number = await sent(house, customer=customer, number="+79161234567")
    id = id_of(number)
    assert id is not None
    page = await house.get(f"/cases/{number}")
    assert f'data-about="case:{id}"' in page.text
    await house.database.cases.called(id, CallId("c77"), "anna", house.clock.now())
    page = await house.get(f"/cases/{number}")
    assert "Звонок клиенту об этом кейсе" in page.words
    assert "/contacts/c77" not in page.text, "nobody was rung"
