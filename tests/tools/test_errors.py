"""The error tree: what a status means and what may be tried again."""

from __future__ import annotations

import pytest

from penguiflow.tools import errors
from penguiflow.tools.errors import ErrorCategory, ToolNodeError


@pytest.mark.parametrize(
    ("status", "category", "is_retryable"),
    [
        (None, ErrorCategory.UNKNOWN, False),
        (400, ErrorCategory.NON_RETRYABLE_CLIENT, False),
        (401, ErrorCategory.AUTH_REQUIRED, False),
        (403, ErrorCategory.AUTH_REQUIRED, False),
        (404, ErrorCategory.NON_RETRYABLE_CLIENT, False),
        (429, ErrorCategory.RETRYABLE_RATE_LIMIT, True),
        (500, ErrorCategory.RETRYABLE_SERVER, True),
        (504, ErrorCategory.RETRYABLE_SERVER, True),
        (505, ErrorCategory.UNKNOWN, False),
        (600, ErrorCategory.UNKNOWN, False),
    ],
)
def test_the_status_gives_the_category(
    status: int | None, category: ErrorCategory, is_retryable: bool
) -> None:
    error = ToolNodeError("no", status_code=status)
    assert (error.category, error.is_retryable) == (category, is_retryable)


@pytest.mark.parametrize(
    ("error_class", "category", "is_retryable"),
    [
        (errors.ToolAuthError, ErrorCategory.AUTH_REQUIRED, False),
        (errors.ToolServerError, ErrorCategory.RETRYABLE_SERVER, True),
        (errors.ToolRateLimitError, ErrorCategory.RETRYABLE_RATE_LIMIT, True),
        (errors.ToolClientError, ErrorCategory.NON_RETRYABLE_CLIENT, False),
        (errors.ToolConnectionError, ErrorCategory.NETWORK, True),
        (errors.ToolTimeoutError, ErrorCategory.RETRYABLE_SERVER, True),
    ],
)
def test_a_class_without_status_keeps_its_own_category(
    error_class: type[ToolNodeError], category: ErrorCategory, is_retryable: bool
) -> None:
    error = error_class("no")
    assert (error.category, error.is_retryable) == (category, is_retryable)


def test_a_given_category_wins_and_a_cause_is_kept() -> None:
    cause = OSError("gone")
    error = ToolNodeError("no", status_code=500, category=ErrorCategory.CANCELLED, cause=cause)
    assert error.category is ErrorCategory.CANCELLED
    assert error.__cause__ is cause


def test_the_record_of_an_error_is_json() -> None:
    assert errors.ToolRateLimitError("slow down", status_code=429).to_dict() == {
        "type": "ToolRateLimitError",
        "message": "slow down",
        "status_code": 429,
        "category": "retryable_rate",
        "is_retryable": True,
    }


def test_only_a_rate_limit_asks_for_a_pause() -> None:
    assert errors.ToolRateLimitError("slow down").retry_after_seconds == 1.0
    assert errors.ToolServerError("broken").retry_after_seconds is None
