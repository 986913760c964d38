"""REST of webhooks: subscriptions, their deliveries, sending again and sending a test."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field

from callcore.bus.plan import message_id
from callcore.rights import Permission
from callcore.store.events import TEST_EVENT
from callcore.store.webhooks import Delivery, Webhook
from callcore.web.operation import ApiModel, Ask, operation
from callcore.web.problems import Problem
from callcore.web.record.webhooks_room import ROOM, WebhookRoom, bounds_of, faults_of, refuse

MANAGE = Permission.webhooks_manage
Id = Annotated[int, Field(ge=1)]
State = Literal["waiting", "delivered", "failed"]


class WebhookBody(ApiModel):
    """A subscription as it is made or changed."""

    name: str = Field(min_length=1, max_length=200, examples=["CRM"])
    url: str = Field(min_length=8, max_length=2000, examples=["https://crm.example/callcore"])
    patterns: tuple[str, ...] = Field(
        min_length=1,
        max_length=50,
        examples=[["case.*", "interaction.saved"]],
        description="case.created, case.* or *; webhooks of this document are all that there are",
    )
    is_active: bool = True


class WebhookModel(ApiModel):
    id: int
    name: str
    url: str
    patterns: tuple[str, ...]
    is_active: bool
    created_at: datetime
    created_by: str
    failing_since: datetime | None
    disabled_at: datetime | None = Field(description="Switched off by callcore, after long failure")
    disabled_why: str = Field(description="gone, failing, or empty")
    counts: Mapping[str, int] = Field(description="Deliveries by state")


class WebhookMade(WebhookModel):
    secret: str = Field(description="whsec_…; shown this once")


class WebhookList(ApiModel):
    webhooks: tuple[WebhookModel, ...]


class DeliveryModel(ApiModel):
    id: int
    webhook: int
    message: str = Field(description="The webhook-id header; the same at every try")
    type: str
    data: Mapping[str, Any]
    at: datetime = Field(description="Of the event")
    state: State
    tries: int
    next_at: datetime
    status: int | None = Field(description="HTTP status of the last try; null: nobody answered")
    answer: str = Field(description="The first bytes of it, or why there was none")
    ms: int | None
    done_at: datetime | None


class DeliveryList(ApiModel):
    deliveries: tuple[DeliveryModel, ...]
    next: int | None = Field(description="Give it as before for the older ones; null: there are none")


class DeliveriesQuery(ApiModel):
    state: State | None = None
    before: int | None = Field(None, ge=1, description="Only older deliveries than this one")
    limit: int = Field(50, ge=1, le=500)


@operation("webhooks", needs=MANAGE)
async def webhooks(ask: Ask) -> WebhookList:
    """All subscriptions, by name."""
    room = _room(ask)
    counts = await room.store.counts()
    return WebhookList(webhooks=tuple(_model(each, counts) for each in await room.store.all()))


@operation("webhooks", needs=MANAGE, status=201)
async def add_webhook(ask: Ask, body: WebhookBody) -> WebhookMade:
    """Subscribe to events from now on; the answer shows the secret, this once."""
    room, secret = _room(ask), _room(ask).new_secret()
    refuse(faults_of(body.url, body.patterns, room.bounds))
    made = await room.store.add(body.name, body.url, body.patterns, secret, ask.identity.login, ask.now)
    room.nudge()
    return WebhookMade(**_model(made, {}).model_dump(), secret=secret)


@operation("webhooks", needs=MANAGE)
async def webhook(ask: Ask, id: Id) -> WebhookModel:
    """One subscription."""
    return _model(await _known(ask, id), await _room(ask).store.counts())


@operation("webhooks", needs=MANAGE)
async def change_webhook(ask: Ask, id: Id, body: WebhookBody) -> WebhookModel:
    """Change a subscription, or switch it on again: what came meanwhile is sent."""
    room, hook = _room(ask), await _known(ask, id)
    bounds = bounds_of(room, hook, body.url, is_active=body.is_active)
    refuse(faults_of(body.url, body.patterns, bounds))
    changed = await room.store.change(
        id,
        ask.identity.login,
        ask.now,
        name=body.name,
        url=body.url,
        patterns=body.patterns,
        is_active=body.is_active,
    )
    if changed is None:
        raise Problem("not_found")
    room.nudge()
    return _model(changed, await room.store.counts())


@operation("webhooks", needs=MANAGE)
async def remove_webhook(ask: Ask, id: Id) -> None:
    """End a subscription and forget its deliveries."""
    if not await _room(ask).store.remove(id, ask.identity.login, ask.now):
        raise Problem("not_found")


@operation("webhooks", needs=MANAGE)
async def renew_secret(ask: Ask, id: Id) -> WebhookMade:
    """A new secret, shown this once; the old one signs nothing any more."""
    room, secret = _room(ask), _room(ask).new_secret()
    found = await room.store.renew_secret(id, secret, ask.identity.login, ask.now)
    if found is None:
        raise Problem("not_found")
    return WebhookMade(**_model(found, await room.store.counts()).model_dump(), secret=secret)


@operation("webhooks", needs=MANAGE, status=202)
async def send_test(ask: Ask, id: Id) -> DeliveryModel:
    """Send one event of the type webhook.test to this subscription alone."""
    room = _room(ask)
    number = await room.store.send_test(id, TEST_EVENT, ask.identity.login, ask.now)
    made = await room.store.delivery(number) if number is not None else None
    if made is None:
        raise Problem("not_found")
    room.nudge()
    return _delivery(made)


@operation("webhooks", needs=MANAGE)
async def deliveries(ask: Ask, id: Id, query: DeliveriesQuery) -> DeliveryList:
    """What became of each event of this subscription, the newest first."""
    await _known(ask, id)
    found = await _room(ask).store.deliveries(
        id, state=query.state, before=query.before, limit=query.limit + 1
    )
    shown = found[: query.limit]
    return DeliveryList(
        deliveries=tuple(_delivery(each) for each in shown),
        next=shown[-1].id if len(found) > query.limit else None,
    )


@operation("webhooks", needs=MANAGE, status=202)
async def send_again(ask: Ask, id: Id) -> DeliveryModel:
    """Send a delivery again at once, under the same webhook-id."""
    room = _room(ask)
    if not await room.store.send_again(id, ask.now):
        raise Problem("not_found")
    found = await room.store.delivery(id)
    if found is None:
        raise Problem("not_found")
    room.nudge()
    return _delivery(found)


def _room(ask: Ask) -> WebhookRoom:
    return ask.request.app[ROOM]


async def _known(ask: Ask, id: int) -> Webhook:
    found = await _room(ask).store.get(id)
    if found is None:
        raise Problem("not_found")
    return found


def _model(hook: Webhook, counts: Mapping[int, Mapping[str, int]]) -> WebhookModel:
    return WebhookModel(
        id=hook.id,
        name=hook.name,
        url=hook.url,
        patterns=hook.patterns,
        is_active=hook.is_active,
        created_at=hook.created_at,
        created_by=hook.created_by,
        failing_since=hook.failing_since,
        disabled_at=hook.disabled_at,
        disabled_why=hook.disabled_why,
        counts=counts.get(hook.id, {}),
    )


def _delivery(each: Delivery) -> DeliveryModel:
    return DeliveryModel(
        id=each.id,
        webhook=each.webhook,
        message=message_id(each.event),
        type=each.type,
        data=each.data,
        at=each.at,
        state=each.state,  # type: ignore[arg-type]  # one of the three, as the store wrote it
        tries=each.tries,
        next_at=each.next_at,
        status=each.status,
        answer=each.answer,
        ms=each.ms,
        done_at=each.done_at,
    )


_ONE = "/api/v1/webhooks/{id}"
ROUTES = (
    web.get("/api/v1/webhooks", webhooks),
    web.post("/api/v1/webhooks", add_webhook),
    web.get(_ONE, webhook),
    web.put(_ONE, change_webhook),
    web.delete(_ONE, remove_webhook),
    web.post(f"{_ONE}/secret", renew_secret),
    web.post(f"{_ONE}/test", send_test),
    web.get(f"{_ONE}/deliveries", deliveries),
    web.post("/api/v1/deliveries/{id}/send", send_again),
)
