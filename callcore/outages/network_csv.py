"""The network tree from a CSV file: all or nothing, every fault with its row.

The first row names the columns, in English or Russian, in any order, letter case does not matter:

    code       код                     required: up to 40 letters, digits and . _ / -, each once
    parent     родитель, вышестоящий   code of the node above; empty for a feeder. In any order of rows
    kind       вид, тип                required: feeder, house, point, or фидер, дом, точка
    name       название, адрес         of a house or point: its address; empty: the code
    zone       пояс, часовой пояс      tz name such as Europe/Moscow; empty: that of the node above
    contracts  договоры, договор       of the customers on it, with ; between them

Separators and encodings: see ``csvtext``. The file is the whole tree: what it leaves out is gone.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

from callcore.csvtext import FAULTS_LIMIT, Record, RowFault, read_bytes, records, row_fault
from callcore.domain import NodeCode, NodeKind
from callcore.outages.fields import NODE_CODE_REMEDY, is_node_code
from callcore.store.errors import TextRefused
from callcore.store.network import Network, NetworkNode, NewNode
from callcore.store.texts import NAME_LIMIT, WORD_LIMIT, typed_text
from callcore.strictyaml.fields import known_zone

_COLUMNS = {
    "code": ("code", "код"),
    "parent": ("parent", "родитель", "вышестоящий"),
    "kind": ("kind", "вид", "тип"),
    "name": ("name", "название", "адрес"),
    "zone": ("zone", "пояс", "часовой пояс"),
    "contracts": ("contracts", "договоры", "договор", "contract"),
}
_KINDS = {kind.value: kind for kind in NodeKind} | {
    "фидер": NodeKind.feeder,
    "дом": NodeKind.house,
    "точка": NodeKind.point,
}
_LEVELS = tuple(NodeKind)


@dataclass(frozen=True, slots=True)
class NetworkReport:
    """``faults``: nothing was imported."""

    nodes: int
    homes: int
    """Customers on nodes; one on two nodes counts twice."""
    faults: tuple[RowFault, ...] = ()
    more_faults: int = 0
    """How many are not listed."""


async def import_network(network: Network, path: Path) -> NetworkReport:
    """Make the file the whole tree. Raises ``StoreError`` (an open outage names a node that would be gone),
    ``OSError``."""
    rows, faults = await asyncio.to_thread(_read, path)
    contracts = {contract for row in rows for contract in row.new.contracts}
    known = await network.known_contracts(contracts)
    for row in rows:
        faults += [
            row_fault(
                row.row,
                f"contracts: договора {contract[:40]!r} нет; исправьте его или сначала загрузите клиентов: "
                "callcore customer import",
                f"contracts: nobody has the contract {contract[:40]!r}; mend it, or import the customers "
                "first: callcore customer import",
            )
            for contract in row.new.contracts
            if contract not in known
        ]
    nodes = [row.new for row in rows]
    homes = sum(len(new.contracts) for new in nodes)
    if faults:
        faults.sort(key=lambda fault: fault.row)
        more = max(0, len(faults) - FAULTS_LIMIT)
        return NetworkReport(len(nodes), homes, tuple(faults[:FAULTS_LIMIT]), more)
    await network.replace(nodes)
    return NetworkReport(len(nodes), homes)


def _read(path: Path) -> tuple[list[NetworkRow], list[RowFault]]:
    faults: list[RowFault] = []
    data = read_bytes(path, faults)
    return parse_network(data) if data is not None else ([], faults)


@dataclass(frozen=True, slots=True)
class NetworkRow:
    row: int
    new: NewNode


def parse_network(data: bytes) -> tuple[list[NetworkRow], list[RowFault]]:
    """The nodes in a file's bytes, parents before their children, and all faults. Never raises."""
    faults: list[RowFault] = []
    rows: dict[NodeCode, NetworkRow] = {}
    for record in records(data, _COLUMNS, ("code", "kind"), faults):
        node = _Row(record, faults).node()
        if node is None:
            continue
        code = node.node.code
        if code in rows:
            first = rows[code].row
            faults.append(
                row_fault(
                    record.row,
                    f"code: узел {code} уже был в строке {first}",
                    f"code: the node {code} stands in row {first} already",
                )
            )
        else:
            rows[code] = NetworkRow(record.row, node)
    if not rows and not faults:
        faults.append(row_fault(0, "в файле нет ни одного узла", "the file holds no nodes"))
    _blame_parents(rows, faults)
    # a parent is of a higher level: by levels, parents come first and there are no circles
    return sorted(rows.values(), key=lambda row: (_LEVELS.index(row.new.node.kind), row.row)), faults


def _blame_parents(rows: dict[NodeCode, NetworkRow], faults: list[RowFault]) -> None:
    for row in rows.values():
        node = row.new.node
        if node.parent is None:
            continue
        above = rows.get(node.parent)
        if above is None:
            faults.append(
                row_fault(
                    row.row,
                    f"parent: узла {node.parent} в файле нет; добавьте его или исправьте код",
                    f"parent: the file has no node {node.parent}; add it, or mend the code",
                )
            )
        elif _LEVELS.index(above.new.node.kind) >= _LEVELS.index(node.kind):
            faults.append(
                row_fault(
                    row.row,
                    f"parent: {node.kind} не может стоять под {above.new.node.kind}; "
                    "порядок: feeder, house, point",
                    f"parent: a {node.kind} cannot be below a {above.new.node.kind}; the order is feeder, "
                    "house, point",
                )
            )


class _Row:
    """One record on its way to a node; faults are noted, so that all of them are told at once."""

    def __init__(self, record: Record, faults: list[RowFault]) -> None:
        self._record = record
        self._faults = faults

    def blame(self, column: str, ru: str, en: str) -> None:
        self._faults.append(row_fault(self._record.row, f"{column}: {ru}", f"{column}: {en}"))

    def node(self) -> NewNode | None:
        code, kind = self._code("code"), self._kind()
        parent = self._code("parent") if self._record["parent"] else None
        name, zone, contracts = self._name(), self._zone(), self._contracts()
        if code is None or kind is None:
            return None
        if kind is NodeKind.feeder and self._record["parent"]:
            self.blame(
                "parent", "над фидером узлов нет; оставьте пустым", "nothing is above a feeder; leave empty"
            )
            parent = None
        elif kind is not NodeKind.feeder and not self._record["parent"]:
            self.blame(
                "parent", f"у {kind} должен быть вышестоящий узел", f"a {kind} needs the node above it"
            )
        return NewNode(NetworkNode(code, parent, kind, name or code, zone), contracts)

    def _code(self, column: str) -> NodeCode | None:
        text = self._record[column]
        if is_node_code(text):
            return NodeCode(text)
        self.blame(
            column,
            f"это не код узла: {text[:40]!r}. {NODE_CODE_REMEDY.ru}",
            f"not a node's code: {text[:40]!r}. {NODE_CODE_REMEDY.en}",
        )
        return None

    def _kind(self) -> NodeKind | None:
        text = self._record["kind"]
        kind = _KINDS.get(text.lower())
        if kind is None:
            self.blame(
                "kind",
                f"вида {text[:40]!r} нет; есть feeder, house, point (фидер, дом, точка)",
                f"there is no kind {text[:40]!r}; there are feeder, house, point",
            )
        return kind

    def _name(self) -> str:
        return self._text("name", self._record["name"], NAME_LIMIT)

    def _zone(self) -> str | None:
        text = self._record["zone"]
        if not text:
            return None
        zone = known_zone(text)
        if zone is None:
            self.blame(
                "zone",
                f"часового пояса {text[:40]!r} нет; напишите, например, Europe/Moscow",
                f"there is no time zone {text[:40]!r}; write for example Europe/Moscow",
            )
        return None if zone is None else zone.key

    def _contracts(self) -> tuple[str, ...]:
        texts = filter(None, map(str.strip, re.split(r"[;\n]", self._record["contracts"])))
        return tuple(dict.fromkeys(self._text("contracts", text, WORD_LIMIT) for text in texts))

    def _text(self, column: str, text: str, limit: int) -> str:
        try:
            return typed_text(text, limit, column)
        except TextRefused:
            self.blame(
                column,
                f"{len(text)} знаков, можно {limit}",
                f"{len(text)} characters, at most {limit} fit",
            )
            return ""
