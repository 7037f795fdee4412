"""Turns what litellm raises into the errors of `penguiflow.llm.errors`, without a secret in them."""

from __future__ import annotations

import re

from penguiflow.llm.errors import (
    LLMAuthError,
    LLMBadRequestError,
    LLMContextLengthError,
    LLMError,
    LLMRateLimitError,
    LLMTimeoutError,
    LLMUnavailableError,
)
from penguiflow.redaction import REDACTED, redact_text

_MAX_CHARS = 500
_Kind = tuple[type[LLMError], str | None]

_CHECK_KEY = "check the API key and what it is allowed to use"
_ADD_CREDIT = "the account has no quota left: add credit, or use another account or model"
_CHECK_NETWORK = "check the network and, if you set it, `api_base`"
_SHORTEN = "shorten the conversation or choose a model with a longer context"

# The classes of litellm and of the `openai` package below it, the most special first.
_BY_CLASS: dict[str, _Kind] = {
    "Timeout": (LLMTimeoutError, "try again, or allow more time"),
    "APITimeoutError": (LLMTimeoutError, "try again, or allow more time"),
    "ContextWindowExceededError": (LLMContextLengthError, _SHORTEN),
    "PaymentRequiredError": (LLMAuthError, _ADD_CREDIT),
    "AuthenticationError": (LLMAuthError, _CHECK_KEY),
    "PermissionDeniedError": (LLMAuthError, _CHECK_KEY),
    "RateLimitError": (LLMRateLimitError, "wait a little and try again"),
    "NotFoundError": (LLMBadRequestError, "check the model name and `api_base`"),
    "APIConnectionError": (LLMUnavailableError, _CHECK_NETWORK),
    "ServiceUnavailableError": (LLMUnavailableError, "try again later"),
    "InternalServerError": (LLMUnavailableError, "try again later"),
    "BadGatewayError": (LLMUnavailableError, "try again later"),
    "BadRequestError": (LLMBadRequestError, None),
    "UnprocessableEntityError": (LLMBadRequestError, None),
}
_BY_WORDS: tuple[tuple[str, _Kind], ...] = (
    ("insufficient_quota", (LLMAuthError, _ADD_CREDIT)),
    ("exceeded your current quota", (LLMAuthError, _ADD_CREDIT)),
    ("missing credentials", (LLMAuthError, _CHECK_KEY)),
    ("context_length_exceeded", (LLMContextLengthError, _SHORTEN)),
    ("maximum context length", (LLMContextLengthError, _SHORTEN)),
    # A wish that a server does not know, whatever status it gives that.
    ("response_format", (LLMBadRequestError, None)),
    ("connection error", (LLMUnavailableError, _CHECK_NETWORK)),
    ("input is too long", (LLMContextLengthError, _SHORTEN)),
    ("prompt is too long", (LLMContextLengthError, _SHORTEN)),
)
_CLASS_PREFIX = re.compile(r"^(?:litellm\.)?[A-Z]\w*(?:Error|Exception|Timeout)\s*[:-]\s*")
_MESSAGE_MEMBER = re.compile(
    r'"message":\s?"((?:[^"\\]|\\.)+)"'
)  # of the JSON in which many providers answer


def translate(exc: Exception, *, model: str, api_key: str | None) -> LLMError:
    """Return the error a caller shall see. `api_key` is cut out of the provider's words if it is there."""
    words = provider_words(str(exc), api_key)
    error_class, hint = _kind_of(exc, words)
    return error_class(f"`{model}`: {words or type(exc).__name__}", hint=hint)


def provider_words(text: str, api_key: str | None) -> str:
    """Return what the provider said: one line, without class names, secrets and excess length."""
    if api_key:
        text = text.replace(api_key, REDACTED)
    line = " ".join(redact_text(text[: 4 * _MAX_CHARS]).split())
    while (shorter := _CLASS_PREFIX.sub("", line)) != line:
        line = shorter
    if member := _MESSAGE_MEMBER.search(line):
        line = member[1]
    return line if len(line) <= _MAX_CHARS else f"{line[:_MAX_CHARS]}..."


def holds_secret(exc: Exception, api_key: str | None) -> bool:
    """Tell whether the text of an exception shows a secret, so that it must not be chained."""
    text = str(exc)
    return redact_text(text) != text or (api_key is not None and api_key in text)


def _kind_of(exc: Exception, words: str) -> _Kind:
    spoken = words.lower()
    for phrase, kind in _BY_WORDS:
        if phrase in spoken:
            return kind
    for cls in type(exc).__mro__:
        if kind_of_class := _BY_CLASS.get(cls.__name__):
            return kind_of_class
    status = getattr(exc, "status_code", None)
    if status in (401, 403):
        return LLMAuthError, _CHECK_KEY
    if isinstance(status, int) and 400 <= status < 500:
        return LLMBadRequestError, None
    return LLMUnavailableError, "try again later"
