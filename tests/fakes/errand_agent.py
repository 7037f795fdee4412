"""An agent for replays: it shops with local tools, asks before it pays, and remembers the conversation.

Its model is a table: what it does next follows from the question and how many steps were taken. `sell`, `pay`
and `fetch_price` note that they really ran, which no replay may do.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from penguiflow import ReactPlanner
from penguiflow.catalog import build_catalog, tool
from penguiflow.llm import ChatMessage, FunctionLLM
from penguiflow.planner import ShortTermMemoryConfig, ToolContext

RAN: list[str] = []

Actions = dict[str, list[dict[str, Any]]]


class Item(BaseModel):
    name: str


class Price(BaseModel):
    name: str
    price: float
    notes: str = ""


class Payment(BaseModel):
    name: str
    amount: float


class Receipt(BaseModel):
    number: int


class Question(BaseModel):
    text: str


class Reply(BaseModel):
    text: str


@tool(desc="Tell the price of an item")
async def fetch_price(args: Item, ctx: ToolContext) -> Price:
    RAN.append("fetch_price")
    if args.name == "gold":
        raise ValueError("gold is not sold here")
    return Price(name=args.name, price=4.5, notes="fresh " * 3_000 if args.name == "fish" else "")


@tool(desc="Pay for an item", side_effects="external", requires_approval=True)
async def pay(args: Payment, ctx: ToolContext) -> Receipt:
    RAN.append("pay")
    return Receipt(number=7)


@tool(desc="Ask the person")
async def ask_person(args: Question, ctx: ToolContext) -> Reply:
    RAN.append("ask_person")
    await ctx.pause("await_input", {"question": args.text})
    raise AssertionError("a pause does not return")


def call(node: str, /, **args: Any) -> dict[str, Any]:
    return {"next_node": node, "args": args}


def answer(text: str) -> dict[str, Any]:
    return call("final_response", answer=text)


ACTIONS: Actions = {
    "price of tea": [call("fetch_price", name="tea"), answer("Tea costs 4.5.")],
    "price of fish": [call("fetch_price", name="fish"), answer("Fish costs 4.5.")],
    "price of gold": [call("fetch_price", name="gold"), answer("There is no gold.")],
    "prices": [
        {
            "next_node": "parallel",
            "args": {
                "steps": [
                    {"node": "fetch_price", "args": {"name": "tea"}},
                    {"node": "fetch_price", "args": {"name": "rice"}},
                ]
            },
        },
        answer("Both cost 4.5."),
    ],
    "buy tea": [call("pay", name="tea", amount=4.5), answer("Bought.")],
    "what do I want": [call("ask_person", text="Which one?"), answer("Noted.")],
}


def reply(messages: Sequence[ChatMessage]) -> dict[str, Any]:
    asked = next(json.loads(each["content"])["query"] for each in messages if '"query"' in each["content"])
    steps = sum(each["role"] == "assistant" for each in messages)
    return ACTIONS[asked][steps]


def build_planner(
    *, state_store: object | None = None, project_root: Path | str | None = None
) -> ReactPlanner:
    """Return the planner; its extra prompt can be changed by a file `extra.txt` in the project."""
    extra = Path(project_root or ".") / "extra.txt"
    return ReactPlanner(
        llm_client=FunctionLLM(reply),
        catalog=build_catalog([fetch_price, pay, ask_person]),
        state_store=state_store,
        short_term_memory=ShortTermMemoryConfig(strategy="truncation"),
        system_prompt_extra=extra.read_text() if extra.exists() else None,
    )
