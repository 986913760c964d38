"""Who may sit where: from the users in the store to seats on the floor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from callcore.ami.actions import is_device
from callcore.domain import Interface, Login, PbxName, QueueName
from callcore.rights import Permission, may
from callcore.routing.skills import Skills, penalties
from callcore.screenpop.ports import Seat

log = structlog.get_logger("callcore.floor")

NAMES_FOR = timedelta(seconds=60)


class User(Protocol):
    @property
    def login(self) -> Login: ...

    @property
    def name(self) -> str: ...

    @property
    def role(self) -> str: ...

    @property
    def interfaces(self) -> tuple[Interface, ...]: ...

    @property
    def queues(self) -> tuple[QueueName, ...]: ...

    @property
    def skills(self) -> tuple[str, ...]: ...

    @property
    def disabled_at(self) -> datetime | None: ...


class Users(Protocol):
    async def get(self, login: str) -> User | None: ...

    async def list(self) -> Iterable[User]: ...


class People:
    def __init__(self, users: Users, pbxs: tuple[PbxName, ...], wanted: Callable[[], Skills] = dict) -> None:
        """``pbxs``: by name; a phone without ``NAME:`` before it belongs to the first. ``wanted``: what calls
        ask for, by the tables of now."""
        self._users = users
        self._pbxs = pbxs
        self._wanted = wanted
        self._names: dict[Login, str] = {}
        self._names_until: datetime | None = None

    async def seat(self, login: Login, interface: Interface) -> Seat | None:
        """The person's seat at this phone; None if the phone is not allowed to him, or he takes no calls."""
        user = await self._users.get(login)
        if user is None or user.disabled_at is not None or interface not in user.interfaces:
            return None
        if not may(user.role, Permission.contacts_take):
            return None  # a desk shows callers whole
        pbx, device = self.place(interface)
        if not is_device(device):
            # No queue would take it: he would sit there ready, and no call would ever come.
            log.error("phone_unusable", login=user.login, interface=interface)
            return None
        also = await self._besides(user, pbx, device)
        behind = penalties(user.skills, self._wanted())
        return Seat(user.name, pbx, device, user.queues, interface, also, behind)

    async def _besides(self, user: User, pbx: PbxName, device: Interface) -> tuple[Interface, ...]:
        """His other phones on this PBX: those that nobody but him may take."""
        shared = {
            phone
            for other in await self._users.list()
            if other.login != user.login and other.disabled_at is None
            for phone in other.interfaces
        }
        own = (self.place(phone) for phone in user.interfaces if phone not in shared)
        return tuple(phone for at, phone in own if at == pbx and phone != device and is_device(phone))

    async def phones(self) -> frozenset[tuple[PbxName, Interface]]:
        """Every phone that somebody may take."""
        users = [user for user in await self._users.list() if user.disabled_at is None]
        return frozenset(self.place(phone) for user in users for phone in user.interfaces)

    async def penalties(self) -> dict[Login, dict[QueueName, int]]:
        """Of everybody who may sign in, in each queue whose calls may ask for skills."""
        wanted = self._wanted()
        users = await self._users.list() if wanted else ()
        return {user.login: penalties(user.skills, wanted) for user in users if user.disabled_at is None}

    def place(self, interface: Interface) -> tuple[PbxName, Interface]:
        """``main:PJSIP/101`` or ``PJSIP/101`` as PBX and device."""
        name, colon, device = interface.partition(":")
        if colon and PbxName(name) in self._pbxs:
            return PbxName(name), Interface(device)
        return self._pbxs[0], interface

    async def names(self, now: datetime) -> dict[Login, str]:
        """Everybody's name, at most a minute old."""
        if self._names_until is None or now >= self._names_until:
            self._names = {user.login: user.name for user in await self._users.list()}
            self._names_until = now + NAMES_FOR
        return self._names
