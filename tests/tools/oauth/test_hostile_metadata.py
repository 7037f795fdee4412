"""What servers say of themselves, and what of it a client must refuse (faults T2, T3, T5; OWASP ASI04)."""

from __future__ import annotations

import pytest
from starlette.responses import RedirectResponse, Response

from penguiflow.tools.errors import ToolConnectionError
from penguiflow.tools.oauth import SignInError
from tests.fakes.oauth_person import Clock
from tests.fakes.oauth_provider import METADATA, RESOURCE, AuthServer, answering, auth_server
from tests.tools.oauth.conftest import MakeManager, begin, finish, signed_in


@pytest.mark.parametrize("methods", [None, [], ["plain"]])
async def test_a_server_that_does_not_announce_s256_is_refused(
    server: AuthServer, make_manager: MakeManager, methods: list[str] | None
) -> None:
    server.metadata = {"code_challenge_methods_supported": methods}
    with pytest.raises(SignInError, match="does not say that it supports PKCE with S256"):
        await make_manager().discover("srv", server.url)
    assert not server.registrations


@pytest.mark.parametrize("issuer", ["https://evil.example", "http://127.0.0.1:1", ""])
async def test_metadata_of_another_issuer_is_refused(
    server: AuthServer, make_manager: MakeManager, issuer: str
) -> None:
    server.metadata = {"issuer": issuer or None}
    with pytest.raises(SignInError, match=r"calls itself|does not say how people sign in"):
        await make_manager().discover("srv", server.url)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "https://a;rm -rf ~",
        "https://a.example/$(id)`x`",
        "https://user@evil.example/authorize",
        "https://a.example/authorize#x",
        "http://a.example/authorize",
        "ftp://a.example/authorize",
        "https://a.example/\u202eauthorize",
        "https:///authorize",
        "",
    ],
)
async def test_a_page_nobody_should_be_sent_to_is_refused(
    server: AuthServer, make_manager: MakeManager, url: str, clock: Clock
) -> None:
    server.metadata = {"authorization_endpoint": url}
    manager = make_manager()
    with pytest.raises(SignInError):
        await begin(manager, server)
    assert not server.registrations


PRIVATE = [
    "http://169.254.169.254",
    "https://169.254.169.254",
    "https://10.0.0.7",
    "https://2130706433",
    "https://0x7f.1",
    "https://0177.0.0.1",
    "https://[::ffff:127.0.0.1]",
    "https://[64:ff9b::7f00:1]",
    "https://[fd00::1]",
    "https://localhost:1",
    "http://127.0.0.1:1",
]


@pytest.mark.parametrize(
    ("place", "origin"),
    [
        *[("issuer", origin) for origin in PRIVATE],
        *[
            (place, origin)
            for place in ("resource_metadata", "page", "registration", "token")
            for origin in (PRIVATE[1], PRIVATE[4])
        ],
    ],
)
async def test_metadata_cannot_lead_into_a_private_network(
    server: AuthServer, make_manager: MakeManager, place: str, origin: str
) -> None:
    where = f"{origin}/x"
    if place == "resource_metadata":
        server.challenge_header = f'Bearer resource_metadata="{where}"'
    elif place == "issuer":
        server.resource = {"authorization_servers": [where]}
    else:
        member = {"page": "authorization_endpoint", "registration": "registration_endpoint"}
        server.metadata = {member.get(place, "token_endpoint"): where}
    manager = make_manager()
    with pytest.raises(SignInError) as caught:
        await finish(manager, server)
    assert "canary" not in str(caught.value)


async def test_another_port_of_this_machine_is_reached_only_if_allowed(
    server: AuthServer, make_manager: MakeManager
) -> None:
    async with auth_server() as elsewhere:
        server.resource = {"authorization_servers": [elsewhere.origin]}
        with pytest.raises(SignInError, match="nothing was sent") as caught:
            await make_manager().discover("srv", server.url)
        assert elsewhere.paths == []
        assert "allowed_hosts" in str(caught.value.hint)
        await make_manager(allowed_hosts=["127.0.0.1"]).discover("srv", server.url)
        assert elsewhere.paths


@pytest.mark.parametrize("path", [METADATA, RESOURCE])
async def test_a_redirect_of_metadata_is_not_followed(
    server: AuthServer, make_manager: MakeManager, path: str
) -> None:
    async with auth_server() as elsewhere:
        server.answers[path] = answering(RedirectResponse(f"{elsewhere.origin}{path}"))
        manager = make_manager(allowed_hosts=["127.0.0.1"])
        if path == METADATA:
            with pytest.raises(SignInError, match="does not say how people sign in"):
                await manager.discover("srv", server.url)
        else:
            await manager.discover("srv", server.url)
        assert elsewhere.paths == []


@pytest.mark.parametrize("path", [METADATA, RESOURCE, "/register"])
async def test_a_server_that_fails_is_no_reason_to_think_it_has_no_sign_in(
    server: AuthServer, make_manager: MakeManager, path: str
) -> None:
    server.answers[path] = answering(Response(status_code=503))
    manager = make_manager()
    with pytest.raises(ToolConnectionError, match="HTTP status 503"):
        await begin(manager, server)


async def test_a_server_that_is_not_there_is_a_connection_error(make_manager: MakeManager) -> None:
    with pytest.raises(ToolConnectionError, match="cannot be reached"):
        await make_manager().discover("srv", "http://127.0.0.1:9/mcp")


async def test_a_server_without_sign_in_says_what_else_works(
    server: AuthServer, make_manager: MakeManager
) -> None:
    for path in (METADATA, RESOURCE):
        server.answers[path] = answering(Response(status_code=404))
    with pytest.raises(SignInError, match="does not say how people sign in") as caught:
        await make_manager().discover("srv", server.url)
    assert "`bearer`" in str(caught.value.hint)


async def test_an_older_server_is_its_own_authorization_server(
    server: AuthServer, make_manager: MakeManager
) -> None:
    server.answers[RESOURCE] = answering(Response(status_code=404))
    assert await signed_in(make_manager(), server)


@pytest.mark.parametrize(
    "url", ["ftp://a.example/mcp", "http://a.example/mcp", "https://u:p@a.example/", "http://[", "x", ""]
)
async def test_a_server_url_that_is_not_used_is_an_error_of_signing_in(
    make_manager: MakeManager, url: str
) -> None:
    with pytest.raises(SignInError, match="URL of the server"):
        await make_manager().discover("srv", url)
