"""Names, fields, defaults and rules of the configuration of external tools, as the contract states them."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from pydantic import ValidationError

import penguiflow.tools as tools
from penguiflow.tools import (
    ArtifactExtractionConfig,
    ArtifactFieldConfig,
    BinaryDetectionConfig,
    ExternalToolConfig,
    ResourceHandlingConfig,
    RetryPolicy,
)
from penguiflow.tools import config as tools_config

PUBLIC = {
    "ArtifactExtractionConfig", "ArtifactFieldConfig", "AuthType", "BinaryDetectionConfig",
    "ExternalToolConfig",
    "ResourceHandlingConfig", "RetryPolicy", "TransportType", "UtcpMode", "ToolNode", "POPULAR_MCP_SERVERS",
    "get_preset", "ARTIFACT_PRESETS", "FILESYSTEM_ARTIFACT_PRESET", "GITHUB_ARTIFACT_PRESET",
    "GOOGLE_DRIVE_ARTIFACT_PRESET", "TABLEAU_ARTIFACT_PRESET", "get_artifact_preset",
    "get_artifact_preset_info",
    "get_artifact_preset_with_overrides", "list_artifact_presets", "merge_artifact_preset",
    "InMemoryTokenStore",
    "OAuthManager", "OAuthProviderConfig", "TokenStore", "adapt_exception", "adapt_mcp_error",
    "adapt_utcp_error",
    "ErrorCategory", "ToolAuthError", "ToolClientError", "ToolConnectionError", "ToolNodeError",
    "ToolRateLimitError", "ToolServerError", "ToolTimeoutError",
}  # fmt: skip


def config(**values: Any) -> ExternalToolConfig:
    return ExternalToolConfig.model_validate(
        {"name": "x", "transport": "mcp", "connection": "server", **values}
    )


def test_every_name_of_the_contract_is_exported() -> None:
    assert set(tools.__all__) >= PUBLIC
    for name in PUBLIC:
        assert hasattr(tools, name)
    for name in ("McpTransportMode", "OutputTransformer", "DEFAULT_BINARY_SIGNATURES"):
        assert hasattr(tools_config, name)


@pytest.mark.parametrize(
    ("enum", "values"),
    [
        (tools.TransportType, {"MCP": "mcp", "HTTP": "http", "UTCP": "utcp", "CLI": "cli"}),
        (
            tools.AuthType,
            {
                "NONE": "none",
                "API_KEY": "api_key",
                "BEARER": "bearer",
                "COOKIE": "cookie",
                "OAUTH2_USER": "oauth2_user",
            },
        ),
        (tools.UtcpMode, {"AUTO": "auto", "MANUAL_URL": "manual_url", "BASE_URL": "base_url"}),
        (
            tools_config.McpTransportMode,
            {"AUTO": "auto", "SSE": "sse", "STREAMABLE_HTTP": "streamable_http"},
        ),
        (
            tools.ErrorCategory,
            {
                "RETRYABLE_SERVER": "retryable_server",
                "RETRYABLE_RATE_LIMIT": "retryable_rate",
                "NON_RETRYABLE_CLIENT": "non_retryable",
                "AUTH_REQUIRED": "auth_required",
                "NETWORK": "network",
                "CANCELLED": "cancelled",
                "UNKNOWN": "unknown",
            },
        ),
    ],
)
def test_enums_have_these_members(enum: Any, values: dict[str, str]) -> None:
    assert {member.name: member.value for member in enum} == values


def test_defaults_of_a_config() -> None:
    made = config()
    assert made.description == ""
    assert (made.utcp_mode.value, made.mcp_transport_mode.value) == ("auto", "auto")
    assert (made.env, made.auth_type.value, made.auth_config) == ({}, "none", {})
    assert (made.timeout_s, made.max_concurrency, made.tool_filter) == (30.0, 10, None)
    assert made.arg_validation == {"emit_suspect": True}
    assert made.artifact_extraction == ArtifactExtractionConfig()
    assert made.output_transformer is None
    assert "output_transformer" not in config(output_transformer=lambda *_: None).model_dump()
    assert config(unknown_key=1) == made


def test_defaults_of_the_parts() -> None:
    assert RetryPolicy().model_dump() == {
        "max_attempts": 3,
        "wait_exponential_min_s": 0.1,
        "wait_exponential_max_s": 5.0,
        "retry_on_status": [429, 500, 502, 503, 504],
    }
    binary = BinaryDetectionConfig()
    assert (binary.enabled, binary.min_size_for_detection, binary.max_decode_bytes) == (True, 1000, 5_000_000)
    assert binary.require_magic_bytes is True
    assert binary.signatures["JVBERi"] == ("pdf", "application/pdf")
    assert binary.signatures["AAAA"] == ("unknown", "application/octet-stream")
    assert len(binary.signatures) == 7
    assert ResourceHandlingConfig().model_dump() == {
        "enabled": True,
        "auto_read_if_size_under_bytes": 0,
        "inline_text_if_under_chars": 10_000,
        "cache_reads_to_artifacts": True,
    }
    field = ArtifactFieldConfig(field_path="a.b", content_type="pdf")
    assert (field.mime_type, field.summary_template) == (None, "Downloaded {content_type} ({size} bytes)")
    extraction = ArtifactExtractionConfig()
    assert (extraction.max_inline_size, extraction.auto_artifact_large_content) == (10_000, True)
    assert extraction.tool_fields == {}


@pytest.mark.parametrize(
    "values",
    [
        {"timeout_s": 0.5},
        {"timeout_s": 301},
        {"max_concurrency": 0},
        {"max_concurrency": 101},
        {"retry_policy": {"max_attempts": 0}},
        {"retry_policy": {"max_attempts": 11}},
        {"retry_policy": {"wait_exponential_min_s": 0.001}},
        {"retry_policy": {"wait_exponential_max_s": 0.01}},
        {"auth_type": "bearer"},
        {"auth_type": "api_key"},
        {"auth_type": "cookie", "auth_config": {"cookie_name": "a"}},
        {"utcp_mode": "manual_url"},
        {"utcp_mode": "base_url"},
        {"transport": "carrier-pigeon"},
        {"artifact_extraction": {"binary_detection": {"max_decode_bytes": 10}}},
        {"artifact_extraction": {"tool_fields": {"t": [{"field_path": "a", "content_type": "film"}]}}},
    ],
)
def test_what_is_out_of_bounds_is_refused_when_the_config_is_made(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config(**values)


def test_a_node_takes_config_registry_and_auth_manager() -> None:
    parameters = list(inspect.signature(tools.ToolNode).parameters)
    assert parameters[:3] == ["config", "registry", "auth_manager"]
    for name in (
        "connect", "get_tools", "get_tool_specs", "call", "close", "list_resources",
        "list_resource_templates",
        "read_resource", "subscribe_resource", "unsubscribe_resource", "handle_resource_updated",
        "set_resource_updated_callback", "resources_supported", "resources", "resource_templates",
    ):  # fmt: skip
        assert hasattr(tools.ToolNode, name)
