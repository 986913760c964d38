"""``callcore speech export``: which texts a studio is to record, and into which files."""

from __future__ import annotations

import argparse
import csv
from io import StringIO
from pathlib import Path

from callcore.commands.frame import DONE, CommandFailed, Output
from callcore.config import Settings
from callcore.csvtext import inert
from callcore.domain import Text
from callcore.speech.catalogue import FILE, Catalogue, read_catalogue
from callcore.speech.survey import SpokenText, recordings
from callcore.strictyaml.fields import raise_faults


def export(
    settings: Settings, texts: tuple[SpokenText, ...], options: argparse.Namespace, output: Output
) -> int:
    """Names every text in the catalogue, and lists those that are to be recorded."""
    folder = settings.speech.recorded
    if folder is None:
        raise CommandFailed(
            Text(
                "Не задано speech.recorded: укажите там папку для записей.",
                "speech.recorded is not set: name the folder for recordings there.",
            )
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        catalogue = whole_catalogue(folder).with_texts(texts)
        _write(folder / FILE, catalogue.as_yaml().encode())
        rows = _rows(folder, catalogue, texts, is_all=options.all)
        if options.output:
            _write(Path(options.output), _as_csv(rows).encode("utf-8-sig"))
    except OSError as error:
        raise _not_written(Path(error.filename or folder), error) from None
    if options.json:
        output.json(rows)
    elif not options.output:
        output.out.write(_as_csv(rows))
    output.complain(
        Text(
            f"К записи: {len(rows)}. Имена файлов — в {folder / FILE}.",
            f"To be recorded: {len(rows)}. Names of the files: {folder / FILE}.",
        ),
        "dim",
    )
    return DONE


def whole_catalogue(folder: Path) -> Catalogue:
    """Raises ConfigFaults."""
    document, catalogue = read_catalogue(folder)
    raise_faults(document)
    return catalogue or Catalogue()


def _rows(
    folder: Path, catalogue: Catalogue, texts: tuple[SpokenText, ...], *, is_all: bool
) -> list[dict[str, str]]:
    missing = recordings(folder, catalogue, texts).missing
    paths = {text: f"{text[1]}/{catalogue.name(*text)}" for text in texts}
    return [
        {"file": f"{path}.wav", "language": language, "text": text}
        for (text, language), path in paths.items()
        if is_all or path in missing
    ]


def _as_csv(rows: list[dict[str, str]]) -> str:
    out = StringIO()
    table = csv.writer(out, delimiter=";", lineterminator="\n")
    table.writerow(("file", "language", "text"))
    table.writerows([inert(cell) for cell in row.values()] for row in rows)
    return out.getvalue()


def _write(path: Path, content: bytes) -> None:
    """As a whole or not at all: whoever speaks reads the catalogue at any moment."""
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        raise _not_written(path, error) from None


def _not_written(path: Path, error: OSError) -> CommandFailed:
    why = error.strerror or str(error)
    return CommandFailed(Text(f"{path} не записать: {why}.", f"{path} cannot be written: {why}."))
