"""A person signs in to a server that nobody described, and their token stays valid."""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from penguiflow.tools.errors import ToolTimeoutError
from penguiflow.tools.oauth import (
    InMemoryTokenStore,
    LoopbackRedirect,
    OAuthManager,
    OAuthProviderConfig,
    SignInError,
    SignInOutcome,
    sign_in,
)
from tests.fakes.oauth_person import OnlyTokens, allow, come_back
from tests.fakes.oauth_provider import AuthServer, auth_server, parameters_of
from tests.tools.oauth.conftest import MakeManager, signed_in


async def test_a_person_signs_in_and_gets_a_token(server: AuthServer, make_manager: MakeManager) -> None:
    manager = make_manager()
    await manager.discover("srv", server.url)
    request = await manager.get_auth_request("srv", "ann", "trace-7")
    asked = parameters_of(str(request["auth_url"]))
    assert request["display_name"] == "srv"
    assert request["scopes"] == ["read"]
    assert asked["state"] == request["state"]
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["resource"] == server.url

    page = await come_back(await allow(str(request["auth_url"])))

    assert "You can close this window" in page.text
    assert await manager.get_token("ann", "srv") == "access-canary-3"
    assert server.forms[-1]["resource"] == server.url
    assert server.forms[-1]["redirect_uri"] == asked["redirect_uri"]


async def test_a_listener_is_told_which_run_can_go_on(server: AuthServer, make_manager: MakeManager) -> None:
    manager = make_manager()
    outcomes: list[SignInOutcome] = []
    stop = manager.on_outcome(outcomes.append)
    await manager.discover("srv", server.url)
    request = await manager.get_auth_request("srv", "ann", "trace-7")
    await come_back(await allow(str(request["auth_url"])))
    stop()
    assert outcomes == [
        SignInOutcome(user_id="ann", provider="srv", trace_id="trace-7", state=str(request["state"]))
    ]


async def test_sign_in_shows_the_page_opens_it_and_waits(
    server: AuthServer, make_manager: MakeManager
) -> None:
    manager = make_manager()
    shown: list[str] = []
    opened: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def open_browser(url: str) -> bool:
        loop.call_soon_threadsafe(opened.put_nowait, url)
        return True

    async with asyncio.TaskGroup() as tasks:
        done = tasks.create_task(
            sign_in(manager, "srv", server.url, "ann", show=shown.append, open_browser=open_browser)
        )
        url = await opened.get()
        await come_back(await allow(url))
    assert shown == [url]
    assert done.result().user_id == "ann"
    assert await manager.get_token("ann", "srv") is not None


async def test_a_pasted_url_finishes_a_sign_in_without_a_browser_here(
    server: AuthServer, make_manager: MakeManager
) -> None:
    manager = make_manager()
    shown: asyncio.Queue[str] = asyncio.Queue()
    async with asyncio.TaskGroup() as tasks:
        done = tasks.create_task(sign_in(manager, "srv", server.url, "ann", show=shown.put_nowait))
        pasted = await allow(await shown.get())
        assert await manager.finish_from_url(f"  {pasted}\n") == ("ann", "")
    assert done.result().error is None


async def test_a_pasted_text_that_is_no_redirect_says_what_to_copy(make_manager: MakeManager) -> None:
    with pytest.raises(SignInError, match="`state` and `code` are missing") as caught:
        await make_manager().finish_from_url("http://127.0.0.1:1/callback")
    assert "copy the whole address" in str(caught.value.hint)


async def test_a_person_who_refuses_ends_the_wait_with_what_the_server_said(
    server: AuthServer, make_manager: MakeManager
) -> None:
    server.redirect = {"code": None, "error": "access_denied", "error_description": "Ann said <no>"}
    manager = make_manager()
    shown: asyncio.Queue[str] = asyncio.Queue()
    waiting = asyncio.create_task(sign_in(manager, "srv", server.url, "ann", show=shown.put_nowait))
    page = await come_back(await allow(await shown.get()))
    with pytest.raises(SignInError, match="OAuth error: Ann said <no>"):
        await waiting
    assert page.status_code == 400
    assert "Ann said &lt;no&gt;" in page.text


async def test_a_sign_in_can_be_waited_for_before_while_and_after_it_is_finished(
    server: AuthServer, make_manager: MakeManager
) -> None:
    redeeming, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(_: Request) -> Response:
        redeeming.set()
        await go_on.wait()
        return JSONResponse({"access_token": "slow-access-canary"})

    server.answers["/token"] = slowly
    manager = make_manager()
    await manager.discover("srv", server.url)
    request = await manager.get_auth_request("srv", "ann", "")
    state = str(request["state"])
    before = asyncio.create_task(manager.wait_signed_in(state))
    finishing = asyncio.create_task(manager.finish_from_url(await allow(str(request["auth_url"]))))
    await redeeming.wait()
    while_finishing = asyncio.create_task(manager.wait_signed_in(state))
    go_on.set()
    await finishing
    outcomes = [await before, await while_finishing, await manager.wait_signed_in(state)]
    assert {outcome.user_id for outcome in outcomes} == {"ann"}
    with pytest.raises(SignInError, match="no sign-in with this state"):
        await manager.wait_signed_in("another")


async def test_a_person_who_never_comes_back_is_waited_for_so_long(
    server: AuthServer, make_manager: MakeManager
) -> None:
    with pytest.raises(ToolTimeoutError, match=r"nobody signed in to `srv` within 0\.05 s"):
        await sign_in(make_manager(), "srv", server.url, "ann", show=lambda _: None, timeout_s=0.05)


async def test_two_users_have_two_tokens(server: AuthServer, make_manager: MakeManager) -> None:
    manager = make_manager()
    tokens = {user: await signed_in(manager, server, user) for user in ("ann", "ben")}
    assert len(set(tokens.values())) == 2
    for user, token in tokens.items():
        assert await manager.get_token(user, "srv") == token
    assert await manager.get_token("cat", "srv") is None


async def test_the_program_is_registered_once_for_many_sign_ins(
    server: AuthServer, make_manager: MakeManager
) -> None:
    manager = make_manager()
    await manager.discover("srv", server.url)
    await asyncio.gather(*[_request(manager, f"user-{number}") for number in range(10)])
    assert len(server.registrations) == 1
    assert server.registrations[0]["token_endpoint_auth_method"] == "none"


async def _request(manager: OAuthManager, user: str) -> None:
    await manager.get_auth_request("srv", user, "")


async def test_a_registration_is_kept_for_the_next_program_at_the_same_redirect(
    server: AuthServer, make_manager: MakeManager
) -> None:
    store = InMemoryTokenStore()
    async with LoopbackRedirect() as probe:
        port = int((await probe.listen(_never)).rpartition(":")[2].partition("/")[0])
    for user in ("ann", "ben"):
        manager = make_manager(store, redirect=LoopbackRedirect(port=port))
        await signed_in(manager, server, user)
        await manager.aclose()
    assert len(server.registrations) == 1


async def _never(answer: object) -> None:
    raise AssertionError(answer)


async def test_signing_out_forgets_the_token_here(server: AuthServer, make_manager: MakeManager) -> None:
    manager = make_manager()
    await signed_in(manager, server)
    assert await manager.sign_out("ann", "srv")
    assert await manager.get_token("ann", "srv") is None
    assert not await manager.sign_out("ann", "srv")


async def test_signing_out_needs_no_server(server: AuthServer, make_manager: MakeManager) -> None:
    store = InMemoryTokenStore()
    await signed_in(make_manager(store), server)
    later = make_manager(store)
    assert not await later.sign_out("ann", "srv", "https://other.example/mcp")
    assert await later.sign_out("ann", "srv", server.url)
    await later.discover("srv", server.url)
    assert await later.get_token("ann", "srv") is None


async def test_a_store_of_access_tokens_alone_keeps_those_of_two_servers_apart(
    server: AuthServer, make_manager: MakeManager
) -> None:
    store = OnlyTokens()
    manager = make_manager(store)
    token = await signed_in(manager, server)
    assert set(store.kept) == {("ann", f"srv@{server.url}")}
    async with auth_server() as elsewhere:
        other = make_manager(store)
        await other.discover("srv", elsewhere.url)
        assert await other.get_token("ann", "srv") is None
    assert await manager.get_token("ann", "srv") == token
    assert await manager.sign_out("ann", "srv")
    assert store.kept == {}


async def test_a_server_is_asked_once_for_many_calls(server: AuthServer, make_manager: MakeManager) -> None:
    manager = make_manager()
    await asyncio.gather(*[manager.discover("srv", server.url) for _ in range(20)])
    assert server.paths.count("/.well-known/oauth-authorization-server") == 1


async def test_a_provider_of_the_operator_can_send_people_back_to_this_machine(
    server: AuthServer, make_manager: MakeManager
) -> None:
    config = OAuthProviderConfig(
        "hub", "Hub", f"{server.origin}/authorize", f"{server.origin}/token", "id", "secret-canary", ""
    )
    manager = make_manager(providers={"hub": config})
    await manager.discover("hub", "https://hub.example/mcp")
    shown: asyncio.Queue[str] = asyncio.Queue()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sign_in(manager, "hub", "https://hub.example/mcp", "ann", show=shown.put_nowait))
        await come_back(await allow(await shown.get()))
    assert await manager.get_token("ann", "hub") == "access-canary-2"
    assert server.forms[0]["resource"] == "https://hub.example/mcp"
    assert server.forms[0]["client_secret"] == "secret-canary"
    assert server.registrations == []


async def test_basic_authentication_is_used_where_it_is_all_the_server_takes(
    server: AuthServer, make_manager: MakeManager
) -> None:
    async def with_secret(request: Request) -> Response:
        wanted = await request.json()
        assert wanted["token_endpoint_auth_method"] == "client_secret_basic"
        return JSONResponse(wanted | {"client_id": "a:b", "client_secret": "s%canary"}, status_code=201)

    server.metadata = {"token_endpoint_auth_methods_supported": None}
    server.answers["/register"] = with_secret
    await signed_in(make_manager(), server)
    expected = base64.b64encode(b"a%3Ab:s%25canary").decode()
    assert server.token_headers[0]["authorization"] == f"Basic {expected}"
    assert "client_secret" not in server.forms[0]


@pytest.mark.process
def test_a_browser_is_started_without_a_shell(tmp_path: Path) -> None:
    """T5: whatever stands in the URL is one argument."""
    browser = tmp_path / "browser"
    browser.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$#" "$1" > {tmp_path}/part && mv {tmp_path}/part {tmp_path}/seen\n'
    )
    browser.chmod(0o700)
    url = "https://a.example/x?a=1&b=$(touch+pwned);c='d'"
    program = """
import sys, pathlib, time
from penguiflow.tools.oauth import open_in_browser
assert not open_in_browser("javascript:alert(1)")
assert not open_in_browser("file:///etc/passwd")
assert not open_in_browser("https://a;rm -rf ~")
assert open_in_browser(sys.argv[1])
seen = pathlib.Path(sys.argv[2])
deadline = time.monotonic() + 5
while not seen.exists() and time.monotonic() < deadline:
    time.sleep(0.01)
print(seen.read_text(), end="")
"""
    done = subprocess.run(
        [sys.executable, "-c", program, url, str(tmp_path / "seen")],
        env={"BROWSER": str(browser), "PATH": "/usr/bin:/bin"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.stdout, done.stderr) == (f"1\n{url}\n", "")
    assert not (tmp_path / "pwned").exists()
