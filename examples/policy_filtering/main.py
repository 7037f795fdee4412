"""Each tenant's planner sees its own part of one catalog; what a policy hides does not exist for the model.

    python examples/policy_filtering/main.py

Denied names go first, then only allowed names stay, then only tools with all required tags.
"""

from __future__ import annotations

import asyncio

from pydantic import BaseModel

from penguiflow import ReactPlanner, build_catalog, tool
from penguiflow.llm import ScriptedLLM
from penguiflow.planner import PlannerFinish, ToolPolicy

DELETED: list[str] = []


class User(BaseModel):
    name: str


class Said(BaseModel):
    text: str


@tool(desc="Search public pages", side_effects="read", tags=["safe"])
def search_public(args: User) -> Said:
    return Said(text=f"{args.name} has a public page")


@tool(desc="Search the customer records", side_effects="read", tags=["safe", "internal"])
def search_records(args: User) -> Said:
    return Said(text=f"{args.name} is a customer since 2019")


@tool(desc="Delete a user", side_effects="write")
def delete_user(args: User) -> Said:
    DELETED.append(args.name)
    return Said(text="gone")


POLICIES = {
    "free": ToolPolicy(allowed_tools={"search_public"}),
    "premium": ToolPolicy(denied_tools={"delete_user"}, require_tags={"safe"}),
    "staff": None,
}
SCRIPT = [
    {"next_node": "delete_user", "args": {"name": "ann"}},
    {"next_node": "search_public", "args": {"name": "ann"}},
    {"next_node": "final_response", "args": {"answer": "I cannot delete users here; Ann has a page."}},
]


async def main() -> None:
    catalog = build_catalog([search_public, search_records, delete_user])
    for tenant, policy in POLICIES.items():
        planner = ReactPlanner(llm_client=ScriptedLLM(SCRIPT), catalog=catalog, tool_policy=policy)
        print(f"{tenant}: {', '.join(spec.name for spec in planner.visible_tools())}")
        if tenant == "free":
            result = await planner.run("Delete Ann")
            assert isinstance(result, PlannerFinish)
            print(f"  the model wants delete_user: {result.metadata['steps'][0]['error']}")
            print(f"  deleted: {DELETED}")
            print(f"  {result.payload['raw_answer']}")


asyncio.run(main())
