"""What a tool may use while it runs."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from penguiflow.artifacts import ArtifactStore

PlannerPauseReason = Literal["approval_required", "await_input", "external_event", "constraints_conflict"]

JsonValue: TypeAlias = Any
"""Whatever JSON allows; checked at run time where it must hold."""


class ToolContext(Protocol):
    """The second parameter of a tool function."""

    @property
    def llm_context(self) -> Mapping[str, JsonValue]:
        """What the caller showed to the model; read-only."""
        ...

    @property
    def tool_context(self) -> dict[str, Any]:
        """Whatever objects the caller gave to tools only; one dict per run, shared by its tools."""
        ...

    @property
    def artifacts(self) -> ArtifactStore:
        """Where to put bytes and long texts; what is put belongs to the `session_id` of `tool_context`."""
        ...

    @property
    def idempotency_key(self) -> str:
        """The same when this call is made again after the process died; for whatever must act only once."""
        ...

    @property
    def meta(self) -> MutableMapping[str, Any]:
        """Deprecated: `tool_context` over `llm_context` in one mapping."""
        ...

    async def pause(self, reason: PlannerPauseReason, payload: Mapping[str, JsonValue] | None = None) -> None:
        """Stop this call and wait for a person; does not return, and the call is not run again by itself."""
        ...

    async def emit_chunk(
        self,
        stream_id: str,
        seq: int,
        text: str,
        *,
        done: bool = False,
        meta: Mapping[str, JsonValue] | None = None,
    ) -> None:
        """Show a piece of text while the tool runs; it is kept on the step."""
        ...

    async def emit_artifact(
        self,
        stream_id: str,
        chunk: JsonValue,
        *,
        done: bool = False,
        artifact_type: str | None = None,
        meta: Mapping[str, JsonValue] | None = None,
    ) -> None:
        """Show a piece of structured output while the tool runs; it is kept on the step."""
        ...


AnyContext: TypeAlias = Any
"""For functions that serve both as a tool and as a flow node; `ToolContext` or a flow's `Context`."""
