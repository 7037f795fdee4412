"""Events for people to read."""

from __future__ import annotations

from types import MappingProxyType

from penguiflow.debug import format_flow_event
from tests.observing.flow_events import event


def test_an_event_without_error_is_its_payload() -> None:
    quiet = event("node_success", extra={"note": "fast"})

    assert format_flow_event(quiet) == quiet.to_payload()


def test_the_facts_of_an_error_stand_beside_it_too() -> None:
    error = {"code": "NODE_TIMEOUT", "message": "too slow", "metadata": {"attempt": 2}}
    failed = event("node_failed", extra={"flow_error": MappingProxyType(error)})

    shown = format_flow_event(failed)

    assert shown["event"] == "node_failed"
    assert shown["flow_error"] == error
    assert type(shown["flow_error"]) is dict
    assert shown["flow_error_code"] == "NODE_TIMEOUT"
    assert shown["flow_error_message"] == "too slow"
    assert shown["flow_error_metadata"] == {"attempt": 2}


def test_a_shown_event_can_be_changed_without_changing_the_event() -> None:
    failed = event("node_failed", extra={"flow_error": {"code": "X"}})

    format_flow_event(failed)["flow_error"]["code"] = "Y"

    assert failed.error_payload == {"code": "X"}
