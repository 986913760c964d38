"""The operator looks at another tab for longer than five minutes; his desk goes on all the same."""

import asyncio
from pathlib import Path

from callcore.testing.house import TO_FINANCE, House
from callcore.testing.lab.tabs import HIDDEN_FOR_LONG, tabs

NOTICES = """
window.notices = [];
window.Notification = class {
  static permission = 'granted';
  constructor(title, {body}) { window.notices.push(title + ' / ' + body); }
  close() {}
}"""
COUNT = "window.ticks = 0; setInterval(() => window.ticks++, 200)"


async def test_a_card_reaches_a_tab_whose_timers_sleep(house: House, tmp_path: Path) -> None:
    anna = await house.on_shift("anna", "101")
    await anna.deafen()
    [cookie] = [c for c in anna.http.cookie_jar if c.key.endswith("callcore_session")]
    async with tabs(tmp_path / "profile", [HIDDEN_FOR_LONG]) as browser:
        desk = await browser.open()
        await desk.send("Network.setCookie", name=cookie.key, value=cookie.value, url=house.stage.url)
        await desk.go(house.stage.url + "/desk")
        daemon = house.stage.daemon
        assert daemon is not None

        async def is_live() -> bool:
            return daemon.hub.connections("anna") == 1

        await house.until(is_live)
        await desk.value(COUNT)
        await desk.value(NOTICES)
        await browser.open("about:blank")
        assert await desk.value("document.visibilityState") == "hidden"

        async def sleeps() -> bool:
            """Not one tick in two seconds: Chromium now wakes its timers once a minute."""
            before = await desk.value("window.ticks")
            await asyncio.sleep(2)
            return await desk.value("window.ticks") == before

        await house.until(sleeps)  # more than 60 s were seen on a loaded machine
        caller = await house.call(*TO_FINANCE)

        async def is_hidden() -> bool:
            return _pops("hidden") in daemon.metrics.render()

        await house.until(is_hidden)
        assert _pops("painted") not in daemon.metrics.render()
        assert "Лебедев Михаил Андреевич" in await desk.value("notices.at(-1)")
        assert "Финансовая группа" in await desk.value("notices.at(-1)")
        [missed] = daemon.desks.view("anna").missed
        assert (missed.why.value, missed.seen_at) == ("hidden", None)
        assert "Лебедев Михаил Андреевич" in await desk.value("document.querySelector('main').innerText")
        assert "Разговор" in await desk.value("document.title")
        await desk.to_front()

        async def is_painted() -> bool:
            return _pops("painted") in daemon.metrics.render()

        await house.until(is_painted)
        assert daemon.desks.view("anna").missed[0].seen_at is not None
        await caller.hang_up()


def _pops(result: str) -> bytes:
    return f'callcore_operator_pops_total{{login="anna",result="{result}"}} 1.0'.encode()
