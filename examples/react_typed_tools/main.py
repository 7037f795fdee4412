"""A tool runs with arguments that its model accepts, or not at all; nothing is ever made up.

    python examples/react_typed_tools/main.py

A wrong value goes back to the model. Missing simple values are asked for in a short call of their own. What
no type can say, `arg_validator` says. The result is checked by the tool's other model.
"""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, Field

from penguiflow import ReactPlanner, build_catalog, tool
from penguiflow.llm import ScriptedLLM
from penguiflow.planner import PlannerAction, PlannerFinish, ToolContext


class Booking(BaseModel):
    ship: Literal["Fram", "Gauss"]
    seats: int = Field(ge=1, le=4)
    day: date


class Ticket(BaseModel):
    number: str
    price: int


def ships_sail_on_weekdays(args: Booking, action: PlannerAction) -> str | None:
    return "no ship sails on Sunday" if args.day.isoweekday() == 7 else None


@tool(desc="Book seats on a ship", side_effects="write", arg_validator=ships_sail_on_weekdays)
async def book(args: Booking, ctx: ToolContext) -> Ticket:
    return Ticket(number=f"{args.ship}-{args.day:%d%m}", price=120 * args.seats)


SCRIPT: list[dict[str, Any]] = [
    {"next_node": "book", "args": {"ship": "Fram", "seats": "two", "day": "2026-03-02"}},
    {"next_node": "book", "args": {"seats": 2, "day": "2026-03-02"}},
    {"ship": "Fram"},  # the reply to a call that asks for the missing value only
    {"next_node": "book", "args": {"ship": "Fram", "seats": 2, "day": "2026-03-08"}},
    {"next_node": "final_response", "args": {"answer": "Booked for Monday. Nothing sails back on Sunday."}},
]


async def main() -> None:
    planner = ReactPlanner(llm_client=ScriptedLLM(SCRIPT), catalog=build_catalog([book]))
    result = await planner.run("Two seats on the Fram: out on Monday, back on Sunday")
    assert isinstance(result, PlannerFinish)
    for step in result.metadata["steps"]:
        print(step["action"]["args"])
        print(f"  {step['error'] or step['observation']}")
    print(f"times a value was asked for: {result.metadata['arg_fill_success_count']}")
    print(result.payload["raw_answer"])


asyncio.run(main())
