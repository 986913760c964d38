"""A private Asterisk 22, links to it, and a wire between the two that a test can cut."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import pytest

from callcore.ami.client import AmiLink, AmiSettings, Inbox, Reply
from callcore.ami.protocol import AmiAction
from callcore.calls.facts import Fact
from callcore.domain import PbxName
from callcore.testing.lab import Account, AsteriskLab, Queue
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.testing.wire import Wire

DIALPLAN = """[in]
exten => _X.,1,Answer()
 same => n,Set(CALLERID(name)=${NAME})
 same => n,Set(__CALLCORE_CALL=01call)
 same => n,Set(__CALLCORE_TOPIC=finance.debt)
 same => n,Queue(sales,,,,60)
 same => n,Hangup()
[join]
exten => _X.,1,Queue(sales,,,,60)
[agents]
exten => _X.,1,Answer()
 same => n,Wait(60)
[idle]
exten => _X.,1,Answer()
 same => n,Wait(60)
"""
FactKind = TypeVar("FactKind", bound=Fact)


@pytest.fixture(scope="session", autouse=True)
def needs(laboratory: None) -> None:
    """Every test here."""


@pytest.fixture
async def lab(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AsteriskLab]:
    rest = "call,agent,originate,reporting,user"
    accounts = (
        Account(
            "outside", "s1", "system,call\ndeny = 0.0.0.0/0.0.0.0\npermit = 192.0.2.1/255.255.255.255", rest
        ),
        Account(
            "inside", "s2", "system,call\ndeny = 0.0.0.0/0.0.0.0\npermit = 127.0.0.1/255.255.255.255", rest
        ),
        Account("poor", "s3", "call,agent", "agent"),
    )
    asterisk = AsteriskLab(
        tmp_path_factory.mktemp("a") / "pbx",
        queues=[Queue("sales"), Queue("debt")],
        dialplan=DIALPLAN,
        accounts=accounts,
        observer=True,
    )
    await asterisk.start()
    yield asterisk
    await asterisk.kill()  # a polite stop takes it a second longer


class Running:
    """A link with its inbox and everything it told."""

    def __init__(self, settings: AmiSettings) -> None:
        self.inbox: Inbox = asyncio.Queue(10_000)
        self.link = AmiLink(settings, self.inbox)
        self.task = asyncio.create_task(self.link.run())
        self.seen: list[Fact] = []

    async def settled(self) -> str:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.link.settled()

    async def next(
        self, kind: type[FactKind], wanted: Callable[[FactKind], bool] = lambda _: True
    ) -> FactKind:
        """The next fact of this kind that is ``wanted``."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                _, fact = await self.inbox.get()
                self.seen.append(fact)
                if isinstance(fact, kind) and wanted(fact):
                    return fact

    async def originate(self, channel: str, context: str, name: str = "Anna", count: int = 1) -> list[Reply]:
        """Puts calls into the PBX, as its own users would (the product has no builder for this yet)."""
        headers = (
            ("Channel", channel),
            ("Context", context),
            ("Exten", "100"),
            ("Priority", "1"),
            ("CallerID", "<79000000001>"),
            ("Async", "true"),
        )
        return [
            await self.link.call(AmiAction("Originate", headers, (("__NAME", name),))) for _ in range(count)
        ]


Start = Callable[..., Awaitable[Running]]


@pytest.fixture
async def start(lab: AsteriskLab) -> AsyncIterator[Start]:
    """``await start(username=...)``: a running link; ``up=False`` to not wait until it is up."""
    running: list[Running] = []

    async def begin(*, up: bool = True, **changes: Any) -> Running:
        defaults: dict[str, Any] = {
            "name": PbxName("main"),
            "host": "127.0.0.1",
            "port": lab.ami_port,
            "username": lab.username,
            "secret": lab.secret,
            "first_retry_seconds": 0.05,
            "longest_retry_seconds": 0.2,
            "refused_retry_seconds": 0.2,
        }
        one = Running(AmiSettings(**(defaults | changes)))
        running.append(one)
        if up:
            assert await one.settled() == "up", one.link.why
        return one

    yield begin
    for one in running:
        await one.link.stop()
        await one.task


@pytest.fixture
async def wire(lab: AsteriskLab) -> AsyncIterator[Wire]:
    async with Wire(lab.ami_port) as relay:
        yield relay
