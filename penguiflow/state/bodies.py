"""What can happen in a session: one frozen value per kind of event.

`events` puts them into the envelope in which they are stored. A field that is added needs a default, so that
histories written before it can still be read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

JsonObject: TypeAlias = dict[str, Any]
"""A JSON object. The values are whatever JSON allows; a tool's schema, not this module, knows more.

Its keys have a UTF-8 form: in a session's history the replacement character stands for a lone surrogate.
"""

TextChannel = Literal["thinking", "answer"]
OutputStream = Literal["stdout", "stderr", "log"]
DecisionKind = Literal["approve", "edit", "reject", "respond", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentRef:
    """Stands for a text that is kept beside the history; `HistoryStore.load_content` finds it.

    `chars` is its length before secrets were taken out, `role` that of a message of a prompt. In the form
    `json` the text is JSON: of a tool's result, or of a message that is more than a role and a text.
    """

    content_id: str
    chars: int
    role: str | None = None
    form: Literal["text", "json"] = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A person or a program asked the agent something; `context` is what the caller showed to the model."""

    question: str
    agent: str
    model: str | None = None
    context: ContentRef | None = None
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
    for: an action, missing arguments, a critique, a summary and so on. `messages` stand for the prompt as it
    was sent and `options` for the response format and tools, an object in JSON; both are kept as contents.
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
    messages: tuple[ContentRef, ...] = ()
    options: ContentRef | None = None
    reply: str = ""
    reply_content: ContentRef | None = None
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
    """A tool ended. `error` is set when it failed; `result` is then what the model read of the failure.

    `result_chars` is the size before any cut; `content` stands for the whole result when `result` shows the
    beginning only.
    """

    step: int
    call_id: str
    tool: str
    result: Any = None  # whatever JSON value the tool's model dumps to
    error: str | None = None
    result_chars: int = 0
    latency_ms: float | None = None
    content: ContentRef | None = None
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
    """A tool connection changed: what its `ConnectionStatus` says (see `penguiflow.tools.connection`).

    `tools` stands for what a connection that became ready offers: a JSON list, see `penguiflow.tools.offers`.
    """

    name: str
    state: str
    transport: str
    tool_count: int = 0
    latency_ms: float | None = None
    error: str | None = None
    hint: str | None = None
    tools: ContentRef | None = None
    target: str | None = None
    server: str | None = None
    protocol_version: str | None = None
    last_error: str | None = None
    last_lines: tuple[str, ...] = ()
    circuit: str = "closed"
    held_back: tuple[str, ...] = ()
    auth_url: str | None = None
    kind: Literal["connection_changed"] = "connection_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputCaptured:
    """The agent's code printed or logged something."""

    stream: OutputStream
    text: str
    kind: Literal["output_captured"] = "output_captured"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannerNoted:
    """The planner told something beside its steps and calls: a repair, a critique, a limit, a clamp, ...

    `event` is the planner's `event_type`, `detail` what it told about it.
    """

    step: int
    event: str
    detail: JsonObject = field(default_factory=dict[str, Any])
    kind: Literal["planner_noted"] = "planner_noted"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryChanged:
    """The agent's memory of a conversation took something in.

    `change` is `turn_added`; `tokens` is about how many of them the model will be shown.
    """

    change: str
    key: str
    health: str | None = None
    tokens: int | None = None
    kind: Literal["memory_changed"] = "memory_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRead:
    """The model was shown this memory of the conversation, a JSON object, when the run began or went on."""

    content: ContentRef
    kind: Literal["memory_read"] = "memory_read"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowHappened:
    """A flow told something about a node; see `penguiflow.metrics.FlowEvent` for events and `detail`.

    `edge` is `source->target` where the event belongs to one.
    """

    event: str
    trace_id: str | None = None
    node: str | None = None
    node_id: str | None = None
    edge: str | None = None
    latency_ms: float | None = None
    detail: JsonObject = field(default_factory=dict[str, Any])
    kind: Literal["flow_happened"] = "flow_happened"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionNamed:
    """A person named the session; an empty name takes the name away."""

    name: str
    kind: Literal["session_named"] = "session_named"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionArchived:
    """The session was put away, or with `archived=False` taken back."""

    archived: bool = True
    kind: Literal["session_archived"] = "session_archived"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionForked:
    """The session goes on from another one: what happened there up to the end of this run is its past."""

    parent_session_id: str
    parent_run_id: str
    kind: Literal["session_forked"] = "session_forked"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownBody:
    """A kind of event that this version does not know; it is handed on as it is."""

    kind: str
    fields: JsonObject = field(default_factory=dict[str, Any])


KnownBody: TypeAlias = (
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
    | PlannerNoted
    | MemoryChanged
    | MemoryRead
    | FlowHappened
    | SessionNamed
    | SessionArchived
    | SessionForked
)

EventBody: TypeAlias = KnownBody | UnknownBody
