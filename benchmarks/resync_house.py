"""callcore from the link to the database, restarted beside a PBX full of calls; in a process of its own.

python -m benchmarks.resync_house PORT OPERATORS CALLS ENDED     prints one JSON object
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.pop_house import QUEUES
from benchmarks.pop_pbx import SECRET
from benchmarks.resync_lists import call_of, caller_of
from benchmarks.storm_house import MAIN, Nobody
from benchmarks.storm_stream import FIRST_PHONE
from callcore import logs
from callcore.ami.client import AmiLink, AmiSettings
from callcore.ami.session import Reply
from callcore.app import INBOX_SIZE
from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls.agent import AgentRules
from callcore.calls.tracker import Tracker
from callcore.domain import AgentState, CallId, ChannelId, ChannelRef, Interface, Login, PbxName, QueueName
from callcore.floor.clock import SteadyClock
from callcore.floor.floor import Floor
from callcore.floor.ids import mint_call_id
from callcore.floor.members import Members
from callcore.floor.records import Records
from callcore.store.database import Database, spool_path

LIMIT_SECONDS = 60.0


class Link(AmiLink):
    """Notes when the login was answered."""

    login_at = 0.0

    def _on_login(self, reply: Reply) -> None:
        self.login_at = asyncio.get_running_loop().time()
        super()._on_login(reply)


def _canonical(raw: str | None) -> str | None:
    return f"+{raw.lstrip('+')}" if raw else None


async def _quiet(_contact: do.Contact) -> None:
    return


class House:
    def __init__(self, database: Database, port: int) -> None:
        settings = AmiSettings(name=MAIN, host="127.0.0.1", port=port, username="callcore", secret=SECRET)
        self.inbox: asyncio.Queue[tuple[PbxName, f.Fact]] = asyncio.Queue(INBOX_SIZE)
        self.link = Link(settings, self.inbox)
        self.members = Members({MAIN: self.link})
        self.records = Records(
            database.calls, database.contacts, Nobody(), lambda fact: self.floor.take(fact), _quiet
        )
        self.tracker = Tracker(mint=mint_call_id, canonical=_canonical, rules=AgentRules())
        carry: dict[type, Callable[[do.Effect], None]] = {
            **dict.fromkeys((do.AddMember, do.RemoveMember, do.PauseMember), self.members.carry),
            **dict.fromkeys((do.RememberCall, do.LookUpCustomers, do.LogContact), self.records.carry),
        }
        carriers = {kind: (one,) for kind, one in carry.items()}
        self.floor = Floor(self.tracker, SteadyClock(), carriers, watch=self._watch)
        self.taken_at: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def _watch(self, fact: f.Fact) -> None:
        if isinstance(fact, f.Snapshot) and not self.taken_at.done():
            self.taken_at.set_result(asyncio.get_running_loop().time())

    def sign_in(self, operators: int) -> None:
        """From the shifts in the database, before the first connect."""
        for phone in range(FIRST_PHONE, FIRST_PHONE + operators):
            login, queues = Login(f"op{phone}"), tuple(map(QueueName, QUEUES))
            seat = Interface(f"PJSIP/{phone}")
            self.floor.take(f.AgentSignedIn(login, login, MAIN, seat, queues, AgentState.ready, None))
            self.floor.take(f.DeskOpened(login))


async def _earlier_life(database: Database, calls: int) -> None:
    """The daemon that was killed had stored the callers' channels."""
    async with asyncio.TaskGroup() as group:
        for n in range(calls):
            channel = ChannelRef(MAIN, ChannelId(caller_of(n)))
            group.create_task(database.calls.remember(CallId(call_of(n)), channel, datetime.now(UTC)))


async def _resync(port: int, operators: int, calls: int, ended: int) -> dict[str, Any]:
    # On a disk: /tmp may be memory, where a commit costs nothing.
    with tempfile.TemporaryDirectory(prefix="callcore-resync-", dir="/var/tmp") as folder:
        url = f"sqlite:///{Path(folder)}/callcore.db"
        async with await Database.open(url, create=True, spool=spool_path(url)) as database:
            await _earlier_life(database, calls)
            house = House(database, port)
            house.sign_in(operators)
            async with asyncio.TaskGroup() as group, asyncio.timeout(LIMIT_SECONDS):
                running = [
                    group.create_task(house.link.run()),
                    group.create_task(house.floor.consume(house.inbox, house.records.enrich)),
                    group.create_task(house.members.run()),
                ]
                taken_at = await house.taken_at
                await house.records.drain()
                stored_at = asyncio.get_running_loop().time()
                house.floor.stop()
                for task in running:
                    task.cancel()
            stored = len(await database.calls.open_calls(MAIN))
            recovered = await database.contacts.count()
    faults = {"calls not adopted": calls - len(house.tracker.calls), "calls not stored": calls - stored}
    return {
        "seconds": taken_at - house.link.login_at,
        "stored_seconds": stored_at - house.link.login_at,
        "recovered": recovered,
        "faults": {name: abs(count) for name, count in faults.items() if count},
        "ended": ended,
    }


def main() -> int:
    logs.configure("ERROR", stream=sys.stderr)
    port, operators, calls, ended = map(int, sys.argv[1:5])
    print(json.dumps(asyncio.run(_resync(port, operators, calls, ended))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
