"""Telling the outside what travels on a flow's floes: the port, and publishers to Redis Streams and NATS.

The port costs nothing to import; a publisher loads on first use and needs its package
(`pip install 'penguiflow[redis]'`, `pip install 'penguiflow[nats]'`) when it is made.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from penguiflow._bus.envelope import BusEnvelope, MessageBus

if TYPE_CHECKING:
    from penguiflow._bus.errors import BusError
    from penguiflow._bus.jetstream import NatsJetStreamPublisher
    from penguiflow._bus.redis_streams import RedisStreamsPublisher
    from penguiflow._bus.settings import BusLimits
    from penguiflow._bus.statistics import BusStatistics

__all__ = [
    "BusEnvelope",
    "BusError",
    "BusLimits",
    "BusStatistics",
    "MessageBus",
    "NatsJetStreamPublisher",
    "RedisStreamsPublisher",
]

_LAZY = {
    "BusError": "penguiflow._bus.errors",
    "BusLimits": "penguiflow._bus.settings",
    "BusStatistics": "penguiflow._bus.statistics",
    "NatsJetStreamPublisher": "penguiflow._bus.jetstream",
    "RedisStreamsPublisher": "penguiflow._bus.redis_streams",
}


def __getattr__(name: str) -> object:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    return getattr(import_module(module), name)
