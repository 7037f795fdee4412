"""Which failed calls are made again, and with which pauses."""

from __future__ import annotations

import pytest

from penguiflow.tools import RetryPolicy
from penguiflow.tools._connecting.session import RemoteTool
from penguiflow.tools._node.repeating import LostDuringCallError, may_repeat
from penguiflow.tools._node.retry import call_with_retries
from penguiflow.tools.errors import (
    ToolClientError,
    ToolConnectionError,
    ToolRateLimitError,
    ToolServerError,
    ToolTimeoutError,
)

SILENT = RemoteTool(name="t", description="")
READS = RemoteTool(name="t", description="", read_only=True)
WRITES = RemoteTool(name="t", description="", read_only=False, destructive=False, idempotent=False)
SETS = RemoteTool(name="t", description="", read_only=False, idempotent=True)

TIMEOUT = ToolTimeoutError("late")
LOST = LostDuringCallError("lost")


@pytest.mark.parametrize(
    ("error", "tool", "approved_once", "expected"),
    [
        (ToolRateLimitError("no", status_code=429), WRITES, True, True),
        (ToolServerError("no", status_code=503), WRITES, True, True),
        (ToolServerError("no", status_code=501), READS, False, False),
        (ToolClientError("no", status_code=404), READS, False, False),
        (ToolClientError("the tool says no"), READS, False, False),
        (ToolConnectionError("never reached"), WRITES, True, True),
        (TIMEOUT, READS, False, True),
        (TIMEOUT, SETS, False, True),
        (TIMEOUT, SILENT, False, True),
        (TIMEOUT, None, False, True),
        (TIMEOUT, WRITES, False, False),
        (TIMEOUT, SILENT, True, False),
        (LOST, READS, False, True),
        (LOST, WRITES, False, False),
        (LOST, READS, True, False),
        (ValueError("a bug"), READS, False, False),
    ],
)
def test_what_may_be_made_again(
    error: Exception, tool: RemoteTool | None, approved_once: bool, expected: bool
) -> None:
    statuses = RetryPolicy().retry_on_status
    assert may_repeat(error, retry_on_status=statuses, tool=tool, approved_once=approved_once) is expected


def test_the_statuses_of_the_policy_count() -> None:
    error = ToolClientError("no", status_code=404)
    assert may_repeat(error, retry_on_status=[404], tool=READS, approved_once=False)


async def test_the_last_error_is_raised_after_all_attempts() -> None:
    attempts: list[int] = []

    async def attempt() -> None:
        attempts.append(len(attempts))
        raise ToolServerError(f"attempt {len(attempts)}")

    policy = RetryPolicy(max_attempts=3, wait_exponential_min_s=0.01)
    with pytest.raises(ToolServerError, match="attempt 3"):
        await call_with_retries(attempt, policy, lambda error: True)
    assert len(attempts) == 3


async def test_nothing_is_made_again_when_it_may_not_be() -> None:
    attempts: list[int] = []

    async def attempt() -> None:
        attempts.append(1)
        raise ToolClientError("no")

    with pytest.raises(ToolClientError):
        await call_with_retries(attempt, RetryPolicy(), lambda error: False)
    assert attempts == [1]
