"""Values of a script: each is set on every way before it is used, said as what it is, and no secret is said
or written down. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from callcore.domain import LANGUAGES, Text
from callcore.ivr.faults import ScriptFault, fault, listed
from callcore.ivr.flow import said_by
from callcore.ivr.say import Placeholder, placeholders
from callcore.ivr.script import (
    SAYABLE,
    Branch,
    Collect,
    LookUp,
    Node,
    NodeName,
    Script,
    Switch,
    ValueName,
)
from callcore.ivr.ways import Way, arrivals, reached, ways

FROM_THE_START = frozenset(
    {"caller.number", "caller.standing", "caller.segment", "caller.language", "language", "dialled"}
)

Path = tuple[str, ...]


def check_values(
    script: Script, tables: Collection[str] | None, hints: Collection[str] | None
) -> Iterator[ScriptFault]:
    """``tables``, ``hints``: whose hours and which hints there are; None: any. All ways lead somewhere."""
    secrets = frozenset(
        node.into for node in script.nodes.values() if isinstance(node, Collect) and node.is_secret
    )
    there = _surely_set(script, secrets)
    come = arrivals(script)
    for name in reached(script, [script.start]):
        node = script.nodes[name]
        yield from _texts(name, node, secrets)
        for path, value in _used(node):
            if value in there[name]:
                continue
            if value.startswith(("hours.", "hint.")):
                yield from _from_house(name, path, value, tables, hints)
            else:
                yield _not_set(name, path, value, come[name], there, script, secrets)
        if isinstance(node, Branch) and node.on in secrets:
            yield _written_down(name)


# --- where a value is set


def _surely_set(script: Script, secrets: frozenset[ValueName]) -> Mapping[NodeName, frozenset[ValueName]]:
    """By node the values that are set on whatever way a caller comes to it."""
    there = dict.fromkeys(script.nodes, _ever_set(script))
    there[script.start] = FROM_THE_START
    waiting = [script.start]
    done: set[NodeName] = set()
    while waiting:
        name = waiting.pop()
        done.add(name)
        for way in ways(script.nodes[name]):
            now = there[way.to] & _after(script.nodes[name], way, there[name], secrets)
            if now != there[way.to] or way.to not in done:
                there[way.to] = now
                waiting.append(way.to)
    return there


def _ever_set(script: Script) -> frozenset[ValueName]:
    """On some way."""
    return FROM_THE_START | {
        name for node in script.nodes.values() for way in ways(node) for name in way.sets
    }


def _after(
    node: Node, way: Way, before: frozenset[ValueName], secrets: frozenset[ValueName]
) -> frozenset[ValueName]:
    """What is set once this way was taken; a secret is gone when it was looked up."""
    gone = frozenset(node.using.values()) & secrets if isinstance(node, LookUp) else frozenset()
    return (before - gone) | frozenset(way.sets)


def _not_set(
    name: NodeName,
    path: Path,
    value: ValueName,
    come: tuple[tuple[NodeName, Way], ...],
    there: Mapping[NodeName, frozenset[ValueName]],
    script: Script,
    secrets: frozenset[ValueName],
) -> ScriptFault:
    known = sorted(_ever_set(script))
    if value not in known:
        message = Text(f"Значения {value} нет.", f"There is no value {value}.")
        return fault(name, path, message, listed(value, known))
    lacking = [
        source
        for source, way in come
        if value not in _after(script.nodes[source], way, there[source], secrets)
    ]
    return fault(
        name,
        path,
        Text(
            f"Значение {value} ещё не известно, если прийти из узла {lacking[0]}.",
            f"The value {value} is not known yet to whoever comes from {lacking[0]}.",
        )
        if lacking
        else Text(
            f"Значение {value} в начале ещё не известно.",
            f"The value {value} is not known at the start.",
        ),
        Text(
            "Узнайте его раньше: collect, look_up, set или record.",
            "Get it before: by collect, look_up, set, or record.",
        ),
    )


def _from_house(
    name: NodeName,
    path: Path,
    value: ValueName,
    tables: Collection[str] | None,
    hints: Collection[str] | None,
) -> Iterator[ScriptFault]:
    kind, _, wanted = value.partition(".")
    known = tables if kind == "hours" else hints
    if known is not None and wanted not in known:
        yield fault(
            name,
            path,
            Text(f"Значения {value} нет.", f"There is no value {value}."),
            listed(value, [f"{kind}.{each}" for each in known])
            if known
            else Text("Назовите подсказку в ivr.hints.", "Name the hint in ivr.hints."),
        )


# --- where it is used


def _used(node: Node) -> Iterator[tuple[Path, ValueName]]:
    for path, text in said_by(node):
        names = {each.name for language in LANGUAGES for each in placeholders(text.in_(language))}
        yield from ((path, name) for name in sorted(names))
    match node:
        case Branch():
            yield ("branch",), node.on
        case LookUp():
            yield from ((("using", argument), value) for argument, value in node.using.items())
        case Switch() if not node.note.isdigit():
            yield ("switch_on" if node.is_on else "switch_off",), node.note
        case _:
            pass


def _texts(name: NodeName, node: Node, secrets: frozenset[ValueName]) -> Iterator[ScriptFault]:
    for path, text in said_by(node):
        found = {language: placeholders(text.in_(language)) for language in LANGUAGES}
        for language in LANGUAGES:
            spoken = text.in_(language)
            if spoken.count("{") != spoken.count("}") or spoken.count("{") != len(found[language]):
                yield fault(
                    name,
                    (*path, language),
                    Text("Скобки { } не сходятся.", "The braces { } do not match."),
                    Text("Значение пишут так: {balance:money}.", "A value is written like {balance:money}."),
                )
            for each in found[language]:
                yield from _placeholder(name, (*path, language), each, secrets)
        if {each.name for each in found["ru"]} != {each.name for each in found["en"]}:
            yield fault(
                name,
                path,
                Text(
                    "По-русски и по-английски звучат разные значения.",
                    "Russian and English say different values.",
                ),
                Text("Назовите в обоих одни и те же.", "Name the same ones in both."),
                "warning",
            )


def _placeholder(
    name: NodeName, path: Path, each: Placeholder, secrets: frozenset[ValueName]
) -> Iterator[ScriptFault]:
    if each.kind not in SAYABLE:
        yield fault(
            name,
            path,
            Text(f"Так не сказать: {each.kind}.", f"There is no way to say {each.kind}."),
            Text(f"Можно: {', '.join(SAYABLE)}.", f"Ways to say a value: {', '.join(SAYABLE)}."),
        )
    if each.name in secrets:
        yield fault(
            name,
            path,
            Text(f"Секрет {each.name} прозвучал бы вслух.", f"The secret {each.name} would be said aloud."),
            Text("Уберите его из текста.", "Take it out of the text."),
        )


def _written_down(name: NodeName) -> ScriptFault:
    return fault(
        name,
        ("branch",),
        Text(
            "Секрет сравнивают с тем, что записано в файле.", "A secret is compared with what the file says."
        ),
        Text(
            "Проверьте его через look_up: contract_pin или staff_pin.",
            "Have it checked by look_up: contract_pin or staff_pin.",
        ),
    )
