"""The language of ``stories`` for calls of any kind: dialled, picked up, transferred, parked, forwarded.

Phones are called by their extension: 101 is Anna's, 102 is Boris'. A channel's short name is its uniqueid and
the tail of its name in Asterisk, e.g. ``PJSIP/101-a``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from stories import ANNA, BORIS, NUMBER, PBX, PHONES, Story, call_id, make_tracker, ref, snapshot_of

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.domain import AgentState, Direction, Interface, Login

CITY = "500100"
"""The number that customers dial."""


@dataclass
class Traffic(Story):
    linked: dict[str, str] = field(default_factory=dict)
    """Linkedid of each channel, which a leg has from whoever dials it."""
    names: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str | None] = field(default_factory=dict)

    def tell(self, *facts: f.Fact) -> list[do.Effect]:
        """The customer base answers at once; it knows nobody."""
        told: list[do.Effect] = []
        for fact in facts:
            effects = Story.tell(self, fact)
            told += effects
            for effect in effects:
                if isinstance(effect, do.LookUpCustomers):
                    told += Story.tell(self, f.CustomersFound(effect.call, ()))
        return told

    # --- legs

    def appears(
        self,
        name: str,
        device: str,
        number: str | None = None,
        *,
        dials: str | None = None,
        by: str | None = None,
        half: str = "",
        context: str = "house",
    ) -> list[do.Effect]:
        """A channel is there; ``by``: the one whose call it belongs to."""
        self.linked[name] = self.linked[by] if by else name
        full = f"{device}-{name.rstrip('12') if half else name}{half}"
        self.names[name], self.numbers[name] = full, number
        fact = f.ChannelCreated(ref(name), full, self.linked[name], number, None, dials, context)
        return self.tell(fact)

    def calls_in(self, name: str = "c", number: str | None = NUMBER) -> list[do.Effect]:
        """A customer comes over the trunk."""
        return self.appears(name, "PJSIP/trunk", number, dials=CITY, context="from-trunk")

    def lifts(self, name: str, extension: str, dials: str) -> list[do.Effect]:
        """A phone of the house dials."""
        return self.appears(name, f"PJSIP/{extension}", extension, dials=dials)

    def rings_phone(self, caller: str | None, leg: str, extension: str, by: str = "") -> list[do.Effect]:
        """Dial, or an Originate if there is no caller, begins to ring a phone of the house."""
        return [
            *self.appears(leg, f"PJSIP/{extension}", by=by or caller),
            *self.tell(f.CallerIdChanged(ref(leg), extension, None)),
            *self.dial(caller, leg, extension),
        ]

    def rings_trunk(self, caller: str, leg: str, number: str) -> list[do.Effect]:
        return [
            *self.appears(leg, "PJSIP/trunk", by=caller, context="from-trunk"),
            *self.tell(f.CallerIdChanged(ref(leg), number, None)),
            *self.dial(caller, leg, number),
        ]

    def dial(self, caller: str | None, leg: str, number: str | None) -> list[do.Effect]:
        self.numbers[leg] = number
        return self.tell(
            f.DialBegan(
                ref(caller) if caller else None,
                ref(leg),
                self.names[leg],
                self.names[caller] if caller else "",
                self.numbers[caller] if caller else None,
                number,
            )
        )

    def halves(self, name: str, address: str, by: str) -> list[do.Effect]:
        """Both ends of a Local channel: ``name1`` towards who asked for it, ``name2`` runs the dialplan."""
        return [
            *self.appears(f"{name}1", f"Local/{address}", by=by, half=";1"),
            *self.appears(f"{name}2", f"Local/{address}", by=by, half=";2"),
        ]

    def takes(self, leg: str, caller: str, bridge: str = "") -> list[do.Effect]:
        """The phone that Dial rings is answered."""
        return [
            *self.tell(
                f.ChannelAnswered(ref(leg)), f.DialEnded(ref(leg), "ANSWER"), f.ChannelAnswered(ref(caller))
            ),
            *self.meet(bridge or f"bridge-{caller}", leg, caller),
        ]

    def gives_up(self, leg: str, cause: int, status: str = "") -> list[do.Effect]:
        """A leg that nobody answered ends."""
        told = self.tell(f.DialEnded(ref(leg), status)) if status else []
        return [*told, *self.hangs_up(leg, cause)]

    def meet(self, bridge: str, *names: str) -> list[do.Effect]:
        return self.tell(*(f.BridgeEntered(ref(name), bridge) for name in names))

    def part(self, bridge: str, *names: str) -> list[do.Effect]:
        return self.tell(*(f.BridgeLeft(ref(name), bridge) for name in names))

    def over(self, *names: str, bridge: str = "bridge-c") -> list[do.Effect]:
        """These leave their bridge and hang up."""
        return [*self.part(bridge, *names), *(e for name in names for e in self.hangs_up(name))]

    def talks(self, extension: str = "101", leg: str = "a") -> Traffic:
        """A customer called this phone directly at second 0 and talks since second 5."""
        self.calls_in("c")
        self.rings_phone("c", leg, extension)
        self.at(5).takes(leg, "c")  # type: ignore[attr-defined]
        return self

    def has_two_phones(self, login: Login = ANNA, also: str = "PJSIP/201") -> Traffic:
        signed = f.AgentSignedIn(
            login, login.capitalize(), PBX, PHONES[login], (), AgentState.ready, also=(Interface(also),)
        )
        self.tell(f.DeskOpened(login), signed)
        return self

    # --- another life of the daemon

    def restarted(self, *, with_ids: bool = True) -> Traffic:
        """The daemon was killed, and comes back to the same PBX; shifts are resumed before the link is up.

        ``with_ids``: the store knows the ids of the calls that were remembered.
        """
        lives = Traffic(self.rules, self.policy)
        lives.tracker = make_tracker(self.rules, first=101, policy=self.policy)
        lives.now, lives.linked, lives.names, lives.numbers = self.now, self.linked, self.names, self.numbers
        signed = [fact for _at, fact in self.facts if isinstance(fact, f.AgentSignedIn)]
        phones = {(fact.pbx, phone) for fact in signed for phone in (fact.interface, *fact.also)}
        lives.tell(f.PhonesKnown(frozenset(phones)))
        for fact in signed:
            lives.tell(f.DeskOpened(fact.login), replace(fact, state=AgentState.ready))
        lives.tell(f.LinkUp(PBX, 1), snapshot_of(self.tracker, self.now, with_ids=with_ids))
        return lives

    # --- reading

    def steps(self, nth: int = 1) -> list[str]:
        """The steps of the nth call, one a line, e.g. ``dial_ended 101-a busy``, targets in order of name."""
        return [line(told) for told in self.all(do.TellStep) if told.call == call_id(nth)]

    @property
    def rung(self) -> set[Login]:
        """Whose band showed a ringing call."""
        return {shown.login for shown in self.all(do.ShowRinging)}

    def is_at_rest(self) -> bool:
        """No channel and no call is left."""
        return not self.tracker.mirror.channels and not self.tracker.calls


def talking_directly() -> Traffic:
    """Anna talks with a customer who called her directly, since second 5."""
    story = Traffic()
    story.on_shift(ANNA, BORIS)
    return story.talks()


def assert_one_visit(story: Traffic, talk_ms: int) -> None:
    """One contact for all of it, Anna was the first to answer, and nobody got a card twice."""
    assert (story.contact.answered_by, story.contact.talk_ms) == (ANNA, talk_ms)
    assert story.contact.direction is Direction.inbound
    assert story.contact.caller_number == NUMBER
    assert len(set(story.pops)) == len(story.pops)


def line(told: do.TellStep) -> str:
    words = [told.event.value]
    if told.kind is not None:
        words.append(told.kind.value)
    if told.by is not None:
        words.append(f"by {short(told.by)}")
    words += sorted(short(target) for target in told.targets)
    if told.reason is not None:
        words.append(told.reason.value)
    return " ".join(words)


def short(party: do.Party) -> str:
    """``101-a`` of ``PJSIP/101-a``; the number of somebody who was not rung yet."""
    return (party.channel or f"({party.number})").removeprefix("PJSIP/")
