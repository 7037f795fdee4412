"""A memory of your own: this one keeps only what a user asked it to remember, and no conversation at all.

    python examples/memory_custom/main.py

A planner takes any object with the methods of `ShortTermMemory`. `for_key` gives each conversation an object
of its own, or, as here, each user; without it one object serves everybody and must keep them apart itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from penguiflow import ReactPlanner
from penguiflow.llm import ChatMessage, FunctionLLM
from penguiflow.planner import (
    ConversationTurn,
    MemoryHealth,
    MemoryKey,
    PlannerFinish,
    default_token_estimator,
)


class Notebook:
    """What users said after `remember:`, the last ten of each."""

    def __init__(self) -> None:
        self._notes: list[str] = []
        self._of_others: dict[str, Notebook] = {}

    def for_key(self, key: MemoryKey) -> Notebook:
        return self._of_others.setdefault(f"{key.tenant_id}/{key.user_id}", Notebook())

    @property
    def health(self) -> MemoryHealth:
        return MemoryHealth.HEALTHY

    async def add_turn(self, turn: ConversationTurn) -> None:
        _, found, note = turn.user_message.partition("remember:")
        if found:
            self._notes = [*self._notes, note.strip()][-10:]

    async def get_llm_context(self) -> dict[str, Any]:
        return {"conversation_memory": {"notes": self._notes}}

    def estimate_tokens(self) -> int:
        return default_token_estimator("\n".join(self._notes))

    async def flush(self) -> None:
        """Return at once: nothing goes on in the background."""


def assistant(messages: Sequence[ChatMessage]) -> dict[str, Any]:
    """Answer with what the model can read besides the question."""
    prompt = " ".join(each["content"] for each in messages[:-1])
    known = [word for word in ("vegan", "chess") if word in prompt]
    return {"next_node": "final_response", "args": {"answer": f"I know of: {', '.join(known) or 'nothing'}."}}


async def main() -> None:
    planner = ReactPlanner(llm_client=FunctionLLM(assistant), catalog=[], short_term_memory=Notebook())
    for user, session, says in (
        ("ann", "monday", "Please remember: I eat vegan food."),
        ("ann", "monday", "I played chess today."),
        ("ann", "tuesday", "What do you know about me?"),
        ("bob", "tuesday", "What do you know about me?"),
    ):
        result = await planner.run(says, memory_key=MemoryKey("acme", user, session))
        assert isinstance(result, PlannerFinish)
        print(f"{user}, {session}: {says} -> {result.payload['raw_answer']}")


asyncio.run(main())
