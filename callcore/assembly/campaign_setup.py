"""What the settings say of campaigns: tries, trunks, the gateway, profiles."""

from __future__ import annotations

from datetime import timedelta

from callcore.campaigns import plan, ports
from callcore.campaigns.recipients import House
from callcore.config import Settings
from callcore.config.gate_values import SMS_ROUTE, make_profiles
from callcore.domain import OutageKind

GATEWAY = SMS_ROUTE


def make_setup(settings: Settings, year: int, *, has_sms: bool) -> ports.Setup:
    """``year``: the one that we are in, for the holidays."""
    organisation, outbound = settings.organisation, settings.outbound
    retries = outbound.retries
    busy, no_answer, network = (
        plan.Again(retry.times, timedelta(seconds=retry.after_seconds))
        for retry in (retries.busy, retries.no_answer, retries.network)
    )
    return ports.Setup(
        house=House(
            organisation.country,
            organisation.language,
            organisation.zone.key,
            has_voice=bool(outbound.trunks),
            has_sms=has_sms,
        ),
        rules=plan.Rules(busy, no_answer, network, has_sms=has_sms),
        trunks={
            name: ports.Trunk(trunk.ring_seconds, trunk.caller_number or "")
            for name, trunk in outbound.trunks.items()
        },
        gateway=GATEWAY if has_sms else None,
        profiles=make_profiles(settings, year),
        profile_of={kind: settings.outages.profile(kind) for kind in OutageKind},
    )
