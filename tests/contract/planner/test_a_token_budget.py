"""Section 7: what is left out when the messages are longer than the token budget."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from tests.contract.planner.fakes_a import Client, Ran, Request, Tools, end, run, use

NAMES = ["alpha", "beta", "gamma", "delta", "omega"]
LONG = " and so on" * 300


def estimate(messages: Sequence[dict[str, str]]) -> int:
    return int(sum(len(message["content"]) + len(message["role"]) + 20 for message in messages) / 3.5)


async def long_run(token_budget: int | None, **options: Any) -> Ran:
    tools = Tools()
    calls = [use(name, text=f"{name}-text{LONG}") for name in NAMES]
    catalog = [tools.named(name) for name in NAMES]
    return await run(*calls, end("through"), catalog=catalog, token_budget=token_budget, **options)


async def fixed_part() -> int:
    """Return the tokens of prompt and question."""
    return estimate((await long_run(None)).requests[0].messages)


def summaries(request: Request) -> list[str]:
    return [text for text in request.of_role("system") if text.startswith("Trajectory summary")]


def summary_of(request: Request) -> dict[str, Any]:
    (text,) = summaries(request)
    value: dict[str, Any] = json.loads(text[text.index("{") : text.rindex("}") + 1])
    return value


async def test_without_a_budget_everything_is_shown() -> None:
    ran = await long_run(None)
    assert ran.requests[5].roles == ["system", "user"] + ["assistant", "user"] * 5


async def test_within_the_budget_everything_is_shown() -> None:
    whole = estimate((await long_run(None)).requests[5].messages)
    ran = await long_run(whole)
    assert ran.requests[5].roles == ["system", "user"] + ["assistant", "user"] * 5


async def test_over_the_budget_a_summary_and_the_last_step_are_shown() -> None:
    ran = await long_run(await fixed_part() + 4_000)
    last = ran.requests[5]
    assert last.roles == ["system", "user", "system", "assistant", "user"]
    assert last.messages[2]["content"].startswith("Trajectory summary")
    assert json.loads(last.messages[3]["content"])["next_node"] == "omega"
    assert last.last["observation"]["said"].startswith("omega-text")
    assert ran.result.reason == "answer_complete"


async def test_the_messages_stay_within_the_budget() -> None:
    budget = await fixed_part() + 3_000
    ran = await long_run(budget)
    assert [estimate(request.messages) <= budget for request in ran.requests] == [True] * 6


async def test_the_fixed_part_stays_even_if_it_is_over_the_budget() -> None:
    ran = await long_run(10)
    assert {request.system_prompt for request in ran.requests} == {ran.requests[0].system_prompt}
    assert all(request.messages[1]["content"] == '{"query":"q"}' for request in ran.requests)
    assert ran.result.payload["raw_answer"] == "through"


async def test_the_summary_covers_all_older_steps() -> None:
    ran = await long_run(await fixed_part() + 4_000)
    (text,) = summaries(ran.requests[5])
    assert [name for name in NAMES[:-1] if name not in text] == []


async def test_a_summary_without_a_model_says_so() -> None:
    ran = await long_run(await fixed_part() + 4_000)
    summary = summary_of(ran.requests[5])
    assert (summary["goals"], summary["note"]) == (["q"], "rule_based")
    assert set(summary) >= {"goals", "facts", "pending", "last_output_digest"}


def written() -> dict[str, Any]:
    return {
        "goals": ["q"], "facts": {"colour": "vermilion"}, "pending": [], "last_output_digest": "d",
        "note": "llm",
    }  # fmt: skip


async def test_a_summarizer_writes_the_summary_when_there_is_one() -> None:
    summarizer = Client(*[(written(), 0.5)] * 9)
    ran = await long_run(await fixed_part() + 4_000, summarizer_llm=summarizer)
    assert set(summarizer.kinds) == {"trajectory_summary"}
    assert summary_of(ran.requests[5])["facts"] == {"colour": "vermilion"}
    cost = ran.result.metadata["cost"]
    assert cost["summarizer_llm_calls"] == len(summarizer.requests)
    assert cost["total_cost_usd"] == pytest.approx(0.5 * len(summarizer.requests))


@pytest.mark.parametrize("reply", ["no summary", {"goals": 5}, RuntimeError("down")], ids=str)
async def test_a_summarizer_that_fails_is_replaced_by_rules(reply: Any) -> None:
    ran = await long_run(await fixed_part() + 4_000, summarizer_llm=Client(*[reply] * 9))
    assert summary_of(ran.requests[5])["note"] == "rule_based_fallback"
    assert ran.result.reason == "answer_complete"


async def test_a_summarizer_is_not_asked_while_everything_fits() -> None:
    summarizer = Client()
    await long_run(1_000_000, summarizer_llm=summarizer)
    assert summarizer.requests == []
