"""Where these stories happen: an Asterisk with its dialplan and queues, callcore, and people at phones."""

from __future__ import annotations

from pathlib import Path

import yaml

from callcore.domain import Interface, Login, QueueName
from callcore.ivr.dialplan import Transfer, render_transfers
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.testing.house import PASSWORD
from callcore.testing.lab import AsteriskLab, OutgoingTrunk, PhoneHabits, Queue
from callcore.testing.lab.configuration import Account
from callcore.testing.lab.process import free_port
from callcore.testing.recording.studio import FEATURES
from callcore.testing.stage import FALLBACK, Stage

AT_LINE = ("rr", "all", "line", "finance")
SEATS = {
    "anna": ("Анна Кузнецова", "PJSIP/101", AT_LINE),
    "boris": ("Борис Смирнов", "PJSIP/102", AT_LINE),
    "vera": ("Вера Орлова", "PJSIP/103", AT_LINE),
    "zoya": ("Зоя Лаптева", "PJSIP/104", ("elsewhere",)),
    "galya": ("Галина Сомова", "Local/105@agents/n", ()),
}
"""Who sits where, and serves which queues. Zoya has nothing to do with any story."""
OWN_PHONES = {"anna": ("PJSIP/201",)}
"""Anna has a second phone."""
OPERATORS = tuple(f"PJSIP/{number}" for number in ("101", "102", "103", "104", "105", "201"))
PHONES = ("101", "102", "103", "104", "105", "201", "250")
"""250 is the kitchen's: no operator's phone."""
QUEUES = (
    Queue("rr", strategy="rrmemory", timeout=2),
    Queue("all", strategy="ringall", timeout=10),
    Queue("line", strategy="linear", timeout=2),
    Queue("finance", timeout=2),
    Queue("elsewhere", timeout=2),
    Queue("ranked", ("PJSIP/101,0", "PJSIP/102,5", "PJSIP/103,5"), strategy="ringall", timeout=10),
    Queue("behind", ("Local/105@agents/n,0,Galina,PJSIP/105",), strategy="ringall", timeout=10),
    Queue("melting", ("Local/105@agents,0,Galina,PJSIP/105",), strategy="ringall", timeout=10),
    Queue(FALLBACK),
)
DIALPLAN = """
[from-trunk]
exten => _7495.,1,Goto(callcore-inbound,${EXTEN},1)
exten => _XXX,1,Dial(PJSIP/${EXTEN},20,tTkK)
 same => n,Hangup()
exten => group,1,Dial(PJSIP/101&PJSIP/102&PJSIP/103,20,tTkK)
 same => n,Hangup()
exten => both,1,Dial(PJSIP/101&PJSIP/201,20,tTkK)
 same => n,Hangup()
exten => wired,1,Dial(Local/101@agents/n,20)
 same => n,Hangup()
exten => molten,1,Dial(Local/101@agents,20)
 same => n,Hangup()
exten => coded,1,Set(__TRANSFER_CONTEXT=callcore-transfer)
 same => n,Dial(PJSIP/101,20,tTkK)
 same => n,Hangup()
exten => brief,1,Dial(PJSIP/101,1)
 same => n,Hangup()
exten => _[a-z][a-z]!,1,Answer()
 same => n,Queue(${EXTEN},tTkK)
 same => n,Hangup()

[agents]
exten => _1XX,1,Dial(PJSIP/${EXTEN},20,tTkK)
 same => n,Hangup()
"""
BY_NUMBER = "103"
"""Vera's telephone is a department: its internal number."""
CODES = render_transfers(
    [Transfer("*55", queue="finance"), Transfer("*66", queue="all"), Transfer(BY_NUMBER, number=BY_NUMBER)]
)
"""*66 is retention's, which takes nothing today; see ``handing_on``."""
INSIDE = """exten => _[a-z][a-z]!,1,Queue(${EXTEN},tTkK)
 same => n,Hangup()
"""
CUSTOMERS = {f"+7900000{nth}": f"Абонент {nth}" for nth in range(5000, 5400)}
"""Each with a number of his own."""


class OfficeStage(Stage):
    """callcore beside an Asterisk with the office's dialplan and queues; ``carrier_port``: where a customer's
    phone listens, or the carrier that callcore's own calls leave through."""

    def __init__(self, folder: Path, version: int, carrier_port: int | None = None) -> None:
        super().__init__(folder, phones=PHONES, version=version, carrier_port=carrier_port)
        self.carrier_port = carrier_port or free_port()
        secret = self.lab.secret
        self.lab = AsteriskLab(
            folder / "office",
            phones=PHONES,
            queues=QUEUES,
            includes=self.lab.includes,
            variables=self.lab.variables,
            dialplan=DIALPLAN + CODES,
            secret=secret,
            accounts=(Account("hand", secret, "system,call,agent,user", "all"),),
            carrier=OutgoingTrunk("127.0.0.1", self.carrier_port),
            habits=PhoneHabits(dialplan=INSIDE),
            extra_files={"features.conf": FEATURES},
            version=version,
        )

    def keep_open(self, department: str) -> None:
        """Round the clock, whatever day it is."""
        file = self.config_file.with_name("departments.yaml")
        house = yaml.safe_load(file.read_text(encoding="utf-8"))
        house["departments"][department] |= {"hours": "always", "holidays": {"country": "none"}}
        file.write_text(yaml.safe_dump(house, allow_unicode=True), encoding="utf-8")

    async def add_everybody(self) -> None:
        await self.add_people({login: (name, PASSWORD) for login, (name, *_) in SEATS.items()}, queues=())
        url = f"sqlite:///{self.folder / 'callcore.db'}"
        async with await Database.open(url, create=True) as database:
            for login, (_name, phone, queues) in SEATS.items():
                phones = [Interface(one) for one in (phone, *OWN_PHONES.get(login, ()))]
                await database.users.set_interfaces(Login(login), phones)
                await database.users.set_queues(Login(login), [QueueName(queue) for queue in queues])
            new = [NewCustomer(f"R-{at}", who, numbers=(at,)) for at, who in CUSTOMERS.items()]
            await database.customers.add_many(new)
