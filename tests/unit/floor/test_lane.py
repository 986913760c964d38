"""A lane by itself: order, bounds, and that nothing stops it."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from callcore.floor.lane import Lane
from callcore.testing.patience import PATIENCE_SECONDS


class Work:
    """Takes items one by one when it is told to."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.done: list[int] = []
        self.go = asyncio.Semaphore(0)

    async def __call__(self, item: int) -> None:
        self.begun.append(item)
        await self.go.acquire()
        if item < 0:
            raise ValueError("a bug")
        self.done.append(item)

    async def until_begun(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.begun) < count:  # noqa: ASYNC110 - lists have no bell
                await asyncio.sleep(0)


async def test_as_many_as_there_are_workers_are_under_way() -> None:
    work = Work()
    lane = Lane("test", work, size=10, workers=2)
    assert all(lane.offer(n) for n in range(5))
    await work.until_begun(2)
    assert (work.begun, lane.waiting, lane.under_way) == ([0, 1], 3, 2)
    work.go.release()
    await work.until_begun(3)
    assert (work.begun, work.done) == ([0, 1, 2], [0])
    for _ in range(4):
        work.go.release()
    await lane.drain()
    assert work.done == [0, 1, 2, 3, 4]
    assert (lane.waiting, lane.under_way, lane.refused) == (0, 0, 0)


async def test_no_task_while_nothing_waits() -> None:
    lane = Lane("test", Work(), size=1, workers=1)
    before = asyncio.all_tasks()
    await lane.drain()
    assert asyncio.all_tasks() == before


async def test_what_comes_during_the_drain_is_waited_for() -> None:
    done: list[int] = []

    async def work(item: int) -> None:
        await asyncio.sleep(0)
        done.append(item)
        if item < 3:
            lane.offer(item + 1)

    lane = Lane("test", work, size=1, workers=1)
    lane.offer(0)
    await lane.drain()
    assert done == [0, 1, 2, 3]


async def test_a_full_lane_refuses_and_says_so_once_each_time() -> None:
    work = Work()
    lane = Lane("test", work, size=2, workers=1)
    with capture_logs() as logs:
        for time in (1, 2):
            taken = [lane.offer(n) for n in range(4)]
            assert taken == [True, True, False, False]
            assert not lane.offer(9, size=1)
            assert lane.refused == 3 * time
            work.go.release()
            work.go.release()
            await lane.drain()
    assert [(e["event"], e["lane"]) for e in logs] == [("lane_full", "test")] * 2


async def test_an_item_that_breaks_its_work_is_one_item_lost() -> None:
    work = Work()
    lane = Lane("test", work, size=3, workers=1)
    with capture_logs() as logs:
        for item in (1, -1, 2):
            lane.offer(item)
            work.go.release()
        await lane.drain()
    assert work.done == [1, 2]
    assert [e["event"] for e in logs] == ["lane_work_failed"]
