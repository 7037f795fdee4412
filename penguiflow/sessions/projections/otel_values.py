"""What telemetry is made of before a package of OpenTelemetry sees it: frozen values, and their ids.

The ids of a run's spans follow from the run's id alone. Whoever exports it, now or later, whole or in parts,
sends the same spans.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

AttributeValue: TypeAlias = str | bool | int | float
Attributes: TypeAlias = Mapping[str, AttributeValue]

SpanKind: TypeAlias = Literal["internal", "client"]

_TRACEPARENT = re.compile(
    r"(?P<version>[0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?P<more>-.*)?"
)
_MAX_INT = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceParent:
    """The span of the caller, in whose trace a run takes place."""

    trace_id: int
    span_id: int
    sampled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanMark:
    """Something that happened at one moment of a span, a span event. `at_ns` is Unix time."""

    name: str
    at_ns: int
    attributes: Attributes = field(default_factory=dict[str, AttributeValue])


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanValue:
    """One span that has ended, in Unix time.

    `parent_id` is a span of the same run. The outermost span has none; it stands below that of the `caller`,
    if there is one. A span that `failed` may tell why in `failure_text`.
    """

    trace_id: int
    span_id: int
    parent_id: int | None
    caller: TraceParent | None = None
    name: str
    kind: SpanKind = "internal"
    start_ns: int
    end_ns: int
    attributes: Attributes
    failed: bool = False
    failure_text: str | None = None
    marks: tuple[SpanMark, ...] = ()


def parse_traceparent(header: str | None) -> TraceParent | None:
    """Read a W3C `traceparent`; one that is no such thing counts as none, as the recommendation wants it."""
    found = _TRACEPARENT.fullmatch((header or "").strip())
    if found is None or found["version"] == "ff" or (found["version"] == "00" and found["more"]):
        return None
    trace_id, span_id = int(found[2], 16), int(found[3], 16)
    if not trace_id or not span_id:
        return None
    return TraceParent(trace_id=trace_id, span_id=span_id, sampled=bool(int(found[4], 16) & 1))


def trace_id_of(run_id: str) -> int:
    """Return the trace id of a run.

    It is no part of the run's id, in which some bits are always the same: samplers that take a share of
    all traces go by the low bits, and would take all of them or none.
    """
    return _digest(16, "trace", run_id)


def span_id_of(run_id: str, *part: str | int) -> int:
    """Return the id of a span of a run; `part` tells it from the others."""
    return _digest(8, "span", run_id, *part)


def known(values: Mapping[str, AttributeValue | None]) -> dict[str, AttributeValue]:
    """Return what is known of these and can be sent: texts with a UTF-8 form, numbers of 64 bits."""
    return {name: _sendable(value) for name, value in values.items() if value is not None}


def sendable(text: str) -> str:
    """Return the text in a form that goes over the wire: a half of a surrogate pair does not."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _sendable(value: AttributeValue) -> AttributeValue:
    if isinstance(value, str):
        return sendable(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return max(-_MAX_INT, min(_MAX_INT, value))
    return value


def _digest(size: int, *parts: str | int) -> int:
    text = "\0".join(str(part) for part in parts).encode("utf-8", "surrogatepass")
    # An id of zero means that there is none.
    return int.from_bytes(hashlib.sha256(text).digest()[:size], "big") or 1
