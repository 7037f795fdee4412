"""Clients of every shape a user may write, and short forms of what a run left."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from penguiflow.catalog import CatalogItem, tool
from penguiflow.llm import LLMReply
from penguiflow.planner import (
    PlannerAction,
    PlannerEvent,
    PlannerFinish,
    PlannerPause,
    ReactPlanner,
    Trajectory,
)

JSON_OBJECT = {"type": "json_object"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A reply that is handed over as it is, whatever its type."""

    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client was asked; `keywords` names the arguments it was called with."""

    messages: list[dict[str, str]]
    response_format: Mapping[str, Any] | None
    keywords: Mapping[str, Any]

    @property
    def kind(self) -> str | None:
        """The schema name or type of the format that was asked for."""
        if self.response_format is None:
            return None
        schema = self.response_format.get("json_schema")
        return str(self.response_format["type"] if schema is None else schema["name"])

    @property
    def last(self) -> Any:
        """The JSON of the last message."""
        return json.loads(self.messages[-1]["content"])

    @property
    def text(self) -> str:
        return "\n".join(message["content"] for message in self.messages)

    @property
    def system_prompt(self) -> str:
        assert self.messages[0]["role"] == "system"
        return self.messages[0]["content"]

    @property
    def roles(self) -> list[str]:
        return [message["role"] for message in self.messages]

    def of_role(self, role: str) -> list[str]:
        """Return the contents of all messages of a role."""
        return [message["content"] for message in self.messages if message["role"] == role]


@dataclass
class Script:
    """Replies in order, and what was asked for them."""

    replies: list[Any]
    requests: list[Request] = field(default_factory=list)

    def next(self, **keywords: Any) -> Any:
        """Note the request and return its reply; an exception is raised."""
        messages = [dict(message) for message in keywords["messages"]]
        noted = Request(messages=messages, response_format=keywords.get("response_format"), keywords=keywords)
        self.requests.append(noted)
        if len(self.requests) > len(self.replies):
            raise AssertionError(
                f"the script has {len(self.replies)} replies; one more was asked for as `{noted.kind}` "
                f"after `{noted.messages[-1]['content'][:400]}`"
            )
        reply = self.replies[len(self.requests) - 1]
        return spoken(reply(noted) if callable(reply) else reply)


def spoken(reply: Any) -> Any:
    """Return the reply as a client may give it: text, pair of text and cost, `LLMReply`."""
    if isinstance(reply, BaseException):
        raise reply
    if isinstance(reply, Raw):
        return reply.value
    if isinstance(reply, tuple):
        return spoken(reply[0]), reply[1]
    return json.dumps(reply) if isinstance(reply, Mapping | list) else reply


class Client:
    """The full client: takes all four keywords of the protocol, with their defaults."""

    def __init__(self, *replies: Any) -> None:
        self.script = Script(list(replies))

    @property
    def requests(self) -> list[Request]:
        return self.script.requests

    def asked(self, kind: str | None) -> list[Request]:
        """Return the requests of one kind."""
        return [request for request in self.requests if request.kind == kind]

    @property
    def kinds(self) -> list[str | None]:
        return [request.kind for request in self.requests]

    async def complete(
        self,
        *,
        messages: Sequence[Mapping[str, str]],
        response_format: Mapping[str, Any] | None = None,
        stream: bool = False,
        on_stream_chunk: Callable[[str, bool], None] | None = None,
    ) -> Any:
        return self.script.next(
            messages=messages, response_format=response_format, stream=stream, on_stream_chunk=on_stream_chunk
        )


class StrictClient(Client):
    """Requires all four keywords, as a client may that knows the planner always passes them."""

    async def complete(  # type: ignore[override]  # a user's client need not match the protocol's defaults
        self, *, messages: Any, response_format: Any, stream: Any, on_stream_chunk: Any
    ) -> Any:
        return self.script.next(
            messages=messages, response_format=response_format, stream=stream, on_stream_chunk=on_stream_chunk
        )


class TwoKeywordClient(Client):
    """The client of older examples: no streaming keywords at all."""

    async def complete(  # type: ignore[override]  # narrower on purpose
        self, *, messages: Any, response_format: Any = None
    ) -> Any:
        return self.script.next(messages=messages, response_format=response_format)


class OpenClient(Client):
    """Takes any keyword."""

    async def complete(self, **keywords: Any) -> Any:
        return self.script.next(**keywords)


class StreamingClient(Client):
    """Streams each reply in pieces when it is asked to."""

    async def complete(self, **request: Any) -> Any:
        reply = self.script.next(**request)
        text = reply if isinstance(reply, str) else reply[0] if isinstance(reply, tuple) else reply.text
        if request.get("stream") and (on_chunk := request.get("on_stream_chunk")) is not None:
            for start in range(0, len(text), 4):
                on_chunk(text[start : start + 4], False)
            on_chunk("", True)
        return reply


SHAPES: dict[str, Callable[[Any], Any]] = {
    "text": lambda reply: reply,
    "pair": lambda reply: (reply, 0.25),
    "reply": lambda reply: LLMReply(text=json.dumps(reply), cost_usd=0.25),
    "reply without cost": lambda reply: LLMReply(text=json.dumps(reply)),
}


class Text(BaseModel):
    text: str = "x"


class Echoed(BaseModel):
    said: str


class Repairable(Exception):
    """An error that knows what to do about it."""

    def __init__(self, message: str, **more: Any) -> None:
        super().__init__(message)
        for name, value in more.items():
            setattr(self, name, value)


@dataclass
class Tools:
    """Tools that note their calls in `calls`."""

    calls: list[str] = field(default_factory=list)

    def all(self) -> list[CatalogItem]:
        """Return echo, other and third (harmless), fail, ask (pauses)."""
        return [self.named("echo"), self.named("other"), self.named("third"), self.fail(), self.ask()]

    def named(self, name: str, **marks: Any) -> Any:
        """Return a harmless tool of this name."""

        async def repeat(args: Text, ctx: Any) -> Echoed:
            self.calls.append(f"{name} {args.text}")
            return Echoed(said=args.text)

        repeat.__name__ = repeat.__qualname__ = name
        return tool(**{"desc": f"Tool {name}", "side_effects": "read", **marks})(repeat)

    def fail(self) -> Any:
        @tool(desc="Always fails")
        async def fail(args: Text, ctx: Any) -> Echoed:
            self.calls.append(f"fail {args.text}")
            raise Repairable("no such row", suggestion="ask for another row")

        return fail

    def ask(self) -> Any:
        @tool(desc="Asks a person")
        async def ask(args: Text, ctx: Any) -> Echoed:
            self.calls.append(f"ask {args.text}")
            await ctx.pause("await_input", {"question": args.text})
            raise AssertionError("a pause does not return")

        return ask


@dataclass
class Events:
    """An event callback that keeps what it hears."""

    heard: list[PlannerEvent] = field(default_factory=list)

    def __call__(self, event: PlannerEvent) -> None:
        self.heard.append(event)

    def of(self, kind: str) -> list[PlannerEvent]:
        return [event for event in self.heard if event.event_type == kind]

    @property
    def kinds(self) -> list[str]:
        return [event.event_type for event in self.heard]


def use(node: str, **args: Any) -> dict[str, Any]:
    """Return the reply that calls a tool, in the unified form."""
    return {"next_node": node, "args": args}


def end(text: str = "done", **more: Any) -> dict[str, Any]:
    """Return the reply that gives the answer, in the unified form."""
    return {"next_node": "final_response", "args": {"answer": text, **more}}


def both(*calls: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return the reply that makes several calls at once, in the unified form."""
    steps = [{"node": call["next_node"], "args": call["args"]} for call in calls]
    return {"next_node": "parallel", "args": {"steps": steps, **more}}


def planner_of(client: Any, catalog: Iterable[CatalogItem] | None = None, **options: Any) -> ReactPlanner:
    """Return a planner over the tools, by default those of `Tools`."""
    return ReactPlanner(
        llm_client=client, catalog=list(Tools().all() if catalog is None else catalog), **options
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A run that ended, its client and its events."""

    result: PlannerFinish
    client: Client
    events: Events

    @property
    def steps(self) -> list[dict[str, Any]]:
        steps: list[dict[str, Any]] = self.result.metadata["steps"]
        return steps

    @property
    def error(self) -> str:
        """The error of the first step, which must have one."""
        error = self.steps[0]["error"]
        assert isinstance(error, str), self.steps[0]
        return error

    @property
    def requests(self) -> list[Request]:
        return self.client.requests


async def run(*replies: Any, catalog: Iterable[CatalogItem] | None = None, **options: Any) -> Ran:
    """Run the question `q` on a planner with this script, to its end."""
    client, events = Client(*replies), Events()
    planner = planner_of(client, catalog, event_callback=events, **options)
    return Ran(result=ended(await planner.run("q")), client=client, events=events)


async def read(reply: Any, **options: Any) -> PlannerAction:
    """Return the action that a planner reads from one reply."""
    return await planner_of(Client(reply), repair_attempts=1, **options).step(Trajectory(query="q"))


def ended(result: PlannerFinish | PlannerPause) -> PlannerFinish:
    """Return the result as the end it must be."""
    assert isinstance(result, PlannerFinish), result
    return result


def paused(result: PlannerFinish | PlannerPause) -> PlannerPause:
    """Return the result as the pause it must be."""
    assert isinstance(result, PlannerPause), result
    return result
