"""Which values of a config are secrets, and that nothing that shows a config shows them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from penguiflow.redaction import REDACTED, redact_text
from penguiflow.registry import ModelRegistry
from penguiflow.tools import ExternalToolConfig, ToolNode
from penguiflow.tools._connecting.plan import plan_connection
from penguiflow.tools._connecting.secrets import secrets_of
from penguiflow.tools._connecting.session import ServerUrl
from penguiflow.tools.project import ProjectToolsError, project_servers
from penguiflow.tools.target import config_for_target

ENVIRONMENT = {"TOKEN": "token-1", "HOST": "host-1", "HOME": "/home/me", "LC_ALL": "C", "EMPTY": ""}


def config(connection: str, **values: Any) -> ExternalToolConfig:
    return ExternalToolConfig.model_validate(
        {"name": "srv", "transport": "mcp", "connection": connection, **values}
    )


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"env": {"API_KEY": "key-1", "MODE": "fast"}}, {"key-1"}),
        ({"env": {"ANY": "${TOKEN}", "WHERE": "${HOME}/${LC_ALL}/${NONE:-nothing}/${EMPTY}"}}, {"token-1"}),
        ({"env": {"URL": "redis://me:pass-1@${HOST}"}}, {"pass-1", "host-1"}),
        ({"headers": {"Authorization": "Bearer ${TOKEN}", "Accept": "text"}}, {"token-1"}),
        ({"headers": {"X-Service-Key": "key-1"}}, {"key-1"}),
        ({"auth_type": "bearer", "auth_config": {"token": "token-2"}}, {"token-2"}),
        ({"auth_type": "api_key", "auth_config": {"api_key": "key-1", "header": "X-Any"}}, {"key-1"}),
        (
            {"auth_type": "cookie", "auth_config": {"cookie_name": "session_id", "cookie_value": "value-1"}},
            {"value-1"},
        ),
    ],
)
def test_the_secrets_of_a_config(values: dict[str, Any], found: set[str]) -> None:
    assert set(secrets_of(config("https://host/mcp", **values), ENVIRONMENT)) == found


@pytest.mark.parametrize(
    ("connection", "found"),
    [
        ("run --token 'to ken-2' --port 80", {"to ken-2"}),
        ("run --token ${TOKEN} ${NONE}", {"token-1"}),
        ("run 'not closed --api-key key-1", {"key-1"}),
        ("https://me:pa%2Fss@host/mcp?key=key-1", {"pa%2Fss", "pa/ss", "key-1"}),
    ],
)
def test_the_secrets_of_a_connection(connection: str, found: set[str]) -> None:
    assert set(secrets_of(config(connection), ENVIRONMENT)) == found


def test_a_tool_node_makes_its_secrets_known_before_anything_shows() -> None:
    made = config("run --password pass-27dd1", env={"SOME_TOKEN": "${SECRET_27DD2}"})
    node = ToolNode(made, ModelRegistry(), environment={"SECRET_27DD2": "from-the-environment-27dd2"})
    assert node.status.target == f"run --password {REDACTED}"
    assert redact_text("it says from-the-environment-27dd2") == f"it says {REDACTED}"


def test_what_a_person_types_and_what_a_project_says_is_known_at_once(tmp_path: Path) -> None:
    config_for_target("run --api-key key-31ce0")
    servers = {"notes": {"command": "notes", "env": {"NOTES_SECRET": "notes-31ce1"}}}
    (tmp_path / ".mcp.json").write_text(json.dumps({"mcpServers": servers}))
    project_servers(tmp_path)
    assert redact_text("key-31ce0 notes-31ce1") == f"{REDACTED} {REDACTED}"


def test_the_password_of_a_url_is_sent_as_a_header_and_stands_in_no_url() -> None:
    plan = plan_connection(config("https://me:pa%2Fss@host:8/mcp?x=1"), {})
    assert isinstance(plan, ServerUrl)
    basic = base64.b64encode(b"me:pa/ss").decode()
    assert (plan.url, plan.headers) == ("https://host:8/mcp?x=1", {"Authorization": f"Basic {basic}"})


def test_a_header_wins_over_the_password_of_a_url() -> None:
    plan = plan_connection(config("https://me:pass@host/mcp", headers={"authorization": "Bearer t"}), {})
    assert isinstance(plan, ServerUrl)
    assert plan.headers == {"authorization": "Bearer t"}


def test_no_representation_shows_a_secret() -> None:
    made = config(
        "https://me:canary@host/mcp?key=canary",
        env={"A": "canary"},
        headers={"B": "canary"},
        auth_type="bearer",
        auth_config={"token": "canary"},
    )
    started = plan_connection(config("run --token canary", env={"A": "canary"}), {})
    for shown in (made, plan_connection(made, {}), started):
        assert "canary" not in repr(shown)
        assert "canary" not in str(shown)


def test_a_config_that_is_refused_does_not_show_what_it_holds(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="auth_config") as refused:
        config("https://h", auth_type="cookie", auth_config={"cookie_value": "canary"}, env={"A": "canary"})
    assert "canary" not in str(refused.value)
    (tmp_path / ".mcp.json").write_text('{"mcpServers": {"a": {"url": "u", "headers": ["canary"]}}}')
    with pytest.raises(ProjectToolsError) as unreadable:
        project_servers(tmp_path)
    assert "canary" not in f"{unreadable.value} {unreadable.value.__cause__}"
