"""The part of the composition root that speaks with other programs: webhooks, push, pull, directories."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.bus import outward
from callcore.bus.courier import Courier, CourierSettings, LateNews
from callcore.bus.live import CallTeller, CardLink, Puller, Pusher
from callcore.bus.outward import Bounds, Outward
from callcore.calls.effects import Effect
from callcore.config import Settings
from callcore.config.directory import SqlDirectorySettings
from callcore.config.webhooks import Target
from callcore.crm.directory import Directories, Directory, DirectoryFailed, Shield, Shielded
from callcore.crm.directory_http import HttpDirectory, HttpSource
from callcore.crm.directory_sql import SqlDirectory, SqlSource
from callcore.domain import CallId, Login
from callcore.store import outbox
from callcore.store.database import Database
from callcore.web.metrics import Metrics

log = structlog.get_logger("callcore.exchange")

ShowPage = Callable[[Login, CallId, CardLink], None]


class Exchange:
    """``carry`` the floor's effects, ``run`` what ``work`` gives, ``close`` it."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        metrics: Metrics,
        now: Callable[[], datetime],
        show_page: ShowPage,
    ) -> None:
        chosen = settings.webhooks
        self._database = database
        self.bounds = Bounds(outward.networks(chosen.allow))
        self._guarded = Outward(self.bounds)
        # The administrator wrote these addresses into the settings: they may be in his own network.
        self._trusted = Outward(Bounds(None))
        self.courier = Courier(
            database.webhooks,
            partial(outward.post, self._guarded),
            now,
            CourierSettings(float(chosen.seconds), chosen.disable_after_days, chosen.keep_days),
            changed=self._tell_what_is_wanted,
        )
        self._news = LateNews(self.courier.wants, self._keep)
        self._pushers = tuple(
            Pusher(self._trusted.ask, each.url, float(each.seconds), _token(each)) for each in chosen.push
        )
        pull = chosen.pull
        self._puller = (
            Puller(self._trusted.ask, pull.url, pull.on, pull.milliseconds / 1000, show_page, _token(pull))
            if pull is not None
            else None
        )
        self._teller = CallTeller(self._news.tell, now, self._pushers, self._puller)
        self._watch(metrics)

    def carry(self, effect: Effect) -> None:
        """Cheap: it only notes what is to be told."""
        self._teller.carry(effect)

    def work(self) -> tuple[Coroutine[Any, Any, None], ...]:
        return (self.courier.run(), self._news.run(), *(each.run() for each in self._pushers))

    async def close(self) -> None:
        if self._puller is not None:
            await self._puller.close()
        await self._guarded.close()
        await self._trusted.close()

    async def _keep(self, type: str, data: Mapping[str, object], at: datetime) -> None:
        async def op(connection: AsyncConnection) -> None:
            await outbox.tell(connection, type, data, at)

        await self._database.writer.submit(op)

    def _tell_what_is_wanted(self) -> None:
        self._database.contacts.is_told = self.courier.wants("contact.saved")

    def _watch(self, metrics: Metrics) -> None:
        metrics.watch(
            "webhook_tries",
            "Tries to deliver events, by what they came to",
            lambda: {state: float(count) for state, count in self.courier.sent.items()},
            label="state",
        )
        metrics.watch(
            "call_events_lost",
            "Events of calls that could not be told to other programs",
            lambda: {
                "webhooks": float(self._news.lost),
                "push": float(sum(each.lost for each in self._pushers)),
                "pull": float(self._puller.failed if self._puller else 0),
            },
            label="way",
        )


def _token(target: Target) -> str:
    return target.secret.get_secret_value()


def make_directories(
    settings: Settings, database: Database, monotonic: Callable[[], float], metrics: Metrics | None = None
) -> tuple[Directories, Outward]:
    """Every source of the settings behind its shield. One that cannot be asked at all (no driver, no file) is
    logged and left out: calls go on without it."""
    web = Outward(Bounds(None))
    sources = []
    for name in settings.directory.sources:
        try:
            sources.append(make_source(settings, name, web, monotonic))
        except (DirectoryFailed, OSError) as error:
            log.error("directory_left_out", source=name, why=str(error) or type(error).__name__)
    directories = Directories(sources, database.shadows.keep)
    if metrics is not None and sources:
        metrics.watch(
            "directory_left_alone",
            "Sources of customers that are not asked, since they failed too often",
            lambda: {each.name: 0.0 if each.state == "closed" else 1.0 for each in sources},
            label="source",
        )
        metrics.watch(
            "directory_failures",
            "Questions that a source of customers did not answer",
            lambda: {each.name: float(each.failed) for each in sources},
            label="source",
        )
    return directories, web


def make_source(settings: Settings, name: str, web: Outward, monotonic: Callable[[], float]) -> Shielded:
    """Raises DirectoryFailed or OSError for one that cannot be asked at all."""
    chosen = settings.directory.sources[name]
    return Shielded(
        _source(name, chosen, web),
        Shield(chosen.seconds, chosen.failures, float(chosen.pause_seconds), float(chosen.cache_seconds)),
        settings.organisation.country,
        monotonic,
    )


def _source(name: str, chosen: Any, web: Outward) -> Directory:
    if isinstance(chosen, SqlDirectorySettings):
        address = chosen.address()
        if not address:
            raise DirectoryFailed(f"{chosen.url_file} is empty")
        return SqlDirectory(
            SqlSource(
                name,
                address,
                chosen.by_number,
                chosen.search or "",
                dict(chosen.columns.items()) if chosen.columns else None,
            )
        )
    return HttpDirectory(
        HttpSource(
            name,
            chosen.by_number,
            chosen.search or "",
            chosen.filled_headers(),
            chosen.rows or "",
            dict(chosen.fields.items()) if chosen.fields else None,
        ),
        web.ask,
        chosen.seconds,
    )
