"""When a failed model call is made again, and after how long."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from penguiflow.llm.errors import LLMRateLimitError, LLMTimeoutError, LLMUnavailableError

Sleep: TypeAlias = Callable[[float], Awaitable[None]]


def is_passing(exc: BaseException) -> bool:
    """Tell whether the same call may succeed a little later."""
    return isinstance(exc, LLMRateLimitError | LLMTimeoutError | LLMUnavailableError)


def retrying(*, max_retries: int, sleep: Sleep) -> AsyncRetrying:
    """Return attempts with a random, growing wait (up to 1, 2, 4, ... 20 s), so that callers spread out."""
    return AsyncRetrying(
        stop=stop_after_attempt(1 + max_retries),
        wait=wait_random_exponential(multiplier=1, max=20),
        retry=retry_if_exception(is_passing),
        sleep=sleep,
        reraise=True,
    )
