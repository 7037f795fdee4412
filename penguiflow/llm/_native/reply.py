"""The calls and the text of an answer become the JSON text of one action.

Arguments stay as the model wrote them, whole or not: the planner judges them, and shows the model its own
words when they cannot be used.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from penguiflow.llm._native.json_text import is_whole_json, json_text
from penguiflow.llm._native.names import ToolNames
from penguiflow.llm._said import CallPart, Said

FINAL_RESPONSE = "final_response"
PARALLEL = "parallel"

# The thought stands in every later request; the whole reasoning would fill the model's context.
_MAX_THOUGHT_CHARS = 500

_THINKING = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_ACTION = re.compile(r'\A(?:```[a-zA-Z]*\s*)?\{.*"next_node"\s*:', re.DOTALL)


def action_text(said: Said, names: ToolNames) -> str:
    """Return the action; empty when nothing was said."""
    calls = calls_to_make(said.calls)
    thought = said.content.strip() or thought_from(said.reasoning)
    if not calls:
        return _text_of_answer(said.content)
    if len(calls) == 1:
        return opening(thought, names.shown(calls[0].name)) + closed(calls[0].arguments)
    branches = ", ".join(
        f'{{"node": {json_text(names.shown(call.name))}, "args": {closed(call.arguments)}' for call in calls
    )
    plan = f'{{"steps": [{branches}], "join": null}}'
    return f"{opening(thought, PARALLEL)}{plan}}}"


def calls_to_make(calls: Sequence[CallPart]) -> Sequence[CallPart]:
    """Return the calls without an answer that was written before their results were seen."""
    others = [call for call in calls if call.name != FINAL_RESPONSE]
    return others or calls[:1]


def opening(thought: str, next_node: str) -> str:
    """Return the text of an action up to its arguments."""
    head = f'"thought": {json_text(thought)}, ' if thought else ""
    return f'{{{head}"next_node": {json_text(next_node)}, "args": '


def closed(arguments: str) -> str:
    """Return the arguments and the end of their action; what is no whole JSON stays open and unreadable."""
    if not arguments.strip():
        return "{}}"
    return f"{arguments}}}" if is_whole_json(arguments) else arguments


def answer_in(content: str) -> str:
    """Return the text of an answer without the thinking before it."""
    return _THINKING.sub("", content).strip()


def is_action(content: str) -> bool:
    """Return whether a text is meant as an action of the JSON protocol."""
    return _ACTION.match(answer_in(content)) is not None


def thought_from(reasoning: str) -> str:
    """Return the beginning of what a model thought."""
    whole = reasoning.strip()
    return whole if len(whole) <= _MAX_THOUGHT_CHARS else f"{whole[:_MAX_THOUGHT_CHARS].rstrip()}..."


def _text_of_answer(content: str) -> str:
    answer = answer_in(content)
    if not answer or is_action(content):
        return content if answer else ""
    return f"{opening('', FINAL_RESPONSE)}{json_text({'answer': answer})}}}"
