"""From spans that have ended to the measurements of the conventions. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from penguiflow.sessions.projections import otel_names as names
from penguiflow.sessions.projections.otel_values import Attributes, SpanValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A value for the metric of this name."""

    metric: str
    value: float
    attributes: Attributes


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric: a histogram with these bucket boundaries, or without any a counter."""

    name: str
    unit: str
    description: str
    boundaries: tuple[float, ...] = ()


METRICS = (
    Metric(
        name=names.TOKEN_USAGE_METRIC,
        unit="{token}",
        description="Number of input and output tokens used.",
        boundaries=names.TOKEN_BUCKETS,
    ),
    Metric(
        name=names.OPERATION_DURATION_METRIC,
        unit="s",
        description="Duration of calls of a model.",
        boundaries=names.CALL_SECONDS_BUCKETS,
    ),
    Metric(
        name=names.EXECUTE_TOOL_METRIC,
        unit="s",
        description="Duration of calls of a tool.",
        boundaries=names.CALL_SECONDS_BUCKETS,
    ),
    Metric(
        name=names.INVOKE_AGENT_METRIC,
        unit="s",
        description="Duration of runs of an agent, without the time a person was waited for.",
        boundaries=names.AGENT_SECONDS_BUCKETS,
    ),
    Metric(
        name=names.INVOKE_WORKFLOW_METRIC,
        unit="s",
        description="Duration of traces through a flow.",
        boundaries=names.WORKFLOW_SECONDS_BUCKETS,
    ),
    Metric(name=names.COST_METRIC, unit="{USD}", description="What calls of models cost, where it is known."),
)

_OF_MODEL = (names.OPERATION, names.PROVIDER, names.REQUEST_MODEL, names.RESPONSE_MODEL)


def measurements_of(span: SpanValue) -> Sequence[Measurement]:
    """Return what a span adds to the metrics."""
    seconds = (span.end_ns - span.start_ns) / 1e9
    match span.attributes.get(names.OPERATION):
        case names.CHAT:
            return _of_model_call(span, seconds)
        case names.EXECUTE_TOOL:
            told = _chosen(span, names.TOOL_NAME, names.AGENT_NAME, names.ERROR_TYPE)
            return [Measurement(metric=names.EXECUTE_TOOL_METRIC, value=seconds, attributes=told)]
        case names.INVOKE_AGENT:
            told = _chosen(span, names.AGENT_NAME, names.ERROR_TYPE)
            worked = span.attributes.get(names.RUN_WORKED_MS)
            seconds = worked / 1000 if isinstance(worked, float) else seconds
            return [Measurement(metric=names.INVOKE_AGENT_METRIC, value=seconds, attributes=told)]
        case names.INVOKE_WORKFLOW:
            told = _chosen(span, names.ERROR_TYPE)
            return [Measurement(metric=names.INVOKE_WORKFLOW_METRIC, value=seconds, attributes=told)]
        case _:
            return ()


def _of_model_call(span: SpanValue, seconds: float) -> Sequence[Measurement]:
    told = _chosen(span, *_OF_MODEL)
    timed = _chosen(span, *_OF_MODEL, names.ERROR_TYPE)
    found = [Measurement(metric=names.OPERATION_DURATION_METRIC, value=seconds, attributes=timed)]
    for attribute, token_type in ((names.INPUT_TOKENS, "input"), (names.OUTPUT_TOKENS, "output")):
        tokens = span.attributes.get(attribute)
        if isinstance(tokens, int):
            typed = {**told, names.TOKEN_TYPE: token_type}
            found.append(Measurement(metric=names.TOKEN_USAGE_METRIC, value=tokens, attributes=typed))
    cost = span.attributes.get(names.COST_USD)
    if isinstance(cost, int | float) and cost >= 0:
        found.append(Measurement(metric=names.COST_METRIC, value=cost, attributes=told))
    return found


def _chosen(span: SpanValue, *keys: str) -> Attributes:
    return {key: span.attributes[key] for key in keys if key in span.attributes}
