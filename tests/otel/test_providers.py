"""The caller's own providers, and stored runs: the SDK's way with the ids of the run."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import ProxyTracerProvider

from penguiflow import Headers, Message, Node, NodePolicy, create
from penguiflow.sessions import PlannerAgent
from penguiflow.sessions.projections.otel import export_run, follow_session
from penguiflow.sessions.projections.otel_content import ContentPolicy, loaded_content
from penguiflow.sessions.projections.otel_spans import spans_of
from penguiflow.sessions.projections.otel_values import trace_id_of
from penguiflow.sessions.session import AgentSession
from penguiflow.state.events import ModelCalled, PlannerNoted, RunEvent, RunFailed
from penguiflow.state.flow_runs import flow_run
from penguiflow.state.in_memory import InMemoryStateStore
from tests.fakes.history import answered, asked, person_asked, run_of
from tests.fakes.otlp_collector import Collector
from tests.fakes.planner_tools import answer, call, planner_for

MODEL = ModelCalled(step=1, attempt=1, latency_ms=500.0, model="openai/gpt-4o")
RUN = run_of(asked(), MODEL, PlannerNoted(step=1, event="critique", detail={"score": 0.5}), answered())
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Kept:
    """A provider of the caller's, and what its exporter got."""

    def __init__(self, sampler: Sampler | None = None, limits: SpanLimits | None = None) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider(sampler=sampler, span_limits=limits, shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        return self.exporter.get_finished_spans()

    @property
    def ids(self) -> list[tuple[int, int]]:
        return [(span.context.trace_id, span.context.span_id) for span in self.spans if span.context]


async def test_a_stored_run_is_exported_with_its_own_times_and_ids() -> None:
    kept = Kept()

    report = await export_run(RUN, tracer_provider=kept.provider)

    assert (report.spans, report.lost_spans, report.reason) == (2, 0, None)
    chat, run = kept.spans
    assert (run.start_time, run.end_time, chat.start_time) == (0, 3 * 10**9, 5 * 10**8)
    assert [event.name for event in run.events] == ["penguiflow.critique"]
    assert run.instrumentation_scope is not None
    assert run.instrumentation_scope.schema_url == "https://opentelemetry.io/schemas/gen-ai-dev/1.42.0-dev"
    assert kept.ids == [(span.trace_id, span.span_id) for span in spans_of(RUN)]


async def test_exporting_a_run_again_gives_the_same_ids() -> None:
    kept, again = Kept(), Kept()

    await export_run(RUN, tracer_provider=kept.provider)
    await export_run(RUN, tracer_provider=again.provider)

    assert kept.ids == again.ids
    assert kept.ids[0][0] == trace_id_of("run-1")


async def test_other_spans_of_the_same_provider_keep_their_own_ids() -> None:
    kept = Kept()
    await export_run(RUN, tracer_provider=kept.provider)

    with kept.provider.get_tracer("the program").start_as_current_span("outer"):
        await export_run(run_of(asked(), answered(), run_id="run-2"), tracer_provider=kept.provider)

    *_, inner, outer = kept.spans
    assert inner.parent is None
    assert inner.context.trace_id == trace_id_of("run-2")
    assert outer.context.trace_id != inner.context.trace_id


@pytest.mark.parametrize("flag", ["01", "00"])
async def test_a_caller_decides_with_its_flag_whether_its_run_is_sampled(flag: str) -> None:
    kept = Kept()

    await export_run(RUN, tracer_provider=kept.provider, traceparent=f"00-{TRACE}-{SPAN}-{flag}")

    parents = [f"{span.parent.span_id:016x}" for span in kept.spans if span.parent]
    assert len(kept.spans) == (2 if flag == "01" else 0)
    if flag == "01":
        chat, run = kept.spans
        assert parents == [f"{run.context.span_id:016x}", SPAN]
        assert run.parent is not None
        assert run.parent.is_remote
        assert {f"{span.context.trace_id:032x}" for span in (chat, run)} == {TRACE}


@pytest.mark.parametrize("sampler", [ParentBased(TraceIdRatioBased(0.5)), TraceIdRatioBased(0.5)])
async def test_a_sampler_takes_whole_runs_and_its_share_of_them(sampler: Sampler) -> None:
    kept = Kept(sampler)
    events = [
        event for number in range(60) for event in run_of(asked(), MODEL, answered(), run_id=str(number))
    ]

    await export_run(events, tracer_provider=kept.provider)

    of_run: dict[int, int] = {}
    for trace_id, _ in kept.ids:
        of_run[trace_id] = of_run.get(trace_id, 0) + 1
    assert set(of_run.values()) == {2}
    assert 10 < len(of_run) < 50


async def test_a_sampler_that_takes_nothing_gets_nothing() -> None:
    kept = Kept(ALWAYS_OFF)

    report = await export_run(RUN, tracer_provider=kept.provider)

    assert (kept.spans, report.reason) == ((), None)


async def test_the_limits_of_a_provider_hold() -> None:
    kept = Kept(limits=SpanLimits(max_attribute_length=5))

    await export_run(
        run_of(asked("A long question"), answered()),
        tracer_provider=kept.provider,
        content=ContentPolicy(wanted=True),
    )

    (run,) = kept.spans
    assert run.attributes is not None
    assert run.attributes["gen_ai.input.messages"] == '[{"ro'


async def test_why_a_run_failed_is_its_status_with_content_only() -> None:
    failed = run_of(asked(), RunFailed(code="llm_auth", message="the key is wrong"))
    for content, text in ((ContentPolicy(), None), (ContentPolicy(wanted=True), "the key is wrong")):
        kept = Kept()
        await export_run(failed, tracer_provider=kept.provider, content=content)
        (run,) = kept.spans
        assert (run.status.is_ok, run.status.description) == (False, text)


async def test_a_waiting_run_is_exported_as_far_as_it_went() -> None:
    kept = Kept()

    await export_run(run_of(asked(), person_asked()), tracer_provider=kept.provider)

    assert [span.name for span in kept.spans] == ["await_person", "invoke_agent helper"]


class Stuck(InMemorySpanExporter):
    """An exporter that waits until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        assert self.released.wait(10), "nobody released the exporter"
        return super().export(spans)


class Raising(SimpleSpanProcessor):
    """A processor of the caller's that is broken."""

    def on_start(self, span: Span, parent_context: object = None) -> None:
        raise RuntimeError("broken processor")


async def test_a_session_is_followed_with_the_callers_providers() -> None:
    kept, reader = Kept(), InMemoryMetricReader()
    meters = MeterProvider([reader], shutdown_on_exit=False)
    planner, _ = planner_for(call("look", text="tea"), answer("green"))
    session = await AgentSession.open(PlannerAgent(planner), InMemoryStateStore())
    follower = follow_session(session, tracer_provider=kept.provider, meter_provider=meters)

    result = await session.ask("Which?")
    await session.aclose()
    await follower.aclose()

    assert [span.name for span in kept.spans] == [
        "chat scripted",
        "execute_tool look",
        "chat scripted",
        "invoke_agent planner",
    ]
    assert kept.ids[0][0] == trace_id_of(result.run_id)
    data = reader.get_metrics_data()
    assert data is not None
    names = {
        metric.name
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    assert names == {
        "gen_ai.client.operation.duration",
        "gen_ai.execute_tool.duration",
        "gen_ai.invoke_agent.duration",
    }
    with kept.provider.get_tracer("the program").start_as_current_span("still open"):
        pass
    assert kept.spans[-1].name == "still open"


async def test_a_slow_exporter_of_the_caller_does_not_hold_up_the_run() -> None:
    stuck = Stuck()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(stuck))
    planner, _ = planner_for(call("look", text="tea"), answer("green"))
    session = await AgentSession.open(PlannerAgent(planner), InMemoryStateStore())
    follower = follow_session(session, tracer_provider=provider)

    async with asyncio.timeout(5):
        await session.ask("Which?")
        await session.aclose()
    stuck.released.set()
    await follower.aclose(timeout_s=10)

    assert len(stuck.get_finished_spans()) == 4


async def test_a_broken_processor_of_the_caller_is_told_and_nothing_else_happens() -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(Raising(InMemorySpanExporter()))
    planner, _ = planner_for(answer("green"))
    session = await AgentSession.open(PlannerAgent(planner), InMemoryStateStore())
    follower = follow_session(session, tracer_provider=provider)

    result = await session.ask("Which?")
    await session.aclose()
    await follower.aclose()

    assert result.answer == "green"
    assert follower.troubles.reason == "RuntimeError: broken processor"


async def test_a_provider_that_is_not_the_sdks_is_told() -> None:
    report = await export_run(RUN, tracer_provider=ProxyTracerProvider())

    assert report.lost_spans == 2
    assert report.reason == "TypeError: `ProxyTracerProvider` is no TracerProvider of opentelemetry.sdk"


async def test_an_sdk_that_is_switched_off_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    kept = Kept()

    report = await export_run(RUN, tracer_provider=kept.provider)

    assert (kept.spans, report.reason) == ((), None)


async def test_a_stored_run_goes_to_the_collector_with_the_texts_of_its_store(collector: Collector) -> None:
    store = InMemoryStateStore()
    planner, _ = planner_for(call("look", text="tea"), answer("green"))
    session = await AgentSession.open(PlannerAgent(planner), store)
    result = await session.ask("Which?")
    await session.aclose()
    events: Sequence[RunEvent] = await store.load_run(result.run_id)

    report = await export_run(events, content=await loaded_content(events, store.load_content))

    assert (report.spans, report.lost_spans) == (4, 0)
    assert len(collector.spans) == 4
    assert collector.metrics == {}
    chat = next(span for span in collector.spans if span.name == "chat scripted")
    assert "Which?" in chat.attributes["gen_ai.input.messages"]


async def test_an_export_that_fails_says_so(collector: Collector) -> None:
    collector.status = 400

    report = await export_run(RUN)

    assert (report.spans, report.lost_spans) == (2, 2)
    assert report.reason is not None
    assert "400" in report.reason


async def test_the_stored_trace_of_a_flow_is_exported(collector: Collector) -> None:
    async def trim(message: Message, ctx: object) -> Message:
        return message.model_copy(update={"payload": message.payload.strip()})

    store = InMemoryStateStore()
    flow = create(Node(trim, policy=NodePolicy(validate="none")).to(), state_store=store)
    flow.run()
    message = Message(payload=" tea ", headers=Headers(tenant="t"))
    await flow.emit(message)
    await flow.fetch()
    await flow.stop()

    await export_run(flow_run(message.trace_id, await store.load_history(message.trace_id)))

    workflow, node = collector.named("invoke_workflow"), collector.named("node trim")
    assert workflow.trace_id == f"{trace_id_of(message.trace_id):032x}"
    assert (workflow.parent_id, node.parent_id) == ("", workflow.span_id)
    assert node.end_ns > node.start_ns


async def test_many_spans_at_once_all_arrive(collector: Collector) -> None:
    events = [event for number in range(3_000) for event in run_of(asked(), answered(), run_id=str(number))]

    report = await export_run(events)

    assert (report.lost_spans, report.reason) == (0, None)
    assert len({span.trace_id for span in collector.spans}) == len(collector.spans) == 3_000
