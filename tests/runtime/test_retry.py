"""Verdicts on failed attempts, as tables and properties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow import Node, NodePolicy
from penguiflow._runtime.retry import flow_error
from tests.fakes.flows import passes_on


@pytest.mark.parametrize(
    ("policy", "attempt", "delay"),
    [
        (NodePolicy(), 0, None),
        (NodePolicy(max_retries=2), 0, 0.5),
        (NodePolicy(max_retries=2), 1, 1.0),
        (NodePolicy(max_retries=2), 2, None),
        (NodePolicy(max_retries=9, max_backoff=3.0), 5, 3.0),
        (NodePolicy(max_retries=9, backoff_base=-1.0), 1, 0.0),
        (NodePolicy(max_retries=5000, max_backoff=60.0), 4999, 60.0),
        (NodePolicy(max_retries=5000), 4999, float("inf")),
    ],
)
def test_the_delay_grows_and_is_capped(policy: NodePolicy, attempt: int, delay: float | None) -> None:
    assert policy.next_delay_s(attempt) == delay


@given(retries=st.integers(0, 50), base=st.floats(0, 10), mult=st.floats(0, 4))
def test_a_policy_allows_exactly_its_retries(retries: int, base: float, mult: float) -> None:
    policy = NodePolicy(max_retries=retries, backoff_base=base, backoff_mult=mult, max_backoff=60)

    delays = [policy.next_delay_s(attempt) for attempt in range(retries + 1)]

    assert delays[-1] is None
    assert all(delay is not None and 0 <= delay <= 60 for delay in delays[:-1])


def test_a_timeout_names_its_limit() -> None:
    node = Node(passes_on, name="slow", policy=NodePolicy(timeout_s=0.05))

    error = flow_error(node, TimeoutError(), trace_id="t", attempt=1, latency_ms=50.0)

    assert error.message == "Node 'slow' timed out after 0.05s"
    assert error.metadata == {"attempt": 1, "latency_ms": 50.0, "timeout_s": 0.05}


@pytest.mark.parametrize(("failure", "text"), [(TimeoutError("db"), "db"), (TimeoutError(), "TimeoutError")])
def test_a_timeout_of_the_nodes_own_making_keeps_its_text(failure: TimeoutError, text: str) -> None:
    error = flow_error(Node(passes_on), failure, trace_id=None, attempt=0, latency_ms=1.0)

    assert (error.code, error.message) == ("NODE_TIMEOUT", text)


def test_an_exception_is_named_with_its_type() -> None:
    failure = ValueError("bad")

    error = flow_error(Node(passes_on, name="n"), failure, trace_id="t", attempt=0, latency_ms=1.0)

    assert (error.code, error.message) == ("NODE_EXCEPTION", "Node 'n' raised ValueError: bad")
    assert error.metadata["exception_repr"] == "ValueError('bad')"
    assert error.unwrap() is failure
