"""Whatever steps a run takes, its messages stay within the token budget, and late ones cost no more."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from penguiflow.artifacts import NoOpArtifactStore
from penguiflow.catalog import tool
from penguiflow.llm.protocol import NativeTools
from penguiflow.llm.scripted import FunctionLLM
from penguiflow.planner import ReactPlanner, Trajectory, TrajectoryStep
from penguiflow.planner._json import json_text
from penguiflow.planner._loop.compaction import Compaction
from penguiflow.planner._loop.deadline import Deadline
from penguiflow.planner._loop.model_call import ModelCaller
from penguiflow.planner._loop.recording import record_step
from penguiflow.planner._loop.run_events import RunEvents
from penguiflow.planner._loop.run_state import RunState
from penguiflow.planner._parse.normalise import read_action
from penguiflow.planner._prompts.conversation import Conversation
from penguiflow.planner._rules.judge import Rules
from penguiflow.planner._rules.limits import Limits
from penguiflow.planner._summary import summary_with
from penguiflow.planner.action import PlannerAction
from tests.fakes.planner_tools import answer, call, finished

LEAST_OUTCOME, LEAST_SUMMARY = 1_000, 360
MOST_WRITINGS = 12

JSON = st.recursive(
    st.none()
    | st.integers()
    | st.text(max_size=200)
    | st.sampled_from(['"' * 900, "\\" * 700, "ä\n" * 2_000]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
TEXTS = st.text(max_size=60) | st.sampled_from(["word " * 500, "\x00" * 50, '"' * 300])


class Piece(BaseModel):
    number: int
    text: str = ""


class Found(BaseModel):
    value: Any


def chars_of(messages: Sequence[Mapping[str, str]]) -> int:
    return sum(len(message["content"]) + len(message["role"]) + 20 for message in messages)


def tokens_of(messages: Sequence[Mapping[str, str]]) -> int:
    return int(chars_of(messages) / 3.5)


async def asked_in_a_run(
    steps: Sequence[tuple[str, Any]], query: str, **options: Any
) -> list[list[dict[str, str]]]:
    """Return the messages of every model call of a run in which a tool finds these values one by one."""
    asked: list[list[dict[str, str]]] = []

    def decide(messages: Sequence[Mapping[str, str]]) -> Any:
        asked.append([dict(message) for message in messages])
        number = len(asked) - 1
        return call("find", number=number, text=steps[number][0]) if number < len(steps) else answer()

    @tool(desc="find")
    async def find(args: Piece, ctx: Any) -> Found:
        return Found(value=steps[args.number][1])

    planner = ReactPlanner(llm_client=FunctionLLM(decide), catalog=[find], max_iters=20, **options)
    assert finished(await planner.run(query)).reason == "answer_complete"
    return asked


@settings(max_examples=100, deadline=None)
@given(
    steps=st.lists(st.tuples(TEXTS, JSON), min_size=1, max_size=5),
    query=st.sampled_from(["q", "long question " * 100]),
    more=st.integers(300, 3_000),
    writes=st.booleans(),
)
async def test_messages_stay_within_the_budget_when_the_last_step_fits(
    steps: list[tuple[str, Any]], query: str, more: int, writes: bool
) -> None:
    head = tokens_of((await asked_in_a_run([], query))[0])
    summariser = FunctionLLM(lambda _: json.dumps({"goals": ["g" * 5_000] * 3, "facts": {"f": "x" * 9_000}}))
    budget = head + more
    asked = await asked_in_a_run(
        steps, query, token_budget=budget, **({"summarizer_llm": summariser} if writes else {})
    )
    for number, messages in enumerate(asked[1:]):
        whole = json_text({"observation": {"value": steps[number][1]}})
        last = [messages[-2], {"role": "user", "content": "x" * min(len(whole), LEAST_OUTCOME)}]
        least = chars_of(messages[:2]) + LEAST_SUMMARY + chars_of(last)
        if least <= int(budget * 3.5):
            assert tokens_of(messages) <= budget, (number, tokens_of(messages), budget)


def numbers_told(messages: Sequence[Mapping[str, str]]) -> set[int]:
    """Return the numbers of the steps that messages show, be it in short."""
    calls = [json.loads(message["content"]) for message in messages if message["role"] == "assistant"]
    shown = {call["args"]["number"] for call in calls}
    for message in messages:
        if message["content"].startswith("Trajectory summary: "):
            facts = json.loads(message["content"].partition(": ")[2])["facts"]
            lines = facts.get("earlier_steps", [])
            shown |= {int(line.partition('"number":')[2].partition(",")[0]) for line in lines}
    return shown


@settings(max_examples=60, deadline=None)
@example(many=3, size=9_000, room=2_500)
@given(many=st.integers(2, 12), size=st.integers(400, 12_000), room=st.integers(2_500, 6_000))
async def test_every_step_is_told_at_least_in_short_while_there_is_room(
    many: int, size: int, room: int
) -> None:
    steps = [("t", "x" * size) for _ in range(many)]
    budget = tokens_of((await asked_in_a_run([], "q"))[0]) + room
    for number, messages in enumerate(await asked_in_a_run(steps, "q", token_budget=budget)):
        assert numbers_told(messages) == set(range(number))


STEPS = st.builds(
    TrajectoryStep,
    action=st.fixed_dictionaries(
        {
            "next_node": st.sampled_from(["find", "final_response", "nowhere"]),
            "args": st.dictionaries(st.sampled_from(["text", "answer"]), TEXTS),
            "thought": st.sampled_from(["", "because"]),
        }
    ).map(read_action),
    observation=JSON,
    error=st.none() | st.none() | st.just("it failed"),
    failure=st.none() | st.just({"node": "find", "error_code": "E"}),
    resume_inputs=st.lists(st.text(max_size=10), max_size=1),
)


def state_with(token_budget: int | None, query: str = "q") -> RunState:
    trajectory = Trajectory(query=query, llm_context={"user": "me", "conversation_memory": {"turns": []}})
    return RunState(
        run_id="r",
        trajectory=trajectory,
        system_prompt="You plan.",
        native_tools=NativeTools(system="", tools=()),
        rules=Rules(tools={}, limits=Limits(token_budget=token_budget)),
        deadline=Deadline(at=None, clock=lambda: 0.0),
        events=RunEvents((), lambda: 0.0, trajectory),
        tool_context={},
        artifact_store=NoOpArtifactStore(),
        stream_text=False,
    )


def compaction(token_budget: int | None) -> Compaction:
    return Compaction(token_budget=token_budget, models=ModelCaller(clients={}), asks_model=False)


@settings(max_examples=100, deadline=None)
@given(steps=st.lists(STEPS, max_size=6), budget=st.none() | st.integers(150, 1_500))
async def test_messages_written_anew_from_what_was_stored_are_the_same(
    steps: list[TrajectoryStep], budget: int | None
) -> None:
    state, fits = state_with(budget), compaction(budget)
    for step in steps:
        record_step(state, step)
        await fits.fit(state)
        stored = json.loads(json.dumps(state.trajectory.serialise()))
        again = Conversation(
            state.system_prompt,
            Trajectory.from_serialised(stored),
            summarised_steps=state.progress.summarised_steps,
        )
        assert again.messages() == state.conversation.messages()
        assert again.tokens() == state.conversation.tokens() == tokens_of(again.messages())


class Weighed(dict[str, Any]):
    """An object that counts how many characters of it are written as JSON."""

    def __init__(self, text: str) -> None:
        super().__init__(text=text)
        self.written = 0

    def items(self) -> Any:
        self.written += len(self["text"])
        return super().items()


@pytest.mark.parametrize("budget", [None, 600, 2_000, 20_000])
async def test_each_step_is_written_out_a_few_times_however_long_the_run(budget: int | None) -> None:
    state, fits = state_with(budget), compaction(budget)
    observations = [Weighed("x" * 500) for _ in range(200)]
    for number, observation in enumerate(observations):
        action = PlannerAction(next_node="find", args={"number": number})
        record_step(state, TrajectoryStep(action=action, observation=observation))
        await fits.fit(state)
    assert max(observation.written for observation in observations) <= MOST_WRITINGS * 500


@settings(max_examples=100, deadline=None)
@example(steps=[TrajectoryStep(action=read_action({"next_node": "find"}))] * 2, at=1)
@given(steps=st.lists(STEPS, min_size=1, max_size=6), at=st.integers(0, 6))
def test_a_summary_made_in_two_parts_is_that_of_all_steps(steps: list[TrajectoryStep], at: int) -> None:
    assume(0 < at < len(steps))
    first = summary_with(None, "q", steps[:at])
    assert summary_with(first, "q", steps[at:]) == summary_with(None, "q", steps)
