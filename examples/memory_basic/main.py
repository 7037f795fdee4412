"""A planner that remembers: recent turns in full, older ones in a summary written in the background.

    python examples/memory_basic/main.py

A `MemoryKey` names the conversation; each key has its own. No run waits for a summary. This program waits, so
that its output is always the same.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from penguiflow import ReactPlanner
from penguiflow.llm import ChatMessage, FunctionLLM
from penguiflow.planner import MemoryBudget, MemoryKey, ShortTermMemoryConfig

ANN = MemoryKey(tenant_id="acme", user_id="ann", session_id="monday")
BOB = MemoryKey(tenant_id="acme", user_id="bob", session_id="monday")


def assistant(messages: Sequence[ChatMessage]) -> dict[str, Any]:
    """Tell what the model is shown of the conversation, and answer."""
    shown = messages[1]["content"]  # the memory comes between the system prompt and the question
    memory = json.loads(shown[shown.index("{") : shown.rindex("}") + 1])
    print(f"  summary: {memory.get('summary', '-')}")
    print(f"  in full: {[turn['user'] for turn in memory['recent_turns']]}")
    return {"next_node": "final_response", "args": {"answer": "I see."}}


def summarizer(messages: Sequence[ChatMessage]) -> dict[str, Any]:
    """Join what the user said; a real model writes it in its own words."""
    wanted = json.loads(messages[-1]["content"])
    said = [wanted["previous_summary"], *(turn["user"] for turn in wanted["turns"])]
    text = " ".join(said).replace("<session_summary>", "").replace("</session_summary>", "")
    return {"summary": text.strip()}


async def main() -> None:
    summarised = asyncio.Event()
    planner = ReactPlanner(
        llm_client=FunctionLLM(assistant),
        catalog=[],
        short_term_memory=ShortTermMemoryConfig(
            strategy="rolling_summary",
            budget=MemoryBudget(full_zone_turns=1, summary_max_tokens=200),
            summarizer_model=FunctionLLM(summarizer),  # or a model's name; without it the planner's own
            on_summary_updated=summarised.set,
        ),
    )
    for number, says in enumerate(["My ship is the Fram.", "It has 13 cabins.", "How many people fit?"]):
        print(f"Ann: {says}")
        await planner.run(says, memory_key=ANN)
        if number > 0:  # the turn before last has left the full zone
            await summarised.wait()
            summarised.clear()
    print("Ann: And what is she called?")
    await planner.run("And what is she called?", memory_key=ANN)
    print("Bob: What is her ship called?")
    await planner.run("What is her ship called?", memory_key=BOB)
    await planner.aclose()


asyncio.run(main())
