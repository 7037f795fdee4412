"""One exchange of a conversation: what was asked, what was answered, and how the answer was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from penguiflow.planner._json import Json, JsonObject, json_text


@dataclass(frozen=True, slots=True)
class TrajectoryDigest:
    """The tools behind an answer, what each gave as a line `- tool: JSON`, and the last thought."""

    tools_invoked: Sequence[str]
    observations_summary: str
    reasoning_summary: str | None = None
    artifacts_refs: Sequence[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class ConversationTurn:
    """One exchange. `ts` is Unix time in seconds, 0 when nobody stamped it."""

    user_message: str
    assistant_response: str
    trajectory_digest: TrajectoryDigest | None = None
    artifacts_shown: Mapping[str, Any] = field(default_factory=dict[str, Any])  # any JSON
    artifacts_hidden_refs: Sequence[str] = field(default_factory=list[str])
    ts: float = 0.0


Turns = tuple[ConversationTurn, ...]

_TURNS = TypeAdapter(Turns)


def shown_turn(turn: ConversationTurn, *, with_digest: bool) -> JsonObject:
    """Return the turn as the model and the summariser read it."""
    shown: JsonObject = {"user": turn.user_message, "assistant": turn.assistant_response}
    if with_digest and turn.trajectory_digest is not None:
        shown["trajectory_digest"] = _digest_record(turn.trajectory_digest)
    return shown


def turn_record(turn: ConversationTurn) -> JsonObject:
    """Return the stored form. Artifacts that are no JSON stay behind, or no store could keep the turn."""
    digest = turn.trajectory_digest
    return {
        "user_message": turn.user_message,
        "assistant_response": turn.assistant_response,
        "trajectory_digest": None if digest is None else _digest_record(digest),
        "artifacts_shown": {
            name: value for name, value in turn.artifacts_shown.items() if _can_be_stored(value)
        },
        "artifacts_hidden_refs": list(turn.artifacts_hidden_refs),
        "ts": turn.ts,
    }


def read_turns(records: Json) -> Turns:
    """Read a list of what `turn_record` wrote.

    Raises:
        ValueError: it is no such list.
    """
    return _TURNS.validate_python(records)


def _digest_record(digest: TrajectoryDigest) -> JsonObject:
    return {
        "tools_invoked": list(digest.tools_invoked),
        "observations_summary": digest.observations_summary,
        "reasoning_summary": digest.reasoning_summary,
        "artifacts_refs": list(digest.artifacts_refs),
    }


def _can_be_stored(value: Json) -> bool:
    try:
        json_text(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True
