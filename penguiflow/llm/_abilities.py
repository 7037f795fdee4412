"""What litellm knows about a model: which parts of a request it may contain."""

from __future__ import annotations

from dataclasses import dataclass

from penguiflow.llm._package import LiteLLM
from penguiflow.llm._setup import ModelSettings, is_local_by_default, model_name, provider_of
from penguiflow.llm.errors import LLMSetupError
from penguiflow.llm.protocol import ToolCalling

TOOL_CALLING: tuple[ToolCalling, ...] = ("auto", "native", "json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """`calls_tools`: whether tools are given to it; `reasons`: whether it takes a reasoning effort."""

    takes_schema: bool
    calls_tools: bool
    reasons: bool


def check_tools_can_be_sent(litellm: LiteLLM, settings: ModelSettings, mode: ToolCalling) -> None:
    """Return when the mode fits the model.

    Raises:
        LLMSetupError: tools are to be called natively, but litellm has no way to send them.
    """
    if mode == "native" and not _can_send_tools(litellm, settings):
        raise LLMSetupError(
            f"the model `{model_name(settings)}` cannot be given tools",
            hint='set `tool_calling` to "auto" or "json"; with Ollama, `ollama_chat/MODEL` takes tools',
        )


def abilities_of(litellm: LiteLLM, settings: ModelSettings, mode: ToolCalling) -> Abilities:
    """Look the model up. litellm asks some servers of one's own for it: call it in a thread."""
    name, provider = model_name(settings), settings.get("custom_llm_provider")
    return Abilities(
        # Most servers of one's own take a schema; what one refuses is not asked of it again.
        takes_schema=bool(settings.get("api_base")) or litellm.supports_response_schema(name, provider),
        calls_tools=mode == "native" or (mode == "auto" and _is_known_to_call_tools(litellm, settings)),
        reasons=litellm.supports_reasoning(name, provider),
    )


def _is_known_to_call_tools(litellm: LiteLLM, settings: ModelSettings) -> bool:
    # Whether a model on a server of one's own calls tools well depends on how it is served.
    if is_local_by_default(provider_of(litellm, settings)) or not _can_send_tools(litellm, settings):
        return False
    return litellm.supports_function_calling(model_name(settings), settings.get("custom_llm_provider"))


def _can_send_tools(litellm: LiteLLM, settings: ModelSettings) -> bool:
    known = litellm.get_supported_openai_params(model_name(settings), settings.get("custom_llm_provider"))
    return known is None or "tools" in known
