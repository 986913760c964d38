"""Recording of talks, as far as the caller meets it: he is told, may refuse, and then the dialplan records.

The row of the recording, with the consent, is stored before the dialplan learns of it; whatever dies in
between, nothing is recorded that nobody knows of. See ``dialplans/callcore-recording.conf``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import structlog

from callcore.domain import ChannelId, ChannelRef, PbxName, QueueName, RecordMode, Text
from callcore.ivr.agi_session import Session
from callcore.ivr.flow import Phrase
from callcore.ivr.ports import TalkRecorder, TalkToRecord
from callcore.ivr.visit import Visit

log = structlog.get_logger("callcore.ivr")

REFUSE_KEY: Final = "3"
RECORD, MODE, INTO, SAID = (f"CALLCORE_RECORD{name}" for name in ("", "_MODE", "_INTO", "_SAID"))
"""Channel variables: the recording, how it is made, its folder; the moment when he was told, or
``refused``."""
NOT_RECORDED: Mapping[str, str] = {RECORD: ""}
REFUSED: Final = "refused"
FOLDER = re.compile(r"[-0-9A-Za-z_./+=@~ ]{1,400}")
"""What the dialplan lets through."""


class TalkRecording:
    """Of one visit."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    async def before(self, queue: QueueName, *, comes_back: bool) -> Mapping[str, str]:
        """Tell him that he is connected, and recorded where that queue's talks are; gives what the dialplan
        must know. ``comes_back``: he may have been told before, and is not told again."""
        visit, recorder = self._visit, self._visit.reception.recorder
        connecting = self._phrases(visit.book.flow.texts.connecting)
        mode = recorder.mode(queue)
        said = await self._said() if comes_back and mode is not RecordMode.never else ""
        if mode is RecordMode.never or said == REFUSED or not self._has_folder():
            await visit.play(connecting)
            return NOT_RECORDED
        said_at = _moment(said)
        if mode is RecordMode.demand:
            await visit.play(connecting)
        elif said_at is None:
            heard = await self._tell(connecting)
            if heard is None:
                return NOT_RECORDED
            if heard == REFUSED:
                await self._begin(queue, mode, visit.reception.now(), is_refused=True)
                return {**NOT_RECORDED, SAID: REFUSED}
            said_at = visit.reception.now()
        else:
            await visit.play(connecting)
        token = await self._begin(queue, mode, said_at)
        if token is None:
            return NOT_RECORDED
        told = {SAID: str(int(said_at.timestamp()))} if said_at else {}
        return {RECORD: token, MODE: mode.value, INTO: self._folder(), **told}

    async def _tell(self, connecting: tuple[Phrase, ...]) -> str | None:
        """``refused``, or "" where he lets it be; None: the words could not be played."""
        visit, texts = self._visit, self._visit.book.flow.texts
        words = self._words()
        keys = REFUSE_KEY if visit.reception.recorder.may_refuse else ""
        heard = await visit.play((*words, *connecting), keys, counting=words)
        visit.stop_if_gone()
        if heard.lacks:
            log.error("recording_not_announced", call_id=visit.call_id)
            await visit.play(connecting)
            return None
        if heard.key != REFUSE_KEY:
            return ""
        await visit.play((*self._phrases(texts.not_recorded), *connecting))
        return REFUSED

    def _words(self) -> tuple[Phrase, ...]:
        texts = self._visit.book.flow.texts
        words = self._phrases(texts.recorded)
        return (*words, *self._phrases(texts.recorded_refuse)) if self._may_refuse else words

    @property
    def _may_refuse(self) -> bool:
        return self._visit.reception.recorder.may_refuse

    def _phrases(self, text: Text) -> tuple[Phrase, ...]:
        language = self._visit.language
        return (Phrase(text.in_(language), language),)

    async def _begin(
        self, queue: QueueName, mode: RecordMode, said_at: datetime | None, *, is_refused: bool = False
    ) -> str | None:
        visit = self._visit
        words = " ".join(phrase.text for phrase in self._words()) if said_at else ""
        return await visit.reception.recorder.begin(
            TalkToRecord(
                visit.call_id,
                visit.channel,
                queue,
                mode,
                words,
                said_at,
                visit.book.edition,
                is_refused,
            )
        )

    async def _said(self) -> str:
        return await self._visit.session.get_variable(SAID) or ""

    def _folder(self) -> str:
        return self._visit.reception.recording_path(self._visit.pbx, "").rstrip("/")

    def _has_folder(self) -> bool:
        if FOLDER.fullmatch(self._folder()):
            return True
        log.error("recording_folder_unusable", folder=self._folder())
        return False


class SilentStart:
    """The route ``recording/PBX``: a recording was begun that nobody may hear yet."""

    def __init__(self, recorder: TalkRecorder) -> None:
        self._recorder = recorder

    async def __call__(self, session: Session) -> None:
        env = session.environment
        channel = ChannelRef(PbxName(env.pbx), ChannelId(env.uniqueid))
        if not await self._recorder.silence(channel, env.raw.get("agi_arg_1", "")):
            session.give_back()


def _moment(said: str) -> datetime | None:
    return datetime.fromtimestamp(int(said), UTC) if re.fullmatch(r"[0-9]{1,11}", said) else None
