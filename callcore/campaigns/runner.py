"""The campaigns at work: begun by what is published, carried out by lanes, steered by people.

What runs is what the store says: after each change the living campaigns are read again, and the ledger
refuses an intent of any other. So a restart goes on by itself, and nothing that was paused or halted does.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NoReturn

import structlog

from callcore.calls.attempt import Attempt, AttemptId, AttemptResult, CampaignId, Medium, Outcome
from callcore.calls.campaign import Campaign, CampaignState, News, NewTarget, TargetChange
from callcore.campaigns import plan
from callcore.campaigns.lanes import Lane, Work
from callcore.campaigns.ports import Prepare, Room, Setup, Words
from callcore.campaigns.recipients import resolve
from callcore.campaigns.routes import Routes, RouteWatch
from callcore.campaigns.status import BY
from callcore.campaigns.views import CampaignRefused
from callcore.campaigns.ways import CallWay, Spoken, TextWay
from callcore.domain import CustomerId, Outage, OutageState, Text
from callcore.outbound.served import Served
from callcore.store.attempts import Attempts
from callcore.store.campaigns import Campaigns
from callcore.store.errors import StoreError
from callcore.store.network import Network
from callcore.store.outages import Outages

log = structlog.get_logger("callcore.campaigns")

CALL_WINDOW = 16
"""Calls whose intent or Originate is under way at the same time; trunk and rate decide how many live."""
MESSAGE_WINDOW = 20
TIDY_SECONDS = 0.3
"""Between two looks for campaigns that are done."""
RETRY_SECONDS = 1.0

END_NEWS = (News.restored, News.cancelled)
END_STATES = {OutageState.restored: News.restored, OutageState.cancelled: News.cancelled}


class CampaignRunner:
    """One for the daemon. ``bind`` the room before ``run``."""

    def __init__(
        self,
        setup: Setup,
        campaigns: Campaigns,
        attempts: Attempts,
        network: Network,
        outages: Outages,
        words: Words,
        prepare: Prepare,
        now: Callable[[], datetime],
    ) -> None:
        self.setup = setup
        self.opts_out: Callable[[Attempt, datetime], Awaitable[None]] = self._never_again
        """Who pressed the key wants no more; may be told twice of one attempt."""
        self.campaigns = campaigns
        self.attempts = attempts
        self.network = network
        self.outages = outages
        self.words = words
        self.now = now
        self.work = Work()
        self.spoken = Spoken(prepare, self._look, self._not_spoken)
        self.lanes: tuple[Lane, ...] = ()
        self.why: dict[CampaignId, Text] = {}
        """What was said when a campaign was halted."""
        self._served = Served()
        self._watchers: dict[object, Callable[[], None]] = {}
        self._changing = asyncio.Lock()
        self._untidy = asyncio.Event()

    async def _never_again(self, attempt: Attempt, at: datetime) -> None:
        await self.attempts.add_dnc(attempt.number, f"key:{attempt.id}", at)

    def bind(self, room: Room) -> None:
        """The room that everything leaves through, which in turn has this runner as its ``Owner``."""
        self.room = room
        self.routes = Routes(self.setup.trunks, room)
        texts = None
        if self.setup.gateway is not None:
            texts = self._lane(TextWay(self.setup.gateway, room), MESSAGE_WINDOW, None)
        calls = [
            self._lane(CallWay(route, trunk, self.routes, self.spoken, room), CALL_WINDOW, texts)
            for route, trunk in self.setup.trunks.items()
        ]
        self.lanes = (*calls, *([texts] if texts else []))
        routes = tuple((lane.way.medium, lane.way.route) for lane in self.lanes)
        self._watch = RouteWatch(routes, self.routes, room, self.now, self._look, self._lost)

    def _lane(self, way: CallWay | TextWay, window: int, texts: Lane | None) -> Lane:
        return Lane(
            way,
            window,
            self.work,
            self.setup,
            self.room,
            self.campaigns,
            self.attempts,
            lambda: mint_attempt_id(self.now()),
            self.now,
            self._untidy.set,
            self._look,
            texts,
        )

    async def run(self) -> None:
        """For ever; goes on with what ran when the last daemon ended."""
        try:
            await self._begin()
            async with asyncio.TaskGroup() as tasks:
                for lane in self.lanes:
                    tasks.create_task(lane.run())
                tasks.create_task(self._tidy())
                tasks.create_task(self._watch.run())
        finally:
            await self.spoken.close()

    async def _begin(self) -> None:
        while True:
            try:
                for lane in self.lanes:
                    for attempt in await self.attempts.open(lane.way.route, lane.way.medium):
                        if attempt.campaign is not None:
                            self.work.under_way[attempt.id] = attempt.campaign, attempt.medium
                async with self._changing:
                    await self._load()
            except StoreError as error:
                log.warning("campaigns_not_loaded", error=str(error))
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self._untidy.set()
                return

    # --- what is published

    async def published(self, outage: Outage) -> None:
        """One campaign for this revision; those of earlier ones are superseded. A repeat changes nothing."""
        await self.work.hold(outage.id)
        try:
            news = await self.news_of(outage)
            targets = await self.resolve(outage, news)
            voice, sms = self.words.notice(outage, news)
            at = self.now()
            campaign = Campaign(
                id=CampaignId(0),
                outage=outage.id,
                number=outage.number,
                revision=outage.revision,
                news=news,
                profile=self.setup.profile_of[outage.kind],
                voice=voice,
                sms=sms,
                state=CampaignState.running,
                reason="",
                created_at=at,
                changed_at=at,
            )
            async with self._changing:
                made = await self.campaigns.create(campaign, targets, at)
                await self._load()
        finally:
            self.work.let_go(outage.id)
            self._look()
        log.info(
            "campaign_begun",
            campaign=made.id,
            outage=made.number,
            revision=made.revision,
            news=made.news,
            targets=len(targets),
        )

    async def news_of(self, outage: Outage) -> News:
        """A change is one only to people who may have heard of it before."""
        ended = END_STATES.get(outage.state)
        if ended is not None:
            return ended
        earlier = await self.campaigns.of_outage(outage.id)
        return News.changed if any(c.revision < outage.revision for c in earlier) else News.outage

    async def resolve(self, outage: Outage, news: News) -> tuple[NewTarget, ...]:
        """The targets of this revision."""
        nodes = set(outage.nodes)
        told: frozenset[CustomerId] | None = None
        if news in END_NEWS:
            # who was told while the area was a larger one is told of the end too
            for revision in range(1, outage.revision):
                content = await self.outages.content(outage.number, revision) or {}
                nodes.update(content.get("nodes", ()))
            told = await self.campaigns.told(outage.id)
        people = await self.network.people(nodes)
        return await asyncio.to_thread(resolve, people, self.setup.house, told)

    # --- what people order

    async def pause(self, id: CampaignId, by: str) -> Campaign:
        return await self._order(id, CampaignState.paused, by)

    async def resume(self, id: CampaignId, by: str) -> Campaign:
        """A paused or halted campaign goes on, and routes that were given up are tried again."""
        changed = await self._order(id, CampaignState.running, by)
        self.routes.forgive_all()
        self._watch.wait_again()
        self._look()
        return changed

    async def stop(self, id: CampaignId, by: str) -> Campaign:
        """For good. Calls that live are not cut off."""
        return await self._order(id, CampaignState.stopped, by)

    async def _order(self, id: CampaignId, state: CampaignState, by: str) -> Campaign:
        async with self._changing:
            known = await self.campaigns.get(id)
            if known is None:
                _refuse("not_found", "Такого оповещения нет.", "There is no such campaign.")
            if known.state.is_over:
                _refuse("over", "Это оповещение уже закончилось.", "This campaign is over.")
            if state is CampaignState.paused and known.state is not CampaignState.running:
                _refuse("not_running", "Это оповещение сейчас не идёт.", "This campaign does not run now.")
            if state is known.state:
                _refuse("is_running", "Это оповещение уже идёт.", "This campaign runs already.")
            reason = "" if state is CampaignState.running else BY + by
            changed = await self.campaigns.set_state(id, state, reason, self.now())
            if changed is None:
                _refuse("over", "Это оповещение уже закончилось.", "This campaign is over.")
            await self._load()
        self._look()
        self._untidy.set()
        log.info("campaign_ordered", campaign=id, state=state, by=by)
        return changed

    def watch(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back on each change; the result ends that."""
        key = object()
        self._watchers[key] = callback
        return lambda: self._watchers.pop(key, None) and None

    # --- what the room tells (``outbound.room.Owner``)

    async def change(self, attempt: Attempt, outcome: Outcome) -> TargetChange:
        target = None if attempt.target is None else await self.campaigns.target(attempt.target)
        if target is None:
            raise AssertionError(f"attempt {attempt.id} has no target")
        if outcome.key == plan.OPT_OUT_KEY and attempt.medium is Medium.voice:
            await self.opts_out(attempt, outcome.at)
        return plan.after(target, attempt, outcome, self.setup.rules, self.now())

    async def settled(self, attempt: Attempt, outcome: Outcome) -> None:
        self.work.under_way.pop(attempt.id, None)
        if attempt.medium is Medium.voice and outcome.result is not AttemptResult.not_sent:
            self._served.add(attempt.route, attempt.id)
        self._look(attempt.campaign)
        self._untidy.set()

    async def route_gone(self, medium: Medium, route: str, why: Text) -> None:
        """Another trunk takes over, or the running campaigns that need this one are halted."""
        if medium is Medium.voice and self.routes.lose(route):
            log.warning("route_changed", gone=route, now=self.routes.chosen())
            self._look()
            return
        code = "trunk_gone" if medium is Medium.voice else "gateway_gone"
        for campaign in tuple(self.work.running.values()):
            if await self.campaigns.next_due_at(campaign.id, medium) is not None:
                await self.halt(campaign, code, why)

    async def halt(self, campaign: Campaign, code: str, why: Text) -> None:
        async with self._changing:
            known = await self.campaigns.get(campaign.id)
            if known is None or known.state is not CampaignState.running:
                return
            self.why[campaign.id] = why
            await self.campaigns.set_state(campaign.id, CampaignState.halted, code, self.now())
            await self._load()
        log.warning("campaign_halted", campaign=campaign.id, reason=code, why=why.en)
        self._look()
        self._tell()

    async def _lost(self, medium: Medium, route: str, why: Text) -> None:
        await self._try(self.route_gone(medium, route, why))

    async def _not_spoken(self, campaign: Campaign) -> None:
        why = Text(
            "текст не удалось озвучить, подробности в журнале", "the text could not be spoken, see the log"
        )
        await self._try(self.halt(campaign, "no_prompt", why))

    async def _try(self, work: Awaitable[None]) -> None:
        """What comes again by itself if the store is gone now."""
        try:
            await work
        except StoreError as error:
            log.warning("campaign_not_halted", error=str(error))
            await asyncio.sleep(RETRY_SECONDS)

    # --- the script of an answered call (``ivr.campaign.Notices``)

    def take_settled(self, pbx: str, limit: int) -> list[str]:
        return self._served.take(pbx, limit)

    # --- within

    async def _load(self) -> None:
        """What runs, by the store. Whoever calls this holds ``_changing``."""
        living = await self.campaigns.living()
        running = {c.id: c for c in living if c.state is CampaignState.running}
        unknown = [c for c in running.values() if c.profile not in self.setup.profiles]
        for campaign in unknown:
            del running[campaign.id]
            await self.campaigns.set_state(campaign.id, CampaignState.halted, "no_profile", self.now())
        self.work.running = running
        route = self.routes.chosen()
        if route is not None:
            for campaign in running.values():
                self.spoken.paths(campaign, route)
        self._tell()

    def _look(self, campaign: CampaignId | None = None) -> None:
        for lane in self.lanes:
            lane.look(campaign)

    def _tell(self) -> None:
        for callback in tuple(self._watchers.values()):
            callback()

    async def _tidy(self) -> None:
        """Campaigns without an open target are done; those who watch are told, not more often than needed."""
        while True:
            await self._untidy.wait()
            self._untidy.clear()
            try:
                done = await self.campaigns.settle_done(self.now())
                if done:
                    async with self._changing:
                        await self._load()
                    for campaign in done:
                        log.info("campaign_done", campaign=campaign.id, outage=campaign.number)
            except StoreError as error:
                log.warning("campaigns_not_settled", error=str(error))
                self._untidy.set()
            self._tell()
            await asyncio.sleep(TIDY_SECONDS)


def mint_attempt_id(now: datetime) -> AttemptId:
    """``a``, milliseconds since 1970, and a random half: lower-case hex digits that sort by time."""
    return AttemptId(f"a{int(now.timestamp() * 1000):011x}{secrets.token_hex(6)}")


def _refuse(code: str, ru: str, en: str) -> NoReturn:
    raise CampaignRefused(code, Text(ru, en))
