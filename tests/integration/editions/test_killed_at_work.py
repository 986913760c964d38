"""callcore, as a process, is killed while it reloads or takes an edition back (on a real Asterisk)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession

from callcore.testing import forked
from callcore.testing.house import TO_FINANCE, House
from callcore.testing.lab import HangUp, Hear, Press, Until

from .conftest import change_finance
from .test_reload_under_calls import in_queue, to_retention

MORTAL = str(Path(__file__).with_name("mortal.py"))


async def callcore(house: House, *words: str) -> tuple[int, str]:
    """The command's exit code and what it said."""
    said = house.stage.folder / "said"
    said.unlink(missing_ok=True)
    environment = {**os.environ, "LC_ALL": "en_US.UTF-8"}
    command = await forked.start((*words, "-c", str(house.stage.config_file)), said, environment)
    return await command.wait(), said.read_text("utf-8")


async def alive(house: House) -> None:
    async def is_ready() -> bool:
        try:
            async with ClientSession() as http, http.get(house.stage.url + "/readyz") as answer:
                return answer.status == 200
        except ClientError:
            return False

    await house.until(is_ready)


def tables(house: House) -> dict[str, bytes]:
    folder = house.stage.config_file.parent
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def arms(house: House) -> Path:
    return house.stage.folder / "armed"


async def dies(house: House, *words: str) -> None:
    """At this command, which says what has happened."""
    arms(house).touch()
    code, said = await callcore(house, *words)
    assert code == 1
    assert "callcore ended before it answered" in said
    assert house.stage.process is not None
    await house.stage.process.wait()


async def wait_both(house: House) -> bool:
    return "2. PJSIP" in await house.stage.lab.console("queue show retention")


STEPS = {
    "nothing is replaced yet": ("os.rename", ".replacing", False),
    "one is replaced": ("os.rename", ".finance.yaml.fresh /", False),
    "all are": ("os.remove", ".finance.yaml.before -1", True),
}


@pytest.mark.parametrize("step", STEPS)
async def test_killed_while_it_takes_an_edition_back(bare_house: House, step: str) -> None:
    """A caller waits meanwhile. The files are of one edition, and the next life goes by it."""
    house = bare_house
    first = tables(house)
    event, word, is_done = STEPS[step]
    await house.stage.start_process(script=(MORTAL, str(arms(house)), event, word))
    await alive(house)
    change_finance(house, to_retention)
    assert (await callcore(house, "reload"))[0] == 0
    second = tables(house)
    caller = await house.call(*TO_FINANCE)
    await in_queue(house, "retention")
    await dies(house, "editions", "take-back", "1")
    left = tables(house)
    assert left not in (first, second), "something was left over"
    assert (await callcore(house, "check"))[0] == 0
    assert tables(house) == (first if is_done else second)
    daemon = await house.stage.start()
    other = await house.call(*TO_FINANCE)
    await (in_queue(house, "finance") if is_done else house.until(lambda: wait_both(house)))
    await caller.hang_up()
    await other.hang_up()
    assert len({contact.call for contact in await house.contacts(2)}) == 2
    assert not (await daemon.editions.reload("anna")).is_new


@pytest.mark.parametrize(("event", "word"), [("open", "finance.yaml"), ("open", "cases.yaml")])
async def test_killed_while_it_reloads(bare_house: House, event: str, word: str) -> None:
    """While it reads. Who was in the menu comes into the static queue; the next life goes by the files."""
    house = bare_house
    await house.stage.start_process(script=(MORTAL, str(arms(house)), event, word))
    await alive(house)
    change_finance(house, to_retention)
    before = tables(house)
    caller = await house.call(Until(), Press("4"), Hear(), HangUp())
    await dies(house, "reload")
    await in_queue(house, "expert")
    daemon = await house.stage.start()
    assert tables(house) == before
    assert daemon.editions.newest.edition == 2
    other = await house.call(*TO_FINANCE)
    await in_queue(house, "retention")
    await other.hang_up()
    await caller.hang_up()
    assert len({contact.call for contact in await house.contacts(2)}) == 2
