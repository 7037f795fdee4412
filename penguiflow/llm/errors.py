"""What can go wrong between a caller and a language model.

LLMError
├── LLMSetupError          package, key or model name missing: raised before anything is sent
├── LLMAuthError           the provider refuses the key
├── LLMRateLimitError      too many requests or no quota left
├── LLMTimeoutError        no complete answer within the time allowed
├── LLMUnavailableError    the provider fails, cannot be reached or cut the answer off
├── LLMContextLengthError  the conversation is longer than the model reads
├── LLMBadRequestError     the provider does not accept the request
└── LLMReplyError          the answer holds no text

`code` is stable and made for programs; `hint` is a sentence for a person: what to do next.
"""

from __future__ import annotations

from typing import ClassVar


class LLMError(RuntimeError):
    """A language model gave no usable answer."""

    code: ClassVar[str] = "llm_error"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class LLMSetupError(LLMError):
    """The client cannot be used as it is set up; nothing was sent."""

    code = "llm_setup"


class LLMAuthError(LLMError):
    """The provider refuses the credentials."""

    code = "llm_auth"


class LLMRateLimitError(LLMError):
    """The provider asks to slow down, or the quota is used up."""

    code = "llm_rate_limit"


class LLMTimeoutError(LLMError):
    """No complete answer came in time."""

    code = "llm_timeout"


class LLMUnavailableError(LLMError):
    """The provider failed, could not be reached, or cut its answer off."""

    code = "llm_unavailable"


class LLMContextLengthError(LLMError):
    """The conversation does not fit into the model's context."""

    code = "llm_context_length"


class LLMBadRequestError(LLMError):
    """The provider does not accept the request; sending it again changes nothing."""

    code = "llm_bad_request"


class LLMReplyError(LLMError):
    """The provider answered without any text."""

    code = "llm_reply"
