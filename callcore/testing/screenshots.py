"""Pictures of every page for the documentation: the real daemon on a base full of seeds, in Chromium.

    python -m callcore.testing.screenshots [--out docs/images] [--only desk] [--language ru]

Time stands still at ``AT``, so that a picture changes only when its page does. Asterisk is played by
``ScriptedAmi``; nobody is called and nothing leaves the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable, Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from playwright.async_api import Error

from callcore import logs
from callcore.app import Daemon
from callcore.config import load
from callcore.crm import seeds
from callcore.crm.seeds_work import OFFICE
from callcore.domain import CustomerId, Language, Login
from callcore.store.case_find import Look
from callcore.store.database import Database
from callcore.testing.ami import ScriptedAmi
from callcore.testing.lab import LabError
from callcore.testing.lab.browser import chromium
from callcore.testing.lab.packages import fetch
from callcore.testing.picture_calls import SHOWN
from callcore.testing.picture_desk import handed_on, talk
from callcore.testing.picture_ledger import TALK, furnish_ledger
from callcore.testing.picture_office import AT, PASSWORD, StillClock, furnish, write_settings
from callcore.testing.picture_voice import keep_earlier
from callcore.testing.png import packed

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page

SIZE = {"width": 1280, "height": 720}
MOST_BYTES = 150_000
ASKED = "/routing/explain?topic=finance.claim&on=2026-11-22&clock=12:00"
PREPARED = ("Заходила в офис, чек показала.", "Просит позвонить после 18:00.")
SHEET = (
    "contract;name;numbers;tariff;balance\n"
    "ЗР-100037;Воробьёва Анна Сергеевна;+79000000102;Домашний 300;350,00\n"
    "ЗР-200001;Осипов Павел Романович;+79000000801;Домашний 100;0\n"
    "ЗР-200002;ООО «Лён»;+79000000802;Бизнес 50;1200,50\n"
)


OUTAGE = """outages:
  - number: "2026-118"
    kind: emergency
    cause: {ru: "повреждён кабель на проспекте Мира", en: "a damaged cable in Prospekt Mira"}
    starts_at: 2026-11-18T11:05:00+03:00
    estimated_restoration_at: 2026-11-18T14:00:00+03:00
    nodes: [H-5, H-6]
"""


@dataclass
class _Studio:
    """The daemon, and a browser window for each person and language."""

    daemon: Daemon
    browser: Browser
    stack: AsyncExitStack
    windows: dict[tuple[str, Language], BrowserContext] = field(default_factory=dict)
    csrf: dict[tuple[str, Language], str] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        return self.daemon.database

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.daemon.http_port}{path}"

    async def window(self, login: str, language: Language) -> BrowserContext:
        """Signed in, reading in that language."""
        key = login, language
        if key not in self.windows:
            await self.database.users.set_language(Login(login), language)
            context = await self.browser.new_context(
                viewport=SIZE,  # type: ignore[arg-type]
                locale=language,
                timezone_id="Europe/Moscow",
                reduced_motion="reduce",
            )
            self.stack.push_async_callback(context.close)
            answer = await context.request.post(
                self.url("/api/v1/session"), data={"login": login, "password": PASSWORD}
            )
            self.csrf[key] = str((await answer.json())["csrf"])
            self.windows[key] = context
        else:  # he may have read in the other language since; sessions remember which one it was
            await self._send(key, "/language", language=language, back="/desk")
        return self.windows[key]

    async def post(self, login: str, language: Language, path: str, **fields: str) -> None:
        await self.window(login, language)
        await self._send((login, language), path, **fields)

    async def _send(self, key: tuple[str, Language], path: str, **fields: str) -> None:
        form: dict[str, Any] = {"csrf": self.csrf[key], **fields}
        answer = await self.windows[key].request.post(
            self.url(path), form=form, headers={"Origin": self.url("")}, max_redirects=0
        )
        if answer.status != 303:
            raise RuntimeError(f"POST {path}: {answer.status}")

    async def customer(self) -> CustomerId:
        found = await self.database.customers.by_contract(seeds.customers()[0].contract)
        assert found is not None
        return found.id

    async def case(self, type: str) -> str:
        found = await self.database.cases.find(Look(type=type, limit=1), AT)
        return f"/cases/{found.lines[0].number}"


Go = Callable[["Page", _Studio, Language], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class _Shot:
    """One picture: whose window, which address (``{anna}``: that customer), and what is done there first."""

    name: str
    path: str
    login: str = "anna"
    go: Go | None = None


# --- what is done before a picture is taken


async def _two_topics(page: Page, studio: _Studio, language: Language) -> None:
    await page.locator("textarea[id^=comment-]").first.wait_for()
    if await page.locator("textarea[id^=comment-]").count() < 2:
        await page.locator("textarea[id^=comment-]").first.fill(PREPARED[0])
        await page.locator("[id^=add-topic-]").click()
        await page.locator("textarea[id^=comment-]").nth(1).fill(PREPARED[1])
    await page.get_by_text("C-2026-000001").first.wait_for()


async def _panel(page: Page, studio: _Studio, language: Language) -> None:
    await page.locator("[id^=new-case-]").click()
    await page.locator("#dock h2, #dock .panel-title").first.wait_for()


async def _hand(page: Page, studio: _Studio, language: Language) -> None:
    await page.locator("[data-f6]").click()
    await page.locator("#dock .offer").first.wait_for()


async def _type(page: Page, selector: str, text: str, then: str) -> None:
    await page.locator(selector).fill(text)
    await page.locator(then).first.wait_for()


async def _search(page: Page, studio: _Studio, language: Language) -> None:
    await _type(page, "#q", "воробьева садовая", "[data-choice]")


async def _sheet(page: Page, studio: _Studio, language: Language) -> None:
    await page.locator("#f-file").set_input_files(
        {"name": "customers.csv", "mimeType": "text/csv", "buffer": SHEET.encode()}
    )
    await page.locator("main form button.main").last.click()
    await page.locator("table.list").first.wait_for()


async def _factor(page: Page, studio: _Studio, language: Language) -> None:
    await studio.post("boris", language, "/account/factor", do="offer")
    await page.reload()
    await page.locator("main img").first.wait_for()


async def _outage(page: Page, studio: _Studio, language: Language) -> None:
    if not await studio.database.outages.open():
        await studio.daemon.outgoing.board.publish(OUTAGE.encode(), "outage.yaml", "dispatch")
    await page.goto(studio.url("/outages?outage=2026-118"))
    await page.locator(".campaign .chip.done").first.wait_for()


async def _ledger(page: Page, studio: _Studio, language: Language) -> None:
    await furnish_ledger(studio.daemon, AT)
    await page.reload()
    await page.locator("main .sheet").first.wait_for()


async def _second_line(page: Page, studio: _Studio, language: Language) -> None:
    await page.locator(".card .handed").wait_for()
    await page.locator(".card .timeline").wait_for()
    await page.locator("#colleagues-sum", has_text=re.compile("говор|talk")).wait_for()
    # both the words and what came before are to be seen
    await page.set_viewport_size({"width": SIZE["width"], "height": 880})


async def _answer(page: Page, studio: _Studio, language: Language) -> None:
    await page.locator("#answer").evaluate("part => part.scrollIntoView()")


async def _graph(page: Page, studio: _Studio, language: Language) -> None:
    await page.locator("#ivr-now").evaluate("part => part.scrollIntoView()")


SHOTS: tuple[_Shot, ...] = (
    _Shot("desk", "/desk", go=_two_topics),
    _Shot("desk-panel", "/desk", go=_panel),
    _Shot("transfer", "/desk", go=_hand),
    _Shot("search", "/customers", go=_search),
    _Shot("customer", "/customers/{anna}"),
    _Shot("case", "{case:connection}"),
    _Shot("cases", "/cases?folder=all"),
    _Shot("overdue", "/cases?folder=overdue", "olga"),
    _Shot("flash", "/flash", "olga"),
    _Shot("announcement", "/flash/new?house=1", "olga"),
    _Shot("knowledge", "/knowledge"),
    _Shot("article", "/knowledge/recalculation"),
    _Shot("directory", "/directory"),
    _Shot("visits", f"/visits?office={OFFICE}"),
    _Shot("calls", "/calls", "olga"),
    _Shot("call", f"/calls/{SHOWN}", "olga"),
    _Shot("import", "/customers/import", "ivan", _sheet),
    _Shot("admin", "/admin", "ivan"),
    _Shot("audit", "/admin/audit", "ivan"),
    _Shot("erase", "/customers/{anna}/erase", "ivan"),
    _Shot("account", "/account", "boris", _factor),
    _Shot("webhooks", "/admin/webhooks", "ivan"),
    _Shot("api", "/api", "ivan"),
    _Shot("outages", "/outages", "olga", _outage),
    _Shot("voicemails", "/voicemails"),
    _Shot("work", "/work"),
    _Shot("call-backs", "/work?tab=wish"),
    _Shot("routing", "/routing", "olga"),
    _Shot("routing-table", "/routing/tables/telesales", "olga"),
    _Shot("routing-explain", ASKED, "olga", _answer),
    _Shot("editions", "/routing/editions", "olga"),
    _Shot("edition", "/routing/editions/2", "olga"),
    _Shot("ivr", "/routing/ivr", "olga"),
    _Shot("ivr-graph", "/routing/ivr", "olga", _graph),
    _Shot("second-line", "/desk", "boris", _second_line),
    _Shot("placed-calls", "/placed-calls", "olga", _ledger),
    _Shot("recordings", "/recordings", "olga", _ledger),
    _Shot("recording", f"/recordings?call={TALK}", "olga", _ledger),
    _Shot("opt-outs", "/opt-outs", "olga", _ledger),
)


SCENES = {"anna": talk, "boris": handed_on}
"""What is on whose desk."""


async def _take(studio: _Studio, shot: _Shot, language: Language, folder: Path) -> int:
    """Make one picture; its size in bytes."""
    path = await _address(studio, shot.path)
    window = await studio.window(shot.login, language)
    page = await window.new_page()
    answer = await page.goto(studio.url(path))
    if answer is None or answer.status != 200:
        raise RuntimeError(f"{path}: {answer and answer.status}")
    if shot.path == "/desk":
        # the page is there: a card that nobody saw would be listed as missed
        await SCENES[shot.login](studio.daemon, Login(shot.login))
    if shot.go is not None:
        await shot.go(page, studio, language)
    await page.mouse.move(0, 0)
    await page.evaluate("document.fonts.ready")
    wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    if wide:
        print(f"{shot.name}.{language}: wider than the window", file=sys.stderr)
    body = await page.screenshot(animations="disabled", caret="hide")
    await page.close()
    if len(body) > MOST_BYTES:
        body = await asyncio.to_thread(packed, body)
    (folder / f"{shot.name}.{language}.png").write_bytes(body)
    return len(body)


async def _address(studio: _Studio, path: str) -> str:
    path = path.replace("{anna}", str(await studio.customer()))
    if found := re.search(r"\{case:(\w+)\}", path):
        path = path.replace(found[0], await studio.case(found[1]))
    return path


async def _make(out: Path, only: Collection[str], languages: tuple[Language, ...]) -> int:
    bad = 0
    with tempfile.TemporaryDirectory(prefix="callcore-pictures-") as name:
        folder = Path(name)
        logs.configure("WARNING", file=str(folder / "callcore.log"))
        async with AsyncExitStack() as stack:
            ami = await stack.enter_async_context(ScriptedAmi())
            settings = load(write_settings(folder, ami))
            await keep_earlier(settings, AT)
            daemon = Daemon(settings)
            daemon.clock, daemon.drain_seconds = StillClock(), 0.0
            await stack.enter_async_context(daemon)
            await furnish(daemon, folder)
            stop = asyncio.Event()
            running = asyncio.create_task(daemon.run(stop))
            try:
                for link in daemon.links.values():
                    await link.tried()
                studio = _Studio(daemon, await stack.enter_async_context(chromium()), stack)
                for shot in SHOTS:
                    if only and shot.name not in only:
                        continue
                    for language in languages:
                        try:
                            size = await _take(studio, shot, language, out)
                        except (RuntimeError, Error) as fault:  # the others may be taken all the same
                            bad += 1
                            print(f"{shot.name}.{language}: {fault}", file=sys.stderr)
                            continue
                        bad += size > MOST_BYTES
                        heavy = " (too heavy)" if size > MOST_BYTES else ""
                        print(f"{shot.name}.{language}.png {size // 1000} kB{heavy}")
            finally:
                stop.set()
                await running
    return bad


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m callcore.testing.screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    names = tuple(shot.name for shot in SHOTS)
    parser.add_argument("--only", action="append", metavar="NAME", choices=names, help=", ".join(names))
    parser.add_argument("--language", choices=get_args(Language))
    options = parser.parse_args(arguments)
    languages: tuple[Language, ...] = (options.language,) if options.language else ("ru", "en")
    try:
        fetch(["chromium"])
        options.out.mkdir(parents=True, exist_ok=True)
        bad = asyncio.run(_make(options.out, options.only or (), languages))
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
