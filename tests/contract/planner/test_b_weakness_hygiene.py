"""Section 29, items 21 to 30: what is logged, kept, loaded and needed."""

from __future__ import annotations

import logging
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest

import penguiflow.planner
from tests.contract.planner.fakes_b import Bench, Model, Store, planner_with, steps_of
from tests.fakes.planner_tools import Heard, answer, call, paused, plan


def test_no_module_of_the_planner_is_too_long_to_read() -> None:
    folder = Path(penguiflow.planner.__file__).parent
    lengths = {path.name: len(path.read_text("utf-8").splitlines()) for path in folder.rglob("*.py")}
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}


async def test_what_people_and_tools_say_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    canary = "canary-1b7f"
    model = Model(
        call("echo", text=f"{canary} argument"),
        f"{canary} prose",
        call("nowhere", text=canary),
        {"next_node": "final_response", "args": {}},
        json_object=[{"answer": f"{canary} answer"}],
    )
    planner, _ = planner_with(model=model)
    with caplog.at_level(logging.INFO):
        await planner.run(f"{canary} question", llm_context={"c": canary}, tool_context={"t": canary})
    for record in caplog.records:
        assert canary not in str(record.__dict__), record.getMessage()


async def test_no_debugging_records_are_left(caplog: pytest.LogCaptureFixture) -> None:
    planner, _ = planner_with(call("echo"), answer())
    with caplog.at_level(logging.INFO):
        await planner.run("q")
    assert "DEBUG_" not in caplog.text
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


async def test_an_observation_is_stored_once() -> None:
    store = Store()
    planner, _ = planner_with(call("echo", text="only once"), call("ask"), state_store=store)
    pause = paused(await planner.run("q"))
    first = store.record(pause.resume_token)["trajectory"]["steps"][0]
    assert "llm_observation" not in first or first["llm_observation"] is None
    assert str(first["observation"]).count("only once") == 1


async def test_the_context_of_tools_is_not_told_to_anybody() -> None:
    heard = Heard()
    planner, model = planner_with(call("echo"), answer(), event_callback=heard)
    result: Any = await planner.run("q", tool_context={"key": "s3cret"})
    assert "s3cret" not in str(result.model_dump())
    assert "s3cret" not in str(heard.events)
    assert all("s3cret" not in asked.text for asked in model.asked)


async def test_failed_and_parallel_steps_are_told_as_complete_too() -> None:
    heard = Heard()
    planner, _ = planner_with(call("fail"), plan(call("echo"), call("other")), answer(), event_callback=heard)
    steps = steps_of(await planner.run("q"))
    assert len(heard.of("step_complete")) == len(steps) == 2


async def test_a_result_tells_how_long_the_tool_took() -> None:
    heard = Heard()
    planner, _ = planner_with(call("echo"), call("fail"), answer(), event_callback=heard)
    await planner.run("q")
    assert all(event.latency_ms is not None for event in heard.of("tool_call_result"))


async def test_model_calls_and_their_size_are_told() -> None:
    heard = Heard()
    planner, _ = planner_with(call("echo"), answer(), event_callback=heard)
    await planner.run("q")
    assert len(heard.of("llm_call")) == 2
    estimates = [event.token_estimate for event in heard.events if event.token_estimate is not None]
    assert estimates
    assert all(estimate > 0 for estimate in estimates)


async def test_a_failing_model_call_is_told() -> None:
    heard = Heard()
    planner, _ = planner_with(ConnectionError("down"), event_callback=heard)
    with pytest.raises(ConnectionError):
        await planner.run("q")
    assert [event.error is not None for event in heard.of("llm_call")] == [True]


def test_the_tools_the_model_sees_can_be_read() -> None:
    planner, _ = planner_with()
    assert [spec.name for spec in planner.visible_tools()] == [spec.name for spec in Bench().catalog()]


def loaded_by(program: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{program}\nprint('\\n'.join(sys.modules))"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return set(done.stdout.split())


def test_importing_the_library_loads_no_planner() -> None:
    loaded = loaded_by("import penguiflow")
    for name in ("penguiflow.planner", "penguiflow.llm", "litellm", "fastapi", "fastmcp", "textual"):
        assert name not in loaded


def test_importing_the_planner_loads_no_provider() -> None:
    loaded = loaded_by("from penguiflow.planner import ReactPlanner, ReflectionConfig, ShortTermMemoryConfig")
    for name in ("litellm", "openai", "anthropic", "fastmcp", "textual", "httpx"):
        assert name not in loaded


def test_the_library_needs_at_most_two_packages() -> None:
    needed = [line for line in requires("penguiflow") or () if "extra ==" not in line]
    assert len(needed) <= 2
