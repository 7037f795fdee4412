"""What can go wrong with an external tool.

ToolNodeError
├── ToolAuthError        401, 403, or a credential that is missing
├── ToolClientError      other 4xx, and a tool that reports an error: the same call fails again
├── ToolServerError      5xx
├── ToolRateLimitError   429
├── ToolTimeoutError     no answer within `timeout_s`
├── ToolConnectionError  the server cannot be started, reached or talked to
└── MissingVariableError a variable the config refers to is not set: a ToolAuthError and a ToolConnectionError
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, TypedDict


class ErrorCategory(StrEnum):
    """What a caller should do about an error."""

    RETRYABLE_SERVER = "retryable_server"
    RETRYABLE_RATE_LIMIT = "retryable_rate"
    NON_RETRYABLE_CLIENT = "non_retryable"
    AUTH_REQUIRED = "auth_required"
    NETWORK = "network"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


_RETRYABLE = frozenset(
    {ErrorCategory.RETRYABLE_SERVER, ErrorCategory.RETRYABLE_RATE_LIMIT, ErrorCategory.NETWORK}
)
_RATE_LIMIT_PAUSE_S = 1.0


class ToolErrorRecord(TypedDict):
    """The JSON form of a `ToolNodeError`."""

    type: str
    message: str
    status_code: int | None
    category: str
    is_retryable: bool


def category_of_status(status_code: int | None) -> ErrorCategory:
    """Return what an HTTP status says about trying again."""
    if status_code == 429:
        return ErrorCategory.RETRYABLE_RATE_LIMIT
    if status_code in (401, 403):
        return ErrorCategory.AUTH_REQUIRED
    if status_code is not None and 500 <= status_code <= 504:
        return ErrorCategory.RETRYABLE_SERVER
    if status_code is not None and 400 <= status_code <= 499:
        return ErrorCategory.NON_RETRYABLE_CLIENT
    return ErrorCategory.UNKNOWN


class ToolNodeError(Exception):
    """An external tool failed.

    The category is the one given, else what the status says, else that of the class. `hint` is a sentence
    for a person: what to do next. `retry_after_s` is the pause the server asked for.
    """

    default_category: ClassVar[ErrorCategory] = ErrorCategory.UNKNOWN

    def __init__(
        self,
        message: str,
        *,
        status_code: int | None = None,
        category: ErrorCategory | None = None,
        cause: BaseException | None = None,
        hint: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status_code = status_code
        self.hint = hint
        self._retry_after_s = retry_after_s
        if category is None and status_code is not None:
            category = category_of_status(status_code)
        self.category = category or self.default_category
        if cause is not None:
            self.__cause__ = cause

    @property
    def is_retryable(self) -> bool:
        """Whether the same call may succeed a little later."""
        return self.category in _RETRYABLE

    @property
    def retry_after_seconds(self) -> float | None:
        """How long to wait at least before trying again: what the server asked for, else a second after a
        rate limit; None when nothing says so."""
        if self._retry_after_s is not None:
            return self._retry_after_s
        return _RATE_LIMIT_PAUSE_S if self.category is ErrorCategory.RETRYABLE_RATE_LIMIT else None

    def to_dict(self) -> ToolErrorRecord:
        return {
            "type": type(self).__name__,
            "message": self.message,
            "status_code": self.status_code,
            "category": self.category.value,
            "is_retryable": self.is_retryable,
        }


class ToolAuthError(ToolNodeError):
    """A credential is missing or was refused."""

    default_category = ErrorCategory.AUTH_REQUIRED


class ToolServerError(ToolNodeError):
    """The server failed (5xx)."""

    default_category = ErrorCategory.RETRYABLE_SERVER


class ToolRateLimitError(ToolNodeError):
    """The server asks to slow down (429)."""

    default_category = ErrorCategory.RETRYABLE_RATE_LIMIT


class ToolClientError(ToolNodeError):
    """The call was wrong, or the tool reported an error; the same call fails again."""

    default_category = ErrorCategory.NON_RETRYABLE_CLIENT


class ToolConnectionError(ToolNodeError):
    """The server cannot be started, reached or talked to."""

    default_category = ErrorCategory.NETWORK


class ToolTimeoutError(ToolNodeError):
    """No answer came within `timeout_s`."""

    default_category = ErrorCategory.RETRYABLE_SERVER


class MissingVariableError(ToolAuthError, ToolConnectionError):
    """A variable that the config refers to is not set: a credential is missing, and nothing was started."""

    default_category = ErrorCategory.AUTH_REQUIRED
