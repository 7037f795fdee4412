"""A real collector on loopback: takes OTLP over HTTP, decodes the protobuf, keeps what came."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span as WireSpan
from opentelemetry.proto.trace.v1.trace_pb2 import Status as WireStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span as it came over the wire; ids are hexadecimal, an outermost span has no parent."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: str
    start_ns: int
    end_ns: int
    failed: bool
    failure_text: str
    attributes: Mapping[str, Any]
    marks: Sequence[tuple[str, Mapping[str, Any]]]


@dataclass(slots=True)
class Collector:
    """What came so far. Answers every request with `status`."""

    endpoint: str = ""
    status: int = 200
    spans: list[Span] = field(default_factory=list)
    metrics: dict[str, Metric] = field(default_factory=dict)
    resources: list[Mapping[str, Any]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    came: threading.Event = field(default_factory=threading.Event)

    def named(self, name: str) -> Span:
        """Return the one span of this name."""
        (found,) = [span for span in self.spans if span.name == name]
        return found

    def points(self, metric: str) -> Mapping[tuple[tuple[str, Any], ...], Any]:
        """Return the data points of a metric, as they came last, by their attributes."""
        kept = self.metrics[metric]
        points = kept.histogram.data_points or kept.sum.data_points
        return {tuple(sorted(_attributes(point.attributes).items())): point for point in points}

    def take(self, path: str, body: bytes) -> None:
        """Decode a request."""
        self.bodies.append(body)
        if path == "/v1/traces":
            for traced in ExportTraceServiceRequest.FromString(body).resource_spans:
                self.resources.append(_attributes(traced.resource.attributes))
                self.spans += [_span(span) for scope in traced.scope_spans for span in scope.spans]
        elif path == "/v1/metrics":
            for measured in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                for scope in measured.scope_metrics:
                    self.metrics.update((metric.name, metric) for metric in scope.metrics)
        self.came.set()


@contextmanager
def running_collector(port: int = 0) -> Generator[Collector]:
    """Listen on a free port of loopback, or on this one, until the block ends."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        to: ClassVar[Collector] = collector

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            if self.to.status == 200:
                self.to.take(self.path, body)
            self.send_response(self.to.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # the name is that of the base class
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    collector.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _span(wire: WireSpan) -> Span:
    return Span(
        trace_id=wire.trace_id.hex(),
        span_id=wire.span_id.hex(),
        parent_id=wire.parent_span_id.hex(),
        name=wire.name,
        kind=WireSpan.SpanKind.Name(wire.kind).removeprefix("SPAN_KIND_").lower(),
        start_ns=wire.start_time_unix_nano,
        end_ns=wire.end_time_unix_nano,
        failed=wire.status.code == WireStatus.STATUS_CODE_ERROR,
        failure_text=wire.status.message,
        attributes=_attributes(wire.attributes),
        marks=[(event.name, _attributes(event.attributes)) for event in wire.events],
    )


def _attributes(pairs: Sequence[KeyValue]) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    return None if kind is None else getattr(value, kind)
