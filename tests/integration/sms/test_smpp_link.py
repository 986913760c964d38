"""The link: wrong passwords, silence, restarts, and what is said about them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from io import StringIO

import pytest

from callcore import logs
from callcore.messaging.session import Session
from callcore.outbound.ports import RouteGone, Unsure
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.testing.sms import PASSWORD, Smsc

from .conftest import ANNA, Desk, Open, smpp_settings
from .test_smpp_messages import happens

RALYBND = 5


async def test_a_wrong_password_is_told_and_not_hammered(smsc: Smsc, open_desk: Open) -> None:
    desk = await open_desk(password="wrong")
    assert desk.messenger.state == "refused"
    trouble = desk.messenger.trouble
    assert trouble is not None
    assert "ESME_RINVPASWD" in trouble.en
    assert "пароль" in trouble.ru
    assert "wrong" not in trouble.en + repr(desk.messenger.settings)
    with pytest.raises(RouteGone, match="password"):
        await desk.send(ANNA)
    # Were it tried again as quickly as a lost link, this would see it many times.
    await smsc.configure(password="wrong")
    other = await open_desk(password="wrong")
    await other.send(ANNA)
    await other.received(1)
    assert ((await smsc.report()).refused_binds, desk.messenger.state) == (1, "refused")


@pytest.mark.parametrize(
    ("settings", "word"),
    [({"password": "longer than eight"}, "password"), ({"sender": "Энергосбыт"}, "sender")],
)
async def test_settings_that_no_bind_can_carry(
    smsc: Smsc, open_desk: Open, settings: dict[str, str], word: str
) -> None:
    desk = await open_desk(**settings)
    assert desk.messenger.state == "refused"
    assert word in desk.messenger.trouble.en
    assert settings[word] not in desk.messenger.trouble.en
    report = await smsc.report()
    assert (report.binds, report.refused_binds) == (0, 0)


async def test_bound_already_passes_by_itself(smsc: Smsc, open_desk: Open) -> None:
    await smsc.configure(bind_status=RALYBND)
    opening = asyncio.create_task(open_desk())
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await smsc.report()).refused_binds < 2:
            pass
    await smsc.configure(bind_status=0)
    desk = await opening
    assert desk.messenger.state == "up"


async def test_centre_restarted(smsc: Smsc, open_desk: Open) -> None:
    desk = await open_desk()
    (before,) = await desk.send(ANNA)
    await desk.received(1)
    await smsc.kill()
    await smsc.start()
    await happens(smsc, binds=1)
    assert await desk.settled() == "up"
    (after,) = await desk.send(ANNA)
    assert [receipt.message_id for receipt in await desk.received(2)] == [before, after]


async def test_a_silent_centre_is_noticed(smsc: Smsc, open_desk: Open) -> None:
    await smsc.configure(deaf=True)
    desk = await open_desk(silence_seconds=0.3, alive_seconds=0.3)
    await desk.lost()
    await smsc.configure(deaf=False)
    await happens(smsc, binds=2)


async def test_a_silent_link_is_kept_by_asking(smsc: Smsc, open_desk: Open) -> None:
    desk = await open_desk(silence_seconds=0.1)
    await desk.send(ANNA)
    await smsc.configure(receipt_ms=1000)
    await desk.send(ANNA)
    await desk.received(2)  # ten silences long
    assert (await smsc.report()).binds == 1


async def test_goodbye_with_open_messages(smsc: Smsc, open_desk: Open) -> None:
    await smsc.configure(silent=True)
    desk = await open_desk()
    sending = asyncio.create_task(desk.send(ANNA))
    await happens(smsc, submits=1)
    await desk.stop()
    with pytest.raises(Unsure):
        await sending
    with pytest.raises(RouteGone):
        await desk.send(ANNA)
    assert (await smsc.report()).submits == 1


async def test_stopped_while_it_connects() -> None:
    async with peer(b"") as port:
        desk = Desk(smpp_settings(port, connect_seconds=1000))
        async with asyncio.timeout(PATIENCE_SECONDS):
            await desk.messenger.becomes("connecting")
            await desk.stop()
        assert desk.messenger.state == "down"


async def test_stopped_in_the_very_moment_of_the_bind(smsc: Smsc, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = Session.connect
    stopping: list[asyncio.Task[None]] = []

    async def connect_and_stop(session: Session) -> None:
        await connect(session)
        stopping.append(asyncio.create_task(desk.stop()))
        await asyncio.sleep(0)

    monkeypatch.setattr(Session, "connect", connect_and_stop)
    desk = Desk(smpp_settings(smsc.port))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await desk.running
        await stopping[0]
    assert desk.messenger.trouble is not None


@contextlib.asynccontextmanager
async def peer(says: bytes) -> AsyncIterator[int]:
    """Somebody who says this to whoever connects, and listens on."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(says)
        with contextlib.suppress(ConnectionError):
            await reader.read(-1)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_what_is_no_smpp_is_told(open_desk: Open) -> None:
    async with peer(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        desk = await open_desk(port=port)
        assert "does not speak SMPP" in desk.messenger.trouble.en
        await desk.stop()


async def test_logs_hold_no_text_number_or_password(smsc: Smsc, open_desk: Open) -> None:
    stream = StringIO()
    logs.configure("DEBUG", stream=stream)
    logging.getLogger("asyncio").setLevel(logging.INFO)
    desk = await open_desk()
    await desk.send(ANNA, "Секретная новость")
    await desk.received(1)
    await smsc.configure(drop_after=1)
    with contextlib.suppress(Exception):
        await desk.send(ANNA, "Секретная новость")
    await happens(smsc, binds=2)
    await desk.settled()
    text = stream.getvalue()
    assert {"sms_link_up", "sms_link_down"} <= {json.loads(line)["event"] for line in text.splitlines()}
    for secret in ("Секрет", "9160000001", PASSWORD):
        assert secret not in text
