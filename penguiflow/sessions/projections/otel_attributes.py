"""What the events of a run say about its spans, in the words of the conventions. Pure."""

from __future__ import annotations

import re

from penguiflow.sessions.bodies import UNNAMED_ERROR
from penguiflow.sessions.projections import otel_names as names
from penguiflow.sessions.projections.otel_values import AttributeValue, known
from penguiflow.state.events import (
    MemoryChanged,
    ModelCalled,
    PersonAsked,
    PlannerNoted,
    RunFailed,
    RunFinished,
    RunInterrupted,
    ToolFinished,
    ToolStarted,
)

# What litellm and others write before the slash, and what the conventions call it.
# fmt: off
_PROVIDERS = {
    "azure": "azure.ai.openai", "azure_ai": "azure.ai.inference", "azure_text": "azure.ai.openai",
    "bedrock": "aws.bedrock", "bedrock_converse": "aws.bedrock", "cohere_chat": "cohere",
    "gemini": "gcp.gemini", "mistral": "mistral_ai", "text-completion-openai": "openai",
    "vertex_ai": "gcp.vertex_ai", "vertex_ai_beta": "gcp.vertex_ai", "watsonx": "ibm.watsonx.ai",
    "watsonx_text": "ibm.watsonx.ai", "xai": "x_ai",
}
_MODEL_FAMILIES = (
    ("openai", re.compile(r"gpt-|chatgpt|o\d(-|$)|text-embedding-")),
    ("anthropic", re.compile(r"claude")),
    ("gcp.gemini", re.compile(r"gemini")),
    ("mistral_ai", re.compile(r"(mi|mini|code|magi|dev|pix)stral")),
    ("cohere", re.compile(r"command")),
    ("deepseek", re.compile(r"deepseek")),
    ("x_ai", re.compile(r"grok")),
)
# fmt: on
UNKNOWN_PROVIDER = "unknown"

_VERSION = re.compile(r"([-@:](v?\d[\d.:-]*|latest))?")
_TOOL_RAISED = re.compile(r"tool `[^`]*` raised ([A-Za-z_]\w*)")
_EXCEPTION = re.compile(r"((?:[A-Za-z_]\w*\.)*[A-Z]\w*)(?=:|\(|$)")


def provider_of(model: str | None) -> str:
    """Return who serves a model, from its name: `anthropic/claude-...`, or a name that is known well."""
    prefix, slash, bare = (model or "").partition("/")
    if slash and prefix:
        return _PROVIDERS.get(prefix.lower(), prefix.lower())
    for provider, family in _MODEL_FAMILIES:
        if family.match((bare or prefix).lower()):
            return provider
    return UNKNOWN_PROVIDER


def models_of(configured: str | None, called: ModelCalled) -> tuple[str | None, str | None]:
    """Return the model that was asked for and the one that answered.

    An event names one of them: the one that answered, or the one that was asked when none did. It is the
    run's configured one if it only adds a version to its name.
    """
    if called.model is None:
        return configured, None
    asked = configured if configured and _is_version_of(called.model, configured) else called.model
    return asked, None if called.error else called.model


def model_attributes(configured: str | None, called: ModelCalled) -> dict[str, AttributeValue]:
    """Return what is told about a call of a model, without content."""
    asked, answered = models_of(configured, called)
    return known({
        names.OPERATION: names.CHAT,
        names.PROVIDER: provider_of(asked),
        names.REQUEST_MODEL: asked,
        names.RESPONSE_MODEL: answered,
        names.INPUT_TOKENS: called.input_tokens,
        names.OUTPUT_TOKENS: called.output_tokens,
        names.CACHE_READ_TOKENS: called.cached_tokens,
        names.REASONING_TOKENS: called.reasoning_tokens,
        names.COST_USD: called.cost_usd,
        names.PURPOSE: called.purpose,
        names.STEP: called.step,
        names.ATTEMPT: called.attempt,
        names.ERROR_TYPE: None if called.error is None else error_type(called.error),
    })  # fmt: skip


def _is_version_of(model: str, configured: str) -> bool:
    bare, wanted = model.rpartition("/")[2], configured.rpartition("/")[2]
    return bare.startswith(wanted) and _VERSION.fullmatch(bare[len(wanted) :]) is not None


def tool_attributes(call: ToolStarted | ToolFinished) -> dict[str, AttributeValue]:
    """Return what is told about a call of a tool that begins, without content."""
    return known({
        names.OPERATION: names.EXECUTE_TOOL,
        names.TOOL_NAME: call.tool,
        names.TOOL_CALL_ID: call.call_id,
        names.STEP: call.step,
    })  # fmt: skip


def tool_end_attributes(finished: ToolFinished) -> dict[str, AttributeValue]:
    """Return what is told about how it ended, without content."""
    if finished.error is not None:
        return {names.ERROR_TYPE: error_type(finished.error)}
    return {names.RESULT_CHARS: finished.result_chars}


def wait_attributes(asked: PersonAsked) -> dict[str, AttributeValue]:
    """Return what is told about a question to a person, without content.

    The request's id is the token that lets a run go on: it is no attribute.
    """
    call = asked.call
    return known({
        names.WAIT_REASON: asked.reason,
        names.STEP: asked.step,
        names.TOOL_NAME: call.tool if call else None,
        names.TOOL_CALL_ID: call.call_id if call else None,
    })  # fmt: skip


def run_end_attributes(end: RunFinished | RunFailed | RunInterrupted) -> dict[str, AttributeValue]:
    """Return what is told about how a run ended, without content."""
    match end:
        case RunFinished(reason=reason):
            return known({
                names.RUN_OUTCOME: "answered" if reason == "answer_complete" else "stopped",
                names.RUN_END_REASON: reason,
                names.RUN_STEPS: end.steps,
                names.COST_USD: end.cost_usd,
            })  # fmt: skip
        case RunFailed():
            return known({names.RUN_OUTCOME: "failed", names.ERROR_TYPE: run_error_type(end)})
        case RunInterrupted():
            return {names.RUN_OUTCOME: "interrupted"}


def note_attributes(note: PlannerNoted | MemoryChanged, *, content: bool) -> dict[str, AttributeValue]:
    """Return what a note tells beside its name. Its texts may be content, its numbers are not."""
    if isinstance(note, MemoryChanged):
        return known({names.DETAIL_PREFIX + "tokens": note.tokens})
    told = (int, float, str) if content else (int, float)
    detail = {
        names.DETAIL_PREFIX + key: value for key, value in note.detail.items() if isinstance(value, told)
    }
    return known({names.STEP: note.step, **detail})


def error_type(text: str) -> str:
    """Return the kind of an error that is told as text: the name of the exception it begins with."""
    found = _TOOL_RAISED.match(text) or _EXCEPTION.match(text)
    return found[1] if found else names.OTHER_ERROR


def run_error_type(failed: RunFailed) -> str:
    """Return the kind of error that ended a run: its code, or the exception of code that has none."""
    found = _EXCEPTION.match(failed.message)
    return found[1] if failed.code == UNNAMED_ERROR and found else failed.code
