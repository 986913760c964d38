"""For every test: what one does to the process's logs, the next one does not see.

And the laboratory, for those folders whose conftest asks for it."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from callcore.testing.lab import NotDebian
from callcore.testing.lab.packages import fetch


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
