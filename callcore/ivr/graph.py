"""The IVR's file drawn: its nodes, where they lead, and how many callers are in each. Pure.

The picture has the colour of the text around it, so that it fits a light and a dark page; every text in it is
escaped. In the words of the file, since that is what whoever looks at it changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from html import escape
from itertools import pairwise
from typing import Final, assert_never

from callcore.domain import LANGUAGES
from callcore.ivr.flow import said_by
from callcore.ivr.layout import BOX_HEIGHT, BOX_WIDTH, Layout, Line, Point, lay_out
from callcore.ivr.script import (
    Branch,
    Collect,
    Do,
    Emergency,
    LookUp,
    Menu,
    Node,
    NodeName,
    Outages,
    Play,
    Record,
    Script,
    Set,
    Speak,
    Switch,
    Topics,
    Transfer,
)
from callcore.ivr.ways import Way, may_end, ways
from callcore.routing.legs import kind_of

MOST_NAME, MOST_DETAIL = 23, 27
"""Characters that fit into a box."""
MOST_LABEL = 16
UNCHOSEN = ("otherwise", "failed")
"""Ways that nobody chooses: dashed lines."""
_FONT: Final = "font-family=\"ui-monospace, 'DejaVu Sans Mono', monospace\""
_SLACK: Final = 0.8
"""The share of a box's side along which its lines begin and end."""


def graph(script: Script, counts: Mapping[NodeName, int] | None = None) -> str:
    """An SVG picture; ``counts``: callers by node, shown where there are any."""
    labels = _labels(script)
    lines = tuple(line for line in labels if line[0] != line[1])
    layout = lay_out(_names(script), lines)
    width, height = f"{layout.width + 40:g}", f"{layout.height:g}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" {_FONT} font-size="12" fill="currentColor">',
        '<defs><marker id="ivr-end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8"'
        ' orient="auto"><path d="M0 0 8 4 0 8z" fill="currentColor" fill-opacity=".6"/></marker></defs>',
        *_drawn_lines(layout, labels),
        *(_drawn_box(name, script, layout.boxes[name], (counts or {}).get(name, 0)) for name in script.nodes),
        "</svg>",
    ]
    return "\n".join(parts)


def _names(script: Script) -> tuple[NodeName, ...]:
    first = (script.start,) if script.start in script.nodes else ()
    return (*first, *(name for name in script.nodes if name != script.start))


# --- lines


def _labels(script: Script) -> Mapping[Line, list[str]]:
    """What leads from one node to another; empty words for what is no choice."""
    found: defaultdict[Line, list[str]] = defaultdict(list)
    for name, node in script.nodes.items():
        for way in ways(node):
            if way.to in script.nodes:
                found[name, way.to].append(_label(way))
    return found


def _label(way: Way) -> str:
    """``1`` of a key, the word of a case; ``then`` needs none."""
    return "" if way.path == ("then",) else way.path[-1]


def _drawn_lines(layout: Layout, labels: Mapping[Line, list[str]]) -> Iterator[str]:
    ports = _ports(layout)
    for line, words in labels.items():
        if line[0] == line[1]:
            points: tuple[Point, ...] = _loop(layout.boxes[line[0]])
            path = "M{:g} {:g}C{:g} {:g} {:g} {:g} {:g} {:g}".format(
                *(at for point in points for at in point)
            )
        else:
            points = _points(line, layout, ports)
            path = _curve(points)
        choices = [word for word in words if word not in UNCHOSEN]
        is_dashed = not choices
        label = ", ".join(dict.fromkeys(filter(None, choices or words)))
        dashes = ' stroke-dasharray="5 4"' if is_dashed else ""
        title = f"{line[0]} → {line[1]}" + (f": {label}" if label else "")
        yield (
            f'<g class="way"><title>{escape(title)}</title><path d="{path}" fill="none"'
            f' stroke="currentColor" stroke-opacity=".6"{dashes} marker-end="url(#ivr-end)"/>'
            f"{'' if is_dashed else _drawn_label(points, label)}</g>"
        )


def _drawn_label(points: tuple[Point, ...], label: str) -> str:
    if not label:
        return ""
    (x1, y1), (x2, y2) = points[:2]
    x, y = (x1 + x2) / 2 + 5, (y1 + y2) / 2 + 4
    return f'<text x="{x:.1f}" y="{y:.1f}" font-weight="bold">{escape(_cut(label, MOST_LABEL))}</text>'


def _ports(layout: Layout) -> Mapping[tuple[Line, bool], float]:
    """Where each line leaves the bottom (True) of its upper box, and the top of its lower one."""
    sides: defaultdict[tuple[str, bool], list[tuple[float, Line]]] = defaultdict(list)
    for line, bends in layout.bends.items():
        way: list[Point] = [layout.boxes[line[0]], *bends, layout.boxes[line[1]]]
        upper, lower = line
        if line in layout.rising:
            way.reverse()
            upper, lower = lower, upper
        sides[upper, True].append((way[1][0], line))
        sides[lower, False].append((way[-2][0], line))
    found = {}
    for (name, is_bottom), side in sides.items():
        step = BOX_WIDTH * _SLACK / len(side)
        first = layout.boxes[name][0] - step * (len(side) - 1) / 2
        for place, (_, line) in enumerate(sorted(side)):
            found[line, is_bottom] = first + place * step
    return found


def _points(line: Line, layout: Layout, ports: Mapping[tuple[Line, bool], float]) -> tuple[Point, ...]:
    """From side to side; through a layer on its way the line goes straight."""
    half = BOX_HEIGHT / 2
    is_rising = line in layout.rising
    source, target = layout.boxes[line[0]], layout.boxes[line[1]]
    down = -half if is_rising else half
    points = [(ports[line, not is_rising], source[1] + down)]
    for x, y in layout.bends[line]:
        points += [(x, y - down), (x, y + down)]
    return (*points, (ports[line, is_rising], target[1] - down))


def _curve(points: tuple[Point, ...]) -> str:
    path = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for place, ((x1, y1), (x2, y2)) in enumerate(pairwise(points)):
        middle = (y1 + y2) / 2
        straight = place % 2 == 1
        path.append(
            f"V{y2:.1f}" if straight else f"C{x1:.1f} {middle:.1f} {x2:.1f} {middle:.1f} {x2:.1f} {y2:.1f}"
        )
    return "".join(path)


def _loop(box: Point) -> tuple[Point, ...]:
    """Of a node that leads to itself: out of its right side and in again."""
    x, y = box[0] + BOX_WIDTH / 2, box[1]
    return ((x, y - 12), (x + 30, y - 14), (x + 30, y + 14), (x, y + 12))


# --- boxes


def _drawn_box(name: NodeName, script: Script, middle: Point, count: int) -> str:
    node = script.nodes[name]
    x, y = middle[0] - BOX_WIDTH / 2, middle[1] - BOX_HEIGHT / 2
    rounding = BOX_HEIGHT / 2 if may_end(node) and not ways(node) else 5
    width = 2.5 if name == script.start else 1.2
    said = [text.in_(language) for _path, text in said_by(node) for language in LANGUAGES]
    title = "\n".join([name, *said])
    badge = (
        f'<rect x="{x + BOX_WIDTH - 24:.1f}" y="{y - 10:.1f}" width="{20 + 8 * len(str(count))}" height="20"'
        f' rx="10" fill="#1565c0"/><text class="now" x="{x + BOX_WIDTH - 14 + 4 * len(str(count)):.1f}"'
        f' y="{y + 4:.1f}" text-anchor="middle" font-weight="bold" fill="#fff">{count}</text>'
    )
    return (
        f'<g class="node"><title>{escape(title)}</title>'
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{BOX_WIDTH:g}" height="{BOX_HEIGHT:g}" rx="{rounding:g}"'
        f' fill="currentColor" fill-opacity=".05" stroke="currentColor" stroke-width="{width}"/>'
        f'<text x="{middle[0]:.1f}" y="{middle[1] - 3:.1f}" text-anchor="middle" font-weight="bold">'
        f"{escape(_cut(name, MOST_NAME))}</text>"
        f'<text x="{middle[0]:.1f}" y="{middle[1] + 13:.1f}" text-anchor="middle" font-size="11"'
        f' fill-opacity=".75">{escape(_cut(describe(node), MOST_DETAIL))}</text>'
        f"{badge if count else ''}</g>"
    )


def describe(node: Node) -> str:
    """What a node does, in the file's words: ``collect contract``."""
    match node:
        case Play():
            return "play"
        case Menu():
            return "menu"
        case Topics():
            return "topics"
        case Outages():
            return "outages"
        case Emergency():
            return "emergency"
        case Collect():
            return f"collect {node.into}"
        case Branch():
            return f"branch {node.on}"
        case LookUp():
            return f"look_up {node.what}"
        case Set():
            return f"set {', '.join(node.values)}" if node.values else "goto"
        case Record():
            return f"record {node.into}"
        case Speak():
            return f"speak {node.language or 'other'}"
        case Transfer():
            return f"transfer {node.topic}"
        case Do():
            return f"do {', '.join(kind_of(leg) for leg in node.legs)}"
        case Switch():
            return f"{'switch_on' if node.is_on else 'switch_off'} {node.note}"
        case _:  # pragma: no cover
            assert_never(node)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
