"""What a replay needs of a run beside the calls of its model, as one JSON file that people can read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from penguiflow.sessions.recordings.errors import RecordingError
from penguiflow.state.events import DecisionKind, JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedToolCall:
    """A call and how it ended: with a result, or with an error and what the model read of the failure."""

    tool: str
    args: JsonObject = field(default_factory=dict[str, Any])
    result: Any = None  # any JSON
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAnswer:
    """What a person decided when the run asked; `tool` is set when it asked about a call."""

    decision: DecisionKind
    tool: str | None = None
    args: JsonObject | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """`memories` are what the conversation memory showed, once for each stretch of the run.

    `offers` are the tools that each connection offered; see `penguiflow.tools.offers`.
    """

    question: str
    agent: str = ""
    reason: str = ""
    answer: str = ""
    context: JsonObject | None = None
    memories: tuple[JsonObject, ...] = ()
    calls: tuple[RecordedToolCall, ...] = ()
    answers: tuple[RecordedAnswer, ...] = ()
    offers: Mapping[str, Sequence[JsonObject]] = field(default_factory=dict[str, Sequence[JsonObject]])
    v: Literal[1] = 1

    @classmethod
    def load(cls, path: Path) -> Recording:
        """Read a file that `text` gave.

        Raises:
            RecordingError: there is no such file, or it is no recording of this version.
        """
        try:
            return _adapter().validate_json(path.read_bytes())
        except OSError as exc:
            raise RecordingError(f"recording `{path}` cannot be read: {exc.strerror or exc}") from exc
        except ValidationError as exc:
            first = exc.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "the file"
            raise RecordingError(
                f"recording `{path}` cannot be used: {place}: {first['msg']}",
                hint="write it anew with `penguiflow runs test`",
            ) from exc

    def text(self) -> str:
        """Return the recording as JSON, one field a line, for version control."""
        record = _adapter().dump_python(self, mode="json")
        return json.dumps(record, indent=1, sort_keys=True) + "\n"


@cache
def _adapter() -> TypeAdapter[Recording]:
    return TypeAdapter(Recording)
