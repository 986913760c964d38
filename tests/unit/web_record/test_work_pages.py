"""People to call as people work through them: missed calls, messages, wishes, what was put off."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from callcore.calls.effects import Contact
from callcore.domain import CallId, Direction, EndReason, Login, Outcome, PbxName, QueueName, Source
from callcore.rights import Role
from callcore.screenpop.cardnews import WorkChanged
from callcore.store.follow_rows import FollowUp, FollowUpLook, FollowUpState

from .test_voicemail_pages import HOSTILE, NUMBER, asked, left, recording

OTHER = "+79000000002"


async def missed(house: Any, call: str, number: str | None = NUMBER, **changes: Any) -> None:
    """A caller whom nobody took, as it is written when he is gone."""
    now = house.clock.now()
    empty = dict.fromkeys(("caller_name", "dialed_number", "language", "customer", "topic", "route", "queue"))
    empty |= dict.fromkeys(("route_reason", "queued_at", "answered_at", "answered_by"))
    values: dict[str, Any] = {
        **empty,
        "call": CallId(call),
        "pbx": PbxName("main"),
        "channel": call,
        "direction": Direction.inbound,
        "source": Source.live,
        "caller_number": number,
        "caller_number_raw": "",
        "started_at": now - timedelta(minutes=1),
        "ended_at": now,
        **dict.fromkeys(("wait_ms", "ring_ms", "talk_ms"), 0),
        "operators": (),
        "end_reason": EndReason.cancelled,
        "hangup_cause": 16,
        "outcome": Outcome.abandoned_queue,
        **changes,
    }
    contact = Contact(**values)
    await house.database.contacts.save(contact)
    await house.daemon._contact_logged(contact)


async def talked(house: Any, call: str, login: str = "anna", number: str = NUMBER, **changes: Any) -> None:
    now = house.clock.now()
    more = {"outcome": Outcome.answered, "answered_at": now, "answered_by": Login(login), "ended_at": now}
    await missed(house, call, number, **{"started_at": now, **more, **changes})


async def row(house: Any, id: int = 1) -> FollowUp:
    found = await house.database.follow_ups.get(id)
    assert found is not None
    return found  # type: ignore[no-any-return]


async def said(house: Any, path: str, **fields: str) -> str:
    """What the page's script is told after a form."""
    answer = await house.ask(
        "POST",
        path,
        data={"csrf": house.csrf, **fields},
        headers={"Origin": house.origin, "X-Script": "1"},
    )
    assert answer.status == 204, answer.text
    return unquote(answer.headers["X-Said"])


# --- what is listed


async def test_a_missed_caller_is_listed_until_somebody_has_talked_with_him(house: Any) -> None:
    customer = await house.add_customer("К-1", HOSTILE, numbers=(NUMBER,))
    await missed(house, "c1", customer=customer, queue=QueueName("finance"))
    house.clock.pass_(minutes=20)
    await missed(house, "c2")
    await missed(house, "c3", OTHER)
    await missed(house, "c4", None)
    house.clock.pass_(minutes=50)
    await house.sign_in(Role.operator, "anna")
    page = await house.get("/work")
    assert page.words.index("8 (916) 123-45-67") < page.words.index("8 (900) 000-00-02")
    for words in ("2 раза", "последний", "1 час назад", "номер скрыт", "Финансов"):
        assert words in page.words, words
    assert "<script>alert" not in page.text
    assert page.text.count('class="small late"') == 1, "one of three waits longer than an hour"
    only = await house.get("/work", queue="finance")
    assert "8 (900) 000-00-02" not in only.words
    assert "Ничего не нашлось" in (await house.get("/work", queue="retention")).words
    await talked(house, "c9", "anna")
    assert "8 (916) 123-45-67" not in (await house.get("/work")).words
    done = await house.get("/work", state="done")
    assert "8 (916) 123-45-67" in done.words
    assert "Anna" in done.words
    assert "поговорили по телефону" in done.words


async def test_each_list_has_its_tab_with_its_count(house: Any) -> None:
    recording(house, "c1.wav")
    await left(house)
    await asked(house)
    await asked(house, OTHER)
    await missed(house, "c5")
    await house.sign_in(Role.operator)
    for tab, count in (("missed", 1), ("voicemail", 1), ("wish", 2), ("postponed", 0), ("unclassified", 0)):
        page = await house.get("/work", tab=tab)
        assert page.text.count('<td class="when">') == count, tab
        assert f'href="/work?tab={tab}" aria-current="page"' in page.text
    assert page.text.count('class="count">1<') == 3, "missed, left a message, a recording unheard"
    assert page.text.count('class="count">2<') == 1
    assert 'href="/cases?folder=overdue"' in page.text
    assert "Отложить" in (await house.get("/work", tab="wish")).words
    assert "/voicemails?state=all" in (await house.get("/work", tab="voicemail")).text


async def test_long_lists_have_no_end_but_pages(house: Any) -> None:
    for n in range(51):
        await missed(house, f"c{n}", f"+7900000{n:04}")
    house.clock.pass_(hours=24 * 400)
    await house.sign_in(Role.operator)
    first, second = await house.get("/work"), await house.get("/work", page="2")
    assert (first.text.count('<td class="when">'), second.text.count('<td class="when">')) == (50, 1)
    assert "51" in first.words


async def test_what_i_left_without_a_topic_is_mine_alone(house: Any) -> None:
    await house.sign_in(Role.operator, "anna")
    await talked(house, "c1", "anna")
    page = await house.get("/work", tab="unclassified")
    assert "8 (916) 123-45-67" in page.words
    (contact,) = await house.database.contacts.unclassified(Login("anna"))
    assert f'href="/interactions/{contact.record}"' in page.text
    await house.sign_in(Role.operator, "boris")
    assert "У всех ваших контактов есть тема" in (await house.get("/work", tab="unclassified")).words


async def test_the_old_address_leads_on(house: Any) -> None:
    await house.sign_in(Role.operator)
    for asked_for, there in (("/call-backs", "/work?tab=wish"), ("/call-backs?state=done", "&state=done")):
        answer = await house.ask("GET", asked_for)
        assert answer.status == 303
        assert answer.headers["Location"].endswith(there)


# --- who answers for it


async def test_it_says_who_answers_for_it_and_why(house: Any) -> None:
    await house.sign_in(Role.senior, "vera")
    await house.sign_in(Role.operator, "boris")
    await house.sign_in(Role.operator, "anna")
    await talked(house, "c0", "anna")
    house.clock.pass_(minutes=5)
    await missed(house, "c1")
    await missed(house, "c2", OTHER, queue=QueueName("finance"))
    await missed(house, "c3", "+79000000003")
    await house.daemon.office.work.once()
    rows = [await row(house, id) for id in (1, 2, 3)]
    assert [(one.responsible_login, one.responsible_department, one.why_responsible) for one in rows] == [
        ("anna", "", "last_spoke"),
        (None, "finance", "department"),
        (None, "", "default"),
    ]
    page = await house.get("/work")
    for words in ("говорил с ним последним", "звонили в эту очередь", "старшие"):
        assert words in page.words, words
    mine = await house.get("/work", whose="mine")
    assert mine.text.count('<td class="when">') == 1
    await house.sign_in(Role.senior, "vera")
    assert "8 (900) 000-00-03" in (await house.get("/work", whose="mine")).words
    assert "8 (916) 123-45-67" not in (await house.get("/work", whose="mine")).words
    assert "Ничего не нашлось" in (await house.get("/work", whose="department")).words


async def test_what_nobody_touched_goes_on_and_is_told(house: Any) -> None:
    await house.sign_in(Role.operator, "anna")
    await talked(house, "c0", "anna")
    house.clock.pass_(minutes=5)
    await missed(house, "c1")
    work, told = house.daemon.office.work, list[object]()
    await work.once()
    house.clock.pass_(hours=4, seconds=1)
    end = house.daemon.office.news.watch(told.append)
    await work.once()
    assert (await row(house)).why_responsible == "default"
    assert told == [WorkChanged()]
    told.clear()
    await work.once()
    assert told == []
    end()


async def test_whoever_leaves_the_house_answers_for_nothing(house: Any) -> None:
    await house.sign_in(Role.operator, "anna")
    await talked(house, "c0", "anna")
    house.clock.pass_(minutes=5)
    await missed(house, "c1")
    await house.daemon.office.work.once()
    await house.post_form("/work/1/take")
    await house.database.users.disable("anna", house.clock.now())
    await house.daemon.office.work.once()
    one = await row(house)
    assert (one.responsible_login, one.taken_by, one.why_responsible) == (None, None, "default")


# --- moves


async def test_who_takes_it_on_calls_alone(house: Any) -> None:
    await asked(house)
    await missed(house, "c1")
    await house.sign_in(Role.operator, "boris")
    await house.sign_in(Role.operator, "anna")
    back = "/work?tab=wish&queue=finance"
    done = await house.post_form("/work/1/take", back=back)
    assert (done.status, done.headers["Location"]) == (303, back)
    page = await house.get("/work", tab="wish")
    assert "звонит: Anna" in page.words
    assert "Пусть звонят другие" in page.words
    await house.sign_in(Role.operator, "boris")
    for tab, id in (("wish", 1), ("missed", 2)):  # the number, not the row
        page = await house.get("/work", tab=tab)
        assert "звонит: Anna" in page.words
        for act in ("take", "hand-back", "postpone", "give"):
            assert f"/work/{id}/{act}" not in page.text
        assert "Уже звонит Anna" in await said(house, f"/work/{id}/take")
    assert "Уже звонит Anna" in await said(house, "/work/1/hand-back")
    forced = await house.post_form("/work/1/take", over="1")
    assert forced.status == 403
    await house.sign_in(Role.senior, "vera")
    assert "Забрать себе" in (await house.get("/work")).words
    await said(house, "/work/1/take", over="1")
    assert {(await row(house, id)).taken_by for id in (1, 2)} == {"vera"}
    await house.post_form("/work/2/hand-back")
    assert {(await row(house, id)).taken_by for id in (1, 2)} == {None}
    assert (await house.post_form("/work/9/take")).status == 404


async def test_settled_once(house: Any) -> None:
    await asked(house)
    await house.sign_in(Role.operator, "anna")
    assert (await house.post_form("/work/1/done", note="x" * 20_000)).status == 422
    assert (await row(house)).state is FollowUpState.open
    done = await house.post_form("/work/1/done", note=f"Перезвонила {HOSTILE}", back="//evil.example/work")
    assert (done.status, done.headers["Location"]) == (303, "/work")
    await house.sign_in(Role.operator, "boris")
    assert "Anna, дозвонились" in await said(house, "/work/1/withdraw", note="поздно")
    one = await row(house)
    assert (one.state, one.settled_by) == (FollowUpState.done, "anna")
    page = await house.get("/work", tab="wish", state="done")
    assert "Перезвонила" in page.words
    assert "<script>alert" not in page.text
    for path in ("/work/9/done", "/work/1/burn"):
        assert (await house.post_form(path)).status == 404
    refused = await house.ask("POST", "/work/1/done", data={}, headers={"Origin": house.origin})
    assert refused.status == 403


async def test_put_off_with_a_reason_until_it_comes_back(house: Any) -> None:
    await missed(house, "c1")
    await house.sign_in(Role.operator, "anna")
    good = {"day": "2026-03-03", "time": "10:30", "reason": f"просил завтра {HOSTILE}"}
    for wrong, why in (
        ({"reason": ""}, "прочтёт"),
        ({"day": "2026-03-01"}, "не наступил"),
        ({"day": "завтра"}, "не наступил"),
        ({"day": ""}, "не наступил"),
    ):
        answer = await house.post_form("/work/1/postpone", **(good | wrong))
        assert answer.status == 400, wrong
        assert why in answer.words
    assert (await row(house)).due_at is None
    assert "Отложено до 3 мар., 10:30" in await said(house, "/work/1/postpone", **good)
    assert "Пропущенных нет" in (await house.get("/work")).words
    later = await house.get("/work", tab="postponed")
    assert "до 3 мар., 10:30" in later.words
    assert "просил завтра" in later.words
    assert "<script>alert" not in later.text
    one = await row(house)
    assert one.due_at is not None
    work, told = house.daemon.office.work, list[object]()
    end = house.daemon.office.news.watch(told.append)
    house.clock.pass_(seconds=int((one.due_at - house.clock.now()).total_seconds()))
    await work.once()
    assert WorkChanged() in told, "open pages show it again"
    end()
    await house.sign_in(Role.operator, "anna")  # the night was long
    assert "8 (916) 123-45-67" in (await house.get("/work", whose="mine")).words


async def test_given_to_a_person_or_a_department_with_a_reason(house: Any) -> None:
    await missed(house, "c1")
    await house.sign_in(Role.operator, "boris")
    await house.sign_in(Role.campaign_manager, "maria")
    await house.sign_in(Role.operator, "anna")
    for fields in (
        {"to": "person:boris", "reason": ""},
        {"to": "person:nobody", "reason": "x"},
        {"to": "person:maria", "reason": "x"},
        {"to": "department:nowhere", "reason": "x"},
        {"to": "", "reason": "x"},
    ):
        assert (await house.post_form("/work/1/give", **fields)).status == 400, fields
    assert "Передано: Boris" in await said(house, "/work/1/give", to="person:boris", reason="его клиент")
    page = await house.get("/work")
    for words in ("Boris", "передали ему", "его клиент"):
        assert words in page.words
    assert "отвечает Boris" in await said(house, "/work/1/give", to="department:finance", reason="нет")
    await house.sign_in(Role.senior, "vera")
    await said(house, "/work/1/give", to="department:finance", reason="Борис в отпуске")
    one = await row(house)
    assert (one.responsible_login, one.responsible_department) == (None, "finance")


@pytest.mark.parametrize("act", ["take", "hand-back", "done", "withdraw", "postpone", "give"])
async def test_who_may_not(house: Any, act: str) -> None:
    await asked(house)
    await house.sign_in(Role.campaign_manager)
    assert (await house.get("/work")).status == 403
    assert (await house.post_form(f"/work/1/{act}", reason="x")).status == 403
    assert (await row(house)).taken_by is None


async def test_an_open_list_hears_of_new_calls_and_of_what_others_do(house: Any) -> None:
    await house.sign_in(Role.operator)
    told = list[object]()
    end = house.daemon.office.news.watch(told.append)
    await missed(house, "c1")
    assert told == [WorkChanged()]
    told.clear()
    await missed(house, "c2", outcome=Outcome.self_served)
    assert told == [], "that was none"
    end()
    page = await house.get("/work")
    address = page.text.split('data-live-page="')[1].split('"')[0]
    await house.post_form("/work/1/done")
    async with house.http.get(house.origin + address) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        lines = [await answer.content.readline() for _ in range(3)]
    assert b"data: changed\n" in lines


async def test_the_desk_counts_all_of_it_with_its_age(house: Any) -> None:
    login = await house.sign_in(Role.operator, "anna")
    began = house.clock.now()
    await missed(house, "c1")
    await asked(house, OTHER)
    await talked(house, "c2", "anna", "+79000000003")
    counts = await house.daemon.office.work_source.counts(login)
    assert (counts.missed, counts.missed_since, counts.call_backs, counts.call_backs_since) == (
        1,
        began,
        1,
        began,
    )
    assert (counts.unclassified, counts.postponed, counts.late_seconds) == (1, 0, 3600)
    assert counts.unclassified_since is not None
    await house.post_form("/work/1/postpone", day="2026-03-03", reason="завтра")
    counts = await house.daemon.office.work_source.counts(login)
    assert (counts.missed, counts.missed_since, counts.postponed) == (0, None, 1)


async def test_the_settings_say_who_was_missed_and_who_answers(make_house: Any) -> None:
    house = await make_house(
        work={"missed_after_seconds": 90, "responsible": ["department"], "default": {"login": "olga"}}
    )
    await house.sign_in(Role.operator, "olga")
    await missed(house, "c1", outcome=Outcome.abandoned_ivr)
    assert await house.database.follow_ups.count(FollowUpLook()) == 0
    await missed(house, "c2")
    await house.daemon.office.work.once()
    assert (await row(house)).responsible_login == "olga"
    assert "8 (916) 123-45-67" in (await house.get("/work", whose="mine")).words


async def test_english(house: Any) -> None:
    await house.sign_in(Role.operator)
    await house.database.users.set_language(house.login, "en")
    await house.sign_in(Role.operator)
    assert "Nobody was missed" in (await house.get("/work")).words
    await missed(house, "c1")
    assert "Who answers for it" in (await house.get("/work")).words
