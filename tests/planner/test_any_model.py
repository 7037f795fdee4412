"""Whatever a model says and a tool does, a run comes to a defined end within its limits.

The model has lists of replies for decisions, critiques and missing arguments, sensible ones and odd ones, and
whatever else it is asked it takes from the first. Every tool asks one list what to do. Time is virtual, so
hanging costs nothing.

How many model calls a run may make follows from its loop. An iteration begins only below the step limit, and
all but the last record a step, so there are at most `iterations` = allowed steps of them. One iteration asks
for an action `repair_attempts` times, each again after the conversation was compressed. Besides, each tool's
missing arguments are asked for once a run, the answer's text once, an apology or a clarification (twice, if
the first cannot be read) at the end; a critique is asked for at most twice an iteration.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from penguiflow.catalog import CatalogItem
from penguiflow.llm.errors import LLMError
from penguiflow.llm.scripted import FunctionLLM, scripted_reply
from penguiflow.planner import (
    ErrorRecoveryConfig,
    ObservationGuardrailConfig,
    PlannerEvent,
    PlannerFinish,
    PlannerPause,
    ReactPlanner,
    ReflectionConfig,
)
from penguiflow.planner.approvals import Approve, Decision, DecisionError, Edit, Reject, call_hash
from penguiflow.state.in_memory import InMemoryStateStore
from tests.fakes.odd_replies import BEHAVIOURS, DECISIONS, FILLS, JUDGEMENTS, SAYINGS
from tests.fakes.odd_world import World, tools_of
from tests.fakes.virtual_time import run_virtually

MOST_EXTENSIONS = 2
END = '{"next_node": "final_response", "args": {"answer": "end"}}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The limits of a planner that are drawn."""

    max_iters: int = 4
    hop_budget: int | None = None
    deadline_s: float | None = None
    repair_attempts: int = 2
    max_consecutive_arg_failures: int = 2
    absolute_max_parallel: int = 3
    max_repeated_calls: int | None = 2
    cost_limit_usd: float | None = None
    token_budget: int | None = None
    on_limit: Literal["end", "pause"] = "end"

    def main_calls(self, extended: Mapping[str, int], tools: int) -> int:
        """Return how many calls the main model may get; see the head of this file."""
        iterations = self.max_iters * (1 + extended.get("max_iters", 0))
        per_action = 1 + COMPRESSIONS
        return iterations * self.repair_attempts * per_action + tools + 1 + 2


COMPRESSIONS = 1


def seldom(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return mostly None: a run under every limit at once ends before anything happens."""
    return st.one_of(st.none(), st.none(), st.none(), values)


BOUNDS = st.builds(
    Bounds,
    max_iters=st.sampled_from([8, 5, 3, 1]),
    hop_budget=seldom(st.integers(0, 4)),
    deadline_s=seldom(st.sampled_from([0.0, 1.0, 5.0, 100.0])),
    repair_attempts=st.integers(1, 3),
    max_consecutive_arg_failures=st.integers(1, 3),
    absolute_max_parallel=st.integers(2, 3),
    max_repeated_calls=seldom(st.integers(1, 3)),
    cost_limit_usd=seldom(st.sampled_from([0.0, 0.02, 1.0])),
    token_budget=seldom(st.sampled_from([0, 900, 2_000])),
    on_limit=st.sampled_from(["end", "pause"]),
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "pause_enabled": st.sampled_from([True, True, False]),
        "arg_fill_enabled": st.booleans(),
        "multi_action_sequential": st.booleans(),
        "multi_action_read_only_only": st.booleans(),
        "stream_final_response": st.booleans(),
        "reflection_config": st.sampled_from(
            [ReflectionConfig(enabled=True, max_revisions=most) for most in (1, 2)]
        ),
        "summarizer_llm": st.just(FunctionLLM(lambda _: '{"facts": {"earlier_steps": 5}, "goals": ["g"]}')),
        "observation_guardrail": st.just(
            ObservationGuardrailConfig(max_observation_chars=1_000, auto_artifact_threshold=1_200)
        ),
        "planning_hints": seldom(
            st.just({"ordering_hints": ["look", "save"], "sequential_only": ["order"], "max_parallel": 2})
        ),
    },
)


@dataclass
class Answering:
    """A person who answers pauses, oddly at times, and lets no limit be extended for ever."""

    world: World
    sayings: Iterator[Any]
    extended: dict[str, int] = field(default_factory=dict)

    def about(self, pause: PlannerPause) -> str | Decision | None:
        """Return what the person says, and remember what it allows."""
        said = next(self.sayings)
        payload = pause.payload
        if pause.reason == "constraints_conflict":
            if isinstance(said, Reject) or sum(self.extended.values()) >= MOST_EXTENSIONS:
                return Reject("enough")
            if said in ("approve", None):
                self.extended[payload["limit"]] = self.extended.get(payload["limit"], 0) + 1
            return said
        if pause.reason != "approval_required":
            return "said" if said in ("hash", "edit") else said
        if said == "edit":
            args = {"text": "edited", "copies": 1}
            self.world.said.append(json.dumps(args))
            self.world.approved.add((payload["call_id"], call_hash("save", args)))
            return Edit(args)
        if said in ("approve", "hash"):
            self.world.approved.add((payload["call_id"], payload["call_hash"]))
            return Approve(payload["call_hash"]) if said == "hash" else said
        return said


async def driven(
    planner: ReactPlanner, person: Answering, store: InMemoryStateStore | None
) -> tuple[PlannerFinish, float]:
    """Run to the end, however often it pauses; return also how long it ran without waiting for people."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    result = await planner.run("q", llm_context={"user": "me"}, tool_context={"secret": object()})
    ran = loop.time() - began
    while isinstance(result, PlannerPause):
        await asyncio.sleep(3_600)
        waiting = [result, *result.also][-1]
        json.dumps(waiting.model_dump(mode="json"))
        planner = planner if store is None else planner.fork()
        began = loop.time()
        try:
            result = await planner.resume(waiting.resume_token, person.about(waiting))
        except DecisionError:
            result = await planner.resume(waiting.resume_token, Reject("what?"))
        ran += loop.time() - began
    return result, ran


def check_end(
    result: PlannerFinish, bounds: Bounds, person: Answering, ran_s: float, tools: Sequence[CatalogItem]
) -> None:
    """Assert what holds for every end of a run."""
    metadata, extended = result.metadata, person.extended
    json.dumps(result.model_dump())
    assert metadata["step_count"] == len(metadata["steps"])
    assert metadata["step_count"] <= bounds.max_iters * (1 + extended.get("max_iters", 0))
    if bounds.hop_budget is not None:
        more = extended.get("hop_budget", 0) * max(1, bounds.hop_budget)
        assert metadata["constraints"]["hops_used"] <= bounds.hop_budget + more
    if bounds.deadline_s is not None:
        assert ran_s <= bounds.deadline_s * (1 + extended.get("deadline_s", 0)) + 1e-6
    cost = metadata["cost"]
    assert cost["main_llm_calls"] <= bounds.main_calls(extended, len(tools))
    iterations = bounds.max_iters * (1 + extended.get("max_iters", 0))
    assert cost["reflection_llm_calls"] <= 2 * iterations
    assert (result.reason == "answer_complete") is (metadata["answer_quality"] != "none")
    if result.reason == "answer_complete":
        assert result.payload["raw_answer"].strip()
        result.payload["raw_answer"].encode()
    else:
        assert metadata["error"]


@settings(max_examples=250, deadline=None)
@given(
    decisions=DECISIONS,
    judgements=JUDGEMENTS,
    fills=FILLS,
    behaviours=st.lists(BEHAVIOURS, max_size=10),
    sayings=st.lists(SAYINGS, min_size=4, max_size=4),
    bounds=BOUNDS,
    options=OPTIONS,
    stored=st.booleans(),
)
def test_any_run_ends_within_its_limits(
    decisions: list[Any],
    judgements: list[Any],
    fills: list[Any],
    behaviours: list[str],
    sayings: list[Any],
    bounds: Bounds,
    options: dict[str, Any],
    stored: bool,
) -> None:
    async def main() -> None:
        world = World(behaviours=_then(behaviours, "work"))
        raised: list[Exception] = []
        events: list[PlannerEvent] = []
        actions, critiques, values = iter(decisions), iter(judgements), iter(fills)

        async def decide(messages: Sequence[Mapping[str, str]]) -> Any:
            if messages[0]["content"].startswith("You judge"):
                reply = next(critiques, '{"score": 0.9}')
            elif '"missing_fields"' in messages[-1]["content"]:
                reply = next(values, END)
            else:
                reply = next(actions, END)
            if isinstance(reply, Exception):
                raised.append(reply)
                raise reply
            await asyncio.sleep(1_000 if reply == "slow" else 0.25)
            world.said.append(reply)
            return scripted_reply(reply, cost_usd=0.01)

        catalog = tools_of(world, "many words " * 200)
        store = InMemoryStateStore() if stored else None
        planner = ReactPlanner(
            llm_client=FunctionLLM(decide),
            catalog=catalog,
            state_store=store,
            time_source=asyncio.get_running_loop().time,
            event_callback=events.append,
            error_recovery=ErrorRecoveryConfig(
                max_compress_retries=COMPRESSIONS, compression_threshold_chars=100
            ),
            **{name: getattr(bounds, name) for name in bounds.__dataclass_fields__},
            **options,
        )
        person = Answering(world, _then([], *sayings))
        try:
            result, ran_s = await driven(planner, person, store)
        except LLMError as exc:
            assert any(exc is error for error in raised)  # noqa: PT017 - not every run raises
        else:
            check_end(result, bounds, person, ran_s, catalog)
        assert world.wrongs == []
        json.dumps([event.to_payload() for event in events])
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run_virtually(main())


def _then(first: Sequence[Any], *again: Any) -> Iterator[Any]:
    yield from first
    while True:
        yield from again
