"""The outages' pages: a Board and a Viewer in, HTML out. And which texts may be listened to. No clock."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from callcore.domain import Language, Text
from callcore.store.network import NodeSummary
from callcore.web.board import Board
from callcore.web.boardview import BoardView
from callcore.web.look import Look
from callcore.web.pages import Viewer
from callcore.web.render import STATIC, environment, texts_of

SPOKEN_ROOM = 1000


class SpokenTexts:
    """The texts that pages offer to play, by what stands for them in an address. No others are spoken."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[str, Language]] = OrderedDict()

    def address(self, text: str, language: Language) -> str:
        key = hashlib.sha256(f"{language} {text}".encode("utf-8", "replace")).hexdigest()[:32]
        self._kept[key] = (text, language)
        self._kept.move_to_end(key)
        while len(self._kept) > SPOKEN_ROOM:
            self._kept.popitem(last=False)
        return f"/outages/spoken/{key}.wav"

    def find(self, key: str) -> tuple[str, Language] | None:
        return self._kept.get(key)


class BoardRenderer:
    def __init__(self, spoken: SpokenTexts, static: Path = STATIC) -> None:
        self._env = environment(static)
        self._spoken = spoken

    def page(self, viewer: Viewer, board: Board, now: datetime, error: Text | None = None) -> str:
        """The whole page: works before any script has run, and without one."""
        return self._render("outages.html", viewer, board, now, error)

    def main(self, viewer: Viewer, board: Board, now: datetime) -> str:
        """The inside of ``<main>``, sent on each change."""
        return self._render("board/main.html", viewer, board, now)

    def branch(self, viewer: Viewer, nodes: Sequence[NodeSummary], now: datetime) -> str:
        """Lines of the tree."""
        board = Board(Look(), (), tuple(nodes))
        return self._render("board/branch.html", viewer, board, now)

    def _render(
        self, template: str, viewer: Viewer, board: Board, now: datetime, error: Text | None = None
    ) -> str:
        texts = texts_of(viewer.language)
        view = BoardView(viewer, texts, now, board, self._spoken.address)
        return self._env.get_template(template).render(v=view, t=texts, b=board, error=error)
