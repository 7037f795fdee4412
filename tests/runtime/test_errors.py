from __future__ import annotations

from penguiflow import FlowError, FlowErrorCode


def test_a_flow_error_tells_code_message_trace_and_node() -> None:
    error = FlowError(trace_id="t", node_name="n", code=FlowErrorCode.NODE_TIMEOUT, message="too slow")

    assert str(error) == "[NODE_TIMEOUT] too slow trace=t node=n"
    assert error.args == ("too slow",)
    assert type(error.code) is str


def test_what_is_unknown_is_left_out() -> None:
    error = FlowError(trace_id=None, node_name=None, code="CUSTOM", message="m")

    assert str(error) == "[CUSTOM] m"
    assert error.to_payload() == {"code": "CUSTOM", "message": "m"}
    assert error.exception_type is None


def test_the_original_exception_is_kept() -> None:
    original = ValueError("bad")
    error = FlowError.from_exception(
        trace_id="t", node_name="n", node_id="id", exc=original, code="X", metadata={"attempt": 1}
    )

    assert error.unwrap() is original
    assert error.message == "bad"
    assert error.to_payload() == {
        "code": "X",
        "message": "bad",
        "trace_id": "t",
        "node_name": "n",
        "node_id": "id",
        "exception_type": "ValueError",
        "metadata": {"attempt": 1},
    }


def test_an_exception_without_text_lends_its_class_name() -> None:
    error = FlowError.from_exception(trace_id=None, node_name=None, node_id=None, exc=KeyError(), code="X")

    assert error.message == "KeyError"
