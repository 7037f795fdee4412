"""A planner whose tools are those of a server: consent by a pause, and documents that change meanwhile."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pydantic import BaseModel

from penguiflow import ReactPlanner, build_catalog, tool
from penguiflow.llm import ScriptedLLM
from penguiflow.planner import PlannerFinish, PlannerPause, ToolContext
from penguiflow.planner.events import PlannerEvent
from penguiflow.registry import ModelRegistry
from penguiflow.tools import AuthType, ExternalToolConfig, ToolNode, TransportType
from tests.fakes.mcp_processes import until
from tests.fakes.mcp_updates import NOTE
from tests.fakes.users_server import CallerContext, FakeSignIn, users_server

pytestmark = pytest.mark.process

MEMOS = Path(__file__).parents[1] / "fakes" / "mcp_updates.py"
ASK = {"thought": "Who is it?", "next_node": "desk.whoami", "args": {}}


class Nothing(BaseModel):
    """No arguments, no result."""


def answer(text: str) -> dict[str, object]:
    return {"thought": "Done.", "next_node": "final_response", "args": {"answer": text}}


async def test_a_run_waits_for_a_sign_in_and_goes_on_after_it() -> None:
    sign_in = FakeSignIn({"ann": "old"})
    async with users_server() as server:
        server.door.users["old"] = "ann"
        node = ToolNode(
            ExternalToolConfig(
                name="desk",
                transport=TransportType.MCP,
                connection=server.url,
                auth_type=AuthType.OAUTH2_USER,
            ),
            ModelRegistry(),
            sign_in,
        )
        await node.connect(CallerContext("ann"))
        planner = ReactPlanner(
            llm_client=ScriptedLLM([ASK, ASK, answer("It is ann.")]), catalog=[], tool_sources=[node]
        )
        del server.door.users["old"]  # revoked
        pause = await planner.run("Who am I?", tool_context={"user_id": "ann", "trace_id": "t-1"})
        assert isinstance(pause, PlannerPause)
        assert pause.reason == "external_event"
        assert pause.payload["pause_type"] == "oauth"
        assert pause.payload["auth_url"] == "https://sign.in/desk?user=ann&trace=t-1"
        assert node.status.state == "needs_auth"

        server.door.users["new"] = "ann"
        sign_in.tokens["ann"] = "new"
        finish = await planner.resume(pause.resume_token, "signed in", tool_context={"user_id": "ann"})
        assert isinstance(finish, PlannerFinish)
        assert finish.payload["raw_answer"] == "It is ann."
        await node.close()


async def test_a_run_tells_that_a_document_of_its_server_changed() -> None:
    node = ToolNode(
        ExternalToolConfig(
            name="memos",
            transport=TransportType.MCP,
            connection=f"{sys.executable} {MEMOS} stdio 2026",
            timeout_s=20,
        ),
        ModelRegistry(),
    )
    await node.connect()
    updates: list[str] = []
    assert await node.subscribe_resource(NOTE, updates.append)
    events: list[PlannerEvent] = []
    touch = {"thought": "Change it.", "next_node": "memos.touch", "args": {"uri": NOTE}}

    @tool(desc="Wait until it was told")
    async def wait_until_told(args: Nothing, ctx: ToolContext) -> Nothing:
        await until(lambda: bool(updates))
        return args

    wait = {"thought": "Let it arrive.", "next_node": "wait_until_told", "args": {}}
    planner = ReactPlanner(
        llm_client=ScriptedLLM([touch, wait, answer("Changed.")]),
        catalog=build_catalog([wait_until_told]),
        tool_sources=[node],
        event_callback=events.append,
    )
    await planner.run("Change the note")
    told = [event.extra for event in events if event.event_type == "resource_updated"]
    assert told == [{"uri": NOTE, "namespace": "memos"}]
    await node.call("touch", {"uri": NOTE})  # nobody's run
    await until(lambda: len(updates) == 2)
    assert len([event for event in events if event.event_type == "resource_updated"]) == 1
    await node.close()
