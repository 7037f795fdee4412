from __future__ import annotations

import asyncio

import pytest

from penguiflow._remote.interruption import CancelReason, interruption
from penguiflow.errors import FlowStopped, TraceCancelled

CANCELLED = asyncio.CancelledError()
QUIET = {"trace_cancelled": False, "task_came_late": False, "cancel_requested": False, "timed_out": False}
ASKED = {**QUIET, "cancel_requested": True}
LATE = {**ASKED, "timed_out": True}


@pytest.mark.parametrize(
    ("problem", "known", "reason"),
    [
        (ValueError(), QUIET, None),
        (ValueError(), ASKED, None),
        (ValueError(), LATE, None),
        (TimeoutError(), QUIET, None),
        (CANCELLED, QUIET, None),
        (CANCELLED, ASKED, "flow_stop"),
        (CANCELLED, LATE, "node_timeout"),
        (FlowStopped("stopped"), QUIET, "flow_stop"),
        (TraceCancelled("t"), QUIET, "trace_cancel"),
        (CANCELLED, {**ASKED, "trace_cancelled": True}, "trace_cancel"),
        (ValueError(), {**QUIET, "trace_cancelled": True}, "trace_cancel"),
        (CANCELLED, {**ASKED, "trace_cancelled": True, "task_came_late": True}, "pre_cancelled"),
    ],
)
def test_the_reason_of_an_interruption_is_read_from_what_is_known(
    problem: BaseException, known: dict[str, bool], reason: CancelReason | None
) -> None:
    assert interruption(problem, **known) == reason
