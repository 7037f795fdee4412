"""A real planner with a scripted model and one tool that needs approval and leaves a trace in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from penguiflow.catalog import tool
from penguiflow.llm.protocol import ChatMessage
from penguiflow.llm.scripted import FunctionLLM
from penguiflow.planner.react import ReactPlanner

Decide = Callable[[Sequence[ChatMessage]], Mapping[str, Any]]


class Note(BaseModel):
    text: str = Field(min_length=1)


class Saved(BaseModel):
    lines: int


def note_planner(file: Path, state_store: object | None) -> ReactPlanner:
    """Saves what it is asked to save, a line per call, and tells what the tool said."""

    @tool(desc="Append a note to the file", side_effects="write", requires_approval=True)
    def save_note(args: Note, ctx: object) -> Saved:
        with file.open("a", encoding="utf-8") as notes:
            notes.write(args.text + "\n")
        return Saved(lines=len(file.read_text(encoding="utf-8").splitlines()))

    return ReactPlanner(catalog=[save_note], llm_client=FunctionLLM(_decide), state_store=state_store)


def _decide(messages: Sequence[ChatMessage]) -> Mapping[str, Any]:
    said = messages[-1]["content"]
    if "rejected" in said:
        answer = "I did not save it: " + ("too late" if "too late" in said else "no reason")
        return {"thought": "refused", "next_node": "final_response", "args": {"answer": answer}}
    if len(messages) > 2 and "lines" in said:
        return {"thought": "done", "next_node": "final_response", "args": {"answer": "It is saved."}}
    return {"thought": "I save it", "next_node": "save_note", "args": {"text": "buy tea"}}
