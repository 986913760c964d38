"""``callcore speech``: what callers hear, made beforehand, listed, checked, and given to a studio."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from callcore.assembly.wiring import all_said, make_book
from callcore.commands.frame import (
    DONE,
    FAULTS,
    CommandFailed,
    Output,
    Work,
    add_config,
    add_json,
    add_language,
    text_json,
)
from callcore.commands.speech_export import export, whole_catalogue
from callcore.config import Settings, load
from callcore.domain import Text
from callcore.speech import Prompts, SpeechError
from callcore.speech.catalogue import FILE
from callcore.speech.sound import USELESS, Flaw
from callcore.speech.survey import Entry, Recordings, SpokenText, recordings, survey

ACTIONS: Mapping[str, Text] = {
    "build": Text("озвучить всё заранее", "speak everything beforehand"),
    "list": Text("кто что говорит", "who says what"),
    "check": Text("исправны ли звуки", "are the sounds good"),
    "export": Text("тексты для студии", "texts for a studio"),
}
SOURCES: Mapping[str | None, Text] = {
    "recorded": Text("запись", "recording"),
    "rhvoice": Text("RHVoice", "RHVoice"),
    "espeak": Text("espeak-ng", "espeak-ng"),
    None: Text("нет", "none"),
}
FLAWS: Mapping[Flaw, Text] = {
    Flaw.empty: Text("файл пуст или не читается", "the file is empty or cannot be read"),
    Flaw.silent: Text("тишина", "silence"),
    Flaw.too_short: Text("слишком коротко для этого текста", "too short for this text"),
    Flaw.too_long: Text("слишком долго для этого текста", "too long for this text"),
    Flaw.quiet: Text("слишком тихо", "too quiet"),
    Flaw.clipped: Text("перегружено", "clipped"),
    Flaw.pause: Text("пауза дольше двух секунд", "a pause of more than two seconds"),
}

MOST_NAMED = 10
"""Files in one line."""


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    say = output.words
    actions = parser.add_subparsers(dest="action", required=True, metavar=say(Text("ДЕЙСТВИЕ", "ACTION")))
    for name, words in ACTIONS.items():
        below = actions.add_parser(name, help=say(words), description=say(words), allow_abbrev=False)
        add_config(below, output)
        add_language(below, output)
        add_json(below, output)
        if name == "export":
            words = Text("в этот файл CSV", "into this CSV file")
            below.add_argument("-o", "--output", metavar="FILE", help=say(words))
            words = Text("и то, что уже записано", "what is recorded already, too")
            below.add_argument("--all", action="store_true", help=say(words))


def _run(options: argparse.Namespace, output: Output) -> int:
    settings = load(Path(options.config), need_secrets=False)
    texts = tuple((phrase.text, phrase.language) for phrase in all_said(make_book(settings)))
    prompts = Prompts(settings.speech.to_settings())
    if options.action == "build":
        return _build(prompts, texts, output, as_json=options.json)
    if options.action == "list":
        return _list(prompts, texts, output, as_json=options.json)
    if options.action == "check":
        return _check(settings, prompts, texts, output, as_json=options.json)
    return export(settings, texts, options, output)


# --- build


def _build(prompts: Prompts, texts: tuple[SpokenText, ...], output: Output, *, as_json: bool) -> int:
    before = _without_useless(survey(prompts, texts))
    failed = asyncio.run(prompts.render_all(texts))
    entries = tuple(survey(prompts, texts))
    made = sum(entry.file not in before for entry in entries if entry.file)
    faulty = [(entry, failed[each]) for entry in entries if (each := (entry.text, entry.language)) in failed]
    others = [
        (entry, why)
        for entry in entries
        if entry.file and (why := prompts.passed_over(entry.text, entry.language))
    ]
    if as_json:
        output.json(
            {
                "texts": len(entries),
                "made": made,
                "failed": [{**_as_json(entry), "why": text_json(why.words)} for entry, why in faulty],
                "passed_over": [{**_as_json(entry), "why": text_json(why.words)} for entry, why in others],
            }
        )
        return FAULTS if faulty else DONE
    for entry, why in faulty:
        _complain(output, entry, Text("не озвучено", "not spoken"), why, "red")
    for entry, why in others:
        _complain(output, entry, _not_by_whom_it_ought(entry), why, "yellow")
    output.say(
        Text(
            f"Текстов {len(entries)}, озвучено сейчас {made}, не удалось {len(faulty)}.",
            f"Texts {len(entries)}, spoken now {made}, failed {len(faulty)}.",
        ),
        "red" if faulty else "green",
    )
    return FAULTS if faulty else DONE


def _without_useless(entries: Iterable[Entry]) -> set[Path]:
    """The files that are good. The others are deleted: what is there would not be made anew."""
    good = set()
    for entry in entries:
        if entry.file and USELESS.intersection(entry.flaws):
            try:
                entry.file.unlink(missing_ok=True)
            except OSError as error:
                where, why = entry.file, error.strerror or str(error)
                raise CommandFailed(
                    Text(f"{where} не удалить: {why}.", f"{where} cannot be deleted: {why}.")
                ) from None
        elif entry.file:
            good.add(entry.file)
    return good


def _complain(output: Output, entry: Entry, words: Text, why: SpeechError, colour: str) -> None:
    output.complain(f"{entry.language}  {entry.text}: {output.paint(output.words(words), colour)}")
    output.complain(f"    {output.words(why.words)}")


# --- list


def _list(prompts: Prompts, texts: tuple[SpokenText, ...], output: Output, *, as_json: bool) -> int:
    entries = tuple(survey(prompts, texts))
    if as_json:
        output.json([_as_json(entry) for entry in entries])
        return DONE
    for entry in entries:
        seconds = f"{entry.sound.seconds:5.1f}" if entry.sound else "    -"
        said_by = output.words(SOURCES[entry.source])
        output.say(f"{output.paint(f'{entry.language}  {said_by:9} {seconds}', 'dim')}  {entry.text}")
    return DONE


def _as_json(entry: Entry) -> dict[str, Any]:
    sound = entry.sound
    return {
        "text": entry.text,
        "language": entry.language,
        "wanted": entry.wanted,
        "source": entry.source,
        "file": str(entry.file) if entry.file else None,
        "seconds": sound and round(sound.seconds, 2),
        "level_dbfs": round(sound.level_dbfs, 1) if sound and Flaw.silent not in entry.flaws else None,
        "flaws": list(entry.flaws),
    }


# --- check


def _check(
    settings: Settings, prompts: Prompts, texts: tuple[SpokenText, ...], output: Output, *, as_json: bool
) -> int:
    entries = tuple(survey(prompts, texts))
    studio = _recordings(settings, texts)
    faulty = [entry for entry in entries if not entry.is_ready or USELESS.intersection(entry.flaws)]
    if as_json:
        output.json(
            {
                "ok": not faulty,
                "texts": [_as_json(entry) for entry in entries],
                "recordings": studio
                and {
                    "missing": list(studio.missing),
                    "unused": list(studio.unused),
                    "unnamed": list(studio.unnamed),
                },
            }
        )
        return FAULTS if faulty else DONE
    for entry in entries:
        for words in _complaints(entry):
            colour = "red" if entry in faulty else "yellow"
            output.say(f"{entry.language}  {entry.text}: {output.paint(output.words(words), colour)}")
    for words in _studio_words(studio) if studio else ():
        output.say(words, "yellow")
    output.say(
        Text(f"Текстов {len(entries)}, негодных {len(faulty)}.", f"Texts {len(entries)}, bad {len(faulty)}."),
        "red" if faulty else "green",
    )
    return FAULTS if faulty else DONE


def _complaints(entry: Entry) -> list[Text]:
    words = [FLAWS[flaw] for flaw in entry.flaws]
    if entry.refused:
        words.append(entry.refused.words)
    elif entry.source is None:
        words.append(Text("ещё не озвучено: callcore speech build", "not spoken yet: callcore speech build"))
    elif not entry.is_ready:
        said_by = _not_by_whom_it_ought(entry)
        words.append(
            Text(
                f"{said_by.ru}: callcore speech build скажет почему",
                f"{said_by.en}: callcore speech build tells why",
            )
        )
    return words


def _not_by_whom_it_ought(entry: Entry) -> Text:
    wanted, said_by = SOURCES[entry.wanted], SOURCES[entry.source]
    return Text(
        f"звучит {said_by.ru}, а должно быть {wanted.ru}", f"said by {said_by.en} in place of {wanted.en}"
    )


def _studio_words(studio: Recordings) -> list[Text]:
    found = (
        (studio.missing, Text("Ещё не записано", "Not recorded yet")),
        (studio.unused, Text("Записано, но больше не звучит", "Recorded, but no longer said")),
        (studio.unnamed, Text(f"Нет в {FILE}", f"Not in {FILE}")),
    )
    return [_some(words, paths) for paths, words in found if paths]


def _some(words: Text, paths: Sequence[str]) -> Text:
    """The first of them, and how many: a studio begins with hundreds, and ``--json`` has them all."""
    named = ", ".join(paths[:MOST_NAMED])
    if len(paths) <= MOST_NAMED:
        return Text(f"{words.ru}: {named}.", f"{words.en}: {named}.")
    return Text(
        f"{words.ru} ({len(paths)}): {named}… Все назовёт --json.",
        f"{words.en} ({len(paths)}): {named}… All of them with --json.",
    )


def _recordings(settings: Settings, texts: tuple[SpokenText, ...]) -> Recordings | None:
    folder = settings.speech.recorded
    return None if folder is None else recordings(folder, whole_catalogue(folder), texts)


SPEECH = Work(_configure, _run)
