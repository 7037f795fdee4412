from __future__ import annotations

import pytest

from penguiflow.sessions.projections.otel_environment import TelemetrySettings, read_settings

ALL = "OTEL_EXPORTER_OTLP_ENDPOINT"
TRACES = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
METRICS = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"
PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL"
CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
HERE = {ALL: "http://localhost:4318"}
BOTH = TelemetrySettings(traces=True, metrics=True)
OFF = TelemetrySettings()

ENVIRONMENTS: list[tuple[dict[str, str], TelemetrySettings]] = [
    ({}, OFF),
    ({ALL: ""}, OFF),
    (HERE, BOTH),
    ({TRACES: "http://a/v1/traces"}, TelemetrySettings(traces=True)),
    ({METRICS: "http://a/v1/metrics"}, TelemetrySettings(metrics=True)),
    ({**HERE, "OTEL_SDK_DISABLED": "TRUE"}, OFF),
    ({**HERE, "OTEL_SDK_DISABLED": "false"}, BOTH),
    ({**HERE, "OTEL_TRACES_EXPORTER": "none"}, TelemetrySettings(metrics=True)),
    ({**HERE, "OTEL_METRICS_EXPORTER": "none"}, TelemetrySettings(traces=True)),
    ({**HERE, "OTEL_METRICS_EXPORTER": "console,otlp"}, BOTH),
    ({**HERE, PROTOCOL: "http/protobuf"}, BOTH),
    ({**HERE, PROTOCOL: "grpc"}, TelemetrySettings(refused_protocol="grpc")),
    ({PROTOCOL: "grpc"}, OFF),
    (
        {**HERE, PROTOCOL: "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"},
        TelemetrySettings(traces=True, refused_protocol="grpc"),
    ),
    ({**HERE, CAPTURE: "SPAN_ONLY"}, TelemetrySettings(traces=True, metrics=True, content=True)),
    ({**HERE, CAPTURE: "true"}, TelemetrySettings(traces=True, metrics=True, content=True)),
    ({**HERE, CAPTURE: "EVENT_ONLY"}, BOTH),
    ({**HERE, CAPTURE: "no_content"}, BOTH),
    (
        {**HERE, "TRACEPARENT": "00-a-b-01"},
        TelemetrySettings(traces=True, metrics=True, traceparent="00-a-b-01"),
    ),
]


@pytest.mark.parametrize(("environment", "settings"), ENVIRONMENTS)
def test_what_the_environment_wants(environment: dict[str, str], settings: TelemetrySettings) -> None:
    assert read_settings(environment) == settings
