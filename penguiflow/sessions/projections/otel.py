"""Sending spans and metrics with the OpenTelemetry SDK; the one module that knows it.

Spans take the SDK's own way, through its sampler, limits and processors, as if they were traced live: only
their ids and times are given.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from penguiflow._version import __version__
from penguiflow.sessions.projections import otel_names as names
from penguiflow.sessions.projections.otel_content import NO_CONTENT, ContentPolicy
from penguiflow.sessions.projections.otel_courier import Courier, Outlet, Troubles
from penguiflow.sessions.projections.otel_follower import FollowedSession, TelemetryFollower
from penguiflow.sessions.projections.otel_measures import METRICS, measurements_of
from penguiflow.sessions.projections.otel_spans import spans_of
from penguiflow.sessions.projections.otel_values import AttributeValue, SpanValue, parse_traceparent
from penguiflow.state.events import RunEvent

try:
    from opentelemetry.context import Context
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.metrics import MeterProvider as SdkMeterProvider
    from opentelemetry.sdk.metrics.export import (
        MetricExportResult,
        MetricsData,
        PeriodicExportingMetricReader,
    )
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import ReadableSpan, Tracer, TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
    from opentelemetry.sdk.trace.id_generator import IdGenerator
    from opentelemetry.sdk.trace.sampling import Decision
    from opentelemetry.trace import (
        NonRecordingSpan,
        NoOpTracer,
        SpanContext,
        SpanKind,
        Status,
        StatusCode,
        TraceFlags,
        set_span_in_context,
    )
except ImportError as exc:
    raise ImportError(
        f"telemetry needs a package that is not installed ({exc}): pip install 'penguiflow[otel]'",
        name=exc.name,
    ) from exc

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider

_FLUSHED_AFTER = 1_000
"""Half of what the SDK's queue of spans holds, which drops what does not fit without counting it."""

_KINDS = {"internal": SpanKind.INTERNAL, "client": SpanKind.CLIENT}

_next_ids: ContextVar[tuple[int, int]] = ContextVar("penguiflow_next_span_ids")


class _GivenIds(IdGenerator):
    """Gives a span the ids that follow from its run."""

    def generate_trace_id(self) -> int:
        return _next_ids.get()[0]

    def generate_span_id(self) -> int:
        return _next_ids.get()[1]


_GIVEN_IDS = _GivenIds()

_Record: TypeAlias = Callable[[float, dict[str, AttributeValue]], None]


class OtelOutlet:
    """Sends to providers. At the end they are flushed, and stay the caller's to shut down."""

    def __init__(
        self, *, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        self._tracer_provider = tracer_provider
        self._meter_provider = meter_provider
        self._tracer = None if tracer_provider is None else _tracer(tracer_provider)
        self._record = {} if meter_provider is None else _instruments(meter_provider)

    def deliver(self, span: SpanValue) -> None:
        """Give a span to the processors of the tracer provider, and what it measures to the meters."""
        if self._tracer is not None:
            _trace(self._tracer, span)
        if self._record:
            for measured in measurements_of(span):
                self._record[measured.metric](measured.value, dict(measured.attributes))

    def close(self) -> None:
        """Have everything sent."""
        if self._tracer_provider is not None:
            self._tracer_provider.force_flush()
        if isinstance(self._meter_provider, SdkMeterProvider):
            self._meter_provider.force_flush()

    def give_up(self) -> None:
        """Nothing: how long a provider may take is settled by who made it."""


class OtlpOutlet:
    """Sends over OTLP/HTTP to where the environment says (`OTEL_EXPORTER_OTLP_*`, read by the SDK)."""

    def __init__(self, troubles: Troubles, *, traces: bool = True, metrics: bool = True) -> None:
        resource = _resource()
        self._span_exporter = _SpanExporter(troubles) if traces else None
        self._metric_exporter = _MetricExporter(troubles) if metrics else None
        self._tracer_provider: TracerProvider | None = None
        self._meter_provider: SdkMeterProvider | None = None
        if self._span_exporter is not None:
            self._tracer_provider = TracerProvider(resource=resource, shutdown_on_exit=False)
            self._tracer_provider.add_span_processor(BatchSpanProcessor(self._span_exporter))
        if self._metric_exporter is not None:
            reader = PeriodicExportingMetricReader(self._metric_exporter)
            self._meter_provider = SdkMeterProvider([reader], resource=resource, shutdown_on_exit=False)
        self._outlet = OtelOutlet(tracer_provider=self._tracer_provider, meter_provider=self._meter_provider)
        self._unflushed = 0

    def deliver(self, span: SpanValue) -> None:
        """Take a span; the SDK sends them in batches."""
        self._outlet.deliver(span)
        self._unflushed += 1
        if self._unflushed >= _FLUSHED_AFTER and self._tracer_provider is not None:
            self._unflushed = 0
            self._tracer_provider.force_flush()

    def close(self) -> None:
        """Send what is left, and end."""
        if self._tracer_provider is not None:
            self._tracer_provider.shutdown()
        if self._meter_provider is not None:
            self._meter_provider.shutdown()

    def give_up(self) -> None:
        """Stop trying again."""
        for exporter in (self._span_exporter, self._metric_exporter):
            if exporter is not None:
                exporter.shutdown()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """How many spans there were, how many of them are known to be lost, and why."""

    spans: int
    lost_spans: int
    reason: str | None


async def export_run(
    events: Iterable[RunEvent],
    *,
    tracer_provider: TracerProvider | None = None,
    content: ContentPolicy = NO_CONTENT,
    traceparent: str | None = None,
    timeout_s: float = 30.0,
) -> ExportReport:
    """Send the spans of stored runs, without a provider over OTLP/HTTP as the environment says.

    No metrics are sent, which would count the past as the present. A run that has not ended ends with its
    last event. Sending a run again sends the same ids.
    """
    troubles = Troubles()
    spans = spans_of(events, content=content, caller=parse_traceparent(traceparent))

    def open_outlet() -> Outlet:
        if tracer_provider is None:
            return OtlpOutlet(troubles, metrics=False)
        return OtelOutlet(tracer_provider=tracer_provider)

    courier = Courier(open_outlet, troubles, max_waiting_spans=len(spans))
    courier.send(spans)
    await courier.aclose(timeout_s=timeout_s)
    return ExportReport(spans=len(spans), lost_spans=troubles.lost_spans, reason=troubles.reason)


def follow_session(
    session: FollowedSession,
    *,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
    content: bool = False,
    traceparent: str | None = None,
) -> TelemetryFollower:
    """Follow a session from now on with the providers of the caller; close what is returned.

    `content=True` adds prompts, arguments, results, answers and error messages. `traceparent` puts the runs
    into the trace of a caller.
    """
    courier = Courier(
        lambda: OtelOutlet(tracer_provider=tracer_provider, meter_provider=meter_provider), Troubles()
    )
    follower = TelemetryFollower(session, courier, content=content, traceparent=traceparent)
    follower.start()
    return follower


def _tracer(provider: TracerProvider) -> Tracer | None:
    tracer = provider.get_tracer(names.SCOPE, __version__, names.SCHEMA_URL)
    if isinstance(tracer, NoOpTracer):
        return None  # the SDK is switched off
    if not isinstance(tracer, Tracer):
        raise TypeError(f"`{type(provider).__name__}` is no TracerProvider of opentelemetry.sdk")
    tracer.id_generator = _GIVEN_IDS  # of this scope only, which nobody else traces under
    return tracer


def _trace(tracer: Tracer, span: SpanValue) -> None:
    token = _next_ids.set((span.trace_id, span.span_id))
    try:
        traced = tracer.start_span(
            span.name,
            context=_parent_context(tracer, span),
            kind=_KINDS[span.kind],
            attributes=span.attributes,
            start_time=span.start_ns,
        )
    finally:
        _next_ids.reset(token)
    for mark in span.marks:
        traced.add_event(mark.name, mark.attributes, timestamp=mark.at_ns)
    if span.failed:
        traced.set_status(Status(StatusCode.ERROR, span.failure_text))
    traced.end(span.end_ns)


def _parent_context(tracer: Tracer, span: SpanValue) -> Context:
    outside = Context()
    if span.caller is not None:
        flags = TraceFlags(TraceFlags.SAMPLED if span.caller.sampled else TraceFlags.DEFAULT)
        outside = _within(SpanContext(span.trace_id, span.caller.span_id, is_remote=True, trace_flags=flags))
    if span.parent_id is None:
        return outside
    # The parent ends later, maybe in another process; whether it is sampled follows from its trace.
    sampling = tracer.sampler.should_sample(outside, span.trace_id, names.INVOKE_AGENT, SpanKind.INTERNAL)
    flags = TraceFlags(
        TraceFlags.SAMPLED if sampling.decision is Decision.RECORD_AND_SAMPLE else TraceFlags.DEFAULT
    )
    return _within(SpanContext(span.trace_id, span.parent_id, is_remote=False, trace_flags=flags))


def _within(parent: SpanContext) -> Context:
    return set_span_in_context(NonRecordingSpan(parent), Context())


def _instruments(provider: MeterProvider) -> dict[str, _Record]:
    meter = provider.get_meter(names.SCOPE, __version__, names.SCHEMA_URL)
    record: dict[str, _Record] = {}
    for metric in METRICS:
        about = {"unit": metric.unit, "description": metric.description}
        if metric.boundaries:
            record[metric.name] = meter.create_histogram(
                metric.name, **about, explicit_bucket_boundaries_advisory=metric.boundaries
            ).record
        else:
            record[metric.name] = meter.create_counter(metric.name, **about).add
    return record


def _resource() -> Resource:
    resource = Resource.create()
    if str(resource.attributes.get(SERVICE_NAME, "")).startswith("unknown_service"):
        return resource.merge(Resource({SERVICE_NAME: names.SCOPE}))
    return resource


class _ExporterVoice(logging.Filter):
    """Hands what our exporters log at each attempt to whoever tells it in measure."""

    def filter(self, record: logging.LogRecord) -> bool:
        hear = _hears_exporter.get()
        if hear is None:
            return True  # another exporter of the program's
        hear(record.getMessage())
        return False


_hears_exporter: ContextVar[Callable[[str], None] | None] = ContextVar("penguiflow_exporter", default=None)
_VOICE = _ExporterVoice()


@contextmanager
def _heard_by(hear: Callable[[str], None], exporter: type) -> Generator[None]:
    logging.getLogger(exporter.__module__).addFilter(_VOICE)  # a filter is added only once
    token = _hears_exporter.set(hear)
    try:
        yield
    finally:
        _hears_exporter.reset(token)


class _Ending:
    """Whether an exporter was shut down: what it says then is no news, and it minds being told twice."""

    def __init__(self, troubles: Troubles) -> None:
        self._troubles = troubles
        self.has_begun = False

    def hear(self, message: str) -> None:
        if not self.has_begun:
            self._troubles.note(message)

    def begins(self) -> bool:
        before, self.has_begun = self.has_begun, True
        return not before


class _SpanExporter(OTLPSpanExporter):
    """Counts what is lost."""

    def __init__(self, troubles: Troubles) -> None:
        super().__init__()
        self._troubles = troubles
        self._ending = _Ending(troubles)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        with _heard_by(self._ending.hear, OTLPSpanExporter):
            result = super().export(spans)
        if result is not SpanExportResult.SUCCESS:
            self._troubles.lose(len(spans))
        return result

    def shutdown(self) -> None:
        if self._ending.begins():
            super().shutdown()  # type: ignore[no-untyped-call]  # the base class declares no types


class _MetricExporter(OTLPMetricExporter):
    """Lets its failures be told in measure."""

    def __init__(self, troubles: Troubles) -> None:
        super().__init__()
        self._ending = _Ending(troubles)

    def export(
        self, metrics_data: MetricsData, timeout_millis: float | None = 10_000, **kwargs: Any
    ) -> MetricExportResult:  # the base class declares no types of its `kwargs`
        with _heard_by(self._ending.hear, OTLPMetricExporter):
            return super().export(metrics_data, timeout_millis, **kwargs)  # pyright: ignore[reportUnknownMemberType]

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:  # as above
        if self._ending.begins():
            super().shutdown(timeout_millis, **kwargs)  # pyright: ignore[reportUnknownMemberType]
