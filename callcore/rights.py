"""Who may do what: one table of permissions by role (D-77). Pure.

A permission names an act on the record or the house, in the words of the pages. ``may`` is the only question
that is ever asked; what a person may do with *his own* things (his contacts, his cases, his password) needs
no permission. Group rights on counterparties (who may see and change which group) come on top of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    operator = "operator"
    senior = "senior"
    """An operator who may put right what others wrote."""
    supervisor = "supervisor"
    campaign_manager = "campaign_manager"
    administrator = "administrator"


class Permission(StrEnum):
    customers_see = "customers.see"
    """Search the base, open a card; every look is in the audit."""
    customers_unmasked = "customers.unmasked"
    """Whole numbers and addresses; without it they are masked."""
    customers_change = "customers.change"
    """Confirm and correct contact data, add a prospective customer, note a consent."""
    customers_import = "customers.import"
    customers_export = "customers.export"
    """Everything that is known of one person, as a file."""
    customers_erase = "customers.erase"
    contacts_take = "contacts.take"
    """Register calls, visits, letters and payments, and write interactions of one's own."""
    contacts_others = "contacts.others"
    """See and register again what others wrote."""
    cases_work = "cases.work"
    cases_oversee = "cases.oversee"
    """Hand over and close the cases of others, change priority and deadline."""
    cases_except = "cases.except"
    """Let a stage begin without what it waits for."""
    flash_write = "flash.write"
    flash_wide = "flash.wide"
    """Flash notes on a topic, a district or an outage: they pop for everybody."""
    knowledge_see = "knowledge.see"
    knowledge_write = "knowledge.write"
    directory_see = "directory.see"
    directory_write = "directory.write"
    outages_see = "outages.see"
    outages_publish = "outages.publish"
    campaigns_see = "campaigns.see"
    campaigns_run = "campaigns.run"
    calls_all = "calls.all"
    """Stories of everybody's calls; without it of one's own."""
    users_manage = "users.manage"
    audit_see = "audit.see"
    webhooks_manage = "webhooks.manage"
    voicemail_listen = "voicemail.listen"
    """Hear what callers said after the tone; every listening is in the audit."""
    recordings_listen = "recordings.listen"
    """Hear recorded talks; every listening is in the audit."""
    recordings_control = "recordings.control"
    """Begin, stop and pause the recording of one's own talk."""
    callbacks_work = "callbacks.work"
    calls_place = "calls.place"
    """Have a number rung, one's own phone first."""
    calls_place_others = "calls.place_others"
    """The same with another's phone; see and end what others have placed."""
    opt_outs_change = "opt_outs.change"
    """See and note who wants no more calls or messages, and that he wants them again."""
    routing_see = "routing.see"
    """Topic tables and the IVR, and what they would do with a call."""
    routing_change = "routing.change"
    """Have them read anew, or an earlier edition taken back."""


_P = Permission
_OPERATOR = frozenset(
    {
        _P.customers_see,
        _P.customers_unmasked,
        _P.customers_change,
        _P.contacts_take,
        _P.cases_work,
        _P.flash_write,
        _P.knowledge_see,
        _P.directory_see,
        _P.voicemail_listen,
        _P.recordings_control,
        _P.callbacks_work,
        _P.calls_place,
        _P.opt_outs_change,
    }
)
_SENIOR = _OPERATOR | {
    _P.contacts_others,
    _P.recordings_listen,
    _P.cases_oversee,
    _P.flash_wide,
    _P.knowledge_write,
    _P.routing_see,
}
_SUPERVISOR = _SENIOR | {
    _P.customers_export,
    _P.cases_except,
    _P.directory_write,
    _P.outages_see,
    _P.outages_publish,
    _P.campaigns_see,
    _P.campaigns_run,
    _P.calls_all,
    _P.calls_place_others,
    _P.audit_see,
    _P.routing_change,
}
_CAMPAIGN_MANAGER = frozenset(
    {
        _P.customers_see,
        _P.knowledge_see,
        _P.directory_see,
        _P.outages_see,
        _P.outages_publish,
        _P.campaigns_see,
        _P.campaigns_run,
        _P.opt_outs_change,
    }
)

TABLE: Mapping[Role, frozenset[Permission]] = {
    Role.operator: _OPERATOR,
    Role.senior: _SENIOR,
    Role.supervisor: _SUPERVISOR,
    Role.campaign_manager: _CAMPAIGN_MANAGER,
    Role.administrator: frozenset(Permission),
}


def may(role: str, permission: Permission) -> bool:
    """Whether somebody of this role may; an unknown role may nothing."""
    try:
        return permission in TABLE[Role(role)]
    except ValueError:
        return False
