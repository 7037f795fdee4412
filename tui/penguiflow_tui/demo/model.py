"""The offline model of the demo: a function of the conversation behind the real client protocol.

It reads the same messages a language model would get, plans the tasks of the question anew each time, and
takes the first one that has no outcome yet. The same conversation always gives the same reply.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from penguiflow.llm.protocol import ChatMessage
from penguiflow.llm.scripted import FunctionLLM
from penguiflow.llm.usage import LLMReply
from penguiflow_tui.demo.answers import (
    failed_answer,
    missing_tool_answer,
    nothing_to_save_answer,
    result_answer,
    result_text,
    small_talk_answer,
    unknown_answer,
)
from penguiflow_tui.demo.conversation import Conversation, TakenStep, read_conversation
from penguiflow_tui.demo.tasks import Task, TaskKind, small_talk, tasks_in

MODEL_NAME = "demo-offline"

_THOUGHTS: dict[TaskKind, str] = {
    "save_note": "The person wants to keep something, so I save a note.",
    "list_notes": "The saved notes answer this, so I list them.",
    "search_notes": "A search through the notes answers this.",
    "calculate": "This is arithmetic, so I calculate it instead of guessing.",
    "current_time": "I do not know the time myself, so I look at the clock.",
    "count_words": "Counting is safer than estimating, so I count.",
    "rehearse": "The person wants to see how a difficult tool behaves.",
}


def demo_model(*, pause_s: float = 0.02) -> FunctionLLM:
    """Return the client; `pause_s` is the time between two pieces of a streamed reply."""
    return FunctionLLM(reply_to, model=MODEL_NAME, pause_s=pause_s)


def reply_to(messages: Sequence[ChatMessage]) -> LLMReply:
    """Return the next action as a language model would write it. It costs nothing."""
    return LLMReply(
        text=json.dumps(next_action(read_conversation(messages)), ensure_ascii=False), cost_usd=0.0
    )


def next_action(conversation: Conversation) -> Mapping[str, Any]:
    """Decide: the next tool call, or the answer."""
    tasks = tasks_in(conversation.question)
    if not tasks:
        talk = small_talk(conversation.question)
        said = small_talk_answer(talk, conversation) if talk else unknown_answer(conversation)
        return _answer(
            "No tool is needed for this." if talk else "I know no pattern for this question.", said
        )
    done: list[str] = []
    before: tuple[Task, TakenStep] | None = None
    for task, step in zip(tasks, conversation.steps, strict=False):
        if step.error is not None:
            return _answer("The call gave no result, so I tell why.", failed_answer(task, step, done))
        done.append(result_answer(task, step))
        before = task, step
    if len(done) == len(tasks):
        return _answer("I have what I need to answer.", "\n\n".join(done))
    return _call(tasks[len(done)], conversation, done, before)


def _call(
    task: Task, conversation: Conversation, done: Sequence[str], before: tuple[Task, TakenStep] | None
) -> Mapping[str, Any]:
    if task.takes_result and before is None:
        return _answer("There is nothing to save yet.", nothing_to_save_answer())
    offer = conversation.tool(task.kind)
    if offer is None:
        return _answer("The tool for this is not there.", missing_tool_answer(task, done))
    args = {"text": result_text(*before)} if task.takes_result and before is not None else task.args
    return {"thought": _THOUGHTS[task.kind], "next_node": offer.name, "args": args}


def _answer(thought: str, text: str) -> Mapping[str, Any]:
    return {"thought": thought, "next_node": "final_response", "args": {"answer": text}}
