"""A run that was broken off anywhere and went on elsewhere ends as one that was never broken off."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from penguiflow.catalog import CatalogItem, tool
from penguiflow.llm.scripted import FunctionLLM
from penguiflow.planner import (
    PlannerFinish,
    PlannerPause,
    ReactPlanner,
    ReflectionConfig,
    UnknownTokenError,
)
from penguiflow.planner.approvals import Approve
from tests.fakes.planner_tools import Merged, Note, Saved, Shards, answer, call, plan
from tests.fakes.virtual_time import run_virtually


class Killed(BaseException):
    """The process ended here."""


class Order(BaseModel):
    amount: int
    kind: Literal["keep", "drop"]


class Report(BaseModel):
    model_config = {"json_schema_extra": {"produces_sources": True}}
    title: str
    body: str = Field(json_schema_extra={"artifact": True})
    rows: list[Any] = []


@dataclass
class TextStore:
    """Keeps paused runs as texts, as a file would, and can end the process in the middle of a save."""

    dies: Callable[[str], bool] = lambda where: False
    texts: dict[str, str] = field(default_factory=dict)

    async def save_planner_state(self, token: str, record: dict[str, Any]) -> None:
        kind = next((kind for kind in ("claimed", "group") if kind in record), "waiting")
        is_new = token not in self.texts
        if self.dies(f"before {kind} {'new' if is_new else 'again'}"):
            raise Killed
        self.texts[token] = json.dumps(record)
        if self.dies(f"after {kind}"):
            raise Killed

    async def load_planner_state(self, token: str) -> dict[str, Any] | None:
        text = self.texts.pop(token, None)
        return None if text is None else json.loads(text)

    async def peek_planner_state(self, token: str) -> dict[str, Any] | None:
        text = self.texts.get(token)
        return None if text is None else json.loads(text)


@dataclass
class Shop:
    """Deterministic tools that keep book of their calls by idempotency key, without the run's own part."""

    asks: bool
    done: Counter[str] = field(default_factory=Counter)
    dies: Callable[[str], bool] = lambda where: False

    def _note(self, ctx: Any) -> None:
        if self.dies("before a tool"):
            raise Killed
        self.done[ctx.idempotency_key.partition(":")[2]] += 1
        if self.dies("after a tool"):
            raise Killed

    def tools(self) -> list[CatalogItem]:
        @tool(desc="look", side_effects="read")
        async def look(args: Note, ctx: Any) -> Saved:
            self._note(ctx)
            await ctx.emit_chunk("s", 1, "looking")
            return Saved(stored=args.text * 3)

        @tool(desc="save", side_effects="read", requires_approval=self.asks)
        async def save(args: Note, ctx: Any) -> Saved:
            self._note(ctx)
            await asyncio.sleep(0)
            return Saved(stored=args.text)

        @tool(desc="order", requires_approval=lambda args: self.asks and args.amount > 1)
        async def order(args: Order, ctx: Any) -> Saved:
            self._note(ctx)
            if args.kind == "drop":
                raise LookupError("nothing to drop")
            return Saved(stored=f"{args.amount}")

        @tool(desc="report", side_effects="read", requires_approval=self.asks)
        async def report(args: Note, ctx: Any) -> Report:
            self._note(ctx)
            return Report(title=args.text, body="body " * 300, rows=[[args.text, 1.5, None]] * 40)

        @tool(desc="merge", requires_approval=self.asks)
        async def merge(args: Shards, ctx: Any) -> Merged:
            self._note(ctx)
            return Merged(count=len(args.results))

        return [look, save, order, report, merge]


WORDS = st.sampled_from(["a", "bb", "long " * 150])
NOTED = st.builds(
    lambda node, text, thought: call(node, thought, text=text),
    st.sampled_from(["look", "save", "report"]),
    WORDS,
    st.sampled_from(["", "because"]),
)
ORDERED = st.builds(
    lambda amount, kind: call("order", amount=amount, kind=kind),
    st.integers(1, 3),
    st.sampled_from(["keep", "drop"]),
)
CALLS = NOTED | ORDERED
JOINS = st.none() | st.fixed_dictionaries(
    {"node": st.just("merge"), "inject": st.just({"results": "$results"})},
    optional={"on_failure": st.just("partial")},
)
PLANS = st.builds(lambda calls, join: plan(*calls, join=join), st.lists(CALLS, min_size=1, max_size=3), JOINS)
ODD = st.sampled_from(
    [
        "no action",
        call("nowhere"),
        call("order", amount=1),
        call("look", text=5),
        {"amount": 2, "kind": "keep"},
        {"score": 0.1, "feedback": "more"},
        answer("so far"),
        {"next_node": "final_response", "args": {}},
    ]
)
TWO_IN_ONE = st.lists(CALLS.map(json.dumps), min_size=2, max_size=3).map(" and ".join)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "token_budget": st.sampled_from([1_200, 1_600, 2_400]),
        "reflection_config": st.just(ReflectionConfig(enabled=True, max_revisions=1)),
        "multi_action_sequential": st.just(True),
        "planning_hints": st.just({"ordering_hints": ["look", "save"]}),
        "hop_budget": st.integers(3, 8),
        "arg_fill_enabled": st.booleans(),
        "repair_attempts": st.integers(1, 2),
    },
)


@dataclass
class Told:
    """What one run came to, and all that its model was asked."""

    finish: PlannerFinish
    asked: list[list[dict[str, str]]]
    done: Counter[str]
    pauses: int = 0

    def settled(self) -> dict[str, Any]:
        """Return the end without times, and without what only a run that asked can hold."""
        metadata = json.loads(json.dumps(self.finish.metadata))
        for step in metadata["steps"]:
            step.pop("latency_ms", None)
            step.pop("decision", None)
            for chunk in step.get("streams", {}).get("s", ()):
                del chunk["ts"]
        for kept in metadata.get("trajectory_metadata", {}).values():
            for record in kept if isinstance(kept, list) else ():
                record.pop("ts", None)
        return {"reason": self.finish.reason, "payload": self.finish.payload, **metadata}


async def told(
    replies: Sequence[Any],
    options: Mapping[str, Any],
    *,
    asks: bool,
    picks: Iterator[int],
    breaks: bool = True,
) -> Told:
    """Run with all calls approved, as the only planner or with a new one after each pause."""
    asked: list[list[dict[str, str]]] = []

    def decide(messages: Sequence[Mapping[str, str]]) -> Any:
        asked.append([dict(message) for message in messages])
        number = len(asked) - 1
        return replies[number] if number < len(replies) else answer("the end")

    shop = Shop(asks=asks)
    planner = ReactPlanner(
        llm_client=FunctionLLM(decide), catalog=shop.tools(), state_store=TextStore(), **options
    )
    result = await planner.run("q", llm_context={"user": "me"}, tool_context={"n": 1})
    pauses = 0
    while isinstance(result, PlannerPause):
        pauses += 1
        planner = planner.fork() if breaks else planner
        waiting = [result, *result.also]
        result = await planner.resume(waiting[next(picks) % len(waiting)].resume_token, Approve())
    return Told(result, asked, shop.done, pauses)


def _cycle(values: Sequence[int]) -> Iterator[int]:
    while True:
        yield from values


@settings(max_examples=120, deadline=None)
@given(
    replies=st.lists(CALLS | PLANS | ODD | TWO_IN_ONE, max_size=7),
    options=OPTIONS,
    picks=st.lists(st.integers(0, 2), min_size=1, max_size=4),
    most=st.integers(1, 4),
)
def test_waiting_for_people_changes_nothing_in_a_run(
    replies: list[Any], options: dict[str, Any], picks: list[int], most: int
) -> None:
    """With every call and further step approved by somebody, in any order, and a new planner each time."""
    enough: dict[str, Any] = {"max_iters": 40}
    limits = enough
    # What a model wants instead of filling in arguments is dropped at a limit: then it is asked once more.
    if not options.keys() & {"hop_budget", "arg_fill_enabled"}:
        enough, limits = {**enough, "arg_fill_enabled": False}, {"max_iters": most, "on_limit": "pause"}
    never = run_virtually(told(replies, {**options, **enough}, asks=False, picks=_cycle(picks)))
    often = run_virtually(told(replies, {**options, **enough, **limits}, asks=True, picks=_cycle(picks)))
    assert never.pauses == 0
    assert often.asked == never.asked
    assert often.settled() == never.settled()
    assert often.done == never.done


@dataclass
class Deaths:
    """Ends the process at the given moments, counted from the first pause on."""

    moments: set[int]
    armed: bool = False
    passed: int = 0
    places: list[str] = field(default_factory=list)

    def __call__(self, where: str) -> bool:
        if not self.armed:
            return False
        self.passed += 1
        if self.passed - 1 not in self.moments:
            return False
        self.places.append(where)
        return True


def script_by_position(replies: Sequence[Any]) -> FunctionLLM:
    """Return a model whose reply depends on nothing but how many decisions it is shown."""

    def decide(messages: Sequence[Mapping[str, str]]) -> Any:
        number = sum(message["role"] == "assistant" for message in messages)
        return replies[number] if number < len(replies) else answer("the end")

    return FunctionLLM(decide)


async def outlive(planner: ReactPlanner, token: str) -> PlannerFinish | PlannerPause | None:
    """Answer a pause in as many processes as it takes; None when nothing stands under the token any more."""
    go_on = planner.resume(token, Approve())
    while True:
        try:
            return await go_on
        except (Killed, BaseExceptionGroup):
            planner = planner.fork()
        except UnknownTokenError:
            return None
        try:
            return await planner.recover(token)
        except (Killed, BaseExceptionGroup):
            go_on = planner.fork().recover(token)
        except UnknownTokenError:
            go_on = planner.resume(token, Approve())


async def run_with_deaths(
    replies: Sequence[Any], picks: Iterator[int], deaths: Deaths
) -> Told | Counter[str]:
    """Return what the run came to, or only what its tools did when its end got lost."""
    shop = Shop(asks=True, dies=deaths)
    store = TextStore(deaths)
    planner = ReactPlanner(
        llm_client=script_by_position(replies), catalog=shop.tools(), state_store=store, max_iters=20
    )
    result: PlannerFinish | PlannerPause | None = await planner.run("q")
    deaths.armed = True
    while isinstance(result, PlannerPause):
        waiting = [result, *result.also]
        result = await outlive(planner, waiting[next(picks) % len(waiting)].resume_token)
    return shop.done if result is None else Told(result, [], shop.done)


@settings(max_examples=120, deadline=None)
@given(
    replies=st.lists(CALLS | PLANS, min_size=1, max_size=4),
    picks=st.lists(st.integers(0, 2), min_size=1, max_size=3),
    moments=st.sets(st.integers(0, 12), min_size=1, max_size=2),
)
def test_a_process_that_dies_repeats_no_more_than_what_was_not_recorded(
    replies: list[Any], picks: list[int], moments: set[int]
) -> None:
    alive = run_virtually(run_with_deaths(replies, _cycle(picks), Deaths(set())))
    assert isinstance(alive, Told)
    deaths = Deaths(moments)
    survived = run_virtually(run_with_deaths(replies, _cycle(picks), deaths))
    done = survived.done if isinstance(survived, Told) else survived
    assert all(times <= 1 + len(deaths.places) for times in done.values())
    assert done.keys() <= alive.done.keys()
    if isinstance(survived, Told):
        assert done.keys() == alive.done.keys()
        assert survived.settled() == alive.settled()
    else:
        # Between the token and the claim of its answer, the record stands nowhere for a moment.
        assert deaths.places[-1] == "before claimed new"
