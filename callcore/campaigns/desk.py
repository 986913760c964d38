"""What people see of the campaigns, before and while they run; and their orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from callcore.calls.attempt import CampaignId, Medium
from callcore.calls.campaign import Campaign, CampaignState
from callcore.campaigns.ports import Announcement
from callcore.campaigns.preview import preview
from callcore.campaigns.runner import CampaignRunner
from callcore.campaigns.status import Situation, words
from callcore.campaigns.views import Preview, Report
from callcore.domain import OutageId
from callcore.outbound.slots import Figures
from callcore.store.campaigns import Progress

RECENT_OUTAGES = 20
NO_CALLS = Figures(0.0, 0, 0, None)


class CampaignDesk:
    """One for the daemon, beside its runner."""

    def __init__(self, runner: CampaignRunner) -> None:
        self._runner = runner
        self._store = runner.campaigns
        self.pause = runner.pause
        self.resume = runner.resume
        self.stop = runner.stop
        self.watch = runner.watch
        self.lines = runner.campaigns.lines

    # --- while they run

    async def reports(self, outage: OutageId | None) -> tuple[Report, ...]:
        """Of one outage, or of the newest outages and all campaigns that are not over; newest first."""
        if outage is not None:
            return await self._reports(await self._store.of_outage(outage))
        found = {campaign.id: campaign for campaign in await self._store.living()}
        for recent in await self._runner.outages.recent(RECENT_OUTAGES):
            found |= {campaign.id: campaign for campaign in await self._store.of_outage(recent.id)}
        return await self._reports(sorted(found.values(), key=lambda campaign: -campaign.id))

    async def report(self, id: CampaignId) -> Report | None:
        campaign = await self._store.get(id)
        return None if campaign is None else await self._report(campaign)

    async def _reports(self, campaigns: Sequence[Campaign]) -> tuple[Report, ...]:
        return tuple([await self._report(campaign) for campaign in campaigns])

    async def _report(self, campaign: Campaign) -> Report:
        runner = self._runner
        progress = await self._store.progress(campaign.id)
        route = runner.routes.chosen()
        figures = NO_CALLS if route is None else runner.room.figures(Medium.voice, route)
        return Report(
            campaign=campaign,
            progress=progress,
            now=words(await self._situation(campaign, progress, figures)),
            calls_per_second=figures.per_second,
            call_cap=figures.cap,
            lines_busy=figures.lines_busy,
            lines=figures.lines or 0,
        )

    async def _situation(self, campaign: Campaign, progress: Progress, figures: Figures) -> Situation:
        runner = self._runner
        under_way = Counter(runner.work.under_way.values())
        gateway = runner.setup.gateway
        ahead = next(filter(None, (lane.ahead_of(campaign) for lane in runner.lanes)), None)
        return Situation(
            campaign=campaign,
            progress=progress,
            now=runner.now(),
            zone=await self._zone(campaign, progress),
            why=runner.why.get(campaign.id),
            voice_trouble=runner.routes.trouble(),
            sms_trouble=None if gateway is None else runner.room.trouble(Medium.sms, gateway),
            has_ledger=self._store.is_writable,
            is_preparing=runner.spoken.is_making(campaign),
            ahead=ahead.number if ahead else "",
            lines_busy=figures.lines_busy,
            lines=figures.lines or 0,
            calls=under_way[campaign.id, Medium.voice],
            messages=under_way[campaign.id, Medium.sms],
        )

    async def _zone(self, campaign: Campaign, progress: Progress) -> str:
        """Where the one lives who is due next."""
        at = progress.next_due_at
        if at is not None and campaign.state is CampaignState.running:
            for medium in Medium:
                for target in await self._store.due(campaign.id, medium, at, 1):
                    return target.zone
        return self._runner.setup.house.zone

    # --- before

    async def preview(self, publication: Announcement) -> Preview:
        """What publishing this would do now. Stores nothing."""
        return await preview(self._runner, publication)
