"""Finds out before the first call whether a model could be called at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from penguiflow.llm._package import LiteLLM
from penguiflow.llm.errors import LLMSetupError

ModelSettings: TypeAlias = Mapping[str, Any]
"""Arguments of litellm's `acompletion`: `model`, and for instance `api_base`, `api_key`, `top_p`."""

# Their own libraries find credentials in files and services that no variable names.
_FIND_THEIR_OWN_CREDENTIALS = frozenset({"bedrock", "sagemaker", "vertex_ai", "vertex_ai_beta"})
_NAME_HINT = (
    "write it as `provider/model`, for example `openai/gpt-4o-mini`, `anthropic/claude-sonnet-4-5` or "
    "`ollama/llama3.2`; a server that speaks OpenAI's protocol is `openai/MODEL` with an `api_base`"
)
_LOCAL_BY_DEFAULT = frozenset({"ollama", "ollama_chat"})


def model_name(settings: ModelSettings) -> str:
    """Return the model the settings name.

    Raises:
        LLMSetupError: they name none.
    """
    name = settings.get("model")
    if not isinstance(name, str) or not name.strip():
        raise LLMSetupError("the model settings lack `model`", hint='add "model": "provider/model"')
    return name


def check_setup(litellm: LiteLLM, settings: ModelSettings) -> None:
    """Return when provider and credentials are known.

    Raises:
        LLMSetupError: the model names no provider, or an environment variable is missing.
    """
    name = model_name(settings)
    provider = provider_of(litellm, settings)
    missing = missing_variables(provider, litellm.validate_environment(name)["missing_keys"], settings)
    if missing:
        variables = (" or " if provider == "gemini" else " and ").join(
            f"`{variable}`" for variable in missing
        )
        example = f"export {missing[0]}=..."
        extra = "; for a server of your own that asks for no key, give any `api_key`"
        raise LLMSetupError(
            f"the model `{name}` needs the environment variable {variables}",
            hint=f"set it ({example}) or choose another model{extra if settings.get('api_base') else ''}",
        )


def provider_of(litellm: LiteLLM, settings: ModelSettings) -> str:
    """Return litellm's name of the provider.

    Raises:
        LLMSetupError: litellm knows none for this model.
    """
    name = model_name(settings)
    try:
        return litellm.get_llm_provider(
            name,
            custom_llm_provider=settings.get("custom_llm_provider"),
            api_base=settings.get("api_base"),
        )[1]
    except Exception as exc:  # litellm raises a changing set of classes for this
        raise LLMSetupError(
            f"the model `{name}` names no known provider",
            hint=_NAME_HINT,
        ) from exc


def is_local_by_default(provider: str) -> bool:
    """Return whether models of this provider run on a server of one's own."""
    return provider in _LOCAL_BY_DEFAULT


def missing_variables(provider: str, reported: list[str], settings: ModelSettings) -> list[str]:
    """Return the variables that are really needed of those that litellm reports as missing."""
    if provider in _FIND_THEIR_OWN_CREDENTIALS or is_local_by_default(provider):
        return []
    given = {str(setting).lower() for setting, value in settings.items() if value}
    if any(setting.startswith("azure_ad_token") for setting in given):
        given.add("api_key")
    needed = [name for name in reported if not any(_sets(setting, name) for setting in given)]
    return [] if provider == "gemini" and len(needed) < len(reported) else needed


def _sets(setting: str, variable: str) -> bool:
    """Tell whether a setting like `api_key` stands for a variable like `OPENAI_API_KEY`."""
    name = variable.lower()
    return (
        name == setting or name.endswith(f"_{setting}") or (setting == "api_key" and name.endswith("_token"))
    )
