"""Repeats a call with exponential pauses, by tenacity. Imported with the other optional packages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_exponential

from penguiflow.tools.config import RetryPolicy
from penguiflow.tools.errors import ToolNodeError

ResultT = TypeVar("ResultT")


async def call_with_retries(
    attempt: Callable[[], Awaitable[ResultT]],
    policy: RetryPolicy,
    may_repeat: Callable[[BaseException], bool],
) -> ResultT:
    """Call `attempt` until it succeeds, `may_repeat` says no, or the attempts are used up.

    The last error is raised as it is. A cancellation is never repeated.
    """
    retrying = AsyncRetrying(
        stop=stop_after_attempt(policy.max_attempts),
        wait=_pause(policy),
        retry=retry_if_exception(may_repeat),
        reraise=True,
    )

    async def attempt_once() -> ResultT:
        return await attempt()  # tenacity awaits only what is declared with `async def`

    return await retrying(attempt_once)


def _pause(policy: RetryPolicy) -> Callable[[RetryCallState], float]:
    exponential = wait_exponential(
        multiplier=policy.wait_exponential_min_s,
        min=policy.wait_exponential_min_s,
        max=policy.wait_exponential_max_s,
    )

    def pause(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked_for = error.retry_after_seconds if isinstance(error, ToolNodeError) else None
        return max(exponential(state), asked_for or 0.0)

    return pause
