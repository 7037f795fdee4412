"""The parameters of the documented calls: their names, kinds and defaults, in their order."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Callable
from typing import Any

import pytest

CALLS = {
    "admin.load_state_store": "(spec)",
    "admin.main": "(argv=None)",
    "admin.render_events": "(events, *, tail=None)",
    "artifacts.InMemoryArtifactStore": "(retention=None, scope_filter=None, ...)",
    "artifacts.InMemoryArtifactStore.put_bytes": (
        "(self, data, *, mime_type=None, filename=None, namespace=None, scope=None, meta=None)"
    ),
    "artifacts.InMemoryArtifactStore.put_text": (
        "(self, text, *, mime_type='text/plain', filename=None, namespace=None, scope=None, meta=None)"
    ),
    "artifacts.NoOpArtifactStore": "(max_inline_preview=500)",
    "catalog.tool": (
        "(*, desc=None, side_effects='pure', tags=None, auth_scopes=None, cost_hint=None,"
        " latency_hint_ms=None, safety_notes=None, arg_validation=None, arg_validator=None, extra=None, ...)"
    ),
    "core.call_playbook": "(playbook, parent_msg, timeout=None, *, runtime=None)",
    "core.Context.call_playbook": "(self, playbook, parent_msg, *, timeout=None)",
    "core.Context.emit_chunk": (
        "(self, *, parent, text, stream_id=None, seq=None, done=False, meta=None, to=None)"
    ),
    "core.PenguiFlow": (
        "(*adjacencies, queue_maxsize=64, allow_cycles=False, middlewares=None,"
        " emit_errors_to_rookery=False, state_store=None, message_bus=None, ...)"
    ),
    "core.PenguiFlow.emit_chunk": (
        "(self, *, parent, text, stream_id=None, seq=None, done=False, meta=None, to=None)"
    ),
    "core.PenguiFlow.record_remote_event": (
        "(self, *, event, node, context, trace_id, latency_ms, level=20, extra=None)"
    ),
    "debug.format_flow_event": "(event)",
    "logging.configure_logging": (
        "(level=20, *, structured=False, include_extras=True, logger_name='penguiflow')"
    ),
    "logging.ExtraFormatter": "(fmt=None, datefmt=None)",
    "logging.StructuredFormatter": "(include_timestamp=True, indent=None)",
    "middlewares.log_flow_events": (
        "(logger=None, *, start_level=20, success_level=20, error_level=40, latency_callback=None)"
    ),
    "patterns.join_k": "(name, k)",
    "patterns.map_concurrent": "(items, worker, *, max_concurrency=8)",
    "patterns.predicate_router": "(name, predicate, *, policy=None)",
    "patterns.union_router": "(name, union_model, *, policy=None)",
    "policies.DictRoutingPolicy": "(mapping, *, default=None, key_getter=None)",
    "policies.DictRoutingPolicy.from_env": "(var, *, loader=None, default=None, key_getter=None)",
    "policies.evaluate_policy": "(policy, request)",
    "remote.RemoteNode": (
        "(*, transport, skill, agent_url, name, agent_card=None, policy=None, streaming=False,"
        " record_binding=True)"
    ),
    "remote.RemoteTransport.cancel": "(self, *, agent_url, task_id)",
    "remote.RemoteTransport.send": "(self, request)",
    "remote.RemoteTransport.stream": "(self, request)",
    "state.InMemoryStateStore": (
        "(*, max_events_per_trace=50000, max_updates_per_session=10000,"
        " max_steering_events_per_session=10000, max_planner_events_per_trace=50000,"
        " artifact_retention=None)"
    ),
    "state.InMemoryStateStore.list_traces": "(self, session_id, limit=50)",
    "state.missing_capabilities": "(store, methods)",
    "state.require_capabilities": "(store, *, feature, methods)",
    "streaming.chunk_to_ws_json": "(chunk, *, extra=None)",
    "streaming.emit_stream_events": "(source, ctx, parent_msg, *, adapter=None, to=None, final_meta=None)",
    "streaming.format_sse_event": "(chunk, *, event_name=None, retry_ms=None)",
    "streaming.stream_flow": "(flow, parent_msg, *, to=None, timeout=None, include_final=False)",
    "testkit.assert_node_sequence": "(trace_id, expected)",
    "testkit.assert_preserves_message_envelope": "(node, *, message=None, ctx=None)",
    "testkit.get_recorded_events": "(trace_id)",
    "testkit.run_one": "(flow, message, *, registry=None, timeout_s=1.0)",
    "testkit.simulate_error": (
        "(node_name, code, *, fail_times=1, result=None, result_factory=None,"
        " exception_type=<class 'RuntimeError'>)"
    ),
    "viz.flow_to_dot": "(flow, *, rankdir='TB')",
    "viz.flow_to_mermaid": "(flow, *, direction='TD')",
}
"""`...` stands for optional keywords of later versions."""

FIELDS = {
    "bus.BusEnvelope": "edge source target trace_id payload headers meta",
    "catalog.NodeSpec": (
        "node name desc args_model out_model side_effects tags auth_scopes cost_hint latency_hint_ms"
        " safety_notes extra ..."
    ),
    "metrics.FlowEvent": (
        "event_type ts node_name node_id trace_id attempt latency_ms queue_depth_in queue_depth_out"
        " outgoing_edges queue_maxsize trace_pending trace_inflight trace_cancelled extra"
    ),
    "policies.RoutingRequest": "message context node proposed trace_id",
    "remote.RemoteCallRequest": "message skill agent_url agent_card metadata timeout_s ...",
    "remote.RemoteCallResult": "result context_id task_id agent_url meta",
    "remote.RemoteStreamEvent": "text done meta context_id task_id agent_url result",
    "state.RemoteBinding": "trace_id context_id task_id agent_url",
    "state.StoredEvent": "trace_id ts kind node_name node_id payload",
}

EXPORTS = {
    "bus": (
        "BusEnvelope BusError BusLimits BusStatistics MessageBus NatsJetStreamPublisher RedisStreamsPublisher"
    ),
    "debug": "format_flow_event",
    "logging": "ExtraFormatter StructuredFormatter configure_logging",
    "metrics": "FlowEvent Middleware",
    "patterns": "join_k map_concurrent predicate_router union_router",
    "streaming": "chunk_to_ws_json emit_stream_events format_sse_event stream_flow",
    "viz": "flow_to_dot flow_to_mermaid",
}


def named(path: str) -> Any:
    module, *attributes = path.split(".")
    found: Any = importlib.import_module(f"penguiflow.{module}")
    for attribute in attributes:
        found = getattr(found, attribute)
    return found


def parameters(call: Callable[..., Any]) -> list[str]:
    shown: list[str] = []
    for parameter in inspect.signature(call).parameters.values():
        bare = parameter.replace(annotation=inspect.Parameter.empty)
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and not any(s.startswith("*") for s in shown):
            shown.append("*")
        shown.append(str(bare))
    return shown


@pytest.mark.parametrize("path", CALLS)
def test_the_call_takes_what_is_documented(path: str) -> None:
    wanted = CALLS[path]
    actual = parameters(named(path))
    if wanted.endswith(", ...)"):
        documented = wanted.removesuffix(", ...)").removeprefix("(").split(", ")
        further = [name for name in actual[len(documented) :] if name != "*"]
        assert actual[: len(documented)] == documented
        assert all("=" in name for name in further)
    else:
        assert f"({', '.join(actual)})" == wanted


@pytest.mark.parametrize("path", FIELDS)
def test_the_value_has_its_fields_in_the_documented_order(path: str) -> None:
    wanted = FIELDS[path].split()
    cls = named(path)
    actual = [field.name for field in dataclasses.fields(cls)]
    if wanted[-1] == "...":
        actual = [*actual[: len(wanted) - 1], "..."]
    assert actual == wanted
    assert "__slots__" in vars(cls)


@pytest.mark.parametrize("module", EXPORTS)
def test_the_module_exports_what_is_documented(module: str) -> None:
    assert sorted(named(module).__all__) == EXPORTS[module].split()


@pytest.mark.parametrize(
    "path",
    [
        *("admin.load_state_store", "core.call_playbook", "patterns.map_concurrent"),
        *("policies.evaluate_policy", "streaming.emit_stream_events"),
        *("testkit.run_one", "testkit.assert_preserves_message_envelope"),
    ],
)
def test_the_call_is_awaited(path: str) -> None:
    assert inspect.iscoroutinefunction(named(path))
