"""``callcore privacy``: one person's data under 152-FZ, given out as a ZIP or erased."""

from __future__ import annotations

import argparse
import asyncio
import os
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

from callcore.assembly.wiring import house_of
from callcore.commands.frame import DONE, FAULTS, CommandFailed, Output, Work, add_config, add_json
from callcore.config import Settings, load
from callcore.domain import CustomerId, Text
from callcore.store.database import Database
from callcore.store.errors import StoreError
from callcore.store.privacy import Erasure, Held
from callcore.store.sounds import remove_sounds
from callcore.web.control import CLI
from callcore.web.record.audit_words import table_title
from callcore.web.record.dossier import zipped
from callcore.web.render import texts_of


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    say = output.words
    actions = parser.add_subparsers(dest="action", required=True, metavar=say(Text("ДЕЙСТВИЕ", "ACTION")))
    export = Text("выгрузить всё об одном человеке", "give out all that is known of one person")
    erase = Text("стереть всё об одном человеке", "erase all that is known of one person")
    for name, words in (("export", export), ("erase", erase)):
        below = actions.add_parser(name, help=say(words), description=say(words), allow_abbrev=False)
        add_config(below, output)
        below.add_argument("contract", help=say(Text("договор", "contract")))
        if name == "export":
            below.add_argument("file", help=say(Text("куда: новый файл ZIP", "where to: a new ZIP file")))
            continue
        add_json(below, output)
        below.add_argument("--reason", help=say(Text("основание, без имён", "the reason, without names")))
        yes = Text("стереть; без этого только считает", "erase; without it only counts")
        below.add_argument("--yes", action="store_true", help=say(yes))
        force = Text("хотя открыт кейс или оповещение в пути", "although something is under way")
        below.add_argument("--force", action="store_true", help=say(force))


def _run(options: argparse.Namespace, output: Output) -> int:
    settings = load(Path(options.config), need_secrets=False)
    try:
        return asyncio.run(_with_database(options, settings, output))
    except StoreError as error:
        raise CommandFailed(Text(str(error), str(error))) from None


async def _with_database(options: argparse.Namespace, settings: Settings, output: Output) -> int:
    async with await Database.open(settings.database.address) as database:
        found = await database.customers.by_contract(options.contract)
        if found is None:
            raise CommandFailed(
                Text(f"Нет договора {options.contract}.", f"There is no contract {options.contract}.")
            )
        if options.action == "export":
            return await _export(database, found.id, options, settings, output)
        return await _erase(database, found.id, options, settings, output)


async def _export(
    database: Database,
    customer: CustomerId,
    options: argparse.Namespace,
    settings: Settings,
    output: Output,
) -> int:
    now, path = datetime.now(UTC), Path(options.file)
    try:
        # First of all: for nobody else's eyes, never over a file that is there, and no export is noted that
        # had nowhere to go.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            try:
                dossier = await database.privacy.dossier(customer, CLI, now)
                people = {str(user.login): user.name for user in await database.users.list()}
                bodies = database.privacy.bodies(dossier)
                house, recordings = house_of(settings), settings.recording_folder
                async with aclosing(zipped(dossier, bodies, recordings, now, house, people)) as pieces:
                    async for piece in pieces:
                        stream.write(piece)
                stream.flush()
            except BaseException:
                os.unlink(path)
                raise
    except FileExistsError:
        raise CommandFailed(
            Text(
                f"{path}: такой файл уже есть. Назовите новый: прежний callcore не тронет.",
                f"{path} is there already. Name a new file: callcore overwrites none.",
            )
        ) from None
    except OSError as error:
        why = error.strerror or str(error)
        raise CommandFailed(Text(f"{path}: {why}", f"{path}: {why}")) from None
    output.say(Text(f"Выгружено: {path}", f"Written: {path}"))
    return DONE


async def _erase(
    database: Database,
    customer: CustomerId,
    options: argparse.Namespace,
    settings: Settings,
    output: Output,
) -> int:
    if not options.yes:
        return _told(await database.privacy.preview(customer), output, options, is_done=False)
    if not options.reason:
        raise CommandFailed(Text("Нужно основание: --reason.", "A reason is needed: --reason."))
    try:
        done = await database.privacy.erase(
            customer, CLI, datetime.now(UTC), reason=options.reason, is_forced=options.force
        )
    except Held:
        _told(await database.privacy.preview(customer), output, options, is_done=False)
        return FAULTS
    kinds = (database.voicemails, database.recordings)
    for sounds in kinds:
        await remove_sounds(sounds, settings.recording_folder)
    if any([await sounds.to_remove() for sounds in kinds]):
        output.complain(
            Text(
                "Не все записи голоса удалось удалить: callcore удалит их, когда заработает.",
                "Not all recordings of what was said could be deleted: callcore does it once it runs.",
            )
        )
    return _told(done, output, options, is_done=True)


def _told(found: Erasure, output: Output, options: argparse.Namespace, *, is_done: bool) -> int:
    if options.json:
        holds = [f"{hold.kind} {hold.id}" for hold in found.holds]
        output.json(
            {"customer": found.customer, "rows": dict(found.counts), "holds": holds, "is_done": is_done}
        )
        return DONE
    t = texts_of(output.language)
    for table, count in found.counts.items():
        output.say(f"{count:8}  {table_title(table, t)}")
    for hold in found.holds:
        said = t(f"privacy.hold_{hold.kind}", id=hold.id)
        output.say(Text(f"Мешает: {said} (или --force)", f"Stands against it: {said} (or --force)"))
    if is_done:
        output.say(Text("Стёрто.", "Erased."))
    else:
        output.say(
            Text(
                "Ничего не изменено; чтобы стереть: --yes --reason …",
                "Nothing changed; to erase: --yes --reason …",
            )
        )
    return DONE


PRIVACY = Work(_configure, _run)
