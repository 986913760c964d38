"""`python -m callcore.testing.lab`: fetch the laboratory, or say what is there. Plain Python."""

import argparse
import sys

from callcore.testing.lab.bundles import BUNDLES, NPM_BUNDLES, PROGRAMS, lab_folder, program, system_program
from callcore.testing.lab.errors import LabError, NotDebian, NotFetched
from callcore.testing.lab.packages import fetch, is_fetched


def _status() -> None:
    print(f"folder: {lab_folder()}")
    for bundle in BUNDLES.values():
        on_system = [str(found) for name in bundle.programs if (found := system_program(name))]
        here = "fetched" if is_fetched(bundle, lab_folder()) else "not fetched"
        print(f"{bundle.name}: {', '.join(on_system) or here}")
    for npm_bundle in NPM_BUNDLES.values():
        print(f"{npm_bundle.name}: {'fetched' if is_fetched(npm_bundle, lab_folder()) else 'not fetched'}")


def main(arguments: list[str] | None = None) -> int:
    """0 done, 1 it failed (the reason is on standard error), 2 wrong use, 3 not a Debian system."""
    known = BUNDLES | NPM_BUNDLES
    parser = argparse.ArgumentParser(prog="python -m callcore.testing.lab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    fetching = commands.add_parser("fetch", help="fetch what is missing; quick when nothing is")
    fetching.add_argument("bundle", nargs="*", help=f"of {', '.join(known)}; all if none is named")
    commands.add_parser("status", help="say what is there")
    where = commands.add_parser("which", help="print the path of a program")
    where.add_argument("program", choices=sorted(PROGRAMS))
    options = parser.parse_args(arguments)
    try:
        if options.command == "fetch":
            unknown = sorted(set(options.bundle) - known.keys())
            if unknown:
                parser.error(f"no such bundle: {', '.join(unknown)}; there are {', '.join(known)}")
            fetch(options.bundle)
        elif options.command == "which":
            print(program(options.program))
        else:
            _status()
    except NotDebian as error:
        print(f"lab: {error}", file=sys.stderr)
        return 3
    except (LabError, NotFetched) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
