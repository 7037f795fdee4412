"""Tools and short forms of model replies for tests of the planner."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from penguiflow.catalog import NodeSpec, build_catalog, tool
from penguiflow.llm.scripted import ScriptedLLM
from penguiflow.planner import PlannerEvent, PlannerFinish, PlannerPause, ReactPlanner, ToolContext


class Note(BaseModel):
    text: str
    copies: int = 1


class Saved(BaseModel):
    stored: str


class Shards(BaseModel):
    results: list[dict[str, Any]] = []
    expect: int = 0


class Merged(BaseModel):
    count: int


@dataclass
class Notebook:
    """Remembers what tools did, so that a test can say what really happened."""

    stored: list[str] = field(default_factory=list)

    def catalog(self) -> list[NodeSpec]:
        """Return the tools: look (harmless), save (asks a person), fail, ask (pauses), merge (a join)."""

        @tool(desc="Look something up", side_effects="read", tags=["safe"])
        async def look(args: Note, ctx: ToolContext) -> Saved:
            return Saved(stored=f"seen {args.text}")

        @tool(desc="Save a note", side_effects="write", requires_approval=True)
        async def save(args: Note, ctx: ToolContext) -> Saved:
            self.stored.append(args.text)
            return Saved(stored=args.text)

        @tool(desc="Always fails")
        async def fail(args: Note, ctx: ToolContext) -> Saved:
            raise DiskFull("no space left", suggestion="delete old notes")

        @tool(desc="Ask a person")
        async def ask(args: Note, ctx: ToolContext) -> Saved:
            await ctx.pause("await_input", {"question": args.text})
            raise AssertionError("a pause does not return")

        @tool(desc="Merge results")
        async def merge(args: Shards, ctx: ToolContext) -> Merged:
            self.stored.append(f"merged {len(args.results)} of {args.expect}")
            return Merged(count=len(args.results))

        return build_catalog([look, save, fail, ask, merge])


class DiskFull(Exception):
    def __init__(self, message: str, suggestion: str) -> None:
        super().__init__(message)
        self.suggestion = suggestion


def call(node: str, thought: str = "", **args: Any) -> dict[str, Any]:
    """Return the reply that calls a tool."""
    return {"thought": thought, "next_node": node, "args": args}


def plan(*steps: Mapping[str, Any], join: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the reply that runs several tools at once."""
    branches = [{"node": step["next_node"], "args": step["args"]} for step in steps]
    return {"next_node": "parallel", "args": {"steps": branches, "join": join}}


def answer(text: str = "done", **more: Any) -> dict[str, Any]:
    """Return the reply that ends a run."""
    return {"thought": "enough", "next_node": "final_response", "args": {"answer": text, **more}}


def planner_for(
    *replies: Any, notebook: Notebook | None = None, **options: Any
) -> tuple[ReactPlanner, ScriptedLLM]:
    """Return a planner over the notebook's tools and its scripted model."""
    llm = ScriptedLLM(replies)
    options.setdefault("catalog", (notebook or Notebook()).catalog())
    return ReactPlanner(llm_client=llm, **options), llm


def finished(result: PlannerFinish | PlannerPause) -> PlannerFinish:
    """Return the result as the end it must be."""
    assert isinstance(result, PlannerFinish), result
    return result


def paused(result: PlannerFinish | PlannerPause) -> PlannerPause:
    """Return the result as the pause it must be."""
    assert isinstance(result, PlannerPause), result
    return result


@dataclass
class Heard:
    """Keeps the events it hears."""

    events: list[PlannerEvent] = field(default_factory=list)

    def __call__(self, event: PlannerEvent) -> None:
        self.events.append(event)

    def kinds(self, *, without: tuple[str, ...] = ()) -> list[str]:
        """Return the kinds of all events in order."""
        return [event.event_type for event in self.events if event.event_type not in without]

    def of(self, kind: str) -> list[PlannerEvent]:
        """Return the events of one kind."""
        return [event for event in self.events if event.event_type == kind]

    def text(self, channel: str) -> str:
        """Return all text of one channel joined."""
        chunks = self.of("llm_stream_chunk")
        return "".join(chunk.extra["text"] for chunk in chunks if chunk.extra["channel"] == channel)


def last_user_message(messages: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    assert messages[-1]["role"] == "user"
    return json.loads(messages[-1]["content"])
