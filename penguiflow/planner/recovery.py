"""What a planner does about errors of its model, and how it tells them apart."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, Field

from penguiflow.llm.errors import (
    LLMAuthError,
    LLMBadRequestError,
    LLMContextLengthError,
    LLMError,
    LLMRateLimitError,
    LLMTimeoutError,
    LLMUnavailableError,
)


class LLMErrorType(StrEnum):
    """The kinds of failure that matter to a planner."""

    CONTEXT_LENGTH_EXCEEDED = "context_length_exceeded"
    RATE_LIMIT = "rate_limit"
    SERVICE_UNAVAILABLE = "service_unavailable"
    TIMEOUT = "timeout"
    BAD_REQUEST_OTHER = "bad_request_other"
    UNKNOWN = "unknown"


class ErrorRecoveryConfig(BaseModel):
    """What is tried before an error of the model is raised.

    When the conversation does not fit into the model's context, observations longer than
    `compression_threshold_chars` are summarised (or only cut, with `summarize_on_compress=False`) and the
    call is made again, at most `max_compress_retries` times per decision. Every other error is raised: rate
    limits and outages are retried by the client itself.
    """

    enabled: bool = True
    max_compress_retries: int = Field(default=1, ge=0)
    compression_threshold_chars: int = Field(default=2_000, ge=100)
    summarize_on_compress: bool = True


_BY_CLASS: tuple[tuple[type[LLMError], LLMErrorType], ...] = (
    (LLMContextLengthError, LLMErrorType.CONTEXT_LENGTH_EXCEEDED),
    (LLMRateLimitError, LLMErrorType.RATE_LIMIT),
    (LLMTimeoutError, LLMErrorType.TIMEOUT),
    (LLMUnavailableError, LLMErrorType.SERVICE_UNAVAILABLE),
    (LLMBadRequestError, LLMErrorType.BAD_REQUEST_OTHER),
    (LLMAuthError, LLMErrorType.BAD_REQUEST_OTHER),
)

_CONTEXT_WORDS = (
    "context length",
    "context_length",
    "context window",
    "maximum context",
    "token limit",
    "max_tokens",
    "input is too long",
    "prompt is too long",
)

_BY_NAME: tuple[tuple[str, LLMErrorType], ...] = (
    ("timeout", LLMErrorType.TIMEOUT),
    ("ratelimit", LLMErrorType.RATE_LIMIT),
    ("serviceunavailable", LLMErrorType.SERVICE_UNAVAILABLE),
    ("server", LLMErrorType.SERVICE_UNAVAILABLE),
    ("badrequest", LLMErrorType.BAD_REQUEST_OTHER),
)


def error_type(exc: BaseException) -> LLMErrorType:
    """Return the kind of an error; one that a foreign client raises is told by its name and words."""
    for known, kind in _BY_CLASS:
        if isinstance(exc, known):
            return kind
    words = str(exc).lower()
    if any(phrase in words for phrase in _CONTEXT_WORDS):
        return LLMErrorType.CONTEXT_LENGTH_EXCEEDED
    name = type(exc).__name__.lower()
    return next((kind for part, kind in _BY_NAME if part in name), LLMErrorType.UNKNOWN)
