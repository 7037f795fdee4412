"""A `ToolNode` that acts in the name of users: whose token goes where, consent, refusals."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator

import pytest

from penguiflow.registry import ModelRegistry
from penguiflow.tools import ExternalToolConfig, ToolAuthError, ToolNode, TransportType
from penguiflow.tools._connecting.plan import plan_connection
from penguiflow.tools._connecting.server_connection import ServerConnection
from penguiflow.tools._node.user_connections import UserConnections, UserToken
from penguiflow.tools.user_auth import AuthManager
from tests.fakes.mcp_processes import child_pids, tiny_command
from tests.fakes.users_server import CallerContext, FakeDiscovery, FakeSignIn, UsersServer, users_server


@pytest.fixture
async def server() -> AsyncGenerator[UsersServer, None]:
    async with users_server() as running:
        yield running


def node_for(connection: str, manager: AuthManager | None, **config: object) -> ToolNode:
    values = {
        "name": "desk",
        "transport": TransportType.MCP,
        "connection": connection,
        "auth_type": "oauth2_user",
        "timeout_s": 10,
        **config,
    }
    return ToolNode(ExternalToolConfig.model_validate(values), ModelRegistry(), manager)


async def test_each_of_100_interleaved_calls_is_made_by_its_own_user(server: UsersServer) -> None:
    """ASI03: nobody acts as somebody else, whoever connected first."""
    server.door.users |= {"token-of-ann": "ann", "token-of-bob": "bob"}
    node = node_for(server.url, FakeSignIn({"ann": "token-of-ann", "bob": "token-of-bob"}))
    users = ["ann", "bob"] * 50
    results = await asyncio.gather(*(node.call("whoami", {}, CallerContext(user)) for user in users))
    assert [result["result"] for result in results] == users
    assert server.door.refused == {}
    await node.close()


async def test_consent_is_asked_for_by_a_pause_and_the_call_goes_on(server: UsersServer) -> None:
    server.door.users["fresh"] = "ann"
    sign_in = FakeSignIn()
    node = node_for(server.url, sign_in)
    ctx = CallerContext("ann", sign_in, gives="fresh")
    assert await node.call("desk.whoami", {}, ctx) == {"result": "ann"}
    url = "https://sign.in/desk?user=ann&trace=trace-1"
    assert ctx.pauses == [
        (
            "external_event",
            {
                "pause_type": "oauth",
                "provider": "desk",
                "display_name": "desk",
                "auth_url": url,
                "scopes": ["read"],
                "state": "s",
            },
        )
    ]
    assert node.status.state == "ready"
    await node.close()


async def test_a_pause_without_a_sign_in_is_an_error_and_a_state(server: UsersServer) -> None:
    node = node_for(server.url, FakeSignIn())
    with pytest.raises(ToolAuthError, match="OAuth for desk was not completed"):
        await node.call("whoami", {}, CallerContext("ann"))
    assert node.status.state == "needs_auth"


async def test_a_refused_token_is_replaced_once_and_the_call_made_again(server: UsersServer) -> None:
    server.door.users["second"] = "ann"
    sign_in = FakeSignIn({"ann": "first"}, next_tokens={"ann": "second"})
    node = node_for(server.url, sign_in)
    ctx = CallerContext("ann", sign_in)
    assert await node.call("whoami", {}, ctx) == {"result": "ann"}
    assert (sign_in.refusals, ctx.pauses) == ([("ann", "first")], [])
    await node.close()


async def test_a_revoked_token_needs_a_sign_in_while_others_go_on(server: UsersServer) -> None:
    server.door.users |= {"a": "ann", "b": "bob"}
    sign_in = FakeSignIn({"ann": "a", "bob": "b"})
    node = node_for(server.url, sign_in)
    assert await node.call("whoami", {}, CallerContext("ann")) == {"result": "ann"}
    del server.door.users["a"]
    ctx = CallerContext("ann", sign_in)
    with pytest.raises(ToolAuthError, match="was not completed"):
        await node.call("whoami", {}, ctx)
    assert (len(ctx.pauses), node.status.state) == (1, "needs_auth")
    assert await node.call("whoami", {}, CallerContext("bob")) == {"result": "bob"}
    await node.close()


async def test_connecting_asks_for_a_user_and_says_what_is_missing(server: UsersServer) -> None:
    for manager, said in ((None, "no auth_manager"), (FakeSignIn(), "user_id required")):
        node = node_for(server.url, manager)
        with pytest.raises(ToolAuthError, match=said):
            await node.connect()
        assert node.status.state == "needs_auth"
        with pytest.raises(ToolAuthError, match=said):
            await node.call("whoami", {}, CallerContext(None))


async def test_a_context_that_cannot_pause_is_told_where_to_sign_in(server: UsersServer) -> None:
    node = node_for(server.url, FakeSignIn())
    ctx = CallerContext("ann")
    without_pause = type("Plain", (), {"tool_context": ctx.tool_context})()
    with pytest.raises(ToolAuthError) as caught:
        await node.call("whoami", {}, without_pause)
    assert "https://sign.in/desk?user=ann" in str(caught.value.hint)
    assert node.status.auth_url == "https://sign.in/desk?user=ann&trace=trace-1"


async def test_a_server_process_lists_its_tools_without_a_user_and_gets_the_token_of_each() -> None:
    before = child_pids()
    sign_in = FakeSignIn({"ann": "token-a", "bob": "token-b"})
    node = node_for(tiny_command(), sign_in, auth_config={"token_env": "DESK_TOKEN"})
    await node.connect()
    assert "desk.environment" in [spec.name for spec in node.get_tools()]
    for user, token in (("ann", "token-a"), ("bob", "token-b")):
        result = (await node.call("environment", {}, CallerContext(user)))["result"]
        assert isinstance(result, dict)
        assert result["DESK_TOKEN"] == token
    sign_in.tokens["ann"] = "token-c"
    result = (await node.call("environment", {}, CallerContext("ann")))["result"]
    assert isinstance(result, dict)
    assert result["DESK_TOKEN"] == "token-c"
    await node.close()
    assert child_pids() == before


async def test_a_variable_given_by_hand_makes_a_sign_in_unnecessary() -> None:
    node = node_for(
        tiny_command(), None, auth_config={"token_env": "DESK_TOKEN"}, env={"DESK_TOKEN": "by-hand-0815"}
    )
    result = (await node.call("environment", {}))["result"]
    assert isinstance(result, dict)
    assert result["DESK_TOKEN"] == "by-hand-0815"
    await node.close()


async def test_a_server_configured_by_its_url_alone_may_ask_for_a_sign_in(server: UsersServer) -> None:
    server.door.users["fresh"] = "ann"
    sign_in = FakeDiscovery()
    node = node_for(server.url, sign_in, auth_type="none")
    ctx = CallerContext("ann", sign_in, gives="fresh")
    assert not node.acts_for_users
    await node.connect(ctx)
    assert node.acts_for_users
    assert (len(ctx.pauses), sign_in.asked[0]) == (1, ("desk", server.url))
    assert await node.call("whoami", {}, ctx) == {"result": "ann"}
    await node.close()


async def test_a_credential_of_the_config_that_is_refused_stays_an_error(server: UsersServer) -> None:
    sign_in = FakeDiscovery({"ann": "fresh"})
    node = node_for(server.url, sign_in, auth_type="none", headers={"Authorization": "Bearer other"})
    with pytest.raises(ToolAuthError, match="status 401"):
        await node.connect(CallerContext("ann"))
    assert not node.acts_for_users


async def test_room_is_made_by_disconnecting_who_has_not_called_for_longest_and_calls_no_more() -> None:
    made: list[UserToken] = []

    def make(token: UserToken) -> ServerConnection:
        made.append(token)
        config = ExternalToolConfig(name="desk", transport=TransportType.MCP, connection="unused")

        async def explore(session: object) -> None:
            raise AssertionError("nothing is opened here")

        return ServerConnection(
            config,
            plan=lambda: plan_connection(config, {}),
            clock=time.monotonic,
            explore=explore,
            take_tools=len,
        )

    connections = UserConnections(make, fixed_token=False, most_users=2)
    nobody, ann, bob = (connections.of(user) for user in (None, "ann", "bob"))
    ann.callers = 1
    connections.of("cas")
    await connections.make_room()
    assert (connections.of(None), connections.of("ann")) == (nobody, ann)
    assert connections.of("bob") is not bob
    assert len(made) == 5
