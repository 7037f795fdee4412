"""Servers that tests of several folders need: each is started once for all tests of a process."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.fakes.postgres import PostgresServer, missing_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server; each test takes a schema of its own. Without the program only CI fails."""
    missing = missing_server()
    if missing is not None and "CI" not in os.environ:
        pytest.skip(missing)
    with PostgresServer.running() as server:
        yield server
