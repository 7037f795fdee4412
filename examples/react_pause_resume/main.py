"""A tool that needs a person: the run waits, its token goes on once, with the call as the person changed it.

    python examples/react_pause_resume/main.py

With a durable `state_store` (`SqliteStateStore`) the token works in another process, after a restart too.
"""

from __future__ import annotations

import asyncio

from pydantic import BaseModel

from penguiflow import ReactPlanner, build_catalog, tool
from penguiflow.llm import ScriptedLLM
from penguiflow.planner import PlannerFinish, PlannerPause, ToolContext
from penguiflow.planner.approvals import Edit
from penguiflow.state.in_memory import InMemoryStateStore

OUTBOX: list[str] = []


class Mail(BaseModel):
    to: str
    text: str


class Sent(BaseModel):
    number: int


@tool(desc="Send an e-mail", side_effects="external", requires_approval=True)
async def send_mail(args: Mail, ctx: ToolContext) -> Sent:
    OUTBOX.append(f"{args.to}: {args.text}")
    return Sent(number=len(OUTBOX))


SCRIPT = [
    {
        "thought": "The user wants Ann to know about the delay.",
        "next_node": "send_mail",
        "args": {"to": "ann@example.org", "text": "we are late"},
    },
    {"thought": "It was sent.", "next_node": "final_response", "args": {"answer": "Ann knows."}},
]


async def main() -> None:
    planner = ReactPlanner(
        llm_client=ScriptedLLM(SCRIPT),
        catalog=build_catalog([send_mail]),
        state_store=InMemoryStateStore(),
        # Hints advise the model, and forbid what must not happen.
        planning_hints={"prefer_nodes": ["send_mail"], "sequential_only": ["send_mail"]},
    )
    pause = await planner.run("Tell Ann that we are late")
    assert isinstance(pause, PlannerPause)
    print(f"waiting: {pause.reason}, {pause.payload['tool']} {pause.payload['args']}")
    print(f"sent so far: {OUTBOX}")

    edited = {"to": "ann@example.org", "text": "we arrive at nine"}
    result = await planner.resume(pause.resume_token, Edit(edited))
    assert isinstance(result, PlannerFinish)
    print(f"sent: {OUTBOX}")
    print(result.payload["raw_answer"])

    try:
        await planner.resume(pause.resume_token, "approve")
    except KeyError as error:
        print(f"a token works once: {error}".split(" `")[0])


asyncio.run(main())
