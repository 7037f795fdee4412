"""What a person is sent back with, and what of it a client must refuse (fault T3)."""

from __future__ import annotations

import asyncio

import pytest
from starlette.requests import Request
from starlette.responses import Response

from penguiflow.tools.oauth import OAuthManager, SignInError
from tests.fakes.oauth_person import Clock, allow
from tests.fakes.oauth_provider import AuthServer, auth_server, parameters_of
from tests.tools.oauth.conftest import MakeManager, signed_in


@pytest.mark.parametrize("iss", ["https://evil.example", "", None])
async def test_an_answer_of_another_issuer_is_refused_before_its_code_is_used(
    server: AuthServer, make_manager: MakeManager, iss: str | None
) -> None:
    server.redirect = {"iss": iss}
    manager = make_manager()
    await manager.discover("srv", server.url)
    request = await manager.get_auth_request("srv", "ann", "")
    with pytest.raises(SignInError, match=r"the answer (comes from|does not say)"):
        await manager.finish_from_url(await allow(str(request["auth_url"])))
    assert server.forms == []


async def test_a_missing_iss_is_accepted_of_a_server_that_never_sends_it(
    server: AuthServer, make_manager: MakeManager
) -> None:
    server.redirect = {"iss": None}
    server.metadata = {"authorization_response_iss_parameter_supported": None}
    assert await signed_in(make_manager(), server)


async def test_a_replayed_redirect_is_refused(server: AuthServer, make_manager: MakeManager) -> None:
    manager = make_manager()
    await manager.discover("srv", server.url)
    request = await manager.get_auth_request("srv", "ann", "")
    redirect = await allow(str(request["auth_url"]))
    await manager.finish_from_url(redirect)
    with pytest.raises(SignInError, match="Invalid or expired OAuth state"):
        await manager.finish_from_url(redirect)
    assert len(server.forms) == 1


async def test_a_late_redirect_is_refused(
    server: AuthServer, make_manager: MakeManager, clock: Clock
) -> None:
    manager = make_manager()
    await manager.discover("srv", server.url)
    request = await manager.get_auth_request("srv", "ann", "")
    redirect = await allow(str(request["auth_url"]))
    clock.now += 601
    with pytest.raises(SignInError, match="OAuth request expired"):
        await manager.finish_from_url(redirect)
    assert server.forms == []


async def test_a_redirect_without_state_or_with_two_is_refused(
    server: AuthServer, make_manager: MakeManager
) -> None:
    manager = make_manager()
    await manager.discover("srv", server.url)
    request = await manager.get_auth_request("srv", "ann", "")
    redirect = await allow(str(request["auth_url"]))
    for wrong in (redirect.replace("state=", "other="), f"{redirect}&state=x", f"{redirect}&code=y"):
        with pytest.raises(SignInError):
            await manager.finish_from_url(wrong)
    assert server.forms == []


async def test_a_code_goes_to_the_server_the_sign_in_was_begun_at(
    server: AuthServer, make_manager: MakeManager, clock: Clock
) -> None:
    """Mix-up: the server names another issuer before the person comes back."""
    manager = make_manager(allowed_hosts=["127.0.0.1"])
    await manager.discover("srv", server.url)
    request = await manager.get_auth_request("srv", "ann", "")
    redirect = await allow(str(request["auth_url"]))
    async with auth_server() as elsewhere:
        server.resource = {"authorization_servers": [elsewhere.origin]}
        clock.now += 301
        await manager.get_auth_request("srv", "ben", "")
        await manager.finish_from_url(redirect)
        assert len(elsewhere.registrations) == 1
        assert elsewhere.forms == []
        assert await manager.get_token("ann", "srv") is None
    assert len(server.forms) == 1
    assert parameters_of(redirect)["code"] == server.forms[0]["code"]


async def test_an_abandoned_callback_ends_the_wait_for_it(
    server: AuthServer, make_manager: MakeManager
) -> None:
    entered, never = asyncio.Event(), asyncio.Event()

    async def hang(_: Request) -> Response:
        entered.set()
        await never.wait()
        return Response()

    server.answers["/token"] = hang
    manager: OAuthManager = make_manager()
    await manager.discover("srv", server.url)
    request = await manager.get_auth_request("srv", "ann", "")
    finishing = asyncio.create_task(manager.finish_from_url(await allow(str(request["auth_url"]))))
    await entered.wait()
    finishing.cancel()
    never.set()
    with pytest.raises(asyncio.CancelledError):
        await finishing
    with pytest.raises(SignInError, match="the sign-in was interrupted"):
        await manager.wait_signed_in(str(request["state"]))
