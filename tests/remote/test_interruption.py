from __future__ import annotations

import asyncio

import pytest

from penguiflow._remote.interruption import CancelReason, interruption
from penguiflow.errors import FlowStopped, TraceCancelled

CANCELLED = asyncio.CancelledError()
QUIET = {"trace_cancelled": False, "task_came_late": False, "cancel_requested": False, "elapsed_s": 0.5}
ASKED = {**QUIET, "cancel_requested": True}


@pytest.mark.parametrize(
    ("problem", "known", "timeout_s", "reason"),
    [
        (ValueError(), QUIET, 1.0, None),
        (ValueError(), ASKED, 1.0, None),
        (TimeoutError(), QUIET, 0.1, None),
        (CANCELLED, QUIET, 0.1, None),
        (CANCELLED, ASKED, None, "flow_stop"),
        (CANCELLED, ASKED, 1.0, "flow_stop"),
        (CANCELLED, ASKED, 0.5, "node_timeout"),
        (CANCELLED, ASKED, 0.50001, "node_timeout"),
        (FlowStopped("stopped"), QUIET, 0.1, "flow_stop"),
        (TraceCancelled("t"), QUIET, 0.1, "trace_cancel"),
        (CANCELLED, {**ASKED, "trace_cancelled": True}, 0.1, "trace_cancel"),
        (ValueError(), {**QUIET, "trace_cancelled": True}, None, "trace_cancel"),
        (CANCELLED, {**ASKED, "trace_cancelled": True, "task_came_late": True}, None, "pre_cancelled"),
    ],
)
def test_the_reason_of_an_interruption_is_read_from_what_is_known(
    problem: BaseException, known: dict[str, object], timeout_s: float | None, reason: CancelReason | None
) -> None:
    assert interruption(problem, timeout_s=timeout_s, **known) == reason  # type: ignore[arg-type] # a table
