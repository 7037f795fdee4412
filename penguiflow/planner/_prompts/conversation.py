"""The messages of one run. They only grow: every step is serialised once, whatever follows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from penguiflow.planner._json import json_text, without_surrogates
from penguiflow.planner.action import PlannerAction
from penguiflow.planner.trajectory import Trajectory, TrajectoryStep

Message = dict[str, str]

_BAD_OUTPUT_CHARS = 2_000


class Conversation:
    """System prompt, question, then an assistant and a user message per step."""

    def __init__(self, system: str, trajectory: Trajectory) -> None:
        self._messages = [_message("system", system), _message("user", _question(trajectory))]
        for step in trajectory.steps:
            self.add_step(step)

    def add_step(self, step: TrajectoryStep) -> None:
        """Append one recorded step and what people said after it."""
        self._messages.append(_message("assistant", _action_text(step.action)))
        self._messages.append(_message("user", json_text(_outcome(step))))
        for text in step.resume_inputs:
            self.add_resume_input(text)

    def add_resume_input(self, text: str) -> None:
        """Append what a person said when the run went on."""
        self._messages.append(_message("user", f"Resume input: {without_surrogates(text)}"))

    def messages(self, repair: Sequence[Message] = ()) -> list[Message]:
        """Return the messages of one model call, with the exchange about bad output at the end."""
        return [*self._messages, *repair]


def repair_exchange(bad_output: str, problem: str) -> list[Message]:
    """Return the model's own bad output and what to do about it."""
    shown = without_surrogates(bad_output[:_BAD_OUTPUT_CHARS])
    cut = len(bad_output) - len(shown)
    if cut > 0:
        shown += f"... ({cut} more characters)"
    advice = (
        f"Your last reply could not be used: {problem}. Reply again with one JSON object "
        '{"thought": ..., "next_node": ..., "args": {...}} and nothing else.'
    )
    return [_message("assistant", shown or "(empty reply)"), _message("user", advice)]


def _question(trajectory: Trajectory) -> str:
    body: dict[str, Any] = {"query": trajectory.query}
    context = {key: value for key, value in (trajectory.llm_context or {}).items() if key != "query"}
    if context:
        body["context"] = context
    return json_text(body)


def _action_text(action: PlannerAction) -> str:
    body: dict[str, Any] = {"next_node": action.next_node, "args": action.args}
    return json_text({"thought": action.thought, **body} if action.thought else body)


def _outcome(step: TrajectoryStep) -> Mapping[str, Any]:
    body: dict[str, Any] = {}
    if step.error is not None:
        body["error"] = step.error
        if step.failure is not None:
            body["failure"] = dict(step.failure)
    else:
        body["observation"] = step.serialise_for_llm()
    if step.decision is not None and step.decision.get("decision") == "edit":
        body["changed_by_person"] = {"args_that_ran": step.decision.get("args")}
    return body


def _message(role: str, content: str) -> Message:
    return {"role": role, "content": content}
