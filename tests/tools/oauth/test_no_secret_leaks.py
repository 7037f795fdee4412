"""Codes, verifiers, tokens and client secrets stand in headers and forms, and nowhere else (T4, T12)."""

from __future__ import annotations

import logging
import traceback

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from penguiflow.redaction import REDACTED, redact_text
from penguiflow.tools.errors import ToolNodeError
from penguiflow.tools.oauth import InMemoryTokenStore, OAuthManager, OAuthProviderConfig
from tests.fakes.oauth_person import Clock, allow, come_back
from tests.fakes.oauth_provider import AuthServer
from tests.tools.oauth.conftest import MakeManager, signed_in


def secrets_seen(server: AuthServer) -> set[str]:
    names = ("code", "code_verifier", "refresh_token", "client_secret")
    return {form[name] for form in server.forms for name in names if name in form}


async def test_no_secret_is_logged_at_any_level(
    server: AuthServer, make_manager: MakeManager, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        manager = make_manager()
        old = await signed_in(manager, server)
        clock.now += 3600
        new = await manager.get_token("ann", "srv")
        assert new is not None
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("penguiflow"))
    theirs = "\n".join(record.getMessage() for record in caplog.records)
    for secret in {old, new, *secrets_seen(server)} - {
        form["code"] for form in server.forms if "code" in form
    }:
        assert secret not in theirs
    assert "canary" not in ours


async def test_every_secret_is_known_to_the_redaction(
    server: AuthServer, make_manager: MakeManager, clock: Clock
) -> None:
    async def confidential(request: Request) -> Response:
        wanted = await request.json()
        return JSONResponse(wanted | {"client_id": "c", "client_secret": "client-canary-1"}, status_code=201)

    server.answers["/register"] = confidential
    server.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    manager = make_manager()
    old = await signed_in(manager, server)
    clock.now += 3600
    new = await manager.get_token("ann", "srv")
    assert len(secrets_seen(server)) == 4
    for secret in {old, new or "", *secrets_seen(server)}:
        assert redact_text(f"<{secret}>") == f"<{REDACTED}>"


async def test_a_server_that_repeats_a_secret_in_its_error_is_not_quoted(
    server: AuthServer, make_manager: MakeManager
) -> None:
    seen: list[str] = []

    async def repeat(request: Request) -> Response:
        form = await request.form()
        seen.extend(str(form[name]) for name in ("code", "code_verifier"))
        text = f"bad {form['code']} {form['code_verifier']}"
        return JSONResponse({"error": "invalid_grant", "error_description": text}, status_code=400)

    server.answers["/token"] = repeat
    manager = make_manager()
    await manager.discover("srv", server.url)
    request = await manager.get_auth_request("srv", "ann", "")
    page = await come_back(await allow(str(request["auth_url"])))
    with pytest.raises(ToolNodeError) as caught:
        await manager.wait_signed_in(str(request["state"]))
    assert len(seen) == 2
    for secret in seen:
        assert secret not in page.text
        assert secret not in str(caught.value)


async def test_a_token_that_cannot_be_used_is_in_no_error_and_no_traceback(
    server: AuthServer, make_manager: MakeManager
) -> None:
    async def unusable(_: Request) -> Response:
        fields = {
            "access_token": "access-canary-x\n",
            "refresh_token": "refresh-canary-x",
            "expires_in": "soon",
        }
        return JSONResponse(fields)

    server.answers["/token"] = unusable
    manager = make_manager()
    await manager.discover("srv", server.url)
    request = await manager.get_auth_request("srv", "ann", "")
    with pytest.raises(ToolNodeError) as caught:
        await manager.finish_from_url(await allow(str(request["auth_url"])))
    text = "".join(traceback.format_exception(caught.value))
    assert "canary" not in text


async def test_tokens_are_asked_for_and_kept_without_standing_in_a_url(
    server: AuthServer, make_manager: MakeManager, clock: Clock
) -> None:
    manager = make_manager()
    await manager.discover("srv", server.url)
    request = await manager.get_auth_request("srv", "ann", "")
    await manager.finish_from_url(await allow(str(request["auth_url"])))
    verifier = server.forms[0]["code_verifier"]
    assert verifier not in str(request["auth_url"])
    assert all("canary" not in path for path in server.paths)


async def test_what_holds_secrets_does_not_show_them(server: AuthServer, make_manager: MakeManager) -> None:
    store = InMemoryTokenStore()
    manager = make_manager(store)
    token = await signed_in(manager, server)
    shown = repr([manager, store, vars(manager)])
    assert token not in shown
    config = OAuthProviderConfig(
        "n", "d", "https://a.example", "https://a.example", "c", "secret-canary", "r"
    )
    assert "canary" not in repr([config, OAuthManager({"n": config})])
