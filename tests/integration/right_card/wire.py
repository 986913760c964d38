"""What the wire itself says: a second AMI login that only listens, and its own count of who heard whom."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from callcore.testing.recording.capture import Event, Link


@dataclass(slots=True)
class _Rooms:
    """Bridges as they are after the events so far. Channels by uniqueid."""

    names: dict[str, str] = field(default_factory=dict)
    bridges: dict[str, str] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        kind, channel = event.get("event"), str(event.get("uniqueid", ""))
        if kind in ("Newchannel", "BridgeEnter"):
            self.names[channel] = str(event["channel"])
        if kind == "Rename":
            self.names[channel] = str(event["newname"])
        if kind == "BridgeEnter":
            self.bridges[channel] = str(event["bridgeuniqueid"])
        elif kind in ("BridgeLeave", "Hangup"):
            self.bridges.pop(channel, None)

    def company(self, channel: str) -> set[str]:
        """Names of all who share a bridge with this channel, through Local channels too."""
        rooms: set[str] = set()
        new = {self.bridges[channel]} if channel in self.bridges else set()
        while new:
            rooms |= new
            inside = {self.names[c] for c, room in self.bridges.items() if room in rooms}
            halves = {_other_half(name) for name in inside if name.startswith("Local/")}
            new = {room for c, room in self.bridges.items() if self.names[c] in halves} - rooms
        return {self.names[c] for c, room in self.bridges.items() if room in rooms and c != channel}


def _other_half(name: str) -> str:
    return name[:-1] + ("2" if name.endswith("1") else "1")


class Wire:
    def __init__(self, link: Link) -> None:
        self.link = link
        self.mark = 0

    def begin(self) -> None:
        """A new story: what came before does not count."""
        self.mark = self.link.mark()

    async def channel(self, beginning: str, since: int, **wanted: str) -> str:
        """Uniqueid of the first channel called so that was made since then."""
        row = await self.link.heard("Newchannel", since=since, Channel=f"{beginning}*", **wanted)
        return str(row["uniqueid"])

    def name(self, channel: str) -> str:
        rows = self.link.find("Newchannel", self.mark, {"Uniqueid": channel})
        return str(rows[0]["channel"])

    def together(self, channel: str, phones: Collection[str]) -> list[tuple[float, float]]:
        """When somebody at one of ``phones`` (``PJSIP/101``) heard this channel: from, to; epoch seconds.

        A talk that goes on lasts until the newest event."""
        spans: list[tuple[float, float]] = []
        since = now = 0.0
        for now, company in self._companies(channel):
            heard = any(name.rpartition("-")[0] in phones for name in company)
            if heard and not since:
                since = now
            elif since and not heard:
                spans.append((since, now))
                since = 0.0
        return [*spans, (since, now)] if since else spans

    def _companies(self, channel: str) -> Iterator[tuple[float, set[str]]]:
        rooms = _Rooms()
        for event in self.link.events[self.mark :]:
            rooms.take(event)
            if "timestamp" in event:
                yield float(str(event["timestamp"])), rooms.company(channel)

    async def hear(self, channel: str, phone: str) -> None:
        """Wait until somebody at this phone hears the channel, or has heard it."""
        await self.link.until(lambda: bool(self.together(channel, {phone})), f"{phone} hears {channel}")

    async def hear_now(self, channel: str, *phones: str) -> None:
        """Wait until all of these phones are in one talk with the channel."""

        def all_hear() -> bool:
            company = [names for _at, names in self._companies(channel)][-1:]
            present = {name.rpartition("-")[0] for names in company for name in names}
            return present >= set(phones)

        await self.link.until(all_hear, f"{phones} hear {channel}")

    async def quiet(self) -> None:
        """Wait until every channel of this story is hung up."""

        def over() -> bool:
            made = {str(row["uniqueid"]) for row in self.link.find("Newchannel", self.mark, {})}
            return made <= {str(row["uniqueid"]) for row in self.link.find("Hangup", self.mark, {})}

        await self.link.until(over, "every channel is hung up")
