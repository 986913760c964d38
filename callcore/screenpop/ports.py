"""What the pages and the API may ask of the desks, and what may be refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from callcore.calls.line import Do, ParkedCall
from callcore.domain import (
    CallId,
    CustomerId,
    Interface,
    Login,
    PauseReason,
    PbxName,
    QueueName,
    Text,
    TopicCode,
)
from callcore.screenpop.card import Desk, Draft


class DeskRefused(Exception):
    """A command that cannot be done in this state; ``code`` names the text the page shows.

    Codes: ``not_signed_in``, ``already_on_shift``, ``phone_not_allowed``, ``phone_taken``,
    ``busy_with_call``, ``no_such_contact``, ``call_gone``, ``unknown_topic``, ``unknown_customer``,
    ``unknown_number``, ``too_long``, ``pbx_down``, ``store_down``, ``no_such_topic``, ``no_such_case``,
    ``too_many_topics``,
    ``topic_not_empty``, ``topic_missing``, ``too_many_favourites``, ``not_recording``, ``not_announced``,
    ``no_right``, ``not_handed``, ``call_changed``, ``no_target``, ``no_outside``, ``not_possible_here``,
    ``not_placed``, ``pbx_refused``, ``line_unsure``;
    of calls to be placed those of ``outbound.wanted.PlaceRefused``, and ``no_dialling``.
    ``why`` says it in this case, ``by`` names who stands against it, ``until``: when it may be asked again.
    """

    def __init__(
        self, code: str, why: Text | None = None, *, by: str = "", until: datetime | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.why = why
        self.by = by
        self.until = until


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a person may work: his phone, and the queues it serves."""

    name: str
    pbx: PbxName
    interface: Interface
    queues: tuple[QueueName, ...]
    chosen: Interface
    """The phone as he chose it, with the PBX's name where there are several."""
    also: tuple[Interface, ...] = ()
    """His other phones."""
    penalties: Mapping[QueueName, int] = field(default_factory=dict)
    """How far behind the others he is rung, in queues whose calls may ask for skills."""


RecordDo = Literal["record", "record_pause", "record_resume"]


class TalkControl(Protocol):
    """The recording of talks, as operators order it."""

    async def turn(self, login: Login, call: CallId, do: RecordDo, *, is_announced: bool) -> None:
        """``is_announced``: the operator says that he has told the caller. A repeat changes nothing. Raises
        ``DeskRefused``: ``not_recording``, ``not_announced``, ``pbx_down``, ``store_down``."""


HandMode = Literal["consult", "blind"]
"""Ask first, with the caller on hold; or put him through at once."""


class SecondLine(Protocol):
    """Calls that operators hand on."""

    async def transfer(
        self, login: Login, call: CallId, to: str, mode: HandMode, comment: str | None = None
    ) -> object:
        """See ``DeskService.transfer``."""


class DialControl(Protocol):
    """Calls that operators have callcore place: the own phone first, then the number."""

    async def dial(
        self,
        login: Login,
        number: str,
        customer: CustomerId | None,
        follow_up: int | None,
        case: int | None,
    ) -> CallId:
        """``follow_up``: the entry on the list of people to call that he works on; it is his then. ``case``:
        what he will be told about; its history names the call. Raises ``DeskRefused``."""

    async def machine(self, call: CallId) -> None:
        """End this call: an answering machine is on the line. Raises ``DeskRefused``."""

    async def cancel(self, login: Login) -> None:
        """End the call that he has had placed, however far it is; nothing happens if there is none. Raises
        ``DeskRefused``."""


class LineControl(Protocol):
    """Living calls, as operators order it."""

    async def do(self, login: Login, call: CallId, do: Do) -> None:
        """Never repeated by itself. Raises ``DeskRefused``."""

    def parked(self, login: Login) -> tuple[ParkedCall, ...]:
        """Customers whom he may take, the longest wait first."""


class CallOrderService(Protocol):
    """Orders of one person, by login, to the calls that he has and for those that he wants. Each raises
    ``DeskRefused``."""

    async def transfer(
        self, login: Login, call: CallId, to: str, mode: HandMode, comment: str | None
    ) -> None:
        """Hand the caller on to whom an offer names (``GET /api/v1/desk/transfer/offers``).

        Topic and comment of the card are saved and go along, ``comment`` in the place of the card's.
        ``topic_missing``, ``not_handed`` with the reason, ``call_gone``, and what the telephone system
        refuses."""

    async def record(self, login: Login, call: CallId, do: RecordDo, *, is_announced: bool = False) -> None:
        """Begin, pause or resume the recording of the call he talks on."""

    async def dial(
        self,
        login: Login,
        number: str,
        customer: CustomerId | None = None,
        follow_up: int | None = None,
        case: int | None = None,
    ) -> None:
        """Have this number called; see ``DialControl``."""

    async def cancel_dial(self, login: Login) -> None:
        """End the call that he has had placed; one that is over leaves the band."""

    async def machine(self, login: Login, call: CallId) -> None:
        """He hears an answering machine: end the call, nobody was reached. Only what callcore has placed."""

    async def work_line(self, login: Login, call: CallId, do: Do) -> None:
        """Hold, let go, park, hang up … a call that he talks on; ``take`` a parked one. To hand it on:
        ``transfer``."""


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

    def draft(self, login: Login, call: CallId, draft: Draft, n: int = 1) -> None:
        """Keep what is being typed into topic ``n`` of the contact."""

    def add_topic(self, login: Login, call: CallId) -> None:
        """One topic more: an interaction of its own (D-32)."""

    def drop_topic(self, login: Login, call: CallId, n: int) -> None:
        """Take an empty one away."""

    async def another(self, login: Login, call: CallId, customer: CustomerId) -> None:
        """The same contact goes on with that customer; what stands here is saved on this one (D-36)."""

    def clear(self, login: Login, call: CallId) -> None:
        """It is nobody whom the number tells: the card is empty until somebody is chosen."""

    async def favourite(self, login: Login, topic: TopicCode, *, is_on: bool) -> None:
        """Mark a topic with a star, or no longer."""

    def choose(self, login: Login, call: CallId, customer: CustomerId | None) -> None:
        """Choose among several matches; None takes the choice back, also that of ``attach``."""

    async def attach(self, login: Login, call: CallId, customer: CustomerId) -> None:
        """This contact is with that customer, found by hand; the null customer too."""

    def open_number(self, login: Login, call: CallId, number: str) -> None:
        """The contact is about this number of the customer's; what is saved goes with it (D-48)."""

    async def read_flash(self, login: Login, call: CallId, flash: int) -> None:
        """He has read this note on the card."""

    @property
    def call_orders(self) -> CallOrderService:
        """What he orders of his calls."""

    async def front(self, login: Login, call: CallId) -> None:
        """Bring a tab to the front; one of today's contacts gets its tab back. Its card was seen by that."""

    def take_card(self, login: Login, call: CallId) -> None:
        """Ask for the card of a call that rings or is talked on, where the policy leaves it to him."""

    def dismiss(self, login: Login, call: CallId | None) -> None:
        """He knows of this card that he had not seen; None: of all."""

    async def save(
        self, login: Login, call: CallId, topic: TopicCode, comment: str, *, close: bool, n: int = 1
    ) -> int | None:
        """Save topic ``n`` and its comment, also for a contact of today that has no tab; gives the record
        number.

        None: the database cannot be written now; the text is kept safely and gets its number later.
        ``close`` also saves the other topics, ends the wrap-up and takes the tab away; while the call goes
        on, as soon as it ends. ``topic_missing``: words stand without a topic; what has one is saved.
        """

    def desk_opened(self, login: Login) -> None:
        """A page of this person connected."""

    def desk_closed(self, login: Login) -> None:
        """The last page of this person went away."""
