"""Sections 1 to 7: what a program may import, and how it may call it."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import UUID4, TypeAdapter

import penguiflow
from penguiflow import (
    Context,
    FlowError,
    FlowErrorCode,
    Headers,
    Message,
    ModelRegistry,
    Node,
    NodePolicy,
    PenguiFlow,
    StreamChunk,
    call_playbook,
)
from penguiflow.core import TraceCancelled
from tests.fakes.flows import message, passes_on

EMPTY = inspect.Parameter.empty

NAMES = """
    PenguiFlow Context CycleError DEFAULT_QUEUE_MAXSIZE create call_playbook Node NodePolicy
    ModelRegistry Headers Message StreamChunk PlanStep Thought WM FinalAnswer FlowError
    FlowErrorCode FlowEvent Middleware log_flow_events LatencyCallback format_flow_event
    configure_logging ExtraFormatter StructuredFormatter map_concurrent join_k predicate_router
    union_router DictRoutingPolicy RoutingPolicy RoutingRequest format_sse_event chunk_to_ws_json
    stream_flow emit_stream_events flow_to_mermaid flow_to_dot testkit MessageBus BusEnvelope
    StateStore StoredEvent RemoteBinding RemoteTransport RemoteCallRequest RemoteCallResult
    RemoteStreamEvent RemoteNode NodeSpec SideEffect build_catalog tool ArtifactRef
    ArtifactRetentionConfig ArtifactScope ArtifactStore InMemoryArtifactStore NoOpArtifactStore
    discover_artifact_store ReactPlanner PlannerAction PlannerFinish Trajectory TrajectoryStep
"""


@pytest.mark.parametrize("name", NAMES.split())
def test_the_package_has_the_name(name: str) -> None:
    assert name in penguiflow.__all__
    assert getattr(penguiflow, name) is not None


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("core", "Context Floe PenguiFlow CycleError call_playbook create DEFAULT_QUEUE_MAXSIZE"),
        ("core", "TraceCancelled Endpoint OPEN_SEA ROOKERY PlaybookFactory BUDGET_EXCEEDED_TEXT"),
        ("core", "DEADLINE_EXCEEDED_TEXT TOKEN_BUDGET_EXCEEDED_TEXT"),
        ("policies", "evaluate_policy PolicyCallable PolicyLike RoutingDecisionType"),
        ("state.adapters", "maybe_save_remote_binding"),
        ("state.in_memory", "InMemoryStateStore"),
        ("state.protocol", "StateStore"),
        ("state.models", "StoredEvent RemoteBinding"),
        ("middlewares", "FlowEvent Middleware log_flow_events LatencyCallback"),
    ],
)
def test_a_submodule_has_its_names(module: str, names: str) -> None:
    loaded = importlib.import_module(f"penguiflow.{module}")

    assert [name for name in names.split() if not hasattr(loaded, name)] == []


@pytest.mark.parametrize(
    ("function", "leading", "defaults"),
    [
        (PenguiFlow.run, [], {"registry": None}),
        (PenguiFlow.emit, ["msg", "to"], {"to": None, "trace_id": None}),
        (PenguiFlow.emit_nowait, ["msg", "to"], {"to": None}),
        (PenguiFlow.fetch, ["from_"], {"from_": None, "trace_id": None}),
        (PenguiFlow.fetch_any, ["from_"], {"from_": None}),
        (PenguiFlow.cancel, ["trace_id"], {"trace_id": EMPTY}),
        (PenguiFlow.load_history, ["trace_id"], {}),
        (PenguiFlow.add_middleware, ["middleware"], {}),
        (PenguiFlow.register_external_task, ["trace_id", "future"], {}),
        (PenguiFlow.save_remote_binding, ["binding"], {}),
        (Context, ["owner", "runtime"], {"runtime": None}),
        (Context.emit, ["msg", "to"], {"to": None}),
        (Context.fetch_nowait, ["from_"], {"from_": None}),
        (Context.call_playbook, ["playbook", "parent_msg"], {"timeout": None}),
        (call_playbook, ["playbook", "parent_msg", "timeout"], {"timeout": None, "runtime": None}),
        (Node, ["func", "name", "policy", "allow_cycle"], {"name": None, "allow_cycle": False}),
        (Node.invoke, ["message", "ctx"], {"registry": EMPTY}),
        (TraceCancelled, ["trace_id"], {}),
    ],
)
def test_a_call_takes_what_the_contract_says(
    function: Callable[..., Any], leading: list[str], defaults: dict[str, object]
) -> None:
    parameters = dict(inspect.signature(function).parameters)
    parameters.pop("self", None)
    by_position = [name for name, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD]

    assert by_position[: len(leading)] == leading
    assert {name: parameters[name].default for name in defaults} == defaults


def test_identifiers_are_those_of_random_uuids() -> None:
    uuid4 = TypeAdapter(UUID4)
    identifiers = {message().trace_id for _ in range(100)} | {Node(passes_on).node_id}

    assert {uuid4.validate_python(identifier).hex for identifier in identifiers} == identifiers
    assert len(identifiers) == 101


def test_every_message_and_chunk_has_a_meta_of_its_own() -> None:
    first, second = message(), message()
    first.meta["seen"] = True
    first.payload = "changed"

    assert second.meta == {}
    assert first.payload == "changed"
    assert StreamChunk(stream_id="s", seq=0, text="t").meta == {}


def test_a_policy_and_a_node_are_dataclasses_that_take_positional_arguments() -> None:
    policy = NodePolicy("in", 1.0, 2, 0.1, 3.0, 4.0)

    assert [field.name for field in dataclasses.fields(policy)][:6] == [
        "validate",
        "timeout_s",
        "max_retries",
        "backoff_base",
        "backoff_mult",
        "max_backoff",
    ]
    assert Node(passes_on, "name", policy, True).allow_cycle
    assert NodePolicy(max_retries=-1, timeout_s=-1.0).max_retries == -1


def test_a_node_does_not_share_its_default_policy() -> None:
    first, second = Node(passes_on), Node(passes_on)
    first.policy.max_retries = 5

    assert second.policy.max_retries == 0
    assert first.to(second) == (first, (second,))
    assert first.to() == (first, ())
    assert {first: 1}[first] == 1


def test_a_flow_error_has_the_texts_and_facts_of_the_contract() -> None:
    original = ValueError("boom")
    facts = {"attempt": 1}
    error = FlowError(
        trace_id="t",
        node_name="n",
        code=FlowErrorCode.NODE_EXCEPTION,
        message="failed",
        original_exc=original,
        metadata=facts,
    )
    facts["attempt"] = 2

    assert str(error) == "[NODE_EXCEPTION] failed trace=t node=n"
    assert error.args == ("failed",)
    assert type(error.code) is str
    assert error.unwrap() is original
    assert error.to_payload() == {
        "code": "NODE_EXCEPTION",
        "message": "failed",
        "trace_id": "t",
        "node_name": "n",
        "exception_type": "ValueError",
        "metadata": {"attempt": 1},
    }


def test_a_registry_answers_with_adapters_and_models() -> None:
    registry = ModelRegistry()
    registry.register("n", Headers, Message)
    accepts, gives = registry.adapters("n")

    assert (registry.has("n"), registry.has("m")) == (True, False)
    assert registry.models("n") == (Headers, Message)
    assert accepts.validate_python({"tenant": "t"}) == Headers(tenant="t")
    assert registry.adapters("n") == (accepts, gives)
    with pytest.raises(ValueError, match="Node 'n' already registered"):
        registry.register("n", Headers, Headers)
    for lookup in (registry.adapters, registry.models):
        with pytest.raises(KeyError):
            lookup("m")
