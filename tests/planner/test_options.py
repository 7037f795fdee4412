"""The keywords of the constructor, and planners made from other planners."""

from __future__ import annotations

import inspect

import pytest

from penguiflow.planner import ReactPlanner
from penguiflow.planner._options import PlannerOptions
from tests.fakes.planner_tools import answer, finished, planner_for


def test_the_options_are_the_keywords_of_the_constructor() -> None:
    assert set(PlannerOptions.__annotations__) == set(inspect.signature(ReactPlanner).parameters)


async def test_a_fork_takes_other_options() -> None:
    planner, _ = planner_for(answer("a"), max_iters=1)
    fork = planner.fork(system_prompt_extra="Mind the ice.")
    assert finished(await fork.run("q")).payload["raw_answer"] == "a"
    with pytest.raises(TypeError, match="iterations"):
        planner.fork(iterations=4)
