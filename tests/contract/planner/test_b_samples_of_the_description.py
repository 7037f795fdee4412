"""What the project's first description says of reflection, cost, memory and pauses, as printed programs."""

from __future__ import annotations

import logging
from itertools import repeat
from typing import Any

import pytest

from penguiflow.planner import MemoryKey
from tests.contract.planner.fakes_b import Model, Store
from tests.fakes.flows import settled
from tests.fakes.planner_tools import answer, call
from tests.fakes.samples import run_sample

SETTING = """
from pydantic import BaseModel
from penguiflow import ModelRegistry, build_catalog, tool

class Query(BaseModel):
    text: str

class Documents(BaseModel):
    results: list[str]

class Summary(BaseModel):
    text: str

@tool(desc="Search documentation")
async def search_docs(args: Query, ctx) -> Documents:
    return Documents(results=[f"doc about {args.text}"])

@tool(desc="Summarize results")
async def summarize(args: Documents, ctx) -> Summary:
    return Summary(text=" ".join(args.results))

registry = ModelRegistry()
catalog = build_catalog([search_docs, summarize], registry)
"""

REFLECTION = """
from penguiflow.planner import ReactPlanner, ReflectionConfig, ReflectionCriteria
planner = ReactPlanner(
    llm_client=llm,
    catalog=build_catalog([search_docs, summarize], registry),
    reflection_config=ReflectionConfig(
        enabled=True,
        criteria=ReflectionCriteria(
            completeness="Addresses all aspects of the user's query",
            accuracy="Grounds statements in verified observations",
            clarity="Explains reasoning clearly",
        ),
        quality_threshold=0.85,
        max_revisions=2,
        use_separate_llm=True,
    ),
    reflection_llm=critic,
)
result = await planner.run("Explain how PenguiFlow handles errors in parallel execution")
print(result.metadata["reflection"]) # => {'score': 0.92, 'revisions': 1, 'passed': True, 'feedback': '...'}
"""

COST = """
from penguiflow.planner import ReactPlanner, ReflectionConfig
planner = ReactPlanner(
    llm_client=llm,
    catalog=build_catalog([search_docs, summarize], registry),
    reflection_config=ReflectionConfig(enabled=True, max_revisions=2),
    reflection_llm=critic, # cheaper critique model
)
result = await planner.run("Analyse onboarding friction across regions")
cost = result.metadata["cost"]
print(f"Total cost: ${cost['total_cost_usd']:.4f}")
print(f"Planner calls: {cost['main_llm_calls']}")
print(f"Reflections: {cost['reflection_llm_calls']}")
print(f"Summaries: {cost['summarizer_llm_calls']}")
"""

COST_EVENTS = """
import logging
from penguiflow.planner import ReactPlanner
from penguiflow.planner.react import PlannerEvent
logger = logging.getLogger("sample")
def track_costs(event: PlannerEvent) -> None:
    if event.event_type != "finish":
        return
    session_cost = event.extra.get("cost", {}).get("total_cost_usd", 0.0)
    if session_cost > 0.10:
        logger.warning("high_cost_session", extra={"cost_usd": session_cost})
planner = ReactPlanner(
    llm_client=llm,
    catalog=build_catalog([search_docs, summarize], registry),
    event_callback=track_costs,
)
await planner.run("q")
"""

MEMORY = """
from penguiflow.planner import ReactPlanner, ShortTermMemoryConfig, MemoryBudget, MemoryKey
planner = ReactPlanner(
    llm_client=llm,
    catalog=catalog,
    short_term_memory=ShortTermMemoryConfig(
        strategy="rolling_summary", # or "truncation", "none"
        budget=MemoryBudget(
            full_zone_turns=5, # Recent turns kept in full
            summary_max_tokens=1000, # Max summary size
            total_max_tokens=8000, # Overall cap
            overflow_policy="truncate_oldest", # or "truncate_summary", "error"
        ),
    ),
)
# Session-scoped memory with tenant isolation
key = MemoryKey(tenant_id="acme", user_id="user123", session_id="sess-abc")
result = await planner.run("What did we discuss earlier?", memory_key=key)
"""

CALLBACKS = """
from penguiflow.planner import ShortTermMemoryConfig, MemoryBudget
config = ShortTermMemoryConfig(
    strategy="rolling_summary",
    budget=MemoryBudget(full_zone_turns=1),
    retry_attempts=0,
    on_turn_added=lambda turn: log(turn),
    on_summary_updated=lambda summary: log(summary),
    on_health_changed=lambda old, new: alert(old, new),
)
"""

PERSISTENCE = """
from penguiflow.planner.memory import DefaultShortTermMemory, ConversationTurn, ShortTermMemoryConfig
memory = DefaultShortTermMemory(config=ShortTermMemoryConfig(strategy="truncation"))
await memory.add_turn(ConversationTurn(user_message="hi", assistant_response="hello"))
await memory.persist(state_store, key.composite())
memory = DefaultShortTermMemory(config=ShortTermMemoryConfig(strategy="truncation"))
await memory.hydrate(state_store, key.composite())
context = await memory.get_llm_context()
"""

PAUSE = """
from penguiflow.planner import ReactPlanner

@tool(desc="Order something that needs a yes")
async def order(args: Query, ctx) -> Summary:
    await ctx.pause("approval_required", {"what": args.text})

planner = ReactPlanner(llm_client=llm, catalog=build_catalog([order], registry))
pause = await planner.run("Order fish")
result = await planner.resume(pause.resume_token, user_input="yes, ten of them")
"""


def critique(score: float) -> dict[str, Any]:
    return {"score": score, "passed": score > 0.85, "feedback": f"a {score}"}


async def test_the_reflection_sample(capsys: pytest.CaptureFixture[str]) -> None:
    llm = Model(call("search_docs", text="errors"), answer("weak"), answer("strong"))
    critic = Model(reflection_critique=[critique(0.4), critique(0.92)])
    names = await run_sample(SETTING + REFLECTION, llm=llm, critic=critic)
    printed = capsys.readouterr().out
    for part in ("'score': 0.92", "'revisions': 1", "'passed': True", "'feedback': 'a 0.92'"):
        assert part in printed
    assert names["result"].payload["raw_answer"] == "strong"
    (asked, _) = critic.of("reflection_critique")
    assert "Grounds statements in verified observations" in asked.text


async def test_the_cost_sample(capsys: pytest.CaptureFixture[str]) -> None:
    # Whichever of the two models is asked for the critique, its price is the same.
    critiques = [(critique(0.9), 0.0125)]
    llm = Model((call("search_docs", text="x"), 0.05), (answer("so"), 0.05), reflection_critique=critiques)
    critic = Model(reflection_critique=critiques)
    await run_sample(SETTING + COST, llm=llm, critic=critic)
    assert capsys.readouterr().out.splitlines() == [
        "Total cost: $0.1125", "Planner calls: 2", "Reflections: 1", "Summaries: 0",
    ]  # fmt: skip


async def test_the_cheaper_model_of_the_cost_sample_makes_the_critique() -> None:
    critic = Model(reflection_critique=[(critique(0.9), 0.0125)])
    await run_sample(SETTING + COST, llm=Model(answer("so")), critic=critic)
    assert len(critic.asked) == 1


@pytest.mark.parametrize(("cost", "warned"), [(0.05, False), (0.25, True)])
async def test_the_sample_that_watches_costs(
    cost: float, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "sample"):
        await run_sample(SETTING + COST_EVENTS, llm=Model((answer("so"), cost)))
    assert [record.name for record in caplog.records] == ["sample"] * warned


async def test_the_memory_sample() -> None:
    llm = Model(
        answer("Nothing yet."),
        *[answer(f"a{n}") for n in range(7)],
        short_term_memory_summary=repeat({"summary": "the gist"}),
    )
    names = await run_sample(SETTING + MEMORY, llm=llm)
    assert names["result"].payload["raw_answer"] == "Nothing yet."
    for n in range(6):
        await names["planner"].run(f"q{n}", memory_key=names["key"])
        await settled()
    await names["planner"].run("last", memory_key=names["key"])
    shown = llm.planning[-1].memory
    assert [turn["user"] for turn in shown["recent_turns"]] == [f"q{n}" for n in range(1, 6)]
    assert "the gist" in shown["summary"]


async def test_the_sample_of_memory_callbacks_hears_everything() -> None:
    logged: list[Any] = []
    alerts: list[tuple[str, str]] = []
    names = await run_sample(
        CALLBACKS, log=logged.append, alert=lambda old, new: alerts.append((old.value, new.value))
    )
    llm = Model(
        *[answer(f"a{n}") for n in range(3)],
        short_term_memory_summary=[{"summary": "the summary"}, ConnectionError("down")],
    )
    sample = SETTING + "from penguiflow.planner import ReactPlanner\n"
    sample += "planner = ReactPlanner(llm_client=llm, catalog=catalog, short_term_memory=config)\n"
    planner = (await run_sample(sample, llm=llm, config=names["config"]))["planner"]
    for n in range(3):
        await planner.run(f"q{n}", memory_key=MemoryKey(tenant_id="t", user_id="u", session_id="s"))
        await settled()
    assert [getattr(entry, "user_message", None) for entry in logged if not isinstance(entry, str)] == [
        "q0", "q1", "q2",
    ]  # fmt: skip
    (summary,) = [entry for entry in logged if isinstance(entry, str)]
    assert "the summary" in summary
    assert ("healthy", "degraded") in alerts


async def test_the_sample_of_memory_persistence() -> None:
    key = MemoryKey(tenant_id="acme", user_id="user123", session_id="sess-abc")
    names = await run_sample(PERSISTENCE, state_store=Store(), key=key)
    (turn,) = names["context"]["conversation_memory"]["recent_turns"]
    assert (turn["user"], turn["assistant"]) == ("hi", "hello")


async def test_a_pause_and_its_resume() -> None:
    llm = Model(call("order", text="fish"), answer("Ordered ten."))
    names = await run_sample(SETTING + PAUSE, llm=llm)
    assert (names["pause"].reason, names["pause"].payload) == ("approval_required", {"what": "fish"})
    assert "yes, ten of them" in llm.planning[1].text
    assert names["result"].payload["raw_answer"] == "Ordered ten."


async def test_the_strategies_are_none_truncation_and_rolling_summary() -> None:
    names = await run_sample(
        "from penguiflow.planner import ShortTermMemoryConfig\n"
        "default = ShortTermMemoryConfig().strategy\n"
        "others = [ShortTermMemoryConfig(strategy=s).strategy for s in ('truncation', 'rolling_summary')]\n"
        "try:\n    ShortTermMemoryConfig(strategy='elephant')\n"
        "except ValueError as error:\n    refused = str(error)\n"
    )
    assert (names["default"], names["others"]) == ("none", ["truncation", "rolling_summary"])
    assert "strategy must be one of" in names["refused"]
