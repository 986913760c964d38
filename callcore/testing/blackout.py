"""An outage on the stage: people at a carrier, their network, and what became of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from callcore.calls.campaign import Campaign, TargetResult
from callcore.domain import Language, NodeCode, NodeKind, Outage
from callcore.store.campaigns import TargetLine
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.network import NetworkNode, NewNode
from callcore.testing.carrier import Carrier
from callcore.testing.house import House
from callcore.testing.stage import Stage

FEEDER, OTHER_FEEDER = "F-1", "F-2"
QUICK: Mapping[str, Any] = {
    "outbound": {
        "trunks": {"main": {"calls_per_second": 10, "lines": 20, "ring_seconds": 6}},
        "profiles": {"emergency": {"calls_per_day": 20, "messages_per_day": 20}, "planned": {}},
        "purposes": {},
        "retries": {
            "busy": {"times": 1, "after_seconds": 1},
            "no_answer": {"times": 0, "after_seconds": 1},
            "network": {"times": 1, "after_seconds": 1},
        },
    },
    "outages": {"texts": {"voice": {"outage": {"ru": "Нет света.", "en": "The light is out."}}}},
}
"""Settings that make stories short: retries after a second, a notice of two words."""


def person(kind: str, n: int = 1) -> str:
    """Number of the n-th subscriber of a kind (see ``testing.carrier``), as the carrier is dialled."""
    return f"7916000{n:02}{kind}"


class Blackout(House):
    """A house whose PBX dials through a carrier. ``people``, then ``start``, then ``publish``."""

    def __init__(self, stage: Stage, carrier: Carrier, folder: Path, stack: AsyncExitStack) -> None:
        super().__init__(stage, folder, stack)
        self.carrier = carrier

    async def people(self, *numbers: str, english: Sequence[str] = ()) -> None:
        """One customer for each number, each on a house of his own below the first feeder; a network with two
        feeders. Before callcore starts."""
        from callcore import config

        url = config.load(self.stage.config_file).database.url
        nodes = [
            NewNode(NetworkNode(NodeCode(code), None, NodeKind.feeder, f"Фидер {code}", None), ())
            for code in (FEEDER, OTHER_FEEDER)
        ]
        customers = []
        for number in numbers:
            language: Language = "en" if number in english else "ru"
            contract = f"Д-{number}"
            customers.append(
                NewCustomer(contract, f"Абонент {number[-4:]}", language=language, numbers=(f"+{number}",))
            )
            node = NetworkNode(
                NodeCode(f"H-{number}"), NodeCode(FEEDER), NodeKind.house, f"ул. Тёмная, {number[-4:]}", None
            )
            nodes.append(NewNode(node, (contract,)))
        async with await Database.open(url, create=True) as database:
            await database.customers.add_many(customers)
            await database.network.replace(nodes)

    async def publish(self, number: str = "A-1", revision: int = 1, **changes: Any) -> Outage:
        """An emergency on the first feeder that began a minute ago; ``changes``: other fields of it.
        Returns when it is stored and its campaign made."""
        now = datetime.now(UTC)
        fields = {
            "number": number,
            "revision": revision,
            "kind": "emergency",
            "cause": {"ru": "повреждён кабель", "en": "a cable is damaged"},
            "starts_at": (now - timedelta(minutes=1)).isoformat(timespec="seconds"),
            "nodes": [FEEDER],
            **changes,
        }
        raw = json.dumps({"outages": [fields]}, ensure_ascii=False).encode()
        await self.send(raw)
        outage = await self.database.outages.get(number)
        assert outage is not None
        return outage

    async def send(self, publication: bytes) -> None:
        assert self.stage.daemon is not None
        await self.stage.daemon.outgoing.board.publish(publication, "test", "test")

    async def campaigns(self, number: str = "A-1") -> tuple[Campaign, ...]:
        """Of one outage, newest first."""
        outage = await self.database.outages.get(number)
        assert outage is not None
        return await self.database.campaigns.of_outage(outage.id)

    async def lines(self, number: str = "A-1", revision: int = 1) -> dict[str, TargetLine]:
        """Targets of that revision's campaign by number, as the carrier is dialled."""
        (campaign,) = [c for c in await self.campaigns(number) if c.revision == revision]
        return {
            line.target.number.lstrip("+"): line for line in await self.database.campaigns.lines(campaign.id)
        }

    async def ended(
        self, number: str = "A-1", revision: int = 1, seconds: float = 60.0
    ) -> dict[str, TargetLine]:
        """The same, once every target has ended."""
        found: dict[str, TargetLine] = {}

        async def over() -> bool:
            nonlocal found
            found = await self.lines(number, revision)
            return all(line.target.result is not None for line in found.values())

        await self.until(over, seconds)
        return found

    async def results(self, number: str = "A-1", revision: int = 1) -> dict[str, TargetResult | None]:
        return {key: line.target.result for key, line in (await self.ended(number, revision)).items()}

    def texted(self) -> list[dict[str, Any]]:
        """What the dry gateway wrote."""
        file = self.stage.folder / "sms.jsonl"
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        return [json.loads(line) for line in text.splitlines()]
