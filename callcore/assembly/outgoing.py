"""The part of the composition root that concerns outages, and what callcore places by itself.

Board (register) ──published──► CampaignRunner ──permits, orders──► Outbound ──► AmiDialer, messenger
                                      ▲                                │
                                      └──────── outcomes (Owner) ──────┘
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from callcore import numbers
from callcore.ami.client import AmiLink
from callcore.ami.dialer import AmiDialer
from callcore.assembly import callbacks
from callcore.assembly.campaign_setup import GATEWAY, make_setup
from callcore.assembly.key_nine import KeyNine
from callcore.assembly.placing import Placing
from callcore.assembly.placing_house import make_house
from callcore.callbacks.runner import CallBacks
from callcore.calls.attempt import Attempt, AttemptId, Medium, Outcome
from callcore.calls.campaign import News
from callcore.calls.facts import (
    ChannelAnswered,
    ChannelCreated,
    ChannelHungUp,
    DialledOut,
    Fact,
    LinkLost,
    OriginateFailed,
    Snapshot,
)
from callcore.campaigns.desk import CampaignDesk
from callcore.campaigns.runner import CampaignRunner
from callcore.config import Settings
from callcore.config.control import dry_messages
from callcore.crm.customers import CustomerBase
from callcore.crm.directory import merged
from callcore.domain import LANGUAGES, Customer, Language, Outage, PbxName, Text
from callcore.floor.lookups import Found
from callcore.floor.spoken import SpokenPrompts
from callcore.ivr.campaign import Notice
from callcore.ivr.inbound import OutageWords
from callcore.messaging import parts
from callcore.messaging.answers import IdForm
from callcore.messaging.dry import DryMessenger
from callcore.messaging.settings import SmppSettings
from callcore.messaging.smpp import SmppMessenger
from callcore.outages.board import Board
from callcore.outages.words import Templates, caller_words, notice, templates
from callcore.outbound.gate import Purpose
from callcore.outbound.owners import Owners
from callcore.outbound.ports import CallNews, CallTold
from callcore.outbound.room import CallRoute, MessageRoute, Outbound
from callcore.speech import Prompts
from callcore.store.database import Database
from callcore.store.errors import StoreError
from callcore.web.ports import OutageRoom

log = structlog.get_logger("callcore.outgoing")

OUTAGE_SECONDS = 1.0
"""How long a card waits for the register."""
ALPHABETS = {parts.Alphabet.gsm7: "GSM-7", parts.Alphabet.ucs2: "UCS-2"}


class Outgoing:
    """``start`` it, give it each fact, let it ``run``."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        base: CustomerBase,
        links: Mapping[PbxName, AmiLink],
        prompts: Prompts,
        spoken: SpokenPrompts,
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._database = database
        self._base = base
        self._prompts = prompts
        self._spoken = spoken
        self._links = links
        self._offering: asyncio.Task[None] | None = None
        self._placing: asyncio.Task[None] | None = None
        self._calling_back: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._sending: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[object]] = set()
        self.count: Callable[[str, str], None] = lambda _purpose, _result: None
        """Each call that is over, by its purpose and result."""
        self._now = now
        self.words = Words(settings, now)
        trunks = settings.outbound.trunks
        self.dialers = {
            name: AmiDialer(link, self._take, now) for name, link in links.items() if name in trunks
        }
        self.messenger = self._messenger()
        self.placing = Placing(database.attempts, make_house(settings, now().year), now)
        house = callbacks.make_house(settings, now())
        self.call_backs = CallBacks(
            database.wishes,
            database.attempts,
            lambda: house,
            database.network.zones_of,
            self._prepare,
            now,
        )
        self.placing.wished = self.call_backs.confirm
        self.placing.queue_of = self.call_backs.queue_of
        self.placing.give_way = self.call_backs.give_way
        self.runner = CampaignRunner(
            make_setup(settings, now().year, has_sms=self.messenger is not None),
            database.campaigns,
            database.attempts,
            database.network,
            database.outages,
            self.words,
            self._prepare,
            now,
        )
        self.room = Outbound(
            database.attempts,
            {
                name: CallRoute(dialer, trunks[name].calls_per_second, trunks[name].lines)
                for name, dialer in self.dialers.items()
            },
            {GATEWAY: MessageRoute(self.messenger, settings.sms.messages_per_second)}
            if self.messenger
            else {},
            Owners(
                self.runner,
                {
                    **dict.fromkeys((Purpose.own_call, Purpose.transfer, Purpose.forward), self.placing),
                    Purpose.call_back: self.call_backs,
                },
                self._over,
            ),
            now,
            time.monotonic,
            halt_after_failures=settings.outbound.halt_after_failures,
            receipt_within=timedelta(hours=settings.sms.receipt_hours),
        )
        self.runner.bind(self.room)
        self.placing.bind(self.room)
        self.call_backs.bind(self.room)
        self.board = Board(
            database.outages,
            database.network,
            now,
            self._published,
            timedelta(hours=settings.outages.announce_hours),
        )
        says_no = KeyNine(database, settings.outbound)
        self.runner.opts_out = says_no
        self.notices = Notices(database, self.room, now, says_no)

    def _over(self, attempt: Attempt, outcome: Outcome) -> None:
        if attempt.medium is Medium.voice:
            self.count(attempt.purpose.value, outcome.result.value)

    async def start(self) -> None:
        """Before anything may come in. Raises StoreError."""
        await self.board.start()

    async def run(self) -> None:
        """For ever, or until it was told ``place_nothing`` and then ``close``."""
        async with asyncio.TaskGroup() as group:
            self._offering = group.create_task(self.board.run())
            self._placing = group.create_task(self.runner.run())
            self._calling_back = group.create_task(self.call_backs.run())
            self._keeping = group.create_task(self.room.run())
            if isinstance(self.messenger, SmppMessenger):
                self._sending = group.create_task(self.messenger.run())

    async def place_nothing(self) -> None:
        """No call and no message begins any more; what is under way goes on."""
        await _end(self._offering)
        await _end(self._placing)
        await _end(self._calling_back)

    async def close(self) -> None:
        """Outcomes of so far are stored; what stays open is found by the next run."""
        await _end(self._keeping)
        if self.messenger is not None:
            await self.messenger.stop()
        await _end(self._sending)

    def take_fact(self, fact: Fact) -> None:
        """Each fact of each PBX, in order."""
        match fact:
            case LinkLost(pbx=pbx) | Snapshot(pbx=pbx):
                pass
            case (
                ChannelCreated(channel=channel)
                | ChannelAnswered(channel=channel)
                | ChannelHungUp(channel=channel)
                | OriginateFailed(channel=channel)
                | DialledOut(channel=channel)
            ):
                pbx = channel.pbx
            case _:
                return
        if (dialer := self.dialers.get(pbx)) is not None:
            dialer.take_fact(fact)

    def web_room(self) -> OutageRoom:
        return OutageRoom(
            register=self.board,
            outages=self._database.outages,
            campaigns=CampaignDesk(self.runner),
            network=self._database.network,
            dnc=self._database.attempts,
            tokens=self._database.tokens,
            speak=self._speak,
        )

    # --- callers

    async def look_up(self, number: str) -> Found:
        """Who has this canonical number, and what is out there. Raises CustomerBaseUnavailable."""
        customers = await self._base.lookup(number)
        return Found(customers, await self._outages_of(customers))

    async def look_up_more(self, number: str, known: Found, tell: Callable[[Found], None]) -> None:
        """What other systems know of this number, told as it comes, with what is known already. At the end
        it is told in any case, with those systems that did not answer."""
        others, silent = await self._base.others(
            number, lambda some: tell(replace(known, customers=merged(known.customers, some)))
        )
        everybody = merged(known.customers, others)
        outages = await self._outages_of(everybody) if others else known.outages
        tell(Found(everybody, outages, silent))

    async def words_for(self, number: str | None) -> tuple[OutageWords, ...]:
        """What a caller with this number, as the PBX gave it, hears before any menu."""
        known = numbers.normalise(number, self._settings.organisation.country)
        if known is None:
            return ()
        customers = await self._base.lookup(known.canonical)
        outages = await self._outages_of(customers)
        language = customers[0].language if len(customers) == 1 else None
        return tuple(OutageWords(self.words.caller(outage), language) for outage in outages)

    async def _outages_of(self, customers: tuple[Customer, ...]) -> tuple[Outage, ...]:
        """None where the register does not answer in time: the card does not wait for it."""
        try:
            async with asyncio.timeout(OUTAGE_SECONDS):
                return await self.board.at([customer.id for customer in customers])
        except (StoreError, TimeoutError) as error:
            log.warning("outages_unknown", why=str(error) or type(error).__name__)
            return ()

    async def _published(self, outage: Outage) -> None:
        """The campaign begins, and what callers will hear is spoken before the first of them calls."""
        await self.runner.published(outage)
        if outage.is_open:
            text = self.words.caller(outage)
            for language in LANGUAGES:
                self._background(self._prepare(next(iter(self._links)), text.in_(language), language))

    # --- parts

    def _take(self, news: CallNews) -> None:
        self.room.take(news)

    def _messenger(self) -> DryMessenger | SmppMessenger | None:
        sms = self._settings.sms
        if sms.gateway == "dry":
            file = dry_messages(self._settings)
            return DryMessenger(GATEWAY, file, lambda receipt: self.room.receipt(receipt), self._now)
        if sms.gateway == "smpp" and sms.smpp is not None:
            smpp = sms.smpp
            link = SmppSettings(
                GATEWAY,
                smpp.host,
                smpp.system_id,
                smpp.password.get_secret_value(),
                port=smpp.port,
                sender=sms.sender,
                window=smpp.window,
                message_ids=IdForm(smpp.message_ids),
            )
            return SmppMessenger(link, lambda receipt: self.room.receipt(receipt))
        return None

    def _background(self, work: Coroutine[None, None, object]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _prepare(self, pbx: str, text: str, language: Language) -> str | None:
        made = await self._spoken.prompt(PbxName(pbx), text, language)
        return made.path if made else None

    async def _speak(self, text: str, language: Language) -> Path:
        made = await self._prompts.render(text, language)
        return Path(f"{made.path}.wav")


async def _end(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.wait([task])


class Words:
    """The campaigns' ``Words``: templates, zone and name of this organisation."""

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        texts = settings.outages.texts
        self._templates: Templates = templates(texts.voice, texts.sms, texts.caller)
        self._name = settings.organisation.name
        self._zone = settings.organisation.zone
        self._now = now

    def notice(self, outage: Outage, news: News) -> tuple[Text, Text]:
        return notice(outage, news, self._templates, self._name, self._zone)

    def caller(self, outage: Outage) -> Text:
        now = self._now()
        spoken = (
            caller_words(outage, language, self._templates, self._zone, now) for language in ("ru", "en")
        )
        return Text(*spoken)

    def parts(self, text: str) -> tuple[int, str]:
        return len(parts.split(text)), ALPHABETS[parts.alphabet(text)]


class Notices:
    """``ivr.campaign.Notices``: what is told in a placed call, and what was heard of it."""

    def __init__(
        self,
        database: Database,
        room: Outbound,
        now: Callable[[], datetime],
        says_no: KeyNine,
    ) -> None:
        self._database = database
        self._room = room
        self._now = now
        self._says_no = says_no

    async def notice(self, attempt: str) -> Notice | None:
        known = await self._database.attempts.get(AttemptId(attempt))
        if known is None or known.medium is not Medium.voice:
            return None
        if known.target is None or known.campaign is None:
            return None
        campaign = await self._database.campaigns.get(known.campaign)
        target = await self._database.campaigns.target(known.target)
        if campaign is None or target is None:
            return None
        text = campaign.voice.in_(target.language)
        return Notice(text, target.language, known.number, campaign.number)

    def told(self, attempt: str, seconds: float, key: str | None, enough: bool) -> None:
        self._room.take(CallTold(AttemptId(attempt), seconds, key, enough))

    async def opt_out(self, attempt: str, number: str) -> None:
        known = await self._database.attempts.get(AttemptId(attempt))
        if known is not None and known.number == number:
            await self._says_no(known, self._now())
