from __future__ import annotations

from typing import Any

import pytest

from penguiflow import FlowEvent


def event(**changes: Any) -> FlowEvent:
    facts: dict[str, Any] = {
        "event_type": "node_success",
        "ts": 1.0,
        "node_name": "n",
        "node_id": "id",
        "trace_id": "t",
        "attempt": 0,
        "latency_ms": 12.5,
        "queue_depth_in": 2,
        "queue_depth_out": 3,
        "outgoing_edges": 1,
        "queue_maxsize": 64,
        "trace_pending": 1,
        "trace_inflight": 1,
        "trace_cancelled": False,
    }
    return FlowEvent(**{**facts, **changes})


def test_the_payload_is_flat_and_extra_facts_win() -> None:
    payload = event(extra={"latency_ms": "21.0", "more": 1}).to_payload()

    assert payload["event"] == "node_success"
    assert payload["q_depth_total"] == 5
    assert payload["latency_ms"] == "21.0"
    assert payload["more"] == 1


def test_a_bare_item_has_no_pending_count() -> None:
    bare = event(trace_id=None, trace_pending=None)

    assert "trace_pending" not in bare.to_payload()
    assert "trace_pending" not in bare.metric_samples()
    assert "trace_id" not in bare.tag_values()


def test_the_samples_are_numbers_and_an_extra_latency_overrides() -> None:
    samples = event(extra={"latency_ms": "21.0"}, trace_cancelled=True).metric_samples()

    assert samples["latency_ms"] == 21.0
    assert samples["trace_cancelled"] == 1.0
    assert all(type(value) is float for value in samples.values())


def test_an_extra_latency_that_is_no_number_does_not_hide_the_measured_one() -> None:
    assert event(extra={"latency_ms": "slow"}).metric_samples()["latency_ms"] == 12.5


def test_tags_are_strings_of_simple_extras() -> None:
    tags = event(extra={"ok": True, "n": 3, "list": [1]}).tag_values()

    assert tags == {
        "event_type": "node_success",
        "node_name": "n",
        "node_id": "id",
        "trace_id": "t",
        "ok": "True",
        "n": "3",
    }


def test_an_event_and_its_extras_cannot_be_changed() -> None:
    given = {"flow_error": {"code": "X"}}
    seen = event(extra=given)
    given["flow_error"] = {"code": "Y"}

    assert seen.error_payload == {"code": "X"}
    with pytest.raises(TypeError):
        seen.extra["k"] = 1  # type: ignore[index]
    with pytest.raises(TypeError):
        seen.error_payload["code"] = "Z"  # type: ignore[index]
    with pytest.raises(AttributeError):
        seen.attempt = 2  # type: ignore[misc]
    assert event().error_payload is None
