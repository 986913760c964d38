"""Where boxes and the lines between them go in a drawing of layers. Pure, and the same for the same input.

A box stands one layer below the lowest of those that lead to it; ways back up to an earlier box do not count.
A line over several layers has a bend in each of them, so that it passes between the boxes. Boxes and bends of
a layer stand in the order of their neighbours above and below, and as near to them as their widths allow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from graphlib import TopologicalSorter
from itertools import pairwise

BOX_WIDTH, BOX_HEIGHT = 184.0, 46.0
GAP, DROP, MARGIN = 26.0, 62.0, 24.0
"""Between boxes of a layer, between layers, around everything."""
BEND_WIDTH = 14.0
SWEEPS = 8

Point = tuple[float, float]
Line = tuple[str, str]
Cell = tuple[str, str, int]
"""A box ``(name, "", 0)``, or the bend of a line in a layer ``(from, to, layer)``."""


@dataclass(frozen=True, slots=True)
class Layout:
    """In pixels, from the upper left corner."""

    boxes: Mapping[str, Point]
    """By name the middle of each box."""
    bends: Mapping[Line, tuple[Point, ...]]
    """The middles of a line's bends, from its first box to its second."""
    rising: frozenset[Line]
    """Lines that lead up again."""
    width: float
    height: float


@lru_cache(maxsize=16)
def lay_out(names: tuple[str, ...], lines: tuple[Line, ...]) -> Layout:
    """``names``: of all boxes, the first one on top; ``lines``: each once, none from a box to itself."""
    rising = _rising(names, lines)
    layer = _layers(names, [line for line in lines if line not in rising])
    chains = {line: _chain(line, layer, line in rising) for line in lines}
    rows = _rows(names, layer, chains.values())
    near = _neighbours(chains.values())
    x = _spread(rows, near)
    left = min((x[cell] - _width(cell) / 2 for cell in x), default=0.0) - MARGIN
    right = max((x[cell] + _width(cell) / 2 for cell in x), default=0.0) + MARGIN
    middle = {
        cell: (round(x[cell] - left, 1), MARGIN + BOX_HEIGHT / 2 + depth * (BOX_HEIGHT + DROP))
        for depth, row in enumerate(rows)
        for cell in row
    }
    return Layout(
        {name: middle[_box(name)] for name in names},
        {line: tuple(middle[cell] for cell in _bends(line, chains[line], rising)) for line in lines},
        rising,
        round(right - left, 1),
        2 * MARGIN + len(rows) * (BOX_HEIGHT + DROP) - DROP,
    )


def _box(name: str) -> Cell:
    return (name, "", 0)


def _width(cell: Cell) -> float:
    return BEND_WIDTH if cell[1] else BOX_WIDTH


# --- layers


def _rising(names: Sequence[str], lines: Iterable[Line]) -> frozenset[Line]:
    """Lines to a box through which one has come: without them there is no circle."""
    below: defaultdict[str, list[str]] = defaultdict(list)
    for source, target in lines:
        below[source].append(target)
    found: set[Line] = set()
    seen: set[str] = set()
    for first in names:
        if first in seen:
            continue
        way, left = [first], {first: iter(below[first])}
        seen.add(first)
        while way:
            following = next(left[way[-1]], None)
            if following is None:
                del left[way.pop()]
            elif following in left:
                found.add((way[-1], following))
            elif following not in seen:
                seen.add(following)
                way.append(following)
                left[following] = iter(below[following])
    return frozenset(found)


def _layers(names: Sequence[str], lines: Iterable[Line]) -> Mapping[str, int]:
    above: dict[str, list[str]] = {name: [] for name in names}
    for source, target in lines:
        above[target].append(source)
    layer: dict[str, int] = {}
    for name in TopologicalSorter(above).static_order():
        layer[name] = max((layer[each] + 1 for each in above[name]), default=0)
    return layer


def _chain(line: Line, layer: Mapping[str, int], is_rising: bool) -> tuple[Cell, ...]:
    """A line's cells from the upper box to the lower one."""
    upper, lower = reversed(line) if is_rising else line
    bends = ((*line, depth) for depth in range(layer[upper] + 1, layer[lower]))
    return (_box(upper), *bends, _box(lower))


def _bends(line: Line, chain: tuple[Cell, ...], rising: frozenset[Line]) -> tuple[Cell, ...]:
    inner = chain[1:-1]
    return inner[::-1] if line in rising else inner


# --- order within a layer


def _rows(
    names: Sequence[str], layer: Mapping[str, int], chains: Iterable[tuple[Cell, ...]]
) -> list[list[Cell]]:
    """The cells of each layer, ordered by where their neighbours stand."""
    rows: list[list[Cell]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for name in names:
        rows[layer[name]].append(_box(name))
    for chain in chains:
        for cell in chain[1:-1]:
            rows[cell[2]].append(cell)
    near = _neighbours(chains)
    for sweep in range(SWEEPS):
        ways = range(1, len(rows)) if sweep % 2 == 0 else range(len(rows) - 2, -1, -1)
        step = -1 if sweep % 2 == 0 else 1
        for depth in ways:
            beside = {cell: place for place, cell in enumerate(rows[depth + step])}
            _reorder(rows[depth], near, beside)
    return rows


def _neighbours(chains: Iterable[tuple[Cell, ...]]) -> Mapping[Cell, list[Cell]]:
    near: defaultdict[Cell, list[Cell]] = defaultdict(list)
    for chain in chains:
        for upper, lower in pairwise(chain):
            near[upper].append(lower)
            near[lower].append(upper)
    return near


def _reorder(row: list[Cell], near: Mapping[Cell, list[Cell]], beside: Mapping[Cell, int]) -> None:
    """By the middle of the neighbours ``beside``; a cell without any keeps its place."""
    wanted: dict[Cell, float] = {}
    for place, cell in enumerate(row):
        places = [beside[each] for each in near.get(cell, ()) if each in beside]
        wanted[cell] = sum(places) / len(places) if places else float(place)
    row.sort(key=wanted.__getitem__)


# --- places within a layer


def _spread(rows: list[list[Cell]], near: Mapping[Cell, list[Cell]]) -> dict[Cell, float]:
    x: dict[Cell, float] = {}
    for row in rows:
        x.update(zip(row, _packed(row, [0.0] * len(row)), strict=True))
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = [_mean([x[each] for each in near.get(cell, ())], x[cell]) for cell in row]
            x.update(zip(row, _packed(row, wanted), strict=True))
    return x


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _packed(row: Sequence[Cell], wanted: Sequence[float]) -> list[float]:
    """Places in this order, as near to the wanted ones as widths allow: the least sum of squares."""
    offsets = [0.0]
    for left, right in pairwise(row):
        offsets.append(offsets[-1] + (_width(left) + _width(right)) / 2 + GAP)
    blocks: list[tuple[float, int]] = []
    """Cells that touch: where the first would stand without them all, and how many they are."""
    for want, offset in zip(wanted, offsets, strict=False):
        middle, count = want - offset, 1
        while blocks and blocks[-1][0] > middle:
            before, cells = blocks.pop()
            middle, count = (before * cells + middle * count) / (cells + count), cells + count
        blocks.append((middle, count))
    free = [middle for middle, count in blocks for _ in range(count)]
    return [place + offset for place, offset in zip(free, offsets, strict=False)]
