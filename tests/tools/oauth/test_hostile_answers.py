"""What token and registration endpoints answer, and what of it a client must refuse (faults T2, T8)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from penguiflow.tools.oauth import SignInError
from tests.fakes.oauth_person import allow
from tests.fakes.oauth_provider import METADATA, RESOURCE, AuthServer, answering, auth_server
from tests.tools.oauth.conftest import MakeManager, finish


@pytest.mark.parametrize("path", ["/token", "/register"])
async def test_a_redirect_of_the_token_endpoint_gets_no_code(
    server: AuthServer, make_manager: MakeManager, path: str
) -> None:
    async with auth_server() as elsewhere:
        server.answers[path] = answering(RedirectResponse(f"{elsewhere.origin}{path}", status_code=307))
        manager = make_manager(allowed_hosts=["127.0.0.1"])
        with pytest.raises(SignInError, match="HTTP status 307"):
            await finish(manager, server)
        assert elsewhere.paths == []


GARBAGE: Mapping[str, Response] = {
    "no JSON": PlainTextResponse("access_token=abcdefgh"),
    "a list": JSONResponse(["access-token"]),
    "no token": JSONResponse({"token_type": "Bearer"}),
    "a token with a line break": JSONResponse({"access_token": "abc\r\nX-Evil: 1", "token_type": "Bearer"}),
    "a number": JSONResponse({"access_token": 12345678, "token_type": "Bearer"}),
    "another type": JSONResponse({"access_token": "abcdefgh", "token_type": "mac"}),
    "no lifetime": JSONResponse({"access_token": "abcdefgh", "expires_in": "soon"}),
    "infinite": Response(b'{"access_token": "abcdefgh", "expires_in": 1e999}'),
    "half": Response(b'{"access_token": "abcd'),
    "bytes": Response(b"\xff\xfe\x00"),
    "nested": Response(b'{"a":' * 5000 + b"1" + b"}" * 5000),
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
async def test_garbage_of_the_token_endpoint_is_an_error(
    server: AuthServer, make_manager: MakeManager, garbage: Response
) -> None:
    server.answers["/token"] = answering(garbage)
    manager = make_manager()
    await manager.discover("srv", server.url)
    request = await manager.get_auth_request("srv", "ann", "")
    with pytest.raises(SignInError, match="unusable"):
        await manager.finish_from_url(await allow(str(request["auth_url"])))
    assert await manager.get_token("ann", "srv") is None


@pytest.mark.parametrize("path", ["/token", METADATA, RESOURCE, "/register"])
async def test_a_huge_answer_is_not_read(server: AuthServer, make_manager: MakeManager, path: str) -> None:
    server.answers[path] = answering(Response(b" " * 1_000_001, media_type="application/json"))
    manager = make_manager()
    with pytest.raises(SignInError, match="larger than 1000000 bytes"):
        await finish(manager, server)


@pytest.mark.parametrize(
    "registration",
    [
        {"redirect_uris": ["https://evil.example/cb"]},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"client_id": None},
    ],
)
async def test_a_registration_that_cannot_be_used_is_refused(
    server: AuthServer, make_manager: MakeManager, registration: dict[str, object]
) -> None:
    server.answers["/register"] = answering(JSONResponse({"client_id": "c"} | registration, status_code=201))
    manager = make_manager()
    await manager.discover("srv", server.url)
    with pytest.raises(SignInError, match=r"registered|registration"):
        await manager.get_auth_request("srv", "ann", "")


async def test_a_server_without_registration_says_what_to_do(
    server: AuthServer, make_manager: MakeManager
) -> None:
    server.metadata = {"registration_endpoint": None}
    manager = make_manager()
    await manager.discover("srv", server.url)
    with pytest.raises(SignInError, match="takes no registrations") as caught:
        await manager.get_auth_request("srv", "ann", "")
    assert "OAuthProviderConfig" in str(caught.value.hint)
