"""A few lines per test of a flow: run one message, look at what happened, make nodes fail on purpose."""

from __future__ import annotations

from penguiflow.testkit._envelope import assert_preserves_message_envelope
from penguiflow.testkit._recordings import assert_node_sequence, get_recorded_events
from penguiflow.testkit._run import run_one
from penguiflow.testkit._simulation import simulate_error

__all__ = [
    "assert_node_sequence",
    "assert_preserves_message_envelope",
    "get_recorded_events",
    "run_one",
    "simulate_error",
]
