"""For every test: what one does to the process's logs, the next one does not see."""

import logging
from collections.abc import Iterator

import pytest
import structlog


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
