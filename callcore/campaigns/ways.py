"""The two ways to people, a call through a PBX and an SMS through a gateway, and the texts as spoken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from callcore.calls.attempt import CampaignId, Medium
from callcore.calls.campaign import Campaign, Target
from callcore.campaigns.ports import Prepare, Room, Trunk
from callcore.campaigns.routes import Routes
from callcore.domain import LANGUAGES, Language
from callcore.outbound.gate import Permit
from callcore.outbound.ports import CallOrder, MessageOrder

log = structlog.get_logger("callcore.campaigns")


class Spoken:
    """The notices as files, made when first asked for."""

    def __init__(
        self,
        prepare: Prepare,
        ready: Callable[[CampaignId], None],
        failed: Callable[[Campaign], Awaitable[None]],
    ) -> None:
        self._prepare = prepare
        self._ready = ready
        self._failed = failed
        self._paths: dict[tuple[CampaignId, str], Mapping[Language, str]] = {}
        self._making: dict[tuple[CampaignId, str], asyncio.Task[None]] = {}

    def paths(self, campaign: Campaign, pbx: str) -> Mapping[Language, str] | None:
        """By language, as that PBX sees them. None: they are being made, ``ready`` is called then."""
        key = campaign.id, pbx
        if key not in self._paths and key not in self._making:
            task = asyncio.create_task(self._make(campaign, pbx))
            self._making[key] = task
            task.add_done_callback(lambda _: self._making.pop(key, None))
        return self._paths.get(key)

    def is_making(self, campaign: Campaign) -> bool:
        return any(id == campaign.id for id, _ in self._making)

    async def _make(self, campaign: Campaign, pbx: str) -> None:
        paths: dict[Language, str] = {}
        for language in LANGUAGES:
            path = await self._one(campaign.voice.in_(language), pbx, language)
            if path is None:
                await self._failed(campaign)
                return
            paths[language] = path
        self._paths[campaign.id, pbx] = paths
        self._ready(campaign.id)

    async def _one(self, text: str, pbx: str, language: Language) -> str | None:
        try:
            return await self._prepare(pbx, text, language)
        except Exception:
            log.exception("notice_not_spoken", pbx=pbx, language=language)
            return None

    async def close(self) -> None:
        tasks = list(self._making.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


class CallWay:
    """Calls through one PBX."""

    medium = Medium.voice

    def __init__(self, route: str, trunk: Trunk, routes: Routes, spoken: Spoken, room: Room) -> None:
        self.route = route
        self._trunk = trunk
        self._routes = routes
        self._spoken = spoken
        self._room = room

    @property
    def is_open(self) -> bool:
        return self._routes.chosen() == self.route and self._routes.trouble() is None

    def can(self, campaign: Campaign) -> bool:
        return self.is_open and self._spoken.paths(campaign, self.route) is not None

    async def slot(self) -> None:
        await self._room.call_slot(self.route)

    def give_back(self, permit: Permit | None = None) -> None:
        self._room.give_back(self.medium, self.route, permit)

    async def place(self, permit: Permit, target: Target, campaign: Campaign) -> bool:
        paths = self._spoken.paths(campaign, self.route)
        if paths is None:
            raise AssertionError("a call without its notice")
        order = CallOrder(
            notice=paths[target.language],
            language=target.language,
            ring_seconds=self._trunk.ring_seconds,
            caller_number=self._trunk.caller_number,
        )
        return await self._room.place_call(permit, target, order)


class TextWay:
    """SMS through the gateway."""

    medium = Medium.sms

    def __init__(self, route: str, room: Room) -> None:
        self.route = route
        self._room = room

    @property
    def is_open(self) -> bool:
        return self._room.trouble(self.medium, self.route) is None

    def can(self, campaign: Campaign) -> bool:
        return self.is_open

    async def slot(self) -> None:
        await self._room.message_slot(self.route)

    def give_back(self, permit: Permit | None = None) -> None:
        self._room.give_back(self.medium, self.route, permit)

    async def place(self, permit: Permit, target: Target, campaign: Campaign) -> bool:
        order = MessageOrder(campaign.sms.in_(target.language))
        return await self._room.send_message(permit, target, order)
