"""The house of the record: the whole daemon on a temporary database, with a clock that the test moves.

No PBX is linked and nothing is spoken: pages and API are tried here. ``house`` has the sample settings.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from sqlalchemy import select

from callcore.app import Daemon
from callcore.config import load
from callcore.domain import CustomerId, Interface, Login
from callcore.floor.clock import SteadyClock
from callcore.rights import Role
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.events import EVENTS
from callcore.store.schema.bus import events
from callcore.testing.blank import blank_database
from callcore.web import passwords
from callcore.web.intake import adapter_of

PASSWORD = "Correct-Horse-9"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SAMPLE = Path(__file__).parents[3] / "config"


class HouseClock(SteadyClock):
    """Time that moves only when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.time = START

    def now(self) -> datetime:
        return self.time

    def pass_(self, **how_long: float) -> None:
        self.time += timedelta(**how_long)


@dataclass
class Answer:
    status: int
    text: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def words(self) -> str:
        """What a person reads: without tags, spaces squeezed."""
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", self.text)).split())


@dataclass
class RecordHouse:
    """The daemon, and one browser at it."""

    daemon: Daemon
    clock: HouseClock
    http: aiohttp.ClientSession
    password_hash: str
    csrf: str = ""
    login: Login = field(default=Login(""))

    @property
    def database(self) -> Database:
        return self.daemon.database

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.daemon.http_port}"

    async def add_user(self, login: str, role: str | Role = Role.operator, **more: Any) -> Login:
        phones = (Interface("PJSIP/101"), Interface("PJSIP/102"))
        more = {"interfaces": phones, **more}
        user = await self.database.users.add(
            login,
            more.pop("name", login.title()),
            Role(role),
            self.password_hash,
            at=self.clock.now(),
            **more,
        )
        return user.login

    async def sign_in(self, role: str | Role = Role.operator, login: str = "", **more: Any) -> Login:
        """Make this person if need be (by default named as the role), and sign the browser in as him."""
        name = login or str(Role(role))
        if await self.database.users.get(name) is None:
            await self.add_user(name, role, **more)
        self.http.cookie_jar.clear()
        answer = await self.http.post(
            f"{self.origin}/api/v1/session", json={"login": name, "password": PASSWORD}
        )
        assert answer.status == 200, await answer.text()
        self.csrf, self.login = str((await answer.json())["csrf"]), Login(name)
        return self.login

    async def ask(self, method: str, path: str, **more: Any) -> Answer:
        """Redirects are not followed."""
        more.setdefault("allow_redirects", False)
        async with self.http.request(method, self.origin + path, **more) as answer:
            body = await answer.read()
            text = body.decode("utf-8", "replace")
            return Answer(answer.status, text, dict(answer.headers), body)

    async def get(self, path: str, *, panel: bool = False, **params: Any) -> Answer:
        headers = {"X-Panel": "1"} if panel else {}
        return await self.ask("GET", path, params=params, headers=headers)

    async def post_form(
        self, path: str, *, panel: bool = False, files: Mapping[str, tuple[str, bytes]] = {}, **fields: Any
    ) -> Answer:
        """A form of ours with its token; ``files``: name of the field to (name, bytes)."""
        headers = {"Origin": self.origin} | ({"X-Panel": "1"} if panel else {})
        values = {"csrf": self.csrf, **{name: str(value) for name, value in fields.items()}}
        data: Any = values
        if files:
            data = aiohttp.FormData(values, quote_fields=False)  # names as browsers send them
            for name, (filename, body) in files.items():
                data.add_field(name, body, filename=filename, content_type="application/octet-stream")
        return await self.ask("POST", path, data=data, headers=headers)

    async def api(self, method: str, path: str, body: Any = None, **params: Any) -> Answer:
        """The API as a page's script uses it; ``path`` below ``/api/v1``."""
        headers = {"Origin": self.origin, "X-CSRF-Token": self.csrf}
        more = {} if body is None else {"json": body}
        return await self.ask(method, "/api/v1" + path, params=params, headers=headers, **more)

    async def add_customer(
        self, contract: str = "К-1", name: str = "Анна Воробьёва", **more: Any
    ) -> CustomerId:
        await self.database.customers.add_many([NewCustomer(contract, name, **more)], self.clock.now())
        found = await self.database.customers.by_contract(contract)
        assert found is not None
        return found.id


async def check_events(database: Database) -> None:
    """What a test's acts told other programs has the shape that the list of events says."""
    async with database.read() as connection:
        rows = (await connection.execute(select(events.c.type, events.c.data))).all()
    for type, data in rows:
        kinds = {name.removesuffix("?"): kind for name, kind in EVENTS[type].data.items()}
        always = {name for name in EVENTS[type].data if not name.endswith("?")}
        assert always <= data.keys() <= kinds.keys(), type
        for name, value in data.items():
            adapter_of(kinds[name]).validate_json(json.dumps(value), strict=True)


@pytest.fixture(scope="session")
def password_hash() -> str:
    return passwords.hash_password(PASSWORD)


MakeHouse = Callable[..., Awaitable[RecordHouse]]


@pytest.fixture
async def make_house(tmp_path: Path, password_hash: str) -> AsyncIterator[MakeHouse]:
    """A house with sections of its settings changed: ``make_house(organisation={"zone": "Asia/Omsk"})``."""
    async with AsyncExitStack() as stack:

        async def make(**sections: Mapping[str, Any]) -> RecordHouse:
            folder = tmp_path / "house"
            shutil.copytree(SAMPLE, folder)
            file = folder / "callcore.yaml"
            top = yaml.safe_load(file.read_text(encoding="utf-8"))
            changes: dict[str, Mapping[str, Any]] = {
                "database": {"url": f"sqlite:///{tmp_path}/house.db"},
                "http": {"listen": "127.0.0.1:0"},
                "fastagi": {"listen": "127.0.0.1:0"},
                "control": {"socket": str(tmp_path / "control.sock")},
                "speech": {"folder": str(tmp_path / "speech")},
                **sections,
            }
            for name, values in changes.items():
                top[name] = {**top.get(name, {}), **values}
            file.write_text(yaml.safe_dump(top, allow_unicode=True), encoding="utf-8")
            if "database" not in sections:
                blank_database(tmp_path / "house.db")
            daemon, clock = Daemon(load(file, need_secrets=False)), HouseClock()
            daemon.clock = clock
            await stack.enter_async_context(daemon)
            http = await stack.enter_async_context(
                aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
            )
            houses.append(RecordHouse(daemon, clock, http, password_hash))
            return houses[-1]

        houses: list[RecordHouse] = []
        yield make
        for each in houses:
            await check_events(each.database)


@pytest.fixture
async def house(make_house: MakeHouse) -> RecordHouse:
    return await make_house()
