"""What a config accepts, and what it says about what it does not accept."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from penguiflow.tools import AuthType, ExternalToolConfig, TransportType


def config(**values: Any) -> ExternalToolConfig:
    return ExternalToolConfig.model_validate(
        {"name": "github", "transport": "mcp", "connection": "npx server", **values}
    )


def test_the_config_of_the_description_is_accepted() -> None:
    made = ExternalToolConfig(
        name="github",
        transport=TransportType.MCP,
        connection="npx -y @modelcontextprotocol/server-github",
        auth_type=AuthType.OAUTH2_USER,
        timeout_s=30,
        max_concurrency=10,
    )
    assert made.retry_policy.max_attempts == 3
    assert (made.retry_policy.wait_exponential_min_s, made.retry_policy.wait_exponential_max_s) == (0.1, 5.0)
    assert made.retry_policy.retry_on_status == [429, 500, 502, 503, 504]
    assert not made.is_url


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"auth_type": "bearer"}, "auth_type `bearer` of `github` needs `token` in `auth_config`"),
        ({"auth_type": "api_key"}, "needs `api_key`"),
        ({"auth_type": "cookie", "auth_config": {"cookie_name": "a"}}, "needs `cookie_value`"),
        ({"name": ""}, "at least 1 character"),
        ({"tool_filter": ["("]}, "`(` is not a regular expression"),
        ({"timeout_s": 0.5}, "greater than or equal to 1"),
        ({"timeout_s": 301}, "less than or equal to 300"),
        ({"max_concurrency": 0}, "greater than or equal to 1"),
        ({"retry_policy": {"max_attempts": 11}}, "less than or equal to 10"),
        ({"transport": "smoke"}, "Input should be"),
    ],
)
def test_what_is_wrong_is_said(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        config(**values)
    assert message in str(caught.value)


def test_filters_match_from_the_start_of_the_name() -> None:
    made = config(tool_filter=["get_", "list$"], approval_filter=["get_secret"])
    names = ("get_it", "forget_it", "list", "lists", "get_secret")
    assert [made.takes(name) for name in names] == [True, False, True, False, True]
    assert [made.needs_approval(name) for name in names] == [False, False, False, False, True]
    assert config(tool_filter=[]).takes("anything")


def test_credentials_stay_out_of_the_representation() -> None:
    made = config(env={"KEY": "hunter2"}, headers={"X": "hunter2"}, auth_config={"token": "hunter2"})
    assert "hunter2" not in repr(made)
