"""Tests run under virtual time, but those marked `process` against real servers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.bus.brokers import Broker, MakeBroker, NatsBroker, RedisBroker
from tests.fakes.servers import nats_server, redis_server
from tests.fakes.virtual_time import loop_factories


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.get_closest_marker("process") is not None:
        return {"real": asyncio.new_event_loop}
    return loop_factories()


@pytest.fixture(scope="session")
def redis_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisBroker]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield RedisBroker(server)


@pytest.fixture(scope="session")
def nats_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsBroker]:
    with nats_server(tmp_path_factory.mktemp("nats"), "-js") as server:
        yield NatsBroker(server)


@pytest.fixture(params=["redis", "nats"])
def broker(request: pytest.FixtureRequest) -> Broker:
    """A server that all tests of the session share; each uses a stream of its own."""
    shared: Broker = request.getfixturevalue(f"{request.param}_broker")
    return shared


@pytest.fixture(params=["redis", "nats"])
def own_broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    """A server of the test's own, whose files outlive its process."""
    with ExitStack() as servers:
        if request.param == "redis":
            options = ("--appendonly", "yes", "--appendfsync", "always")
            yield RedisBroker(servers.enter_context(redis_server(tmp_path, *options)))
        else:
            yield NatsBroker(servers.enter_context(nats_server(tmp_path, "-js")))


@pytest.fixture
def make_redis(tmp_path: Path) -> Iterator[MakeBroker]:
    """Starts Redis servers with options."""
    with ExitStack() as servers:
        yield lambda *options: RedisBroker(servers.enter_context(redis_server(tmp_path, *options)))


@pytest.fixture
def make_nats(tmp_path: Path) -> Iterator[MakeBroker]:
    """Starts NATS servers with options."""
    with ExitStack() as servers:
        yield lambda *options: NatsBroker(servers.enter_context(nats_server(tmp_path, *options)))
