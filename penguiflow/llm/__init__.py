"""Language models: one protocol, a client for every provider, and scripted clients without one.

Protocol, values and errors cost nothing to import; the clients load on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from penguiflow.llm.errors import (
    LLMAuthError,
    LLMBadRequestError,
    LLMContextLengthError,
    LLMError,
    LLMRateLimitError,
    LLMReplyError,
    LLMSetupError,
    LLMTimeoutError,
    LLMUnavailableError,
)
from penguiflow.llm.protocol import ChatMessage, JSONLLMClient, OnStreamChunk, SupportsReadiness
from penguiflow.llm.usage import LLMReply, TokenUsage

if TYPE_CHECKING:
    from penguiflow.llm.litellm import LiteLLMClient
    from penguiflow.llm.scripted import FunctionLLM, ScriptedLLM

__all__ = [
    "ChatMessage",
    "FunctionLLM",
    "JSONLLMClient",
    "LLMAuthError",
    "LLMBadRequestError",
    "LLMContextLengthError",
    "LLMError",
    "LLMRateLimitError",
    "LLMReply",
    "LLMReplyError",
    "LLMSetupError",
    "LLMTimeoutError",
    "LLMUnavailableError",
    "LiteLLMClient",
    "OnStreamChunk",
    "ScriptedLLM",
    "SupportsReadiness",
    "TokenUsage",
]

_LAZY = {
    "FunctionLLM": "penguiflow.llm.scripted",
    "LiteLLMClient": "penguiflow.llm.litellm",
    "ScriptedLLM": "penguiflow.llm.scripted",
}


def __getattr__(name: str) -> object:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    return getattr(import_module(module), name)
