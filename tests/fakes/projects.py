"""Modules of users' projects, as texts to write into a folder."""

from __future__ import annotations

PLANNER = """
from penguiflow.catalog import tool
from penguiflow.llm.scripted import ScriptedLLM
from penguiflow.planner.react import ReactPlanner
from pydantic import BaseModel

class Args(BaseModel):
    text: str

@tool(desc="Echo")
async def echo(args: Args, ctx: object) -> Args:
    return args

def make(**more):
    more.setdefault("llm_client", ScriptedLLM([{"next_node": "final_response", "args": {"answer": "hi"}}]))
    return ReactPlanner(catalog=[echo], **more)
"""
SYNC = (
    PLANNER
    + "def build_planner(*, state_store=None, model=None):\n    return make(state_store=state_store)\n"
)
ORCHESTRATOR = """
class EchoOrchestrator:
    async def execute(self, query, *, session_id):
        return {"answer": f"{query} for {session_id}"}
"""
PAUSING_ORCHESTRATOR = """
class AskingOrchestrator:
    async def execute(self, query, *, tenant_id, user_id, session_id, tool_context):
        paused = {"reason": "await_input", "payload": {"question": "Colour?"}}
        return {"pause_token": "token", "metadata": paused}

    async def resume(self, resume_token, *, tenant_id, user_id, session_id, user_input):
        return {"answer": f"you said {user_input.text}"}
"""
FROM_ENV = """
class Config:
    name = "plain"

    @classmethod
    def from_env(cls):
        config = cls()
        config.name = "env"
        return config
"""
PLAIN = "class Config:\n    name = 'plain'\n"
