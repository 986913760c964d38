"""Loads the program, for the server that ``testing.forked`` forks from: see there."""

import gc

from callcore.commands.table import COMMANDS


def _load() -> None:
    """Every command. The collector never walks through them: in a fork, what it looks at is copied."""
    for command in COMMANDS:
        command.load()
    gc.freeze()


_load()
