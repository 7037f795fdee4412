"""What a person reads when a run waits for them, with the exact commands to go on."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from textwrap import indent

from penguiflow.planner.approvals import Edit, decision_to_json
from penguiflow.state.events import CallToApprove, PersonAsked

_EXAMPLE_CHARS = 200


def pause_text(request: PersonAsked, options: Sequence[str]) -> str:
    """Describe the request; `options` are the words of this command line that a resume needs again."""
    asked = _describe_call(request.call) if request.call else _describe_question(request)
    replies = _replies_to_call(request.call) if request.call else ["YOUR ANSWER"]
    resume = ["penguiflow", "run", "--resume", request.request_id, *options, "--input"]
    commands = [f"  {shlex.join([*resume, reply])}" for reply in replies]
    head = f"Waiting for a person: {request.reason}"
    return "\n".join([head, asked, f"Resume token: {request.request_id}", "Go on with:", *commands])


def _describe_call(call: CallToApprove) -> str:
    lines = [f"  Tool: {call.tool} (side effects: {call.side_effects})"]
    if call.thought:
        lines.append(f"  Reason: {call.thought}")
    lines += ["  Arguments:", indent(json.dumps(call.args, indent=2, ensure_ascii=False), "    ")]
    return "\n".join(lines)


def _describe_question(request: PersonAsked) -> str:
    if request.prompt:
        return indent(request.prompt, "  ")
    return indent(json.dumps(request.payload, indent=2, ensure_ascii=False), "  ")


def _replies_to_call(call: CallToApprove) -> list[str]:
    edit = json.dumps(decision_to_json(Edit(call.args)))
    if len(edit) > _EXAMPLE_CHARS:
        edit = '{"decision": "edit", "args": {...}}'
    return ["approve", "reject: REASON", edit]
