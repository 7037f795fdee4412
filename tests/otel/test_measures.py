from __future__ import annotations

import pytest

from penguiflow.sessions.projections import otel_names as names
from penguiflow.sessions.projections.otel_measures import METRICS, measurements_of
from penguiflow.sessions.projections.otel_spans import spans_of
from penguiflow.state.events import FlowHappened, ModelCalled, PersonAnswered, ToolFinished, ToolStarted
from tests.fakes.history import answered, asked, person_asked, run_of


def measured(*bodies: object) -> list[tuple[str, float, dict[str, object]]]:
    return [
        (each.metric, each.value, dict(each.attributes))
        for span in spans_of(run_of(*bodies))  # type: ignore[arg-type]
        for each in measurements_of(span)
    ]


CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
}
ANSWERED_BY = {**CHAT, "gen_ai.response.model": "gpt-4o"}
AGENT = {"gen_ai.agent.name": "helper"}


def test_a_model_call_is_measured_in_time_tokens_and_money() -> None:
    call = ModelCalled(
        step=1,
        attempt=1,
        latency_ms=500.0,
        model="gpt-4o",
        input_tokens=10,
        output_tokens=0,
        cached_tokens=5,
        cost_usd=0.25,
    )

    assert measured(asked(), call) == [
        ("gen_ai.client.operation.duration", 0.5, ANSWERED_BY),
        ("gen_ai.client.token.usage", 10, {**ANSWERED_BY, "gen_ai.token.type": "input"}),
        ("gen_ai.client.token.usage", 0, {**ANSWERED_BY, "gen_ai.token.type": "output"}),
        ("penguiflow.client.cost", 0.25, ANSWERED_BY),
        ("gen_ai.invoke_agent.duration", 1.0, AGENT),
    ]


def test_what_nobody_knows_is_not_measured() -> None:
    call = ModelCalled(step=1, attempt=1, latency_ms=500.0, model="gpt-4o", error="LLMError: no")

    assert measured(asked(), call)[:-1] == [
        ("gen_ai.client.operation.duration", 0.5, {**CHAT, "error.type": "LLMError"})
    ]


@pytest.mark.parametrize(
    ("error", "kind"), [(None, {}), ("tool `look` raised Full: x", {"error.type": "Full"})]
)
def test_a_tool_call_is_measured_by_tool(error: str | None, kind: dict[str, str]) -> None:
    started = ToolStarted(step=1, call_id="c", tool="look")
    finished = ToolFinished(step=1, call_id="c", tool="look", error=error)

    assert measured(asked(), started, finished)[0] == (
        "gen_ai.execute_tool.duration",
        1.0,
        {"gen_ai.tool.name": "look", **AGENT, **kind},
    )


def test_a_run_is_measured_without_the_time_a_person_took() -> None:
    decision = PersonAnswered(request_id="request-1", decision="approve")

    assert measured(asked(), person_asked(), decision, answered()) == [
        ("gen_ai.invoke_agent.duration", 2.0, AGENT)
    ]


def test_a_trace_of_a_flow_is_measured() -> None:
    events = [FlowHappened(event=event, trace_id="t", node="n") for event in ("node_start", "node_success")]

    assert measured(*events) == [("gen_ai.invoke_workflow.duration", 1.0, {})]


def test_every_measurement_has_its_metric_and_the_buckets_are_those_of_the_conventions() -> None:
    buckets = {metric.name: metric.boundaries for metric in METRICS}

    assert set(buckets) == {
        names.TOKEN_USAGE_METRIC,
        names.OPERATION_DURATION_METRIC,
        names.EXECUTE_TOOL_METRIC,
        names.INVOKE_AGENT_METRIC,
        names.INVOKE_WORKFLOW_METRIC,
        names.COST_METRIC,
    }
    assert buckets["gen_ai.client.token.usage"] == (
        1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864
    )  # fmt: skip
    assert buckets["gen_ai.client.operation.duration"] == (
        0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92
    )  # fmt: skip
    assert buckets["gen_ai.execute_tool.duration"] == buckets["gen_ai.client.operation.duration"]
    assert buckets["gen_ai.invoke_agent.duration"] == (
        0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6
    )  # fmt: skip
    assert buckets["penguiflow.client.cost"] == ()
