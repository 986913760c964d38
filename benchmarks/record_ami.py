"""Makes ``benchmarks/data/queue_calls.ami.gz`` anew: what an account with ``read=all`` sees of a few calls.

Twenty callers with invented numbers and names dial into the laboratory's Asterisk 22 by SIP, hear two
prompts, press a key, wait in a queue and talk to one of three operators; some give up in the menu. The bytes
are kept as they came, greeting and login answer first.

    python -m benchmarks.record_ami
"""

from __future__ import annotations

import asyncio
import gzip
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from callcore.testing.lab import Answer, AsteriskLab, Caller, HangUp, Phone, Press, Queue, Step, Wait

PLACE = Path(__file__).parent / "data" / "queue_calls.ami.gz"
CALLS = 20
NAMES = ("Иван Петров", "Мария Сидорова", "Anna", "", "ООО «Ромашка»")
DIALPLAN = """[from-trunk]
exten => _X.,1,Answer()
 same => n,Set(__CALLCORE_CALL=${UNIQUEID})
 same => n,Playback(beep)
 same => n,Read(DIGIT,beep,1,,1,2)
 same => n,Set(__CALLCORE_TOPIC=finance.recalculation)
 same => n,UserEvent(IvrChoice,Digit: ${DIGIT})
 same => n,Queue(sales,,,,30)
 same => n,Hangup()
"""


async def _record(port: int, secret: str, heard: bytearray, ready: asyncio.Event) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"Action: Login\r\nUsername: observer\r\nSecret: {secret}\r\n\r\n".encode())
    try:
        while chunk := await reader.read(65536):
            heard += chunk
            ready.set()
    finally:
        writer.close()


async def _call(lab: AsteriskLab, folder: Path, number: int) -> None:
    steps: list[Step] = [Wait(0.8), Press("2"), Wait(5.0), HangUp()]
    if number % 7 == 3:
        steps = [Wait(0.5), HangUp()]
    elif number % 7 == 5:
        steps = [Wait(0.8), Press("1"), Wait(1.2), HangUp()]
    async with Caller(
        lab.sip_port,
        folder,
        number=f"7900000{number:04}",
        name=NAMES[number % len(NAMES)],
        dialled="100",
        steps=steps,
    ) as caller:
        await caller.wait()


async def main() -> None:
    phones = ["101", "102", "103"]
    with tempfile.TemporaryDirectory(prefix="rec") as name:
        folder = Path(name)
        queue = Queue("sales", tuple(f"PJSIP/{phone}" for phone in phones))
        lab = AsteriskLab(folder / "pbx", phones=phones, queues=[queue], dialplan=DIALPLAN, observer=True)
        heard, ready = bytearray(), asyncio.Event()
        async with lab, AsyncExitStack() as stack:
            recorder = asyncio.create_task(_record(lab.ami_port, lab.secret, heard, ready))
            await ready.wait()
            for phone in phones:
                behaviour = Answer(after_seconds=0.6)
                await stack.enter_async_context(Phone(lab.phone_port(phone), folder / "sip", behaviour))
            async with asyncio.TaskGroup() as calls:
                for number in range(CALLS):
                    calls.create_task(_call(lab, folder / "sip", number))
                    await asyncio.sleep(1.5)
            recorder.cancel()
            await asyncio.gather(recorder, return_exceptions=True)
    whole = bytes(heard[: heard.rindex(b"\r\n\r\n") + 4])
    PLACE.write_bytes(gzip.compress(whole, 9, mtime=0))
    print(f"{PLACE}: {whole.count(b'Event: ')} events, {len(whole)} bytes")


if __name__ == "__main__":
    asyncio.run(main())
