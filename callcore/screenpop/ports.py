"""What the pages and the API may ask of the desks, and what may be refused."""

from __future__ import annotations

from typing import Protocol

from callcore.domain import CallId, CustomerId, Interface, Login, PauseReason, TopicCode
from callcore.screenpop.card import Desk, Draft


class DeskRefused(Exception):
    """A command that cannot be done in this state; ``code`` names the text the page shows.

    Codes: ``not_signed_in``, ``already_on_shift``, ``phone_not_allowed``, ``phone_taken``,
    ``busy_with_call``, ``no_such_contact``, ``call_gone``,
    ``unknown_topic``, ``unknown_customer``, ``too_long``, ``pbx_down``, ``store_down``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class DeskService(Protocol):
    """One person's desk, by login. Every command raises ``DeskRefused``; changes reach the hub alone."""

    def view(self, login: Login) -> Desk | None:
        """The desk as it is; None while the person has no phone chosen (offline)."""

    async def open(self, login: Login, interface: Interface) -> None:
        """Take this phone and go on shift, paused until the operator says ready."""

    async def leave(self, login: Login) -> None:
        """Go off shift: the phone leaves its queues. Refused while talking."""

    def ready(self, login: Login) -> None: ...

    def pause(self, login: Login, reason: PauseReason) -> None: ...

    def draft(self, login: Login, call: CallId, draft: Draft) -> None:
        """Keep what is being typed."""

    def choose(self, login: Login, call: CallId, customer: CustomerId | None) -> None:
        """Choose among several matches; None takes the choice back."""

    async def front(self, login: Login, call: CallId) -> None:
        """Bring a tab to the front; one of today's contacts gets its tab back. Its card was seen by that."""

    def take_card(self, login: Login, call: CallId) -> None:
        """Ask for the card of a call that rings or is talked on, where the policy leaves it to him."""

    def dismiss(self, login: Login, call: CallId | None) -> None:
        """He knows of this card that he had not seen; None: of all."""

    async def save(
        self, login: Login, call: CallId, topic: TopicCode, comment: str, *, close: bool
    ) -> int | None:
        """Save topic and comment, also for a contact of today that has no tab; gives the record number.

        None: the database cannot be written now; the text is kept safely and gets its number later.
        ``close`` also ends the wrap-up and takes the tab away; while the call goes on, as soon as it ends.
        """

    def desk_opened(self, login: Login) -> None:
        """A page of this person connected."""

    def desk_closed(self, login: Login) -> None:
        """The last page of this person went away."""
