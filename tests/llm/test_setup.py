"""What is missing is told before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from penguiflow.llm import LiteLLMClient, LLMSetupError
from penguiflow.llm._setup import missing_variables

KEY_VARIABLES = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY", "OLLAMA_API_BASE")


@pytest.fixture(autouse=True)
def without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEY_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("model", "names"),
    [
        ("gpt-4o-mini", ["`gpt-4o-mini`", "`OPENAI_API_KEY`"]),
        ("anthropic/claude-sonnet-4-5", ["`ANTHROPIC_API_KEY`"]),
        ("gemini/gemini-2.5-flash", ["`GOOGLE_API_KEY` or `GEMINI_API_KEY`"]),
    ],
)
def test_a_missing_key_is_named(model: str, names: list[str]) -> None:
    with pytest.raises(LLMSetupError) as raised:
        LiteLLMClient(model).check_ready()
    assert all(name in str(raised.value) for name in names)
    assert "export" in (raised.value.hint or "")


@pytest.mark.parametrize("model", ["no-such-model", "nowhere/model"])
def test_an_unknown_provider_is_told_how_models_are_named(
    model: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(LLMSetupError, match=f"`{model}`") as raised:
        LiteLLMClient(model).check_ready()
    assert "provider/model" in (raised.value.hint or "")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "model",
    [
        "ollama/llama3.2",
        {"model": "openai/anything", "api_base": "http://127.0.0.1:9/v1", "api_key": "x"},
        {"model": "anthropic/claude-sonnet-4-5", "api_key": "x"},
        {"model": "bedrock/anthropic.claude-v2"},
    ],
)
def test_these_are_ready(model: str | Mapping[str, Any]) -> None:
    LiteLLMClient(model).check_ready()


def test_a_key_in_the_environment_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    LiteLLMClient("gpt-4o-mini").check_ready()


def test_settings_without_a_model_are_refused() -> None:
    with pytest.raises(LLMSetupError, match="`model`"):
        LiteLLMClient({"api_key": "x"}).check_ready()


async def test_nothing_is_sent_without_a_key() -> None:
    with pytest.raises(LLMSetupError, match="OPENAI_API_KEY"):
        await LiteLLMClient("gpt-4o-mini").complete(messages=[{"role": "user", "content": "hi"}])


AZURE = ["AZURE_API_BASE", "AZURE_API_VERSION", "AZURE_API_KEY"]


@pytest.mark.parametrize(
    ("provider", "reported", "settings", "missing"),
    [
        ("openai", ["OPENAI_API_KEY"], {}, ["OPENAI_API_KEY"]),
        ("openai", ["OPENAI_API_KEY"], {"api_base": "http://x"}, ["OPENAI_API_KEY"]),
        ("openai", ["OPENAI_API_KEY"], {"api_key": ""}, ["OPENAI_API_KEY"]),
        ("openai", ["OPENAI_API_KEY"], {"api_key": "k"}, []),
        ("azure", AZURE, {"api_key": "k", "api_base": "b"}, ["AZURE_API_VERSION"]),
        ("azure", AZURE, {"azure_ad_token": "t", "api_base": "b", "api_version": "v"}, []),
        ("gemini", ["GOOGLE_API_KEY", "GEMINI_API_KEY"], {"api_key": "k"}, []),
        ("datarobot", ["DATAROBOT_API_TOKEN"], {"api_key": "k"}, []),
        ("ollama", ["OLLAMA_API_BASE"], {}, []),
        ("bedrock", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], {}, []),
    ],
)
def test_a_setting_stands_for_its_variable(
    provider: str, reported: list[str], settings: dict[str, str], missing: list[str]
) -> None:
    assert missing_variables(provider, reported, settings) == missing
