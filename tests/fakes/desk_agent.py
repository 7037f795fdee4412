"""An agent for tests of the command line: what it does is the first word of the question.

hello    answers at once               print    a tool, a child process and a log write to our streams
note X   wants to keep X, with approval        ask      asks the person which city
escape   answers with control sequences        crash    the model fails
large    a tool returns 5 MB                   block    a tool blocks the event loop for 3 s
wander   calls a tool until a limit stops it   wait     a tool that never ends

`build_with_server` is the same agent with a real MCP server beside it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from penguiflow.catalog import tool
from penguiflow.llm.protocol import ChatMessage
from penguiflow.llm.scripted import FunctionLLM
from penguiflow.planner.react import ReactPlanner
from penguiflow.registry import ModelRegistry
from penguiflow.tools.config import ExternalToolConfig, TransportType
from penguiflow.tools.node import ToolNode

KEPT_FILE = "kept.txt"
HOSTILE = "\x1b]52;c;cHduZWQ=\x07 \x9b31m [/red] \u202egnp"


class Text(BaseModel):
    text: str = ""


@tool(desc="Print, log and let a child print.")
async def noise(args: Text, ctx: Any) -> Text:  # the context is not used
    sys.stdout.write("printed by the tool\n")
    logging.getLogger("desk").warning("logged by the tool")
    subprocess.run([sys.executable, "-c", "print('printed by a child')"], check=True)  # noqa: ASYNC221 - blocks on purpose
    return args


@tool(desc="Look around.")
async def look(args: Text, ctx: Any) -> Text:  # the context is not used
    return args


@tool(desc="Return 5 MB.")
async def large(args: Text, ctx: Any) -> Text:  # the context is not used
    return Text(text="[/] \U0001f427\x1b[2J" * 600_000)


@tool(desc="Block the event loop.")
async def block(args: Text, ctx: Any) -> Text:  # the context is not used
    time.sleep(3)  # noqa: ASYNC251 - blocks on purpose
    return args


@tool(desc="Never end.")
async def wait(args: Text, ctx: Any) -> Text:  # the context is not used
    await asyncio.Event().wait()
    return args


@tool(desc="Ask which city.")
async def which_city(args: Text, ctx: Any) -> Text:  # the planner's context
    await ctx.pause("await_input", {"prompt": "Which city?"})
    return args


def build_planner(
    *, state_store: object, project_root: Path, tool_sources: Sequence[ToolNode] = ()
) -> ReactPlanner:
    @tool(desc="Keep a text.", side_effects="write", requires_approval=True)
    async def keep(args: Text, ctx: Any) -> Text:  # the context is not used
        with (project_root / KEPT_FILE).open("a") as kept:
            kept.write(args.text + "\n")
        return args

    return ReactPlanner(
        llm_client=FunctionLLM(decide),
        catalog=[keep, look, noise, wait, which_city, large, block],
        tool_sources=tool_sources,
        max_iters=3,
        state_store=state_store,
    )


def build_with_server(*, state_store: object, project_root: Path) -> ReactPlanner:
    command = f"{sys.executable} -m penguiflow_tui.demo.notes_server --database {project_root}/n.db"
    config = ExternalToolConfig(name="notes", transport=TransportType.MCP, connection=command)
    server = ToolNode(config, ModelRegistry())
    return build_planner(state_store=state_store, project_root=project_root, tool_sources=[server])


def decide(messages: Sequence[ChatMessage]) -> Mapping[str, Any]:
    question = json.loads(next(m["content"] for m in messages if m["role"] == "user"))["query"]
    word, _, rest = question.partition(" ")
    first = messages[-1]["content"].startswith('{"query"')
    match word:
        case "crash":
            raise ConnectionError("the model is gone")
        case "wander":
            return call("look", text=str(len(messages)))
        case "escape":
            return answer(HOSTILE)
        case "note" if first:
            return call("keep", text=rest)
        case "print" if first:
            return call("noise")
        case "wait" | "large" | "block" if first:
            return call(word)
        case "ask" if first:
            return call("which_city")
        case "hello":
            return answer("Hello, person.")
        case _:
            return answer(f"Seen: {messages[-1]['content'][:500]}")


def call(name: str, **args: str) -> Mapping[str, Any]:
    return {"thought": f"I use {name}.", "next_node": name, "args": args}


def answer(text: str) -> Mapping[str, Any]:
    return {"thought": "", "next_node": "final_response", "args": {"answer": text}}
