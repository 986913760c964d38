"""Voicemail as people work through it (D-61)."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

from callcore.domain import CallId, PbxName, QueueName, TopicCode
from callcore.ivr.ports import Caller, Message
from callcore.rights import Role
from callcore.screenpop.cardnews import WorkChanged
from callcore.store.call_backs import NewCallBack
from callcore.store.voicemails import NewVoicemail

NUMBER = "+79161234567"
HOSTILE = "<script>alert(1)</script>\u202e"


def recording(house: Any, name: str, seconds: int = 3) -> Path:
    """A file as Asterisk writes it."""
    folder = house.daemon.settings.recording_folder
    folder.mkdir(parents=True, exist_ok=True)
    with wave.open(str(folder / name), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(range(200)) * 80 * seconds)
    return Path(folder / name)


async def left(house: Any, call: str = "c1", **changes: Any) -> int:
    """A message; its number."""
    values: dict[str, Any] = {
        "call": CallId(call),
        "topic": TopicCode("finance.claim"),
        "language": "ru",
        "file": f"{call}.wav",
        "ms": 3000,
        "number": NUMBER,
        **changes,
    }
    mail = await house.database.voicemails.add(NewVoicemail(**values), house.clock.now())
    return int(mail.id)


async def asked(house: Any, number: str = NUMBER, **changes: Any) -> None:
    values: dict[str, Any] = {
        "number": number,
        "topic": TopicCode("finance.claim"),
        "queue": QueueName("finance"),
        "language": "ru",
        **changes,
    }
    assert await house.database.call_backs.ask(NewCallBack(**values), house.clock.now())


# --- voicemail


async def test_a_message_is_listed_until_it_is_heard(house: Any) -> None:
    customer = await house.add_customer("К-1", numbers=(NUMBER,))
    recording(house, "c1.wav")
    id = await left(house, customer=customer)
    await house.sign_in(Role.operator)
    page = await house.get("/voicemails")
    for words in ("Анна Воробьёва", "8 (916) 123-45-67", "Претензия по оплате", "0:03"):
        assert words in page.words, words
    assert f'src="/voicemails/{id}/sound"' in page.text
    assert "ещё не заведено" in page.words  # no case has come of it
    assert (await house.get(f"/voicemails/{id}/sound")).status == 200
    assert "Новых сообщений нет" in (await house.get("/voicemails")).words
    heard = await house.get("/voicemails", state="heard")
    assert "прослушано: Operator" in heard.words


async def test_sound_whole_and_in_ranges(house: Any) -> None:
    body = recording(house, "c1.wav").read_bytes()
    id = await left(house)
    await house.sign_in(Role.operator)
    whole = await house.get(f"/voicemails/{id}/sound")
    assert (whole.status, whole.body) == (200, body)
    assert whole.headers["Content-Type"] == "audio/wav"
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["Cache-Control"] == "private, no-store"
    assert "sandbox" in whole.headers["Content-Security-Policy"]
    part = await house.ask("GET", f"/voicemails/{id}/sound", headers={"Range": "bytes=100-199"})
    assert (part.status, part.body) == (206, body[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(body)}"
    beyond = await house.ask("GET", f"/voicemails/{id}/sound", headers={"Range": "bytes=9999999-"})
    assert beyond.status == 416


async def test_one_listening_is_one_line_of_the_audit(house: Any) -> None:
    customer = await house.add_customer("К-1")
    recording(house, "c1.wav")
    id = await left(house, customer=customer)
    for login in ("anna", "boris"):
        await house.sign_in(Role.operator, login)
        assert (await house.ask("HEAD", f"/voicemails/{id}/sound")).status == 200
        assert len(await house.database.audit.lines(act="listened", login=login)) == 0
        for start in (0, 1000, 2000):
            await house.ask("GET", f"/voicemails/{id}/sound", headers={"Range": f"bytes={start}-"})
    house.clock.pass_(minutes=11)
    await house.sign_in(Role.operator, "anna")
    await house.get(f"/voicemails/{id}/sound")
    lines = await house.database.audit.lines(act="listened")
    assert sorted(line.login for line in lines) == ["anna", "anna", "boris"]
    assert {(line.customer, line.subject) for line in lines} == {(customer, f"voicemail:{id}")}
    mail = await house.database.voicemails.get(id)
    assert (mail.heard_by, mail.heard_at.isoformat()) == ("anna", "2026-03-02T09:00:00+00:00")
    await house.sign_in(Role.administrator)
    page = await house.get("/admin/audit")
    assert "прослушал запись" in page.words


async def test_what_cannot_be_heard_says_so(house: Any, tmp_path: Path) -> None:
    (tmp_path / "callcore.secret").write_text("s")
    ids = [
        await left(house, "gone"),
        await left(house, "out", file="../callcore.secret"),
        await left(house, "whole", file=str(tmp_path / "callcore.secret")),
        999,
    ]
    await house.sign_in(Role.operator)
    page = await house.get("/voicemails")
    assert page.words.count("Записи больше нет") == 3
    assert "<audio" not in page.text
    for id in ids:
        assert (await house.get(f"/voicemails/{id}/sound")).status == 404
    assert len(await house.database.audit.lines(act="listened")) == 0


async def test_who_may_not_listen_learns_nothing(house: Any) -> None:
    recording(house, "c1.wav")
    id = await left(house)
    for path in ("/voicemails", f"/voicemails/{id}/sound", "/call-backs", "/work", "/work/live"):
        answer = await house.get(path)
        assert (answer.status, answer.headers["Location"]) == (303, "/sign-in")
    await house.sign_in(Role.campaign_manager)
    for path in (
        "/voicemails",
        f"/voicemails/{id}/sound",
        "/voicemails/999/sound",
        "/call-backs",
        "/work",
        "/work/live",
    ):
        assert (await house.get(path)).status == 403
    mail = await house.database.voicemails.get(id)
    assert mail.heard_at is None


async def test_messages_are_found_by_topic_and_number(house: Any) -> None:
    await left(house, "c1")
    await left(house, "c2", topic=TopicCode("retention.end_contract"), number="+79000000002")
    await left(house, "c3", number=None)
    await house.sign_in(Role.operator)

    async def calls(**asked: str) -> int:
        return int((await house.get("/voicemails", **asked)).text.count('<td class="when">'))

    assert await calls() == 3
    assert await calls(topic="finance.claim") == 2
    assert await calls(number="8 916 123-45-67") == 1
    assert await calls(number="nonsense") == 0
    assert await calls(state="heard") == 0
    assert await calls(state="all", topic="retention.end_contract", number="89000000002") == 1
    assert "Ничего не нашлось" in (await house.get("/voicemails", state="heard")).words


async def test_long_lists_are_paged(house: Any) -> None:
    for n in range(51):
        await left(house, f"c{n}", number=f"+7900000{n:04}")
        house.clock.pass_(seconds=1)
    await house.sign_in(Role.operator)
    first, second = await house.get("/voicemails"), await house.get("/voicemails", page="2")
    assert first.text.count('<td class="when">') == 50
    assert 'href="/voicemails?page=2"' in first.text
    assert second.text.count('<td class="when">') == 1
    assert 'href="/voicemails?page=1"' in second.text
    assert (await house.get("/voicemails", page="x")).status == 200


# --- beside them


async def test_tabs_count_what_waits(house: Any) -> None:
    recording(house, "c1.wav")
    await left(house)
    await asked(house)
    await asked(house, "+79000000002")
    await house.sign_in(Role.operator)
    page = await house.get("/voicemails")
    assert 'href="/voicemails" aria-current="page"' in page.text
    assert page.text.count('class="count">1<') == 2, "unheard, and somebody to call"
    assert page.text.count('class="count">2<') == 1, "wishes"


# --- the desk


async def test_the_desk_counts_what_waits_and_hears_of_it(house: Any) -> None:
    login = await house.sign_in(Role.operator)
    backoffice, told = house.daemon.answering.reception.backoffice, list[object]()
    end = house.daemon.office.news.watch(told.append)
    recording(house, "c1.wav")
    caller = Caller(CallId("c1"), PbxName("main"), NUMBER, "ru", TopicCode("finance.claim"))
    await backoffice.keep_message(caller, Message("c1.wav", 3.0))
    assert WorkChanged() in told
    for act, voicemails, call_backs in (
        (backoffice.call_back(caller, "finance"), 1, 1),
        (house.get("/voicemails/1/sound"), 0, 1),
        (house.post_form("/work/2/done", note=""), 0, 0),
    ):
        told.clear()
        await act
        assert told == [WorkChanged()]
        counts = await house.daemon.office.work_source.counts(login)
        assert (counts.voicemails, counts.call_backs) == (voicemails, call_backs)
    assert await backoffice.call_back(caller, "finance", is_closed=True)
    [wish] = (await house.api("GET", "/call-backs")).json["call_backs"]
    assert (wish["source"], wish["asked_by"]) == ("closed", None)
    told.clear()
    assert await backoffice.call_back(caller, "finance")
    assert told == []  # he stands in the list already
    end()


async def test_english(house: Any) -> None:
    await house.sign_in(Role.operator)
    await house.database.users.set_language(house.login, "en")
    await house.sign_in(Role.operator)
    await left(house)
    assert "not opened yet" in (await house.get("/voicemails")).words
    assert "Nobody waits for a call" in (await house.get("/work", tab="wish")).words
