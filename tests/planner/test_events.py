"""What listeners hear: which events, in which order, with which fields."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from penguiflow.llm.errors import LLMUnavailableError
from penguiflow.llm.scripted import FunctionLLM
from penguiflow.llm.usage import LLMReply, TokenUsage
from penguiflow.planner import ReactPlanner
from tests.fakes.planner_tools import Heard, Notebook, answer, call, finished, planner_for

ADDED = ("llm_call", "action")


async def test_one_tool_and_an_answer_tell_the_documented_events_in_order() -> None:
    heard = Heard()
    planner, _ = planner_for(call("look", "why", text="x"), answer(), event_callback=heard)
    finished(await planner.run("q"))
    assert heard.kinds(without=ADDED) == [
        "step_start", "llm_stream_chunk", "llm_stream_chunk",
        "tool_call_start", "tool_call_end", "tool_call_result", "step_complete",
        "step_start", "llm_stream_chunk", "llm_stream_chunk", "finish",
    ]  # fmt: skip
    (complete,) = heard.of("step_complete")
    assert (complete.trajectory_step, complete.node_name, complete.thought) == (0, "look", "why")
    assert complete.latency_ms is not None
    (result,) = heard.of("tool_call_result")
    assert result.extra == {
        "tool_call_id": "call_1",
        "tool_name": "look",
        "action_seq": 1,
        "result_json": '{"stored":"seen x"}',
        "ok": True,
    }
    assert result.latency_ms is not None
    assert json.loads(heard.of("tool_call_start")[0].extra["args_json"]) == {"text": "x", "copies": 1}
    assert heard.of("action")[0].extra == {"action_seq": 1, "next_node": "look", "args": {"text": "x"}}


async def test_a_model_call_tells_what_it_used_and_an_unknown_cost_stays_unknown() -> None:
    heard = Heard()
    usage = TokenUsage(input_tokens=10, output_tokens=3, cached_tokens=4)
    priced = LLMReply(text=json.dumps(call("look", text="x")), cost_usd=0.25, usage=usage, model="m1")
    planner, _ = planner_for(priced, answer(), event_callback=heard)
    finished(await planner.run("q"))
    first, second = (event.extra for event in heard.of("llm_call"))
    assert (first["model"], first["cost_usd"], first["cached_tokens"]) == ("m1", 0.25, 4)
    assert (second["model"], second["cost_usd"], second["input_tokens"]) == ("scripted", None, None)
    assert heard.of("finish")[0].extra["cost"]["total_cost_usd"] == 0.25
    assert heard.of("finish")[0].extra["cost"]["cost_known"] is False


async def test_a_failing_model_call_is_told_before_it_is_raised() -> None:
    def down(_: Any) -> Any:
        raise LLMUnavailableError("503")

    heard = Heard()
    with pytest.raises(LLMUnavailableError):
        await ReactPlanner(llm_client=FunctionLLM(down), catalog=[], event_callback=heard).run("q")
    (told,) = heard.of("llm_call")
    assert told.error is not None
    assert "503" in told.error
    assert heard.of("finish") == []


async def test_a_failing_tool_tells_its_error() -> None:
    heard = Heard()
    planner, _ = planner_for(call("fail", text="x"), answer(), event_callback=heard)
    finished(await planner.run("q"))
    (result,) = heard.of("tool_call_result")
    assert result.extra["ok"] is False
    assert "no space left" in str(result.error)
    assert json.loads(result.extra["result_json"])["failure"]["error_code"] == "DiskFull"


async def test_a_repair_tells_what_was_wrong() -> None:
    heard = Heard()
    planner, _ = planner_for("```\nno json\n```", answer(), event_callback=heard)
    finished(await planner.run("q"))
    (repair,) = heard.of("planner_repair_attempt")
    assert (repair.extra["attempt"], repair.extra["had_code_fence"]) == (1, True)
    assert [event.extra["attempt"] for event in heard.of("llm_call")] == [1, 2]


async def test_a_listener_that_fails_never_disturbs_the_run(caplog: pytest.LogCaptureFixture) -> None:
    def broken(event: Any) -> None:
        raise RuntimeError("listener")

    planner, _ = planner_for(call("look", text="x"), answer(), event_callback=broken)
    with caplog.at_level(logging.ERROR, "penguiflow.planner"):
        assert finished(await planner.run("q")).reason == "answer_complete"
    assert "event_callback_error" in caplog.text


async def test_logs_hold_neither_arguments_nor_results(caplog: pytest.LogCaptureFixture) -> None:
    planner, _ = planner_for(call("look", text="canary-42"), answer("canary-43"), notebook=Notebook())
    with caplog.at_level(logging.DEBUG, "penguiflow.planner"):
        finished(await planner.run("canary-41"))
    assert caplog.records
    assert "canary" not in "".join(str(record.__dict__) for record in caplog.records)
