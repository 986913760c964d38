"""Make the locks anew: `make lock`. Reads pyproject.toml, runs pip-compile, writes run.txt and dev.txt.

run.txt   what the daemon needs
dev.txt   that, the tools, and what builds the package, so that nothing is fetched unlocked

pip-compile runs without the machine's pip configuration, so that hashes come from the public index and no
address and no path of this machine gets into a lock.
"""

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
FLAGS = (
    "--quiet",
    "--generate-hashes",
    "--allow-unsafe",
    "--strip-extras",
    "--no-header",
    "--no-annotate",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-emit-trusted-host",
    "--no-emit-options",
    "--resolver=backtracking",
)


def faults(text: str) -> list[str]:
    """Lines of a lock that name an address or an option, or a requirement without a hash."""
    found = [line for line in text.splitlines() if re.search(r"://|file:", line)]
    for entry in re.split(r"\n(?=\S)", text.strip()):
        if not re.match(r"[A-Za-z0-9._-]+==\S+ \\\n\s+--hash=sha256:", entry):
            found.append(entry.splitlines()[0] if entry else "(empty)")
    return found


def compile_lock(requirements: list[str], constraint: Path | None, upgrade: bool, target: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    environment |= {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DEFAULT_TIMEOUT": "180",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    if "PIP_CERT" in os.environ:
        environment["PIP_CERT"] = os.environ["PIP_CERT"]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in.txt"
        source.write_text("\n".join(requirements) + "\n", "utf-8")
        output = Path(folder) / target.name
        if target.exists() and not upgrade:
            output.write_bytes(target.read_bytes())
        command = [
            sys.executable,
            "-m",
            "piptools",
            "compile",
            *FLAGS,
            "--output-file",
            str(output),
            str(source),
        ]
        if constraint is not None:
            command += ["--constraint", str(constraint)]
        if upgrade:
            command.append("--upgrade")
        subprocess.run(command, cwd=folder, env=environment, check=True)
        text = output.read_text("utf-8")
    if wrong := faults(text):
        raise SystemExit(f"{target.name} would not be clean: {wrong}")
    target.write_text(text, "utf-8")


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--check"]:
        wrong = {name: faults((HERE / name).read_text("utf-8")) for name in ("run.txt", "dev.txt")}
        for name, lines in wrong.items():
            for line in lines:
                print(
                    f"requirements/{name}: an address, an option or a missing hash: {line}", file=sys.stderr
                )
        return 1 if any(wrong.values()) else 0
    project = tomllib.loads((HERE.parent / "pyproject.toml").read_text("utf-8"))
    run = project["project"]["dependencies"]
    dev = [*run, *project["project"]["optional-dependencies"]["dev"], *project["build-system"]["requires"]]
    upgrade = "--upgrade" in arguments
    compile_lock(dev, None, upgrade, HERE / "dev.txt")
    compile_lock(run, HERE / "dev.txt", upgrade, HERE / "run.txt")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
