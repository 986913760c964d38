"""What is wrong in a script as a whole: ways that lead nowhere, circles, values that are not there. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from callcore.domain import LANGUAGES, Text
from callcore.ivr.check_values import check_values
from callcore.ivr.faults import ScriptFault, fault, listed
from callcore.ivr.flow import said_by
from callcore.ivr.script import Branch, Collect, Do, LookUp, NodeName, Script, Switch, Topics, Transfer
from callcore.ivr.ways import may_end, reached, ways
from callcore.routing.situation import Standing

LONGEST_TEXT = 600
"""Characters; people hear about 15 a second, and nobody listens for more than 40 seconds."""
PIN_OF = {"contract_pin": "pin", "staff_pin": "pin"}
"""What is asked for in secret, by question."""

WORDS: Mapping[str, tuple[str, ...]] = {
    "caller.standing": tuple(each.value for each in Standing),
    "caller.language": LANGUAGES,
    "language": LANGUAGES,
}
"""All that a value may be, where that is known beforehand."""


@dataclass(frozen=True, slots=True)
class House:
    """What a script may name. None: not known, and not checked."""

    topics: Collection[str] | None = None
    tables: Collection[str] | None = None
    """Codes of the topic tables, whose hours it may ask for."""
    menu_keys: Collection[str] = ()
    """Keys of the tables' first menu, and the one for the language."""
    hints: Collection[str] | None = None
    """Names of the dialplan's hints, in lower case."""
    has_staff_pin: bool = True


def check(script: Script, house: House | None = None) -> tuple[ScriptFault, ...]:
    """Every fault of the script, in no order."""
    house = house or House()
    found = list(_targets(script))
    if not found:  # a way that leads nowhere is the one thing to say about all that is behind it
        found += [*_unreached(script), *_circles(script), *_no_way_out(script)]
        found += check_values(script, house.tables, house.hints)
    found += [
        *_open_switches(script),
        *_topics(script, house.topics),
        *_cases(script),
        *_keys(script, house.menu_keys),
        *_pins(script, house),
    ]
    return (*found, *_long(script))


# --- ways


def _targets(script: Script) -> Iterator[ScriptFault]:
    if script.start not in script.nodes:
        yield _no_node("", ("start",), script.start, script)
    for name, node in script.nodes.items():
        for way in ways(node):
            if way.to not in script.nodes:
                yield _no_node(name, way.path, way.to, script)


def _no_node(at: NodeName, path: tuple[str, ...], wanted: str, script: Script) -> ScriptFault:
    near = difflib.get_close_matches(wanted, script.nodes, n=3, cutoff=0.4) or list(script.nodes)[:20]
    return fault(
        at,
        path,
        Text(f"Узла «{wanted}» нет.", f'There is no node "{wanted}".'),
        Text(f"Есть: {', '.join(near)}.", f"Nodes: {', '.join(near)}."),
    )


def _unreached(script: Script) -> Iterator[ScriptFault]:
    known = reached(script, [script.start])
    for name in script.nodes:
        if name not in known:
            yield fault(
                name,
                (),
                Text("Сюда никто не попадёт.", "Nobody comes here."),
                Text("Приведите сюда или уберите узел.", "Lead somewhere here, or take the node out."),
                "warning",
            )


def _circles(script: Script) -> Iterator[ScriptFault]:
    """Each circle in which a caller who does nothing stays, told once, at its first node."""
    told: set[NodeName] = set()
    for name, node in script.nodes.items():
        behind = reached(script, [way.to for way in ways(node) if way.by_itself], by_itself=True)
        if name not in behind or name in told:
            continue
        circle = [other for other in script.nodes if other in behind and name in _behind(script, other)]
        told.update(circle)
        yield fault(
            name,
            (),
            Text(
                f"Кто молчит, ходит по кругу: {', '.join(circle)}.",
                f"Whoever does nothing goes round in a circle: {', '.join(circle)}.",
            ),
            Text(
                "Выведите then или otherwise одного из них, например на transfer; у look_up задайте tries.",
                "Lead the then or otherwise of one out, such as to a transfer; give a look_up its tries.",
            ),
        )


def _behind(script: Script, name: NodeName) -> frozenset[NodeName]:
    return reached(script, [way.to for way in ways(script.nodes[name]) if way.by_itself], by_itself=True)


def _no_way_out(script: Script) -> Iterator[ScriptFault]:
    for name in script.nodes:
        if not any(may_end(script.nodes[each]) for each in reached(script, [name])):
            yield fault(
                name,
                (),
                Text("Отсюда никуда не выйти.", "There is no way out of here."),
                Text(
                    "Один из путей должен вести к transfer, do или topics.",
                    "One of the ways must lead to a transfer, do, or topics.",
                ),
            )


# --- words and names


def _topics(script: Script, topics: Collection[str] | None) -> Iterator[ScriptFault]:
    for name, node in script.nodes.items():
        if topics is None or not isinstance(node, Transfer | Do) or node.topic in topics:
            continue
        yield fault(
            name,
            ("transfer" if isinstance(node, Transfer) else "topic",),
            Text(f"Темы «{node.topic}» нет.", f'There is no topic "{node.topic}".'),
            listed(node.topic, topics),
        )


def _cases(script: Script) -> Iterator[ScriptFault]:
    """Words that a value of the house never has: nobody would ever come by such a case."""
    for name, node in script.nodes.items():
        if not isinstance(node, Branch):
            continue
        known = _words_of(node.on)
        for case in node.cases if known else ():
            if case.casefold() not in known:
                yield fault(
                    name,
                    ("cases", case),
                    Text(f"{node.on} таким не бывает.", f"{node.on} is never that."),
                    Text(f"Бывает: {', '.join(known)}.", f"It is one of {', '.join(known)}."),
                )


def _words_of(value: str) -> tuple[str, ...]:
    """All that a value may be; empty: anything."""
    return ("open", "closed") if value.startswith("hours.") else WORDS.get(value, ())


def _keys(script: Script, taken: Collection[str]) -> Iterator[ScriptFault]:
    for name, node in script.nodes.items():
        for key in node.keys if isinstance(node, Topics) else ():
            if key in taken:
                yield fault(
                    name,
                    ("keys", key),
                    Text(
                        f"Клавиша {key} занята таблицей тем или выбором языка.",
                        f"The key {key} is taken by a topic table or by the language.",
                    ),
                    Text('Возьмите свободную, например "*".', 'Take a free one, such as "*".'),
                )


def _pins(script: Script, house: House) -> Iterator[ScriptFault]:
    secrets = {node.into for node in script.nodes.values() if isinstance(node, Collect) and node.is_secret}
    for name, node in script.nodes.items():
        if not isinstance(node, LookUp):
            continue
        argument = PIN_OF.get(node.what)
        if argument is not None and node.using[argument] not in secrets:
            yield fault(
                name,
                ("using", argument),
                Text("PIN-код набирают открыто.", "The PIN is typed in the open."),
                Text("Задайте у его collect: secret: true.", "Give its collect: secret: true."),
            )
        if node.what == "staff_pin" and not house.has_staff_pin:
            yield fault(
                name,
                ("look_up",),
                Text("PIN-код сотрудников не задан.", "There is no staff PIN."),
                Text(
                    "Задайте в ivr: staff_pin_file или staff_pin_env.",
                    "Set staff_pin_file or staff_pin_env in ivr.",
                ),
            )


def _open_switches(script: Script) -> Iterator[ScriptFault]:
    """Announcements that may be switched by whoever does not know the house's PIN."""
    closed = {
        name: replace(node, then=node.otherwise)
        if isinstance(node, LookUp) and node.what == "staff_pin"
        else node
        for name, node in script.nodes.items()
    }
    for name in sorted(reached(Script(script.start, closed), [script.start])):
        node = script.nodes[name]
        if isinstance(node, Switch):
            yield fault(
                name,
                ("switch_on" if node.is_on else "switch_off",),
                Text("Сюда попадают и без PIN-кода сотрудников.", "Callers come here without the staff PIN."),
                Text(
                    "Ведите сюда только через then узла look_up: staff_pin.",
                    "Lead here through the then of a look_up: staff_pin only.",
                ),
            )


def _long(script: Script) -> Iterator[ScriptFault]:
    for name, node in script.nodes.items():
        for path, text in said_by(node):
            if max(len(text.in_(language)) for language in LANGUAGES) > LONGEST_TEXT:
                yield fault(
                    name,
                    path,
                    Text(
                        f"Текст длиннее {LONGEST_TEXT} знаков, это больше 40 секунд.",
                        f"The text is longer than {LONGEST_TEXT} characters, more than 40 seconds.",
                    ),
                    Text("Сократите его: его слушают.", "Shorten it: people have to listen to it."),
                    "warning",
                )
