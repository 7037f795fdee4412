"""A tool node, a server with OAuth, and people who allow, come back, and take it back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping

import pytest
from pydantic import JsonValue

from penguiflow.registry import ModelRegistry
from penguiflow.tools import ExternalToolConfig, ToolAuthError, ToolNode
from penguiflow.tools.oauth import InMemoryTokenStore, LoopbackRedirect, OAuthManager, SecretStore
from tests.fakes.oauth_fastmcp import SignInServer, sign_in_server
from tests.fakes.oauth_person import Clock, allow, come_back


class Caller:
    """The context of a call: its pause lasts until the person allowed the access."""

    def __init__(self, user: str, server: SignInServer, *, allows: bool = True) -> None:
        self.tool_context = {"user_id": user, "trace_id": f"trace-of-{user}"}
        self.pauses: list[Mapping[str, JsonValue]] = []
        self._user = user
        self._server = server
        self._allows = allows

    async def pause(self, reason: str, payload: Mapping[str, JsonValue]) -> None:
        assert reason == "external_event"
        self.pauses.append(payload)
        if self._allows:
            self._server.people.at_the_page = self._user
            page = await come_back(await allow(str(payload["auth_url"])))
            assert page.status_code == 200


@pytest.fixture
async def server() -> AsyncGenerator[SignInServer, None]:
    async with sign_in_server() as fake:
        yield fake


@pytest.fixture
def store() -> SecretStore:
    return InMemoryTokenStore()


@pytest.fixture
async def manager(store: SecretStore, clock: Clock) -> AsyncGenerator[OAuthManager, None]:
    async with OAuthManager(token_store=store, redirect=LoopbackRedirect(), clock=clock) as made:
        yield made


@pytest.fixture
async def node(server: SignInServer, manager: OAuthManager) -> AsyncGenerator[ToolNode, None]:
    values = {"name": "people", "transport": "mcp", "connection": server.url, "auth_type": "oauth2_user"}
    made = ToolNode(ExternalToolConfig.model_validate(values), ModelRegistry(), manager)
    yield made
    await made.close()


async def whoami(node: ToolNode, caller: Caller) -> JsonValue:
    async with asyncio.timeout(20):
        return (await node.call("people.whoami", {}, caller))["result"]


async def test_each_user_allows_the_access_once_and_acts_as_themselves(
    server: SignInServer, node: ToolNode
) -> None:
    ann, ben = Caller("ann", server), Caller("ben", server)
    for _ in range(2):
        assert await whoami(node, ann) == "ann"
        assert await whoami(node, ben) == "ben"
    assert (len(ann.pauses), len(ben.pauses)) == (1, 1)
    assert ann.pauses[0]["pause_type"] == "oauth"
    assert ann.pauses[0]["provider"] == "people"
    assert server.people.resources == [server.url, server.url]
    assert len(server.people.clients) == 1


async def test_a_hundred_calls_at_once_never_act_as_the_other_user(
    server: SignInServer, node: ToolNode
) -> None:
    ann, ben = Caller("ann", server), Caller("ben", server)
    await whoami(node, ann)
    await whoami(node, ben)
    callers = [(ann, "ann"), (ben, "ben")] * 50
    answers = await asyncio.gather(*[whoami(node, caller) for caller, _ in callers])
    assert answers == [user for _, user in callers]
    assert (len(ann.pauses), len(ben.pauses)) == (1, 1)


async def test_an_expired_token_is_refreshed_without_asking_the_person(
    server: SignInServer, node: ToolNode, clock: Clock
) -> None:
    ann = Caller("ann", server)
    await whoami(node, ann)
    server.people.expire_access()
    clock.now += 3600
    answers = await asyncio.gather(*[whoami(node, ann) for _ in range(20)])
    assert answers == ["ann"] * 20
    assert (len(ann.pauses), server.people.refreshes) == (1, 1)


async def test_a_token_the_server_refuses_early_is_refreshed_once(
    server: SignInServer, node: ToolNode
) -> None:
    ann = Caller("ann", server)
    await whoami(node, ann)
    server.people.access_tokens.clear()
    answers = await asyncio.gather(*[whoami(node, ann) for _ in range(10)])
    assert answers == ["ann"] * 10
    assert (len(ann.pauses), server.people.refreshes) == (1, 1)


async def test_a_revoked_access_needs_the_person_again(server: SignInServer, node: ToolNode) -> None:
    ann, ben = Caller("ann", server), Caller("ben", server)
    await whoami(node, ann)
    await whoami(node, ben)
    server.people.revoke_access("ann")
    with pytest.raises(ToolAuthError, match="OAuth for people was not completed"):
        await whoami(node, Caller("ann", server, allows=False))
    assert node.status.state == "needs_auth"
    assert await whoami(node, ben) == "ben"
    assert await whoami(node, ann) == "ann"
    assert len(ann.pauses) == 2


async def test_the_next_program_needs_no_sign_in(
    server: SignInServer, node: ToolNode, store: SecretStore, clock: Clock
) -> None:
    await whoami(node, Caller("ann", server))
    async with OAuthManager(token_store=store, redirect=LoopbackRedirect(), clock=clock) as later:
        again = ToolNode(node.config, ModelRegistry(), later)
        ann = Caller("ann", server, allows=False)
        assert await whoami(again, ann) == "ann"
        await again.close()
    assert ann.pauses == []
