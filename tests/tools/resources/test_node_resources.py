"""The resources of one server, as its node offers them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from penguiflow.tools._resources.of_node import NodeResources
from penguiflow.tools.errors import ToolAuthError, ToolNodeError
from penguiflow.tools.resources import ResourceInfo, ResourceTemplateInfo
from tests.tools.output.results import Context, config
from tests.tools.resources.fake_sessions import FakeSession

FIRST = [ResourceInfo("notes://1")]
TEMPLATES = [ResourceTemplateInfo("notes://{id}")]


class Desk:
    """A node's resources, and the session they have now."""

    def __init__(self, session: object | None = None, **settings: Any) -> None:
        self.session = session
        self.error: Exception | None = None
        self.resources = NodeResources(config(**settings), session_for=self.session_for)

    async def session_for(self, ctx: object) -> object | None:
        if self.error is not None:
            raise self.error
        return self.session

    async def open(self, session: object) -> None:
        self.session = session
        await self.resources.discover(session)


@pytest.fixture
async def make_desk() -> AsyncGenerator[Callable[..., Desk], None]:
    desks: list[Desk] = []

    def make(*args: Any, **kwargs: Any) -> Desk:
        desks.append(Desk(*args, **kwargs))
        return desks[-1]

    yield make
    for desk in desks:
        await desk.resources.aclose()


async def test_before_connecting_there_is_nothing_and_reading_says_why(make_desk: Any) -> None:
    resources = make_desk().resources

    assert not resources.resources_supported
    assert not resources.offers_any
    assert (resources.resources, resources.resource_templates) == ([], [])
    assert await resources.list_resources() == []
    assert await resources.list_resource_templates(refresh=True) == []
    assert "not connected" in (await resources.read_resource("notes://1", None))["error"]
    assert await resources.subscribe_resource("notes://1") is False
    assert await resources.unsubscribe_resource("notes://1") is False


async def test_connecting_lists_and_listing_again_asks_only_when_told_to(make_desk: Any) -> None:
    desk, session = make_desk(), FakeSession()
    await desk.open(session)

    assert desk.resources.resources_supported
    assert desk.resources.offers_any
    assert await desk.resources.list_resources() == desk.resources.resources == FIRST
    assert await desk.resources.list_resource_templates() == desk.resources.resource_templates == TEMPLATES
    assert session.asked == ["list", "templates"]

    session.texts["notes://2"] = "second"
    assert len(await desk.resources.list_resources(refresh=True)) == 2
    assert len(desk.resources.resources) == 2
    assert await desk.resources.list_resource_templates(refresh=True) == TEMPLATES


async def test_what_was_listed_survives_closing(make_desk: Any) -> None:
    desk = make_desk()
    await desk.open(FakeSession())

    await desk.resources.aclose()
    desk.session = None

    assert not desk.resources.resources_supported
    assert desk.resources.resources == await desk.resources.list_resources() == FIRST
    assert await desk.resources.list_resources(refresh=True) == FIRST
    assert "not connected" in (await desk.resources.read_resource("notes://1", None))["error"]


@pytest.mark.parametrize(
    ("session", "settings", "error"),
    [
        (FakeSession(supported=False), {}, "does not support resources"),
        (object(), {}, "does not support resources"),
        (FakeSession(), {"artifact_extraction": {"resources": {"enabled": False}}}, "disabled"),
    ],
    ids=["server without", "another kind of connection", "not wanted"],
)
async def test_without_resources_reading_says_so(
    make_desk: Any, session: object, settings: Any, error: str
) -> None:
    desk = make_desk(**settings)
    await desk.open(session)

    assert not desk.resources.resources_supported
    assert await desk.resources.list_resources() == []
    assert error in (await desk.resources.read_resource("notes://1", None))["error"]
    assert await desk.resources.subscribe_resource("notes://1") is False


async def test_a_server_that_cannot_list_does_not_stop_connecting(make_desk: Any) -> None:
    desk, session = make_desk(), FakeSession()
    session.error = RuntimeError("broken")

    await desk.open(session)

    assert desk.resources.resources == []
    with pytest.raises(ToolNodeError, match="broken"):
        await desk.resources.list_resources()


async def test_a_resource_that_is_missing_or_refused_is_an_error_and_not_an_exception(make_desk: Any) -> None:
    desk = make_desk()
    await desk.open(FakeSession())

    assert await desk.resources.read_resource("notes://1", None) == {"text": "first"}
    assert (await desk.resources.read_resource("notes://9", None))["error"] == (
        "resource `notes://9` cannot be read: there is no such note"
    )
    desk.error = ToolAuthError("user_id required")
    assert await desk.resources.read_resource("notes://1", None) == {"error": "user_id required"}


async def test_a_server_that_does_not_answer_is_given_up(make_desk: Any) -> None:
    desk, session = make_desk(timeout_s=1.0), FakeSession()
    await desk.open(session)
    session.silent = True

    async with asyncio.timeout(5):
        result = await desk.resources.read_resource("notes://1", None)

    assert "no answer in time" in result["error"]


async def test_what_was_read_is_kept_until_it_changes(make_desk: Any) -> None:
    desk, session = make_desk(), FakeSession()
    await desk.open(session)

    async def read(**how: bool) -> Any:
        return (await desk.resources.read_resource("notes://1", None, **how))["text"]

    assert await read() == "first"
    session.texts["notes://1"] = "changed"
    assert await read() == "first"
    assert await read(use_cache=False) == "changed"
    session.texts["notes://1"] = "changed again"
    session.update("notes://1")
    assert await read() == "changed again"
    session.texts["notes://1"] = "written by a tool"
    desk.resources.forget_reads()
    assert await read() == "written by a tool"


async def test_nothing_is_kept_when_the_config_says_so(make_desk: Any) -> None:
    desk = make_desk(artifact_extraction={"resources": {"cache_reads_to_artifacts": False}})
    session = FakeSession()
    await desk.open(session)

    for _ in range(2):
        await desk.resources.read_resource("notes://1", None)

    assert session.asked.count("read notes://1") == 2


async def test_the_config_says_how_long_a_text_may_be(make_desk: Any) -> None:
    desk = make_desk(artifact_extraction={"resources": {"inline_text_if_under_chars": 4}})
    await desk.open(FakeSession())

    result = await desk.resources.read_resource("notes://1", Context())

    assert result["artifact"]["id"].startswith("desk.resource_")


async def test_where_users_have_connections_of_their_own_lists_are_not_shared(make_desk: Any) -> None:
    desk = make_desk(auth_type="oauth2_user")
    ada, bob = Context(tool_context={"user_id": "ada"}), Context(tool_context={"user_id": "bob"})
    desk.session = FakeSession({"notes://ada": "secret"})
    assert await desk.resources.list_resources(ctx=ada) == [ResourceInfo("notes://ada")]
    desk.session = FakeSession({"notes://bob": "secret"})

    assert await desk.resources.list_resources(ctx=bob) == [ResourceInfo("notes://bob")]
    assert await desk.resources.list_resources(ctx=ada) == [ResourceInfo("notes://ada")]


async def test_subscribers_are_told_of_changes_and_a_new_connection_goes_on_with_it(make_desk: Any) -> None:
    desk, session, told = make_desk(), FakeSession(), asyncio.Queue[str]()
    await desk.open(session)
    assert await desk.resources.subscribe_resource("notes://1", told.put) is True

    session.update("notes://1")
    session.update("notes://2")
    async with asyncio.timeout(5):
        assert await told.get() == "notes://1"

    again = FakeSession()
    await desk.open(again)
    assert again.asked == ["list", "templates", "subscribe notes://1"]
    again.update("notes://1")
    async with asyncio.timeout(5):
        assert await told.get() == "notes://1"

    assert await desk.resources.unsubscribe_resource("notes://1") is True
    assert again.asked[-1] == "unsubscribe notes://1"
    again.update("notes://1")
    assert told.empty()


async def test_the_callback_of_the_node_is_told_of_everything_at_once(make_desk: Any) -> None:
    desk, session, told = make_desk(), FakeSession(), list[str]()
    await desk.open(session)

    def fails(uri: str) -> None:
        raise ValueError(uri)

    desk.resources.set_resource_updated_callback(fails)
    end = desk.resources.on_resource_updated(told.append)
    session.update("notes://1")
    assert told == ["notes://1"]
    desk.resources.set_resource_updated_callback(told.append)
    end()
    end()
    session.update("notes://2")
    desk.resources.set_resource_updated_callback(None)
    session.update("notes://3")

    assert told == ["notes://1", "notes://2"]


def test_a_change_is_noted_where_no_loop_runs() -> None:
    told: list[str] = []
    resources = Desk().resources
    resources.set_resource_updated_callback(told.append)

    resources.handle_resource_updated("notes://1")

    assert told == ["notes://1"]


async def test_a_flood_of_changes_is_told_once_to_a_slow_subscriber(make_desk: Any) -> None:
    desk, session, told = make_desk(), FakeSession(), list[str]()
    await desk.open(session)
    busy, go_on = asyncio.Event(), asyncio.Event()

    async def slow(uri: str) -> None:
        told.append(uri)
        busy.set()
        await go_on.wait()

    await desk.resources.subscribe_resource("notes://1", slow)
    session.update("notes://1")
    async with asyncio.timeout(5):
        await busy.wait()
    for _ in range(1000):
        session.update("notes://1")
    busy.clear()
    go_on.set()
    async with asyncio.timeout(5):
        await busy.wait()

    assert told == ["notes://1", "notes://1"]


@pytest.mark.parametrize("closes_itself", [False, True])
async def test_closing_ends_callbacks_under_way_even_from_one(make_desk: Any, closes_itself: bool) -> None:
    desk, session, busy = make_desk(), FakeSession(), asyncio.Event()
    await desk.open(session)

    async def callback(uri: str) -> None:
        busy.set()
        if closes_itself:
            await desk.resources.aclose()
        else:
            await asyncio.Event().wait()

    await desk.resources.subscribe_resource("notes://1", callback)
    session.update("notes://1")
    async with asyncio.timeout(5):
        await busy.wait()
        await desk.resources.aclose()
