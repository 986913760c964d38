"""What belongs into the files of an Asterisk, made from the settings: ``callcore dialplan`` prints it.

``callcore check --live`` compares it with what is there.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from callcore.config import Queue, Settings
from callcore.crm.departments import Way
from callcore.domain import Language, PbxName, QueueName, Text
from callcore.ivr.dialplan import Transfer
from callcore.ivr.fallback import StaticWays, Told, static_ways
from callcore.ivr.queue_file import QueueDefinition
from callcore.speech import Prompts, TextRefused


def queue_definitions(settings: Settings) -> tuple[QueueDefinition, ...]:
    """Every queue that a topic or a row leads to, as the settings describe it."""
    return tuple(_definition(name, settings) for name in settings.all_queues)


def _definition(name: QueueName, settings: Settings) -> QueueDefinition:
    listed = settings.queues.get(name) or Queue(title=Text(name, name))
    return QueueDefinition(
        name,
        strategy=listed.strategy,
        timeout_seconds=listed.timeout_seconds,
        retry_seconds=listed.retry_seconds,
        weight=listed.weight,
        music=listed.music,
        announce=listed.announce,
        announce_seconds=listed.announce_seconds,
        exit_by_key=listed.exit_by_key,
        skills_first_seconds=listed.skills_first_seconds if name in settings.tables.skills else None,
    )


def fallback_ways(settings: Settings, pbx: PbxName) -> StaticWays:
    """As of today. Raises ValueError as ``static_ways`` does."""
    return static_ways(settings.tables, datetime.now(UTC).date(), _told(settings, pbx))


def _told(settings: Settings, pbx: PbxName) -> Told:
    """The prompts that are there already: nothing is spoken now."""
    speech = settings.speech.to_settings()
    seen_as = Path(settings.pbxs[pbx].prompt_folder or speech.folder)
    prompts = Prompts(speech)

    def told(text: str, language: Language) -> str | None:
        try:
            made = [way.target for way in prompts.ways(text, language) if way.seconds is not None]
        except TextRefused:
            return None
        return str(seen_as / made[-1].relative_to(speech.folder).with_suffix("")) if made else None

    return told


def transfers(settings: Settings) -> tuple[Transfer, ...]:
    """Numbers and codes of the departments that take calls."""
    return tuple(
        Transfer(dialled, each.queue or "", each.number or "")
        for each in settings.departments
        if Way.transfer in each.ways
        for dialled in (each.number, each.transfer_code)
        if dialled is not None
    )
