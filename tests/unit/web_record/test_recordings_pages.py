"""Recorded talks: who hears them, at which address, and what stands beside them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.assembly.soundkeeping import let_go
from callcore.domain import CallId, ChannelId, Login, PbxName, QueueName, RecordMode
from callcore.rights import Permission, Role
from callcore.store.recordings import NewRecording
from callcore.store.schema.ivr import recordings
from callcore.web.context import WEB
from callcore.web.signin import digest

from .test_voice_api import TOKEN as PROGRAM
from .test_voicemail_pages import recording
from .test_work_pages import talked as was_answered

TALK = "0123456789abcdef" * 2
SOUND = f"/recordings/{TALK}/sound"
WORDS = "Разговор <записывается>."


async def talked(house: Any, talk: str = TALK, *, is_over: bool = True, **changes: Any) -> int:
    """A recorded talk; its number."""
    values: dict[str, Any] = {
        "token": talk,
        "call": CallId("c1"),
        "pbx": PbxName("main"),
        "channel": ChannelId("1795.1"),
        "queue": QueueName("finance"),
        "mode": RecordMode.auto,
        "words": WORDS,
        **changes,
    }
    made = await house.database.recordings.begin(NewRecording(**values), house.clock.now())
    if is_over and not made.refused_at:
        at = house.clock.now()
        await house.database.recordings.turn(talk, at, on=False, why="card", login=Login("anna"))
        await house.database.recordings.turn(talk, at, on=True, why="time")
        await house.database.recordings.end(talk, at + timedelta(minutes=1), 3000)
    return int(made.id)


async def listened(house: Any) -> list[str]:
    return sorted(line.login for line in await house.database.audit.lines(act="listened"))


async def test_who_may_hears_and_is_noted_before(house: Any) -> None:
    body = recording(house, f"{TALK}.wav").read_bytes()
    id = await talked(house)
    await house.sign_in(Role.senior, "olga")
    page = await house.get("/recordings", call="c1")
    for words in (WORDS, "0:03", "пауза: номер карты", "услышал предупреждение"):
        assert words in page.words, words
    assert f'src="{SOUND}"' in page.text
    assert (await house.ask("HEAD", SOUND)).status == 200
    assert await listened(house) == []
    whole = await house.get(SOUND)
    assert (whole.status, whole.body) == (200, body)
    assert (whole.headers["Cache-Control"], whole.headers["Content-Type"]) == (
        "private, no-store",
        "audio/wav",
    )
    part = await house.ask("GET", SOUND, headers={"Range": "bytes=100-199"})
    assert (part.status, part.body) == (206, body[100:200])
    [line] = await house.database.audit.lines(act="listened")
    assert (line.login, line.subject) == ("olga", f"recording:{id}")
    page = await house.get("/recordings", call="c1")
    assert "Кто прослушал" in page.words
    assert f"{house.clock.now():%M:%S}" in page.words, "turns within a minute are told apart"


@pytest.mark.parametrize("role", [None, Role.operator, Role.campaign_manager])
async def test_who_may_not_hears_nothing(house: Any, role: Role | None) -> None:
    recording(house, f"{TALK}.wav")
    await talked(house)
    if role is not None:
        await house.sign_in(role)
    for path in (SOUND, f"/recordings/{'f' * 32}/sound", "/recordings?call=c1"):
        answer = await house.get(path)
        assert answer.status == (303 if role is None else 403), path
        assert b"RIFF" not in answer.body
    for path in (f"/recordings/{TALK}", f"/recordings/{TALK}/sound", "/recordings?call=c1"):
        assert (await house.get("/api/v1" + path)).status == (401 if role is None else 403), path
    assert await listened(house) == []


@pytest.mark.parametrize(
    "address", ["1", "../callcore.yaml", TALK.upper(), TALK[:-1], f"{TALK}.wav", "f" * 32, "%2e%2e%2fx"]
)
async def test_addresses_are_not_guessed(house: Any, address: str) -> None:
    recording(house, f"{TALK}.wav")
    await talked(house)
    await house.sign_in(Role.administrator)
    assert (await house.get(f"/recordings/{address}/sound")).status == 404
    assert (await house.get(f"/api/v1/recordings/{address}/sound")).status in (404, 422)


async def test_what_goes_on_was_refused_or_is_gone_has_no_sound(house: Any) -> None:
    living, refused, old, missing = (each * 32 for each in "abcd")
    for each in (living, old):
        recording(house, f"{each}.wav")
    await talked(house, living, is_over=False)
    await talked(house, refused, is_refused=True)
    await talked(house, old)
    await house.database.recordings.delete_sounds(house.clock.now() + timedelta(days=1), house.clock.now())
    await talked(house, missing)
    await house.sign_in(Role.senior)
    page = await house.get("/recordings", call="c1")
    assert "<audio" not in page.text
    assert "Абонент отказался от записи" in page.words
    for each in (living, refused, old, missing):
        assert (await house.get(f"/recordings/{each}/sound")).status == 404
    assert await listened(house) == []


async def test_ranges_beyond_the_end_or_without_sense(house: Any) -> None:
    body = recording(house, f"{TALK}.wav").read_bytes()
    await talked(house)
    await house.sign_in(Role.senior)

    async def asked(range: str) -> tuple[int, bytes]:
        answer = await house.ask("GET", SOUND, headers={"Range": range})
        return answer.status, answer.body

    assert await asked("bytes=-100") == (206, body[-100:])
    assert await asked(f"bytes=0-{10**30}") == (206, body)
    for wrong in (f"bytes={len(body)}-", "bytes=-", "bytes=9-1", "bytes=a-b", "lines=1-2", "bytes=0-1,5-9"):
        status, told = await asked(wrong)
        assert (status, told[:4]) in ((416, told[:4]), (200, b"RIFF")), wrong
        assert status == 200 or b"RIFF" not in told, wrong


async def test_a_right_that_is_taken_away_ends_at_once(house: Any) -> None:
    """He has the address, and a page on which it stands."""
    recording(house, f"{TALK}.wav")
    await talked(house)
    login = await house.sign_in(Role.senior, "olga")
    assert (await house.get(SOUND)).status == 200
    await house.database.users.set_role(login, Role.operator)
    house.daemon.web[WEB].sign_in.forget(login)  # as the page of users does
    assert (await house.get(SOUND)).status == 403
    assert (await house.get("/api/v1" + SOUND)).status == 403
    assert await listened(house) == ["olga"]


async def test_a_row_that_leads_out_of_the_folder_has_no_sound(house: Any, tmp_path: Path) -> None:
    (tmp_path / "callcore.secret").write_text("s")
    recording(house, f"{TALK}.wav")
    await talked(house)
    await house.sign_in(Role.administrator)
    for file in ("../callcore.secret", str(tmp_path / "callcore.secret"), ".", "nothing.wav"):

        async def lead(connection: AsyncConnection, file: str = file) -> None:
            await connection.execute(update(recordings).values(file=file))

        await house.database.writer.submit(lead)
        for path in (SOUND, "/api/v1" + SOUND):
            assert (await house.get(path)).status == 404, file
    assert await listened(house) == []


# --- its time is over


async def test_who_plays_it_then_hears_it_to_its_end(house: Any) -> None:
    """The next one hears nothing, and the audit says why."""
    body = recording(house, f"{TALK}.wav", seconds=2000).read_bytes()
    await talked(house)
    house.clock.pass_(days=10)
    await house.sign_in(Role.administrator)
    async with house.http.get(house.origin + SOUND) as playing:
        begun = await playing.content.readexactly(1000)
        folder, now = house.daemon.settings.recording_folder, house.clock.now()
        assert await let_go(house.database.recordings, folder, now - timedelta(days=9), now) == 1
        assert begun + await playing.content.read() == body
    assert list(folder.glob("*.wav")) == []
    assert (await house.get(SOUND)).status == 404
    page = await house.get("/recordings", call="c1")
    assert "<audio" not in page.text
    assert WORDS in page.words, "the consent stays"
    audit = (await house.get("/admin/audit")).words
    assert "старые записи удалены" in audit
    assert "Записи разговоров — 1" in audit
    assert "старше 2026-03-03" in audit


async def test_a_call_without_recordings_says_so(house: Any) -> None:
    await house.sign_in(Role.senior)
    assert "Этот разговор не записан" in (await house.get("/recordings", call="nobody")).words


async def program(house: Any, *scopes: Permission) -> dict[str, str]:
    """What a program of Vera's, who may listen, says of itself."""
    await house.add_user("vera", Role.senior)
    await house.database.tokens.add(digest(PROGRAM), "vera", "voice", house.clock.now(), set(scopes))
    return {"Authorization": f"Bearer {PROGRAM}"}


async def test_a_program_without_the_scope_hears_nothing(house: Any) -> None:
    recording(house, f"{TALK}.wav")
    await talked(house)
    said = await program(house, Permission.voicemail_listen)
    answer = await house.ask("GET", "/api/v1" + SOUND, headers=said)
    assert (answer.status, await listened(house)) == (403, [])


async def test_programs_read_consent_and_turns(house: Any) -> None:
    body = recording(house, f"{TALK}.wav").read_bytes()
    await talked(house)
    said = await program(house, Permission.recordings_listen)
    listed = (await house.ask("GET", "/api/v1/recordings?call=c1", headers=said)).json["recordings"]
    [row] = listed
    assert (row["token"], row["consent_how"], row["consent_words"], row["ms"]) == (TALK, "words", WORDS, 3000)
    assert [(turn["on"], turn["why"], turn["login"]) for turn in row["turns"]] == [
        (True, "words", None),
        (False, "card", "anna"),
        (True, "time", None),
    ]
    assert (await house.ask("GET", f"/api/v1/recordings/{TALK}", headers=said)).json == row
    whole = await house.ask("GET", "/api/v1" + SOUND, headers=said)
    assert (whole.status, whole.body) == (200, body)
    assert await listened(house) == ["vera"]
    assert (await house.ask("GET", f"/api/v1/recordings/{'f' * 32}", headers=said)).status == 404


# --- the list of all


async def test_all_of_them_by_who_when_queue_and_number(house: Any) -> None:
    recording(house, f"{TALK}.wav")
    other = "f" * 32
    await talked(house)
    house.clock.pass_(days=2)
    await talked(house, other, call=CallId("c2"), queue=QueueName(""), mode=RecordMode.demand, words="")
    await was_answered(house, "c1", login="anna", number="+79160001122")
    await house.sign_in(Role.senior, "olga")
    page = await house.get("/recordings")
    assert page.text.index("call=c2") < page.text.index("call=c1"), "the newest first"
    assert "позвонил оператор" in page.words
    assert f'src="{SOUND}"' in page.text

    async def shown(**asked: str) -> list[str]:
        text = (await house.get("/recordings", **asked)).text
        return [call for call in ("c1", "c2") if f"call={call}" in text]

    assert await shown(login="anna") == ["c1"]
    assert await shown(number="8 916 000-11-22") == ["c1"]
    assert await shown(queue="finance") == ["c1"]
    assert await shown(since="2026-03-03") == ["c2"]
    assert await shown(until="2026-03-02") == ["c1"]
    assert await shown(since="2026-03-02", until="2026-03-04") == ["c1", "c2"]
    assert await shown(login="nobody") == []
    assert "Таких записей нет" in (await house.get("/recordings", login="nobody")).words
    assert "День пишется так" in (await house.get("/recordings", since="yesterday")).words
    assert await listened(house) == []


async def test_the_list_is_for_those_who_may_listen(house: Any) -> None:
    await talked(house)
    for role in (Role.operator, Role.campaign_manager):
        await house.sign_in(role)
        assert (await house.get("/recordings")).status == 403


@pytest.mark.parametrize(("role", "shown"), [(Role.senior, True), (Role.operator, False)])
async def test_the_customers_contacts_mark_what_was_recorded(house: Any, role: Role, shown: bool) -> None:
    """For who may listen, and only where there is something to hear."""
    customer = await house.add_customer("К-1", numbers=("+79161234567",))
    for call, talk, is_over in (("c1", "a" * 32, True), ("c2", "b" * 32, False), ("c3", "c" * 32, True)):
        await was_answered(house, call, customer=customer)
        if call != "c3":
            await talked(house, talk, call=CallId(call), is_over=is_over)
    await house.sign_in(role)
    page = await house.get(f"/customers/{customer}", part="contacts")
    assert page.text.count('class="timeline"') == 1
    assert ('href="/recordings?call=c1"' in page.text) is shown
    assert not any(f'href="/recordings?call={call}"' in page.text for call in ("c2", "c3"))
