"""Pages of the operator's desk: a Desk and a Viewer in, HTML out. No sockets, no clock.

Every text goes through ``Texts``, every value through Jinja's autoescape; an undefined name is an error, not
a gap on the page. Names from the network stand in ``<bdi>``, so that they cannot turn the line around.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from callcore.domain import Language, Login, QueueName, Text
from callcore.screenpop.card import Desk
from callcore.screenpop.ports import DeskRefused
from callcore.web.deskview import View
from callcore.web.i18n import Texts
from callcore.web.pages import TopicChoice, Viewer
from callcore.web.topic_menu import TopicMenu

STATIC = Path(__file__).parent / "static"
ASSETS = (
    "live.js",
    "desk.css",
    "outages.js",
    "outages.css",
    "record.js",
    "record.css",
    "story.css",
    "icon.svg",
)
_PROBLEMS = {403: "forbidden", 404: "missing", **dict.fromkeys((400, 409, 413, 422), "refused")}


class FrontEndMissing(Exception):
    """The bundled script and styles are not there: install the package (``pip install .``) to build them."""


class DeskRenderer:
    """The ``Renderer`` of the operator's pages; safe to share between tasks and threads."""

    def __init__(
        self,
        queues: Callable[[], Mapping[QueueName, Text]] = dict,
        static: Path = STATIC,
        names: Callable[[], Mapping[Login, str]] = dict,
        is_bare: Callable[[Login], bool] = lambda _login: False,
    ) -> None:
        """``queues`` gives titles, ``names`` those of people; ``static`` holds ``dist``. Raises
        FrontEndMissing if it was not built."""
        self._queues = queues
        self._names = names
        self._is_bare = is_bare
        self._env = environment(static)
        self._menus: dict[str, TopicMenu] = {}

    def texts(self, language: str) -> Texts:
        return texts_of(language)

    def sign_in(
        self, language: Language, *, error: str = "", login: str = "", csrf: str, ticket: str = ""
    ) -> str:
        page = self._env.get_template("sign_in.html")
        return page.render(t=self.texts(language), error=error, login=login, csrf=csrf, ticket=ticket)

    def desk_page(
        self, viewer: Viewer, desk: Desk | None, topics: tuple[TopicChoice, ...], now: datetime
    ) -> str:
        return self._desk("desk.html", viewer, desk, topics, now, "")

    def desk_main(
        self,
        viewer: Viewer,
        desk: Desk | None,
        topics: tuple[TopicChoice, ...],
        now: datetime,
        *,
        error: str | DeskRefused = "",
    ) -> str:
        return self._desk("main.html", viewer, desk, topics, now, error)

    def problem(self, language: Language, status: int, why: Text | None = None) -> str:
        """``why``: what exactly was refused."""
        page, kind = self._env.get_template("problem.html"), _PROBLEMS.get(status, "fault")
        return page.render(t=self.texts(language), status=status, kind=kind, why=why)

    def _desk(
        self,
        template: str,
        viewer: Viewer,
        desk: Desk | None,
        topics: tuple[TopicChoice, ...],
        now: datetime,
        error: str | DeskRefused,
    ) -> str:
        texts = self.texts(viewer.language)
        menu = self._menu(topics, texts.spoken)
        favourites = desk.favourites if desk else ()
        is_bare = desk is not None and self._is_bare(desk.login)
        view = View(viewer, menu, self._queues(), texts, now, favourites, self._names(), is_bare)
        return self._env.get_template(template).render(v=view, t=texts, desk=desk, error=error)

    def _menu(self, topics: tuple[TopicChoice, ...], spoken: str) -> TopicMenu:
        """The one of this edition, which stays the same object until the next."""
        known = self._menus.get(spoken)
        if known is None or known.topics is not topics:
            known = self._menus[spoken] = TopicMenu(topics, spoken)
        return known


def environment(static: Path = STATIC) -> Environment:
    """The templates, and where their bundled files are. Raises FrontEndMissing if those were not built."""
    made = Environment(
        loader=PackageLoader("callcore.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["asset"] = {name: _asset(static / "dist", name) for name in ASSETS}.__getitem__
    return made


@cache
def texts_of(language: str) -> Texts:
    return Texts(language)


def _asset(dist: Path, name: str) -> str:
    """Address of a bundled file; changes with its content, so that browsers may keep it for ever."""
    try:
        digest = hashlib.sha256((dist / name).read_bytes()).hexdigest()[:12]
    except FileNotFoundError as error:
        raise FrontEndMissing(str(dist / name)) from error
    return f"/static/dist/{name}?v={digest}"
