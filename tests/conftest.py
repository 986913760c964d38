"""For every test: what one does to the process's logs, the next one does not see.

And the laboratory, for those folders whose conftest asks for it."""

import gc
import logging
from collections.abc import Generator, Iterator

import pytest
import structlog
from _pytest.nodeid import coerce_node_id

from callcore.testing.lab import NotDebian
from callcore.testing.lab.packages import fetch

ONE_HOUSE_A_MODULE = ("tests/browser/record_pages/", "tests/browser/record_stories/")
"""Folders whose modules build a daemon and a browser once for all their tests."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What the tests import stays to the end. Python's collector need not walk through it, then or later,
    which costs a tenth of all their time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """Commands and the daemon set up the logs of their process, which here is the tests' own."""
    root = logging.getLogger()
    level = root.level
    yield
    for handler in root.handlers[:]:
        if handler.get_name() == "callcore":
            root.removeHandler(handler)
            handler.close()
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def no_matter_of_time(record: logging.LogRecord) -> bool:
    """Asyncio's debug mode tells each step that took over 0.1 s: the machine's business, no test's."""
    return not str(record.msg).startswith("Executing %s took")


@pytest.fixture(autouse=True, scope="session")
def steps_untimed() -> Iterator[None]:
    """No test reads how long a step took on this machine."""
    logger = logging.getLogger("asyncio")
    logger.addFilter(no_matter_of_time)
    yield
    logger.removeFilter(no_matter_of_time)


@pytest.fixture(scope="session")
def laboratory() -> None:
    """Everything that ``make lab`` fetches is there; elsewhere than on Debian who needs it is skipped."""
    try:
        fetch()
    except NotDebian as reason:
        pytest.skip(f"no laboratory: {reason}")


@pytest.fixture(scope="session")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What callcore says is spoken once for all tests, of all workers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CALLCORE_PROMPTS", str(tmp_path_factory.getbasetemp().parent / "prompts"))
        yield


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of one group run in one process, which builds their house once.

    pytest-xdist 3.8 writes a group's name where pytest 9.2 no longer reads it: it is written anew here.
    """
    if not config.getoption("loadgroup", default=False):
        return
    for item in items:
        if any(folder in item.nodeid for folder in ONE_HOUSE_A_MODULE):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
        mark = item.get_closest_marker("xdist_group")
        if mark is not None and "@" not in item.nodeid.rpartition("]")[2]:
            item._id = coerce_node_id(f"{item.nodeid}@{mark.args[0]}")
