"""Section 4: what a program may call on a planner, what it must hand over, and what is raised."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from typing import Any

import pytest

from penguiflow.catalog import tool
from penguiflow.llm import LLMBadRequestError, LLMRateLimitError, LLMTimeoutError
from penguiflow.planner import PlannerAction, ReactPlanner, Trajectory
from tests.contract.planner.fakes_a import (
    Client,
    Echoed,
    Events,
    Text,
    Tools,
    both,
    end,
    ended,
    paused,
    planner_of,
    use,
)


@pytest.mark.parametrize(
    ("method", "positional", "keywords"),
    [
        (ReactPlanner.run, ["query"], ["llm_context", "context_meta", "tool_context", "memory_key"]),
        (ReactPlanner.resume, ["token", "user_input"], ["tool_context", "memory_key"]),
        (ReactPlanner.pause, ["reason", "payload"], []),
        (ReactPlanner.step, ["trajectory"], []),
    ],
)
def test_a_method_is_async_and_has_its_parameters(
    method: Any, positional: list[str], keywords: list[str]
) -> None:
    assert inspect.iscoroutinefunction(method)
    parameters = dict(inspect.signature(method).parameters)
    by_position = [
        n for n, p in parameters.items() if p.kind is not p.KEYWORD_ONLY and p.kind is not p.VAR_KEYWORD
    ]
    assert by_position == ["self", *positional]
    assert all(parameters[name].kind is inspect.Parameter.KEYWORD_ONLY for name in keywords)
    assert all(parameters[name].default is None for name in keywords)


def test_steering_is_not_accepted() -> None:
    assert "steering" not in inspect.signature(ReactPlanner.run).parameters
    assert "steering" not in inspect.signature(ReactPlanner.resume).parameters


async def test_the_old_name_of_the_context_warns_and_works() -> None:
    client = Client(end())
    with pytest.warns(DeprecationWarning, match="context_meta"):
        await planner_of(client).run("q", context_meta={"a": 1})
    assert client.requests[0].last == {"context": {"a": 1}, "query": "q"}


async def test_the_new_name_of_the_context_wins_over_the_old_one() -> None:
    client = Client(end())
    with pytest.warns(DeprecationWarning, match="context_meta"):
        await planner_of(client).run("q", llm_context={"a": 2}, context_meta={"a": 1})
    assert client.requests[0].last == {"context": {"a": 2}, "query": "q"}


class Closed:
    """Not a mapping and not JSON."""


@pytest.mark.parametrize(
    "contexts",
    [
        {"llm_context": ["no", "mapping"]},
        {"llm_context": "text"},
        {"llm_context": {"a": Closed()}},
        {"llm_context": {"a": {"deep": [Closed()]}}},
        {"llm_context": {"a": {1, 2}}},
        {"tool_context": ["no", "mapping"]},
        {"tool_context": "text"},
    ],
    ids=["llm list", "llm text", "llm object", "llm deep object", "llm set", "tools list", "tools text"],
)
async def test_a_bad_context_is_a_type_error_before_any_model_call(contexts: dict[str, Any]) -> None:
    client = Client(end())
    with pytest.raises(TypeError):
        await planner_of(client).run("q", **contexts)
    assert client.requests == []


class ReadOnly(Mapping[str, Any]):
    def __init__(self, **items: Any) -> None:
        self._items = items

    def __getitem__(self, key: str) -> Any:
        return self._items[key]

    def __iter__(self) -> Any:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)


async def test_any_mapping_may_be_a_context() -> None:
    seen: list[Any] = []

    @tool(desc="looks")
    async def look(args: Text, ctx: Any) -> Echoed:
        seen.extend([ctx.tool_context["b"], ctx.llm_context["a"]])
        return Echoed(said="")

    client, handle = Client(use("look"), end()), object()
    planner = planner_of(client, [look])
    await planner.run("q", llm_context=ReadOnly(a=1), tool_context=ReadOnly(b=handle))
    assert seen == [handle, 1]
    assert client.requests[0].last == {"context": {"a": 1}, "query": "q"}


async def test_the_contexts_of_the_caller_are_copied() -> None:
    @tool(desc="writes")
    async def write(args: Text, ctx: Any) -> Echoed:
        ctx.tool_context["written"] = True
        return Echoed(said="")

    llm_context, tool_context = {"a": 1}, {"b": object()}
    before = dict(tool_context)
    await planner_of(Client(use("write"), end()), [write]).run(
        "q", llm_context=llm_context, tool_context=tool_context
    )
    assert (llm_context, tool_context) == ({"a": 1}, before)


async def test_an_unknown_token_is_a_key_error() -> None:
    client = Client(end())
    with pytest.raises(KeyError):
        await planner_of(client).resume("0" * 32)
    assert client.requests == []


async def test_pausing_outside_a_run_is_a_runtime_error() -> None:
    with pytest.raises(RuntimeError):
        await planner_of(Client()).pause("await_input")


async def test_a_tool_may_pause_through_the_planner() -> None:
    planners: list[ReactPlanner] = []

    @tool(desc="asks")
    async def ask(args: Text, ctx: Any) -> Echoed:
        await planners[0].pause("external_event", {"job": 7})
        raise AssertionError("a pause does not return")

    planners.append(planner_of(Client(use("ask"), end("went on")), [ask]))
    pause = paused(await planners[0].run("q"))
    assert (pause.reason, pause.payload) == ("external_event", {"job": 7})
    assert ended(await planners[0].resume(pause.resume_token, "done")).payload["raw_answer"] == "went on"


async def test_step_is_one_decision_on_a_bare_trajectory() -> None:
    tools, client = Tools(), Client("no action", use("echo", text="a"))
    trajectory = Trajectory(query="the question")
    action = await planner_of(client, tools.all()).step(trajectory)
    assert isinstance(action, PlannerAction)
    assert (action.next_node, action.args) == ("echo", {"text": "a"})
    assert client.requests[0].last == {"query": "the question"}
    assert len(client.requests) == 2
    assert (tools.calls, trajectory.steps) == ([], [])


async def test_a_fork_has_the_same_arguments() -> None:
    events, client = Events(), Client(use("echo"), end("of the fork"))
    planner = planner_of(client, event_callback=events, max_iters=1, system_prompt_extra="Mind the gap.")
    fork = planner.fork()
    assert isinstance(fork, ReactPlanner)
    assert fork is not planner
    assert ended(await fork.run("q")).reason == "no_path"
    assert "Mind the gap." in client.requests[0].system_prompt
    assert events.heard


async def test_a_fork_may_have_fewer_tools() -> None:
    client = Client(end(), end())
    planner = planner_of(client)
    fork = planner.fork(catalog_filter=lambda spec: spec.name in {"echo", "other"})
    await fork.run("q")
    await planner.run("q")
    assert {spec.name for spec in fork.visible_tools()} == {"echo", "other"}
    assert "Always fails" not in client.requests[0].system_prompt
    assert "Always fails" in client.requests[1].system_prompt


ERRORS = [
    LLMRateLimitError("slow down"),
    LLMTimeoutError("too late"),
    LLMBadRequestError("no such model"),
    ConnectionError("the user's own client failed"),
    ValueError("a bug in the user's own client"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("before", [[], [use("echo")]], ids=["at once", "after a step"])
async def test_what_the_model_s_client_raises_is_raised_and_never_an_answer(
    error: Exception, before: list[Any]
) -> None:
    planner = planner_of(Client(*before, error))
    with pytest.raises(type(error)) as caught:
        await planner.run("q")
    assert caught.value is error


@pytest.mark.parametrize("call", [use("fail"), both(use("fail"), use("echo"))], ids=["alone", "as a branch"])
async def test_what_a_tool_raises_never_escapes(call: Any) -> None:
    result = ended(await planner_of(Client(call, end("went on"))).run("q"))
    assert result.payload["raw_answer"] == "went on"


async def test_what_a_listener_raises_never_escapes(caplog: pytest.LogCaptureFixture) -> None:
    def broken(event: Any) -> None:
        raise OSError("no screen")

    planner = planner_of(Client(use("echo"), end("went on")), event_callback=broken)
    assert ended(await planner.run("q")).payload["raw_answer"] == "went on"
    assert "event_callback_error" in caplog.text


async def test_an_ordinary_run_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await planner_of(Client(use("echo"), end())).run("q", llm_context={"a": 1}, tool_context={"b": 2})
