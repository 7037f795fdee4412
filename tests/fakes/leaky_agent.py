"""An agent that is careless with every secret it is given, for tests that look for what gets out.

`build` makes the planner over any client. The command line finds `build_planner`, whose model is asked at
`LEAKY_API_BASE` with the key of the environment and recorded; `Failing` cannot be closed.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, SecretStr

from penguiflow.catalog import tool
from penguiflow.llm.cassette import CassetteClient
from penguiflow.llm.litellm import LiteLLMClient
from penguiflow.planner.memory import MemoryIsolation, ShortTermMemoryConfig
from penguiflow.planner.react import ReactPlanner
from penguiflow.registry import ModelRegistry
from penguiflow.tools.node import ToolNode
from penguiflow.tools.project import project_servers

LOGGED_IN = "logged_in.sha256"
MODEL = "openai/gpt-4o-mini"


class Account(BaseModel):
    user: str
    password: SecretStr
    pin: int = Field(json_schema_extra={"writeOnly": True})


class Said(BaseModel):
    text: str


def digest(password: str, pin: int) -> str:
    """Return what `log_in` leaves behind to prove what it was given."""
    return hashlib.sha256(f"{password} {pin}".encode()).hexdigest()


def build(
    client: Any,  # any client of a model
    *,
    state_store: object,
    project_root: Path,
    environment: Mapping[str, str],
) -> ReactPlanner:
    @tool(desc="Log in.", side_effects="write", requires_approval=True)
    async def log_in(args: Account, ctx: Any) -> Said:  # the context is not used
        password = args.password.get_secret_value()
        (project_root / LOGGED_IN).write_text(digest(password, args.pin))
        sys.stdout.write(f"printed {password} and {environment['OPENAI_API_KEY']}\n")
        logging.getLogger("leaky").warning("logged %s and %s", password, args.pin)
        return Said(text=f"{args.user} used {password} with {args.pin} and {environment['OPENAI_API_KEY']}")

    @tool(desc="Fail to log in.")
    async def break_in(args: Account, ctx: Any) -> Said:  # the context is not used
        diary = environment["LEAKY_DIARY"]
        raise ValueError(
            f"{len(diary)} pages: no entry with {args.password.get_secret_value()!r}, {args.pin}"
        )

    return ReactPlanner(
        llm_client=client,
        catalog=[log_in, break_in],
        tool_sources=[
            ToolNode(config, ModelRegistry(), environment=environment)
            for config in project_servers(project_root)
        ],
        state_store=state_store,
        stream_final_response=True,
        short_term_memory=ShortTermMemoryConfig(
            strategy="truncation",
            isolation=MemoryIsolation(tenant_key="session_id", user_key="session_id"),
        ),
    )


def build_planner(*, state_store: object, project_root: Path) -> ReactPlanner:
    client = LiteLLMClient({"model": MODEL, "api_base": os.environ["LEAKY_API_BASE"]}, tool_calling="json")
    return build(
        CassetteClient.replay(project_root / "cassette.jsonl", record_missing=client),
        state_store=state_store,
        project_root=project_root,
        environment=os.environ,
    )


class Failing:
    """Answers, and then cannot be stopped."""

    async def execute(self, query: str) -> str:
        return f"{query}, and the key is {os.environ['OPENAI_API_KEY']}"

    async def stop(self) -> None:
        diary = os.environ["LEAKY_DIARY"]
        raise RuntimeError(f"cannot stop after {len(diary)} pages with {os.environ['OPENAI_API_KEY']}")
