"""Runs the benchmarks, each in a process of its own.

    python -m benchmarks [--only NAME]

One JSON object a line: ``bench``, ``value``, ``unit``, ``floor`` (the reference measured in the same run),
``ratio``, ``goal``, ``met``, ``n``, and ``p50``, ``p99`` where they apply. Exit code 1 if a benchmark broke
(a goal that is missed is a result, not a fault), 2 for wrong use.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

MODULES = {
    "ami_decode": "benchmarks.ami_decode",
    "operators": "benchmarks.operators",
    "card": "benchmarks.card",
    "find": "benchmarks.find",
    "ivr": "benchmarks.ivr",
    "originate": "benchmarks.originate",
    "pop": "benchmarks.pop",
    "resync": "benchmarks.resync",
    "routing": "benchmarks.routing",
    "sms": "benchmarks.sms",
    "speech": "benchmarks.speech",
    "storm": "benchmarks.storm",
}
"""Name for ``--only`` to the module, which prints its lines when it is run."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure callcore.")
    parser.add_argument(
        "--only", choices=sorted(MODULES), metavar="NAME", help=f"one of {', '.join(MODULES)}"
    )
    only = parser.parse_args().only
    broken = 0
    for name, module in MODULES.items():
        if only in {None, name}:
            broken += subprocess.run([sys.executable, "-m", module], check=False).returncode != 0
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
