"""A run that has spent its money asks before it spends more, and tells in the end what it cost.

    python examples/react_cost/main.py

With `on_limit="end"`, the default, the run would end as `budget_exhausted` instead. `max_iters`, `hop_budget`
and `deadline_s` wait in the same way. Prices come from the client; here the script names them.
"""

from __future__ import annotations

import asyncio

from pydantic import BaseModel

from penguiflow import ReactPlanner, build_catalog, tool
from penguiflow.llm import ScriptedLLM, TokenUsage, scripted_reply
from penguiflow.planner import PlannerFinish, PlannerPause
from penguiflow.planner.approvals import Approve


class Page(BaseModel):
    number: int


class Text(BaseModel):
    words: int


@tool(desc="Read a page of the logbook", side_effects="read")
def read_page(args: Page) -> Text:
    return Text(words=100 * args.number)


USED = TokenUsage(input_tokens=1_000, output_tokens=50)
PAGES = [{"next_node": "read_page", "args": {"number": number}} for number in (1, 2, 3)]
ANSWER = {"next_node": "final_response", "args": {"answer": "The logbook has 600 words."}}
SCRIPT = [scripted_reply(says, cost_usd=0.004, usage=USED) for says in (*PAGES, ANSWER)]


async def main() -> None:
    planner = ReactPlanner(
        llm_client=ScriptedLLM(SCRIPT),
        catalog=build_catalog([read_page]),
        cost_limit_usd=0.01,
        on_limit="pause",
    )
    pause = await planner.run("How long is the logbook?")
    assert isinstance(pause, PlannerPause)
    payload = pause.payload
    print(f"{pause.reason}: {payload['message']}")
    print(f"limit {payload['limit']} = {payload['allowed']}, spent {payload['known_cost_usd']:.3f}")

    result = await planner.resume(pause.resume_token, Approve())  # Reject() would end the run
    assert isinstance(result, PlannerFinish)
    print(result.payload["raw_answer"])
    cost = result.metadata["cost"]
    print(f"spent {cost['total_cost_usd']:.3f} USD in {cost['main_llm_calls']} calls")
    print(f"tokens: {cost['input_tokens']} in, {cost['output_tokens']} out")
    print(f"every price was known: {cost['cost_known']}")


asyncio.run(main())
