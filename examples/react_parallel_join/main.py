"""A branch of a plan fails: its join is skipped, unless the plan wants it to work with what there is.

    python examples/react_parallel_join/main.py

The model reads every failure either way. Here it first plans a join that needs all branches, then one with
`"on_failure": "partial"`, which is given the failures too.
"""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import BaseModel

from penguiflow import ReactPlanner, build_catalog, tool
from penguiflow.llm import ScriptedLLM
from penguiflow.planner import PlannerFinish


class Station(BaseModel):
    name: str


class Reading(BaseModel):
    celsius: float


class Readings(BaseModel):
    readings: list[Reading]
    missing: list[dict[str, Any]] = []
    expected: int


class Mean(BaseModel):
    celsius: float
    note: str


@tool(desc="Read the thermometer of a station", side_effects="read")
async def thermometer(args: Station) -> Reading:
    if args.name == "Faraday":
        raise ConnectionError("the station does not answer")
    return Reading(celsius={"Esperanza": -12.0, "Palmer": -8.0}[args.name])


@tool(desc="Mean of several readings")
def mean(args: Readings) -> Mean:
    lost = ", ".join(branch["args"]["name"] for branch in args.missing)
    total = sum(reading.celsius for reading in args.readings)
    note = f"{len(args.readings)} of {args.expected} stations, without {lost}"
    return Mean(celsius=total / len(args.readings), note=note)


STEPS = [{"node": "thermometer", "args": {"name": name}} for name in ("Esperanza", "Faraday", "Palmer")]
JOIN = {"node": "mean", "inject": {"readings": "$results", "missing": "$failures", "expected": "$expect"}}
SCRIPT = [
    {"next_node": "parallel", "args": {"steps": STEPS, "join": JOIN}},
    {"next_node": "parallel", "args": {"steps": STEPS, "join": {**JOIN, "on_failure": "partial"}}},
    {"next_node": "final_response", "args": {"answer": "About -10 °C; Faraday is silent."}},
]


async def main() -> None:
    planner = ReactPlanner(llm_client=ScriptedLLM(SCRIPT), catalog=build_catalog([thermometer, mean]))
    result = await planner.run("How cold is it at our three stations?")
    assert isinstance(result, PlannerFinish)
    for step in result.metadata["steps"]:
        outcome = step["observation"]
        print(outcome["stats"])
        print("  " + next(branch["error"] for branch in outcome["branches"] if "error" in branch))
        join = outcome["join"]
        print(f"  join: {join.get('observation') or (join['status'], join['reason'])}")
    print(result.payload["raw_answer"])


asyncio.run(main())
