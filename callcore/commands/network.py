"""``callcore network``: the tree of feeders, houses and connection points, from a CSV file and as it is."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

from callcore.commands.frame import (
    DONE,
    FAULTS,
    CommandFailed,
    Output,
    Work,
    add_config,
    add_json,
    add_language,
)
from callcore.config import Settings, load
from callcore.domain import NodeCode, Text
from callcore.outages.network_csv import NetworkReport, import_network
from callcore.store.database import Database
from callcore.store.errors import StoreError
from callcore.store.network import Network, NodeSummary

Tree = tuple[NodeSummary, list["Tree"]]


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    say = output.words
    actions = parser.add_subparsers(dest="action", required=True, metavar=say(Text("ДЕЙСТВИЕ", "ACTION")))
    words = Text("заменить всю сеть сетью из файла CSV", "replace the whole network by that of a CSV file")
    load_ = actions.add_parser("import", help=say(words), description=say(words), allow_abbrev=False)
    add_config(load_, output)
    add_language(load_, output)
    load_.add_argument("file", metavar="FILE", help=say(Text("файл CSV", "CSV file")))
    words = Text("показать сеть или всё ниже одного узла", "show the network, or all below one node")
    show = actions.add_parser("show", help=say(words), description=say(words), allow_abbrev=False)
    add_config(show, output)
    add_language(show, output)
    add_json(show, output)
    show.add_argument("code", metavar="CODE", nargs="?", help=say(Text("код узла", "a node's code")))


def _run(options: argparse.Namespace, output: Output) -> int:
    settings = load(Path(options.config), need_secrets=False)
    try:
        if options.action == "import":
            return _print_report(asyncio.run(_import(settings, Path(options.file))), output)
        trees = asyncio.run(_show(settings, options.code))
    except StoreError as error:
        raise CommandFailed(Text(str(error), str(error))) from None
    except OSError as error:
        why = f"{options.file}: {error.strerror}"
        raise CommandFailed(Text(why, why)) from None
    if options.json:
        output.json([_tree_json(tree) for tree in trees])
        return DONE
    for tree in trees:
        _print_tree(tree, output, 0)
    if not trees:
        output.say(
            Text(
                "Сети пока нет: callcore network import ФАЙЛ", "No network yet: callcore network import FILE"
            )
        )
    return DONE


# --- import


async def _import(settings: Settings, file: Path) -> NetworkReport:
    async with await Database.open(settings.database.address, create=True) as database:
        return await import_network(database.network, file)


def _print_report(report: NetworkReport, output: Output) -> int:
    if not report.faults:
        output.say(
            Text(
                f"Загружено узлов: {report.nodes}, клиентов на них: {report.homes}.",
                f"Imported nodes: {report.nodes}, customers on them: {report.homes}.",
            )
        )
        return DONE
    for fault in report.faults:
        place = Text(f"строка {fault.row}: ", f"row {fault.row}: ") if fault.row else Text("", "")
        output.complain(Text(place.ru + fault.message.ru, place.en + fault.message.en), "red")
    if report.more_faults:
        output.complain(Text(f"… и ещё {report.more_faults}.", f"… and {report.more_faults} more."))
    output.complain(
        Text("Ничего не загружено: исправьте строки.", "Nothing was imported: mend these rows."), "red"
    )
    return FAULTS


# --- show


async def _show(settings: Settings, code: str | None) -> list[Tree]:
    async with await Database.open(settings.database.address) as database:
        network = database.network
        if code is None:
            return [
                (feeder, [(node, []) for node in await network.children(feeder.node.code)])
                for feeder in await network.children(None)
            ]
        node = await network.node(NodeCode(code))
        if node is None:
            raise CommandFailed(Text(f"Узла {code} в сети нет.", f"The network has no node {code}."))
        siblings = await network.children(node.parent)
        return [await _below(network, next(each for each in siblings if each.node.code == node.code))]


async def _below(network: Network, summary: NodeSummary) -> Tree:
    children = await network.children(summary.node.code) if summary.children else ()
    return summary, [await _below(network, child) for child in children]


def _print_tree(tree: Tree, output: Output, depth: int) -> None:
    summary, below = tree
    node = summary.node
    people = output.words(Text(f"клиентов: {summary.customers}", f"customers: {summary.customers}"))
    zone = f" · {node.zone}" if node.zone else ""
    rest = output.words(Text(f", ниже ещё {summary.children}", f", {summary.children} more below"))
    hidden = rest if summary.children and not below else ""
    output.say(
        f"{'  ' * depth}{output.paint(node.code, 'bold')}  {node.name}{zone}  "
        + output.paint(f"{people}{hidden}", "dim")
    )
    for child in below:
        _print_tree(child, output, depth + 1)


def _tree_json(tree: Tree) -> dict[str, Any]:
    summary, below = tree
    node = summary.node
    return {
        "code": node.code,
        "parent": node.parent,
        "kind": node.kind.value,
        "name": node.name,
        "zone": node.zone,
        "customers": summary.customers,
        "nodes_below": summary.children,
        "nodes": [_tree_json(child) for child in below],
    }


NETWORK = Work(_configure, _run)
