"""Loads the program, for the server that ``testing.forked`` forks from: see there."""

import gc
from importlib import import_module


def _load() -> None:
    """Every command. The collector never walks through them: in a fork, what it looks at is copied."""
    for command in import_module("callcore.commands.table").COMMANDS:
        command.load()
    gc.freeze()


_load()
