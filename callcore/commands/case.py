"""``callcore case``: what is open, what is overdue, one case with its stages; asked of the running daemon."""

from __future__ import annotations

import argparse
from datetime import datetime
from zoneinfo import ZoneInfo

from callcore.commands.control import Daemon, Json, NotThere, daemon
from callcore.commands.frame import DONE, CommandFailed, Output, Work, add_config, add_json, add_language
from callcore.config import Settings
from callcore.domain import Text
from callcore.web.record.cases_view import CaseView

PAGE = 200


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    say = output.words
    below = parser.add_subparsers(dest="action", required=True, metavar=say(Text("ДЕЙСТВИЕ", "ACTION")))
    for name, words in (
        ("list", Text("что открыто", "what is open")),
        ("overdue", Text("у чего вышел срок", "what is past its term")),
        ("show", Text("один кейс с этапами и историей", "one case with stages and history")),
    ):
        each = below.add_parser(name, help=say(words), description=say(words), allow_abbrev=False)
        add_config(each, output)
        add_language(each, output)
        add_json(each, output)
        if name == "show":
            each.add_argument("NUMBER", help=say(Text("номер кейса", "the case's number")))
        else:
            each.add_argument(
                "--department", default="", help=say(Text("только этого отдела", "of one only"))
            )
        if name == "list":
            each.add_argument("--all", action="store_true", help=say(Text("и закрытые", "closed ones too")))


def _run(options: argparse.Namespace, output: Output) -> int:
    client, settings = daemon(options, output)
    words = _Words(output, settings)
    if options.action == "show":
        case = _case(client, options.NUMBER)
        if options.json:
            output.json(case)
        else:
            _print_case(case, output, words)
        return DONE
    folder = "overdue" if options.action == "overdue" else "" if options.all else "all"
    found = _cases(client, folder, options.department)
    if options.json:
        output.json(found)
        return DONE
    for line in found:
        _print_line(line, output, words)
    if not found:
        output.say(Text("Таких кейсов нет.", "There are no such cases."))
    return DONE


def _case(client: Daemon, number: str) -> Json:
    try:
        return client.get("cases", number)
    except NotThere:
        raise CommandFailed(
            Text(
                f"Нет кейса {number}; какие есть: callcore case list.",
                f"no case {number}; see: callcore case list",
            )
        ) from None


def _cases(client: Daemon, folder: str, department: str) -> list[Json]:
    """All pages."""
    cases: list[Json] = []
    offset: int | None = 0
    while offset is not None:
        query = {"folder": folder, "sort": "due", "limit": str(PAGE), "offset": str(offset)}
        answer = client.get("cases", query=query | ({"department": department} if department else {}))
        cases += answer["cases"]
        offset = answer["next_offset"]
    return cases


class _Words:
    """What the settings call the codes of a case."""

    def __init__(self, output: Output, settings: Settings) -> None:
        self._say = output.words
        self.view = CaseView(settings.cases, {})
        self.zone = settings.organisation.zone

    def status(self, case: Json) -> str:
        return self._say(self.view.status(str(case["status"])))

    def type(self, case: Json) -> str:
        return self._say(self.view.kind(case["type"]))

    def stage(self, case: Json, code: str) -> str:
        return self._say(self.view.stage(case["type"], code)) if code else "—"

    def department(self, code: str) -> str:
        return self._say(self.view.department(code))

    def result(self, case: Json, stage: Json) -> str:
        if not stage["result"]:
            return ""
        return self._say(self.view.result(case["type"], stage["stage"], stage["result"]))

    def answer(self, case: Json, code: str, value: object) -> str:
        asked = self.view.field(case["type"], f"form:{code}")
        given = self.view.answer_to(case["type"], code, str(value))
        return f"{self._say(asked)}: {' '.join(self._say(given).split())}"

    def entry(self, case: Json, entry: Json) -> str:
        """What was done, and what it changed."""
        act = self._say(self.view.act(entry["act"]))
        was, became = (self._moved(case, entry["field"], entry[name]) for name in ("was", "became"))
        if not was and not became:
            return act
        arrow = f"{was} → {became or '—'}" if was else became
        return f"{act} · {self._say(self.view.field(case['type'], entry['field']))}: {arrow}"

    def _moved(self, case: Json, field: str, value: str) -> str:
        said = self.view.value(case["type"], field, value)
        if isinstance(said, datetime):
            return _moment(said.isoformat(), self.zone)
        return " ".join(self._say(said).split()) if said else ""


def _print_line(line: Json, output: Output, words: _Words) -> None:
    colour = "red" if line["is_overdue"] else "dim" if line["status"] == "closed" else None
    who = line["owner"] or words.department(line["department"])
    output.say(
        f"{line['number']:15} {words.status(line):11} {_moment(line['due_at'], words.zone):17} "
        f"{words.type(line)} · {words.stage(line, line['stage'])} · {who}",
        colour,
    )


def _print_case(case: Json, output: Output, words: _Words) -> None:
    output.say(f"{case['number']} · {words.type(case)} · {words.status(case)}", "bold")
    for stage in case["stages"]:
        until = _moment(stage["ended_at"] or stage["due_at"], words.zone)
        title, department = words.stage(case, stage["stage"]), words.department(stage["department"])
        output.say(f"  {stage['n']}. {title} · {department} · {until} {words.result(case, stage)}".rstrip())
    for code, value in case["form"].items():
        output.say(f"  {words.answer(case, code, value)}")
    for entry in case["history"]:
        at, who = _moment(entry["at"], words.zone), entry["login"] or "callcore"
        output.say(f"  {at} {who} · {words.entry(case, entry)} {entry['reason']}".rstrip(), "dim")


def _moment(told: object, zone: ZoneInfo) -> str:
    """In the organisation's zone; a dash for none."""
    if not isinstance(told, str):
        return "—"
    return datetime.fromisoformat(told).astimezone(zone).strftime("%Y-%m-%d %H:%M")


CASE = Work(_configure, _run)
