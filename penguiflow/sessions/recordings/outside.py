"""The outside of a recorded run: answers in the place of the model, the tools and the memory."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any

from penguiflow.llm.cassette import CassetteClient
from penguiflow.llm.protocol import JSONLLMClient
from penguiflow.planner.stand_ins import ToolOutcome
from penguiflow.safe_text import safe_line
from penguiflow.sessions.json_parts import object_in
from penguiflow.sessions.recordings.errors import RecordingMissError
from penguiflow.sessions.recordings.recording import RecordedToolCall, Recording

JsonObject = Mapping[str, Any]
"""A JSON object; its author knows what is in it."""

_SHOWN_CHARS = 400


class RecordedOutside:
    """A `penguiflow.planner.stand_ins.StandIn`. Equal calls of a tool end as they did, in order."""

    def __init__(self, recording: Recording, tape: CassetteClient) -> None:
        self._recording = recording
        self._tape = tape
        self._memories = deque(recording.memories)
        self._waiting: defaultdict[str, deque[RecordedToolCall]] = defaultdict(deque)
        self._first_miss: RecordingMissError | None = None
        for call in recording.calls:
            self._waiting[_identity(call.tool, call.args)].append(call)

    @property
    def client(self) -> JSONLLMClient:
        return self._tape

    def tool_outcome(self, tool: str, args: JsonObject) -> ToolOutcome:
        """Return what came of the call.

        Raises:
            RecordingMissError: no such call is recorded, or all of them were made already.
        """
        waiting = self._waiting[_identity(tool, args)]
        if not waiting:
            miss = RecordingMissError(self._describe_miss(tool, args))
            self._first_miss = self._first_miss or miss
            raise miss
        return _outcome(waiting.popleft())

    def memory(self) -> JsonObject | None:
        return self._memories.popleft() if self._memories else None

    def raise_first_miss(self) -> None:
        """Raise what was missed, even if somebody caught it when it was raised, or what was never asked.

        Raises:
            RecordingMissError, CassetteMissError, CassetteUnusedError: the run went another way.
        """
        if self._first_miss is not None:
            raise self._first_miss
        self._tape.assert_all_used()

    def _describe_miss(self, tool: str, args: JsonObject) -> str:
        made = _shown(tool, args)
        left = [call for calls in self._waiting.values() for call in calls]
        same_tool = [call for call in left if call.tool == tool]
        if same_tool:
            return f"the call {made} is not recorded; recorded is {_shown(tool, same_tool[0].args)}"
        if left:
            return f"the call {made} is not recorded; next would be {_shown(left[0].tool, left[0].args)}"
        return f"the call {made} is not recorded; all recorded calls were made already"


def _outcome(call: RecordedToolCall) -> ToolOutcome:
    result = object_in(call.result)
    if call.error is not None:
        return ToolOutcome(error=call.error, failure=result or None)
    if result.keys() == {"pause", "payload"}:
        return ToolOutcome(pause_reason=result["pause"], pause_payload=object_in(result["payload"]))
    return ToolOutcome(observation=call.result)


def _identity(tool: str, args: JsonObject) -> str:
    return f"{tool} {json.dumps(args, sort_keys=True)}"


def _shown(tool: str, args: JsonObject) -> str:
    return safe_line(f"{tool}({json.dumps(args, sort_keys=True)})", max_chars=_SHOWN_CHARS)
