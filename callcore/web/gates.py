"""What each page needs: one list, by method and route. The API's operations say theirs by themselves.

The handlers ask; this list is what a test holds them against, for every role and for a stranger. A route that
stands neither here nor with an operation fails that test.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from callcore.rights import Permission as P


class Gate(Enum):
    open = auto()
    """Anybody, a stranger too."""
    own = auto()
    """Whoever is signed in: it shows and changes nothing but his own."""
    owner = auto()
    """Whoever may see, or change, what it belongs to; to others it answers 403, or 404 as if it were not."""


Needs = P | Gate

PAGES: Mapping[Needs, tuple[str, ...]] = {
    Gate.open: (
        "GET /",
        "GET /sign-in",
        "POST /sign-in",
        "POST /sign-out",
        "POST /language",
        "GET /healthz",
        "GET /readyz",
        "GET /metrics",
        "GET /static",
    ),
    Gate.own: (
        "GET /desk",
        "GET /desk/live",
        "GET /api",
        "GET /calls",
        "GET /calls/{call}",
        "GET /account",
        "GET /account/factor.svg",
        "POST /account/factor",
        "POST /account/password",
        "POST /account/tokens",
        "POST /account/tokens/revoke",
    ),
    Gate.owner: (
        "POST /files",
        "GET /files/{id}",
        "POST /files/{id}/unlink",
    ),
    P.users_manage: (
        "GET /admin",
        "GET /admin/new-user",
        "POST /admin/new-user",
        "GET /admin/users/{login}",
        "POST /admin/users/{login}",
        "POST /admin/users/{login}/{do}",
    ),
    P.audit_see: ("GET /admin/audit", "GET /admin/audit.csv"),
    P.opt_outs_change: ("GET /opt-outs", "POST /opt-outs"),
    P.webhooks_manage: (
        "GET /admin/webhooks",
        "POST /admin/webhooks",
        "GET /admin/webhooks/{id}",
        "POST /admin/webhooks/{id}/{do}",
    ),
    P.customers_see: (
        "GET /customers",
        "GET /customers/found",
        "GET /customers/elsewhere",
        "POST /customers/choose",
        "GET /customers/{id}",
        "GET /customers/{id}/live",
        "GET /interactions/{record}",
        "GET /contacts/{call}",
    ),
    P.customers_change: (
        "GET /customers/new",
        "POST /customers/new",
        "POST /customers/{id}/correct",
        "POST /customers/{id}/number",
        "POST /customers/{id}/consent",
        "POST /customers/{id}/document",
    ),
    P.customers_import: (
        "GET /customers/import",
        "POST /customers/import",
        "POST /customers/import/confirm",
        "GET /customers/import/faults",
        "GET /customers/import/sample",
    ),
    P.customers_export: ("GET /customers/{id}/export",),
    P.customers_erase: ("GET /customers/{id}/erase", "POST /customers/{id}/erase"),
    P.contacts_take: (
        "GET /transfer",
        "POST /transfer",
        "GET /visits",
        "GET /visits/live",
        "GET /visits/new",
        "POST /visits/new",
        "GET /visits/payments",
        "POST /visits/payments/{id}/reverse",
        "POST /visits/{id}/{do}",
        "POST /contacts/{call}/entries",
        "POST /interactions/{record}/move",
        "POST /contacts/another",
    ),
    P.cases_work: (
        "GET /cases",
        "GET /cases/live",
        "GET /cases/{number}/live",
        "GET /cases/new",
        "POST /cases/new",
        "GET /cases/new-task",
        "POST /cases/new-task",
        "GET /cases/types/{type}",
        "POST /cases/tasks/{id}",
        "GET /cases/{number}",
        "POST /cases/{number}",
    ),
    P.flash_write: (
        "GET /flash",
        "GET /flash/new",
        "POST /flash/new",
        "GET /flash/{id}",
        "POST /flash/{id}/read",
        "POST /flash/{id}/withdraw",
    ),
    P.knowledge_see: (
        "GET /knowledge",
        "GET /knowledge/{slug}",
        "GET /knowledge/{slug}/print",
        "GET /knowledge/{slug}/history",
    ),
    P.knowledge_write: (
        "GET /knowledge/archive",
        "GET /knowledge/new",
        "POST /knowledge/new",
        "GET /knowledge/sections",
        "POST /knowledge/sections",
        "GET /knowledge/{slug}/edit",
        "POST /knowledge/{slug}/edit",
        "POST /knowledge/{slug}/back",
        "POST /knowledge/{slug}/archive",
        "POST /knowledge/{slug}/restore",
        "POST /knowledge/{slug}/files",
        "POST /knowledge/{slug}/files/remove",
    ),
    # Counterparties: the rights of their group come on top of it.
    P.directory_see: (
        "GET /directory",
        "GET /directory/departments/{code}",
        "GET /directory/counterparties",
        "GET /directory/counterparties/new",
        "POST /directory/counterparties/new",
        "GET /directory/counterparties/{id}",
        "POST /directory/counterparties/{id}",
        "GET /directory/groups/{id}/import",
        "POST /directory/groups/{id}/import",
    ),
    P.directory_write: (
        "GET /directory/staff/new",
        "POST /directory/staff/new",
        "GET /directory/staff/{id}",
        "POST /directory/staff/{id}",
        "GET /directory/groups",
        "POST /directory/groups",
        "GET /directory/groups/{id}",
        "POST /directory/groups/{id}",
    ),
    P.outages_see: (
        "GET /outages",
        "GET /outages/live",
        "GET /outages/tree",
        "GET /outages/spoken/{key}.wav",
    ),
    P.outages_publish: ("POST /outages",),
    P.voicemail_listen: ("GET /voicemails", "GET /voicemails/{id}/sound"),
    P.recordings_listen: ("GET /recordings", "GET /recordings/{token}/sound"),
    P.callbacks_work: (
        "GET /work",
        "GET /work/live",
        "GET /work/ask",
        "POST /work/ask",
        "GET /call-backs",
        "GET /work/{id}/withdraw",
        "POST /work/{id}/{do}",
        "POST /work/{id}/postpone",
        "POST /work/{id}/give",
    ),
    P.calls_place: ("GET /placed-calls",),
    P.routing_see: (
        "GET /routing",
        "GET /routing/tables/{table}",
        "GET /routing/explain",
        "GET /routing/ivr",
        "GET /routing/ivr/counts",
        "GET /routing/editions",
        "GET /routing/editions/{id}",
    ),
    P.routing_change: ("POST /routing/reload", "POST /routing/editions/{id}/take-back"),
    P.flash_wide: ("POST /flash/{id}/switch", "POST /routing/ivr/emergency/{id}/{do}"),
    P.campaigns_run: ("POST /outages/campaigns/{id}/{do}",),
}

NEEDED: Mapping[str, Needs] = {route: needs for needs, routes in PAGES.items() for route in routes}
