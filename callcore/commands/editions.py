"""``callcore editions``: what callers met when, how two editions differ, taking one back."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC
from pathlib import Path

from callcore.commands.control import (
    Daemon,
    Json,
    NotRunning,
    NotThere,
    Refused,
    daemon_despite_faults,
)
from callcore.commands.editions_kept import ask, files_of, files_on_disk, put_back
from callcore.commands.frame import (
    DONE,
    CommandFailed,
    Output,
    Work,
    WrongUse,
    add_config,
    add_json,
    add_language,
)
from callcore.commands.reload import refuse, tell, tell_aside
from callcore.domain import Text
from callcore.store.editions import MOST_LISTED, Edition, Editions, FileChange, compare
from callcore.strictyaml.faults import ConfigFaults

Act = Callable[[argparse.Namespace, Output], int]
_COLOURS = {"+": "green", "-": "red", "@": "dim"}


def _list(options: argparse.Namespace, output: Output) -> int:
    found = ask(Path(options.config), lambda editions: editions.list(limit=options.last))
    if options.json:
        output.json([_json(each) for each in found])
        return DONE
    for each in found:
        output.say(_line(each, output))
    if not found:
        output.say(Text("Редакций ещё нет.", "There are no editions yet."))
    return DONE


def _line(edition: Edition, output: Output) -> str:
    who = edition.login or output.words(Text("запуск callcore", "start of callcore"))
    made = edition.made_at.astimezone().isoformat(sep=" ", timespec="seconds")
    line = f"{edition.id} · {made} · {who}"
    if edition.back_to is None:
        return line
    back = Text(f"возвращена редакция {edition.back_to}", f"edition {edition.back_to} taken back")
    return f"{line} · {output.words(back)}"


def _json(edition: Edition) -> Json:
    """As the API tells it."""
    return {
        "id": edition.id,
        "made_at": edition.made_at.astimezone(UTC).isoformat(),
        "login": edition.login,
        "back_to": edition.back_to,
    }


def _show(options: argparse.Namespace, output: Output) -> int:
    async def question(editions: Editions) -> tuple[Edition | None, Mapping[str, str]]:
        return await editions.get(options.ID), await files_of(editions, options.ID)

    edition, files = ask(Path(options.config), question)
    if options.into:
        _put(files, Path(options.into), output)
    elif options.json:
        output.json({**(_json(edition) if edition else {}), "files": files})
    else:
        for name, text in files.items():
            output.say(f"# {name}", "bold")
            output.say(text.rstrip("\n"))
    return DONE


def _put(files: Mapping[str, str], folder: Path, output: Output) -> None:
    """Into a folder of their own: nothing that is there is written over."""
    try:
        if folder.exists() and any(folder.iterdir()):
            raise WrongUse(
                Text(f"Папка {folder} не пуста: укажите другую.", f"{folder} is not empty: name another.")
            )
        for name, text in files.items():
            # A file from elsewhere goes by its bare name, so that nothing is written beside the folder.
            target = folder / (Path(name).name if Path(name).is_absolute() or ".." in name else name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        why = error.strerror or str(error)
        raise CommandFailed(Text(f"{folder}: {why}", f"{folder}: {why}")) from None
    output.say(
        Text(
            f"Файлов записано: {len(files)}. В файле настроек только разделы, которые перечитываются.",
            f"Files written: {len(files)}. The settings file has only the sections that follow a reload.",
        )
    )


def _diff(options: argparse.Namespace, output: Output) -> int:
    file = Path(options.config)
    on_disk = files_on_disk(file) if options.NEW is None else None

    async def question(editions: Editions) -> tuple[FileChange, ...]:
        new = on_disk if on_disk is not None else await files_of(editions, options.NEW)
        return compare(await files_of(editions, options.OLD), new)

    found = ask(file, question)
    if options.json:
        output.json([asdict(each) for each in found])
        return DONE
    for each in found:
        output.say(_headline(each, output), "bold")
        for line in each.lines:
            output.say(output.paint(line, _COLOURS.get(line[:1])))
    if not found:
        output.say(Text("Они одинаковы.", "They are the same."))
    return DONE


def _headline(change: FileChange, output: Output) -> str:
    if change.is_new:
        return output.words(Text(f"{change.name}: новый файл", f"{change.name}: new file"))
    if change.is_gone:
        return output.words(Text(f"{change.name}: файла больше нет", f"{change.name}: the file is gone"))
    return change.name


def _take_back(options: argparse.Namespace, output: Output) -> int:
    file = Path(options.config)
    try:
        answer = _taken_back(daemon_despite_faults(options, output), file, options.ID)
    except NotRunning:
        return _take_back_alone(options, output)
    except NotThere:
        ask(file, lambda editions: files_of(editions, options.ID))  # it says what to do
        raise
    except ConfigFaults as refused:
        return refuse(refused, options, output)
    if options.json:
        output.json(answer)
    else:
        tell(answer, output)
    return DONE


def _taken_back(client: Daemon, file: Path, id: int) -> Json:
    """By the daemon; where it may not write, by whoever is at the terminal, if he may."""
    try:
        return client.post("editions", str(id), "take-back")
    except Refused:
        try:
            set_aside = put_back(file, id)
        except CommandFailed:
            set_aside = None
        if set_aside is None:
            raise
    return {**client.post("editions"), "set_aside": set_aside}


def _take_back_alone(options: argparse.Namespace, output: Output) -> int:
    """callcore does not run, perhaps because it cannot with these files."""
    try:
        set_aside = put_back(Path(options.config), options.ID)
    except ConfigFaults as refused:
        return refuse(refused, options, output)
    if options.json:
        output.json({"edition": None, "set_aside": set_aside})
        return DONE
    output.say(
        Text(
            f"Файлы редакции {options.ID} на месте. callcore не запущен: он начнёт с ними.",
            f"Edition {options.ID} is in place. callcore does not run: it will start with it.",
        ),
        "green",
    )
    tell_aside(set_aside, output)
    return DONE


_ID = ("ID", Text("номер редакции", "the edition's number"))
_ACTS: tuple[tuple[str, Act, Text, tuple[tuple[str, Text], ...]], ...] = (
    ("list", _list, Text("редакции, новые сверху", "editions, the newest first"), ()),
    ("show", _show, Text("файлы одной редакции", "the files of one edition"), (_ID,)),
    (
        "diff",
        _diff,
        Text("чем вторая отличается от первой", "how the second differs from the first"),
        (
            ("OLD", Text("номер редакции", "an edition's number")),
            (
                "NEW",
                Text(
                    "другой; без него — файлы, как они лежат", "another's; without it the files as they lie"
                ),
            ),
        ),
    ),
    (
        "take-back",
        _take_back,
        Text("вернуть файлы редакции и перечитать их", "put an edition's files back and read them"),
        (_ID,),
    ),
)


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    acts = parser.add_subparsers(dest="act", metavar=output.words(Text("ДЕЙСТВИЕ", "ACT")), required=True)
    for name, _act, help, arguments in _ACTS:
        words = output.words(help)
        below = acts.add_parser(name, help=words, description=words, allow_abbrev=False)
        for argument, about in arguments:
            optional = "?" if argument == "NEW" else None
            below.add_argument(
                argument, help=output.words(about), type=_number(output, 10**15), nargs=optional
            )
        if name == "list":
            below.add_argument(
                "--last",
                type=_number(output, MOST_LISTED),
                default=20,
                metavar="N",
                help=output.words(
                    Text(f"сколько последних (до {MOST_LISTED})", f"how many (up to {MOST_LISTED})")
                ),
            )
        if name == "show":
            below.add_argument(
                "--into",
                metavar=output.words(Text("ПАПКА", "FOLDER")),
                help=output.words(Text("записать файлы в новую папку", "write the files into a new folder")),
            )
        add_config(below, output)
        add_json(below, output)
        add_language(below, output)


def _number(output: Output, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if text.isascii() and text.isdigit() and 1 <= int(text[:20]) <= most:
            return int(text)
        raise argparse.ArgumentTypeError(
            output.words(Text(f"{text} — не номер от 1 до {most}", f"{text} is no number from 1 to {most}"))
        )

    return read


def _run(options: argparse.Namespace, output: Output) -> int:
    act = next(act for name, act, _help, _arguments in _ACTS if name == options.act)
    return act(options, output)


EDITIONS = Work(_configure, _run)
