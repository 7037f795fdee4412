"""A model that knows what it is asked for, a bench of tools and a store, for the contract of the planner."""

from __future__ import annotations

import inspect
import json
import signal
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from pydantic import BaseModel

from penguiflow.catalog import NodeSpec, build_catalog, tool
from penguiflow.llm import LLMReply
from penguiflow.planner import PlannerFinish, PlannerPause, ReactPlanner

OPEN_TAG = "<read_only_conversation_memory_json>"
CLOSE_TAG = "</read_only_conversation_memory_json>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request that a model got."""

    role: str
    messages: Sequence[Mapping[str, str]]
    response_format: Mapping[str, Any] | None
    stream: bool
    on_stream_chunk: Any = None

    @property
    def text(self) -> str:
        """Everything that stands in the request."""
        return "\n".join(message["content"] for message in self.messages)

    @property
    def system(self) -> str:
        """The system prompt."""
        return self.messages[0]["content"]

    @property
    def last(self) -> Any:
        """The JSON of the last message."""
        return json.loads(self.messages[-1]["content"])

    @property
    def memory(self) -> Any:
        """The conversation memory that the request shows, None when it shows none."""
        shown = [message["content"] for message in self.messages if OPEN_TAG in message["content"]]
        if not shown:
            return None
        (text,) = shown
        return json.loads(text.split(OPEN_TAG, 1)[1].split(CLOSE_TAG, 1)[0])


class Model:
    """Answers each kind of request from a script of its own.

    Positional replies are for planning; the others are given by the name of the schema that the request
    asks for, as `json_object`, or as `anything` for what no other script answers. A reply is a mapping, a
    text, a pair with its cost, an `LLMReply`, an error to raise, or a function of the request that returns
    one of these.
    """

    def __init__(self, *planning: Any, **others: Iterable[Any]) -> None:
        self._scripts: dict[str, Iterator[Any]] = {"planner_action": iter(planning)}
        self._scripts |= {role: iter(replies) for role, replies in others.items()}
        self.asked: list[Asked] = []

    def of(self, role: str) -> list[Asked]:
        """Return the requests of one kind."""
        return [asked for asked in self.asked if asked.role == role]

    @property
    def planning(self) -> list[Asked]:
        """The requests for an action."""
        return self.of("planner_action")

    async def complete(
        self,
        *,
        messages: Sequence[Mapping[str, str]],
        response_format: Mapping[str, Any] | None = None,
        stream: bool = False,
        on_stream_chunk: Any = None,
    ) -> Any:
        asked = Asked(
            role=role_of(response_format),
            messages=[dict(message) for message in messages],
            response_format=response_format,
            stream=stream,
            on_stream_chunk=on_stream_chunk,
        )
        self.asked.append(asked)
        return await self._reply(asked)

    async def _reply(self, asked: Asked) -> Any:
        reply = next(self._scripts.get(asked.role, iter(())), None)
        if reply is None:
            reply = next(self._scripts.get("anything", iter(())), None)
        if callable(reply) and not isinstance(reply, type):
            reply = reply(asked)
        if inspect.isawaitable(reply):
            reply = await reply
        if reply is None:
            raise AssertionError(
                f"the script has no reply to request {len(self.of(asked.role))} of kind `{asked.role}`; "
                f"its last message is `{asked.messages[-1]['content'][:300]}`"
            )
        if isinstance(reply, BaseException):
            raise reply
        return as_reply(reply)


class PlainModel(Model):
    """A client that cannot stream and does not take the keywords for it."""

    async def complete(  # type: ignore[override]  # the narrower form is what is tested
        self, *, messages: Sequence[Mapping[str, str]], response_format: Mapping[str, Any] | None = None
    ) -> Any:
        return await super().complete(messages=messages, response_format=response_format)


def role_of(response_format: Mapping[str, Any] | None) -> str:
    """Return the name of the schema a request asks for."""
    if response_format is None:
        return "planner_action"
    if "json_schema" not in response_format:
        return str(response_format["type"])
    return str(response_format["json_schema"]["name"])


def as_reply(reply: Any) -> Any:
    """Return a reply in a form that a client may give."""
    if isinstance(reply, tuple):
        text, cost = reply
        return as_reply(text), cost
    return json.dumps(reply) if isinstance(reply, Mapping) else reply


def priced(reply: Mapping[str, Any], cost_usd: float | None, **usage: Any) -> LLMReply:
    """Return a reply that says what it cost."""
    return LLMReply(text=json.dumps(reply), cost_usd=cost_usd, **usage)


class Words(BaseModel):
    text: str = "x"


class Said(BaseModel):
    said: str


class Branches(BaseModel):
    results: list[Any] = []
    failures: list[Any] = []
    expect: int = 0


class Count(BaseModel):
    count: int


class BrokenError(Exception):
    """What the tool `fail` raises."""

    suggestion = "mend it first"


@dataclass
class Bench:
    """Tools that remember what they did."""

    done: list[str] = field(default_factory=list)
    joins: list[Branches] = field(default_factory=list)

    def catalog(self) -> list[NodeSpec]:
        """Return echo, other (both harmless), fail, ask (pauses), erase (asks for approval), join."""

        @tool(desc="Repeat a text", side_effects="read", tags=["safe"])
        async def echo(args: Words, ctx: Any) -> Said:
            self.done.append(f"echo {args.text}")
            return Said(said=args.text)

        @tool(desc="Repeat a text too", side_effects="pure", tags=["safe", "spare"])
        async def other(args: Words, ctx: Any) -> Said:
            self.done.append(f"other {args.text}")
            return Said(said=args.text)

        @tool(desc="Always fails", side_effects="read")
        async def fail(args: Words, ctx: Any) -> Said:
            self.done.append(f"fail {args.text}")
            raise BrokenError("it is broken")

        @tool(desc="Ask a person", side_effects="read")
        async def ask(args: Words, ctx: Any) -> Said:
            self.done.append(f"ask {args.text}")
            await ctx.pause("await_input", {"question": args.text})
            self.done.append("after the pause")
            raise AssertionError("a pause does not return")

        @tool(desc="Erase something", side_effects="write", requires_approval=True)
        async def erase(args: Words, ctx: Any) -> Said:
            self.done.append(f"erase {args.text}")
            return Said(said=f"erased {args.text}")

        @tool(desc="Join results")
        async def join(args: Branches, ctx: Any) -> Count:
            self.done.append("join")
            self.joins.append(args)
            return Count(count=len(args.results))

        return build_catalog([echo, other, fail, ask, erase, join])


def planner_with(
    *replies: Any, bench: Bench | None = None, model: Model | None = None, **options: Any
) -> tuple[ReactPlanner, Model]:
    """Return a planner over the bench, and its model."""
    model = model or Model(*replies)
    options.setdefault("catalog", (bench or Bench()).catalog())
    return ReactPlanner(llm_client=model, **options), model


def steps_of(result: PlannerFinish | PlannerPause) -> list[dict[str, Any]]:
    """Return the recorded steps of a run that ended."""
    assert isinstance(result, PlannerFinish), result
    return result.metadata["steps"]


def constraints_of(result: PlannerFinish | PlannerPause) -> dict[str, Any]:
    """Return what became of the limits of a run that ended."""
    assert isinstance(result, PlannerFinish), result
    return result.metadata["constraints"]


class Store:
    """Keeps paused runs and memories as texts; `saved` tells which tokens were written, in order."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.memories: dict[str, str] = {}
        self.saved: list[str] = []
        self.memory_writes: defaultdict[str, int] = defaultdict(int)

    async def save_planner_state(self, token: str, payload: dict[str, Any]) -> None:
        self.saved.append(token)
        self.states[token] = json.dumps(payload)

    async def load_planner_state(self, token: str) -> dict[str, Any] | None:
        text = self.states.pop(token, None)
        return None if text is None else json.loads(text)

    async def save_memory_state(self, key: str, state: dict[str, Any]) -> None:
        self.memory_writes[key] += 1
        self.memories[key] = json.dumps(state)

    async def load_memory_state(self, key: str) -> dict[str, Any] | None:
        text = self.memories.get(key)
        return None if text is None else json.loads(text)

    def record(self, token: str) -> dict[str, Any]:
        """Return what is stored under a token."""
        return json.loads(self.states[token])


@contextmanager
def seconds(limit: int) -> Generator[None]:
    """Break off code that keeps the loop busy, where no timer of the loop could."""

    def too_long(_signum: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"still busy after {limit} s")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(limit)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
