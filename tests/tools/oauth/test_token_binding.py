"""A token is for one server and of one issuer (faults T3, T4; OWASP ASI03)."""

from __future__ import annotations

import pytest
from starlette.responses import Response

from penguiflow.tools.errors import ToolConnectionError
from penguiflow.tools.oauth import InMemoryTokenStore, SignInError
from tests.fakes.oauth_person import Clock
from tests.fakes.oauth_provider import METADATA, RESOURCE, AuthServer, answering, auth_server, parameters_of
from tests.tools.oauth.conftest import MakeManager, signed_in


async def test_tokens_of_another_server_are_not_asked_for(
    server: AuthServer, make_manager: MakeManager
) -> None:
    server.resource = {"resource": "https://bank.example/mcp"}
    with pytest.raises(SignInError, match=r"asks for tokens of another server, `https://bank\.example/mcp`"):
        await make_manager().discover("srv", server.url)


async def test_a_token_is_given_only_to_the_server_it_is_for(
    server: AuthServer, make_manager: MakeManager
) -> None:
    store = InMemoryTokenStore()
    await signed_in(make_manager(store), server)
    async with auth_server() as elsewhere:
        other = make_manager(store)
        assert await other.get_token("ann", "srv") is None
        await other.discover("srv", elsewhere.url)
        assert await other.get_token("ann", "srv") is None
        assert await other.token_refused("ann", "srv", "x") is None
    again = make_manager(store)
    await again.discover("srv", server.url)
    assert await again.get_token("ann", "srv") is not None


async def test_tokens_are_dropped_when_the_issuer_changes(
    server: AuthServer, make_manager: MakeManager
) -> None:
    store = InMemoryTokenStore()
    await signed_in(make_manager(store), server)
    async with auth_server() as elsewhere:
        server.resource = {"authorization_servers": [elsewhere.origin]}
        moved = make_manager(store, allowed_hosts=["127.0.0.1"])
        await moved.discover("srv", server.url)
        assert await moved.get_token("ann", "srv") is None
    server.resource = {}
    back = make_manager(store)
    await back.discover("srv", server.url)
    assert await back.get_token("ann", "srv") is None
    assert len(server.forms) == 1


async def test_an_issuer_that_changes_while_the_program_runs_is_seen_by_the_next_sign_in(
    server: AuthServer, make_manager: MakeManager, clock: Clock
) -> None:
    manager = make_manager()
    await signed_in(manager, server)
    clock.now += 301
    server.metadata = {"code_challenge_methods_supported": None}
    with pytest.raises(SignInError, match="S256"):
        await manager.get_auth_request("srv", "ben", "")


async def test_a_name_stays_with_one_server(server: AuthServer, make_manager: MakeManager) -> None:
    manager = make_manager()
    await signed_in(manager, server)
    async with auth_server() as elsewhere:
        with pytest.raises(SignInError, match="`srv` is the server") as caught:
            await manager.discover("srv", elsewhere.url)
        assert elsewhere.paths == []
    assert "another name" in str(caught.value.hint)
    await manager.discover("srv", f"{server.url}?x=1#y")
    assert await manager.get_token("ann", "srv") is not None


async def test_a_look_that_fails_takes_nobody_their_sign_in(
    server: AuthServer, make_manager: MakeManager, clock: Clock
) -> None:
    manager = make_manager()
    await signed_in(manager, server)
    server.answers[METADATA] = answering(Response(status_code=503))
    clock.now += 301
    with pytest.raises(ToolConnectionError):
        await manager.get_auth_request("srv", "ben", "")
    assert await manager.get_token("ann", "srv") is not None


async def test_a_key_in_the_url_of_a_server_is_told_to_nobody(
    server: AuthServer, make_manager: MakeManager
) -> None:
    server.answers[RESOURCE] = answering(Response(status_code=404))
    manager = make_manager()
    await manager.discover("srv", f"{server.url}?key=key-canary")
    request = await manager.get_auth_request("srv", "ann", "")
    assert parameters_of(str(request["auth_url"]))["resource"] == server.url
    assert "canary" not in str(request)
