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
from penguiflow.llm.protocol import (
    ChatMessage,
    JSONLLMClient,
    NativeTools,
    OnStreamChunk,
    SupportsReadiness,
    ToolCalling,
    ToolDescription,
)
from penguiflow.llm.usage import LLMReply, TokenUsage

if TYPE_CHECKING:
    from penguiflow.llm.cassette import (
        CassetteClient,
        CassetteError,
        CassetteFileError,
        CassetteMissError,
        CassetteUnusedError,
        mask_dates,
    )
    from penguiflow.llm.litellm import LiteLLMClient
    from penguiflow.llm.scripted import FunctionLLM, ScriptedLLM, ScriptedReply, scripted_reply

__all__ = [
    "CassetteClient",
    "CassetteError",
    "CassetteFileError",
    "CassetteMissError",
    "CassetteUnusedError",
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
    "NativeTools",
    "OnStreamChunk",
    "ScriptedLLM",
    "ScriptedReply",
    "SupportsReadiness",
    "TokenUsage",
    "ToolCalling",
    "ToolDescription",
    "mask_dates",
    "scripted_reply",
]

_LAZY = {
    "CassetteClient": "penguiflow.llm.cassette",
    "CassetteError": "penguiflow.llm.cassette",
    "CassetteFileError": "penguiflow.llm.cassette",
    "CassetteMissError": "penguiflow.llm.cassette",
    "CassetteUnusedError": "penguiflow.llm.cassette",
    "mask_dates": "penguiflow.llm.cassette",
    "scripted_reply": "penguiflow.llm.scripted",
    "FunctionLLM": "penguiflow.llm.scripted",
    "LiteLLMClient": "penguiflow.llm.litellm",
    "ScriptedLLM": "penguiflow.llm.scripted",
    "ScriptedReply": "penguiflow.llm.scripted",
}


def __getattr__(name: str) -> object:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    return getattr(import_module(module), name)
