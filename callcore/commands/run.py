"""``callcore run``: the daemon in the foreground, until SIGTERM or Ctrl-C; SIGHUP has it read its files."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import signal
from pathlib import Path

from callcore import logs
from callcore.app import Daemon
from callcore.assembly.listening import CannotListen
from callcore.commands.frame import DONE, CommandFailed, Output, Work, add_config, print_fault
from callcore.config import Address, Settings, load
from callcore.domain import Text
from callcore.store.errors import StoreError

FULL_COLLECTION_AFTER = 100
"""Collections of the middle generation before a full one: some minutes, with 20 calls a second."""


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    add_config(parser, output)


def _run(options: argparse.Namespace, output: Output) -> int:
    os.umask(0o027)  # what callcore writes (prompts, logs, the database) is nobody else's to read
    settings = load(Path(options.config))
    for warning in settings.warnings:
        print_fault(warning, output)
    file = str(settings.logs.file) if settings.logs.file else None
    logs.configure(settings.logs.level.upper(), file=file)
    try:
        asyncio.run(_serve(settings))
    except StoreError as error:
        raise CommandFailed(Text(f"База данных: {error}", f"Database: {error}")) from None
    except CannotListen as error:
        raise CommandFailed(_cannot_listen(error)) from None
    except OSError as error:
        raise CommandFailed(Text(f"Не удалось начать: {error}", f"Cannot start: {error}")) from None
    return DONE


def _cannot_listen(error: CannotListen) -> Text:
    setting, address = error.setting, error.address
    find = f"ss -ltnp 'sport = :{address.port}'" if isinstance(address, Address) else f"ss -lxp src {address}"
    return Text(
        f"{setting}: {address} занять не удалось ({error.why}). Измените {setting} или завершите программу, "
        f"которая там слушает (её назовёт {find}); не запущен ли callcore уже?",
        f"{setting}: {address} cannot be listened on ({error.why}). Change {setting}, or end the program "
        f"that listens there ({find} names it): does callcore run already?",
    )


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask_to_stop() -> None:
        if stop.is_set():  # the second time somebody really means it
            os._exit(1)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask_to_stop)
    reload = asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, reload.set)
    async with Daemon(settings) as daemon:
        _spare_collector()
        await daemon.run(stop, reload)


def _spare_collector() -> None:
    """Keep Python's full collections of garbage short and rare: each stops every pop while it lasts.

    What is there by now (some 150,000 objects: modules, settings) stays as long as the process, and is never
    walked through again. What comes later is dropped by reference counts, but for cycles, which can wait.
    """
    gc.collect()
    gc.freeze()
    young, middle, _full = gc.get_threshold()
    gc.set_threshold(young, middle, FULL_COLLECTION_AFTER)


RUN = Work(_configure, _run)
