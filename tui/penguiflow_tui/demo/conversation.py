"""What the offline model reads: the planner's messages as values.

A planner sends a system prompt that lists the tools, the question as JSON, then per step its action and the
outcome, both as JSON. Anything else in between (a hint about bad output, say) is passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pydantic import JsonValue

from penguiflow.llm.protocol import ChatMessage

_TOOL_LINE = re.compile(r"^- (?P<name>\S+) \(\w+\): (?P<desc>.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolOffer:
    """A tool of the prompt."""

    name: str
    desc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenStep:
    """A tool call that was made, or proposed and refused. `error` is set when it gave no observation."""

    tool: str
    observation: JsonValue = None
    error: str | None = None
    rejection: str | None = None
    changed_by_person: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One question, the tools at hand, and what was done about it so far."""

    question: str
    tools: Sequence[ToolOffer]
    steps: Sequence[TakenStep]

    def tool(self, own_name: str) -> ToolOffer | None:
        """Return the tool of this name, whatever namespace it stands in."""
        return next((t for t in self.tools if t.name.rpartition(".")[2] == own_name), None)


def read_conversation(messages: Sequence[ChatMessage]) -> Conversation:
    """Return what the messages say."""
    system = "\n".join(message["content"] for message in messages if message["role"] == "system")
    offered = system.partition("<available_tools>")[2].partition("</available_tools>")[0]
    spoken = [message for message in messages if message["role"] != "system"]
    return Conversation(
        question=_question(spoken[0]["content"]) if spoken else "",
        tools=[ToolOffer(name=line["name"], desc=line["desc"]) for line in _TOOL_LINE.finditer(offered)],
        steps=[step for action, outcome in pairwise(spoken) if (step := _step(action, outcome))],
    )


def _question(content: str) -> str:
    query = _json_object(content).get("query")
    return query if isinstance(query, str) else content


def _step(action: ChatMessage, outcome: ChatMessage) -> TakenStep | None:
    if action["role"] != "assistant" or outcome["role"] != "user":
        return None
    chosen, result = _json_object(action["content"]), _json_object(outcome["content"])
    if "next_node" not in chosen or not ({"observation", "error"} & result.keys()):
        return None
    failure = result.get("failure")
    if not isinstance(failure, dict):
        failure = {}
    refused = failure.get("error_code") == "REJECTED"
    return TakenStep(
        tool=str(chosen["next_node"]),
        observation=result.get("observation"),
        error=str(result["error"]) if "error" in result else None,
        rejection=str(failure.get("message")) if refused else None,
        changed_by_person="changed_by_person" in result,
    )


def _json_object(content: str) -> dict[str, JsonValue]:
    try:
        value: JsonValue = json.loads(content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
