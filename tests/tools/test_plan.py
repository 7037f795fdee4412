"""What a config means: the process that would start, the URL that would open, the text that is shown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.tools import ExternalToolConfig, ToolAuthError, ToolConnectionError
from penguiflow.tools._connecting.environment import child_environment, expand
from penguiflow.tools._connecting.plan import plan_connection, target_text
from penguiflow.tools._connecting.process import ServerCommand
from penguiflow.tools._connecting.session import ServerUrl

ENVIRONMENT = {
    "PATH": "/bin",
    "TOKEN": "t0p secret",
    "LC_ALL": "C",
    "AWS_SECRET_ACCESS_KEY": "no",
    "HOME": "() { x; }",
}


def config(connection: str, **values: Any) -> ExternalToolConfig:
    return ExternalToolConfig.model_validate(
        {"name": "srv", "transport": "mcp", "connection": connection, **values}
    )


def command_of(made: ExternalToolConfig) -> ServerCommand:
    plan = plan_connection(made, ENVIRONMENT)
    assert isinstance(plan, ServerCommand)
    return plan


def url_of(made: ExternalToolConfig) -> ServerUrl:
    plan = plan_connection(made, ENVIRONMENT)
    assert isinstance(plan, ServerUrl)
    return plan


def test_a_command_is_split_first_and_filled_in_second() -> None:
    plan = command_of(
        config("run 'a b' --token=${TOKEN} '${NONE:-x y}'", env={"A": "<${TOKEN}${TOKEN}>"}, cwd="/x")
    )
    assert plan.arguments == ["run", "a b", "--token=t0p secret", "x y"]
    assert plan.environment == {"PATH": "/bin", "LC_ALL": "C", "A": "<t0p secrett0p secret>"}
    assert plan.cwd == "/x"


@pytest.mark.parametrize(
    ("values", "url", "sse", "headers"),
    [
        ({}, "https://h/mcp", False, {}),
        ({}, "https://h/SSE", True, {}),
        ({"mcp_transport_mode": "streamable_http"}, "https://h/sse", False, {}),
        ({"mcp_transport_mode": "sse"}, "https://h/mcp", True, {}),
        ({"auth_type": "api_key", "auth_config": {"api_key": "k"}}, "http://h", False, {"X-API-Key": "k"}),
        (
            {"auth_type": "cookie", "auth_config": {"cookie_name": "n", "cookie_value": "${TOKEN}"}},
            "HTTP://h",
            False,
            {"Cookie": "n=t0p secret"},
        ),
        (
            {"auth_type": "bearer", "auth_config": {"token": "${TOKEN}"}, "headers": {"X": "1"}},
            "http://h",
            False,
            {"X": "1", "Authorization": "Bearer t0p secret"},
        ),
    ],
)
def test_a_url_gets_its_protocol_and_headers(
    values: dict[str, object], url: str, sse: bool, headers: dict[str, str]
) -> None:
    assert url_of(config(url, **values)) == ServerUrl(url=url, headers=headers, sse=sse)


def test_a_url_is_filled_in() -> None:
    assert url_of(config("https://h/${NONE:-mcp}")).url == "https://h/mcp"


def test_what_cannot_be_connected_is_refused() -> None:
    with pytest.raises(ToolAuthError, match="`NO_SUCH`, which `srv` needs"):
        plan_connection(config("run ${NO_SUCH}"), ENVIRONMENT)
    with pytest.raises(ToolConnectionError, match="cannot be split"):
        plan_connection(config("run 'x"), ENVIRONMENT)
    for empty in ("", "  ", "'' x"):
        with pytest.raises(ToolConnectionError, match="the command of `srv` is empty"):
            plan_connection(config(empty), ENVIRONMENT)


@pytest.mark.parametrize(
    ("connection", "shown"),
    [
        ("https://user:pw@host:8/mcp?key=1#x", "https://host:8/mcp"),
        ("run ${TOKEN}", "run ${TOKEN}"),
        ("run --api-key sk-abcdefghijklmnopqrstuvwx", "[redacted]"),
        ("run \x1b[31m", "␛"),
    ],
)
def test_the_target_is_shown_without_credentials_and_control_characters(connection: str, shown: str) -> None:
    text = target_text(config(connection))
    assert shown in text
    assert not {"\x1b", "pw", "sk-abcdefghijklmnopqrstuvwx"} & set(text.replace("\x1b", " \x1b ").split())


@given(st.text())
def test_text_without_references_stays_as_it_is(text: str) -> None:
    if "${" not in text:
        assert expand(text, {}, owner="srv") == text


@given(st.dictionaries(st.sampled_from(["PATH", "LC_X", "XDG_Y", "KEY", "MY_TOKEN"]), st.text(max_size=5)))
def test_a_child_inherits_nothing_that_is_not_known_to_be_harmless(inherited: dict[str, str]) -> None:
    assert set(child_environment({}, inherited)) <= {"PATH", "LC_X", "XDG_Y"}
