"""Making a publisher: names, limits, and packages that are not there."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from penguiflow import bus
from penguiflow._bus.subjects import subject_of, token_of
from penguiflow.bus import BusError, BusLimits, NatsJetStreamPublisher, RedisStreamsPublisher
from penguiflow.state import StoreError
from penguiflow.state.redis import RedisMemoryStore


@pytest.mark.process
def test_the_port_loads_neither_a_publisher_nor_a_package() -> None:
    program = (
        "import sys, penguiflow.bus\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(loaded & {'asyncio', 'nats', 'pydantic', 'random', 'redis'}))\n"
        "print(sorted(name for name in sys.modules if name.startswith('penguiflow._bus')))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)

    assert done.stdout == "[]\n['penguiflow._bus', 'penguiflow._bus.envelope']\n"


def test_every_public_name_is_there_and_no_other() -> None:
    assert [type(getattr(bus, name)) is not None for name in bus.__all__] == [True] * len(bus.__all__)
    with pytest.raises(AttributeError, match="has no attribute `KafkaPublisher`"):
        bus.KafkaPublisher  # noqa: B018 - reading it is the test


async def test_a_missing_package_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    monkeypatch.setitem(sys.modules, "nats.aio.client", None)

    with pytest.raises(BusError, match=re.escape("pip install 'penguiflow[redis]'")):
        RedisStreamsPublisher("redis://localhost")
    with pytest.raises(BusError, match=re.escape("pip install 'penguiflow[nats]'")):
        NatsJetStreamPublisher("nats://localhost")
    with pytest.raises(StoreError, match=re.escape("pip install 'penguiflow[redis]'")):
        await RedisMemoryStore.open("redis://localhost")


def test_a_url_of_something_else_is_refused() -> None:
    with pytest.raises(BusError, match="not the URL of a Redis server"):
        RedisStreamsPublisher("http://localhost")


@pytest.mark.parametrize("name", ["", "a b", "a..b", ".a", "a.*", "a.>", "a\n"])
def test_names_that_nats_would_read_otherwise_are_refused(name: str) -> None:
    with pytest.raises(BusError, match="`subject_prefix`"):
        NatsJetStreamPublisher("nats://localhost", subject_prefix=name)
    with pytest.raises(BusError, match="`stream`"):
        NatsJetStreamPublisher("nats://localhost", stream=name)
    with pytest.raises(BusError, match="`stream`"):
        NatsJetStreamPublisher("nats://localhost", stream="with.dots")
    NatsJetStreamPublisher("nats://localhost", stream="without-dots", subject_prefix="with.dots")


@pytest.mark.parametrize(
    ("name", "token"),
    [
        ("split", "split"),
        ("Rookery", "Rookery"),
        ("my node.v2", "my_node_v2"),
        ("a*>b\n", "a__b_"),
        ("größe-1", "größe-1"),
        (None, "_"),
        ("", "_"),
        ("x" * 300, "x" * 100),
    ],
)
def test_a_node_name_is_one_token_of_a_subject(name: str | None, token: str) -> None:
    assert token_of(name) == token
    assert subject_of("flows.eu", name, "b") == f"flows.eu.{token}.b"


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"buffer_envelopes": 0}, "`buffer_envelopes` is 0; it must be greater than 0"),
        ({"answer_timeout_s": float("nan")}, "`answer_timeout_s` is nan"),
        ({"buffer_bytes": 1_000}, "does not hold one message of `message_bytes` \\(1000000\\)"),
    ],
)
def test_limits_that_leave_no_room_are_refused(limits: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BusLimits(**limits)  # type: ignore[arg-type]  # values as somebody may pass them
