"""What one step of the planner costs early and late in a run, as a ratio.

    python benchmarks/planner.py [--steps 210] [--times 5]

The model answers at once and the tool does nothing, so what is measured is the planner. Prints CPU
milliseconds per step around step 10 and around step 200 (means over windows of 10 steps, medians over the
runs), the ratio of both, and how many times the work of one step's own JSON it is; then the same with a token
budget that older steps are told in short for, and how much of the budget the messages take at step 200.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

from penguiflow.catalog import tool
from penguiflow.planner import PlannerFinish, ReactPlanner

_WINDOW = 10
_EARLY, _LATE = 10, 200
_TOKEN_BUDGET = 4_000


class Query(BaseModel):
    text: str


class Found(BaseModel):
    title: str
    snippet: str


@tool(desc="Search the shelf")
async def search(args: Query, ctx: Any) -> Found:
    return Found(title=args.text, snippet="x" * 300)


class StampingModel:
    """Calls the tool `steps` times, then answers; keeps CPU time and size of the messages at each call."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self.stamps: list[float] = []
        self.tokens: list[int] = []
        self._counting_s = 0.0

    async def complete(self, *, messages: Sequence[Any], response_format: Any = None) -> str:
        started = time.process_time()
        self.stamps.append(started - self._counting_s)
        # The planner's own estimate, so that the figure can be held against the budget.
        self.tokens.append(int(sum(len(m["content"]) + len(m["role"]) + 20 for m in messages) / 3.5))
        self._counting_s += time.process_time() - started
        if len(self.stamps) > self._steps:
            return json.dumps({"next_node": "final_response", "args": {"answer": "done"}})
        args = {"text": f"query {len(self.stamps)}"}
        return json.dumps({"thought": "look once more", "next_node": "search", "args": args})


async def one_run(steps: int, token_budget: int | None = None) -> tuple[list[float], list[int]]:
    """Return the CPU milliseconds of each step, and the estimated tokens of each call's messages."""
    model = StampingModel(steps)
    planner = ReactPlanner(llm_client=model, catalog=[search], max_iters=steps + 1, token_budget=token_budget)
    result = await planner.run("What is on the shelf?")
    assert isinstance(result, PlannerFinish)
    assert result.metadata["step_count"] == steps
    return [1000 * (after - before) for before, after in pairwise(model.stamps)], model.tokens


def around(costs: Sequence[float], step: int) -> float:
    """Return the mean cost of the steps around one."""
    window = costs[step - _WINDOW // 2 : step + _WINDOW // 2]
    return statistics.fmean(window)


def json_work(rounds: int = 2_000) -> float:
    """Return the CPU milliseconds of writing and reading one step's JSON, as a measure of the machine."""
    body = {
        "next_node": "search",
        "args": {"text": "query"},
        "observation": {"title": "t", "snippet": "x" * 300},
    }
    started = time.process_time()
    for _ in range(rounds):
        json.loads(json.dumps(body))
    return 1000 * (time.process_time() - started) / rounds


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=_LATE + _WINDOW)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    asyncio.run(one_run(20))  # the first run pays for schemas and caches
    print_figures(options.steps, options.times, token_budget=None)
    print_figures(options.steps, options.times, token_budget=_TOKEN_BUDGET)


def print_figures(steps: int, times: int, *, token_budget: int | None) -> None:
    """Measure and print one setting."""
    runs = [asyncio.run(one_run(steps, token_budget)) for _ in range(times)]
    early = statistics.median(around(costs, _EARLY) for costs, _ in runs)
    late = statistics.median(around(costs, _LATE) for costs, _ in runs)
    _, tokens = runs[0]
    print(f"token budget: {token_budget}")
    print(f"  step {_EARLY:>4}: {early:.3f} ms CPU   ({early / json_work():.0f} x the JSON of a step)")
    print(f"  step {_LATE:>4}: {late:.3f} ms CPU")
    print(f"  ratio    : {late / early:.2f}   (wanted: at most 1.5)")
    print(f"  messages : {tokens[_LATE]} tokens at step {_LATE}, {max(tokens)} at the most")


if __name__ == "__main__":
    main()
