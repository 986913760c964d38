"""A strict YAML reader: text stays text, and every fault is named with file, line, path and remedy.

YAML 1.1 guesses: ``10:00`` becomes 600, ``no`` false, ``0101`` 65, and a repeated key wins silently. Here
nothing is guessed: a scalar is the text that was written (or nothing), and the schema says what it has to be
(see ``yamltypes``). Anchors, aliases, merge keys and tags are refused: a settings file has no use for them.

``parse`` collects all structural faults; ``validate`` adds those of a pydantic model, each with its line.
JSON is read too: it is YAML but for tabs and for pairs of surrogates, which are seen to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from callcore.domain import Text
from callcore.strictyaml.faults import Document, Position, shown_key

SIZE_LIMIT_BYTES = 262_144
DEPTH_LIMIT = 24
VALUES_LIMIT = 110_000
"""Keys, values and collections: a megabyte of empty ones would take half a minute to read."""

_UNCLEAN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_JSON_ESCAPE = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|\\.", re.DOTALL)


def read(path: Path, name: str | None = None, named_by: str = "") -> Document:
    """Read one file. Never raises: what is wrong is in ``Document.faults``; ``value`` is None without a tree.

    ``name`` is how the faults call the file; by default the path as given. ``named_by``: the setting in which
    its path stands, if there is one.
    """
    document = Document(name or str(path))
    try:
        with path.open("rb") as stream:
            raw = stream.read(SIZE_LIMIT_BYTES + 1)
    except FileNotFoundError:
        document.blame(
            (),
            Text("Файла нет.", "There is no such file."),
            Text(f"Положите его туда или проверьте {named_by}.", f"Put it there, or check {named_by}.")
            if named_by
            else Text("Проверьте путь.", "Check the path."),
            line=0,
        )
        return document
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        document.blame(
            (),
            Text(f"Файл не читается: {reason}.", f"The file cannot be read: {reason}."),
            Text("Проверьте путь и права.", "Check the path and its permissions."),
            line=0,
        )
        return document
    return parse(raw, document.file)


def parse(raw: bytes, file: str, limit: int = SIZE_LIMIT_BYTES) -> Document:
    """Parse the bytes of one file of at most ``limit`` bytes; as ``read``, never raises."""
    document = Document(file)
    text = _decode(raw, document, limit)
    if text is not None:
        document.text = text
        _Builder(document).run(_from_json(text) if text.lstrip()[:1] in ("{", "[") else text)
    return document


def _from_json(text: str) -> str:
    """JSON as YAML spells it, line by line the same. Tabs stand between values only; YAML wants spaces there.
    A character outside the BMP is two escapes in JSON, one in YAML."""

    def one_escape(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0]
        return f"\\U{0x10000 + ((int(found[1], 16) - 0xD800) << 10) + int(found[2], 16) - 0xDC00:08X}"

    return _JSON_ESCAPE.sub(one_escape, text.replace("\t", " "))


def _decode(raw: bytes, document: Document, limit: int) -> str | None:
    if len(raw) > limit:
        document.blame(
            (),
            Text(f"Файл больше {limit // 1024} КБ.", f"The file is larger than {limit // 1024} kB."),
            Text("Это точно тот файл? Если да, разделите его.", "Is it the right file? If so, divide it."),
            line=0,
        )
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        document.blame(
            (),
            Text("Файл не в кодировке UTF-8.", "The file is not UTF-8."),
            Text("Сохраните его в UTF-8.", "Save it as UTF-8."),
            line=raw[: error.start].count(b"\n") + 1,
        )
        return None


class _Stop(Exception):
    """The rest of the file cannot be read."""


@dataclass(slots=True)
class _Open:
    """A collection that is being filled."""

    value: dict[str, Any] | list[Any]
    position: Position
    keep: bool
    """False: inside something refused, read only to get past it."""
    key: str | None = None
    key_kept: bool = True


def _quick_events(text: str) -> list[Event]:
    """By libyaml, as far as whoever builds of them will read: brackets within brackets cost it the square of
    their number. Raises YAMLError, ValueError."""
    found: list[Event] = []
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        found.append(event)
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > DEPTH_LIMIT:
            break
    return found


class _Builder:
    """Builds the tree from parser events with a stack of its own: nesting costs no recursion."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.stack: list[_Open] = []

    def run(self, text: str) -> None:
        try:
            documents = values = 0
            for event in self._events(text):
                if isinstance(event, DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        self._blame_second_document(event)
                        raise _Stop
                elif isinstance(event, CollectionEndEvent):
                    self.stack.pop()
                elif isinstance(event, NodeEvent):
                    values += 1
                    self._check_amount(values, event)
                    self._node(event)
        except _Stop:
            self.document.value = None  # half a tree would be blamed for what its other half holds
            return
        if self.document.value is None and not self.document.faults:
            self.document.blame(
                (),
                Text("Файл пуст.", "The file is empty."),
                Text("Возьмите за основу образец из config/.", "Start from the sample in config/."),
                line=1,
            )

    def _events(self, text: str) -> Iterator[Event]:
        """By libyaml where it is there and the file is good: ten times as fast. Faults are told by the other,
        which knows the character and says it in fewer words."""
        if yaml.__with_libyaml__:
            try:
                yield from _quick_events(text)
                return
            except (yaml.YAMLError, ValueError):
                pass
        yield from self._faulty_events(text)

    def _faulty_events(self, text: str) -> Iterator[Event]:
        try:
            yield from yaml.parse(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            self._blame_syntax(error)
            raise _Stop from None
        except yaml.reader.ReaderError as error:
            self.document.blame(
                (),
                Text(
                    f"В файле управляющий знак U+{_codepoint(error):04X}.",
                    f"The file holds the control character U+{_codepoint(error):04X}.",
                ),
                Text("Удалите его.", "Remove it."),
                line=text.count("\n", 0, error.position) + 1,
            )
            raise _Stop from None
        except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
            self.document.blame(
                (),
                Text(f"Это не YAML: {error}.", f"This is not YAML: {error}."),
                Text("", ""),
                line=1,
            )
            raise _Stop from None

    def _node(self, event: NodeEvent) -> None:
        parent = self.stack[-1] if self.stack else None
        line = _line(event)
        if parent is not None and isinstance(parent.value, dict) and parent.key is None:
            self._key(event, parent, line)
            return
        position = self._enter(parent, line)
        keep = parent is None or (parent.keep and parent.key_kept)
        value: Any = None
        if isinstance(event, AliasEvent):
            if keep:
                self._blame_anchor(position, line)
        else:
            self._blame_decoration(event, position, line, keep)
            value = self._value(event, position, line, keep)
        if keep:
            self._attach(parent, value)
        if parent is not None:
            parent.key, parent.key_kept = None, True
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            if len(self.stack) >= DEPTH_LIMIT:
                self._blame_depth(position, line)
            self.stack.append(_Open(value, position, keep))

    def _enter(self, parent: _Open | None, line: int) -> Position:
        if parent is None:
            position: Position = ()
        elif isinstance(parent.value, list):
            position = (*parent.position, len(parent.value))
        else:
            position = (*parent.position, parent.key or "")
        self.document.lines.setdefault(position, line)
        return position

    def _key(self, event: NodeEvent, parent: _Open, line: int) -> None:
        """The next event is the value that belongs to this key."""
        if not isinstance(event, ScalarEvent):
            self.document.blame(
                parent.position,
                Text("Ключ должен быть простым словом.", "A key must be a plain word."),
                Text("Если это текст, возьмите его в кавычки.", "If it is meant as text, put it in quotes."),
                line=line,
            )
            raise _Stop
        key = event.value
        position = (*parent.position, key)
        parent.key, parent.key_kept = key, True
        if not parent.keep:
            return
        if key == "<<" and not event.style:
            self._blame_anchor(position, line)
            parent.key_kept = False
        elif isinstance(parent.value, dict) and key in parent.value:
            first = self.document.line_of(position)
            self.document.blame(
                position,
                Text(
                    f"Ключ «{shown_key(key)}» уже есть в строке {first}.",
                    f'The key "{shown_key(key)}" is already in line {first}.',
                ),
                Text("Оставьте один из двух.", "Keep one of the two."),
                line=line,
            )
            parent.key_kept = False
        elif not _clean(key) or not key:
            self.document.blame(
                position,
                Text(
                    "Ключ пуст или содержит непечатные знаки.",
                    "The key is empty or holds unprintable characters.",
                ),
                Text("Дайте ему имя.", "Name it."),
                line=line,
            )
            parent.key_kept = False
        else:
            self._blame_decoration(event, position, line, keep=True)
            self.document.lines[position] = line

    def _value(self, event: NodeEvent, position: Position, line: int, keep: bool) -> Any:
        if isinstance(event, MappingStartEvent):
            return {}
        if isinstance(event, SequenceStartEvent):
            return []
        assert isinstance(event, ScalarEvent)
        if not event.style and event.value in ("", "~", "null", "Null", "NULL"):
            return None
        if keep and not _clean(event.value):
            self.document.blame(
                position,
                Text(
                    "В тексте есть непечатные знаки.",
                    "The text holds unprintable characters.",
                ),
                Text("Уберите их.", "Remove them."),
                line=line,
            )
            return ""
        return event.value

    def _attach(self, parent: _Open | None, value: Any) -> None:
        if parent is None:
            self.document.value = value
        elif isinstance(parent.value, list):
            parent.value.append(value)
        else:
            parent.value[parent.key or ""] = value

    def _blame_decoration(self, event: NodeEvent, position: Position, line: int, keep: bool) -> None:
        if keep and event.anchor is not None:
            self._blame_anchor(position, line)
        tag = getattr(event, "tag", None)
        if keep and tag not in (None, "!"):
            self.document.blame(
                position,
                Text("Метки типов (!…) здесь не нужны.", "Type tags (!…) have no use here."),
                Text("Уберите метку.", "Remove the tag."),
                line=line,
            )

    def _blame_anchor(self, position: Position, line: int) -> None:
        self.document.blame(
            position,
            Text(
                "Якоря и ссылки YAML (&, *, <<) не читаются.",
                "YAML anchors and aliases (&, *, <<) are refused.",
            ),
            Text(
                "Напишите значение целиком; текст, который начинается с & или *, возьмите в кавычки.",
                "Write the value out; put a text that begins with & or * in quotes.",
            ),
            line=line,
        )

    def _blame_depth(self, position: Position, line: int) -> None:
        self.document.blame(
            position[:4],
            Text(f"Вложенность глубже {DEPTH_LIMIT}.", f"Nested deeper than {DEPTH_LIMIT} levels."),
            Text("Проверьте скобки и отступы.", "Check the brackets and the indentation."),
            line=line,
        )
        raise _Stop

    def _check_amount(self, values: int, event: Event) -> None:
        if values <= VALUES_LIMIT:
            return
        self.document.blame(
            (),
            Text(f"Значений больше {VALUES_LIMIT}.", f"It holds more than {VALUES_LIMIT} values."),
            Text("Разделите файл.", "Divide the file."),
            line=_line(event),
        )
        raise _Stop

    def _blame_second_document(self, event: Event) -> None:
        self.document.blame(
            (),
            Text("В файле несколько документов (---).", "The file holds several documents (---)."),
            Text("Оставьте один документ в файле.", "Keep one document in a file."),
            line=_line(event),
        )

    def _blame_syntax(self, error: yaml.MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        message, remedy = _syntax_texts(str(error.problem or error.context or ""))
        self.document.blame((), message, remedy, line=mark.line + 1 if mark else 1)


def _line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _clean(text: str) -> bool:
    """No control characters but line feeds, no lone surrogates."""
    return _UNCLEAN.search(text) is None


def _codepoint(error: yaml.reader.ReaderError) -> int:
    return error.character if isinstance(error.character, int) else ord(error.character[:1] or "\0")


def _syntax_texts(problem: str) -> tuple[Text, Text]:
    if "'\\t'" in problem:
        return (
            Text("Отступ сделан табуляцией.", "The indentation is a tab."),
            Text("Поставьте пробелы.", "Use spaces."),
        )
    if "mapping values are not allowed" in problem:
        return (
            Text("Двоеточие там, где его быть не может.", "A colon where none can be."),
            Text(
                "Проверьте отступ; текст с двоеточием возьмите в кавычки.",
                "Check the indentation; put a text with a colon in quotes.",
            ),
        )
    if "could not find expected ':'" in problem:
        return (
            Text("После ключа нет двоеточия.", "A key without a colon."),
            Text("Напишите «ключ: значение».", 'Write "key: value".'),
        )
    if "found unexpected end of stream" in problem:
        return (
            Text("Кавычка или скобка не закрыта.", "A quote or bracket is not closed."),
            Text("Закройте её.", "Close it."),
        )
    return (
        Text(f"Ошибка в записи YAML: {problem}.", f"Not valid YAML: {problem}."),
        Text("Проверьте отступы, скобки и кавычки.", "Check indentation, brackets and quotes."),
    )
