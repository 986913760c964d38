"""The laboratory is fetched once; on a system that is not Debian these tests skip and say why."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcore.testing.lab import Answer, AsteriskLab, Phone, Queue

DIALPLAN = """
[from-trunk]
exten => 100,1,Verbose(1,caller <${CALLERID(num)}> <${CALLERID(name)}>)
 same => n,Answer()
 same => n,Read(KEY,,1,,1,10)
 same => n,Verbose(1,key <${KEY}>)
 same => n,Queue(corporate,,,,20)
 same => n,Hangup()
exten => 200,1,Answer()
 same => n,Set(CHANNEL(language)=ru)
 same => n,Playback(vm-goodbye)
 same => n,Hangup()
exten => 486,1,Hangup(17)
"""


@pytest.fixture(scope="session", autouse=True)
def needs(laboratory: None) -> None:
    """Every test here."""


@pytest.fixture
async def pbx(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsteriskLab]:
    """Asterisk 22, unless the test asks for another one by its parameter."""
    lab = AsteriskLab(
        tmp_path / "pbx",
        phones=["101"],
        queues=[Queue("corporate", members=("PJSIP/101",))],
        dialplan=DIALPLAN,
        observer=True,
        version=getattr(request, "param", 22),
    )
    async with lab:
        yield lab


@pytest.fixture
async def phone(pbx: AsteriskLab, tmp_path: Path) -> AsyncIterator[Phone]:
    async with Phone(pbx.phone_port("101"), tmp_path / "sip", Answer(after_seconds=0.2)) as phone:
        yield phone
