"""Expired and refused tokens are replaced: once, for everybody, and without losing the way back (T10)."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from penguiflow.tools._oauth.stores import entry_of_grant
from penguiflow.tools.errors import ToolConnectionError
from penguiflow.tools.oauth import FileTokenStore, InMemoryTokenStore
from tests.fakes.oauth_person import Clock
from tests.fakes.oauth_provider import AuthServer
from tests.tools.oauth.conftest import MakeManager, signed_in


def refreshes(server: AuthServer) -> list[dict[str, str]]:
    return [form for form in server.forms if form["grant_type"] == "refresh_token"]


async def test_twenty_calls_with_one_expired_token_refresh_it_once(
    server: AuthServer, make_manager: MakeManager, clock: Clock
) -> None:
    manager = make_manager()
    old = await signed_in(manager, server)
    clock.now += 3600
    tokens = await asyncio.gather(*[manager.get_token("ann", "srv") for _ in range(20)])
    assert len(set(tokens)) == 1
    assert tokens[0] not in (None, old)
    assert len(refreshes(server)) == 1
    assert refreshes(server)[0]["resource"] == server.url
    assert refreshes(server)[0]["client_id"] == "client-1"


class WithoutLock(InMemoryTokenStore):
    """A store of somebody else that locks nothing."""

    def exclusive(self, entry: str) -> contextlib.AbstractAsyncContextManager[None]:
        return contextlib.nullcontext()


async def test_one_refresh_needs_no_lock_of_the_store(
    server: AuthServer, make_manager: MakeManager, clock: Clock
) -> None:
    manager = make_manager(WithoutLock(clock=clock))
    await signed_in(manager, server)
    clock.now += 3600
    tokens = await asyncio.gather(*[manager.get_token("ann", "srv") for _ in range(20)])
    assert len(set(tokens)) == 1
    assert len(refreshes(server)) == 1


async def test_twenty_calls_with_one_refused_token_refresh_it_once(
    server: AuthServer, make_manager: MakeManager
) -> None:
    manager = make_manager()
    old = await signed_in(manager, server)
    tokens = await asyncio.gather(*[manager.token_refused("ann", "srv", old) for _ in range(20)])
    assert len(set(tokens)) == 1
    assert tokens[0] not in (None, old)
    assert len(refreshes(server)) == 1
    assert await manager.token_refused("ann", "srv", old) == tokens[0]
    assert len(refreshes(server)) == 1


async def test_a_token_is_replaced_shortly_before_it_expires(
    server: AuthServer, make_manager: MakeManager, clock: Clock
) -> None:
    manager = make_manager()
    old = await signed_in(manager, server)
    clock.now += 3569
    assert await manager.get_token("ann", "srv") == old
    clock.now += 2
    assert await manager.get_token("ann", "srv") != old


async def test_a_rotated_refresh_token_is_used_the_next_time(
    server: AuthServer, make_manager: MakeManager, clock: Clock
) -> None:
    manager = make_manager()
    await signed_in(manager, server)
    for _ in range(3):
        clock.now += 3600
        assert await manager.get_token("ann", "srv") is not None
    assert len({form["refresh_token"] for form in refreshes(server)}) == 3


async def test_a_refresh_token_that_is_not_replaced_stays_in_use(
    server: AuthServer, make_manager: MakeManager, clock: Clock
) -> None:
    server.rotates = False
    manager = make_manager()
    await signed_in(manager, server)
    for _ in range(3):
        clock.now += 3600
        assert await manager.get_token("ann", "srv") is not None
    assert len({form["refresh_token"] for form in refreshes(server)}) == 1


class StoresInOrder(InMemoryTokenStore):
    """Notes what is durable, and can be told to die before the next write."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock=clock)
        self.written: list[str] = []
        self.dies = False

    async def write(self, entry: str, secret: str) -> None:
        if self.dies:
            raise OSError("the machine is gone")
        await super().write(entry, secret)
        self.written.append(secret)


async def test_new_tokens_are_stored_before_they_are_used(
    server: AuthServer, make_manager: MakeManager, clock: Clock
) -> None:
    store = StoresInOrder(clock)
    manager = make_manager(store)
    await signed_in(manager, server)
    clock.now += 3600
    token = await manager.get_token("ann", "srv")
    assert token is not None
    assert token in store.written[-1]
    assert token.replace("access", "refresh") in store.written[-1]


async def test_a_crash_between_refresh_and_storing_leaves_a_sign_in_to_be_repeated(
    server: AuthServer, make_manager: MakeManager, clock: Clock
) -> None:
    store = StoresInOrder(clock)
    await signed_in(make_manager(store), server)
    clock.now += 3600
    crashed = make_manager(store)
    await crashed.discover("srv", server.url)
    store.dies = True
    with pytest.raises(OSError, match="the machine is gone"):
        await crashed.get_token("ann", "srv")
    store.dies = False
    after = make_manager(store)
    await after.discover("srv", server.url)
    assert await after.get_token("ann", "srv") is None
    assert await signed_in(after, server) is not None


async def test_who_gives_up_waiting_does_not_lose_the_new_tokens(
    server: AuthServer, make_manager: MakeManager, clock: Clock
) -> None:
    manager = make_manager()
    await signed_in(manager, server)
    clock.now += 3600
    server.refresh_gate = asyncio.Event()
    impatient = asyncio.create_task(manager.get_token("ann", "srv"))
    async with asyncio.timeout(5):
        await server.refresh_asked.wait()
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    server.refresh_gate.set()
    assert await manager.get_token("ann", "srv") is not None
    assert len(refreshes(server)) == 1


async def test_a_refused_refresh_token_means_signing_in_again(
    server: AuthServer, make_manager: MakeManager, clock: Clock
) -> None:
    manager = make_manager()
    old = await signed_in(manager, server)
    server.revoke_all()
    assert await manager.token_refused("ann", "srv", old) is None
    assert await manager.get_token("ann", "srv") is None
    assert len(refreshes(server)) == 1


async def test_a_token_that_cannot_be_refreshed_is_forgotten_when_refused(
    server: AuthServer, make_manager: MakeManager, clock: Clock
) -> None:
    async def no_refresh_token(_: Request) -> Response:
        return JSONResponse({"access_token": "only-access-canary", "expires_in": 60})

    server.answers["/token"] = no_refresh_token
    manager = make_manager()
    await signed_in(manager, server)
    assert await manager.token_refused("ann", "srv", "another-token") == "only-access-canary"
    assert await manager.token_refused("ann", "srv", "only-access-canary") is None
    assert await manager.get_token("ann", "srv") is None


async def test_a_token_endpoint_that_is_down_costs_nobody_their_sign_in(
    server: AuthServer, make_manager: MakeManager, clock: Clock
) -> None:
    async def down(_: Request) -> Response:
        return Response(status_code=503)

    manager = make_manager()
    old = await signed_in(manager, server)
    server.answers["/token"] = down
    clock.now += 3590
    assert await manager.get_token("ann", "srv") == old
    clock.now += 10
    with pytest.raises(ToolConnectionError, match="HTTP status 503"):
        await manager.get_token("ann", "srv")
    del server.answers["/token"]
    assert await manager.get_token("ann", "srv") is not None


async def test_a_refused_token_that_a_program_stored_itself_is_forgotten(make_manager: MakeManager) -> None:
    manager = make_manager()
    await manager.token_store.store("ann", "other", "given-token", None)
    assert await manager.token_refused("ann", "other", "older-token") == "given-token"
    assert await manager.token_refused("ann", "other", "given-token") is None
    assert await manager.get_token("ann", "other") is None


async def test_an_unknown_user_or_provider_has_nothing_to_refresh(
    server: AuthServer, make_manager: MakeManager
) -> None:
    manager = make_manager()
    await signed_in(manager, server)
    assert await manager.token_refused("ben", "srv", "x") is None
    assert await manager.token_refused("ann", "other", "x") is None


async def test_one_program_refreshes_for_two_managers_of_one_file(
    server: AuthServer, make_manager: MakeManager, clock: Clock, tmp_path: Path
) -> None:
    managers = []
    for _ in range(2):
        manager = make_manager(FileTokenStore(tmp_path / "tokens.json"))
        await manager.discover("srv", server.url)
        managers.append(manager)
    await signed_in(managers[0], server)
    clock.now += 3600
    tokens = await asyncio.gather(*[manager.get_token("ann", "srv") for manager in managers * 5])
    assert len(set(tokens)) == 1
    assert len(refreshes(server)) == 1


class WithoutCommonLock(InMemoryTokenStore):
    """Shared with a process that took the refresh token first and stores its tokens a moment later."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock=clock)
        self.others: dict[str, str] = {}
        self._reads = 0

    async def read(self, entry: str) -> str | None:
        self._reads += entry in self.others
        return self.others[entry] if self._reads > 2 else await super().read(entry)


async def test_a_process_that_was_faster_without_a_common_lock_is_believed(
    server: AuthServer, make_manager: MakeManager, clock: Clock
) -> None:
    store = WithoutCommonLock(clock)
    manager = make_manager(store)
    old = await signed_in(manager, server)
    clock.now += 3600
    entry = entry_of_grant("ann", "srv", server.url)
    text = await store.read(entry)
    assert text is not None
    store.others[entry] = text.replace(old, "their-access-canary")
    server.revoke_all()
    assert await manager.get_token("ann", "srv") == "their-access-canary"
