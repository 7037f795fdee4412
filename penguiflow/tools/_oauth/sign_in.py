"""One person signs in to one server, from the first question to the stored token."""

from __future__ import annotations

import asyncio
import threading
import webbrowser
from collections.abc import Callable
from pathlib import PurePath

from penguiflow.tools._net import NetPolicy
from penguiflow.tools._oauth.errors import SignInError
from penguiflow.tools._oauth.manager import OAuthManager
from penguiflow.tools._oauth.outcomes import SignInOutcome
from penguiflow.tools._oauth.urls import checked_url
from penguiflow.tools.errors import ToolTimeoutError

_IN_TERMINAL = frozenset({"www-browser", "links", "elinks", "lynx", "w3m"})


async def sign_in(
    manager: OAuthManager,
    provider: str,
    server_url: str,
    user_id: str,
    *,
    show: Callable[[str], None],
    open_browser: Callable[[str], bool] | None = None,
    timeout_s: float = 300.0,
) -> SignInOutcome:
    """Sign a person in and return when their token is stored.

    `show` is given the whole URL of the page to sign in on, before `open_browser` is called with it in a
    thread. A person without a browser on this machine opens the URL elsewhere; `manager.finish_from_url`
    with the URL their browser ended on then finishes this call too.

    Raises:
        SignInError: the server or the person refused, or it could not be done safely.
        ToolConnectionError: a server is not reached.
        ToolTimeoutError: nobody signed in within `timeout_s`.
    """
    await manager.discover(provider, server_url)
    request = await manager.get_auth_request(provider, user_id, "")
    url, state = str(request["auth_url"]), str(request["state"])
    show(url)
    if open_browser is not None:
        await asyncio.to_thread(open_browser, url)
    try:
        async with asyncio.timeout(timeout_s):
            return await manager.wait_signed_in(state)
    except TimeoutError as error:
        raise ToolTimeoutError(
            f"nobody signed in to `{provider}` within {timeout_s:g} s", hint="sign in again", cause=error
        ) from error


def open_in_browser(url: str) -> bool:
    """Open a URL in the browser of the person, without a shell; return whether one was found.

    A browser that would take over the terminal is not opened.
    """
    try:
        checked_url(url, NetPolicy(), what="sign-in page")
        browser = webbrowser.get()
    except (SignInError, webbrowser.Error):
        return False
    if PurePath(browser.name).stem in _IN_TERMINAL:
        return False
    # A daemon: some browsers run in the foreground until the person closes them.
    threading.Thread(target=browser.open, args=(url,), daemon=True).start()
    return True
