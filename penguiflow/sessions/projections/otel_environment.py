"""Telemetry without code: the standard variables of OpenTelemetry switch it on.

`OTEL_EXPORTER_OTLP_ENDPOINT`, or the one for traces or metrics, says where to; the SDK reads the others.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from penguiflow.sessions.projections.otel_courier import Courier, Outlet, Troubles
from penguiflow.sessions.projections.otel_follower import FollowedSession, TelemetryFollower

LOGGER = logging.getLogger("penguiflow.telemetry")

_PACKAGES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
_PROTOCOL = "http/protobuf"
_WITH_CONTENT = frozenset({"true", "1", "span_only", "span_and_event"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetrySettings:
    """What the environment wants. `traceparent` is that of the program that started this one."""

    traces: bool = False
    metrics: bool = False
    content: bool = False
    traceparent: str | None = None
    refused_protocol: str | None = None


def read_settings(environment: Mapping[str, str]) -> TelemetrySettings:
    """Read the variables that the SDK leaves to others."""

    def wanted(signal: str) -> bool:
        endpoint = _first(environment, signal, "ENDPOINT")
        exporter = environment.get(f"OTEL_{signal}_EXPORTER", "otlp").strip().lower()
        return bool(endpoint) and "otlp" in exporter.split(",")

    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return TelemetrySettings()
    traces, metrics = wanted("TRACES"), wanted("METRICS")
    protocols = [_first(environment, signal, "PROTOCOL") for signal in ("TRACES", "METRICS")]
    refused = [protocol for protocol in protocols if protocol and protocol != _PROTOCOL]
    capture = environment.get("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "")
    return TelemetrySettings(
        traces=traces and _speaks(protocols[0]),
        metrics=metrics and _speaks(protocols[1]),
        content=capture.strip().lower() in _WITH_CONTENT,
        traceparent=environment.get("TRACEPARENT"),
        refused_protocol=refused[0] if refused and (traces or metrics) else None,
    )


def telemetry_from_environment(session: FollowedSession) -> TelemetryFollower | None:
    """Follow a session if the environment wants telemetry and `penguiflow[otel]` is installed.

    Close the session first, then what is returned. The packages load in a thread with the first span.
    """
    settings = read_settings(os.environ)
    if settings.refused_protocol is not None:
        LOGGER.warning(
            "OTEL_EXPORTER_OTLP_PROTOCOL is `%s`, but telemetry is sent as `%s` only",
            settings.refused_protocol,
            _PROTOCOL,
        )
    if not (settings.traces or settings.metrics):
        return None
    if not _is_installed():
        LOGGER.info("an OTLP endpoint is set, but telemetry needs: pip install 'penguiflow[otel]'")
        return None
    troubles = Troubles()

    def open_outlet() -> Outlet:
        # Here and not above: it takes half a second, and most programs send no telemetry.
        from penguiflow.sessions.projections.otel import OtlpOutlet  # noqa: PLC0415

        return OtlpOutlet(troubles, traces=settings.traces, metrics=settings.metrics)

    follower = TelemetryFollower(
        session,
        Courier(open_outlet, troubles),
        content=settings.content,
        traceparent=settings.traceparent,
    )
    follower.start()
    return follower


def _first(environment: Mapping[str, str], signal: str, name: str) -> str:
    own = environment.get(f"OTEL_EXPORTER_OTLP_{signal}_{name}")
    return (own or environment.get(f"OTEL_EXPORTER_OTLP_{name}", "")).strip()


def _speaks(protocol: str) -> bool:
    return protocol in ("", _PROTOCOL)


def _is_installed() -> bool:
    try:
        return all(find_spec(package) is not None for package in _PACKAGES)
    except ModuleNotFoundError:  # not even the package above it
        return False
