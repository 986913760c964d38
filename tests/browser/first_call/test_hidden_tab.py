"""The operator looks at another tab for longer than five minutes; his desk goes on all the same."""

import asyncio
from pathlib import Path

from callcore.testing.house import TO_FINANCE, House
from callcore.testing.lab.tabs import HIDDEN_FOR_LONG, tabs

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
        await browser.open("about:blank")
        assert await desk.value("document.visibilityState") == "hidden"

        async def sleeps() -> bool:
            """Not one tick in two seconds: Chromium now wakes its timers once a minute."""
            before = await desk.value("window.ticks")
            await asyncio.sleep(2)
            return await desk.value("window.ticks") == before

        await house.until(sleeps, 60)
        caller = await house.call(*TO_FINANCE)

        async def acknowledged() -> bool:
            return b"callcore_pops_acked_total 1.0" in daemon.metrics.render()

        await house.until(acknowledged, 20)
        assert "Лебедев Михаил Андреевич" in await desk.value("document.querySelector('main').innerText")
        assert "Разговор" in await desk.value("document.title")
        await caller.hang_up()
