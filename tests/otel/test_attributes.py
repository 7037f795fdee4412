from __future__ import annotations

import pytest

from penguiflow.sessions.projections.otel_attributes import (
    error_type,
    model_attributes,
    models_of,
    note_attributes,
    provider_of,
)
from penguiflow.state.events import ModelCalled, PlannerNoted

PROVIDERS = [
    ("openai/gpt-4o", "openai"),
    ("gpt-4o-mini", "openai"),
    ("o3", "openai"),
    ("o4-mini", "openai"),
    ("anthropic/claude-sonnet-4-5", "anthropic"),
    ("claude-sonnet-4-5", "anthropic"),
    ("gemini/gemini-2.5-pro", "gcp.gemini"),
    ("vertex_ai/gemini-2.5-pro", "gcp.vertex_ai"),
    ("azure/my-deployment", "azure.ai.openai"),
    ("azure_ai/command-r", "azure.ai.inference"),
    ("bedrock/anthropic.claude-3", "aws.bedrock"),
    ("mistral/mistral-large", "mistral_ai"),
    ("xai/grok-4", "x_ai"),
    ("watsonx/granite", "ibm.watsonx.ai"),
    ("groq/llama", "groq"),
    ("deepseek-chat", "deepseek"),
    ("ollama/llama3", "ollama"),
    ("openrouter/anthropic/claude", "openrouter"),
    ("scripted", "unknown"),
    ("order-model", "unknown"),
    ("/odd", "unknown"),
    ("", "unknown"),
    (None, "unknown"),
]


@pytest.mark.parametrize(("model", "provider"), PROVIDERS)
def test_the_provider_follows_from_the_name_of_the_model(model: str | None, provider: str) -> None:
    assert provider_of(model) == provider


def called(model: str | None, error: str | None = None) -> ModelCalled:
    return ModelCalled(step=1, attempt=2, latency_ms=1.0, model=model, error=error)


MODELS = [
    ("openai/gpt-4o", called("gpt-4o-2024-08-06"), ("openai/gpt-4o", "gpt-4o-2024-08-06")),
    ("openai/gpt-4o", called("openai/gpt-4o"), ("openai/gpt-4o", "openai/gpt-4o")),
    ("claude-3-5-haiku", called("claude-3-5-haiku-latest"), ("claude-3-5-haiku", "claude-3-5-haiku-latest")),
    # Another client of the planner's, for example the one that reflects.
    ("openai/gpt-4o", called("openai/gpt-4o-mini"), ("openai/gpt-4o-mini", "openai/gpt-4o-mini")),
    ("openai/gpt-4o", called("openai/gpt-4o", error="Timeout: no"), ("openai/gpt-4o", None)),
    ("openai/gpt-4o", called(None), ("openai/gpt-4o", None)),
    (None, called("m"), ("m", "m")),
    (None, called(None), (None, None)),
]


@pytest.mark.parametrize(("configured", "call", "expected"), MODELS)
def test_the_model_that_was_asked_and_the_one_that_answered(
    configured: str | None, call: ModelCalled, expected: tuple[str | None, str | None]
) -> None:
    assert models_of(configured, call) == expected


def test_a_model_call_tells_its_usage_under_the_current_names() -> None:
    call = ModelCalled(
        step=2,
        attempt=1,
        latency_ms=1.0,
        model="openai/gpt-4o",
        cost_usd=0.5,
        input_tokens=10,
        output_tokens=20,
        cached_tokens=3,
        reasoning_tokens=4,
        purpose="critique",
    )

    assert model_attributes(None, call) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "openai/gpt-4o",
        "gen_ai.response.model": "openai/gpt-4o",
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.usage.cache_read.input_tokens": 3,
        "gen_ai.usage.reasoning.output_tokens": 4,
        "penguiflow.cost_usd": 0.5,
        "penguiflow.model.purpose": "critique",
        "penguiflow.step": 2,
        "penguiflow.attempt": 1,
    }


def test_what_is_unknown_of_a_model_call_is_not_told_as_zero() -> None:
    told = model_attributes(None, called("m"))

    assert not [name for name in told if name.startswith("gen_ai.usage") or "cost" in name]


ERRORS = [
    ("tool `look` raised DiskFull: no space left", "DiskFull"),
    ("tool `a raised B: c` raised Real: x", "Real"),
    ("RateLimitError: slow down", "RateLimitError"),
    ("httpx.ConnectTimeout: no answer", "httpx.ConnectTimeout"),
    ("ValueError('no good')", "ValueError"),
    ("Cancelled", "Cancelled"),
    ("the server said no", "_OTHER"),
    ("password: hunter2", "_OTHER"),
    ("", "_OTHER"),
]


@pytest.mark.parametrize(("text", "kind"), ERRORS)
def test_the_kind_of_an_error_is_a_name_and_never_its_text(text: str, kind: str) -> None:
    assert error_type(text) == kind


def test_a_note_tells_texts_only_with_content() -> None:
    detail = {"count": 2, "done": True, "text": "secret plan", "nested": {"a": 1}, "huge": 10**30}
    note = PlannerNoted(step=1, event="x", detail=detail)
    numbers = {
        "penguiflow.step": 1,
        "penguiflow.detail.count": 2,
        "penguiflow.detail.done": True,
        "penguiflow.detail.huge": 2**63 - 1,
    }

    assert note_attributes(note, content=False) == numbers
    assert note_attributes(note, content=True) == {**numbers, "penguiflow.detail.text": "secret plan"}
