"""Whatever a model says and a tool does, a run comes to a defined end within its limits."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from penguiflow.catalog import tool
from penguiflow.llm.scripted import FunctionLLM
from penguiflow.planner import PlannerPause, ReactPlanner
from penguiflow.planner.approvals import Approve, Decision, Reject, Respond
from penguiflow.state.in_memory import InMemoryStateStore
from tests.fakes.planner_tools import Note, Notebook, Saved, finished

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
NODES = st.sampled_from(
    ["look", "save", "fail", "ask", "merge", "rude", "final_response", "parallel", "nowhere", None]
)
ARGS = st.fixed_dictionaries(
    {}, optional={"text": JSON, "answer": JSON, "results": JSON, "steps": JSON, "join": JSON}
)
CALLS = st.fixed_dictionaries({"node": NODES, "args": st.fixed_dictionaries({"text": st.text(max_size=3)})})
PLANS = st.fixed_dictionaries(
    {
        "next_node": st.just("parallel"),
        "args": st.fixed_dictionaries(
            {
                "steps": st.lists(CALLS, max_size=3),
                "join": st.none() | st.fixed_dictionaries({"node": NODES, "inject": st.none() | JSON}),
            }
        ),
    }
)
REPLIES = st.one_of(
    st.text(max_size=40),
    JSON.map(json.dumps),
    st.builds(lambda node, args: json.dumps({"next_node": node, "args": args}), NODES, ARGS),
    PLANS.map(json.dumps),
)
DECISIONS: st.SearchStrategy[Decision | str] = st.sampled_from(
    [Approve(), Reject("no"), Respond("said"), "approve"]
)


@settings(max_examples=150, deadline=None)
@given(replies=st.lists(REPLIES, max_size=10), said=st.lists(DECISIONS, min_size=30, max_size=30))
async def test_any_run_ends_within_its_limits(replies: list[str], said: list[Decision | str]) -> None:
    @tool(desc="rude")
    async def rude(args: Note, ctx: Any) -> Saved:
        raise SystemExit(args.text)

    script = iter(replies)
    llm = FunctionLLM(lambda _: next(script, '{"next_node": "final_response", "args": {"answer": "end"}}'))
    planner = ReactPlanner(
        llm_client=llm,
        catalog=[*Notebook().catalog(), rude],
        max_iters=5,
        hop_budget=6,
        state_store=InMemoryStateStore(),
        stream_final_response=True,
        event_callback=lambda event: event.to_payload(),
    )
    result = await planner.run("q")
    decisions = iter(said)
    while isinstance(result, PlannerPause):
        result = await planner.fork().resume(result.resume_token, next(decisions))
    metadata = finished(result).metadata
    assert metadata["step_count"] <= 5
    assert metadata["constraints"]["hops_used"] <= 6
    assert metadata["cost"]["main_llm_calls"] <= 5 * 3 + 1
    assert (result.reason == "answer_complete") is (metadata["answer_quality"] != "none")
    if result.reason == "answer_complete":
        assert result.payload["raw_answer"].strip()
    json.dumps(metadata)
