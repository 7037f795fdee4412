"""The history: what happened in a session, as values in the order it happened.

An event belongs to one run of one session. `(run_id, seq)` identifies it, so saving it twice changes
nothing, and its order never depends on a wall clock. Every surface (workbench, command line, replay, diff,
export, traces) shows these values and nothing else.

Stored form: `to_record` and `from_record`. `SCHEMA_VERSION` counts changes of the envelope; records of every
earlier version are read. A kind of event that is not known comes back as it was stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, get_args

from pydantic import Discriminator, TypeAdapter

from penguiflow.state.bodies import (
    ActionChosen,
    CallToApprove,
    ConnectionChanged,
    ContentRef,
    DecisionKind,
    EventBody,
    FlowHappened,
    JsonObject,
    KnownBody,
    MemoryChanged,
    MemoryRead,
    ModelCalled,
    OutputCaptured,
    OutputStream,
    PersonAnswered,
    PersonAsked,
    PlannerNoted,
    RunFailed,
    RunFinished,
    RunInterrupted,
    RunStarted,
    SessionArchived,
    SessionForked,
    SessionNamed,
    StepStarted,
    TextChannel,
    TextStreamed,
    ToolFinished,
    ToolStarted,
    ToolStreamed,
    UnknownBody,
)

__all__ = [
    "SCHEMA_VERSION",
    "ActionChosen",
    "CallToApprove",
    "ConnectionChanged",
    "ContentRef",
    "DecisionKind",
    "EventBody",
    "EventSchemaError",
    "FlowHappened",
    "JsonObject",
    "KnownBody",
    "MemoryChanged",
    "MemoryRead",
    "ModelCalled",
    "OutputCaptured",
    "OutputStream",
    "PersonAnswered",
    "PersonAsked",
    "PlannerNoted",
    "RunEvent",
    "RunFailed",
    "RunFinished",
    "RunInterrupted",
    "RunStarted",
    "SessionArchived",
    "SessionForked",
    "SessionNamed",
    "StepStarted",
    "TextChannel",
    "TextStreamed",
    "ToolFinished",
    "ToolStarted",
    "ToolStreamed",
    "UnknownBody",
    "body_from_payload",
    "body_payload",
    "from_record",
    "to_record",
]

SCHEMA_VERSION = 2
"""1: who, `seq`, `ts` and a body with its kind. 2: the ids of trace, step, call and edge, the monotonic time,
kind and payload apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """One entry of the history. `seq` counts from 0 within the run; `ts` is Unix time in seconds.

    `elapsed_ms` is the time on a monotonic clock since this process began to work on the run, so durations
    within one stretch of work are right whatever the wall clock does; `None` in events of version 1.
    """

    session_id: str
    run_id: str
    seq: int
    ts: float
    body: EventBody
    elapsed_ms: float | None = None

    @property
    def kind(self) -> str:
        return self.body.kind

    @property
    def trace_id(self) -> str:
        """The trace of the flow that told the event; a run of a planner is its own trace."""
        body = self.body
        return body.trace_id or self.run_id if isinstance(body, FlowHappened) else self.run_id

    @property
    def step_id(self) -> str | None:
        """Identifies the planner's step the event belongs to: run and number of the step."""
        step = getattr(self.body, "step", None)
        return None if step is None else f"{self.run_id}/{step}"

    @property
    def call_id(self) -> str | None:
        """The tool call the event belongs to."""
        body = self.body
        if isinstance(body, PersonAsked):
            return body.call.call_id if body.call else None
        return body.call_id if isinstance(body, ToolStarted | ToolFinished) else None

    @property
    def edge(self) -> str | None:
        """The edge of a flow the event belongs to, `source->target`."""
        return self.body.edge if isinstance(self.body, FlowHappened) else None


class EventSchemaError(ValueError):
    """A stored event cannot be read by this version; the message names its schema version and kind."""


def to_record(event: RunEvent) -> JsonObject:
    """Return the stored form: the envelope, `v`, `kind` and `payload`; JSON values only."""
    return {
        "v": SCHEMA_VERSION,
        "session_id": event.session_id,
        "run_id": event.run_id,
        "trace_id": event.trace_id,
        "seq": event.seq,
        "ts": event.ts,
        "elapsed_ms": event.elapsed_ms,
        "step_id": event.step_id,
        "call_id": event.call_id,
        "edge": event.edge,
        "kind": event.kind,
        "payload": body_payload(event.body),
    }


def from_record(record: Mapping[str, Any]) -> RunEvent:  # JSON whose form is checked here
    """Read what `to_record` of this version or an earlier one wrote.

    Raises:
        EventSchemaError: a newer schema version or a damaged record.
    """
    version = record.get("v")
    try:
        if version == 1:
            payload = dict(record["body"])
            kind = payload.pop("kind")
        elif version == SCHEMA_VERSION:
            kind, payload = record["kind"], record["payload"]
        else:
            raise EventSchemaError(
                f"event of schema version `{version}`; this program reads versions 1 to {SCHEMA_VERSION}: "
                "open the history with the version that wrote it"
            )
        return RunEvent(
            session_id=record["session_id"],
            run_id=record["run_id"],
            seq=record["seq"],
            ts=record["ts"],
            elapsed_ms=record.get("elapsed_ms"),
            body=body_from_payload(kind, payload),
        )
    except EventSchemaError:
        raise
    except (KeyError, TypeError, ValueError) as exc:
        raise EventSchemaError(f"stored event cannot be read: {exc}") from exc


def body_payload(body: EventBody) -> JsonObject:
    """Return the fields of a body, all but its kind, as JSON values."""
    if isinstance(body, UnknownBody):
        return dict(body.fields)
    payload: JsonObject = _body_adapter().dump_python(body, mode="json")
    del payload["kind"]
    return payload


def body_from_payload(kind: str, payload: Mapping[str, Any]) -> EventBody:  # see `from_record`
    """Read what `body_payload` gave.

    Raises:
        pydantic.ValidationError: a known kind whose fields are damaged.
    """
    if kind not in _known_kinds():
        return UnknownBody(kind=kind, fields=dict(payload))
    return _body_adapter().validate_python({**payload, "kind": kind})


@cache
def _body_adapter() -> TypeAdapter[KnownBody]:
    return TypeAdapter(Annotated[KnownBody, Discriminator("kind")])


@cache
def _known_kinds() -> frozenset[str]:
    return frozenset(body.__dataclass_fields__["kind"].default for body in get_args(KnownBody))
