"""The history: what happened in a session, as values in the order it happened.

An event belongs to one run of one session. `(run_id, seq)` identifies it, so saving it twice changes
nothing, and its order never depends on a wall clock. Every surface (workbench, command line, replay,
export) shows these values and nothing else. Stored form: `to_record` and `from_record`, versioned by
`SCHEMA_VERSION`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Discriminator, TypeAdapter, ValidationError

SCHEMA_VERSION = 1

JsonObject: TypeAlias = dict[str, Any]
"""A JSON object. The values are whatever JSON allows; a tool's schema, not this module, knows more."""

TextChannel = Literal["thinking", "answer"]
OutputStream = Literal["stdout", "stderr", "log"]
DecisionKind = Literal["approve", "edit", "reject", "respond", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A person or a program asked the agent something."""

    question: str
    agent: str
    model: str | None = None
    kind: Literal["run_started"] = "run_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """The planner begins its next decision. Steps count from 1 within a run, across pauses."""

    step: int
    kind: Literal["step_started"] = "step_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCalled:
    """One call of a language model ended. A cost or token count of `None` is unknown, which is not zero.

    Cached tokens are part of the input, reasoning tokens part of the output. `purpose` says what was asked
    for: an action, missing arguments, a critique, a summary and so on.
    """

    step: int
    attempt: int
    latency_ms: float
    model: str | None = None
    cost_usd: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    purpose: str = "action"
    error: str | None = None
    kind: Literal["model_called"] = "model_called"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionChosen:
    """The planner decided: `next_node` is a tool name, `parallel` or `final_response`."""

    step: int
    next_node: str
    thought: str = ""
    args: JsonObject = field(default_factory=dict[str, Any])
    kind: Literal["action_chosen"] = "action_chosen"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextStreamed:
    """A piece of the model's text as it arrived; pieces of one step and channel join without separator."""

    step: int
    channel: TextChannel
    text: str
    kind: Literal["text_streamed"] = "text_streamed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStarted:
    """A tool begins to run with exactly these arguments."""

    step: int
    call_id: str
    tool: str
    args: JsonObject = field(default_factory=dict[str, Any])
    kind: Literal["tool_started"] = "tool_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStreamed:
    """A tool sent a chunk of partial output."""

    step: int
    stream_id: str
    text: str
    done: bool = False
    kind: Literal["tool_streamed"] = "tool_streamed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFinished:
    """A tool ended. `error` is set when it failed; `result_chars` is the size before any cut."""

    step: int
    call_id: str
    tool: str
    result: Any = None  # whatever JSON value the tool's model dumps to
    error: str | None = None
    result_chars: int = 0
    latency_ms: float | None = None
    kind: Literal["tool_finished"] = "tool_finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallToApprove:
    """The exact call a person is asked about; `call_hash` binds the answer to tool and arguments."""

    call_id: str
    tool: str
    args: JsonObject
    call_hash: str
    args_schema: JsonObject = field(default_factory=dict[str, Any])
    description: str = ""
    side_effects: str = "external"
    thought: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAsked:
    """The run waits for a person. `request_id` is the resume token; `call` is set when a tool call waits."""

    step: int
    request_id: str
    reason: str
    prompt: str = ""
    payload: JsonObject = field(default_factory=dict[str, Any])
    call: CallToApprove | None = None
    kind: Literal["person_asked"] = "person_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAnswered:
    """A person decided; `args` are the edited arguments, `text` the reason or the reply."""

    request_id: str
    decision: DecisionKind
    args: JsonObject | None = None
    text: str | None = None
    kind: Literal["person_answered"] = "person_answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """The run ended by itself. `reason` is `answer_complete`, `no_path` or `budget_exhausted`."""

    reason: str
    answer: str
    steps: int
    llm_calls: int
    latency_ms: float
    cost_usd: float | None = None
    kind: Literal["run_finished"] = "run_finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailed:
    """The run ended by an error that no step could absorb."""

    code: str
    message: str
    hint: str | None = None
    kind: Literal["run_failed"] = "run_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInterrupted:
    """A person or a shutdown stopped the run."""

    kind: Literal["run_interrupted"] = "run_interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionChanged:
    """A tool connection changed its state (see `penguiflow.tools.connection`)."""

    name: str
    state: str
    transport: str
    tool_count: int = 0
    latency_ms: float | None = None
    error: str | None = None
    hint: str | None = None
    kind: Literal["connection_changed"] = "connection_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputCaptured:
    """The agent's code printed or logged something."""

    stream: OutputStream
    text: str
    kind: Literal["output_captured"] = "output_captured"


EventBody: TypeAlias = (
    RunStarted
    | StepStarted
    | ModelCalled
    | ActionChosen
    | TextStreamed
    | ToolStarted
    | ToolStreamed
    | ToolFinished
    | PersonAsked
    | PersonAnswered
    | RunFinished
    | RunFailed
    | RunInterrupted
    | ConnectionChanged
    | OutputCaptured
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """One entry of the history. `seq` counts from 0 within the run; `ts` is Unix time in seconds."""

    session_id: str
    run_id: str
    seq: int
    ts: float
    body: EventBody


class EventSchemaError(ValueError):
    """A stored event cannot be read by this version; the message names its schema version and kind."""


@cache
def _body_adapter() -> TypeAdapter[EventBody]:
    return TypeAdapter(Annotated[EventBody, Discriminator("kind")])


def to_record(event: RunEvent) -> JsonObject:
    """Return the stored form: the envelope, `v`, and the body under `body` (JSON values only)."""
    return {
        "v": SCHEMA_VERSION,
        "session_id": event.session_id,
        "run_id": event.run_id,
        "seq": event.seq,
        "ts": event.ts,
        "body": _body_adapter().dump_python(event.body, mode="json"),
    }


def from_record(record: Mapping[str, Any]) -> RunEvent:
    """Read what `to_record` wrote.

    Raises:
        EventSchemaError: another schema version, an unknown kind or a damaged body.
    """
    version = record.get("v")
    if version != SCHEMA_VERSION:
        raise EventSchemaError(
            f"event of schema version `{version}`; this program reads version {SCHEMA_VERSION}: "
            "open the history with the version that wrote it"
        )
    try:
        return RunEvent(
            session_id=record["session_id"],
            run_id=record["run_id"],
            seq=record["seq"],
            ts=record["ts"],
            body=_body_adapter().validate_python(record["body"]),
        )
    except (KeyError, ValidationError) as exc:
        raise EventSchemaError(f"stored event cannot be read: {exc}") from exc
