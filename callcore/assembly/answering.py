"""The part of the composition root that concerns callers: the FastAGI routes, and what callers leave behind.

inbound ──script──► tables ──legs──► queue, phone, number ──nobody──► overflow ──legs──► …
                                │
                                └──► slips (on disk) ──► back office (a case, a wish to be called back)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from callcore.assembly.counting import AgiCounters
from callcore.assembly.current import Current
from callcore.assembly.outgoing import Outgoing
from callcore.config import Settings
from callcore.domain import PbxName
from callcore.floor.floor import Floor
from callcore.floor.spoken import SpokenPrompts
from callcore.ivr.campaign import CampaignCalls
from callcore.ivr.fastagi import Route, Server, Tap
from callcore.ivr.handover import HandOn, PhoneHandovers
from callcore.ivr.inbound import Inbound
from callcore.ivr.overflow import Overflow
from callcore.ivr.placed import PlacedCalls
from callcore.ivr.ports import Backoffice, TalkRecorder
from callcore.ivr.reception import Books, Reception
from callcore.ivr.slips import Slips
from callcore.ivr.talk_recording import SilentStart
from callcore.web.metrics import Metrics


class Answering:
    """Its ``routes`` are for the FastAGI server; let it ``run``."""

    def __init__(
        self,
        current: Current,
        books: Books,
        floor: Floor,
        spoken: SpokenPrompts,
        backoffice: Backoffice,
        outgoing: Outgoing,
        now: Callable[[], datetime],
        recorder: TalkRecorder,
        hand_on: HandOn,
    ) -> None:
        settings = current.settings

        def dials(pbx: PbxName, limit: int) -> list[str]:
            of_campaigns = outgoing.runner.take_settled(pbx, limit)
            found = of_campaigns + outgoing.placing.take_settled(pbx, limit - len(of_campaigns))
            return found + outgoing.call_backs.take_settled(pbx, limit - len(found))

        self.slips = Slips(settings.recording_folder, backoffice, now)
        self.reception = Reception(
            books,
            floor,
            spoken,
            backoffice,
            self.slips,
            now,
            take_dials=dials,
            queues=floor.queues,
            forwards=outgoing.placing,
            recorder=recorder,
            has_transfers=lambda pbx: settings.pbx[pbx].phone_transfers,
            hints=lambda: current.settings.ivr.hints,
            recording_folders={name: pbx.recording_folder for name, pbx in settings.pbxs.items()},
        )
        self.routes: Mapping[str, Route] = {
            "inbound": Inbound(self.reception, outgoing.words_for),
            "overflow": Overflow(self.reception),
            "recording": SilentStart(recorder),
            "campaign": CampaignCalls(self.reception, outgoing.notices),
            "handover": PhoneHandovers(hand_on),
            "placed": PlacedCalls(
                outgoing.placing.confirm,
                dials,
                recorder,
                lambda pbx: self.reception.recording_path(pbx, "").rstrip("/"),
            ),
        }

    async def run(self) -> None:
        """For ever: what callers left goes into the house, that of an earlier life first."""
        self.slips.open()
        await self.slips.run()


def make_server(settings: Settings, answering: Answering, metrics: Metrics, tap: Tap) -> Server:
    peers: dict[str, tuple[str, ...]] = {
        name: tuple(str(net) for net in pbx.agi_networks) for name, pbx in settings.pbxs.items()
    }
    listen = settings.fastagi.listen
    return Server(
        listen.host,
        listen.port,
        answering.routes,
        peers,
        max_sessions=settings.fastagi.max_sessions,
        environment_seconds=float(settings.fastagi.silence_seconds),
        metrics=AgiCounters(metrics),
        tap=tap,
    )
