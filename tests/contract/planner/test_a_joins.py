"""Section 12: the tool that gets the results of all branches."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from pydantic import BaseModel

from penguiflow.catalog import tool
from penguiflow.planner import JoinInjection, ParallelJoin
from tests.contract.planner.fakes_a import Echoed, Ran, Tools, both, end, run, use


class Everything(BaseModel):
    results: list[Any] = []
    expect: int = -1
    branches: list[Any] = []
    failures: list[Any] = []
    success_count: int = -1
    failure_count: int = -1
    label: str = "none"


class Required(BaseModel):
    shards: list[dict[str, Any]]


class Total(BaseModel):
    total: int


class Got(list[Any]):
    """What join tools were given."""

    def tool(
        self, model: type[BaseModel] = Everything, name: str = "merge", error: Exception | None = None
    ) -> Any:
        async def merge(args: Any, ctx: Any) -> Total:
            self.append((args, dict(ctx.tool_context)))
            if error is not None:
                raise error
            return Total(total=len(self))

        merge.__name__ = name
        merge.__annotations__["args"] = model
        return tool(desc="Merges")(merge)

    @property
    def args(self) -> Any:
        ((args, _),) = self
        return args

    @property
    def context(self) -> dict[str, Any]:
        ((_, context),) = self
        return dict(context)


PLAN = (use("echo", text="a"), use("other", text="b"))
BROKEN = (use("echo", text="a"), use("fail", text="b"))


async def joined(join: Any, branches: Any = PLAN, **tool_of_join: Any) -> tuple[Ran, Got, dict[str, Any]]:
    got = Got()
    ran = await run(both(*branches, join=join), end(), catalog=[*Tools().all(), got.tool(**tool_of_join)])
    assert ran.steps[0]["error"] is None
    return ran, got, ran.steps[0]["observation"]["join"]


RESULTS = [{"said": "a"}, {"said": "b"}]
BRANCHES = [
    {"node": "echo", "args": {"text": "a"}, "observation": {"said": "a"}},
    {"node": "other", "args": {"text": "b"}, "observation": {"said": "b"}},
]
SOURCES = {
    "$results": ("results", RESULTS),
    "$expect": ("expect", 2),
    "$branches": ("branches", BRANCHES),
    "$failures": ("failures", []),
    "$success_count": ("success_count", 2),
    "$failure_count": ("failure_count", 0),
}


@pytest.mark.parametrize(("source", "field", "value"), [(s, *pair) for s, pair in SOURCES.items()])
@pytest.mark.parametrize("form", ["short", "with a mapping"])
async def test_a_join_gets_what_it_names(form: str, source: str, field: str, value: Any) -> None:
    mapping = {field: source}
    inject = mapping if form == "short" else {"mapping": mapping}
    _, got, join = await joined({"node": "merge", "args": {}, "inject": inject})
    assert getattr(got.args, field) == value
    assert got.args.model_dump(exclude={field}) == Everything().model_dump(exclude={field})
    assert join == {"node": "merge", "observation": {"total": 1}}


async def test_a_source_may_go_to_any_argument() -> None:
    _, got, _ = await joined({"node": "merge", "inject": {"shards": "$results"}}, model=Required)
    assert got.args.shards == RESULTS


async def test_several_sources_may_be_named() -> None:
    inject = {"results": "$results", "expect": "$expect", "success_count": "$success_count"}
    _, got, _ = await joined({"node": "merge", "inject": inject})
    assert (got.args.results, got.args.expect, got.args.success_count) == (RESULTS, 2, 2)


async def test_fixed_arguments_stay_and_injected_ones_win() -> None:
    join = {"node": "merge", "args": {"label": "mine", "expect": 99}, "inject": {"expect": "$expect"}}
    _, got, _ = await joined(join)
    assert (got.args.label, got.args.expect) == ("mine", 2)


def test_both_forms_of_an_injection_are_the_same_value() -> None:
    short = JoinInjection.model_validate({"a": "$results"})
    assert short == JoinInjection.model_validate({"mapping": {"a": "$results"}})
    assert short.mapping == {"a": "$results"}
    assert ParallelJoin.model_validate({"node": "m", "inject": {"a": "$results"}}).inject == short


async def test_the_model_reads_what_the_join_made() -> None:
    ran, _, join = await joined({"node": "merge", "inject": {"results": "$results"}})
    assert ran.requests[1].last["observation"]["join"] == join


async def test_without_a_join_the_observation_has_none() -> None:
    ran = await run(both(*PLAN, join=None), end())
    assert "join" not in ran.steps[0]["observation"]


async def test_a_join_finds_the_results_in_its_context_too() -> None:
    _, got, _ = await joined({"node": "merge", "inject": {}})
    context = got.context
    assert context["parallel_results"] == BRANCHES
    assert (context["parallel_success_count"], context["parallel_failure_count"]) == (2, 0)
    assert not context["parallel_failures"]
    assert "parallel_input" in context


async def test_after_a_failing_branch_the_join_is_skipped() -> None:
    ran, got, join = await joined({"node": "merge", "inject": {"results": "$results"}}, BROKEN)
    assert got == []
    assert join.items() >= {"node": "merge", "status": "skipped", "reason": "branch_failures"}.items()
    (failure,) = join["failures"]
    assert failure["node"] == "fail"
    assert "no such row" in failure["error"]
    assert failure["failure"]["error_code"] == "Repairable"
    assert ran.requests[1].last["observation"]["join"] == join


async def test_a_join_may_run_with_what_there_is() -> None:
    inject = {field: source for source, (field, _) in SOURCES.items()}
    _, got, join = await joined({"node": "merge", "inject": inject, "on_failure": "partial"}, BROKEN)
    assert join["observation"] == {"total": 1}
    args = got.args
    assert (args.results, args.expect, args.success_count, args.failure_count) == ([{"said": "a"}], 2, 1, 1)
    assert [branch["node"] for branch in args.branches] == ["echo", "fail"]
    (failure,) = args.failures
    assert failure["node"] == "fail"
    assert "no such row" in failure["error"]


async def test_skipping_is_what_a_join_does_unless_said() -> None:
    _, got, join = await joined({"node": "merge", "inject": {}, "on_failure": "skip"}, BROKEN)
    assert (got, join["status"]) == ([], "skipped")


async def test_an_unknown_join_tool_is_an_error_of_the_join() -> None:
    ran, _, join = await joined({"node": "nowhere", "inject": {}})
    assert join["node"] == "nowhere"
    assert "nowhere" in join["error"]
    assert ran.steps[0]["observation"]["stats"] == {"success": 2, "failed": 0}


async def test_an_unknown_source_is_an_error_of_the_join_that_names_the_valid_ones() -> None:
    _, got, join = await joined({"node": "merge", "inject": {"results": "$everything"}})
    assert got == []
    assert [source for source in ("$everything", *SOURCES) if source not in join["error"]] == []


async def test_arguments_that_do_not_fit_are_an_error_of_the_join() -> None:
    _, got, join = await joined({"node": "merge", "inject": {"shards": "$expect"}}, model=Required)
    assert got == []
    assert (join["node"], bool(join["error"])) == ("merge", True)


async def test_a_join_that_raises_is_an_error_of_the_join() -> None:
    _, _, join = await joined({"node": "merge", "inject": {}}, error=LookupError("lost"))
    assert "lost" in join["error"]
    assert join["failure"]["error_code"] == "LookupError"
    assert "observation" not in join


async def test_a_join_that_needs_what_nobody_gave_is_not_filled_with_inventions() -> None:
    ran, got, join = await joined({"node": "merge", "inject": {}}, model=Required)
    assert got == []
    assert "error" in join
    assert ran.client.kinds == ["planner_action"] * 2


DEPRECATED = "Implicit join injection is deprecated"


async def test_a_join_without_injection_is_filled_by_name_and_warned_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    _, got, _ = await joined({"node": "merge", "args": {"label": "mine"}})
    assert got.args == Everything(
        results=RESULTS,
        expect=2,
        branches=BRANCHES,
        failures=[],
        success_count=2,
        failure_count=0,
        label="mine",
    )
    records = [record for record in caplog.records if DEPRECATED in record.getMessage()]
    assert [(record.levelno, record.name) for record in records] == [(logging.WARNING, "penguiflow.planner")]


async def test_filling_by_name_keeps_what_was_given() -> None:
    _, got, _ = await joined({"node": "merge", "args": {"results": ["mine"], "expect": 9}})
    assert (got.args.results, got.args.expect, got.args.success_count) == (["mine"], 9, 2)


class Only(BaseModel):
    results: list[Any] = []


async def test_filling_by_name_gives_what_the_join_has_a_field_for() -> None:
    _, got, _ = await joined({"node": "merge"}, model=Only)
    assert got.args == Only(results=RESULTS)


@pytest.mark.parametrize("inject", [{}, {"mapping": {}}], ids=str)
async def test_an_empty_injection_gives_nothing_and_warns_of_nothing(
    inject: Any, caplog: pytest.LogCaptureFixture
) -> None:
    _, got, _ = await joined({"node": "merge", "inject": inject})
    assert got.args == Everything()
    assert DEPRECATED not in caplog.text


async def test_an_explicit_injection_warns_of_nothing(caplog: pytest.LogCaptureFixture) -> None:
    await joined({"node": "merge", "inject": {"results": "$results"}})
    assert DEPRECATED not in caplog.text


async def test_a_join_may_be_any_tool_and_is_told_like_one() -> None:
    ran, _, _ = await joined({"node": "third", "args": {"text": "sum"}, "inject": {}})
    assert [e.extra["tool_name"] for e in ran.events.of("tool_call_start")] == ["echo", "other", "third"]
    assert Echoed.model_validate(ran.steps[0]["observation"]["join"]["observation"]).said == "sum"
