"""What tests of several folders need: servers that are started once a process, and a clean slate."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from penguiflow._redaction.known import KNOWN_SECRETS
from tests.fakes.postgres import PostgresServer, missing_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server; each test takes a schema of its own. Without the program only CI fails."""
    missing = missing_server()
    if missing is not None and "CI" not in os.environ:
        pytest.skip(missing)
    with PostgresServer.running() as server:
        yield server


@pytest.fixture(autouse=True)
def no_secrets_of_other_tests() -> Iterator[None]:
    """Forget what a test registered: the canary of one may be a part of a text of another."""
    yield
    KNOWN_SECRETS.forget()
