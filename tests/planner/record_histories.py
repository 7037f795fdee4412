"""Stories of the planner, and the command that records them: `python -m tests.planner.record_histories`.

Each story is kept in `histories/` twice: the conversation with its model (`.jsonl`, a cassette) and what came
of it (`.expected.json`). Record anew after a change of prompts or behaviour that is meant, and read the
difference before it is committed.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from penguiflow.llm import LLMError, LLMReply, LLMUnavailableError, ScriptedLLM, TokenUsage
from penguiflow.llm.cassette import CassetteClient
from penguiflow.planner import PlannerFinish, PlannerPause, ReactPlanner
from penguiflow.planner.approvals import Approve, Decision, Edit, Reject
from tests.fakes.planner_tools import Heard, Notebook, answer, call, plan

HISTORIES = Path(__file__).parent / "histories"

Told = dict[str, Any]
"""What came of a story, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A question, what the model says to it, and what a person decides when the run waits."""

    name: str
    question: str
    replies: Sequence[Mapping[str, Any] | str | LLMError]
    decisions: Sequence[Decision] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def cassette(self) -> Path:
        """Where the conversation with the model is kept."""
        return HISTORIES / f"{self.name}.jsonl"

    @property
    def expected(self) -> Path:
        """Where the outcome is kept."""
        return HISTORIES / f"{self.name}.expected.json"


STORIES = (
    Story(
        name="two_tools",
        question="How much milk and how many eggs are there? 🐧",
        replies=[
            call("look", "first the milk", text="milk"),
            call("look", "then the eggs", text="eggs", copies=2),
            answer("Milk and eggs were seen."),
        ],
        options={"stream_final_response": True},
    ),
    Story(
        name="repaired_reply",
        question="Is there tea?",
        replies=["Let me think about that.", call("look", text="tea"), answer("Yes, tea.")],
    ),
    Story(
        name="failed_tool",
        question="Write to the disk, or find another way.",
        replies=[call("fail", text="x"), call("look", text="old notes"), answer("The disk is full.")],
    ),
    Story(
        name="plan_with_join",
        question="Look at three things at once and count them.",
        replies=[
            plan(
                *(call("look", text=text) for text in ("milk", "eggs", "tea")),
                join={"node": "merge", "args": {}, "inject": {"results": "$results", "expect": "$expect"}},
            ),
            answer("Three."),
        ],
    ),
    Story(
        name="approved_call",
        question="Note that milk is needed.",
        replies=[call("save", "the user wants it kept", text="milk"), answer("Noted.")],
        decisions=[Approve()],
    ),
    Story(
        name="edited_and_rejected_calls",
        question="Note milk, and delete nothing.",
        replies=[call("save", text="milk"), call("save", text="nothing"), answer("Oat milk is noted.")],
        decisions=[Edit({"text": "oat milk"}), Reject("not that one")],
    ),
    Story(
        name="iteration_limit",
        question="Look again and again.",
        replies=[call("look", text="here"), call("look", text="there")],
        options={"max_iters": 2},
    ),
    Story(
        name="hop_budget",
        question="Look twice, although one look is allowed.",
        replies=[call("look", text="here"), call("look", text="there"), answer("Only here.")],
        options={"hop_budget": 1},
    ),
    Story(
        name="model_unavailable",
        question="Look and answer.",
        replies=[call("look", text="here"), LLMUnavailableError("503", hint="try again later")],
    ),
)


def _priced(reply: Mapping[str, Any] | str | LLMError) -> LLMReply | LLMError:
    if isinstance(reply, LLMError):
        return reply
    text = reply if isinstance(reply, str) else json.dumps(reply)
    usage = TokenUsage(input_tokens=1000, output_tokens=len(text), cached_tokens=800)
    return LLMReply(text=text, cost_usd=0.001, usage=usage)


async def record(story: Story) -> None:
    """Write the two files of a story anew."""
    model = ScriptedLLM([_priced(reply) for reply in story.replies], model="story")
    told = await tell(story, CassetteClient.record(model, story.cassette, overwrite=True))
    text = json.dumps(told, indent=2, sort_keys=True, ensure_ascii=False)
    story.expected.write_text(text + "\n", encoding="utf-8")


async def tell(story: Story, client: CassetteClient) -> Told:
    """Run a story with this model and return what came of it."""
    notebook, heard = Notebook(), Heard()
    planner = ReactPlanner(
        llm_client=client, catalog=notebook.catalog(), event_callback=heard, **story.options
    )
    pauses: list[Told] = []
    try:
        result = await planner.run(story.question)
        for decision in story.decisions:
            assert isinstance(result, PlannerPause), result
            pauses.append({"reason": result.reason, **{key: result.payload[key] for key in ("tool", "args")}})
            result = await planner.resume(result.resume_token, decision)
    except LLMError as exc:
        end: Told = {"raised": exc.code}
    else:
        assert isinstance(result, PlannerFinish), result
        end = _end(result)
    tools = [
        {"tool": started.extra["tool_name"], "args": json.loads(started.extra["args_json"])}
        for started in heard.of("tool_call_start")
    ]
    stored, streamed = notebook.stored, heard.text("answer")
    return {**end, "tools": tools, "pauses": pauses, "stored": stored, "streamed": streamed}


def _end(finish: PlannerFinish) -> Told:
    is_answer = finish.reason == "answer_complete"
    cost = finish.metadata["cost"]
    return {
        "reason": finish.reason,
        "answer": finish.payload["raw_answer"] if is_answer else None,
        "payload_without_answer": None if is_answer else finish.payload,
        "answer_quality": finish.metadata["answer_quality"],
        "step_errors": [step["error"] for step in finish.metadata["steps"]],
        "total_cost_usd": cost["total_cost_usd"],
        "main_llm_calls": cost["main_llm_calls"],
    }


async def main() -> None:
    """Record every story, and remove the files of stories that are gone."""
    HISTORIES.mkdir(exist_ok=True)
    for story in STORIES:
        await record(story)
    kept = {path for story in STORIES for path in (story.cassette, story.expected)}
    for path in set(HISTORIES.iterdir()) - kept:
        path.unlink()
    sys.stdout.write(f"recorded {len(STORIES)} stories in tests/planner/histories\n")


if __name__ == "__main__":
    asyncio.run(main())
