"""callcore that is killed at a step of its own: ``python mortal.py ARMED EVENT WORD run -c FILE``.

From when the file ARMED is there. EVENT is one of Python's auditing (``os.rename``, ``open`` …), WORD
stands in its arguments, joined by spaces.
"""

from __future__ import annotations

import os
import signal
import sys

from callcore import cli


def mortal(armed: str, event: str, word: str) -> None:
    def hook(heard: str, arguments: tuple[object, ...]) -> None:
        if heard == event and word in " ".join(map(str, arguments)) and os.path.exists(armed):
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


if __name__ == "__main__":
    mortal(*sys.argv[1:4])
    sys.exit(cli.main(sys.argv[4:]))
