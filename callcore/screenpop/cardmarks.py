"""What other rooms put on cards: the page that another program names, the state of a recording."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from callcore.domain import CallId, Login
from callcore.screenpop.card import OtherPage, TalkState
from callcore.screenpop.deskbook import UPDATED, DeskBook

MOST_PAGES = 500


class CardMarks:
    """Both may come before the card they are for."""

    def __init__(self, book: DeskBook) -> None:
        self._book = book
        self._pages: OrderedDict[tuple[Login, CallId], OtherPage] = OrderedDict()
        """Named by another program before the card opened."""
        self._recorded: dict[CallId, TalkState] = {}

    def popped(self, login: Login, call: CallId) -> None:
        """The card of this call is on his desk."""
        self._put_page(login, call)
        self._put_recording(login, call)

    def other_page(self, login: Login, call: CallId, page: OtherPage) -> None:
        """Another program says what to open for this call: a link on its card, which may open later."""
        self._pages[login, call] = page
        while len(self._pages) > MOST_PAGES:
            self._pages.popitem(last=False)
        if self._put_page(login, call):
            self._book.tell(login, UPDATED, {"call": call})

    def _put_page(self, login: Login, call: CallId) -> bool:
        tab = self._book.open_tab(login, call)
        page = self._pages.pop((login, call), None) if tab is not None else None
        if tab is None or page is None:
            return False
        self._book.keep_tab(login, replace(tab, other_page=page))
        return True

    def recording(self, call: CallId, state: TalkState) -> None:
        """The recording of a call was begun, paused, resumed, or is over: whoever talks on it sees that."""
        if state:
            self._recorded[call] = state
        else:
            self._recorded.pop(call, None)
        for login in self._book.logins():
            if self._put_recording(login, call):
                self._book.tell(login, UPDATED, {"call": call})

    def _put_recording(self, login: Login, call: CallId) -> bool:
        tab, state = self._book.open_tab(login, call), self._recorded.get(call, "")
        if tab is None or tab.recording == state:
            return False
        self._book.keep_tab(login, replace(tab, recording=state))
        return True
