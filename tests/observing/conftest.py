"""All async tests of the observers run under virtual time: no test waits for a real clock."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.fakes.virtual_time import loop_factories


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return loop_factories()


@pytest.fixture
def spare_logger() -> Iterator[logging.Logger]:
    """A logger that a test may configure as it likes."""
    logger = logging.getLogger("tests.observing.spare")
    yield logger
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)
    logger.propagate = True
