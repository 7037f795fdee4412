"""What programs written against the documented manager rely on."""

from __future__ import annotations

import time

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from penguiflow.tools.oauth import (
    InMemoryTokenStore,
    OAuthManager,
    OAuthProviderConfig,
    SignInError,
)
from penguiflow.tools.user_auth import AuthManager, DiscoversProviders, HearsRefusals
from tests.fakes.oauth_person import Clock, OnlyTokens, allow
from tests.fakes.oauth_provider import AuthServer, parameters_of


def provider(origin: str = "https://auth.example.com", **changes: object) -> OAuthProviderConfig:
    values: dict[str, object] = {
        "name": "github",
        "display_name": "GitHub",
        "auth_url": f"{origin}/authorize",
        "token_url": f"{origin}/token",
        "client_id": "client id&1",
        "client_secret": "secret-canary",
        "redirect_uri": "https://app.example.com/oauth/callback?x=1",
        "scopes": ["repo", "read:user"],
    }
    return OAuthProviderConfig(**(values | changes))


def test_the_manager_is_what_a_tool_node_needs() -> None:
    manager: AuthManager = OAuthManager({})
    assert isinstance(manager, DiscoversProviders)
    assert isinstance(manager, HearsRefusals)


def test_a_provider_has_its_documented_fields_in_order_and_no_scopes_by_default() -> None:
    config = OAuthProviderConfig("n", "d", "a", "t", "c", "secret-canary", "r")
    assert config.scopes == []
    assert (config.name, config.display_name, config.auth_url, config.token_url) == ("n", "d", "a", "t")
    assert (config.client_id, config.client_secret, config.redirect_uri) == ("c", "secret-canary", "r")
    assert "secret-canary" not in repr(config)


def test_a_request_can_be_read_at_once_and_its_url_is_encoded() -> None:
    request = OAuthManager({"github": provider()}).get_auth_request("github", "ann", "trace")
    assert set(request) == {"display_name", "auth_url", "scopes", "state"}
    assert request["display_name"] == "GitHub"
    assert request["scopes"] == ["repo", "read:user"]
    url = str(request["auth_url"])
    assert url.startswith(
        "https://auth.example.com/authorize?client_id=client%20id%261&redirect_uri=https%3A"
    )
    assert " " not in url
    asked = parameters_of(url)
    assert asked["client_id"] == "client id&1"
    assert asked["redirect_uri"] == "https://app.example.com/oauth/callback?x=1"
    assert asked["scope"] == "repo read:user"
    assert asked["state"] == request["state"]
    assert asked["response_type"] == "code"
    assert len(asked["code_challenge"]) == 43
    assert asked["code_challenge_method"] == "S256"


def test_what_the_page_has_as_a_query_stays() -> None:
    config = provider(auth_url="https://auth.example.com/authorize?tenant=7")
    request = OAuthManager({"github": config}).get_auth_request("github", "ann", "trace")
    assert parameters_of(str(request["auth_url"]))["tenant"] == "7"


def test_each_request_has_a_new_state_and_verifier() -> None:
    manager = OAuthManager({"github": provider()})
    requests = [manager.get_auth_request("github", "ann", "trace") for _ in range(3)]
    assert len({request["state"] for request in requests}) == 3
    assert len({parameters_of(str(request["auth_url"]))["code_challenge"] for request in requests}) == 3
    assert all(len(str(request["state"])) == 43 for request in requests)


async def test_a_request_can_be_awaited_too() -> None:
    manager = OAuthManager({"github": provider()})
    request = manager.get_auth_request(provider="github", user_id="ann", trace_id="trace")
    state = request["state"]
    assert (await request)["state"] == state


def test_an_unknown_provider_is_refused() -> None:
    with pytest.raises(ValueError, match="Unknown OAuth provider: `slack`"):
        OAuthManager({"github": provider()}).get_auth_request("slack", "ann", "trace")


async def test_an_unknown_state_is_refused() -> None:
    with pytest.raises(ValueError, match="Invalid or expired OAuth state"):
        await OAuthManager({"github": provider()}).handle_callback("code", "no-such-state")


@pytest.fixture
def of_server(server: AuthServer, clock: Clock) -> tuple[OAuthManager, InMemoryTokenStore]:
    store = InMemoryTokenStore(clock=clock)
    config = provider(server.origin, redirect_uri="http://127.0.0.1:1/callback")
    return OAuthManager({"github": config}, store, clock=clock), store


async def code_and_state(manager: OAuthManager, user: str = "ann") -> tuple[str, str]:
    request = manager.get_auth_request("github", user, "trace-1")
    answer = parameters_of(await allow(str(request["auth_url"])))
    return answer["code"], answer["state"]


async def test_a_callback_stores_the_token_with_its_expiry(
    of_server: tuple[OAuthManager, InMemoryTokenStore], server: AuthServer, clock: Clock
) -> None:
    manager, store = of_server
    code, state = await code_and_state(manager)
    assert await manager.handle_callback(code, state) == ("ann", "trace-1")
    token = await store.get("ann", "github")
    assert token == await manager.get_token("ann", "github") == "access-canary-2"
    assert server.forms[0] | {"code_verifier": ""} == {
        "client_id": "client id&1",
        "client_secret": "secret-canary",
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": "http://127.0.0.1:1/callback",
        "code_verifier": "",
    }
    assert server.token_headers[0]["accept"] == "application/json"
    server.revoke_all()
    clock.now += 3600
    assert await store.get("ann", "github") is None


async def test_a_token_without_a_lifetime_never_expires(
    of_server: tuple[OAuthManager, InMemoryTokenStore], server: AuthServer, clock: Clock
) -> None:
    manager, _ = of_server
    server.lifetime_s = None
    await manager.handle_callback(*await code_and_state(manager))
    clock.now += 10 * 365 * 86_400
    assert await manager.get_token("ann", "github") == "access-canary-2"


async def test_a_state_is_used_once_even_if_it_failed(
    of_server: tuple[OAuthManager, InMemoryTokenStore],
) -> None:
    manager, _ = of_server
    code, state = await code_and_state(manager)
    with pytest.raises(ValueError, match="OAuth error: invalid_grant"):
        await manager.handle_callback("wrong-code", state)
    with pytest.raises(ValueError, match="Invalid or expired OAuth state"):
        await manager.handle_callback(code, state)


async def test_a_state_lasts_ten_minutes(
    of_server: tuple[OAuthManager, InMemoryTokenStore], clock: Clock
) -> None:
    manager, _ = of_server
    in_time, late = await code_and_state(manager), await code_and_state(manager)
    clock.now += 600
    await manager.handle_callback(*in_time)
    clock.now += 1
    with pytest.raises(ValueError, match="OAuth request expired"):
        await manager.handle_callback(*late)


async def test_old_states_are_forgotten_with_the_next_request(
    of_server: tuple[OAuthManager, InMemoryTokenStore], clock: Clock
) -> None:
    manager, _ = of_server
    late = await code_and_state(manager)
    clock.now += 601
    manager.get_auth_request("github", "ben", "")
    with pytest.raises(ValueError, match="Invalid or expired OAuth state"):
        await manager.handle_callback(*late)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (JSONResponse({"error": "bad_verification_code"}), "OAuth error: bad_verification_code"),
        (
            JSONResponse({"error": "e", "error_description": "The code is old"}, status_code=400),
            "OAuth error: The code is old",
        ),
        (Response("<html>", status_code=502), "HTTP status 502"),
        (JSONResponse({"access_token": "t0ken-canary"}, status_code=403), "HTTP status 403"),
    ],
)
async def test_what_the_provider_refuses_is_said(
    of_server: tuple[OAuthManager, InMemoryTokenStore], server: AuthServer, answer: Response, text: str
) -> None:
    async def refuse(_: Request) -> Response:
        return answer

    manager, store = of_server
    server.answers["/token"] = refuse
    with pytest.raises(ValueError, match=text):
        await manager.handle_callback(*await code_and_state(manager))
    assert await store.get("ann", "github") is None


async def test_a_store_of_access_tokens_alone_is_enough(server: AuthServer, clock: Clock) -> None:
    store = OnlyTokens()
    config = provider(server.origin, redirect_uri="http://127.0.0.1:1/callback")
    manager = OAuthManager({"github": config}, store, clock=clock)
    await manager.handle_callback(*await code_and_state(manager))
    assert store.kept == {("ann", "github"): ("access-canary-2", clock.now + 3600)}
    assert await manager.get_token("ann", "github") == "access-canary-2"
    assert await manager.token_refused("ann", "github", "access-canary-2") is None
    assert store.kept == {}


async def test_a_token_that_a_program_stored_itself_is_found() -> None:
    store = InMemoryTokenStore()
    await store.store("ann", "github", "given-token", None)
    assert await OAuthManager({"github": provider()}, store).get_token("ann", "github") == "given-token"
    assert await OAuthManager({}, store).get_token("ann", "github") == "given-token"
    assert await OAuthManager({}, store).get_token("ben", "github") is None


async def test_the_store_in_memory_drops_expired_tokens_and_deletes_what_is_missing() -> None:
    store = InMemoryTokenStore()
    await store.store("ann", "github", "old", time.time() - 1)
    await store.store("ben", "github", "new", time.time() + 60)
    assert await store.get("ann", "github") is None
    assert await store.get("ben", "github") == "new"
    await store.delete("ann", "github")
    await store.delete("nobody", "nowhere")
    await store.delete("ben", "github")
    assert await store.get("ben", "github") is None


async def test_a_provider_of_the_operator_without_a_redirect_says_what_is_missing() -> None:
    manager = OAuthManager({"github": provider(redirect_uri="")})
    with pytest.raises(SignInError, match="no redirect URI") as caught:
        await manager.get_auth_request("github", "ann", "")
    assert "LoopbackRedirect" in str(caught.value.hint)
